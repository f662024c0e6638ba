"""Exported logs, in every form that CloudWatch and its tools write."""
