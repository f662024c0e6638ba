"""``lambdatui`` without a command: the first frame, then the screens."""

import contextlib
import gc
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdatui.session.session import Session
from lambdatui.settings import paths
from lambdatui.start import first_frame, terminal_signals
from lambdatui.start.state import load_state
from lambdatui.text.plain import plain
from lambdatui.text.terminal import TerminalRefused, terminal, theme_name
from lambdatui.views.time_range import RangeError, check_preset

if TYPE_CHECKING:
    from lambdatui.settings.context import CommandContext
    from lambdatui.views.startup_view import StartupView

_FILTER = "functions.filter"  # where the state has the filter of the first screen


def run(
    context: "CommandContext", *, painted: "StartupView | None" = None, greeting: str = "", has_state: bool = True
) -> int:
    """Shows the screens until they are left; returns the exit code.

    ``painted`` is what the first frame shows, if it was painted already. Textual is imported only after that frame.
    ``greeting`` is said on the first screen. Without ``has_state`` nothing is taken from the run before, nor kept.
    """
    try:
        shown_on = terminal(os.environ, no_color=context.no_color, ascii=context.ascii, still=context.reduced_motion)
    except TerminalRefused as refused:
        sys.stderr.write(f"lambdatui: {plain(str(refused))}\n")
        return 1
    if shown_on.no_color:
        os.environ["NO_COLOR"] = "1"  # Textual strips every colour where this is set
    if not painted:  # only a store of this version is painted at once
        from lambdatui.start.upgrade_notice import upgrade_before_screens

        upgrade_before_screens(str(context.db))
    session = Session(
        db=context.db,
        terminal=shown_on,
        choice=replace(context.range, local_labels=not context.utc),
        scope=replace(context, sets=()).scope,  # the filter is that of the first screen, and travels from there
        utc=context.utc,
        keys=context.keys,
        columns=context.columns,
        thresholds=context.thresholds,
        retention=context.retention,
        redact=not context.no_redact,
        saved=_filtered(load_state(paths.state_file()) if has_state else {}, context.options.get("filter")),
        greeting=greeting,
    )
    if context.pricing:
        from lambdatui.settings.own_terms import configured

        session.own_terms = configured(context.pricing)
    if not context.range_given and "range" in session.saved:
        with contextlib.suppress(RangeError):
            session.choice = session.choice.with_preset(check_preset(session.saved["range"]))
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        vars(sys)["__stderr__"] = sys.__stdout__  # Textual paints on stderr; with `2>file` there shall be screens too
    for name in ("stdout", "stderr"):  # what paints writes escape sequences
        vars(sys)[name] = getattr(getattr(sys, name), "unguarded", getattr(sys, name))
    terminal_signals.install()
    try:
        return _run(context, session, painted, has_state=has_state)
    finally:
        terminal_signals.uninstall()


def _filtered(saved: dict[str, str], given: str | None) -> dict[str, str]:
    """The saved state with the filter of the command line in place of the one of the run before."""
    return {**saved, _FILTER: given} if given else saved


def _run(context: "CommandContext", session: Session, painted: "StartupView | None", *, has_state: bool) -> int:
    session.startup_view = painted or first_frame.paint(session)
    stands = session.startup_view is not None
    if context.theme is None and not session.terminal.no_color and sys.stdin.isatty():
        terminal_signals.ask_background(os.environ)
    try:
        gc.disable()  # nothing that is imported is garbage; the application turns it on again
        from lambdatui.app.application import LambdaTui
        from lambdatui.start.background import is_light

        light = context.theme is None and is_light(os.environ, remote=session.terminal.remote)
        theme = theme_name(session.terminal, context.theme, light=light)
        app = LambdaTui(session, theme, painted=stands, themes=context.themes)
    except BaseException as error:
        if stands:
            first_frame.leave()
        if isinstance(error, LookupError):  # no theme of that name
            sys.stderr.write(f"lambdatui: {plain(str(error.args[0]))}\n")
            return 2
        raise
    code = app.run(mouse=not context.no_mouse)
    if session.saved.get(_FILTER) == context.options.get("filter"):  # of this run alone
        session.saved[_FILTER] = load_state(paths.state_file()).get(_FILTER, "")
    if has_state:
        app.save_state(paths.state_file())
    return code if code is not None else app.return_code or 0
