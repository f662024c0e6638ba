"""The fast path: takes whole invocations out of columns of log events. ``parsing`` makes equal invocations of the
events one by one.
"""
