"""More forms of the two invocations of ``log_shapes``: what browsers and HTTP clients kept, data frames, mail."""

import base64
import gzip
import json
import quopri

from tests.support.log_forms import ONE, PLAIN, TWO, Form, each, iso, lines, report
from tests.support.log_forms_printed import events

SNAPSTART = "RESTORE_START Runtime Version: java:21.v9\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab\n"
HALVES = [PLAIN[: PLAIN.index("START", 5)], PLAIN[PLAIN.index("START", 5) :]]
TAILS = [base64.b64encode(half.encode()).decode() for half in HALVES]
ANSWER = json.dumps({"events": events()})


def archived(*contents: dict[str, str]) -> str:
    other = {"request": {"postData": {"text": "START RequestId: asked"}}, "response": {"content": {"text": "<html>"}}}
    entries = [{"request": {"url": "https://logs"}, "response": {"content": each}} for each in contents]
    return json.dumps({"log": {"version": "1.2", "entries": [other, *entries]}})


def collection(*responses: dict[str, object]) -> str:
    return json.dumps({"info": {"name": "c"}, "item": [{"name": "f", "item": [{"name": "r", "response": responses}]}]})


def zipped_text(part: list[dict[str, object]]) -> str:
    return base64.b64encode(gzip.compress(json.dumps({"events": part}).encode(), mtime=0)).decode()


def quoted(text: str) -> bytes:
    return quopri.encodestring(text.encode()).replace(b"\t", b"=09")


ANSWERS = {
    "a HAR file": Form(archived({"mimeType": "application/x-amz-json-1.1", "text": ANSWER})),
    "a HAR file in base64": Form(archived({"encoding": "base64", "text": base64.b64encode(ANSWER.encode()).decode()})),
    "a HAR file of two answers": Form(archived(*({"text": json.dumps({"events": part})} for part in (events()[:4], events()[4:])))),
    "a HAR file of plain lines": Form(archived({"text": PLAIN}), at=False),
    "Postman's collection": Form(collection({"code": 200, "body": ANSWER})),
    "Postman's headers": Form(collection(*({"header": [{"key": "X-Amz-Log-Result", "value": tail}], "body": "{}"} for tail in TAILS)), at=False),
    "Insomnia's export": Form(json.dumps({"_type": "export", "resources": [{"headers": [{"name": "x-amz-log-result", "value": tail}]} for tail in TAILS]}), at=False),
    "headers of an answer": Form(json.dumps([{"status": 200, "headers": {"x-amz-log-result": tail}} for tail in TAILS]), at=False),
    "headers with lists": Form("".join(json.dumps({"response": {"headers": {"X-Amz-Log-Result": [tail]}}}) + "\n" for tail in TAILS), at=False),
    "SNS in SQS": Form(json.dumps({"Records": [{"messageId": "1", "body": json.dumps({"Type": "Notification", "Message": ANSWER})}]})),
    "a data frame by columns": Form(json.dumps({"timestamp": {str(at): ms for at, (ms, _) in enumerate(lines())}, "level": dict.fromkeys(map(str, range(8))), "message": {str(at): line for at, (_, line) in enumerate(lines())}})),
    "a data frame by rows": Form(json.dumps({str(at): {"timestamp": ms, "message": line} for at, (ms, line) in enumerate(lines())})),
    "DuckDB's box": Form("\u250c\u2500\u252c\u2500\u2510\n\u2502 timestamp \u2502 message \u2502\n\u2502   int64   \u2502 varchar \u2502\n\u251c\u2500\u253c\u2500\u2524\n" + each("\u2502 {ms} \u2502 {line} \u2502", "  ") + "\u2514\u2500\u2534\u2500\u2518\n"),
    "Polars' box": Form("\u250c\u2500\u252c\u2500\u2510\n\u2502 timestamp \u2506 message \u2502\n\u2502 ---       \u2506 ---     \u2502\n\u2502 datetime[\u03bcs] \u2506 str \u2502\n\u255e\u2550\u256a\u2550\u2561\n" + each("\u2502 2025-11-04 {clock} \u2506 {line} \u2502", "  ") + "\u2514\u2500\u2534\u2500\u2518\n"),
    "quoted-printable without a mail": Form(quoted(PLAIN), at=False),
    "an invocation on one line": Form("".join(f"START RequestId: {one} Version: $LATEST {said} END RequestId: {one} {report(one, ' ')}\n" for one, said in ((ONE, "first said"), (TWO, "second said"))), at=False),
    "unfolded beside its line": Form("".join(f"{iso(ms)}\t{line}\n\n{line}\n" for ms, line in lines("  "))),
    "a name of JavaScript's": Form(f"const events = {json.dumps(events())};\n"),
    "a callback": Form(f"show({json.dumps({'events': events()})});\n"),
    ".NET's dates": Form(json.dumps([{"Timestamp": f"/Date({each['timestamp']})/", "Message": each["message"]} for each in events()])),
    "many rows of one INSERT": Form("INSERT INTO logs (ts, message) VALUES " + ", ".join(f"({ms}, '{line}')" for ms, line in lines("\\t")) + ";\n"),
    "gzip in a table": Form("id;data\n" + "".join(f"{at};{zipped_text(part)}\n" for at, part in enumerate((events()[:4], events()[4:])))),
    "RESTORE_START first": Form(SNAPSTART + PLAIN, at=False),
    "RESTORE_REPORT first": Form("RESTORE_REPORT Restore Duration: 204.27 ms\n" + PLAIN, at=False),
    "INIT_REPORT first": Form("INIT_REPORT Init Duration: 99.27 ms\tPhase: init\n" + PLAIN, at=False),
}  # fmt: skip
