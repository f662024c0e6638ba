"""Asynchronous invocation: the queue of events, and where they go at their end."""
