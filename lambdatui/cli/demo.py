"""``lambdatui demo``: the local runner, sample functions, real invocations, and the screens on them."""

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from collectors.model.clock import now_ms
from collectors.model.errors import LambdatuiError
from collectors.model.units import MINUTE_MS
from collectors.untrusted import parsed_json
from lambdatui.cli import interrupts
from lambdatui.cli.global_options import current_context
from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import emit
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import narrowed
from lambdatui.start import first_frame
from lambdatui.views.functions import FunctionView, functions
from lambdatui.views.time_range import RangeChoice

_WITHOUT_TERMINAL_S = 5.0
_END_S = 20.0
_FIRST_ROWS_S = 2.0
_RUNNER, _COLLECTOR = "runner", "collector"
_BUDGET_USD = 15.0
"""The month's budget where the configuration names none: the simulated shop will pass it."""
_GREETING = (
    "Demo: 30 simulated days, then real. Try E (errors since the deploy), $ (this month), 2 T (throttled last night)"
)
_TEXT_COLUMNS = (
    "function,memory_mb,invocations,errors,timeouts,throttles,cold_starts,p50_ms,p99_ms,billed_ms,max_memory_mb,"
    "cost_usd"
)


@click.command(name="demo", cls=ListingHelp, epilog="Example: lambdatui demo --seconds 10 --no-tui")
@click.option("--seconds", type=click.FloatRange(0.5), help="Call for so long (default: until it is left).")
@click.option("--no-tui", is_flag=True, help="No screens: rows, as text, --json or --csv.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the load.")
@click.option("--keep", type=click.Path(file_okay=False), help="Keep the log and the store in this folder.")
@click.option(
    "--history/--no-history",
    default=None,
    help="Thirty simulated days before the real invocations (default: with the screens, and said on each of them).",
)
@click.option("--simulated-until", type=int, hidden=True, help="Where the simulated days end, for a process of a demo.")
@click.option("--process", type=click.Choice([_RUNNER, _COLLECTOR]), hidden=True, help="Be a process of a demo.")
@listing_options(FunctionView)
def command(
    listing: Listing,
    seconds: float | None,
    no_tui: bool,
    seed: int,
    keep: str | None,
    history: bool | None,
    process: str | None,
    simulated_until: int | None,
) -> None:
    """Run a small shop of sample functions on this machine, and look at it.

    The screens begin with thirty simulated days: a deploy that broke something, a throttled night, a weekly job, a
    month that will pass its budget. From then on all invocations are real: processes that start, compute, fail, are
    killed for time and for memory, are throttled and tried again. Without screens it prints the rows of what really
    ran. Nothing leaves the machine, and nothing stays on it.
    """
    if process is not None:
        if keep is None:
            raise click.UsageError("--process needs the demo's folder: --keep")
        _be(process, Path(keep), seconds or 0, seed, simulated_until)
        return
    if not no_tui and not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        seconds = seconds or _WITHOUT_TERMINAL_S
        click.echo(f"no terminal for the screens: running for {seconds:g} s without them", err=True)
        no_tui = True
    if no_tui and seconds is None:
        seconds = _WITHOUT_TERMINAL_S
    with _folder(keep) as folder, interrupts.as_interrupts(signal.SIGTERM, signal.SIGHUP):
        until_ms = now_ms() // MINUTE_MS * MINUTE_MS if (not no_tui if history is None else history) else None
        if no_tui:
            _headless(folder, seconds or _WITHOUT_TERMINAL_S, seed, listing, until_ms)
        else:
            code = _screens(folder, seconds or 0, seed, simulated_until_ms=until_ms, stays=keep is not None)
            click.get_current_context().exit(code)


@contextlib.contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    if keep is not None:
        Path(keep).mkdir(parents=True, exist_ok=True)
        yield Path(keep).absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="lambdatui-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _log_path(folder: Path) -> Path:
    return folder / "runner.db"


def _store_path(folder: Path) -> Path:
    return folder / "demo.db"


def _be(process: str, folder: Path, seconds: float, seed: int, simulated_until_ms: int | None) -> None:
    """Run one of the demo's two processes, in ``folder``, to its end."""
    if process == _RUNNER:
        from lambdatui.demo import runner_process

        runner_process.run(_log_path(folder), seconds, seed)
    else:
        from lambdatui.demo import collector_process

        collector_process.run(_log_path(folder), _store_path(folder), simulated_until_ms, seed)


