"""What is deployed: functions, their versions and code on disk, and which of them a name means."""
