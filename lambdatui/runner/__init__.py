"""The local Lambda: real handlers in processes of their own, without Docker or an AWS account, and a log of them.

From the rest of the project it imports only units and errors. Linux only: memory is read from ``/proc``. The rooms,
from the outside in:

* ``serving/`` runs a runner as a process, and finds and calls a running one; ``api/`` answers boto3 and the aws command
  line. ``service`` composes the rooms below, which use it as their ``interface.Invoker``.
* ``triggers/`` call functions by themselves, ``gateways/`` on HTTP requests, ``queue/`` has asynchronous events.
* ``environments/`` run functions with the programs of ``runtimes/``; ``deployments/`` has the deployed functions.
* ``http/`` is the server of every port, ``log/`` writes the log; ``log.schema`` documents its file.

Every room may use the modules beside this one: ``functions`` (a version as it runs), ``errors`` (refusals of calls),
``clock``, and two boundaries, ``untrusted`` (JSON that others wrote) and ``aws`` (the only module that imports boto3,
for queues, topics and streams). The layers are a contract in ``pyproject.toml``.
"""
