"""The store's writer in a process of its own: batches and items go to it through a pipe, counts and
errors come back.
"""

import contextlib
import fcntl
import gc
import multiprocessing
import os
import queue
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec

from collectors.ingest.item_writer import ItemWriter
from collectors.ingest.regrouping import regroup_here
from collectors.model.clock import now_ms
from collectors.model.invocation_columns import Batch
from collectors.sources.base import StoredItem
from collectors.store import connection as store_open
from collectors.store.connection import writing
from collectors.store.errors import StoreError, explained
from collectors.store.write.writer import Written

_FORKED = multiprocessing.get_context("fork").Process
_SPAWNED = multiprocessing.get_context("spawn").Process
_READY, _DONE = "ready", "done"
WAITING_BYTES = 32 << 20  # of batches between reader and writer: about what is read during a commit
_ITEM = b"item"  # that what comes next is no batch, which is an array of msgpack
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


class Sink(Protocol):
    """Where what was read goes to be written. Each call raises StoreError where it, or one before, cannot be."""

    def write(self, batch: Batch) -> None:
        """A batch, whose REPORTs may be deferred."""

    def keep(self, item: StoredItem) -> None:
        """Any other item of a source."""

    def finish(self) -> Written:
        """Commits everything, and returns the counts of what was written."""
        ...


def _run(path: Path, source: str, batches: Connection, answers: Connection, others: tuple[Connection, ...]) -> None:
    """The process: takes batches until an empty message or the pipe's end. Dies with its parent, by the pipe."""
    for end in others:
        end.close()
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears ctrl-c and ends the pipe
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    try:
        with writing(path) as connection:
            with explained(path):
                regroup_here(connection)
                writer = ItemWriter(connection, source, now_ms())
            answers.send((_READY, ""))
            while packed := batches.recv_bytes():
                with explained(path):
                    if packed == _ITEM:
                        writer.keep(batches.recv())
                    else:
                        writer.add(_decoder.decode(packed))
            with explained(path):
                writer.save()
        answers.send((_DONE, writer.written))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone, and nobody is left to be told anything
    except StoreError as error:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answers.send((type(error).__name__, str(error)))
    finally:
        answers.close()


class WritingProcess:
    """A ``Sink`` whose writer is another process. The writer's StoreError is raised here by the next call, whichever it
    is.
    """

    def __init__(self, path: Path, source: str) -> None:
        theirs, self._batches = multiprocessing.Pipe(duplex=False)
        self._answers, their_answers = multiprocessing.Pipe(duplex=False)
        with contextlib.suppress(AttributeError, OSError):  # Linux; as much as an unprivileged pipe may hold
            fcntl.fcntl(self._batches.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)
        process = _FORKED if _alone() else _SPAWNED
        ends = (theirs, their_answers, (self._batches, self._answers))
        self._process = process(target=_run, args=(path, source, *ends), name="lambdatui-writer")
        # Until it ignores it, a ctrl-c would end it with a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        their_answers.close()
        self._path = path
        self._waiting: queue.SimpleQueue[bytes | StoredItem | None] = queue.SimpleQueue()
        self._held = 0
        self._room = threading.Condition()
        self._sender = threading.Thread(target=self._send, name="lambdatui-batches", daemon=True)
        self._sender.start()

    def __enter__(self) -> Self:
        self._expect(_READY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            while True:  # what was not sent yet is not sent any more
                try:
                    self._waiting.get_nowait()
                except queue.Empty:
                    break
        self._waiting.put(None)
        self._sender.join(30)
        self._batches.close()
        self._process.join(30)
        if self._process.is_alive():
            self._process.terminate()
        self._answers.close()

    def write(self, batch: Batch) -> None:
        """Queues a batch; waits while more than ``WAITING_BYTES`` of batches are queued."""
        if self._answers.poll():
            self._expect(_READY)
        packed = _encoder.encode(batch)
        with self._room:
            self._room.wait_for(lambda: self._held < WAITING_BYTES)
            self._held += len(packed)
        self._waiting.put(packed)

    def keep(self, item: StoredItem) -> None:
        """Queues another item, to be written in its turn."""
        if self._answers.poll():
            self._expect(_READY)
        self._waiting.put(item)

    def finish(self) -> Written:
        """Waits until everything is committed, and returns the counts of what was written."""
        self._waiting.put(b"")
        return self._expect(_DONE)

    def _send(self) -> None:
        """The sending thread: it lets the reader go on while the writer commits and takes nothing."""
        there = True
        while (message := self._waiting.get()) is not None:
            if there:
                try:
                    if isinstance(message, bytes):
                        self._batches.send_bytes(message)
                    else:
                        self._batches.send_bytes(_ITEM)
                        self._batches.send(message)
                except (BrokenPipeError, ConnectionResetError):
                    there = False  # the writer has said why, or has ended: the next call finds out
            if isinstance(message, bytes):
                with self._room:
                    self._held -= len(message)
                    self._room.notify()

    def _expect(self, wanted: str) -> Written:
        try:
            word, answer = self._answers.recv()
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
