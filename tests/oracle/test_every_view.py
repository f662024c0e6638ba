"""Every view of random worlds at random spans, against the judge."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given

from collectors.store.read.reader import Reader
from tests.oracle.examples import modest
from tests.oracle.judge import Judge
from tests.oracle.sayings import LARGE, SMALL
from tests.oracle.store import stored
from tests.oracle.worlds import World, cut_worlds

Saying = Callable[[Reader, Judge], Iterator[str]]


def agree(world: World, spans: list[tuple[int, int]], saying: Saying) -> None:
    """What the views say of a world over some spans is what the judge says."""
    with stored(world) as path, Reader(path) as reader:
        for low, high in spans:
            found = list(saying(reader, Judge(world, low, high)))
            assert not found, f"over [{low}, {high}):\n" + "\n".join(found)


@pytest.mark.parametrize("saying", SMALL)
@modest(12)
@given(cut_worlds())
def test_every_view_says_what_the_judge_says(saying: Saying, cut: tuple[World, list[tuple[int, int]]]) -> None:
    agree(*cut, saying)


@pytest.mark.parametrize("saying", LARGE)
@modest(8)
@given(cut_worlds(large=True))
def test_free_tiers_and_tiers_are_the_whole_organisation_s(
    saying: Saying, cut: tuple[World, list[tuple[int, int]]]
) -> None:
    agree(*cut, saying)
