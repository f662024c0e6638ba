"""An import that is killed at any moment, and run again: what is there is whole, and nothing is counted twice."""

import fcntl
import importlib.util
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.ingest.engine import ALONE_BYTES, import_files
from collectors.model.records import FunctionKey
from collectors.store.integrity.checking import check
from tests.support.command_line import PROGRAM
from tests.support.places import ROOT
from tests.support.printed_statements import DAY, EVER, HOUR, differences, everything

INVOCATIONS = 30_000  # more than one batch, so that a kill may come between two
FEW = 3_000
KILLS = 12
START_MS = 1_770_000_000_000
SPANS = (
    EVER,
    (START_MS // HOUR * HOUR, START_MS // HOUR * HOUR + HOUR),
    (START_MS // DAY * DAY, START_MS // DAY * DAY + DAY),
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and locks are POSIX's")


def _corpus(path: Path, invocations: int) -> Path:
    found = importlib.util.spec_from_file_location("generate", ROOT / "benchmarks" / "generate.py")
    assert found is not None
    assert found.loader is not None
    generate = importlib.util.module_from_spec(found)
    found.loader.exec_module(generate)
    with path.open("w", encoding="utf-8") as out:
        generate.write(out, invocations, 12, hours=30)
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For standard input: a process of its own writes, since nobody knows how much will come."""
    return _corpus(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", FEW)


def begun(db: Path, *files: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
    """An import in a session of its own, so that its processes can be signalled together."""
    return subprocess.Popen(
        [*PROGRAM, "import", "--json", *files, "--db", str(db)],
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def writer_of(db: Path, running: subprocess.Popen[bytes]) -> int:
    """The process that the lock names, as soon as it holds it."""
    lock = Path(f"{db}.lock")
    while running.poll() is None:
        try:
            held = lock.read_text()
        except FileNotFoundError:
            held = ""
        if held.startswith("process "):
            return int(held.removeprefix("process "))
    raise AssertionError("the import ended before it wrote")


def nobody_writes(db: Path) -> None:
    """Waits until the last writer is gone: the system then takes its lock from it."""
    with open(f"{db}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def ended_within(running: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_killed_again_and_again_the_store_becomes_what_it_would_have_been(tmp_path: Path) -> None:
    draw = random.Random(11)
    corpus = _corpus(tmp_path / "large.jsonl", INVOCATIONS)
    assert corpus.stat().st_size > ALONE_BYTES  # so that a process of its own writes
    killed, undisturbed = tmp_path / "killed.db", tmp_path / "undisturbed.db"
    import_files([str(corpus)], db=undisturbed, defaults=FunctionKey(""))
    interrupted = 0
    for number in range(KILLS):
        running = begun(killed, str(corpus))
        if not ended_within(running, draw.uniform(0.2, 1.4)):
            interrupted += 1
            victim = (os.killpg, os.kill)[number % 2]  # by turns the two together, and the one that reads alone
            victim(running.pid, signal.SIGKILL)
        running.communicate()
        nobody_writes(killed)
    last = begun(killed, str(corpus))
    _, said = last.communicate()
    assert last.returncode == 0, said
    assert interrupted > KILLS // 3
    assert check(killed) == []
    assert differences(everything(undisturbed, SPANS), everything(killed, SPANS)) == {}
    again = import_files([str(corpus)], db=killed, defaults=FunctionKey(""))
    assert (again.invocations, again.errors, again.duplicates) == (0, 0, again.events)


def test_a_writer_that_is_killed_is_told_and_the_import_can_be_run_again(corpus: Path, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    running = begun(db, "-", stdin=subprocess.PIPE)
    writer = writer_of(db, running)
    assert writer != running.pid
    os.kill(writer, signal.SIGKILL)
    _, said = running.communicate(corpus.read_bytes())
    assert running.returncode == 5
    assert b"run the same command again" in said
    assert import_files([str(corpus)], db=db, defaults=FunctionKey("")).invocations == FEW
    assert check(db) == []


@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_both_processes(corpus: Path, tmp_path: Path, whole_group: bool) -> None:
    """A terminal sends SIGINT to the whole group, ``kill`` to one process."""
    db = tmp_path / "store.db"
    running = begun(db, "-", stdin=subprocess.PIPE)
    assert running.stdin is not None
    with corpus.open("rb") as events:
        running.stdin.write(events.read(2 << 20))
        running.stdin.flush()
    writer = writer_of(db, running)
    (os.killpg if whole_group else os.kill)(running.pid, signal.SIGINT)
    _, said = running.communicate()
    assert (running.returncode, said.splitlines()[-1]) == (130, b"interrupted")
    with pytest.raises(ProcessLookupError):
        os.kill(writer, 0)
    assert import_files([str(corpus)], db=db, defaults=FunctionKey("")).invocations <= FEW
    assert check(db) == []


def test_ctrl_c_while_modules_are_loaded() -> None:
    code = "import lambdatui.start.arguments as a; a.global_only = lambda _: (_ for _ in ()).throw(KeyboardInterrupt)"
    code += "; from lambdatui.__main__ import main; raise SystemExit(main())"
    said = subprocess.run([sys.executable, "-c", code, "functions"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (130, "", "interrupted\n")


def test_a_killed_reader_leaves_no_writer_behind(corpus: Path, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    running = begun(db, "-", stdin=subprocess.PIPE)
    writer_of(db, running)
    running.kill()
    running.communicate()
    nobody_writes(db)  # returns only when the writer has gone
    assert import_files([str(corpus)], db=db, defaults=FunctionKey("")).invocations == FEW
