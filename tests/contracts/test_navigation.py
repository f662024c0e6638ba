"""Every screen is opened by name, with what it needs to know; and it has what its commands ask of it."""

import inspect
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest

from lambdatui.app import navigation
from lambdatui.commands import protocols
from lambdatui.commands.base import AnyCommand, Command
from lambdatui.commands.protocols import OffersCommands
from lambdatui.session import destinations
from lambdatui.session.destinations import Destination
from tests.support.places import ROOT

SCREENS = {name: navigation.screen_class(name) for name in navigation.MAIN | navigation.DRILLED}
DESTINATIONS = [one for one in vars(destinations).values() if inspect.isclass(one) and issubclass(one, Destination)][1:]


def asked_of(command: AnyCommand) -> type:
    """The protocol, or the screen, that the command is typed by."""
    for base in command.__mro__:
        for generic in getattr(base, "__orig_bases__", ()):
            if get_args(generic) and issubclass(Command, generic.__origin__):
                (target,) = get_args(generic)
                return (
                    getattr(inspect.getmodule(base), target.__forward_arg__)
                    if hasattr(target, "__forward_arg__")
                    else target
                )
    raise AssertionError(f"{command} is typed by nothing")


def members(protocol: type) -> set[str]:
    """The names that a protocol declares, its bases' too."""
    return {
        name for base in protocol.__mro__ if base.__module__ == protocols.__name__
        for name, value in vars(base).items() if not name.startswith("_") and (callable(value) or isinstance(value, property))
    }  # fmt: skip


@pytest.mark.parametrize("destination", DESTINATIONS, ids=lambda one: one.__name__)
def test_a_destination_is_what_its_screens_constructor_takes(destination: type[Destination]) -> None:
    parameters = list(inspect.signature(SCREENS[destination.SCREEN].__init__).parameters.values())[2:]
    if not fields(destination):
        assert parameters == []
        return
    (parameter,) = parameters
    taken = get_type_hints(SCREENS[destination.SCREEN].__init__)[parameter.name]
    assert any(issubclass(destination, one) for one in get_args(taken) or (taken,))


def test_every_screen_of_the_folder_has_a_name() -> None:
    files = {file.stem for file in (ROOT / "lambdatui" / "screens").glob("*.py")} - {"__init__", "columns"}
    assert files == {value.partition(".")[0] for value in (navigation.MAIN | navigation.DRILLED).values()}
    assert {screen.NAME for screen in SCREENS.values() if screen.NAME} == set(navigation.MAIN)


def test_every_drilled_screen_has_a_destination() -> None:
    assert navigation.DRILLED.keys() <= {destination.SCREEN for destination in DESTINATIONS}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_what_its_commands_ask_of_it(name: str) -> None:
    screen: Any = SCREENS[name]
    for command in screen.COMMANDS_HERE:
        target = asked_of(command)
        if getattr(target, "_is_protocol", False):
            assert {member for member in members(target) if not hasattr(screen, member)} == set(), command
        else:
            assert issubclass(screen, target), command
    assert {member for member in members(OffersCommands) if not hasattr(screen, member)} == set()


@pytest.mark.parametrize("name", SCREENS)
def test_no_screen_leaves_out_what_it_must_say(name: str) -> None:
    screen = SCREENS[name]
    left_out = {
        member for member in dir(screen) if getattr(getattr(screen, member, None), "__isabstractmethod__", False)
    }
    assert left_out == set()
