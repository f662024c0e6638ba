"""The price book in use: the bundled one, or a later one that ``lambdatui prices refresh`` has written."""

import os
from pathlib import Path
from typing import Any

from pricing.pricebook import PriceBook, PriceBookError


def refreshed_path() -> Path:
    """``$LAMBDATUI_PRICES``, else ``lambdatui/prices.json`` in the XDG data folder."""
    given = os.environ.get("LAMBDATUI_PRICES")
    if given:
        return Path(given)
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return Path(data) / "lambdatui" / "prices.json"


def current() -> PriceBook:
    """The refreshed book where there is one that is no older than this program's; otherwise the bundled one.

    A refreshed book that cannot be read counts as absent: a damaged file must not stop a bill. Raises
    ``PriceBookError`` only where the bundled book itself is damaged.
    """
    path = refreshed_path()
    bundled = PriceBook.load()
    if not path.exists():
        return bundled
    try:
        found = PriceBook.load(path)
    except (PriceBookError, OSError):
        return bundled
    return found if _collected(found) >= _collected(bundled) else bundled


def _collected(book: PriceBook) -> str:
    return str(book.document.get("collected", ""))


def write(document: dict[str, Any], path: Path) -> None:
    """Write a book so that a reader finds the old one or the new one, whole. Raises ``OSError``."""
    import json
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        PriceBook.load(Path(name))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
