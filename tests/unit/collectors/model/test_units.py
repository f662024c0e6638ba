"""Units are declared once: no module spells a unit's number again, and the numbers are AWS's."""

import ast
from collections.abc import Iterator

import pytest

from collectors.model import units
from collectors.model.units import DAY_MS, DAY_S, FOREVER_MS, HOUR_MS, HOUR_S, MB_MS_PER_GB_SECOND, MINUTE_MS, WEEK_MS
from tests.support.places import ROOT

HOME = "collectors/model/units.py"
WITHOUT_THE_HOUSE = ("lambdatui/runner/runtimes/bootstrap.py", "lambdatui/demo/samples/")  # import nothing of the house
ROOMS = ("pricing", "lambdatui/settings", "lambdatui/cli")
NOT_YET = ("lambdatui/cli/output/",)
SPELLED = {
    MINUTE_MS: "MINUTE_MS", HOUR_MS: "HOUR_MS", DAY_MS: "DAY_MS", WEEK_MS: "WEEK_MS", HOUR_S: "HOUR_S",
    DAY_S: "DAY_S", MB_MS_PER_GB_SECOND: "MB_MS_PER_GB_SECOND", FOREVER_MS: "FOREVER_MS", 10_240: "MOST_MEMORY_MB",
    1_769: "FULL_VCPU_MB", 730: "MEAN_MONTH_HOURS", 720: "BILLED_MONTH_HOURS", 744: "LONGEST_MONTH_HOURS",
    1 << 30: "GIB_BYTES",
}  # fmt: skip


def _value(node: ast.AST) -> int | float | None:
    """What an expression of numbers comes to; None for any other."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.LShift) and isinstance(left, int) and isinstance(right, int):
            return left << right
        if isinstance(node.op, ast.Pow) and abs(right) < 64:
            return left**right  # type: ignore[no-any-return]
    return None


def _spelled_in(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        value = _value(node)
        if value in SPELLED:
            yield getattr(node, "lineno", 0), SPELLED[value]


def test_no_module_spells_a_unit_again() -> None:
    spelled = []
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if path != HOME and not path.startswith((*WITHOUT_THE_HOUSE, *NOT_YET)):
                spelled += [(path, line, f"units.{name}") for line, name in _spelled_in(file.read_text("utf-8"))]
    assert spelled == []


@pytest.mark.parametrize(
    "source", ["DAY = 86_400_000", "x = 24 * 60 * 60 * 1000", "FOREVER = 1 << 62", "y = 1024 * 1000"]
)
def test_a_unit_that_is_spelled_is_found(source: str) -> None:
    assert list(_spelled_in(source))


def test_units_agree_with_each_other_and_with_aws() -> None:
    assert (units.MINUTE_MS, units.HOUR_MS, units.DAY_MS) == (MINUTE_MS, HOUR_MS, DAY_MS)
    assert units.WEEK_MS == WEEK_MS
    assert units.MB_MS_PER_GB_SECOND == MB_MS_PER_GB_SECOND
    assert units.MEAN_MONTH_HOURS == 365 * 24 / 12
    assert units.BILLED_MONTH_HOURS == 30 * 24
    assert units.LONGEST_MONTH_HOURS == 31 * 24
    assert (units.KIB_BYTES, units.MIB_BYTES, units.GIB_BYTES) == (1024, 1024**2, 1024**3)
    assert units.FOREVER_MS + units.DAY_MS < 2**63
    assert units.FULL_VCPU_MB in units.COMMON_MEMORY_MB
