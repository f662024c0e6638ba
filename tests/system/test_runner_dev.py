"""``lambdatui runner dev``: a saved file is deployed, an error is told with its place, and nothing stays behind."""

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.runtimes.node import node_runtime
from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import client, wait_for

pytestmark = needs.linux


class Dev:
    """The command as a process; ``lines`` are those of stdout and stderr as they come."""

    def __init__(self, folder: Path, *more: str) -> None:
        command = [*PROGRAM, "runner", "dev", str(folder), "--runner-db", str(folder.parent / "runner.db"), *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.seen: list[str] = []
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()
        self.url = self.until("http://")

    def _read(self, stream: Any) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def until(self, text: str) -> str:
        """The next line with ``text``."""
        while True:
            line = self._lines.get(timeout=60)
            assert line is not None or self.process.poll() is None, self.seen
            if line is not None:
                self.seen.append(line)
                if text in line:
                    return line

    def invoke(self, name: str = "src", event: object = None) -> Any:
        answer = client("lambda", self.url).invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def children(self) -> list[int]:
        """The processes of this one, and theirs."""
        found, parents = [], [self.process.pid]
        while parents:
            parent = parents.pop()
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                below = [int(child) for child in task.read_text().split()]
                found += below
                parents += below
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "app.py").write_text("def handler(event, context):\n    print('called')\n    return 1\n")
    return folder


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Dev]]:
    started: list[Dev] = []

    def run(*more: str) -> Dev:
        started.append(Dev(folder, *more))
        return started[-1]

    yield run
    for dev in started:
        dev.process.kill()
        dev.process.wait()


def test_a_saved_file_is_deployed(folder: Path, start: Callable[..., Dev]) -> None:
    dev = start()
    dev.until("deployed src")
    assert dev.invoke() == 1
    dev.until("called")
    dev.until("REPORT RequestId")
    app = folder / "app.py"
    app.write_text(app.read_text().replace("return 1", "return 2"))
    assert "app.py" in dev.until("deployed src again")
    assert dev.invoke() == 2
    # As editors save: another file is renamed to its name, and the old one is kept for a while.
    draft = folder / ".app.py.tmp"
    draft.write_text(app.read_text().replace("return 2", "return 3"))
    app.rename(folder / "app.py~")
    draft.rename(app)
    assert dev.until("deployed src again").endswith("again: app.py")
    assert dev.invoke() == 3


def test_python_s_compiled_code_of_the_same_second_is_not_used(folder: Path, start: Callable[..., Dev]) -> None:
    app = folder / "app.py"
    os.utime(app, (1_700_000_000, 1_700_000_000))
    dev = start()
    dev.until("deployed src")
    draft = folder.parent / "app.py"
    draft.write_text(app.read_text().replace("return 1", "return 2"))
    os.utime(draft, (1_700_000_000, 1_700_000_000))
    draft.rename(app)
    dev.until("deployed src again")
    assert dev.invoke() == 2


def test_templates_new_folders_and_removed_files_count(folder: Path, start: Callable[..., Dev]) -> None:
    (folder / "app.py").write_text(
        "import glob, os\nROOT = os.environ['LAMBDA_TASK_ROOT']\n"
        "FOUND = sorted(os.path.relpath(p, ROOT) for p in glob.glob(ROOT + '/**/*.html', recursive=True))\n"
        "def handler(event, context):\n    return FOUND\n"
    )
    dev = start("--handler", "app.handler", "--name", "pages")
    dev.until("deployed pages")
    assert dev.invoke("pages") == []
    (folder / "templates" / "deep").mkdir(parents=True)
    (folder / "templates" / "deep" / "a.html").write_text("<p>")
    wait_for(lambda: dev.until("deployed pages again") and dev.invoke("pages") == ["templates/deep/a.html"])
    (folder / "templates" / "deep" / "a.html").unlink()
    wait_for(lambda: dev.until("deployed pages again") and dev.invoke("pages") == [])


