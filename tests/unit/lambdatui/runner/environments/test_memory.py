"""Memory of process trees, and the groups that bound it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambdatui.runner.environments import memory

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")


@pytest.mark.parametrize("v2", [True, False], ids=["v2", "v1"])
def test_a_group_bounds_a_process_and_tells_why_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, v2: bool
) -> None:
    monkeypatch.setattr(memory, "_parent", lambda: (tmp_path, v2))
    group = memory.Cgroup.create("fn", 128 << 20)
    assert group is not None
    limit = (tmp_path / "fn" / ("memory.max" if v2 else "memory.limit_in_bytes")).read_text()
    assert int(limit) == (128 << 20) + (16 << 20)
    group.add(os.getpid())
    assert group.pids() == [os.getpid()]
    events = tmp_path / "fn" / ("memory.events" if v2 else "memory.oom_control")
    assert not group.killed_for_memory()
    events.write_text("low 0\noom_kill 0\n")
    assert not group.killed_for_memory()
    events.write_text("low 0\noom_kill 2\n")
    assert group.killed_for_memory()
    assert not group.remove()  # something is in it
    for file in (tmp_path / "fn").iterdir():
        file.unlink()
    assert group.remove()
    assert group.remove()
    assert memory.group_prefix() == str(tmp_path / f"lambdatui-{os.getpid()}-")


def test_where_no_group_can_be_made_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_parent", lambda: (tmp_path / "absent", True))
    assert memory.Cgroup.create("fn", 1) is None
    monkeypatch.setattr(memory, "_parent", lambda: None)
    assert memory.Cgroup.create("fn", 1) is None
    assert memory.group_prefix() == ""


def test_a_tree_is_counted_once_and_a_gone_process_not_at_all() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        gauge = memory.Gauge(process.pid)
        for _ in range(200):
            if memory.descendants(process.pid):
                break
            import time

            time.sleep(0.02)
        own = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert gauge.resident_bytes(threads=True) > own
        assert gauge.resident_bytes(known_peak=1 << 40) > own
        assert memory.peak_bytes(process.pid) >= own
    finally:
        process.communicate(b"\n", timeout=30)
    assert gauge.resident_bytes() == 0
    assert memory.peak_bytes(process.pid) == 0
    gauge.close()
