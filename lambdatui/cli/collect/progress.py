"""How a collection goes: on stderr one line that is painted over on a terminal, plain lines elsewhere; or as JSON."""

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from lambdatui.cli.spending import Spending
from lambdatui.text import figures
from lambdatui.text.plain import plain
from pricing.call_prices import price

if TYPE_CHECKING:
    from collectors.ingest.results import Collected
    from collectors.sources.base import Step

_WIDTH = 20
_PAINT_S = 0.1
_LINE_S = 0.25


class CollectProgress:
    """Called for every step of every source."""

    def __init__(self, spending: Spending, *, quiet: bool = False, lines: bool = False) -> None:
        """``lines``: on stdout, a JSON object a line, a few times a second."""
        self._spending = spending
        self._quiet = quiet
        self._lines = lines
        self._terminal = sys.stderr.isatty()
        self._steps: dict[str, Step] = {}
        self._painted = 0.0

    def __call__(self, collected: "Collected", step: "Step") -> None:
        if self._quiet and not self._lines:
            return
        before = self._steps.get(collected.name)
        if not step.what and before is not None:
            step = before
        self._steps[collected.name] = step
        if self._lines:
            if before is None or time.monotonic() - self._painted >= _LINE_S:
                self._line(collected, step)
        elif self._terminal:
            if time.monotonic() - self._painted >= _PAINT_S:
                self._paint(collected, step)
        elif before is None or before.what.split(" of ")[0] != step.what.split(" of ")[0]:
            click.echo(plain(f"{collected.name}: {self._words(collected, step)}"), err=True)

    def _line(self, collected: "Collected", step: "Step") -> None:
        self._painted = time.monotonic()
        state = {
            "source": collected.name, "account": collected.account or None, "what": step.what or "reading",
            "done": step.done, "total": step.total, "events": collected.events,
            "cost_usd": figures.decimal_text(self._spending.spent),
        }  # fmt: skip
        click.echo(json.dumps(state))

    def _paint(self, collected: "Collected", step: "Step") -> None:
        self._painted = time.monotonic()
        bar = ""
        if step.total:
            full = min(_WIDTH, step.done * _WIDTH // step.total)
            bar = f"[{'#' * full}{'.' * (_WIDTH - full)}] "
        line = plain(f"{bar}{collected.name}: {self._words(collected, step)}")
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r{line[:width]:<{width}}", nl=False, err=True)

    def _words(self, collected: "Collected", step: "Step") -> str:
        parts = [step.what or "reading"]
        if step.total:
            parts.append(f"{step.done:,}/{step.total:,}")
        if step.units:
            parts.append(f"about {figures.money(price(step.operation, step.units, collected.region))} expected")
        if collected.events:
            parts.append(figures.counted(collected.events, "event"))
        if self._spending.spent:
            parts.append(f"{figures.money(self._spending.spent)} so far")
        return ", ".join(parts)

    def end(self) -> None:
        """Leaves the line clean."""
        if self._terminal and self._painted and not self._lines:
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"\r{'':<{width}}\r", nl=False, err=True)
