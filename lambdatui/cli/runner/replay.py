"""``lambdatui runner replay``: a failed event again, with the local function; is it the same error?"""

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from collectors.model.clock import now_ms
from collectors.model.errors import ExitCode, LambdatuiError
from collectors.model.records import LogEvent
from collectors.parsing.assembler import Assembler
from collectors.parsing.fingerprint import fingerprint
from collectors.parsing.logged_events import AmbiguousEvents, logged_event
from collectors.untrusted import Unparsable, parsed_json
from lambdatui.cli.global_options import current_context
from lambdatui.cli.runner.dead_letters import NO_EVENT, DeadLetter, dead_letters
from lambdatui.cli.runner.log_option import function_path, with_log
from lambdatui.cli.store_access import opened
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.local import with_api
from lambdatui.text import figures
from lambdatui.text.plain import json_text, plain
from lambdatui.views import invocation as views

_LOG_WAIT_S = 5.0
_MOST_TOLD = 200
_ATTRIBUTE = 1_024  # characters of a message that a dead letter's attribute has


class EventUnknown(LambdatuiError):
    """The invocation is known, and its event is not."""

    exit_code = ExitCode.PARTLY


@dataclass(frozen=True, slots=True)
class Failure:
    """An error by its type and message; ``type`` is None where only the message is known."""

    type: str | None
    message: str

    @property
    def text(self) -> str:
        """Type and message in one line."""
        return " ".join(f"{self.type or 'an error'}: {self.message}".split())[:_MOST_TOLD]

    @property
    def fingerprint(self) -> str | None:
        """What names its group of errors; None where the type is not known."""
        return None if self.type is None else fingerprint(self.type, self.message)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is replayed: ``origin`` says where the event was found. ``failure`` is None where it did not fail.

    ``known`` is False where nobody knows whether it failed.
    """

    request_id: str | None
    function: str | None
    event: Any
    origin: str
    failure: Failure | None
    known: bool = True


@click.command(name="replay", epilog="Example: lambdatui runner replay 8f507cfc-2f2b-4a6c-8a3c-0d5f1c2b7e11")
@click.argument("request_id", metavar="[REQUEST-ID]", required=False)
@click.option("--dead-letter", type=click.File("r", encoding="utf-8"), metavar="FILE|-", help="Failed events instead.")
@click.option("--function", "function_name", help="The local function (default: that of the same name).")
@click.option("--payload", metavar="JSON|@FILE", help="The event, where the log does not have it.")
@click.option("--json", "as_json", is_flag=True, help="Results as JSON.")
@with_log
def replay(
    log_path: Path,
    request_id: str | None,
    dead_letter: Any,
    function_name: str | None,
    payload: str | None,
    as_json: bool,
) -> None:
    """Invoke a local function with a collected event, and compare the error with the recorded one.

    AWS keeps no events: the one of REQUEST-ID is taken from its log lines, where the function printed it, or from the
    queue of the local runner while it waits there. --dead-letter takes what `aws sqs receive-message` prints,
    messages of SQS and SNS, records of destinations and files of the local runner's folders.

    Errors are the same when they belong to the same group, as on the screen of errors. Exit code 0: there is no error
    now; 1: there is, the same or another; 3: the event is not known.
    """
    if (request_id is None) == (dead_letter is None):
        raise click.UsageError("give either REQUEST-ID or --dead-letter")
    if request_id is not None:
        recorded = [_recorded(log_path, request_id.strip(), payload)]
    else:
        recorded = [_of_letter(letter) for letter in dead_letters(dead_letter.read())]
    results = with_api(log_path, lambda api: [_replay(api, log_path, one, function_name) for one in recorded])
    if as_json:
        click.echo(json_text({"as_of": figures.iso(now_ms()), "rows": results}))
    else:
        for result in results:
            click.echo(plain(_text(result), newlines=True))
    if any(result["error"] for result in results):
        click.get_current_context().exit(ExitCode.FAILED)
    if any(result["result"] == "unknown event" for result in results):
        click.get_current_context().exit(ExitCode.PARTLY)


# --- what is replayed


def _recorded(log_path: Path, request_id: str, payload: str | None) -> Recorded:
    """The invocation in the store, else in the runner's own log. Raises EventUnknown, RunnerError."""
    own_event = None if payload is None else _payload(payload)
    source = _in_store(request_id) or _in_runner_log(log_path, request_id)
    if source is None:
        raise RunnerError(f"no invocation {request_id!r} in {current_context().db} or {log_path}")
    whole_id, function, events, queued = source
    failure = _failure(events)
    if own_event is not None:
        return Recorded(whole_id, function, own_event, "--payload", failure, known=bool(events))
    if queued is not None:
        return Recorded(whole_id, function, queued, "the runner's queue", failure, known=bool(events))
    event = logged_event([event.message for event in events])
    if event is None:
        raise EventUnknown(
            f"the event of {whole_id} is not known: {function} did not print it",
            advice="give it as --payload, take a dead letter (--dead-letter), or let the function log its event",
        )
    if isinstance(event, AmbiguousEvents):
        lines = "; ".join(" ".join(line.split())[:80] for line in event.lines[:3])
        raise EventUnknown(f"{whole_id} printed several objects: {lines}", advice="give its event as --payload")
    line = " ".join(event.line.split())[:80]
    return Recorded(whole_id, function, event.event, f"the log line {line}", failure)


