"""``lambdatui config``: where the configuration lies, what it says, and whether it can be used."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from lambdatui.cli.main import DONE, WRONG_USAGE
from lambdatui.settings import config_file
from lambdatui.settings.options import current_context
from lambdatui.start.arguments import default_config
from lambdatui.text.formatting import json_text, plain


@click.group(name="config")
def command() -> None:
    """The configuration: one TOML file for keys, themes, columns, thresholds and the global options."""


@command.command(epilog="Example: lambdatui config path")
def path() -> None:
    """Print where the configuration lies, whether or not it is there yet."""
    click.echo(current_context().config or Path(default_config()))


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
    found = current_context().config
    if found is None:
        click.echo(f"{default_config()}: not there; everything is as it comes", err=True)
        return DONE
    faults = list(faults_of(config_file.load(found, required=True)))
    for fault in faults:
        click.echo(plain(f"{found}: {fault}"), err=True)
    if not faults:
        click.echo(f"{found}: good")
    return WRONG_USAGE if faults else DONE


def faults_of(settings: Mapping[str, Any]) -> Iterator[str]:
    """What the screens would pass over in silence, and what would stop them."""
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


def _keys(given: Mapping[str, str]) -> Iterator[str]:
    """Commands that there are not, keys that there are not, and keys that two commands of one screen would share."""
    from difflib import get_close_matches

    from textual.keys import KEY_ALIASES, Keys

    from lambdatui.app.navigation import commands_by_screen

    screens = commands_by_screen()
    known = {command.id() for commands in screens.values() for command in commands}
    for identity, keys in given.items():
        if identity not in known:
            near = get_close_matches(identity, known, n=1)
            yield f"keys: no command {identity!r}" + (f"; did you mean {near[0]}?" if near else "")
        for key in keys.split(","):
            last = key.strip().split("+")[-1]
            if not (last in {one.value for one in Keys} or last in KEY_ALIASES or len(last) == 1 or _named(last)):
                yield f"keys: {identity}: no key {key.strip()!r}; names are Textual's, such as enter, f5, ctrl+r, slash"
    for name, commands in screens.items():
        taken: dict[str, str] = {}
        for one in commands:
            for key in given.get(one.id(), one.BINDING_KEY).split(","):
                other = taken.setdefault(key.strip(), one.id())
                if other != one.id():
                    yield f"keys: {key.strip()} is both {other} and {one.id()} on the screen {name}"


def _named(key: str) -> bool:
    """Whether it is a sign's name, such as ``slash``."""
    import unicodedata

    try:
        unicodedata.lookup(key.replace("_", " ").upper())
    except KeyError:
        return key in ("slash", "at", "underscore", "minus", "plus")
    return True


def _columns(given: Mapping[str, list[str]]) -> Iterator[str]:
    from lambdatui.app.navigation import MAIN, screen_class

    for name, columns in given.items():
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
