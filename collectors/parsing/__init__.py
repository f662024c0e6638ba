"""What log lines mean: platform lines, runtimes' errors, fingerprints; and events assembled into invocations."""
