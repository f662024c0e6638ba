"""The local runner that filled the store, while it runs: which functions it has, and invoking them over HTTP.

Only a runner on this machine is ever invoked: its address comes from the lock beside its own log, and what speaks to it
knows no AWS. Asked in threads.
"""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from collectors.model.records import LOCAL_ACCOUNT
from collectors.model.units import MIB_BYTES
from collectors.store.read.reader import Reader
from collectors.untrusted import Unparsable, parsed_json
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.serving.client import Api, Reply
from lambdatui.runner.serving.lock import serving_address
from lambdatui.views.local_runner import runner_log

MOST_BYTES = 6 * MIB_BYTES
"""The largest payload of a synchronous invocation; an asynchronous one has 1 MB (Lambda quotas)."""

_FUNCTIONS = "/2015-03-31/functions"
_LISTING_S = 5.0


@dataclass(frozen=True, slots=True)
class LocalRunner:
    """A running local runner: its address, and the ids in the store of the functions that it has."""

    url: str
    token: str | None
    ids: frozenset[int]

    def api(self) -> Api:
        """A connection to the runner."""
        return Api(self.url, self.token, serving=True)


@dataclass(frozen=True, slots=True)
class Invoked:
    """The outcome of an invocation. ``answer`` and ``log`` are hostile text; ``took_ms`` is as seen from here."""

    status: int
    request_id: str
    error: str
    answer: str
    log: str
    took_ms: float
    event: bool


def running_runner(reader: Reader) -> LocalRunner | None:
    """The local runner that filled the store; None where none did, or that one does not run."""
    path = runner_log(reader)
    address = serving_address(path) if path is not None else None
    if address is None:
        return None
    try:
        names = _names(Api(address["url"], address.get("token"), serving=True, timeout_s=_LISTING_S))
    except (OSError, RunnerError, ValueError, KeyError):
        return None
    ids = frozenset(
        row.id
        for row in reader.functions()
        if row.function.key.account == LOCAL_ACCOUNT and (row.function.key.region, row.function.key.name) in names
    )
    return LocalRunner(address["url"], address.get("token"), ids)


def _names(api: Api) -> set[tuple[str, str]]:
    """Region and name of each function."""
    names: set[tuple[str, str]] = set()
    marker = ""
    while True:
        page: dict[str, Any] = api.do("GET", f"{_FUNCTIONS}/{'?Marker=' + quote(marker) if marker else ''}")
        names |= {(one["FunctionArn"].split(":")[3], one["FunctionName"]) for one in page["Functions"]}
        marker = page.get("NextMarker") or ""
        if not marker:
            return names


def problem_of(payload: str) -> str:
    """Why a payload cannot be sent; empty where it can."""
    try:
        parsed_json(payload)
    except Unparsable as error:
        cause = error.__cause__
        if isinstance(cause, json.JSONDecodeError):
            return f"this is no JSON at character {cause.pos + 1}: {cause.msg}"
        return f"this is no JSON: {error}"
    size = len(payload.encode("utf-8", "replace"))
    return f"{size:,} bytes are more than the {MOST_BYTES:,} that Lambda takes" if size > MOST_BYTES else ""


def invoke(api: Api, name: str, payload: str, *, event: bool) -> Invoked:
    """Invokes a function and waits for the answer, up to 15 minutes; an ``event`` is only accepted.

    ``payload`` is JSON. Raises ``OSError`` where nobody answers any more.
    """
    kind = {"X-Amz-Invocation-Type": "Event" if event else "RequestResponse"}
    tail = {} if event else {"X-Amz-Log-Type": "Tail"}
    began = time.monotonic()
    reply = api.ask("POST", f"{_FUNCTIONS}/{quote(name, safe='')}/invocations", payload.encode(), kind | tail)
    took_ms = 1000 * (time.monotonic() - began)
    log = base64.b64decode(reply.headers.get("x-amz-log-result", "")).decode("utf-8", "replace")
    answer = reply.body.decode("utf-8", "replace")
    request_id = reply.headers.get("x-amzn-requestid", "")
    return Invoked(reply.status, request_id, _error(reply), answer, log, took_ms, event)


def _error(reply: Reply) -> str:
    """The function's error, or why it was refused; empty for a success."""
    if reply.status < 300 and "x-amz-function-error" not in reply.headers:
        return ""
    try:
        document = reply.document
        known = document if isinstance(document, dict) else {}
    except ValueError:
        known = {}
    if reply.status >= 300:
        kind = reply.headers.get("x-amzn-errortype", "").partition(":")[0]
        return " ".join(filter(None, (kind, str(known.get("message") or known.get("Message") or ""))))
    return str(known.get("errorType") or reply.headers["x-amz-function-error"])
