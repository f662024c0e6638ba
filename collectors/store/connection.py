"""Opening the store's file: where it lies, who may write, and what to say when it cannot be read."""

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
    """Takes its file for one that never changes: if another machine does change it, only a new connection sees that.

    ``copy_of`` is what was copied, with its log, for want of a place to write; None where the file itself is read.
    """

    copy_of: tuple[Path, private_copy.State] | None = None
    copied: Path | None = None

    def stands(self) -> bool:
        """Whether it is known to show what there is now."""
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
    """A WAL store on a read-only file system, which cannot make its -shm file.

    As a still file it can be read where no log lies beside it. Where one does, the file alone shows what was before.
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
    """Raises StoreDamaged where nothing can be written and the log is damaged; elsewhere whoever writes goes on."""
    copy = connection.copied if isinstance(connection, Still) else None
    if copy is None and not (os.statvfs(path).f_flag & os.ST_RDONLY):
        return
    if wal_frames.damage(copy or path, by_index=copy is not None) is not None:
        connection.close()
        raise StoreDamaged(damaged(path))


def open_checked(path: Path) -> sqlite3.Connection:
    """A reader that stops with an error at what is not as it was written, of what has its checksum in its row.

    Raises as ``open_reader``, and StoreDamaged where a small table is not as it was written, or something was found
    wrong before.
    """
    connection = open_reader(path)
    try:
        if damage_note.remembered(path) is not None:
            raise StoreDamaged(damaged(path))
        with explained(path):
            table_checksums.make_ready(connection)
            connection.execute(
                "PRAGMA query_only = 0"
            )  # what follows is the connection's own; the file is open to read
            checksums.show_sound_cells(connection)
            connection.execute("PRAGMA query_only = 1")
            # On one state: what is committed between a table and its sum is no damage.
            connection.execute("BEGIN")
            table_checksums.look_at_small_ones(connection)
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def is_older(path: Path) -> bool:
    """Whether the store is to be brought up to date, or that was not finished. Raises sqlite3.Error."""
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
    """Brings an older store to this version, once, before it is read. Raises StoreError where it cannot."""
    try:
        with writing(path):
            pass
    except StoreError as error:
        raise type(error)(f"{path} is of an older lambdatui and cannot be brought up to date: {error}") from error


def readable(path: Path) -> sqlite3.Connection:
    """A read-only connection to a file of which nothing is believed yet, also where nothing can be written.

    Raises sqlite3.Error, and StoreUnwritable where that takes a copy and none can be made.
    """
    address = f"file:{quote(str(path))}?mode=ro"
    try:
        return _readable(address, sqlite3.Connection)
    except sqlite3.OperationalError as error:
        # An input or output error is also what SQLite says of a full disk, which has no room for the log's index.
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
    """For a reader that stays open: all of the file that SQLite can map, which takes some milliseconds to touch first.

    What lies behind is copied page by page; mapped pages are the page cache's own, and no memory of this process.
    """
    connection.execute("PRAGMA mmap_size = 2147418112")
    connection.execute("PRAGMA cache_size = -16384")


@contextlib.contextmanager
def writing(path: Path, *, wait: bool = False) -> Iterator[sqlite3.Connection]:
    """The one writer's connection. The lock beside the file names its holder; a crash frees it.

    Raises StoreLocked (naming the process) at once, or waits when asked to.
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
            _empty_log(connection)  # SQLite leaves it, and the file in this one's place would take it for its own
            raise
        finally:
            connection.close()
    finally:
        os.close(lock)


def _empty_log(connection: sqlite3.Connection) -> None:
    """Leaves nothing in the write-ahead log that would be laid over another file put in this one's place.

    Readers that look at this moment keep it from being emptied; nobody waits long for them.
    """
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout = 100")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _size_of(path: Path) -> int:
    """What bringing it up to date may take: at most as much again."""
    try:
        return max(path.stat().st_size, 1 << 20)
    except OSError:
        return 1 << 20


def _pack(connection: sqlite3.Connection) -> None:
    """Leaves no packs marked, so that readers find them made. A store in which that fails answers all the same."""
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
    with contextlib.suppress(OSError):  # on a full disk the holder has no name, and the lock holds
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
