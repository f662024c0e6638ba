"""Single keys are followed at once; keys that repeat are waited for."""

import pytest

from lambdatui.widgets.cursor_pace import FOLLOWS_AFTER_S, RESTS_AFTER_S, CursorPace


def test_a_single_key_is_followed_within_50_ms() -> None:
    pace = CursorPace()
    assert pace.delay(0.0) == FOLLOWS_AFTER_S < 0.05
    assert pace.delay(0.5) == FOLLOWS_AFTER_S


@pytest.mark.parametrize("gap", [0.002, 0.0333, 0.04, 0.09])
def test_nothing_is_asked_while_a_key_repeats(gap: float) -> None:
    """The delay is longer than the gap to the next key, so that the timer never comes to its end."""
    pace = CursorPace()
    delays = [pace.delay(0.3 + gap * number) for number in range(30)]
    assert all(delay > gap for delay in delays[3:])


def test_keys_pressed_one_after_the_other_are_all_followed() -> None:
    pace = CursorPace()
    assert {pace.delay(0.15 * number) for number in range(20)} == {FOLLOWS_AFTER_S}
    assert RESTS_AFTER_S > FOLLOWS_AFTER_S
