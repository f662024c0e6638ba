"""Opening the store's file: where it is, which process may write, and what to report when it cannot be read."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from collectors.store import private_copy, progress
from collectors.store.errors import (
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreNewer,
    StoreReplaced,
    StoreUnwritable,
    code_of,
    damaged,
    explained,
    is_of_damage,
)
from collectors.store.integrity import checksums, damage_note, table_checksums, wal_frames
from collectors.store.rollups.dirty_packs import any_dirty
from collectors.store.schema import APPLICATION_ID, UNSUMMED, VERSION
from collectors.store.transactions import Writable

Connection = TypeVar("Connection", bound=sqlite3.Connection)

__all__ = [
    "Still", "StoreDamaged", "StoreError", "StoreLocked", "StoreMissing", "StoreNewer", "StoreReplaced",
    "StoreUnwritable", "damaged", "explained", "is_of_damage", "is_older", "keep_at_hand",
    "open_checked", "open_reader", "readable", "writing",
]  # fmt: skip

_UNREADABLE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL})


class Still(sqlite3.Connection):
    """A connection to a file that SQLite takes as unchangeable, because nothing beside it can be written.

    If another machine changes the file, only a new connection sees that. ``copy_of`` is the store and its state from
    which a private copy was made, None where the file itself is read; ``copied`` is the path of that copy.
    """

    copy_of: tuple[Path, private_copy.State] | None = None
    copied: Path | None = None

    def stands(self) -> bool:
        """Whether the copy that is read still equals the store; False without a copy, where nobody can tell."""
        return self.copy_of is not None and private_copy.is_of(*self.copy_of)


def _looked_over(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if version > VERSION and application == APPLICATION_ID:
        raise StoreNewer(
            f"{path} was written by a newer lambdatui (schema {version}, this one knows {VERSION}): upgrade lambdatui"
        )
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and tables:
        raise StoreDamaged(f"{path} is an SQLite file, but no lambdatui store: name another with --db")
    return int(version)


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection. Raises StoreMissing, StoreNewer, StoreDamaged, StoreLocked."""
    if not path.exists():
        raise StoreMissing(f"there is no store at {path} yet: run 'lambdatui import FILE' first, or name one with --db")
    if path.is_dir():
        raise StoreDamaged(f"{path} is a folder, and no store: name a file with --db")
    with explained(path):
        connection = readable(path)
        _look_at_log(connection, path)
        version = _looked_over(connection, path)
        if version == 0:
            connection.close()
            raise StoreMissing(f"{path} is empty: run 'lambdatui import FILE' first")
        if not _is_current(connection):
            connection.close()
            _upgrade(path)
            connection = readable(path)
    return connection


def _still(path: Path, address: str) -> Still:
    """Opens a WAL store on a read-only file system, where SQLite cannot make its -shm file.

    Without a write-ahead log beside it, the file is opened as immutable. With one, the file alone would show an old
    state: a private copy of both is opened. Raises StoreUnwritable where no copy can be made.
    """
    if not private_copy.has_log(path):
        return _readable(address + "&immutable=1", Still)
    try:
        copy, state = private_copy.copied(path)
    except private_copy.NoCopy as error:
        raise StoreUnwritable(
            f"{path} lies where nothing can be written, with changes in {path.name}-wal that are not merged into it:"
            f" {error}"
        ) from error
    connection = _readable(f"file:{quote(str(copy))}?mode=ro", Still)
    connection.copy_of, connection.copied = (path, state), copy
    return connection


