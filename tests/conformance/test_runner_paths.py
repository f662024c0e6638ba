"""Lambda's paths: where the machine allows mount namespaces, and in the machine's own folders where it does not."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lambdatui.cli.doctor.runner_paths import runner_paths
from lambdatui.runner.environments import lambda_paths
from lambdatui.runner.environments.spawning import NoNamespace, Spawner
from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = needs.linux

APP = """
import os, subprocess
def handler(event, context):
    tried = {}
    for folder in (os.environ["LAMBDA_TASK_ROOT"], "/opt", "/tmp"):
        try:
            open(folder + "/lambdatui-made", "w").close()
            os.remove(folder + "/lambdatui-made")
            tried[folder] = "written"
        except OSError as error:
            tried[folder] = type(error).__name__ + str(error.errno)
    return {
        "file": __file__, "cwd": os.getcwd(), "tried": tried,
        "layer": open(event["layer"]).read() if event.get("layer") else None,
        "tool": subprocess.run(["tool"], capture_output=True, text=True).stdout if event.get("layer") else None,
        "mounts": open("/proc/self/mountinfo").read(), "environ": dict(os.environ),
    }
"""


def in_namespaces(runner: Served) -> bool:
    return runner.runner.host.has_namespaces()


def lives(pid: int) -> bool:
    """Whether a process runs: one that ended may wait for its parent to be told."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def publish(runner: Served, name: str, files: dict[str, str | bytes]) -> str:
    content = {"ZipFile": zipped(files, 0o755)}
    return str(runner.client.publish_layer_version(LayerName=name, Content=content)["LayerVersionArn"])


def answer(runner: Served, name: str, event: object) -> Any:
    reply = runner.client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return json.loads(reply["Payload"].read())


def test_code_and_layers_are_where_lambda_has_them(runner_either_way: Served) -> None:
    tool = "#!/bin/sh\necho a tool\n"
    layers = [
        publish(runner_either_way, "one", {"data.txt": "one", "bin/tool": tool}),
        publish(runner_either_way, "two", {"data.txt": "two"}),
    ]
    runner_either_way.create("fn", APP, Layers=layers, MemorySize=256)
    if in_namespaces(runner_either_way):
        told = answer(runner_either_way, "fn", {"layer": "/opt/data.txt"})
        assert (told["file"], told["cwd"]) == ("/var/task/app.py", "/var/task")
        assert told["tried"] == {"/var/task": "OSError30", "/opt": "OSError30", "/tmp": "written"}
        assert told["environ"]["LAMBDA_RUNTIME_DIR"] == "/var/runtime"
        assert told["environ"]["PATH"] == "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
        # none of it is the machine's own
        assert "/var/task" not in Path("/proc/self/mountinfo").read_text()
        assert not os.path.exists("/opt/data.txt")
    else:
        told = answer(runner_either_way, "fn", {})
        assert told["file"] == told["environ"]["LAMBDA_TASK_ROOT"] + "/app.py"
        assert not told["file"].startswith("/var/task")
        opt = told["environ"]["PATH"].split(":")[-1].removesuffix("/bin")
        told = answer(runner_either_way, "fn", {"layer": f"{opt}/data.txt"})
    assert (told["layer"], told["tool"]) == ("two", "a tool\n")
    assert "LAMBDATUI_OPT" not in told["environ"]


def test_two_functions_do_not_share_compiled_code(runner_either_way: Served) -> None:
    # one size and one second: all that Python compares of a source file and its compiled code
    for name in ("a", "b"):
        runner_either_way.create(name, f"import mine\ndef handler(e, c): return {name!r}\n")
        code = zipped(
            {
                "app.py": f"import mine\ndef handler(e, c): return mine.NAME + {name!r}\n",
                "mine.py": f"NAME = {name!r}\n",
            }
        )
        runner_either_way.client.update_function_code(FunctionName=name, ZipFile=code)
    assert [answer(runner_either_way, name, {}) for name in ("a", "b", "a")] == ["aa", "bb", "aa"]


def test_a_wrapper_gets_the_runtimes_command(runner_either_way: Served) -> None:
    wrapper = '#!/bin/bash\nexport WRAPPED="$#"\necho "wrapped by $0"\nexec "$@"\n'
    layer = publish(runner_either_way, "wrapper", {"wrapper": wrapper})
    environment = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}}
    source = "import os\ndef handler(e, c): return os.environ['WRAPPED']\n"
    runner_either_way.create("fn", source, Layers=[layer], Environment=environment, Timeout=20)
    assert int(answer(runner_either_way, "fn", {})) >= 2
    assert any(message.startswith("wrapped by ") for message in runner_either_way.messages())


