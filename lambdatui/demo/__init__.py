"""``lambdatui demo``: a small shop on the local runner.

``samples/`` are its functions and ``shop`` deploys them; ``load`` calls them. ``runner_process`` runs both,
``collector_process`` collects what they log, after the simulated days of ``history``.
"""