def _look_at_log(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreDamaged where the log is damaged on a read-only file system; elsewhere the writer checks it."""
    copy = connection.copied if isinstance(connection, Still) else None
    if copy is None and not (os.statvfs(path).f_flag & os.ST_RDONLY):
        return
    if wal_frames.damage(copy or path, by_index=copy is not None) is not None:
        connection.close()
        raise StoreDamaged(damaged(path))


def open_checked(path: Path) -> sqlite3.Connection:
    """A read-only connection that fails at the first row which does not agree with its checksum.

    Raises what ``open_reader`` raises, and StoreDamaged where a small table does not agree with its checksum, or an
    earlier check found damage.
    """
    connection = open_reader(path)
    try:
        if damage_note.remembered(path) is not None:
            raise StoreDamaged(damaged(path))
        with explained(path):
            table_checksums.make_ready(connection)
            connection.execute("PRAGMA query_only = 0")  # setting up this connection; the file stays read-only
            checksums.show_sound_cells(connection)
            connection.execute("PRAGMA query_only = 1")
            # In one read transaction: a commit between reading a table and reading its checksum must not look like
            # damage.
            connection.execute("BEGIN")
            table_checksums.look_at_small_ones(connection)
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def is_older(path: Path) -> bool:
    """Whether the store needs an upgrade, or one was not finished. Raises sqlite3.Error."""
    connection = readable(path)
    try:
        known = connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return known and 0 < version <= VERSION and not _is_current(connection)
    finally:
        connection.close()


def _is_current(connection: sqlite3.Connection) -> bool:
    if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
        return False
    return connection.execute("SELECT 1 FROM settings WHERE name = ?", (UNSUMMED,)).fetchone() is None


def _upgrade(path: Path) -> None:
    """Upgrades an older store to this version before it is read. Raises StoreError where it cannot."""
    try:
        with writing(path):
            pass
    except StoreError as error:
        raise type(error)(f"{path} is of an older lambdatui and cannot be brought up to date: {error}") from error


def readable(path: Path) -> sqlite3.Connection:
    """A read-only connection whose content is not checked; it also works where nothing can be written.

    Raises sqlite3.Error, and StoreUnwritable where a private copy is needed and cannot be made.
    """
    address = f"file:{quote(str(path))}?mode=ro"
    try:
        return _readable(address, sqlite3.Connection)
    except sqlite3.OperationalError as error:
        # A full disk has no room for the log's index, and SQLite reports that as an input or output error too.
        if code_of(error) not in _UNREADABLE or not os.access(path, os.R_OK):
            raise
        return _still(path, address)


def _readable(address: str, factory: type[Connection]) -> Connection:
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=5, check_same_thread=False, factory=factory
    )
    try:
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA mmap_size = 268435456")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def keep_at_hand(connection: sqlite3.Connection) -> None:
    """Prepares a connection that stays open: maps as much of the file as SQLite can, and caches 16 MB beyond.

    Mapped pages belong to the system's page cache, not to this process. The first touch takes some milliseconds.
    """
    connection.execute("PRAGMA mmap_size = 2147418112")
    connection.execute("PRAGMA cache_size = -16384")


@contextlib.contextmanager
def writing(path: Path, *, wait: bool = False) -> Iterator[sqlite3.Connection]:
    """The only connection that may write; it holds the lock file ``PATH.lock``, which names this process.

    When the process crashes, the system releases the lock. Raises StoreLocked, naming the process that holds it, or
    waits for it with ``wait``; other StoreErrors as ``explained`` has them.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, path, wait)
        with explained(path, _size_of(path)):
            connection = _writable(path)
        try:
            with explained(path):
                yield connection
                _pack(connection)
                connection.check_file()
                _empty_log(connection)
        except StoreReplaced:
            _empty_log(connection)  # SQLite would keep it, and apply it to the file that replaced this one
            raise
        finally:
            connection.close()
    finally:
        os.close(lock)


def _empty_log(connection: sqlite3.Connection) -> None:
    """Empties the write-ahead log, so that SQLite never applies it to another file put in this one's place.

    Readers can prevent it; after 100 ms it is given up, without an error.
    """
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout = 100")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _size_of(path: Path) -> int:
    """Bytes of disk that an upgrade may need: the size of the file, at least 1 MB."""
    try:
        return max(path.stat().st_size, 1 << 20)
    except OSError:
        return 1 << 20


def _pack(connection: sqlite3.Connection) -> None:
    """Makes dirty packs anew, so that readers need not. If that fails, readers still get the same answers."""
    if not connection.in_transaction and any_dirty(connection):
        from collectors.store.rollups import metric_packs, oldest, packs, week_packs

        with contextlib.suppress(sqlite3.OperationalError):
            packs.renew(connection)
            week_packs.renew(connection)
            oldest.store_oldest(connection)
            metric_packs.renew(connection)


def _take(lock: int, path: Path, wait: bool) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
        holder = os.read(lock, 64).decode("ascii", "replace").strip() or "another process"
        raise StoreLocked(f"{path} is being written by {holder}: wait for it, or end it") from error
    with contextlib.suppress(OSError):  # on a full disk the name cannot be written; the lock is held all the same
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()}".encode(), 0)


def _writable(path: Path) -> Writable:
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # SQLite gives -wal and -shm the same mode
    stat = os.fstat(opened)
    os.close(opened)
    connection = sqlite3.connect(path, isolation_level=None, timeout=5, factory=Writable)
    connection.path, connection.file = str(path), (stat.st_dev, stat.st_ino)
    try:
        _looked_over(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA temp_store = MEMORY")
        if not _is_current(connection):
            from collectors.store.migration import migrate

            migrate(connection)
            progress.say("sums of hours and days")
        table_checksums.keep(connection)
    except BaseException:
        connection.close()
        raise
    return connection
