"""Fixtures that several files share."""

from aws import endpoint, server

__all__ = ["endpoint", "server"]
