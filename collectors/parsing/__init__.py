"""Parses log lines (platform lines, runtimes' errors), fingerprints errors, and assembles events into invocations."""
