"""The reaper ends what a killed runner leaves behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lambdatui.runner.environments import reaper
from tests.support.room_coverage import unmeasured

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sessions and process groups")


def test_at_its_end_everything_that_is_left_ends(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    (folder / "environment").mkdir(parents=True)
    groups = tmp_path / "group-"
    for name in ("group-1", "group-2", "other"):
        (tmp_path / name).mkdir()
    sleepers = [
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        for _ in range(2)
    ]
    # In another group than its function's process, as a daemon that the function started.
    own = {"TMPDIR": str(folder / "environment")}
    daemon = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True, env=own)
    script = [sys.executable, str(reaper.__file__), str(folder), str(groups)]
    process = subprocess.Popen(script, stdin=subprocess.PIPE, cwd="/", env=unmeasured())
    assert process.stdin is not None
    done = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    done.wait()
    for line in (f"+{sleepers[0].pid}", f"+{sleepers[1].pid}", f"+{done.pid}", f"-{sleepers[1].pid}"):
        process.stdin.write(f"{line}\n".encode())
        process.stdin.flush()
    time.sleep(0.1)
    os.kill(process.pid, 15)  # what ends the runner does not end it
    process.stdin.close()
    try:
        assert process.wait(30) == 0
        assert sleepers[0].wait(30) == -9
        assert daemon.wait(30) == -9
        assert sleepers[1].poll() is None  # it was taken back: it had ended well, or its number is another's now
        assert not folder.exists()
        assert sorted(one.name for one in tmp_path.iterdir()) == ["other"]
    finally:
        sleepers[1].kill()
        sleepers[1].wait()
