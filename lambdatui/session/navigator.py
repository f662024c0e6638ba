"""What screens ask of the application that they are part of, so that they need not import it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lambdatui.session.destinations import Destination


class Navigator(Protocol):
    """Opens screens by name, so that no screen imports another."""

    @property
    def main_screens(self) -> Sequence[str]:
        """The names of the main screens."""

    def open(self, destination: Destination) -> None:
        """Open a screen over the one that is shown: Esc comes back to it."""

    def go_to(self, name: str) -> None:
        """Go to a main screen, which lies above the first one only: Esc leads home from it."""

    def commands_elsewhere(self, key: str, keymap: Mapping[str, str]) -> tuple[str, Any] | None:
        """The name of a screen on which the key does something, and the command; None where it does nowhere."""

    def go_home(self) -> None:
        """Leave all screens but the first one."""

    def go_back_to(self, screen: Any) -> None:
        """Leave all screens above one that is open."""

    def go_to_last(self) -> None:
        """Go to the main screen that was shown before this one."""


class Application(Protocol):
    """What screens ask of the application that they are part of."""

    @property
    def navigator(self) -> Navigator:
        """What opens other screens."""

    def put_on_clipboard(self, text: str) -> bool:
        """Copy ``text``, its secrets redacted; true where it was too long for a terminal and has been cut."""

    @property
    def most_copied_bytes(self) -> int:
        """Bytes of UTF-8 that a terminal takes at once."""

    def repaint(self) -> None:
        """Paint every cell of the terminal again."""
