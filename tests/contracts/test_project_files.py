"""What is around the code: versions that agree, workflows that cover what is promised, an image that can be built."""

import re
import subprocess
import sys
import time
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.store.connection import writing
from tests.support.places import ROOT
from tests.support.row_checksums import resum

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def workflow(name: str) -> dict[str, Any]:
    """A workflow; YAML takes its key ``on`` for true."""
    loaded: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    return {("on" if key is True else key): value for key, value in loaded.items()}


def test_the_changelog_begins_with_this_version_and_its_date() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    dated = [heading for heading in headings if heading != "Unreleased"]
    assert re.fullmatch(rf"{re.escape(PROJECT['version'])} - \d{{4}}-\d\d-\d\d", dated[0])


def test_every_python_that_is_promised_is_tested_on_linux_and_macos() -> None:
    promised = {name.rpartition(" ")[2] for name in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", name)}
    jobs = workflow("ci")["jobs"].values()
    for system in ("ubuntu", "macos"):
        tested = [
            set(job["strategy"]["matrix"]["python"])
            for job in jobs
            if job["runs-on"].startswith(system) and "strategy" in job
        ]
        assert promised in tested
    assert min(promised, key=lambda text: int(text.split(".")[1])) == PROJECT["requires-python"].removeprefix(">=")


def test_a_tag_of_this_version_publishes_without_any_kept_token() -> None:
    release = workflow("release")
    patterns = release["on"]["push"]["tags"]
    assert any(fnmatch(f"v{PROJECT['version']}", pattern) for pattern in patterns)
    assert not any(fnmatch(PROJECT["version"], pattern) for pattern in patterns)
    publishing = [
        job
        for job in release["jobs"].values()
        for step in job.get("steps", ())
        if "pypi-publish" in step.get("uses", "")
    ]
    assert [job["permissions"] for job in publishing] == [{"id-token": "write"}]
    assert "ci" in publishing[0]["needs"]
    assert set(re.findall(r"secrets\.(\w+)", (ROOT / ".github/workflows/release.yml").read_text())) == {"GITHUB_TOKEN"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read_and_use_pinned_actions(path: Path) -> None:
    loaded = workflow(path.stem)
    assert loaded["permissions"] == {"contents": "read"}
    for name, job in loaded["jobs"].items():
        for step in job.get("steps", ()):
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@(v\d+|release/v\d+)", step["uses"]), step
            for script in re.findall(r"bash (\S+)", step.get("run", "")):
                assert (ROOT / script).is_file(), f"{name}: {script}"


def test_what_the_image_copies_is_there_and_is_not_ignored() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert sorted(copied) == sorted(allowed)
    assert all((ROOT / name).exists() for name in copied)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*packages["packages"], *packages["shared-data"], PROJECT["readme"], *PROJECT["license-files"]} <= set(
        copied
    )
    assert "USER lambdatui" in lines


@pytest.mark.parametrize(("age_s", "healthy"), [(5, True), (899 - 60, True), (901, False), (None, False)])
def test_the_image_is_healthy_as_long_as_something_was_read_lately(
    age_s: int | None, healthy: bool, tmp_path: Path
) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    question = re.search(r"^HEALTHCHECK .*\\\n +CMD (.*)$", dockerfile, re.MULTILINE)
    assert question is not None
    path = tmp_path / "store.db"
    if age_s is not None:  # None: there is no store yet
        with writing(path) as connection:
            now_ms = time.time_ns() // 1_000_000
            connection.execute(
                "INSERT INTO covered (item, from_ms, to_ms) VALUES ('metrics', 0, ?)", (now_ms - age_s * 1000,)
            )
            connection.execute("INSERT INTO covered (item, from_ms, to_ms) VALUES ('of long ago', 0, 1)")
            resum(connection)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LAMBDATUI_DB": str(path),
        "HOME": str(tmp_path),
    }
    asked = subprocess.run(["/bin/sh", "-c", question[1]], env=environment, capture_output=True, timeout=60)
    assert (asked.returncode == 0) == healthy, asked.stderr


def test_the_questions_of_issue_forms_are_ones_that_the_program_answers() -> None:
    from lambdatui.cli import commands

    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        text = path.read_text("utf-8")
        form = yaml.safe_load(text)
        if path.name != "config.yml":
            assert {"name", "description", "body"} <= form.keys()
            ids = [part["id"] for part in form["body"]]
            assert len(ids) == len(set(ids))
        for name in re.findall(r"lambdatui ([a-z][a-z-]*)(?: --|')", text):
            assert name in commands.known(), f"{path.name}: {name}"
