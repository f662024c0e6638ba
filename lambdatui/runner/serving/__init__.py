"""Serving a runner's log: which process does (``lock``), its API as a client (``client``), and the servers."""

from lambdatui.runner.serving.client import Api as Api
from lambdatui.runner.serving.client import Reply as Reply
from lambdatui.runner.serving.lock import serving_address as serving
from lambdatui.runner.serving.lock import serving_lock as serving_lock

__all__ = ["Api", "Reply", "serving", "serving_lock"]
