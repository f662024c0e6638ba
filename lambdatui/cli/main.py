"""The command ``lambdatui``: global options, lazy subcommands, exit codes, and errors in one line."""

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.cli import commands, interrupts
from lambdatui.cli.global_options import add_global_options, current_context, global_options, last_context
from lambdatui.cli.usage_errors import did_you_mean, usage_text
from lambdatui.start.upgrade_notice import report_upgrades
from lambdatui.text.safe_output import safe_output


class Root(click.Group):
    """Subcommands are imported when they run; every way to fail ends in one line and a documented exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands' names in the order of the help."""
        return commands.known()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, which takes the global options too; None where there is none of that name."""
        command = commands.load(cmd_name)
        if command is not None:
            _everywhere(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown subcommand is an error that names the nearest."""
        name = args[0]
        if name not in commands.known() and not name.startswith("-"):
            raise click.UsageError(f"no command {name!r}{did_you_mean(name, commands.known())}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the subcommands' lines of the help in their groups, without importing them."""
        longest = max(map(len, commands.known()))
        for title, (example, group) in commands.GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(longest), text) for name, (_, text) in group.items()])
                formatter.write_text(f"$ {example}")

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> int:
        """Run, and with ``standalone_mode`` exit with the documented code; without, return it."""
        _outputs_there()
        with safe_output():
            try:
                _readable(sys.argv[1:] if args is None else args)
                code = self._run(args, prog_name, complete_var, **extra)
            except BrokenPipeError:
                # The reader of our output has what it wanted (head, a closed pager): no fault, nothing to say.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                code = ExitCode.DONE
            except click.UsageError as error:
                code = _reported(error)
            _say_notes()
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any) -> int:
        report_upgrades()
        try:
            extra.setdefault("color", True)  # what is to be kept from a pipe is kept from all: see safe_output
            result = super().main(args, prog_name or "lambdatui", complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            return interrupts.exit_code()
        except SystemExit as ended:
            # click ends so in two cases only: it has printed completions, or stdout's reader is gone.
            if "_LAMBDATUI_COMPLETE" in os.environ:
                raise
            raise BrokenPipeError from ended
        except BrokenPipeError:
            raise
        except Exception as error:
            return _reported(error)
        return result if isinstance(result, int) else ExitCode.DONE


def _say_notes() -> None:
    """Writes to stderr how the store was read, where that was not as usual."""
    module = sys.modules.get("collectors.store.private_copy")
    for note in module.notes() if module is not None else ():
        from lambdatui.text.plain import plain

        click.echo(plain(f"lambdatui: {note}"), err=True)


def _readable(arguments: Sequence[str]) -> None:
    """Bytes that are no UTF-8 can be neither looked for in the store nor shown: one line says so."""
    for place, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise click.UsageError(f"argument {place} is no UTF-8: {shown[:200]}") from None


def _reported(error: Exception) -> int:
    """The exit code of a command that ended with ``error``, which is written to stderr in one line.

    An unforeseen error is raised again with its traceback, unless a damaged store is to blame for it.
    """
    from lambdatui.text.plain import plain

    if isinstance(error, click.UsageError):
        click.echo(plain(usage_text(error)), err=True)
        return error.exit_code
    exit_code, message = _foreseen(error)
    if exit_code is None:
        damage = _damage_of_the_store(error)
        if damage is None:
            raise error
        exit_code, message = _foreseen(damage)
        assert exit_code is not None
    click.echo(plain(f"lambdatui: {message}"), err=True)
    return exit_code


def _foreseen(error: Exception) -> tuple[int | None, str]:
    """The exit code and the message of an error; None for an unforeseen one."""
    if isinstance(error, LambdatuiError):
        return error.exit_code, str(error)
    if isinstance(error, click.ClickException):
        return error.exit_code, error.format_message()
    if isinstance(error, OSError) and error.strerror:  # by file and reason, not by number
        return ExitCode.FAILED, f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, OSError | UnicodeError):
        return ExitCode.FAILED, str(error)
    return None, ""


def _damage_of_the_store(error: Exception) -> LambdatuiError | None:
    """The error to tell where the store is damaged; None where it is whole, or no command opened one."""
    context = last_context()
    if context is None:
        return None
    from collectors.store.integrity.checking import blamed

    return blamed(context.db, error)


def _outputs_there() -> None:
    """Gives Python a stdout and stderr that discard everything, where it was started without (``>&-``)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open as long as the process


def _everywhere(command: click.Command) -> None:
    """Give the command, and the commands of a group such as ``db``, the global options."""
    if getattr(command, "takes_global_options", False):
        return
    command.takes_global_options = True  # type: ignore[attr-defined]
    add_global_options(command)
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _everywhere(one)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            installed = version("lambdatui")
        except PackageNotFoundError:  # run from a checkout that is not installed
            installed = "0+source"
        click.echo(f"lambdatui {installed}")
        ctx.exit()


def _start(ctx: click.Context) -> NoReturn:
    """Starts the screens, where there is a terminal for them."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise LambdatuiError(
            "the screens need a terminal; for scripts there are commands, such as 'lambdatui functions --json'"
        )
    context = current_context(chooses_functions=True)
    from lambdatui.app.launch import run

    ctx.exit(run(context) or ExitCode.DONE)


def _root(ctx: click.Context) -> None:
    """What your AWS Lambda functions do and what they cost. Without a command: the screens."""
    if ctx.invoked_subcommand is None:
        _start(ctx)


cli = Root(
    name="lambdatui",
    callback=click.pass_context(_root),
    help=_root.__doc__,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        *global_options(hidden=False),
        click.Option(
            ["-V", "--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_version,
            help="Show the version.",
        ),
    ],
)