def _payload(payload: str) -> Any:
    text = Path(payload[1:]).read_text(encoding="utf-8") if payload.startswith("@") else payload
    try:
        return parsed_json(text)
    except Unparsable as error:
        raise click.UsageError(f"--payload is no JSON: {error}") from error


_Found = tuple[str, str, list[LogEvent], Any]
"""Request id, function, log events, and the event where it waits in a queue (else None)."""


def _in_store(request_id: str) -> _Found | None:
    if not current_context().db.is_file():
        return None
    with opened() as store:
        try:
            detail = views.find(store.reader, request_id)
        except views.AmbiguousRequest as error:
            raise RunnerError(str(error)) from None
    if detail is None:
        return None
    shown = detail.invocation
    group = f"/aws/lambda/{shown.function}"
    events = [LogEvent(line.timestamp, line.text, group, "replayed", str(n)) for n, line in enumerate(detail.lines)]
    return shown.request_id, shown.function, events, None


def _in_runner_log(log_path: Path, request_id: str) -> _Found | None:
    if not log_path.is_file():
        return None
    db = sqlite3.connect(f"{log_path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        queued = db.execute(
            "SELECT function, payload FROM async_events WHERE request_id = ? ORDER BY id DESC LIMIT 1", (request_id,)
        ).fetchone()
        place = db.execute(
            "SELECT log_group, log_stream FROM log_events WHERE instr(message, ?) ORDER BY id DESC LIMIT 1",
            (request_id,),
        ).fetchone()
        events = _attempt(db, place[0], place[1], request_id) if place else []
    finally:
        db.close()
    if queued is None and not events:
        return None
    name = str(queued[0]).split(":")[6] if queued else str(place[0]).removeprefix("/aws/lambda/")
    payload = parsed_json(queued[1]) if queued and queued[1] is not None else None
    return request_id, name, events, payload


def _attempt(db: sqlite3.Connection, group: str, stream: str, request_id: str) -> list[LogEvent]:
    """The events of the last attempt of a request in a stream, with its init; empty until its REPORT is written."""
    rows = db.execute(
        "SELECT timestamp_ms, message, event_id FROM log_events WHERE log_group = ? AND log_stream = ? ORDER BY id",
        (group, stream),
    ).fetchall()
    ends = [number for number, row in enumerate(rows) if "REPORT RequestId:" in row[1] or "platform.report" in row[1]]
    own = [number for number in ends if request_id in rows[number][1]]
    if not own:
        return []
    begin = max((number for number in ends if number < own[-1]), default=-1) + 1
    return [LogEvent(row[0], row[1], group, stream, row[2]) for row in rows[begin : own[-1] + 1]]


