"""Who wants to hear how a long piece of work on a store goes on. Imports nothing: it is named early."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

listeners: "list[Callable[[str], None]]" = []


def say(text: str) -> None:
    """Tells every listener what is being done now."""
    for listener in listeners:
        listener(text)