class _Processes:
    """The runner and the collector of a demo in ``folder``; the collector first writes the simulated days, if any.

    Both end when the pipe to them does, however this process ends.
    """

    def __init__(self, folder: Path, seconds: float, seed: int, simulated_until_ms: int | None) -> None:
        self.store = _store_path(folder)
        self._folder = folder
        self._complaints = open(folder / "complaints.txt", "w+b")  # noqa: SIM115 - closed with the processes
        lasting = ("--seconds", seconds) if seconds else ()
        simulated = () if simulated_until_ms is None else ("--simulated-until", simulated_until_ms)
        self.collector = self._start(_COLLECTOR, *simulated, "--seed", seed)
        self.runner = self._start(_RUNNER, *lasting, "--seed", seed)
        assert self.runner.stdout is not None
        line = self.runner.stdout.readline()
        if not line:
            self.runner.wait()
            self._complaints.seek(0)
            complaints = self._complaints.read().decode("utf-8", "replace").strip().splitlines() or ["it ended"]
            self.close()
            raise LambdatuiError(f"the runner did not start: {complaints[-1]}")
        self.functions: list[str] = parsed_json(line)["functions"]

    def _start(self, process: str, *arguments: object) -> "subprocess.Popen[bytes]":
        command_line = ["demo", "--process", process, "--keep", self._folder, *arguments]
        return subprocess.Popen(
            [sys.executable, "-m", "lambdatui", *map(str, command_line)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # ctrl-c is ours: it is passed on in order
        )

    def wait_for_days(self) -> None:
        """Wait until the simulated days are in the store, all of them."""
        assert self.collector.stdout is not None
        self.collector.stdout.readline()

    def close(self) -> None:
        """End the runner, then the collector, which reads to the log's end first.

        What is missing of the simulated days then stays out.
        """
        for process in (self.runner, self.collector):
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._complaints.close()


@contextlib.contextmanager
def _processes(folder: Path, seconds: float, seed: int, simulated_until_ms: int | None) -> Iterator[_Processes]:
    processes = _Processes(folder, seconds, seed, simulated_until_ms)
    try:
        yield processes
    finally:
        # A second ctrl-c must not leave the ending half done.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
        try:
            processes.close()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _screens(folder: Path, seconds: float, seed: int, *, simulated_until_ms: int | None, stays: bool) -> int:
    from lambdatui.app.launch import run
    from lambdatui.start.terminal_signals import call_before_end

    context, greeting = current_context(chooses_functions=True), ""
    if simulated_until_ms is not None:
        greeting = _GREETING
        context = replace(context, thresholds={"budget_usd": _BUDGET_USD, **context.thresholds})
    if not context.range_given:
        context = replace(context, range=RangeChoice("1h"))
    with _processes(folder, seconds, seed, simulated_until_ms) as processes:
        click.echo(f"calling {', '.join(processes.functions)}", err=True)
        _wait_for_rows(processes.store, _FIRST_ROWS_S if simulated_until_ms is not None else 0.0)
        call_before_end(processes.close)
        if not stays:
            call_before_end(lambda: shutil.rmtree(folder, ignore_errors=True))
        try:
            code = run(replace(context, db=processes.store), greeting=greeting, has_state=False)
            if stays:
                processes.wait_for_days()
            return code
        except BaseException:
            if not interrupts.came:
                raise
            # The terminal is gone, or its screens were interrupted midway: it is left as it was found.
            with contextlib.suppress(OSError, ValueError):
                first_frame.leave()
            return interrupts.exit_code()


def _wait_for_rows(store: Path, invocations_s: float) -> None:
    """Waits, at most 5 seconds, until the store exists, so that the first frame has something to show.

    Then it waits, at most ``invocations_s``, until the store has an invocation.
    """
    import time

    from collectors.store.errors import StoreError
    from collectors.store.read.reader import Reader

    for _ in range(100):
        if store.exists():
            break
        time.sleep(0.05)
    until = time.monotonic() + invocations_s
    while time.monotonic() < until:
        with contextlib.suppress(StoreError), Reader(store) as reader:
            if reader.select("SELECT 1 FROM minute_cells LIMIT 1"):
                return
        time.sleep(0.05)


def _headless(folder: Path, seconds: float, seed: int, listing: Listing, simulated_until_ms: int | None) -> None:
    """Calls functions for ``seconds``, waits until all has ended and is collected, and prints the rows of those that
    were called.
    """
    from collectors.store.read.reader import Reader

    with _processes(folder, seconds, seed, simulated_until_ms) as processes:
        click.echo(f"calling {', '.join(processes.functions)} for {seconds:g} s", err=True)
        processes.runner.wait()
        processes.wait_for_days()
        store = processes.store
    with Reader(store) as reader:
        since = None if simulated_until_ms is None else str(simulated_until_ms)
        whole = RangeChoice("all", start=since).resolve(now_ms(), reader.newest_ms(), reader.oldest_ms())
        scope = narrowed(current_context(chooses_functions=True).scope, reader, whole)
        if listing.form == "text" and not listing.columns:
            listing = replace(listing, columns=_TEXT_COLUMNS)
        view = functions(reader, whole, price_book(), scope=scope)
        emit(replace(view, rows=[row for row in view.rows if row.invocations]), listing, utc=True)