def _failure(events: Sequence[LogEvent]) -> Failure | None:
    """The failure that an invocation's log events show, as a collection of them would find it."""
    assembler = Assembler()
    assembler.feed(list(events))
    errors = assembler.take(final=True).errors
    return Failure(errors[0].error_type, errors[0].message) if errors else None


def _of_letter(letter: DeadLetter) -> Recorded:
    failure = None
    if letter.error_message is not None or letter.error_type is not None:
        failure = Failure(letter.error_type, letter.error_message or "")
    return Recorded(letter.request_id, letter.function, letter.event, "the dead letter", failure, failure is not None)


# --- the local function


def _replay(api: Api, log_path: Path, recorded: Recorded, function_name: str | None) -> dict[str, Any]:
    name = function_name or recorded.function
    if name is None:
        raise RunnerError("a dead letter of a queue does not say which function failed: give --function NAME")
    result: dict[str, Any] = {
        "request_id": recorded.request_id,
        "function": name,
        "event_from": recorded.origin,
        "recorded_error": None if recorded.failure is None else recorded.failure.text,
        "recorded_fingerprint": None if recorded.failure is None else recorded.failure.fingerprint,
        "local_request_id": None,
        "error": None,
        "fingerprint": None,
    }
    if recorded.event is NO_EVENT:
        return result | {"result": "unknown event"}
    if api.ask("GET", function_path(name)).status == 404:
        raise RunnerError(
            f"{name} is not deployed here: lambdatui runner deploy PATH --name {name}, or give --function"
        )
    body = json.dumps(recorded.event).encode()
    reply = api.ask("POST", function_path(name, "/invocations"), body, {"X-Amz-Log-Type": "Tail"})
    if reply.status >= 300:
        raise RunnerError(str(reply.document.get("message") or reply.document.get("Message")))
    result["local_request_id"] = reply.headers.get("x-amzn-requestid")
    now: Failure | None = None
    if "x-amz-function-error" in reply.headers:
        now = _local_failure(log_path, str(result["local_request_id"])) or _answered(reply.body)
    if now is not None:
        result |= {"error": now.text, "fingerprint": now.fingerprint}
    return result | {"result": _compared(recorded, now)}


def _local_failure(log_path: Path, request_id: str) -> Failure | None:
    """The failure that the runner's log shows of a request that has just been answered."""
    until = time.monotonic() + _LOG_WAIT_S
    while time.monotonic() < until:
        found = _in_runner_log(log_path, request_id)
        if found is not None and found[2]:
            return _failure(found[2])
        time.sleep(0.02)
    return None


def _answered(body: bytes) -> Failure:
    try:
        error = parsed_json(body)
    except Unparsable:
        error = {}
    error = error if isinstance(error, dict) else {}
    return Failure(str(error.get("errorType", "Unhandled")), str(error.get("errorMessage", "")))


def _compared(recorded: Recorded, now: Failure | None) -> str:
    if now is None:
        return "no error now" if recorded.failure is not None or not recorded.known else "no error, as recorded"
    if recorded.failure is None:
        return "an error now" if recorded.known else "an error; the recorded one is not known"
    before = recorded.failure
    if before.type is None:  # a queue's letter has the message alone, and not all of it
        same = fingerprint("", before.message[:_ATTRIBUTE]) == fingerprint("", now.message[:_ATTRIBUTE])
    else:
        same = before.fingerprint == now.fingerprint
    return "same error" if same else "another error"


def _text(result: dict[str, Any]) -> str:
    lines = [f"{result['result']}: {result['function']}, request {result['request_id'] or 'unknown'}"]
    if result["recorded_error"]:
        lines.append(f"  recorded  {result['recorded_error']}")
    if result["error"]:
        lines.append(f"  now       {result['error']}")
    lines.append(f"  event     from {result['event_from']}")
    if result["local_request_id"]:
        lines.append(f"  log       lambdatui runner logs {result['function']} (request {result['local_request_id']})")
    return "\n".join(lines)
