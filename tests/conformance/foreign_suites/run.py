"""``python -m tests.conformance.foreign_suites.run localstack|moto CHECKOUT FILE... [-- PYTEST OPTIONS]``

Starts the runner, moto's server for every other service, and a router in front; runs the files with pytest in
another Python (``--python``), which has what the suite needs; prints how many passed of each file.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.conformance.foreign_suites.router import Router

ACCOUNTS = {"localstack": "000000000000", "moto": "123456789012"}
"""The account that each suite takes for its caller's."""
_TIMEOUT_S = 120
_RESULT = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (?:\[\d+\] )?(\S+?\.py)")


def main() -> int:
    """Runs a suite; returns 0 if it ran, whatever its tests say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", choices=ACCOUNTS)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--python", default=sys.executable, help="has the suite's dependencies and moto[server]")
    parser.add_argument("--runner", default=sys.executable, help="the Python that has lambdatui")
    parser.add_argument("--out", type=Path, help="folder for logs and pytest's output")
    parser.add_argument("--runner-option", action="append", default=[], help="one more option of 'runner serve'")
    chosen, pytest_options = parser.parse_known_args()
    pytest_options = [option for option in pytest_options if option != "--"]
    out = chosen.out or Path(tempfile.mkdtemp(prefix="foreign-"))
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        endpoint = stack.enter_context(_servers(chosen, out))
        lines = _run(chosen, endpoint, pytest_options, out)
    _print_results(lines)
    print(f"logs and pytest's output: {out}", file=sys.stderr)
    return 0


@contextmanager
def _servers(chosen: argparse.Namespace, out: Path) -> Iterator[str]:
    """The address of the router."""
    router_port, moto_port, runner_port = _free_ports(3)
    endpoint, moto, runner = (f"http://127.0.0.1:{port}" for port in (router_port, moto_port, runner_port))
    account = ACCOUNTS[chosen.suite]
    environment = {**os.environ, "MOTO_ACCOUNT_ID": account}
    moto_command = [chosen.python, "-m", "moto.server", "-p", str(moto_port)]
    runner_command = [
        chosen.runner, "-m", "lambdatui", "runner", "serve", "--runner-db", str(out / "runner.db"),
        "--port", str(runner_port), "--endpoint-url", endpoint, *chosen.runner_option,
    ]  # fmt: skip
    with ExitStack() as stack:
        router = Router(router_port, {"lambda": runner, "logs": runner, "monitoring": runner}, others=moto)
        threading.Thread(target=router.serve_forever, daemon=True).start()
        stack.callback(router.shutdown)
        for name, command, port in (("moto", moto_command, moto_port), ("runner", runner_command, runner_port)):
            log = stack.enter_context((out / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            _wait_until_open(port, process)
        yield endpoint


def _run(chosen: argparse.Namespace, endpoint: str, options: list[str], out: Path) -> list[str]:
    paths = [chosen.checkout]
    if chosen.suite == "localstack":
        paths.insert(0, chosen.checkout / "localstack-core")
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        # LocalStack's suite, against something that runs already.
        "TEST_SKIP_LOCALSTACK_START": "1", "TEST_AWS_ENDPOINT_URL": endpoint, "TEST_AWS_REGION_NAME": "us-east-1",
        # moto's, in server mode.
        "TEST_SERVER_MODE": "true", "TEST_SERVER_MODE_ENDPOINT": endpoint,
    }  # fmt: skip
    command = [
        chosen.python, "-m", "pytest", "-q", "-rA", "--no-header", "--tb=short", "-p", "no:cacheprovider",
        "--timeout", str(_TIMEOUT_S), "-o", "addopts=", *options, *chosen.files,
    ]  # fmt: skip
    with (out / "pytest.txt").open("wb") as file:
        subprocess.run(
            command, cwd=chosen.checkout, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    return (out / "pytest.txt").read_text(errors="replace").splitlines()


def _print_results(lines: list[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    for line in lines:
        if result := _RESULT.match(line):
            counts.setdefault(result[2], Counter())[result[1]] += 1
    for file, by_result in sorted(counts.items()):
        of = by_result["PASSED"] + by_result["FAILED"] + by_result["ERROR"]
        rest = ", ".join(f"{count} {name.lower()}" for name, count in sorted(by_result.items()) if name != "PASSED")
        print(f"{by_result['PASSED']} of {of} passed  {file}{f' ({rest})' if rest else ''}")
    if not counts:
        print("\n".join(lines[-30:]))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with {process.returncode}")
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise SystemExit(f"{process.args} did not open port {port}")


if __name__ == "__main__":
    raise SystemExit(main())
