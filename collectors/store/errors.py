"""Errors of a store, and the texts that tell an operator what to do about SQLite's and the system's errors.

StoreError
    StoreMissing, StoreLocked, StoreNewer, StoreDamaged, StoreUnwritable, StoreReplaced
"""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collectors.model.errors import ExitCode, LambdatuiError
from collectors.store import disk_space
from collectors.store.integrity.checksums import Damaged
from collectors.store.transactions import FileGone


class StoreError(LambdatuiError):
    """The store cannot be used; the text says why and what to do."""

    exit_code = ExitCode.STORE


class StoreMissing(StoreError):
    """There is no file at the path yet."""

    exit_code = ExitCode.FAILED


class StoreLocked(StoreError):
    """Another process is writing."""


class StoreNewer(StoreError):
    """A newer version of lambdatui wrote it."""


class StoreDamaged(StoreError):
    """It is another kind of file, or it is damaged."""


class StoreUnwritable(StoreError):
    """No permission, no space, or a read-only file system."""


class StoreReplaced(StoreError):
    """The file was deleted or replaced while it was being written."""


_BASE = 0xFF  # of an extended code: the bits that say what kind of error it is
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_NO_ACCESS = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_OF_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_CONSTRAINT,
        # Our statements are correct, so this means that a table, a column or an index is missing, a stored value is not
        # one that was written, or the file has another format.
        sqlite3.SQLITE_ERROR,
    }
)


def code_of(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code; None where Python itself raised the error, as for text that is not UTF-8."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _BASE


def is_of_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error of SQLite's means that the file is damaged."""
    code = code_of(error)
    if isinstance(error, Damaged) or code in _OF_DAMAGE:
        return True
    # Text that is not UTF-8: the only error about content that Python itself raises.
    return code is None and type(error) is sqlite3.OperationalError


def damaged(path: Path | str) -> str:
    """The message about a damaged store."""
    return (
        f"{path} is damaged or no lambdatui store: run 'lambdatui db check', save what can be read with"
        " 'lambdatui db check --repair', or import again into a new --db"
    )


@contextlib.contextmanager
def explained(path: Path | str, needs: int | None = None) -> Iterator[None]:
    """Turns errors of SQLite and of the system into StoreErrors, whose texts say what an operator can do.

    ``needs`` is how many bytes of disk the work may take; None is unknown.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _of_sqlite(error, path, needs) from error
    except FileGone as error:
        raise StoreReplaced(
            f"{path} was deleted or replaced while it was written: nothing more goes into the old file; run the same"
            " command again, which reads what the one that is there now lacks, or makes one"
        ) from error
    except UnicodeDecodeError as error:  # SQLite's message has a name from a damaged schema
        raise StoreDamaged(damaged(path)) from error
    except OSError as error:
        raise _of_system(error, path, needs) from error


def _of_sqlite(error: sqlite3.DatabaseError, path: Path | str, needs: int | None) -> StoreError:
    code = code_of(error)
    if code in _LOCKED:
        return StoreLocked(f"{path} is locked by another process: wait for it, or end it")
    if code in _DISK:
        return StoreUnwritable(
            f"{path}: the disk is full or failing ({error}): free space and run the same command again; "
            f"what was committed is kept and nothing is counted twice; {disk_space.advice(Path(path), needs)}"
        )
    if code in _NO_ACCESS:
        return StoreUnwritable(
            f"{path} cannot be opened for this ({error}): check the permissions of the file and its folder, "
            "or name another with --db"
        )
    if is_of_damage(error):
        return StoreDamaged(damaged(path))
    return StoreError(f"{path}: {error}")


def _of_system(error: OSError, path: Path | str, needs: int | None) -> StoreUnwritable:
    if isinstance(error, PermissionError):
        return StoreUnwritable(f"{path}: permission denied: check its owner, or name another store with --db")
    if error.errno == errno.ENOSPC:
        return StoreUnwritable(f"{path}: {error.strerror}: {disk_space.advice(Path(path), needs)}")
    return StoreUnwritable(f"{path}: {error.strerror or error}: check the folder, or name another with --db")
