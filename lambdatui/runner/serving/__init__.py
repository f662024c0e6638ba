"""Serving a runner's log: which process does (``lock``), its API as a client (``client``), and the servers."""
