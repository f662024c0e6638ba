"""The local runner whose log the store was filled from."""

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collectors.store.read.reader import Reader

_SOURCE = "collect runner "


def runner_log(reader: "Reader") -> Path | None:
    """The log of the runner that was collected from last; None where there was none."""
    from collectors.store.read import account_rows  # the first paint knows no runner

    for one in account_rows.collections(reader):
        if one.source.startswith(_SOURCE):
            return Path(one.source.removeprefix(_SOURCE))
    return None
