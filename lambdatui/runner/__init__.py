"""The local Lambda: real handlers in processes of their own, without Docker or an account, and a log of all they do.

It imports nothing else of the house. Linux only: memory is read from ``/proc``. From the outside in:

* ``serving/`` runs a runner as a process, and finds and calls one that runs; ``api/`` answers boto3 and the aws command
  line. ``service`` composes the rooms below, and is what they see as ``interface.Invoker``.
* ``triggers/`` call functions by themselves, ``gateways/`` on HTTP requests, ``queue/`` has asynchronous events.
* ``environments/`` run functions, how ``runtimes/`` say; ``deployments/`` has what is deployed.
* ``http/`` is the server of every port, ``log/`` the file that all of it leaves; ``log.schema`` documents that.

At the top is what every room may use: ``functions`` (a version as it runs), ``errors`` (why a call is refused),
``clock``, and two boundaries, ``untrusted`` (JSON that others wrote) and ``aws`` (the only module that imports boto3,
for queues, topics and streams). The layers are a contract in ``pyproject.toml``.
"""