@pytest.mark.parametrize(("mode", "status"), [(0o755, 127), (0o644, 126)])
def test_a_wrapper_that_cannot_run_is_the_functions_error(runner_either_way: Served, mode: int, status: int) -> None:
    code = {"ZipFile": zipped({"app.py": "def handler(e, c): return 1\n", "wrapper": "#!/bin/sh\n"}, mode)}
    where = "/var/task/" + ("absent" if status == 127 else "wrapper")
    runner_either_way.client.create_function(
        FunctionName="fn", Runtime=f"python3.{sys.version_info.minor}", Handler="app.handler", Role=ROLE, Code=code,
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": where}},
    )  # fmt: skip
    failed = answer(runner_either_way, "fn", {})
    assert failed["errorType"] == "Runtime.ExitError"
    assert failed["errorMessage"].endswith(f"Error: Runtime exited with error: exit status {status}")


def test_a_provided_runtime_has_no_wrapper(runner_either_way: Served) -> None:
    bootstrap = """#!/bin/sh
while true; do
  head=$(mktemp); curl -s -D "$head" -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
  id=$(grep -i lambda-runtime-aws-request-id "$head" | tr -d '\\r' | cut -d' ' -f2); rm "$head"
  curl -s "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "\\"$0 $PWD\\""
done
"""
    runner_either_way.client.create_function(
        FunctionName="fn", Runtime="provided.al2023", Handler="x", Role=ROLE, Timeout=20,
        Code={"ZipFile": zipped({"bootstrap": bootstrap}, 0o755)},
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/absent"}},
    )  # fmt: skip
    told = answer(runner_either_way, "fn", {})
    if in_namespaces(runner_either_way):
        assert told == "/var/task/bootstrap /var/task"
    else:
        assert told.endswith(f"/bootstrap {told.partition('/bootstrap')[0]}")


def test_where_a_mount_is_refused_a_function_runs_in_the_machines_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.namespaces()
    monkeypatch.setattr(lambda_paths, "RUNTIME", "/proc/no/such/folder")
    with served(tmp_path / "runner.db") as runner:
        runner.create("fn", APP)
        assert not answer(runner, "fn", {})["file"].startswith("/var/task")


def test_code_that_is_gone_is_told(runner_either_way: Served, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.py").write_text("def handler(e, c): return 1\n")
    code = {"S3Bucket": "hot-reload", "S3Key": str(source)}
    runner_either_way.client.create_function(
        FunctionName="fn", Runtime=this_runtime(), Handler="app.handler", Role=ROLE, Code=code
    )
    source.rename(tmp_path / "elsewhere")
    failed = answer(runner_either_way, "fn", {})
    assert failed["errorType"] == "Runtime.InvalidEntrypoint"
    assert "fn cannot be started: [Errno 2]" in failed["errorMessage"]


def test_where_the_machine_has_no_namespaces_it_says_so(tmp_path: Path) -> None:
    spawner = Spawner([("/proc/no/such/source", str(tmp_path), False)])
    try:
        with pytest.raises(NoNamespace, match=r"^mount .*No such file"):
            spawner.check()
    finally:
        spawner.close()


def test_nothing_is_left_of_a_killed_runner_and_its_namespaces(tmp_path: Path) -> None:
    needs.namespaces()
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.py").write_text("import os\ndef handler(e, c): return os.getpid(), os.environ['HOME']\n")
    database = ["--runner-db", str(tmp_path / "runner.db")]
    subprocess.run(
        [*PROGRAM, "runner", "deploy", str(source), "--name", "fn", "--handler", "app.handler", *database], check=True
    )
    process = subprocess.Popen([*PROGRAM, "runner", "serve", *database], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        called = [*PROGRAM, "runner", "invoke", "fn", *database]
        pid, home = json.loads(subprocess.run(called, check=True, capture_output=True, text=True).stdout)
        shared = Path(home).parent
        assert Path(f"/proc/{pid}/root/var/task/app.py").exists()
        assert source.joinpath("app.py").exists()
    finally:
        process.kill()
        process.wait()
    for _ in range(100):
        if not shared.exists() and not lives(pid):
            break
        time.sleep(0.05)
    assert not shared.exists()
    assert not lives(pid)
    assert str(shared) not in Path("/proc/self/mountinfo").read_text()
    assert source.joinpath("app.py").exists()


def test_the_start_tells_where_functions_run(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "runner", "serve", "--runner-db", str(tmp_path / "runner.db")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "LAMBDATUI_NAMESPACES": "0"},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert (
        "functions run in this machine's folders, not at /var/task: LAMBDATUI_NAMESPACES is 0"
        in process.communicate()[1]
    )


def test_the_doctor_tries_a_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.runner.environments.process.namespaces_refusal", lambda: "unshare: no")
    (refused,) = runner_paths()
    assert (refused.state, refused.found.endswith("/var/runtime: unshare: no")) == ("warn", True)
    assert refused.advice
    monkeypatch.undo()
    needs.namespaces()
    (finding,) = runner_paths()
    assert finding.state == "ok"
