"""Lines with metrics (EMF) in every form of file: the whole object is the line, and its time is that of the values."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.emf import by_series, emf, listed
from tests.support.invocation_logs import T0, bring_in

REQUEST = "5d1b4ef1-6a0f-4b4c-9d24-0c5d8f2f7e11"
REPORT = f"REPORT RequestId: {REQUEST}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t"
STARTED = {
    "time": "2026-02-02T02:40:00.000Z",
    "type": "platform.start",
    "record": {"requestId": REQUEST, "version": "1"},
}
ENDED = {"time": "2026-02-02T02:40:01.000Z", "type": "platform.report", "record": {"requestId": REQUEST, "status": "success", "metrics": {
         "durationMs": 9.0, "billedDurationMs": 9, "memorySizeMB": 128, "maxMemoryUsedMB": 40}}}  # fmt: skip
# Names of members that exporters' envelopes have too.
LIKE_AN_ENVELOPE = emf(
    T0, {"records": [1, 2], "events": [3]}, function_name="shop", logGroup="/own/group", stream="x", data="y"
)


@pytest.mark.parametrize("document", [emf(T0, {"n": [4]}, service="pay"), LIKE_AN_ENVELOPE], ids=["plain", "envelope"])
@pytest.mark.parametrize(
    "form", ["json lines", "pasted", "telemetry", "telemetry as text", "emf alone", "subscription"]
)
def test_a_bare_document_is_the_functions_own_line_in_every_form(tmp_path: Path, form: str, document: str) -> None:
    texts = [f"START RequestId: {REQUEST} Version: $LATEST\n", document, f"END RequestId: {REQUEST}\n", f"{REPORT}\n"]
    said: object = document if form == "telemetry as text" else json.loads(document)
    batch = [STARTED, {"time": STARTED["time"], "type": "function", "record": said}, ENDED]
    delivered = [{"id": f"{at:056d}", "timestamp": T0 + at, "message": text} for at, text in enumerate(texts)]
    content = {
        "json lines": f"{json.dumps(STARTED)}\n{document}{json.dumps(ENDED)}\n", "pasted": "".join(texts),
        "telemetry": json.dumps(batch), "telemetry as text": json.dumps(batch), "emf alone": document,
        "subscription": json.dumps({"messageType": "DATA_MESSAGE", "logGroup": "/aws/lambda/shop", "logEvents": delivered}),
    }[form]  # fmt: skip
    (tmp_path / "given").write_text(content)
    db = tmp_path / "a.db"
    done = run("--db", db, "import", "--function", "shop", str(tmp_path / "given"), "--json")
    assert json.loads(done.stdout)["rejected"] == 0
    values = {key[1]: value for key, value in by_series(listed(db), "Sum").items()}
    assert values == ({"records": 3, "events": 3} if document is LIKE_AN_ENVELOPE else {"n": 4})
    assert {(one["function"], one["last_point"]) for one in listed(db)} == {("shop", "2026-02-02T02:40:00Z")}


def test_a_shippers_event_that_holds_the_document_twice_is_counted_once(tmp_path: Path) -> None:
    text = emf(T0, {"n": 4}, service="pay")
    shipped = {"@timestamp": T0, "message": text, "logGroup": "/aws/lambda/shop", **json.loads(text)}
    (tmp_path / "a.jsonl").write_text(json.dumps(shipped) + "\n")
    bring_in(tmp_path / "a.db", str(tmp_path / "a.jsonl"))
    assert by_series(listed(tmp_path / "a.db"), "Sum") == {("Shop", "n", "service=pay", "Count"): 4}
