"""What earlier collections found, as a source may ask for it: it knows no store, whoever opens it hands it this."""

from collections.abc import Collection, Sequence
from typing import Protocol

from collectors.account import Configured
from collectors.durable import OpenExecution


class Memory(Protocol):
    """Of one account and region at a time."""

    def settings(self, account: str, region: str, kinds: Collection[str]) -> Sequence[Configured]:
        """The settings of some kinds that are in force."""

    def open_executions(self, account: str, region: str) -> Sequence[OpenExecution]:
        """The durable executions whose history is not whole: those of which nothing was read first, then the longest
        unasked.
        """

    def read_executions(self, arns: Sequence[str]) -> Collection[str]:
        """Which of these durable executions need not be read any more."""


class NoMemory:
    """Of a source whose store nobody handed it."""

    def settings(self, account: str, region: str, kinds: Collection[str]) -> Sequence[Configured]:
        return ()

    def open_executions(self, account: str, region: str) -> Sequence[OpenExecution]:
        return ()

    def read_executions(self, arns: Sequence[str]) -> Collection[str]:
        return ()
