"""Telling whoever started a long-running command how it is: systemd by its socket, people by lines on stderr."""

import contextlib
import os
import signal
import socket
import threading
from types import FrameType

import click

from lambdatui.text.plain import plain


class Service:
    """The state of a process that runs for ever. ``stopped`` is set by SIGTERM and SIGINT."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._address = os.environ.get("NOTIFY_SOCKET", "")

    def listen(self) -> None:
        """Makes SIGTERM and SIGINT set ``stopped``, so that the work in hand is finished first; a second signal
        interrupts.
        """

        def stop(number: int, frame: FrameType | None) -> None:
            if self.stopped.is_set():  # asked twice: at once
                raise KeyboardInterrupt
            self.stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    def ready(self) -> None:
        """Tells systemd that the service has started."""
        self._notify("READY=1")

    def state(self, words: str) -> None:
        """One line of state: ``systemctl status`` shows it; without systemd it goes to stderr."""
        words = plain(words)
        if not self._notify(f"STATUS={words}\nWATCHDOG=1"):
            click.echo(f"lambdatui collect: {words}", err=True)

    def stopping(self) -> None:
        """Tells systemd that the service ends."""
        self._notify("STOPPING=1")

    def _notify(self, message: str) -> bool:
        """sd_notify(3): a datagram to the socket that systemd names; False where there is none."""
        if not self._address:
            return False
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), address)
            return True
        return False
