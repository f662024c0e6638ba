"""The store's writer in a process of its own: batches go to it through a pipe, counts and errors come back."""

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec

from collectors.columns import Batch
from collectors.logs.fingerprint import fingerprint
from collectors.store import open as store_open
from collectors.store.open import StoreError, explained, writing
from collectors.store.writer import Writer, Written

_FORKED = multiprocessing.get_context("fork").Process
_SPAWNED = multiprocessing.get_context("spawn").Process
_READY, _DONE = "ready", "done"
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


class Sink(Protocol):
    """Where batches go."""

    def write(self, batch: Batch) -> None: ...

    def finish(self) -> Written: ...


def _run(path: Path, source: str, pipe: Connection, other_end: Connection) -> None:
    """The process: takes batches until an empty message or the pipe's end. Dies with its parent, by the pipe."""
    other_end.close()
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears ctrl-c and ends the pipe
    try:
        with writing(path) as connection:
            with explained(path):
                writer = Writer(connection, fingerprint)
                writer.begin(source)
            pipe.send((_READY, ""))
            while packed := pipe.recv_bytes():
                with explained(path):
                    writer.add(_decoder.decode(packed))
            with explained(path):
                total = writer.flush()
        pipe.send((_DONE, total))
    except EOFError:
        return
    except StoreError as error:
        pipe.send((type(error).__name__, str(error)))
    finally:
        pipe.close()


class WritingProcess:
    """A ``Sink`` whose writer runs beside. Raises the writer's StoreError here, from whichever call comes next."""

    def __init__(self, path: Path, source: str) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        process = _FORKED if _alone() else _SPAWNED
        self._process = process(target=_run, args=(path, source, theirs, self._pipe), name="lambdatui-writer")
        self._process.start()
        theirs.close()
        self._path = path

    def __enter__(self) -> Self:
        self._expect(_READY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(30)
        if self._process.is_alive():
            self._process.terminate()

    def write(self, batch: Batch) -> None:
        try:
            if self._pipe.poll():
                self._expect(_READY)
            self._pipe.send_bytes(_encoder.encode(batch))
        except (BrokenPipeError, ConnectionResetError):
            self._expect(_READY)

    def finish(self) -> Written:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send_bytes(b"")
        return self._expect(_DONE)

    def _expect(self, wanted: str) -> Written:
        try:
            word, answer = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(5)
            raise StoreError(
                f"{self._path}: the writer ended unexpectedly (exit code {self._process.exitcode}):"
                " run the same command again, nothing is counted twice"
            ) from None
        if word != wanted:
            raise getattr(store_open, word, StoreError)(answer)
        return answer if isinstance(answer, Written) else Written()


def _alone() -> bool:
    """Whether this process has no other thread: only then is it safe to fork, which starts faster."""
    return threading.active_count() == 1 and os.name == "posix"
