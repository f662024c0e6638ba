"""The listeners to the progress of long work on a store. Imports nothing, because it is imported early."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

listeners: "list[Callable[[str], None]]" = []


def say(text: str) -> None:
    """Calls every listener with a text that says what is being done now."""
    for listener in listeners:
        listener(text)
