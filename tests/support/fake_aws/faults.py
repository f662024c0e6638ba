"""The kinds of faults, each a function of the request and the answer. The package's docstring says how they are used."""

import copy
import gzip as _gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from collectors.model.units import HOUR_S
from tests.support.fake_aws.paging import TOKENS
from tests.support.fake_aws.server import Fault
from tests.support.fake_aws.wire import Asked, Reply, refusal

_HTML = b"<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body>Please log in.</body></html>"


# --- on the wire ------------------------------------------------------------------------------------------------------


def truncated(share: float = 0.5) -> Fault:
    """The connection ends after a share of the bytes that Content-Length promised."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        body = reply.encoded(asked)
        return replace(reply, body=body[: int(len(body) * share)], length=len(body), cut=True)

    return fault


def truncated_chunks(share: float = 0.5) -> Fault:
    """A chunked answer that ends without its last chunk."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        body = reply.encoded(asked)
        return replace(reply, body=body[: int(len(body) * share)], chunked=True, cut=True)

    return fault


def reset() -> Fault:
    return lambda asked, reply: replace(reply, reset=True)


def hanging(seconds: float = float(HOUR_S)) -> Fault:
    """Nothing is answered until then, or until the server ends."""
    return lambda asked, reply: replace(reply, hang_s=seconds)


def trickling(seconds: float = 1.0) -> Fault:
    """A byte of the body at a time."""
    return lambda asked, reply: replace(reply, trickle_s=seconds)


# --- in the body ------------------------------------------------------------------------------------------------------


def half_json(share: float = 0.5) -> Fault:
    """A share of the body, and a Content-Length that agrees with it."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        body = reply.encoded(asked)
        return replace(reply, body=body[: int(len(body) * share)])

    return fault


def body(content: bytes, status: int = 200, kind: str = "") -> Fault:
    """These bytes, whatever was asked."""
    named = {"Content-Type": kind} if kind else {}
    return lambda asked, reply: replace(reply, status=status, body=content, headers=reply.headers | named)


def html(status: int = 200) -> Fault:
    """What a proxy or a portal answers."""
    return body(_HTML, status, "text/html")


def empty() -> Fault:
    return body(b"")


def gzipped() -> Fault:
    def fault(asked: Asked, reply: Reply) -> Reply:
        named = {"Content-Encoding": "gzip"}
        return replace(reply, body=_gzip.compress(reply.encoded(asked)), headers=reply.headers | named)

    return fault


# --- in the values ----------------------------------------------------------------------------------------------------


def altered(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """``change`` is given a copy of a good answer; what it returns, or that copy, is sent."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        if reply.status >= 300 or not isinstance(reply.answer, dict):
            return reply
        answer = copy.deepcopy(reply.answer)
        changed = change(answer)
        return replace(reply, answer=answer if changed is None else changed, body=None)

    return fault


def _lists(change: Callable[[list[Any]], Any]) -> Fault:
    """Every list at the top of an answer, changed; not names whose order says what others are."""
    return altered(
        lambda answer: {
            name: change(each) if isinstance(each, list) and name != "GroupDefinitions" else each
            for name, each in answer.items()
        }
    )


def reordered() -> Fault:
    return _lists(lambda each: each[::-1])


def doubled() -> Fault:
    return _lists(lambda each: each + each)


def with_nulls() -> Fault:
    return _lists(lambda each: [None, *each, None])


def lists_as_objects() -> Fault:
    return _lists(lambda each: {str(number): one for number, one in enumerate(each)})


def list_as_answer() -> Fault:
    return altered(lambda answer: [answer])


def numbers_as_text() -> Fault:
    """Every number, however deep, as a string."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: change(each) for name, each in value.items()}
        if isinstance(value, list):
            return [change(each) for each in value]
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    return altered(change)


def without_fields(*names: str) -> Fault:
    """Objects in lists lack the fields."""
    return _lists(lambda each: [{n: v for n, v in one.items() if n not in names} for one in each])


# --- in GetMetricData -------------------------------------------------------------------------------------------------


def absent_series(which: Callable[[dict[str, Any]], bool] = lambda query: True) -> Fault:
    """No result for the queries that are ``which``."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        left_out = {one["Id"] for one in asked.request["MetricDataQueries"] if which(one)}

        def change(answer: dict[str, Any]) -> None:
            answer["MetricDataResults"] = [one for one in answer["MetricDataResults"] if one["Id"] not in left_out]

        return altered(change)(asked, reply)

    return fault


def of_metric(name: str, function: str = "") -> Callable[[dict[str, Any]], bool]:
    """For ``absent_series``: the queries of a metric, of one function where it is named."""

    def which(query: dict[str, Any]) -> bool:
        metric = query["MetricStat"]["Metric"]
        of = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
        return metric["MetricName"] == name and (not function or of.get("FunctionName") == function)

    return which


def unanswered(status: str = "PartialData") -> Fault:
    """Every series empty, with a status code such as PartialData, InternalError or Forbidden."""

    def change(answer: dict[str, Any]) -> None:
        answer["MetricDataResults"] = [
            one | {"StatusCode": status, "Timestamps": [], "Values": []} for one in answer["MetricDataResults"]
        ]

    return altered(change)


# --- in the tokens ----------------------------------------------------------------------------------------------------


def repeated_token(*, emptied: bool = True) -> Fault:
    """The token that was asked with, again; ``emptied``: with nothing, as AWS does, else with the page."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        by, told = TOKENS.get(asked.service, ("", ""))
        if by not in asked.request:
            return reply

        def change(answer: dict[str, Any]) -> dict[str, Any]:
            kept = {name: [] if emptied and isinstance(each, list) else each for name, each in answer.items()}
            return kept | {told: asked.request[by]}

        return altered(change)(asked, reply)

    return fault


def alternating_tokens(first: int = 1, second: int = 2) -> Fault:
    """Two tokens in turns, for ever: where the pages begin at ``first`` and at ``second``."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        by, told = TOKENS.get(asked.service, ("", ""))
        if not by:
            return reply
        a, b = f"{asked.operation}-{first}", f"{asked.operation}-{second}"
        return altered(lambda answer: answer | {told: b if asked.request.get(by) == a else a})(asked, reply)

    return fault


def endless(*, empty: bool = True) -> Fault:
    """Always another token: to empty pages, or to the same page again."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        _, told = TOKENS.get(asked.service, ("", ""))
        if not told:
            return reply
        at = 1_000_000 + asked.number if empty else 0
        return altered(lambda answer: answer | {told: f"{asked.operation}{asked.number}-{at}"})(asked, reply)

    return fault


# --- refusals ---------------------------------------------------------------------------------------------------------


def refused(status: int, code: str, message: str = "") -> Fault:
    return lambda asked, reply: refusal(asked, status, code, message or code)


def denied() -> Fault:
    """403, with the action and the resource named as IAM does."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        function = asked.request.get("FunctionName")
        on = f"arn:aws:lambda:{asked.region}:{asked.account}:function:{function}" if function else "*"
        said = f"User: arn:aws:iam::{asked.account}:user/x is not authorized to perform: {asked.name} on resource: {on}"
        return refusal(asked, 403, "AccessDeniedException", said)

    return fault


def throttled() -> Fault:
    return refused(400, "ThrottlingException", "Rate exceeded")


def failing() -> Fault:
    return refused(500, "InternalFailure", "We failed.")


def missing() -> Fault:
    return refused(400, "ResourceNotFoundException", "It does not exist.")
