"""What is made from the program: commands, screens, settings and tables as Markdown.

``SECTIONS`` names what pages can ask for. Nothing is said here that the program does not say itself.
"""

import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any
from unittest.mock import patch

from command_reference import EXIT_CODES, CommandText, OptionText, all_commands, global_options, summary

import lambdatui.screens
from lambdatui.cli.main import cli

_WITHOUT_ROWS = ("function", "invocation", "demo", "cost-estimate")
"""Commands whose rows are of something that an empty store does not have, or are those of another command."""


# Commands ---------------------------------------------------------------------------------------------------------


def command_page(command: CommandText) -> str:
    """One command, and those beneath it."""
    blocks = [f"# {command.name}", summary(command.name), *_command(command)]
    if any(option.names == "--csv" for option in command.options) and command.name not in _WITHOUT_ROWS:
        rows = [(f"`{one.id}`", one.title, _escaped(one.help)) for one in row_columns(command.name)]
        blocks += ["## Columns", _table(("Column", "Title", "Meaning"), rows)]
    for child in command.beneath:
        blocks += [f"## {child.name}", *_command(child)]
    others = "Every command also takes the [global options](index.md#global-options)"
    blocks.append(f"{others} and has the [usual exit codes](index.md#exit-codes).")
    return "\n\n".join(blocks) + "\n"


def _command(command: CommandText) -> Iterable[str]:
    yield f"```\n{command.usage}\n```"
    for part in command.parts:
        yield f"```\n{part.text}\n```" if part.preformatted else _escaped(part.text)
    if command.options:
        yield _options(command.options)
    if command.exit_codes:
        yield _table(("Exit code", "Meaning here"), [(str(code), text) for code, text in command.exit_codes.items()])
    if command.example:
        yield f"```\n$ {command.example}\n```"


def _options(options: Sequence[OptionText]) -> str:
    return _table(("Option", ""), [(f"`{option.names}`", _escaped(option.text)) for option in options])


def row_columns(name: str) -> Sequence[Any]:
    """The columns of the rows that a command prints as CSV, told by what it hands over for an empty store."""
    from click.testing import CliRunner

    from lambdatui.cli.output import rows as output

    with tempfile.TemporaryDirectory() as folder, patch.object(output, "csv_text", return_value="") as csv_text:
        store = Path(folder) / "empty.db"
        make_store(store)
        CliRunner().invoke(cli, (name, "--db", str(store), "--config", "/dev/null", "--csv"))
    columns: Sequence[Any] = csv_text.call_args.args[0]
    return columns


def command_list() -> str:
    """All commands with a line each."""
    return _table(("Command", ""), [(f"[{one.name}]({one.name}.md)", summary(one.name)) for one in all_commands()])


def json_schemas() -> str:
    """The schemas of what commands print with ``--json``."""
    files = sorted(Path(__file__).with_name("schemas").glob("*.json"))
    return _table(
        ("Command", "Schema"), [(path.stem.replace("_", " "), f"[{path.name}](schemas/{path.name})") for path in files]
    )


def exit_codes() -> str:
    """The codes that every command may exit with."""
    return _table(("Code", "Meaning"), [(str(code), text) for code, text in EXIT_CODES.items()])


# Screens ----------------------------------------------------------------------------------------------------------


def screen_columns(name: str) -> str:
    """The columns of a screen's table, those that give way first where cells are short last."""
    columns = getattr(_screen(name), "COLUMNS", ())
    rows = [
        (f"`{shown.column.id}`", shown.column.title, _escaped(shown.column.help))
        for shown in sorted(columns, key=lambda shown: shown.need)
    ]
    return _table(("Column", "Title", "Meaning"), rows)


def screen_keys(name: str) -> str:
    """The keys of a screen that not every table has."""
    everywhere = {command.id() for command in _common_commands()}
    return _keys(command for command in _screen(name).COMMANDS_HERE if command.id() not in everywhere)


