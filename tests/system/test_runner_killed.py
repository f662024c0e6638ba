"""A runner that is killed at any moment leaves nothing behind, and the next one goes on with what it accepted."""

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import wait_for

pytestmark = needs.linux

KILLS = 30
CALLERS = 4
# Each event leaves a file: what was accepted must have run at least once. A child outlives the call that started it.
APP = """
import os, pathlib, subprocess, time
def handler(event, context):
    pathlib.Path(os.environ["DONE"], str(event["id"])).touch()
    if event["id"] % 10 == 0:
        subprocess.Popen(["sleep", "300"], start_new_session=True)
    print("ran", event["id"])
    time.sleep(0.01)
"""


class Load:
    """Callers that send events to a runner until it is gone; ``accepted`` are those that it answered with 202."""

    def __init__(self, url: str, first_id: int) -> None:
        self.accepted: list[int] = []
        self._address = urlsplit(url).netloc
        self._ids = iter(range(first_id, first_id + 1_000_000))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._call, args=(number % 2 == 0,)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _call(self, later: bool) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        headers = {"X-Amz-Invocation-Type": "Event"} if later else {}
        try:
            while True:
                with self._lock:
                    event_id = next(self._ids)
                body = json.dumps({"id": event_id})
                connection.request("POST", "/2015-03-31/functions/fn/invocations", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    self.accepted.append(event_id)
                time.sleep(0.002)
        except (OSError, http.client.HTTPException):
            return

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def serve(path: Path, temporary: Path) -> tuple["subprocess.Popen[str]", str]:
    """A runner as a program, and its address."""
    command = [*PROGRAM, "runner", "serve", "--runner-db", str(path), "--time-scale", "60"]
    env = os.environ | {"TMPDIR": str(temporary)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://"), f"no runner could serve {path} after one was killed"
    return process, url


def processes_of(temporary: Path) -> list[int]:
    """The processes that have a folder below ``temporary`` in their variables or their command."""
    marker = str(temporary).encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_killed_thirty_times_under_load(tmp_path: Path) -> None:
    path, temporary, source, done = (tmp_path / name for name in ("runner.db", "tmp", "src", "done"))
    for folder in (temporary, source, done):
        folder.mkdir()
    (source / "app.py").write_text(APP)
    deploy = [*PROGRAM, "runner", "deploy", str(source), "--name", "fn", "--handler", "app.handler"]
    subprocess.run([*deploy, "--env", f"DONE={done}", "--runner-db", str(path)], check=True, capture_output=True)
    moments = random.Random(18)
    accepted: list[int] = []
    for kill in range(KILLS):
        process, url = serve(path, temporary)
        load = Load(url, kill * 1_000_000)
        time.sleep(moments.uniform(0, 0.4))  # sometimes before anything runs, sometimes in the middle of much
        process.send_signal(signal.SIGKILL)
        process.wait()
        load.join()
        accepted += load.accepted
        wait_for(lambda: not processes_of(temporary))
        assert list(temporary.iterdir()) == []
    assert len(accepted) > KILLS
    process, url = serve(path, temporary)
    try:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

        def waiting() -> int:
            connection.request("POST", "/_lambdatui/status", b"{}")
            return int(json.loads(connection.getresponse().read())["waiting"])

        wait_for(lambda: waiting() == 0, 120)
        ran = {int(file.name) for file in done.iterdir()}
        assert set(accepted) - ran == set()
    finally:
        process.terminate()
        assert process.wait(60) == 0
    wait_for(lambda: not processes_of(temporary))
    assert list(temporary.iterdir()) == []
    with closing(sqlite3.connect(path)) as log:
        assert log.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert log.execute("SELECT count(*) FROM async_events WHERE finished_ms IS NULL").fetchone() == (0,)
    assert not (tmp_path / "runner.functions" / ".serving").exists()
