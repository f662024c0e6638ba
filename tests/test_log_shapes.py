"""Every form in which people hold logs: the same two invocations come out of each, with the names that it says."""

import json
from pathlib import Path

import pytest
from command_line import rows, run
from log_shapes import FORMS, ONE, STREAM, TWO


@pytest.mark.parametrize("name", FORMS)
def test_two_invocations_in_every_form(tmp_path: Path, name: str) -> None:
    form = FORMS[name]
    path, store = tmp_path / "export.log", tmp_path / "store.db"
    path.write_bytes(form.text if isinstance(form.text, bytes) else form.text.encode())
    result = run("--db", store, "import", "--function", "given", path, "--json")
    assert (result.exit_code, json.loads(result.stdout)["rejected"], result.stderr) == (0, 0, "")
    found = sorted(
        rows(run("--db", store, "--range", "all", "invocations", "--json")), key=lambda row: row["started_at"]
    )
    names = ("request_id", "status", "duration_ms", "billed_ms", "memory_mb", "max_memory_mb", "function")
    assert sorted(tuple(row[name] for name in names) for row in found) == sorted(
        (request, "ok", 12.34, 13, 128, 40, form.function) for request in (ONE, TWO)
    )
    if form.stream:
        assert {row["log_stream"] for row in found} == {STREAM}
    if form.at:
        assert [row["started_at"] for row in found] == ["2025-11-04T10:00:00Z", "2025-11-04T10:00:10Z"]
    said = rows(run("--db", store, "--range", "all", "logs", "--json", "--limit", 100))
    owners = {row["message"].strip(): row["request_id"] for row in said if "said" in row["message"]}
    assert sorted((text.split("\t")[-1], owner) for text, owner in owners.items()) == [
        ("first said", ONE),
        ("second said", TWO),
    ]
