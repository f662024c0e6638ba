"""Run LocalStack's or moto's tests of Lambda against this checkout's runner; ``--help`` says how."""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from .servers import running

_HERE = Path(__file__).parent
_TEST_TIMEOUT_S = 90


def main() -> int:
    """Print ``passed of total`` for each file; the failures, with their causes, go to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", choices=["localstack", "moto"])
    parser.add_argument("checkout", type=Path, help="a checkout of the suite's repository")
    parser.add_argument(
        "files", nargs="+", help="test files or node ids, relative to the checkout; then pytest's options"
    )
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="a Python with the suite's dependencies"
    )
    parser.add_argument("--failures", type=Path, default=Path("failures.txt"), help="where the failures are written")
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="foreign-suite-") as name:
        folder = Path(name)
        account = "000000000000" if options.suite == "localstack" else "123456789012"
        with running(options.python, account, folder) as port:
            report = folder / "report.xml"
            command = [
                *(str(options.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={_TEST_TIMEOUT_S}"),
                *(f"--junitxml={report}", "-o", "junit_family=xunit1", "-o", "addopts=", *options.files, *more),
            ]
            command += ["-W", "ignore", *(["-p", "localstack_plugin"] if options.suite == "localstack" else [])]
            subprocess.run(
                command, cwd=options.checkout, env=_environment(options.suite, options.checkout, port), check=False
            )
        options.failures.write_bytes((folder / "runner.log").read_bytes()[-100_000:])
        return _summary(report, options.failures)


def _environment(suite: str, checkout: Path, port: int) -> dict[str, str]:
    endpoint = f"http://127.0.0.1:{port}"
    common = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST"))},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    if suite == "moto":
        return common | {"TEST_SERVER_MODE": "true", "TEST_SERVER_MODE_ENDPOINT": endpoint, "PYTHONPATH": str(checkout)}
    paths = (checkout.resolve() / "localstack-core", checkout.resolve(), _HERE)
    return common | {
        "FOREIGN_ENDPOINT": endpoint,
        "TEST_AWS_ENDPOINT_URL": endpoint,
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "TEST_SKIP_LOCALSTACK_START": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }


def _summary(report: Path, failures: Path) -> int:
    """Print the counts of pytest's report, and append its failures to a file; 1 where a test failed."""
    total: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    causes: list[str] = []
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.get("file") or case.get("classname", "")
        if case.find("skipped") is not None:
            skipped[file] += 1
            continue
        total[file] += 1
        faults = [fault for kind in ("failure", "error") for fault in case.findall(kind)]
        causes += [f"=== {file}::{case.get('classname')}::{case.get('name')}\n{fault.text}" for fault in faults]
        passed[file] += not faults
    with failures.open("a") as text:
        text.write("\n\n".join(causes))
    for file, count in total.items():
        sys.stdout.write(f"{file}: {passed[file]} of {count} passed, {skipped[file]} skipped\n")
    return int(bool(causes))


if __name__ == "__main__":
    sys.exit(main())
