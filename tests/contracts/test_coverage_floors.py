"""Each room has a floor for what the tests run of it, and what is measured is counted by room."""

from pathlib import Path
from typing import ClassVar

import pytest

from tests.support import room_coverage
from tests.support.places import ROOT

PACKAGES = ("collectors", "lambdatui", "pricing")


def test_each_room_has_a_floor() -> None:
    files = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    rooms = {room_coverage.room_of(path) for path in files if (ROOT / path).read_text().strip()}
    assert set(room_coverage.floors()) == rooms


def test_lines_of_this_project_are_counted_by_room_and_a_room_below_its_floor_is_told() -> None:
    def file(lines: int, run: int) -> dict[str, dict[str, int]]:
        return {"summary": {"num_statements": lines, "covered_lines": run}}

    files = {
        "pricing/bill.py": file(10, 10), "pricing/data/x.py": file(10, 5), "lambdatui/__main__.py": file(4, 4),
        "lambdatui/cli/main.py": file(90, 90), "lambdatui/cli/output/csv.py": file(10, 0), "lambdatui/cli/__init__.py": file(0, 0),
        "/tmp/copy/lambdatui/cli/main.py": file(90, 1), "../copy/pricing/bill.py": file(90, 1),
    }  # fmt: skip
    found = room_coverage.by_room(files)
    assert found == {"pricing": 75, "lambdatui": 100, "lambdatui.cli": 90}
    assert room_coverage.below(found, {"pricing": 75, "lambdatui": 99.5, "lambdatui.cli": 92}) == [
        "lambdatui.cli has 90.0%, below its floor of 92%"
    ]
    assert room_coverage.below({"a": 1.0}, {"b": 1}) == ["a has no floor", "b has a floor and no line"]


@pytest.mark.parametrize("name", ["tests/oracle/test_sums.py", "tests/faults/test_prune.py"])
def test_what_runs_for_minutes_is_not_measured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Running:
        told: ClassVar[list[str]] = []

        def stop(self) -> None:
            self.told.append("stop")

        def start(self) -> None:
            self.told.append("start")

    monkeypatch.setenv(room_coverage.MEASURED, "x")
    monkeypatch.setattr(room_coverage, "coverage_of_this_process", Running)
    with room_coverage.paused(ROOT / name):
        assert (Running.told, room_coverage.measured()) == (["stop"], False)
    assert (Running.told, room_coverage.measured()) == (["stop", "start"], True)
    with room_coverage.paused(ROOT / "tests" / "unit" / Path(name).name):
        assert room_coverage.measured()
