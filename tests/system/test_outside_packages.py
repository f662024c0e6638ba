"""What another package adds by entry points, installed beside this one: the example, and one that is broken."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import small_store
from tests.support.places import ROOT

EXAMPLE = ROOT / "examples" / "outside_package"
REQUEST = "6b1e5a0c-3f7d-4b62-9a4e-1d2c3b4a5f60"
LOG = (
    f"START RequestId: {REQUEST} Version: $LATEST",
    ["[ERROR] KeyError: 'sku'", "Traceback (most recent call last):", '  File "/var/task/app.py", line 7, in handler'][
        0
    ],
    f"END RequestId: {REQUEST}",
    f"REPORT RequestId: {REQUEST}\tDuration: 2.46 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB",
)


def install(folder: Path, name: str, entry_points: dict[str, dict[str, str]]) -> None:
    """A package as pip leaves it, but for its modules."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in parts.items())
            for group, parts in entry_points.items()
        )
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where the example is installed, and a ``docker`` that prints a log."""
    folder = tmp_path / "site"
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(folder, "lambdatui_example", project["entry-points"])
    (folder / "lambdatui_example.py").write_text((EXAMPLE / "lambdatui_example.py").read_text())
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    lines = "\n".join(f"2025-03-31T10:00:0{number}.000000000Z {line}" for number, line in enumerate(LOG))
    docker.write_text(
        f"#!/bin/sh\n[ \"$3\" = gone ] && {{ echo 'No such container: gone' >&2; exit 1; }}\ncat <<'E'\n{lines}\nE\n"
    )
    docker.chmod(0o755)
    return folder


def environment(site: Path) -> dict[str, str]:
    return {
        **os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "PATH": f"{site.parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(site), "TERM": "dumb",
    }  # fmt: skip


def lambdatui(site: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lambdatui", "--db", site.parent / "store.db", *arguments]
    return subprocess.run(
        list(map(str, command)), env=environment(site), capture_output=True, text=True, timeout=120, check=False
    )


def test_the_example_is_short() -> None:
    assert sum(len(path.read_text().splitlines()) for path in EXAMPLE.iterdir() if path.is_file()) <= 60


def test_its_source_is_collected_from_and_its_rule_is_followed(site: Path) -> None:
    done = lambdatui(site, "collect", "--source", "docker:orders", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["invocations"] == 1
    advice = json.loads(lambdatui(site, "--range", "all", "advice", "--json").stdout)["rows"]
    assert [(row["function"], row["advice"]) for row in advice if row["kind"] == "team"] == [
        ("orders", "rename it to TEAM-NAME")
    ]
    gone = lambdatui(site, "collect", "--source", "docker:gone")
    assert (gone.returncode, gone.stderr) == (
        1, "lambdatui collect: docker gone: No such container: gone; see 'docker ps --all'\n",
    )  # fmt: skip


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that keeps what is posted to it."""
    posted: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", posted
    server.shutdown()


def test_its_notifier_is_told_once_of_each_new_error(site: Path, hook: tuple[str, list[dict[str, str]]]) -> None:
    url, posted = hook
    small_store.make(site.parent / "store.db")
    told = site.parent / "told.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "lambdatui", "--db", str(site.parent / "store.db"), "collect", "--watch", "--every", "1s",
         "--source", "docker:orders", "--notify", f"webhook={url}", "--notify", f"json={told}"],
        env=environment(site), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        for _ in range(3):  # rounds
            assert "docker orders" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert [(event["kind"], event["name"], event["function"]) for event in posted] == [
        ("new error", "KeyError", "orders")
    ]
    assert [json.loads(line) for line in told.read_text().splitlines()] == posted


def test_what_is_broken_is_told_in_a_line_and_the_others_go_on(site: Path) -> None:
    install(
        site, "broken",
        {
            "lambdatui.sources": {"nowhere": "no_such_module:Source", "unclear": "json:loads"},
            "lambdatui.advice_rules": {"failing": "broken_rules:failing", "missing": "broken_rules:missing"},
            "lambdatui.notifiers": {"missing": "no_such_module:Notifier"},
        },
    )  # fmt: skip
    (site / "broken_rules.py").write_text("def failing(subject):\n    yield subject.no_such_thing\n")
    path = small_store.write_events(site.parent / "events.jsonl")
    done = lambdatui(site, "import", path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "lambdatui import: nowhere of the package broken cannot be loaded (ModuleNotFoundError: No module named"
        " 'no_such_module'); upgrade or remove it",
        "lambdatui import: unclear has no attribute reads that is 'file' or 'place'; upgrade or remove it",
    ]
    rows = json.loads(lambdatui(site, "--range", "all", "advice", "--json").stdout)["rows"]
    assert {row["kind"] for row in rows} > {"team", "rule"}
    assert sum(row["kind"] == "rule" for row in rows) == 2
    wanted = lambdatui(site, "collect", "--watch", "--notify", "missing")
    assert (wanted.returncode, "missing of the package broken cannot be loaded" in wanted.stderr) == (2, True)
    doctor = json.loads(lambdatui(site, "doctor", "--json").stdout)["rows"]
    states = [row["state"] for row in doctor if row["check"] == "package"]
    assert (states.count("ok"), states.count("warn")) == (5, 3)


def test_nothing_of_theirs_is_imported_where_it_is_not_asked_for(site: Path) -> None:
    """Not by a command that lists what the store has, nor by the first frame."""
    small_store.make(site.parent / "store.db")
    (site / "lambdatui_example.py").write_text("raise SystemExit('imported')\n")
    for arguments in (("functions",), ("--help",), ("collect", "--help"), ("invocations", "--json")):
        done = lambdatui(site, "--range", "all", *arguments)
        assert (done.returncode, "imported" in done.stdout + done.stderr) == (0, False), arguments
