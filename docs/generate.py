"""What the site holds beside the pages in this folder: made from the program itself, or included from the repository.

A hook of mkdocs (``mkdocs.yml``). Commands get a page each. In other pages ``<!-- generated: NAME ... -->`` is replaced
by what ``SECTIONS`` makes of it. Documents that lie elsewhere in the repository, such as SECURITY.md, are pages too;
links that leave this folder go to those pages, and to the screenshots.

``python docs/generate.py FOLDER`` writes the same pages into a folder, without mkdocs.
"""

import posixpath
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from command_reference import EXIT_CODES, CommandText, OptionText, all_commands, global_options, summary

from lambdatui.cli.main import cli

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

INCLUDED = {
    "RELIABILITY.md": "reliability.md",
    "SECURITY.md": "security.md",
    "GLOSSARY.md": "glossary.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Documents of the repository, and the pages that they are on the site."""

_MARKER = re.compile(r"<!-- generated: ([a-z-]+)(?: ([\w ./-]+))? -->")
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]*)((?:#[^)\s]*)?\))")


class NoSuchPage(ValueError):
    """A link goes to a file of the repository that is no page of the site."""


# Pages ------------------------------------------------------------------------------------------------------------


def pages() -> dict[str, str]:
    """Every page that is not a file in this folder, by its name on the site, as Markdown."""
    made = {site: with_site_links(source, (ROOT / source).read_text("utf-8")) for source, site in INCLUDED.items()}
    made |= {f"commands/{command.name}.md": command_page(command) for command in all_commands()}
    return made


def written_pages() -> dict[str, str]:
    """The Markdown files in this folder, with what is generated in them."""
    return {
        (name := path.relative_to(DOCS).as_posix()): complete(name, path.read_text("utf-8"))
        for path in sorted(DOCS.rglob("*.md"))
    }


def complete(name: str, markdown: str) -> str:
    """A page of this folder with its generated sections, and with links as the site has them."""

    def made(marker: re.Match[str]) -> str:
        return SECTIONS[marker[1]](*(marker[2] or "").split())

    return with_site_links(f"docs/{name}", _MARKER.sub(made, markdown))


def with_site_links(source: str, markdown: str) -> str:
    """``markdown`` of the repository's file ``source``, whose links go to pages of the site. Raises ``NoSuchPage``."""
    page = INCLUDED.get(source, source.removeprefix("docs/"))

    def rewritten(link: re.Match[str]) -> str:
        target = link[2]
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        return f"{link[1]}{posixpath.relpath(_on_site(source, target), posixpath.dirname(page) or '.')}{link[3]}"

    return _LINK.sub(rewritten, markdown)


def _on_site(source: str, target: str) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in INCLUDED:
        return INCLUDED[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("screenshots/"):
        return path
    raise NoSuchPage(f"{source} links to {target}, which is no page of the site: see INCLUDED in docs/generate.py")


# Commands ---------------------------------------------------------------------------------------------------------


def command_page(command: CommandText) -> str:
    """One command, and those beneath it."""
    blocks = [f"# {command.name}", summary(command.name), *_command(command)]
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


def command_list() -> str:
    """All commands with a line each."""
    return _table(("Command", ""), [(f"[{one.name}]({one.name}.md)", summary(one.name)) for one in all_commands()])


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
    from lambdatui.screens.tables import TABLE_COMMANDS

    return TABLE_COMMANDS


def _screen(name: str) -> Any:
    return screens()[name]


def screens() -> dict[str, Any]:
    """The class of every screen, by the name that the configuration knows it by."""
    from importlib import import_module

    from lambdatui.screens.main_screens import DRILLED, MAIN

    return {name: getattr(import_module(f"lambdatui.screens.{name}"), kind) for name, kind in (MAIN | DRILLED).items()}


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
    from lambdatui.settings.config_file import _KINDS

    helps = {param.name: getattr(param, "help", "") for param in cli.params} | _TABLES
    rows = [(f"`{name}`", expected, _escaped(helps.get(name) or "")) for name, (_, expected) in _KINDS.items()]
    return _table(("Key", "Takes", ""), rows)


def readme_section(*heading: str) -> str:
    """What the README has beneath a heading, as a page in this folder would say it."""
    text = (ROOT / "README.md").read_text("utf-8").partition(f"\n## {' '.join(heading)}\n")[2].partition("\n## ")[0]
    return _LINK.sub(lambda link: f"{link[1]}../{link[2]}{link[3]}" if ":" not in link[2] else link[0], text.strip())


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


@cache
def store_tables() -> dict[str, list[tuple[str, str, int, int]]]:
    """The tables of a new store: name, type, whether NULL is refused, and place in the key, of each column."""
    from collectors.store.connection import writing

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with writing(path):
            pass
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
    "columns": screen_columns,
    "keys": screen_keys,
    "common-keys": common_keys,
    "configuration": configuration_keys,
    "table": table_columns,
    "readme": readme_section,
}
"""By the name in the marker: what takes the marker's place. The marker's other words are its arguments."""


# The hook ---------------------------------------------------------------------------------------------------------


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Put every command beneath the entry "Commands" of the navigation."""
    for entry in config.nav or []:
        if isinstance(entry, dict) and "Commands" in entry:
            entry["Commands"] += [f"commands/{command.name}.md" for command in all_commands()]
    return config


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the generated and included pages, and the screenshots."""
    from mkdocs.structure.files import File

    for name, markdown in pages().items():
        files.append(File.generated(config, name, content=markdown))
    for picture in sorted((ROOT / "screenshots").glob("*.png")):
        files.append(File(f"screenshots/{picture.name}", str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Complete the pages that are files in this folder."""
    return markdown if page.file.generated_by else complete(page.file.src_uri, markdown)


def main(folder: Path) -> None:
    """Write every page of the site as Markdown."""
    for name, markdown in (pages() | written_pages()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(markdown, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
