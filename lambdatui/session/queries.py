"""Asking the store from a thread: one reader for one question at a time, and errors that say what to do."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from collectors.model.errors import LambdatuiError
from collectors.store.errors import StoreError
from collectors.store.read.reader import Reader
from lambdatui.views.measured_sets import measured
from lambdatui.views.resolved_range import resolved
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import RangeChoice, RangeError, TimeRange

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

Answer = TypeVar("Answer")


class QueryError(LambdatuiError):
    """The question could not be answered; the text is one line for people: what failed and what to do."""


@dataclass(frozen=True)
class QueryContext:
    """What a screen's question is asked with. ``scope`` is bound to the reader: its tags and sets are looked up."""

    reader: Reader
    range: TimeRange
    book: "PriceBook"
    scope: Scope = field(default_factory=Scope)


def ask(
    path: Path, choice: RangeChoice, now_ms: int, of: Callable[[QueryContext], Answer], scope: Scope | None = None
) -> tuple[TimeRange, Answer]:
    """Opens the store, resolves ``choice`` to a range at ``now_ms``, calls ``of``; returns the range and its answer.

    Call it in a thread. Raises ``QueryError``.
    """
    try:
        with _borrowed(path) as reader, reader.snapshot():
            time_range = resolved(reader, choice, now_ms)
            with reader.until(time_range.until_ms):
                book = prices()
                narrowed = measured(scope or Scope(), reader, time_range, book)
                return time_range, of(QueryContext(reader, time_range, book, narrowed.bound(reader)))
    except (StoreError, RangeError) as error:
        raise QueryError(str(error)) from error
    except Exception as error:  # rows that are not as they were written can fail anywhere
        from collectors.store.integrity.checking import blamed

        damaged = blamed(path, error)
        if damaged is None:
            raise
        raise QueryError(str(damaged)) from error


_MOST_IDLE = 3  # a screen asks two or three questions at a time
_idle: list[tuple[Path, tuple[int, int], Reader]] = []
_idle_lock = Lock()


@contextmanager
def _borrowed(path: Path) -> Iterator[Reader]:
    """A reader for one question. It stays open for the next one: its caches hold until the next commit.

    One that failed is closed, and so are those of a file that another has replaced or a newer program has changed.
    """
    try:
        status = path.stat()
        file = status.st_dev, status.st_ino
    except OSError:
        file = -1, -1  # opening it says why
    idle = _take(path, file)
    reader = idle or Reader(path)
    try:
        yield reader
        if idle is None:
            reader.stay_open()
    except BaseException:
        reader.close()
        raise
    with _idle_lock:
        _idle.append((path, file, reader))
        old = [_idle.pop(0) for _ in range(len(_idle) - _MOST_IDLE)]
    for _, _, reader in old:
        reader.close()


def _take(path: Path, file: tuple[int, int]) -> Reader | None:
    """The reader that was last used on the file, if it can still be used."""
    with _idle_lock:
        of_path = [entry for entry in _idle if entry[0] == path]
        _idle[:] = [entry for entry in _idle if entry[0] != path or entry[1] == file]
        fresh = [entry for entry in of_path if entry[1] == file]
        if fresh:
            _idle.remove(fresh[-1])
    for _, other_file, reader in of_path:
        if other_file != file:
            reader.close()
    if not fresh:
        return None
    reader = fresh[-1][2]
    if reader.is_current():
        return reader
    reader.close()
    return None


def close_idle() -> None:
    """Closes the readers that are kept open."""
    with _idle_lock:
        old = _idle[:]
        _idle.clear()
    for _, _, reader in old:
        reader.close()


def forget_answers() -> None:
    """Drops what idle readers have cached: after a commit nobody is answered with it any more."""
    with _idle_lock:
        for _, _, reader in _idle:
            reader.forget()


def prices() -> "PriceBook":
    """The price book in use."""
    from lambdatui.settings.price_book import current

    return current()


def price_notices() -> tuple[str, ...]:
    """Why another price book is in use than the one that was named or refreshed; empty where none other is."""
    from lambdatui.settings.price_book import in_use

    return in_use().notices


def _log_of(path: Path) -> tuple[int, ...]:
    """Size and time of change of the write-ahead log beside a store that is read from a copy."""
    try:
        status = Path(f"{path}-wal").stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns


def store_notes() -> list[str]:
    """Notices on how stores are read in this process, such as from a private copy."""
    module = sys.modules.get("collectors.store.private_copy")
    return module.notes() if module is not None else []


class StoreWatch:
    """Sees whether another process has committed to a store. One thread at a time may ask it.

    Its connection stays open, because SQLite counts the changes of others per connection.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Reader | None = None
        self._file: tuple[int, int] | None = None
        self._written: tuple[int, ...] | None = None  # its size, and when it was written last
        self._version = 0
        self._mark: object = None
        self._in_use = Lock()  # SQLite crashes where one thread closes what another is asking
        self._closed = False
        self.replaced = False
        """Whether the last look found another store where one was."""

    def changed(self) -> bool:
        """Whether the store has changed since the last call: a commit, or the file appeared, vanished or was replaced.

        Raises ``QueryError``.
        """
        with self._in_use:
            return not self._closed and self._has_changed()

    def _has_changed(self) -> bool:
        self.replaced = False
        try:
            try:
                status = self._path.stat()
            except FileNotFoundError:
                return self._forget()
            file = status.st_dev, status.st_ino
            written: tuple[int, ...] = (status.st_size, status.st_mtime_ns)
            if self._reader is not None and self._reader.is_still:
                written = (*written, *_log_of(self._path))
            if self._reader is None or self._file != file:
                self._open(file, written)
                return True
            version = self._reader.data_version()
            if version == self._version and written == self._written and self._mark is None:
                self._mark = self._reader.mark()  # not at the first call, which the thread that paints may make
            if version != self._version:
                self._version, self._written, self._mark = version, written, self._reader.mark()
                return True
            if written == self._written:
                return False
            # Written without a new commit: a checkpoint of earlier ones, or another file copied over it.
            return self._open(file, written)
        except StoreError as error:
            self._forget()
            raise QueryError(str(error)) from error

    def _open(self, file: tuple[int, int], written: tuple[int, ...]) -> bool:
        """Opens the file that is there now; whether it is another store, or another state of it, than was known."""
        known, had = self._mark, self._file
        self._forget()
        close_idle()
        self._reader = Reader(self._path)
        self._file, self._written = file, written
        if self._reader.is_still:
            self._written = (*written[:2], *_log_of(self._path))
        self._version = self._reader.data_version()
        self._mark = None if had is None and known is None else self._reader.mark()
        self.replaced = known != self._mark if had == file and known is not None else had not in (None, file)
        self.replaced = self.replaced or (had is None and known is not None)
        return self.replaced or known is None

    def _forget(self) -> bool:
        """Forgets the open reader; whether there was one."""
        had, self._reader, self._file = self._reader is not None, None, None
        return had

    def close(self) -> None:
        """Closes the connection that the watch keeps open, once a look that has begun is over."""
        with self._in_use:
            self._closed = True
            if self._reader is not None:
                self._reader.close()
                self._reader = None
