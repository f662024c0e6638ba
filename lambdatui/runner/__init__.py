"""The local Lambda: deployed Python handlers, run in processes of their own through the Runtime API, with a log.

It imports nothing else of the house and needs only the standard library. Linux only: memory is read from ``/proc``.
What is here is synchronous invocation; queues, triggers and the HTTP invoke API are not.
"""
