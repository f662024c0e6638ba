"""``lambdatui serve``: the screens in a browser of this machine."""

import os
import secrets
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.cli.global_options import current_context
from lambdatui.settings.context import CommandContext
from lambdatui.settings.options import arguments_of

_LOOPBACK = "127.0.0.1"
_OF_THIS_TERMINAL = ("no_color", "no_mouse", "ascii")  # the browser has colours, a mouse and signs
_PAGE = Path(__file__).resolve().parent.parent / "processes" / "web"


@click.command(
    name="serve", epilog="Example: lambdatui serve --port 8000, and over SSH: ssh -L 8000:127.0.0.1:8000 ops"
)
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True, help="Port on 127.0.0.1.")
@click.option("--token", envvar="LAMBDATUI_TOKEN", help="What lets a visitor in (default: a new one each time).")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A name to be asked by, beside loopback's.")
def command(port: int, token: str | None, allow_host: Sequence[str]) -> int:
    """The same screens in a browser: on this machine's loopback only, for whoever has the token.

    Prints the address to open. Needs the extra: pip install 'lambdatui[serve]'.
    """
    context = current_context(chooses_functions=True)
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError:
        raise LambdatuiError(
            "the browser needs textual-serve: pip install 'lambdatui[serve]', then the same command again"
        ) from None
    secret = token or secrets.token_urlsafe(24)
    if len(secret) < 16:
        raise click.UsageError("a token has 16 characters or more", click.get_current_context())

    class Guarded(Server):
        async def _make_app(self) -> Any:
            app = web.Application(middlewares=[let_in(secret, {name.lower() for name in allow_host})])
            app.add_routes([
                web.get("/", self.handle_index),
                web.get("/ws", self.handle_websocket),
                web.get("/download/{key}", self.handle_download),
                web.static("/static", self.statics_path),
                web.static("/page", _PAGE),
            ])  # fmt: skip
            app.on_response_prepare.append(add_headers)
            app.on_startup.append(self.on_startup)
            return app

        async def handle_index(self, request: Any) -> Any:
            return web.Response(text=(_PAGE / "page.html").read_text("utf-8"), content_type="text/html")

        async def on_startup(self, app: Any) -> None:
            click.echo(f"http://{_LOOPBACK}:{port}/?token={secret}")
            click.echo("each visitor gets screens of their own; ctrl-c ends all of them", err=True)

        def initialize_logging(self) -> None:
            """Errors only: every key of a visitor would be a line."""

    from lambdatui.processes.web.guard import add_headers, let_in

    os.environ.pop("LAMBDATUI_TOKEN", None)  # nothing that the screens start needs it
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in ("SSH_CONNECTION", "NO_COLOR", "COLORFGBG", "TMUX", "STY"):
        os.environ.pop(name, None)  # where this shell runs says nothing of the browser
    Guarded(shlex.join(screens_command(context)), host=_LOOPBACK, port=port, title="lambdatui").serve()
    return ExitCode.DONE


def screens_command(context: CommandContext) -> list[str]:
    """What runs the screens for one visitor, with the global options of this command."""
    values = {**context.options, "db": context.db, "range": context.range.preset, "config": context.config}
    return [sys.executable, "-m", "lambdatui", *arguments_of(values, without=_OF_THIS_TERMINAL)]
