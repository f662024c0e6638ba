"""Runs the Lambda tests of other projects against the local runner; README.md beside says how."""