def test_code_that_does_not_start_is_told_and_the_code_before_goes_on(folder: Path, start: Callable[..., Dev]) -> None:
    dev = start()
    dev.until("deployed src")
    (folder / "lib.py").write_text("x = 1\nif x\n    pass\n")
    dev.until("deployed src again")  # nothing loads it yet
    (folder / "app.py").write_text("import time, lib\ndef handler(event, context):\n    return 2\n")
    problem = dev.until("the code before goes on")
    assert f"{folder}/lib.py:2: Runtime.UserCodeSyntaxError" in problem
    # Also where calls come at once: they share the environment that there is.
    answers: list[Any] = []
    calls = [threading.Thread(target=lambda: answers.append(dev.invoke())) for _ in range(4)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert answers == [1, 1, 1, 1]
    (folder / "lib.py").write_text("x = 1\n")
    dev.until("deployed src again")
    assert dev.invoke() == 2
    (folder / "app.py").write_text("import missing\n")
    assert f"{folder}/app.py:1: " not in dev.until("the code before goes on")  # Lambda's trace has no frame of it
    assert "No module named 'missing'" in dev.seen[-1]
    assert dev.invoke() == 2


def test_the_first_code_may_be_broken(folder: Path, start: Callable[..., Dev]) -> None:
    (folder / "app.py").write_text("def handler(event, context)\n")
    dev = start()
    assert f"{folder}/app.py:1: " in dev.until("no code has started yet")
    assert dev.invoke()["errorType"] == "Runtime.UserCodeSyntaxError"
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    dev.until("deployed src")
    assert dev.invoke(event=[5]) == [5]


@pytest.mark.skipif(node_runtime() is None, reason="needs Node.js")
def test_node(folder: Path, start: Callable[..., Dev]) -> None:
    (folder / "app.py").unlink()
    (folder / "index.mjs").write_text("export const handler = async () => 1;\n")
    dev = start()
    dev.until("deployed src")
    assert dev.invoke() == 1
    (folder / "index.mjs").write_text("\nexport const handler = async () => { return (2;\n};\n")
    assert f"{folder}/index.mjs:2: Runtime.UserCodeSyntaxError" in dev.until("the code before goes on")
    assert dev.invoke() == 1
    (folder / "index.mjs").write_text("export const handler = async () => 2;\n")
    dev.until("deployed src again")
    assert dev.invoke() == 2


def test_ctrl_c_leaves_nothing(folder: Path, start: Callable[..., Dev]) -> None:
    dev = start()
    dev.until("deployed src")
    dev.invoke()
    before = dev.children()
    assert before
    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(60) == 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
    assert not (folder.parent / "runner.functions" / ".serving").exists()


def test_beside_a_runner_that_serves(folder: Path, start: Callable[..., Dev]) -> None:
    command = [*PROGRAM, "runner", "serve", "--runner-db", str(folder.parent / "runner.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            dev = start()
            assert dev.url == url
            dev.until("deployed src")
            assert dev.invoke() == 1
            (folder / "app.py").write_text("def handler(event, context):\n    return 2\n")
            dev.until("deployed src again")
            assert dev.invoke() == 2
            (folder / "app.py").write_text("syntax error\n")
            dev.until("the code before goes on")
            dev.process.kill()
            dev.process.wait()
            # Without it, the folder is what is deployed, broken or not.
            wait_for(lambda: isinstance(dev.invoke(), dict))
            again = start()
            again.until("no code has started yet")
        finally:
            server.terminate()


def test_what_was_deployed_stays(folder: Path, start: Callable[..., Dev]) -> None:
    command = [*PROGRAM, "runner", "deploy", str(folder), "--name", "orders", "--handler", "app.handler"]
    more = ["--memory-mb", "300", "--env", "AA=1", "--runner-db", str(folder.parent / "runner.db")]
    subprocess.run([*command, *more], check=True, timeout=60, capture_output=True)
    dev = start("--timeout-s", "9")
    dev.until("deployed orders")
    latest = client("lambda", dev.url).get_function_configuration(FunctionName="orders")
    assert (latest["MemorySize"], latest["Timeout"], latest["Environment"]["Variables"]) == (300, 9, {"AA": "1"})


def test_a_folder_without_a_handler(folder: Path) -> None:
    (folder / "app.py").rename(folder / "other.py")
    command = [*PROGRAM, "runner", "dev", str(folder), "--runner-db", str(folder.parent / "runner.db")]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, "give --handler" in answer.stderr) == (1, True)
