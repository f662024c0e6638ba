"""CloudWatch and Lambda, read through one session that cannot write."""
