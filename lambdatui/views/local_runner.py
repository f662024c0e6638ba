"""The local runner whose log the store was filled from."""

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collectors.store.read.reader import Reader

LOCAL_ACCOUNT = "000000000000"
"""The account that local runners say they are in; AWS has none of that number."""

_SOURCE = "collect runner "


def runner_log(reader: "Reader") -> Path | None:
    """The log of the runner that was collected from last; None where there was none."""
    from collectors.store.read import account_rows  # the first paint knows no runner

    for one in account_rows.collections(reader):
        if one.source.startswith(_SOURCE):
            return Path(one.source.removeprefix(_SOURCE))
    return None
