"""How long a call takes at another size: bounds that physics gives, and that real functions held out were inside of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import memory_model as judge
from collectors.model.units import MINUTE_MS
from pricing.memory_model import duration_at
from tests.support import needs

SIZES = st.sampled_from([128, 256, 512, 1024, 1769, 3008, 10_240])


def test_a_call_below_one_quota_is_not_slower_and_a_computing_one_is_by_its_share() -> None:
    assert duration_at(1.0, 1024, 512).middle_ms == pytest.approx(1.0)
    longer = duration_at(20.0, 1024, 256)
    assert longer.middle_ms == pytest.approx(20 * 4**1.06, rel=0.01)
    assert duration_at(60.0, 1024, 256).low_ms <= 60  # it might only wait
    assert duration_at(900.0, 3008, 1769) == (900.0, 900.0, 900.0)  # a vCPU is all that one thread can use


@given(st.floats(0.5, MINUTE_MS), SIZES, SIZES)
def test_ranges_are_ordered_and_the_way_back_is_the_way_there(duration_ms: float, one: int, other: int) -> None:
    told = duration_at(duration_ms, one, other)
    assert told.low_ms <= told.middle_ms <= told.high_ms
    assert duration_at(told.middle_ms, other, one).middle_ms == pytest.approx(duration_ms, rel=1e-3)


@needs.file(judge.PERF)
def test_real_functions_of_families_held_out_are_predicted() -> None:
    table = judge.functions()
    found = judge.judged(table, "package and language", judge.fitted, table)
    for size, most in ((256, 0.20), (128, 0.25)):
        today, error, held = found[size]
        assert error <= most < today
        assert 0.73 <= held <= 0.87
