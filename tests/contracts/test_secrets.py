"""Canaries: secrets that the program is given or sees, and none of which it may write down or say.

What a function prints is data, and kept. Its variables, credentials, tokens, headers and payloads are not. The one place
for a local function's variables is its own file of mode 0600, and for the runner's token another.
"""

import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.aws import create_function, put_events, recent_ms
from tests.support.command_line import PROGRAM
from tests.support.places import ROOT
from tests.support.screens import app_on

CANARY = "canary-7f3a"
IN_FILES_OF_THEIR_OWN = {"function.json", ".serving"}


def home(folder: Path) -> dict[str, str]:
    """An environment whose every folder is under ``folder``, with canaries in what may be secret."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "XDG_", "LAMBDATUI"))}
    return keep | {
        "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp"),
        "AWS_SECRET_ACCESS_KEY": f"{CANARY}-secret-key", "AWS_SESSION_TOKEN": f"{CANARY}-session",
        "AWS_ACCESS_KEY_ID": f"AKIA{CANARY}", "DATABASE_PASSWORD": f"{CANARY}-environment", "PYTHONPATH": str(ROOT),
    }  # fmt: skip


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "tmp").mkdir(exist_ok=True)
    command = [*PROGRAM, *arguments]
    return subprocess.run(
        command, env=home(folder), cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def found(folder: Path) -> Iterator[str]:
    """Every file below ``folder`` that has a canary in it."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink() and CANARY.encode() in file.read_bytes():
            yield str(file.relative_to(folder))


def test_collecting_writes_down_no_secret(endpoint: str, tmp_path: Path) -> None:
    create_function(
        endpoint, "orders", Description=f"password {CANARY}-description",
        Environment={"Variables": {"TOKEN": f"{CANARY}-variable", f"{CANARY}_NAME": "1"}}, Tags={"owner": "me"},
    )  # fmt: skip
    now = recent_ms()
    put_events(endpoint, "/aws/lambda/orders", "2025/01/01/[$LATEST]ab", [
        (now, "START RequestId: 8f5c0a10-2e1b-4f0e-9d2c-000000000001 Version: $LATEST\n"), (now + 1, "printed by it\n"),
    ])  # fmt: skip
    said = []
    for arguments in (
        ["collect", "--endpoint-url", endpoint, "--region", "eu-central-1", "--logs", "events"],
        ["collect", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-central-1"],
        ["doctor", "--aws", "--endpoint-url", endpoint], ["doctor"], ["functions", "--json", "--range", "all"],
        ["function", "orders", "--json", "--range", "all"], ["db", "info"], ["db", "check"],
        ["db", "export", str(tmp_path / "copy.db")], ["db", "export", str(tmp_path / "lines.jsonl"), "--range", "all"],
        ["config", "check"], ["collections"], ["advice", "--json"],
    ):  # fmt: skip
        done = run(tmp_path, *arguments)
        said.append(done.stdout + done.stderr)
    assert '"orders"' in said[4], said[0]  # it has been collected: nothing is absent because nothing was read
    assert CANARY not in "".join(said)
    assert list(found(tmp_path)) == []
    assert (tmp_path / "data" / "lambdatui" / "lambdatui.db").exists()


@needs.linux
def test_the_runner_keeps_secrets_in_files_of_their_own_only(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(
        "import json, os\ndef handler(e, c):\n    print('printed by it')\n"
        "    if e.get('fail'):\n        raise ValueError('failed')\n    return len(os.environ['TOKEN'])\n"
    )
    (tmp_path / "tmp").mkdir()
    token = f"{CANARY}-token-of-16"
    db = str(tmp_path / "r" / "runner.db")
    (tmp_path / "r").mkdir()
    log = open(tmp_path / "served.txt", "wb")  # noqa: SIM115 - closed below
    command = [
        sys.executable,
        "-m",
        "lambdatui",
        "runner",
        "serve",
        "--runner-db",
        db,
        "--token",
        token,
        "--time-scale",
        "600",
    ]
    served = subprocess.Popen(command, env=home(tmp_path), stdout=subprocess.PIPE, stderr=log)
    assert served.stdout is not None
    url = served.stdout.readline().decode().strip()
    said = []
    try:
        deploy = ["deploy", "src", "--name", "fn", "--handler", "app.handler", "--env", f"TOKEN={CANARY}-variable"]
        for arguments in (deploy, ["invoke", "fn", "--payload", f'{{"x": "{CANARY}-payload"}}', "--log"], ["list", "--json"],
                          ["invoke", "fn", "--payload", f'{{"fail": "{CANARY}-payload"}}'], ["logs", "fn"],
                          ["invoke", "fn", "--type", "Event", "--payload", f'{{"x": "{CANARY}-event"}}']):  # fmt: skip
            done = run(tmp_path, "runner", *arguments, "--runner-db", db)
            said.append(done.stdout + done.stderr)
        request = urllib.request.Request(
            f"{url}/2015-03-31/functions/fn/invocations?Qualifier=nothing", b"{}",
            {"Authorization": f"Bearer {token}", "X-Secret": f"{CANARY}-header", "Cookie": f"a={CANARY}-cookie"},
        )  # fmt: skip
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(request)
        for path in (f"/{CANARY}", f"/2015-03-31/functions/{CANARY}/invocations"):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{url}{path}", b"{}")
        assert run(tmp_path, "--db", str(tmp_path / "s.db"), "collect", "--source", db).returncode == 0
        said.append(run(tmp_path, "--db", str(tmp_path / "s.db"), "logs", "--range", "all").stdout)
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(30)
        log.close()
    assert "printed by it" in said[-1]
    assert CANARY not in "".join(said)
    places = [tmp_path / one for one in found(tmp_path)]
    assert {one.name for one in places} <= IN_FILES_OF_THEIR_OWN, places
    assert {stat.S_IMODE(one.stat().st_mode) for one in places} == {0o600}
    assert not (tmp_path / "r" / "runner.functions" / ".serving").exists()
    assert run(tmp_path, "runner", "remove", "fn", "--runner-db", db).returncode == 0
    assert list(found(tmp_path)) == []


async def test_a_crash_of_the_screens_tells_no_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = app_on(tmp_path / "none.db")

    def fails() -> None:
        token = f"{CANARY}-local"
        raise ValueError(f"what it says \x1b]0;owned\x07 {len(token)}")

    with pytest.raises(ValueError, match="what it says"):  # noqa: PT012
        async with app.run_test() as pilot:
            app.call_later(fails)
            await pilot.pause(0.5)
    app._print_error_renderables()
    told = "".join(capsys.readouterr())
    assert "what it says" in told
    assert CANARY not in told
    assert "\x1b]0;" not in told


def test_a_crash_of_a_command_tells_no_values_and_no_sequences(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['lambdatui', 'db', 'info']\nfrom lambdatui import __main__ as m\n"
        f"import lambdatui.cli.main as c\ndef fails(*a, **k):\n    token = '{CANARY}-local'[:99]\n"
        "    raise RuntimeError('what it says \\x1b]0;owned\\x07')\nc.cli.main = fails\nm.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=home(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "what it says" in done.stderr
    assert CANARY not in done.stderr
    assert "\x1b" not in done.stderr
