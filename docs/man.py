"""The man page, made from click's commands.

``python docs/man.py`` writes ``docs/lambdatui.1``; with ``--check`` it exits with 1 where that file is not up to date.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from command_reference import EXIT_CODES, CommandText, OptionText, all_commands, global_options, summary

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "lambdatui.1"

_ENVIRONMENT = {
    "LAMBDATUI_DB": "The store, where --db does not name it.",
    "LAMBDATUI_PRICES": "Another price book, or one that lies over the bundled one.",
    "LAMBDATUI_RUNNER_ACCOUNT": "The account of the local runner's functions (default: 000000000000).",
    "LAMBDATUI_NAMESPACES": "0: functions of the local runner run in the machine's own folders.",
    "NO_COLOR": "No colour.",
    "XDG_DATA_HOME, XDG_STATE_HOME, XDG_CONFIG_HOME": "Folders of the store, of the screens' state, and of the "
    "configuration.",
    "AWS_DEFAULT_REGION, AWS_REGION": "The region where --region names none; the first of the two wins.",
    "AWS_PROFILE and others": "Credentials for collect, as boto3 reads them.",
}
_FILES = {
    "~/.local/share/lambdatui/lambdatui.db": "The store, a SQLite file.",
    "~/.config/lambdatui/config.toml": "The configuration: 'lambdatui config check' says what in it cannot be used.",
    "~/.local/state/lambdatui/screens": "Screen, range, sorts and filters of the last run.",
}
_EXAMPLES = (
    ("A shop of sample functions, and the screens on it:", "lambdatui demo"),
    ("Logs that lie on this disk:", "lambdatui import export/*.gz"),
    ("A week of an account, for at most half a dollar:", "lambdatui collect --profile prod --since 7d --budget 0.50"),
    ("Rows for scripts:", "lambdatui functions --range 7d --json"),
    ("A gate in CI:", "lambdatui cost-estimate --plan functions.toml --fail-over 500"),
)


def page() -> str:
    """The whole page as roff, with the macros of man(7)."""
    return "\n".join([*_lines(), ""])


def _lines() -> Iterator[str]:
    yield f'.TH LAMBDATUI 1 "{released()}" "lambdatui {version()}" "User Commands"'
    yield from (".SH NAME", r"lambdatui \- the terminal for people who run AWS Lambda: activity, errors, logs, costs")
    yield from (".SH SYNOPSIS", ".B lambdatui", ".RI [ OPTIONS ]", ".RI [ COMMAND ]", ".RI [ ARGUMENTS ]")
    yield ".SH DESCRIPTION"
    yield from _paragraph(
        "Shows what AWS Lambda functions do, why they fail and what they cost, from exported logs, CloudWatch or a "
        "local runner. Without a command it opens the screens, where ? lists every key. Each command prints the rows "
        "of a screen for scripts, collects, or runs functions on this machine. Data goes to stdout, all else to stderr."
    )
    yield ".SH OPTIONS"
    yield from _paragraph("Every command takes these, before its name or after it.")
    yield from _options(global_options())
    yield ".SH COMMANDS"
    for command in all_commands():
        for each in command.all():
            yield from _command(each)
    yield ".SH EXIT STATUS"
    yield from _terms({str(code): meaning for code, meaning in EXIT_CODES.items()})
    yield ".SH ENVIRONMENT"
    yield from _terms(_ENVIRONMENT)
    yield ".SH FILES"
    yield from _terms(_FILES)
    yield ".SH EXAMPLES"
    for what, command_line in _EXAMPLES:
        yield from (".PP", _roff(what), *_preformatted(command_line))
    yield from (".SH SEE ALSO", ".BR aws (1),", ".BR sqlite3 (1)")


def _command(command: CommandText) -> Iterator[str]:
    yield f".SS {_roff(command.name)}"
    yield from (".PP", rf"\fB{_roff(command.usage)}\fR")
    if not command.parts:
        yield from _paragraph(summary(command.name))
    for part in command.parts:
        yield from _preformatted(part.text) if part.preformatted else _paragraph(part.text)
    yield from _options(command.options)
    codes = command.exit_codes
    if codes:
        yield from _paragraph("Exit codes beside the usual:")
        yield from _terms({str(code): meaning for code, meaning in codes.items()})
    if command.example:
        yield from _paragraph("Example:")
        yield from _preformatted(command.example)


def _options(options: Sequence[OptionText]) -> Iterator[str]:
    yield from _terms({option.names: option.text or "No more to say." for option in options})


def _terms(terms: dict[str, str]) -> Iterator[str]:
    for term, text in terms.items():
        yield from (".TP", rf"\fB{_roff(term)}\fR", _roff(text))


def _paragraph(text: str) -> Iterator[str]:
    yield from (".PP", _roff(text))


def _preformatted(text: str) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf", *(_roff(line) for line in text.splitlines()), ".fi", ".RE")


def _roff(text: str) -> str:
    r"""``text`` as roff prints it: no line of it is a request, and backslash, hyphen, quote and tilde stay themselves.

    What stands in `backticks` is bold.
    """
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    escaped = escaped.replace("~", r"\(ti").replace("^", r"\(ha")
    escaped = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", escaped)
    return re.sub(r"^([.'])", r"\\&\1", escaped)


def version() -> str:
    """The version in pyproject.toml."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def released() -> str:
    """The date of this version in the changelog."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    heading = re.search(rf"^## {re.escape(version())} - (\d{{4}}-\d\d-\d\d)$", changelog, re.MULTILINE)
    if heading is None:
        raise SystemExit(f"CHANGELOG.md has no heading '## {version()} - DATE'")
    return heading[1]


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with ``--check`` say whether it is up to date."""
    if arguments == ["--check"]:
        if PAGE.read_text("utf-8") == page():
            return 0
        print("docs/lambdatui.1 is not what the commands say: run 'python docs/man.py'", file=sys.stderr)
        return 1
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
