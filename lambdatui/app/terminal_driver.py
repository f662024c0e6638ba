"""Textual's driver for terminals, changed so that a signal gives the terminal back at once."""

import asyncio
import contextlib
import os
import select
import signal
import termios
import threading
from typing import Any

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from lambdatui.app.late_answers import AnswersApart
from lambdatui.start import terminal_signals

_PATIENCE_S = 0.08


class TerminalDriver(LinuxDriver):
    """Gives the screen back within a tenth of a second of a signal that ends or stops the program.

    A signal's handler runs in the middle of anything, also of a put into the queue of the writing thread, whose lock is
    then held: nothing in a handler waits for it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        before = signal.getsignal(signal.SIGTSTP)
        super().__init__(*arguments, **named)
        if terminal_signals.installed():
            signal.signal(signal.SIGTSTP, before)
            terminal_signals.set_driver(self)
        self.has_screen = self._stopped = self._listening = False
        self._turns = asyncio.get_running_loop()

    def run_input_thread(self) -> None:
        """Reads keys, and keeps the terminal's answers out of them."""
        vars(linux_driver)["XTermParser"] = AnswersApart
        super().run_input_thread()

    def write(self, data: str) -> None:
        """Drops what comes after the screen was given back."""
        if self.has_screen:
            super().write(data)

    def start_application_mode(self) -> None:
        """Enters the alternate screen, unless we are in the background and may not write."""
        before = self._writer_thread
        self.has_screen = True
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.attrs_before = terminal_signals.attributes() or self.attrs_before
        if self._writer_thread is before:
            self.has_screen = False  # in the background: it was not allowed to
            return
        terminal_signals.remember_frame("")
        if not self._listening:
            self._listening = True
            threading.Thread(target=self._until_hung_up, name="lambdatui-hangup", daemon=True).start()

    def _until_hung_up(self) -> None:
        """Sends us SIGHUP when the terminal goes away, where the kernel does not: we may not be controlled by it."""
        try:
            poll = select.poll()
            poll.register(self.fileno, 0)
            if poll.poll() and self.has_screen:
                os.kill(os.getpid(), signal.SIGHUP)
        except (AttributeError, OSError, ValueError):
            return

    def stop_application_mode(self) -> None:
        """Gives the screen back before the thread that reads keys has ended, which takes up to 0.2 s."""
        self.write(terminal_signals.LEAVE_ALL)
        self.has_screen = False
        self.disable_input()
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def _disable_mouse_support(self) -> None:
        """Nothing: ``stop_application_mode`` has switched the mouse off with everything else."""

    # --- for signals

    def give_back(self) -> None:
        """Leaves the alternate screen after what is being written; waits at most 0.12 s for the terminal."""
        writer, self.has_screen = self._writer_thread, False
        if writer is None:
            return
        waiting = writer._queue
        if waiting.mutex.acquire(timeout=_PATIENCE_S / 2):
            waiting.queue += (terminal_signals.LEAVE_ALL, None)
            waiting.not_empty.notify()
            waiting.mutex.release()
            writer.join(_PATIENCE_S)
        else:  # it is held by what was interrupted: nothing more is written, and this goes past it
            terminal_signals.write(terminal_signals.LEAVE_ALL)

    def _sigcont_application(self, *_: object) -> None:
        """Begins anew after a stop of ours, or one by SIGSTOP: the shell has used the terminal since."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and so do we
            self._turns.call_soon_threadsafe(self._begin_anew)

    def _begin_anew(self) -> None:
        if not self._auto_restart or not (self._stopped or self.has_screen):
            return
        self._stopped = False
        self.disable_input()
        writer = self._writer_thread
        if writer is not None and writer.is_alive():
            writer.stop()
        self._must_signal_resume = True
        self.resume_application_mode()

    def stop(self) -> None:
        """Stops the process until SIGCONT; the screen is given back already."""
        self._stopped = True
        os.kill(os.getpid(), signal.SIGSTOP)
