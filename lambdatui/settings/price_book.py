"""The price book in use: the bundled one, a later one that ``lambdatui prices refresh`` wrote, or a company's own.

``$LAMBDATUI_PRICES`` names a file. A whole book there stands in for the bundled one as long as it is no older. A
company's own rates survive upgrades as an overlay: a file with ``"overlay": true`` and only what differs, such as
``{"overlay": true, "regions": {"eu-west-1": {"requests": "0.00000018"}}}``, lies over the newest list prices.

What was named or refreshed and cannot be used is said, everywhere where money is shown: see ``InUse.notices``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from collectors.untrusted import parsed_json
from lambdatui.settings import paths
from pricing.pricebook import PriceBook, PriceBookError

_NAME = "LAMBDATUI_PRICES"
_WRITTEN = "written"  # the digest of a book as it was refreshed: without it, or with another, it is somebody's own


@dataclass(frozen=True, slots=True, eq=False)
class InUse:
    """``base`` is ``book`` without an overlay; ``path`` is where a refreshed one is written.

    ``named`` is a whole book that ``$LAMBDATUI_PRICES`` names: it is somebody's own, and never written.
    ``notices`` say in a line each why another book than the one that was named or refreshed is used; ``wrong``
    whether rates that somebody asked for are missing.
    """

    book: PriceBook
    base: PriceBook
    path: Path
    notices: tuple[str, ...] = ()
    wrong: bool = False
    named: Path | None = None


def refreshed_book() -> PriceBook:
    """The book in the data folder; the bundled one where that cannot be used."""
    return _refreshed(PriceBook.load(), _refreshed_path()).book


def current() -> PriceBook:
    """The book in use. Raises ``PriceBookError`` only where the bundled book itself is damaged."""
    return in_use().book


def not_as_named() -> tuple[str, ...]:
    """Why rates that somebody named or refreshed are not in use, so that costs at those rates are unknown."""
    found = in_use()
    return found.notices if found.wrong else ()


def in_use() -> InUse:
    """The book in use, read again only where the environment or a file has changed."""
    named, default = os.environ.get(_NAME), _refreshed_path()
    return _in_use(Path(named) if named else None, default, _signature(named), _signature(default))


def _signature(path: str | Path | None) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path) if path else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino) if status else None


def _refreshed_path() -> Path:
    return Path(paths.price_book_file())


@lru_cache(maxsize=2)
def _in_use(named: Path | None, default: Path, *_signatures: object) -> InUse:
    bundled = PriceBook.load()
    if named is None:
        return _refreshed(bundled, default)
    if not os.path.exists(named):
        return _instead(bundled, named, f"${_NAME} names {named}, which is not there", wrong=True)
    overlay = _overlay_of(named)
    if overlay is None:
        found = _over(bundled, named, f"${_NAME}")
        return found if _is_as_written(named) else replace(found, path=default, named=named)
    below = _refreshed(bundled, default)
    try:
        book = _sound(PriceBook(_laid_over(below.base.document, overlay)))
    except (PriceBookError, TypeError, AttributeError) as error:
        return _instead(below.base, default, f"${_NAME}: {named}: {error}", wrong=True)
    return InUse(book, below.base, default, below.notices, below.wrong)


def _refreshed(bundled: PriceBook, path: Path) -> InUse:
    """The book that ``prices refresh`` wrote, if it ever did."""
    return _over(bundled, path, "prices that were refreshed") if os.path.exists(path) else _as_is(bundled, path)


def _as_is(book: PriceBook, path: Path) -> InUse:
    return InUse(book, book, path)


def _instead(book: PriceBook, path: Path, why: str, *, wrong: bool) -> InUse:
    said = f"{why}; prices are this program's own of {_collected(book)}"
    return InUse(book, book, path, (said,), wrong)


def _over(bundled: PriceBook, path: Path, what: str) -> InUse:
    """The book at ``path`` in place of the bundled one, where it can be read and is no older."""
    try:
        book = _sound(PriceBook.load(path))
    except (PriceBookError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return _instead(bundled, path, f"{what}: {path} cannot be used: {reason}", wrong=True)
    if _collected(book) < _collected(bundled):
        old = f"{what}: {path} is of {_collected(book) or 'an unknown date'}, older than this program"
        return _instead(bundled, path, f"{old} ('lambdatui prices refresh' renews it)", wrong=False)
    return _as_is(book, path)


def _sound(book: PriceBook) -> PriceBook:
    """The book after all its regions were decoded, so that damage is found now. Raises ``PriceBookError``."""
    for code in book.codes:
        book.region(code)
    return book


def _overlay_of(path: Path) -> Mapping[str, Any] | None:

    try:
        document = parsed_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("overlay") is not True:
        return None
    return {key: value for key, value in document.items() if key not in ("overlay", "schema", "collected")}


def _laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One document laid over another: tables are merged, anything else replaces what was there."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        tables = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _laid_over(below, value) if tables else value  # type: ignore[arg-type]
    return merged


def _collected(book: PriceBook) -> str:
    return str(book.document.get("collected", ""))


def _is_as_written(path: Path) -> bool:
    """Whether a book is one that ``write`` wrote and nobody has changed: anything else is somebody's own."""

    try:
        document = parsed_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get(_WRITTEN) == _digest(document)


def _digest(document: Mapping[str, Any]) -> str:
    import hashlib
    import json

    rest = {key: value for key, value in document.items() if key != _WRITTEN}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def write(document: dict[str, Any], path: Path) -> None:
    """Write a book so that a reader finds the old one or the new one, whole. Raises ``OSError``."""
    import json
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document | {_WRITTEN: _digest(document)}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        PriceBook.load(Path(name))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
