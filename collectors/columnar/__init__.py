"""The fast path: whole invocations out of columns of log events. ``parsing`` makes the same of the same events."""
