"""The local Lambda: real handlers in processes of their own, without Docker or an account, and a log of all they do.

It imports nothing else of the house. Linux only: memory is read from ``/proc``. From the outside in: ``api/`` answers
boto3 and the aws command line, ``gateways`` HTTP clients, ``triggers`` calls by itself; ``service`` invokes,
``asynchronous`` queues, ``fleet`` has the environments and their limits, ``environment`` runs one, ``process`` watches
its process, ``runtime_api`` speaks with it; ``log_schema`` documents the file that it all leaves.
"""
