"""Lambda's paths: where the machine allows mount namespaces, and in the machine's own folders where it does not."""

import ctypes
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
from tests.support.extensions import lives
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


# Of a recording of Lambda's python3.13, provided.al2023 and nodejs22.x; HOME, TMPDIR and one more of ours are besides.
OF_ALL = {
    *("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME"),
    *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_REGION"),
    *("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG"),
    *("LD_LIBRARY_PATH", "PATH", "TZ", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER"),
}
# Functions reach the runner in place of AWS, and nothing of the user's own AWS files.
OWN = {
    *("HOME", "TMPDIR", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_DISABLE_HOST_PREFIX_INJECTION"),
}
LOCALE = {"LC_CTYPE"}  # which Python sets itself where it has no locale


def test_a_process_has_the_variables_that_lambda_sets(runner_either_way: Served) -> None:
    runner_either_way.create("fn", "import os\ndef handler(e, c): return dict(os.environ)\n")
    names = set(answer(runner_either_way, "fn", {})) - LOCALE
    managed = OF_ALL | OWN | {"AWS_EXECUTION_ENV", "PWD", "SHLVL", "_X_AMZN_TRACE_ID"}
    assert names == managed | {"PYTHONPATH"}


def test_a_provided_runtime_has_fewer_variables(runner_either_way: Served) -> None:
    source = """import json, os, urllib.request
NAMES = sorted(os.environ)
BASE = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(BASE + "next") as event:
        where = BASE + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
        urllib.request.urlopen(urllib.request.Request(where, json.dumps(NAMES).encode())).close()
"""
    code = {"ZipFile": zipped({"bootstrap": f"#!{sys.executable}\n{source}"}, 0o755)}
    layer = publish(runner_either_way, "one", {"data.txt": "one"})
    runner_either_way.client.create_function(
        FunctionName="fn", Runtime="provided.al2023", Handler="x", Role=ROLE, Code=code, Layers=[layer], Timeout=20
    )
    assert set(answer(runner_either_way, "fn", {})) - LOCALE == OF_ALL | OWN


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


def in_place(runner: Served, name: str, source: Path) -> str:
    code = {"S3Bucket": "hot-reload", "S3Key": str(source)}
    runner.client.create_function(
        FunctionName=name, Runtime=this_runtime(), Handler="app.handler", Role=ROLE, Code=code
    )
    return str(answer(runner, name, {}))


def test_links_out_of_a_folder_in_place_are_followed(fresh_runner: Served, tmp_path: Path) -> None:
    source, shared = tmp_path / "work" / "src", tmp_path / "work" / "shared"
    (source / "lib").mkdir(parents=True)
    shared.mkdir()
    (shared / "common.py").write_text("NAME = 'common'\n")
    (source / "inside.py").symlink_to("lib/real.py")
    (source / "lib" / "real.py").write_text("NAME = 'inside'\n")
    (source / "absolute.py").symlink_to(shared / "common.py")
    text = "import inside, absolute\ndef handler(e, c): return f'{__file__} {inside.NAME} {absolute.NAME}'\n"
    (source / "app.py").write_text(text)
    if in_namespaces(fresh_runner):
        assert in_place(fresh_runner, "fn", source) == "/var/task/app.py inside common"
    (source / "lib" / "out").symlink_to("../../shared")
    (source / "app.py").write_text(
        "from lib.out import common\ndef handler(e, c): return f'{__file__} {common.NAME}'\n"
    )
    time.sleep(0.5)
    assert in_place(fresh_runner, "other", source) == f"{source}/app.py common"


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


def lose_the_right_to_mount() -> None:
    """In a child: become a root that may only mount in a user namespace, as all others."""
    assert ctypes.CDLL(None).prctl(24, 21, 0, 0, 0) == 0  # PR_CAPBSET_DROP, CAP_SYS_ADMIN


def test_without_root_a_user_namespace_does(tmp_path: Path) -> None:
    needs.namespaces()
    (tmp_path / "app.py").write_text(APP)
    database = ["--runner-db", str(tmp_path / "runner.db")]
    subprocess.run(
        [*PROGRAM, "runner", "deploy", str(tmp_path), "--name", "fn", "--handler", "app.handler", *database], check=True
    )
    called = subprocess.run(
        [*PROGRAM, "runner", "invoke", "fn", *database], capture_output=True, text=True, check=True,
        preexec_fn=lose_the_right_to_mount if os.geteuid() == 0 else None,
    )  # fmt: skip
    told = json.loads(called.stdout)
    assert told["file"] == "/var/task/app.py"
    assert (told["tried"]["/var/task"], told["tried"]["/tmp"]) == ("OSError30", "written")


def test_functions_go_on_where_the_process_ends_that_starts_them(fresh_runner: Served) -> None:
    needs.namespaces()
    fresh_runner.create("first", APP)
    assert answer(fresh_runner, "first", {})["file"] == "/var/task/app.py"
    spawner = fresh_runner.runner.host._spawner
    assert spawner is not None
    spawner._process.kill()
    spawner._process.wait()
    assert answer(fresh_runner, "first", {})["file"] == "/var/task/app.py"  # the one that runs
    fresh_runner.create("second", APP)
    assert not answer(fresh_runner, "second", {})["file"].startswith("/var/task")
