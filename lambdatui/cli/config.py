"""``lambdatui config``: where the configuration lies, what it says, and whether it can be used."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from collectors.model.errors import ExitCode
from lambdatui.cli.global_options import current_context
from lambdatui.settings import config_file, paths
from lambdatui.text.plain import json_text, plain


@click.group(name="config")
def command() -> None:
    """The configuration: one TOML file for keys, themes, columns, thresholds and the global options."""


@command.command(epilog="Example: lambdatui config path")
def path() -> None:
    """Print where the configuration lies, whether or not it is there yet."""
    click.echo(current_context().config or Path(paths.config_file()))


@command.command(epilog="Example: lambdatui config show --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(as_json: bool) -> None:
    """Print the settings of the file."""
    settings = config_file.load(current_context().config)
    if as_json:
        click.echo(json_text(settings))
        return
    for name, value in settings.items():
        if isinstance(value, dict):
            for key, one in value.items():
                click.echo(plain(f"{name}.{key} = {one}"))
        else:
            click.echo(plain(f"{name} = {value}"))
    if not settings:
        click.echo("nothing is configured: everything is as it comes", err=True)


@command.command(epilog="Example: lambdatui config check --config team.toml")
def check() -> int:
    """Say what of the file cannot be used: unknown keys, commands, screens, columns and colours. Exit code 2 if any."""
    file = current_context().config
    if file is None:
        click.echo(f"{paths.config_file()}: not there; everything is as it comes", err=True)
        return ExitCode.DONE
    faults = list(faults_of(config_file.load(file, required=True)))
    for fault in faults:
        click.echo(plain(f"{file}: {fault}"), err=True)
    if not faults:
        click.echo(f"{file}: good")
    return ExitCode.WRONG_USAGE if faults else ExitCode.DONE


def faults_of(settings: Mapping[str, Any]) -> Iterator[str]:
    """What the screens would ignore without a word, and what would stop them."""
    yield from _keys(settings.get("keys", {}))
    yield from _columns(settings.get("columns", {}))
    yield from _themes(settings)
    yield from _pricing(settings.get("pricing", {}))


def _pricing(table: Mapping[str, Any]) -> Iterator[str]:
    from lambdatui.settings.own_terms import configured

    try:
        configured(table)
    except config_file.ConfigError as error:
        yield str(error)


def _keys(keys_by_command: Mapping[str, str]) -> Iterator[str]:
    """Faults of key bindings: unknown commands, unknown keys, and keys that two commands of one screen would share."""
    from difflib import get_close_matches

    from textual.keys import KEY_ALIASES, Keys

    from lambdatui.app.navigation import commands_by_screen

    screens = commands_by_screen()
    known = {command.id() for commands in screens.values() for command in commands}
    for identity, keys in keys_by_command.items():
        if identity not in known:
            near = get_close_matches(identity, known, n=1)
            yield f"keys: no command {identity!r}" + (f"; did you mean {near[0]}?" if near else "")
        for key in keys.split(","):
            last = key.strip().split("+")[-1]
            if not (last in {each.value for each in Keys} or last in KEY_ALIASES or len(last) == 1 or _named(last)):
                yield f"keys: {identity}: no key {key.strip()!r}; names are Textual's, such as enter, f5, ctrl+r, slash"
    for name, commands in screens.items():
        taken: dict[str, str] = {}
        for command in commands:
            for key in keys_by_command.get(command.id(), command.BINDING_KEY).split(","):
                other = taken.setdefault(key.strip(), command.id())
                if other != command.id():
                    yield f"keys: {key.strip()} is both {other} and {command.id()} on the screen {name}"


def _named(key: str) -> bool:
    """Whether it is the name of a sign, such as ``slash``."""
    import unicodedata

    try:
        unicodedata.lookup(key.replace("_", " ").upper())
    except KeyError:
        return key in ("slash", "at", "underscore", "minus", "plus")
    return True


def _columns(columns_by_screen: Mapping[str, list[str]]) -> Iterator[str]:
    from lambdatui.app.navigation import MAIN, screen_class

    for name, columns in columns_by_screen.items():
        if name not in MAIN:
            yield f"columns: no screen {name!r}; there are {', '.join(MAIN)}"
            continue
        screen = screen_class(name)
        known = {one.id for one in getattr(screen, "FILTERED", ())}
        known |= {one.column.id for one in getattr(screen, "COLUMNS", ())}
        for column in columns:
            if column not in known:
                yield f"columns: {name}: no column {column!r}; there are {', '.join(sorted(known))}"


def _themes(settings: Mapping[str, Any]) -> Iterator[str]:
    from textual.theme import BUILTIN_THEMES

    from lambdatui.app.themes import COLOURS, THEMES, UnusableTheme, own_theme

    own = settings.get("themes", {})
    for name, colours in own.items():
        for key in colours:
            if key not in (*COLOURS, "base"):
                yield f"themes: {name}: no colour {key!r}; there are base (dark, light), {', '.join(COLOURS)}"
        try:
            own_theme(name, colours)
        except UnusableTheme as error:
            yield str(error.args[0])
    theme = settings.get("theme")
    if theme is not None and theme not in (*own, *BUILTIN_THEMES, *(one.name for one in THEMES)):
        yield f"theme: no theme {theme!r}"