def common_keys() -> str:
    """The keys that every table has, by what they are about."""
    groups: dict[str, list[Any]] = {}
    for command in _common_commands():
        groups.setdefault(command.GROUP, []).append(command)
    return "\n\n".join(f"### {group}\n\n{_keys(members)}" for group, members in groups.items())


def _keys(commands: Iterable[Any]) -> str:
    from lambdatui.commands.base import keys

    rows = [
        (" ".join(f"`{key}`" for key in keys(command, {})), f"`{command.id()}`", _escaped(command.help()))
        for command in commands
    ]
    return _table(("Key", "Name in `[keys]`", "What it does"), rows) if rows else "It has the keys of every table only."


def _common_commands() -> Sequence[Any]:
    return _screen("table").COMMANDS_HERE  # type: ignore[no-any-return]


def _screen(name: str) -> Any:
    """The class of a screen: ``CostGroupsScreen`` for ``cost_groups``. Raises ``StopIteration``."""
    class_name = f"{name.title().replace('_', '')}Screen"
    modules = (import_module(one.name) for one in walk_packages(lambdatui.screens.__path__, "lambdatui.screens."))
    return next(getattr(module, class_name) for module in modules if hasattr(module, class_name))


# Configuration and store ------------------------------------------------------------------------------------------


_TABLES = {
    "keys": "Other keys for the commands of the screens, by their names.",
    "columns": "Which columns a screen shows; the first ones stay where cells are short.",
    "thresholds": "From where on a function is in trouble; `budget_usd` is of a month and of all functions.",
    "retention": "How long `collect --watch` keeps invocations, log lines and minutes.",
    "organization": "What `collect --organization` takes where the command line does not say.",
    "pricing": "Your price beside list price.",
    "themes": "Themes of your own.",
}
"""What the configuration's tables are for; all its other keys are options of the command line, with their help."""


def configuration_keys() -> str:
    """The keys of the configuration file, and what each takes."""
    from lambdatui.settings.config_schema import SETTINGS

    helps = {param.name: getattr(param, "help", "") for param in cli.params} | _TABLES
    rows = [(f"`{name}`", setting.expected, _escaped(helps.get(name) or "")) for name, setting in SETTINGS.items()]
    return _table(("Key", "Takes", ""), rows)


def table_columns(*names: str) -> str:
    """The columns of a table of the store, or of several that have the same; ``ValueError`` where they differ."""
    tables = store_tables()
    if any(tables[name] != tables[names[0]] for name in names):
        raise ValueError(f"{', '.join(names)} do not have the same columns any more: docs/store.md says so")
    rows = [
        (f"`{column}`", kind, "yes" if key else "", "" if not_null or key else "may be unknown")
        for column, kind, not_null, key in tables[names[0]]
    ]
    return _table(("Column", "Type", "Key", ""), rows)


def make_store(path: Path) -> None:
    """A new, empty store."""
    from collectors.store.connection import writing

    with writing(path):
        pass


@cache
def store_tables() -> dict[str, list[tuple[str, str, int, int]]]:
    """The tables of a new store: name, type, whether NULL is refused, and place in the key, of each column."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        make_store(path)
        connection = sqlite3.connect(path)
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        tables = {
            name: connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,)).fetchall()
            for (name,) in names
        }
        connection.close()
    return tables


# Markdown ---------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _escaped(text: str) -> str:
    """``text`` in which only `backticks` are markup."""
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([\\*_<>\[\]|#])", r"\\\1", piece) for piece in pieces[::2]]
    return "`".join(pieces)


SECTIONS: dict[str, Callable[..., str]] = {
    "global-options": lambda: _options(global_options()),
    "commands": command_list,
    "exit-codes": exit_codes,
    "json-schemas": json_schemas,
    "columns": screen_columns,
    "keys": screen_keys,
    "common-keys": common_keys,
    "configuration": configuration_keys,
    "table": table_columns,
}
"""By the name in the marker: what takes the marker's place. The marker's other words are its arguments."""
