"""``lambdatui demo``: a small shop on the local runner. ``samples/`` are its functions, ``shop`` what it deploys,
``load`` who calls, ``runner_process`` the process that runs both, ``follow`` the one that collects.
"""
