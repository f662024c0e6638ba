"""Two invocations of two streams as tools write them: every form with what must come out of it.

A form is a text (or bytes), and what it says beside the lines: ``function``, ``stream``, the time of the first line.
"""

import base64
import gzip
import json
from pprint import pformat
from typing import NamedTuple

ONE, TWO = "6b1e5a0c-3f7d-4b62-9a4e-1d2c3b4a5f60", "c94f7e21-80ab-4d15-b6c3-5e6f7a8b9c0d"
STREAM = "2025/11/04/[$LATEST]fedcba98765432100123456789abcdef"
GROUP = "/aws/lambda/orders"
FIRST_MS = 1_762_250_400_000  # 2025-11-04T10:00:00Z


class Form(NamedTuple):
    """``at``: whether the form says when; ``function``: the name that it says (``given`` from the command line)."""

    text: str | bytes
    at: bool = True
    function: str = "given"
    stream: bool = False


def report(request: str, tab: str = "\t") -> str:
    figures = ("Duration: 12.34 ms", "Billed Duration: 13 ms", "Memory Size: 128 MB", "Max Memory Used: 40 MB")
    return f"REPORT RequestId: {request}{tab}" + tab.join(figures) + tab


def lines(tab: str = "\t") -> list[tuple[int, str]]:
    """Milliseconds and text of each line."""
    found = []
    for number, (request, said) in enumerate(((ONE, "first said"), (TWO, "second said"))):
        texts = (
            f"START RequestId: {request} Version: $LATEST",
            said,
            f"END RequestId: {request}",
            report(request, tab),
        )
        found += [(FIRST_MS + number * 10_000 + at * 1000, text) for at, text in enumerate(texts)]
    return found


def iso(ms: int) -> str:
    seconds = (ms - FIRST_MS) // 1000
    return f"2025-11-04T10:00:{seconds:02}.000Z"


def each(form: str, tab: str = "\t", end: str = "\n") -> str:
    """Every line in a form that has ``{n}`` its number, ``{ms}``, ``{s}``, ``{iso}``, ``{day}``, ``{at}`` and ``{line}``."""
    made = ""
    for number, (ms, line) in enumerate(lines(tab), 1):
        clock = iso(ms)[11:19]
        values = {"n": number, "ms": ms, "s": ms // 1000, "iso": iso(ms), "clock": clock, "line": line}
        text = form
        for key, value in values.items():
            text = text.replace("{" + key + "}", str(value))
        made += text + end
    return made


def events(**more: object) -> list[dict[str, object]]:
    return [{"timestamp": ms, "message": line, **more} for ms, line in lines()]


def jsonl(found: list[dict[str, object]]) -> str:
    return "".join(json.dumps(each) + "\n" for each in found)


def packed(text: str, times: int = 1) -> str:
    data = text.encode()
    for _ in range(times):
        data = base64.b64encode(gzip.compress(data, mtime=0))
    return data.decode()


def plain(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def wrapped(text: str, width: int) -> str:
    return "".join(
        f"{line[at : at + width]}\n" for line in text.splitlines() for at in range(0, max(1, len(line)), width)
    )


def otlp(attributes: list[dict[str, object]]) -> dict[str, object]:
    records = [
        {"timeUnixNano": str(ms * 1_000_000), "severityText": "INFO", "body": {"stringValue": line}}
        for ms, line in lines()
    ]
    return {"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": records}]}]}


def attribute(key: str, value: str) -> dict[str, object]:
    return {"key": key, "value": {"stringValue": value}}


SUBSCRIPTION = json.dumps({
    "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": STREAM,
    "logEvents": [{"id": str(ms), "timestamp": ms, "message": line} for ms, line in lines()],
})  # fmt: skip
PLAIN = each("{line}")
CSV = "timestamp,message\n" + "".join(f'{ms},"{line}\n"\n' for ms, line in lines())
TABLE = "| @timestamp | @message |\n| --- | --- |\n" + each("| 2025-11-04 {clock}.000 | {line} |")
TELEMETRY = [
    {"time": iso(FIRST_MS), "type": "platform.initStart", "record": {"functionName": "orders", "functionVersion": "$LATEST", "phase": "init"}},
    *(
        record
        for number, (request, said) in enumerate(((ONE, "first said"), (TWO, "second said")))
        for record in (
            {"time": iso(FIRST_MS + number * 10_000), "type": "platform.start", "record": {"requestId": request, "version": "$LATEST"}},
            {"time": iso(FIRST_MS + number * 10_000 + 1000), "type": "function", "record": said},
            {"time": iso(FIRST_MS + number * 10_000 + 3000), "type": "platform.report", "record": {"requestId": request, "status": "success", "metrics": {
                "durationMs": 12.34, "billedDurationMs": 13, "memorySizeMB": 128, "maxMemoryUsedMB": 40}}},
        )
    ),
]  # fmt: skip
YAML = "events:\n" + each(
    "- eventId: '{n}'\n  ingestionTime: 1762250499000\n  logStreamName: "
    + STREAM
    + "\n  message: '{line}\n\n    '\n  timestamp: {ms}"
)
RED, NOT = "\x1b[35m\x1b[K", "\x1b[m\x1b[K"
NESTED = {"aws": {"cloudwatch": {"log_group": GROUP, "log_stream": STREAM}}}

FORMS: dict[str, Form] = {
    # what finds lines
    "grep -n": Form(each("{n}:{line}"), at=False),
    "grep -H": Form(each("lambda.log:{line}"), at=False),
    "grep -nH": Form(each("out/lambda.log:{n}:{line}"), at=False),
    "grep -rn of two files": Form(each("a/x.log:{n}:{line}").replace("a/x.log:5", "b-2/yy.log:5"), at=False),
    "grep -nH in colour": Form(each(f"{RED}l.log{NOT}\x1b[36m\x1b[K:{NOT}{RED}{{n}}{NOT}\x1b[36m\x1b[K:{NOT}{{line}}"), at=False),
    "grep -n of an export": Form(each("{n}:{iso} {line}")),
    "grep -n of CSV": Form("1:timestamp,message\n" + each('{n}:{ms},"{line}"').replace("1:1762250400000", "2:1762250400000")),
    "grep -H of JSON lines": Form("".join(f"a.json:{json.dumps(each)}\n" for each in events())),
    "grep -C with neighbours": Form(each("l.log-{n}-{line}").replace("-1-", ":1:").replace("-3-", ":3:") + "--\n", at=False),
    "ripgrep with a heading": Form("lambda.log\n" + each("{n}:{line}"), at=False),
    "ripgrep --column": Form(each("lambda.log:{n}:1:{line}"), at=False),
    "cat -n": Form(each("     {n}\t{line}"), at=False),
    "Windows' findstr": Form(each("C:\\logs\\a.log:{n}:{line}"), at=False),
    # what stands before them
    "docker compose": Form(each("orders-1  | {line}"), at=False),
    "CRI of Kubernetes": Form(each("{iso} stdout F {line}")),
    "kubectl --prefix": Form(each("[pod/orders-5d/app] {line}"), at=False),
    "syslog": Form(each("Nov  4 {clock} ip-10-0-0-7 lambda[812]: {line}"), at=False),
    "RFC 5424": Form(each("<14>1 {iso} host7 lambda 812 - - {line}")),
    "journald": Form(each("Nov 04 {clock} box lambda[7]: {line}"), at=False),
    "fluent-bit's stdout": Form(each('[{n}] lambda: [{s}.000000000, {"log"=>"{line}"}]')),
    "fluent-bit's new stdout": Form(each('[{n}] lambda: [[{s}.000000000, {}], {"log"=>"{line}"}]')),
    "fluentd's stdout": Form(each('2025-11-04 {clock}.000000000 +0000 lambda.orders: {"log":"{line}"}', "\\t")),
    "logcli": Form(each('2025-11-04T{clock}Z {function_name="orders"} {line}'), function="orders"),
    "logfmt": Form(each('ts={iso} level=info fn=orders msg="{line}"', "\\t"), function="orders"),
    "logfmt, time last": Form(each('level=info msg="{line}" ts={iso}', "\\t")),
    "Wazuh": Form(each('2025 Nov 04 {clock} (h1) any->aws-s3 DEBUG: The message is "{line}')),
    "papertrail": Form(each("Nov 04 {clock} orders app/lambda:  {line}"), at=False),
    "vector's console": Form(each('{"message":"{line}","timestamp":"{iso}"}', "\\t")),
    "logger -s": Form(each("<13>Nov  4 {clock} me: {line}"), at=False),
    "a word and no blank": Form(each("orders>{line}"), at=False),
    "a number and a semicolon": Form(each("{n};{line}"), at=False),
    "awslogs": Form(each(f"{GROUP} {STREAM} {{line}}"), at=False, function="orders", stream=True),
    "awslogs --timestamp": Form(each(f"{GROUP} {STREAM} {{iso}} {{line}}"), function="orders", stream=True),
    "awslogs --no-stream": Form(each(f"{GROUP} {{line}}"), at=False, function="orders"),
    "aws logs tail": Form(each(f"{{iso}} {STREAM} {{line}}"), stream=True),
    "aws logs tail --format short": Form(each("2025-11-04T{clock} {line}")),
    "Zappa": Form(each("[{ms}] {line}")),
    "seconds": Form(each("{s} {line}")),
    "a web server's time": Form(each("[04/Nov/2025:{clock} +0000] {line}")),
    # the command line's answers
    "filter-log-events as text": Form(each(f"EVENTS\t{'3' * 55}{{n}}\t1762250499000\t{STREAM}\t{{line}}\n\t{{ms}}"), stream=True),
    "the same in a line each": Form(each(f"EVENTS\t{'3' * 55}{{n}}\t1762250499000\t{STREAM}\t{{line}}\t{{ms}}"), stream=True),
    "get-log-events as text": Form("b/38000000000000000000001\tf/38000000000000000000002\n" + each("EVENTS\t1762250499000\t{line}\n\t{ms}")),
    "its events alone": Form(each("1762250499000\t{line}\n\t{ms}")),
    "YAML": Form(YAML, stream=True),
    "YAML in double quotes": Form("events:\n" + each('- ingestionTime: 1\n  message: "{line}\\n"\n  timestamp: {ms}', "\\t")),
    "YAML's literals": Form(each("- timestamp: {ms}\n  message: |\n    {line}")),
    "YAML of messages": Form(each("- '{line}'"), at=False),
    "messages as JSON": Form(json.dumps([line for _, line in lines()], indent=4), at=False),
    "messages as JSON in a line": Form(json.dumps([line for _, line in lines()]), at=False),
    "messages as text": Form("\t".join(line for _, line in lines()) + "\n", at=False),
    "messages with newlines as text": Form("\n\t".join(line for _, line in lines()) + "\n", at=False),
    "rows as JSON": Form(json.dumps([[ms, line] for ms, line in lines()])),
    "rows as text": Form(each("{ms}\t{line}\n")),
    "a table of the command line": Form(
        "-----\n|  GetLogEvents  |\n+-----+\n||    events    ||\n|+----+|\n||  ingestionTime |  message  |  timestamp  ||\n|+----+|\n"
        + each("||  1762250499000 |  {line} |  {ms}  ||")),
    "results of Insights as text": Form(each("RESULTS\t@timestamp\t2025-11-04 {clock}.000\nRESULTS\t@message\t{line}\nRESULTS\t@log\t123456789012:/aws/lambda/orders"), function="orders"),
    "invoke's LogResult": Form(json.dumps({"StatusCode": 200, "LogResult": plain(PLAIN), "ExecutedVersion": "$LATEST"}, indent=4), at=False),
    # CSV and tables
    "CSV": Form(CSV),
    "CSV in capitals": Form(CSV.replace("timestamp,message", "Timestamp,Message")),
    "CSV with semicolons": Form("Time;Message\n" + each('{iso};"{line}"')),
    "CSV of unknown columns": Form("when,who,what\n" + each('{iso},me,"{line}"')),
    "CSV without a header": Form(each('{iso},orders,"{line}"')),
    "TSV": Form("timestamp\tmessage\n" + each('{ms}\t"{line}"')),
    "TSV without quotes": Form("timestamp\tmessage\n" + each("{ms}\t{line}")),
    "Kibana's CSV": Form('@timestamp,cloud.account.id,"aws.cloudwatch.log_group",message\n' + each(f'"Nov 4, 2025 @ {{clock}}.000",123456789012,{GROUP},{{line}}'), function="orders"),
    "Grafana's CSV": Form("labels,Time,Line,tsNs,id\n" + each('"{""function_name"":""orders""}",{ms},{line},{ms}000000,{n}'), function="orders"),
    "Datadog's CSV": Form("Date,Host,Service,Message\n" + each('"{iso}","h1","orders","{line}"'), function="orders"),
    "Insights' CSV with @log": Form("@timestamp,@message,@logStream,@log\n" + each(f'2025-11-04 {{clock}}.000,"{{line}}",{STREAM},123456789012:{GROUP}'), function="orders", stream=True),
    "Splunk's CSV": Form('"_raw","_time",host,source\n' + each('"{line}","2025-11-04T{clock}.000+0000",h1,lambda')),
    "Sumo's CSV": Form('"_messagetime","_sourcename","_raw"\n' + each(f'"{{ms}}","{GROUP}","{{line}}"'), function="orders"),
    "a spreadsheet's times": Form("time,level,message\n" + each('11/4/2025 {clock} AM,INFO,"{line}"')),
    "Markdown's table": Form(TABLE),
    "a quoted table": Form("".join(f"> {line}\n" for line in TABLE.splitlines())),
    "Jira's table": Form("||timestamp||message||\n" + each("|{iso}|{line}|")),
    "psql": Form("  timestamp  |  message  \n-------------+------------\n" + each(" {iso} | {line}")),
    "Insights' table with @log": Form("| @timestamp | @message | @log |\n|---|---|---|\n" + each(f"| 2025-11-04 {{clock}}.000 | {{line}} | 123456789012:{GROUP} |"), function="orders"),
    # within other text
    "CSV in Markdown": Form(f"# Notes\n\nSome words.\n\n```csv\n{CSV}```\nMore words.\n"),
    "text in Markdown": Form(f"It fails:\n\n```\n{each('{iso} {line}')}```\n"),
    "JSON in Markdown": Form(f"It fails:\n\n```json\n{json.dumps(events())}\n```\n"),
    "two blocks": Form(f"First\n~~~\n{PLAIN[: PLAIN.index('START', 9)]}~~~\nthen\n~~~\n{PLAIN[PLAIN.index('START', 9) :]}~~~\n", at=False),
    "Slack": Form(f"```{PLAIN.rstrip()}```\n", at=False),
    "Jira": Form(f"Hello\n{{noformat}}\n{PLAIN}{{noformat}}\n", at=False),
    "mail": Form("On Tuesday somebody wrote:\n" + each("> {line}"), at=False),
    "mail twice": Form(each(">> {iso} {line}")),
    "quoted CSV": Form("".join(f"> {line}\n" for line in CSV.splitlines())),
    "quoted Markdown": Form("".join(f"> {line}\n" for line in f"```\n{CSV}```".splitlines())),
    **{f"wrapped at {width}": Form(wrapped(each("{line}", "  "), width), at=False) for width in (60, 72, 80, 100, 120, 132)},
    "an export wrapped at 80": Form(wrapped(each("{iso} {line}", "  "), 80)),
    # JSON of shippers
    "Filebeat": Form(jsonl([{"@timestamp": iso(ms), "message": line, **NESTED} for ms, line in lines()]), function="orders", stream=True),
    "Elasticsearch": Form(json.dumps({"hits": {"hits": [{"_id": str(ms), "_source": {"@timestamp": iso(ms), "message": line, **NESTED}} for ms, line in lines()]}}), function="orders", stream=True),
    "Elasticsearch's fields": Form(json.dumps({"hits": {"hits": [{"_id": str(ms), "fields": {"@timestamp": [iso(ms)], "message": [line], "log_group": [GROUP]}} for ms, line in lines()]}}), function="orders"),
    "New Relic": Form(json.dumps([{"timestamp": ms, "message": line, "aws.logGroup": GROUP, "aws.logStream": STREAM, "plugin": "x"} for ms, line in lines()]), function="orders", stream=True),
    "New Relic's function": Form(jsonl([{"timestamp": ms, "message": line, "faas.name": "orders"} for ms, line in lines()]), function="orders"),
    "Logstash": Form(jsonl([{"@timestamp": iso(ms), "@version": "1", "event": {"original": line}, "cloudwatch_logs": {"log_group": GROUP, "log_stream": STREAM}} for ms, line in lines()]), function="orders", stream=True),
    "Datadog": Form(json.dumps({"data": [{"id": str(ms), "attributes": {"timestamp": iso(ms), "message": line, "service": "orders", "host": "h", "tags": ["functionname:orders"]}} for ms, line in lines()]}), function="orders"),
    "Splunk": Form(jsonl([{"preview": False, "result": {"_raw": line, "_time": f"2025-11-04T{iso(ms)[11:19]}.000+00:00", "source": GROUP}} for ms, line in lines()]), function="orders"),
    "Graylog": Form(json.dumps({"messages": [{"message": {"message": line, "timestamp": iso(ms)}} for ms, line in lines()]})),
    "journald's JSON": Form(jsonl([{"MESSAGE": line, "__REALTIME_TIMESTAMP": f"{ms}000", "_HOSTNAME": "h"} for ms, line in lines()])),
    "messages with a prefix": Form(jsonl([{"timestamp": ms, "message": f"2025-11-04T10:00:00Z stdout F {line}", "logGroup": GROUP} for ms, line in lines()]), function="orders"),
    "Loki's answer": Form(json.dumps({"data": {"result": [{"stream": {"function_name": "orders"}, "values": [[f"{ms}000000", line] for ms, line in lines()]}]}}), function="orders"),
    "OTLP": Form(json.dumps(otlp([attribute("faas.name", "orders")])), function="orders"),
    "OTLP with a group": Form(json.dumps(otlp([attribute("cloudwatch.log.group.name", GROUP), attribute("cloudwatch.log.stream", STREAM)])), function="orders", stream=True),
    "OTLP with an ARN, in lines": Form(json.dumps(otlp([attribute("cloud.resource_id", "arn:aws:lambda:eu-west-1:123456789012:function:orders")])) + "\n", function="orders"),
    "Telemetry API": Form(json.dumps(TELEMETRY), function="orders"),
    "Telemetry API's batches in lines": Form("".join(json.dumps(TELEMETRY[at : at + 3]) + "\n" for at in range(0, len(TELEMETRY), 3)), function="orders"),
    # payloads
    "a subscription's event": Form(json.dumps({"awslogs": {"data": packed(SUBSCRIPTION)}}), function="orders", stream=True),
    "Kinesis' event": Form(json.dumps({"Records": [{"kinesis": {"data": packed(SUBSCRIPTION)}, "eventSource": "aws:kinesis"}]}), function="orders", stream=True),
    "Kinesis' records": Form(json.dumps({"Records": [{"SequenceNumber": "1", "Data": packed(SUBSCRIPTION), "PartitionKey": "p"}], "MillisBehindLatest": 0}, indent=2), function="orders", stream=True),
    "Firehose's event": Form(json.dumps({"invocationId": "i", "records": [{"recordId": "1", "data": packed(SUBSCRIPTION)}]}), function="orders", stream=True),
    "Firehose's records, packed twice": Form(json.dumps({"records": [{"data": packed(SUBSCRIPTION, 2)}]}), function="orders", stream=True),
    "base64 alone": Form(packed(SUBSCRIPTION) + "\n", function="orders", stream=True),
    "base64 in lines": Form(f"{packed(SUBSCRIPTION)}\n{packed(SUBSCRIPTION.replace('DATA', 'CONTROL'))}\n", function="orders", stream=True),
    "records joined": Form(SUBSCRIPTION + SUBSCRIPTION.replace("DATA", "CONTROL"), function="orders", stream=True),
    "gzip joined": Form(gzip.compress(SUBSCRIPTION.encode()) + gzip.compress(SUBSCRIPTION.replace("DATA", "CONTROL").encode()), function="orders", stream=True),
    "SQS": Form(json.dumps({"Records": [{"messageId": "1", "body": SUBSCRIPTION}]}), function="orders", stream=True),
    # times
    "Serverless Framework": Form(each("{line}").replace("first said", f"2025-11-04 12:00:01.000 (+02:00)\t{ONE}\tINFO\tfirst said").replace("second said", f"2025-11-04 12:00:11.000 (+02:00)\t{TWO}\tINFO\tsecond said"), at=False),
    "the emulator's own lines": Form(each("{line}").replace("first said", "first said\n04 Nov 2025 10:00:01,000 [INFO] (rapid) one").replace("second said", "second said\n04 Nov 2025 10:00:11,000 [INFO] (rapid) two"), at=False),
    "mail's dates": Form(json.dumps([{"time": f"Tue, 04 Nov 2025 {iso(ms)[11:19]} +0000", "message": line} for ms, line in lines()])),
    **{f"epoch times {10**power}": Form(json.dumps([{"time": ms * 10**power // 1000, "message": line} for ms, line in lines()])) for power in (0, 3, 6, 9)},
    "Kibana's times": Form(json.dumps([{"time": f"Nov 4, 2025 @ {iso(ms)[11:19]}.000", "message": line} for ms, line in lines()])),
}  # fmt: skip

MORE: dict[str, Form] = {
    "chalice": Form(each("2025-11-04 {clock}.000000 9b3a1b {line}")),
    "cw tail": Form(each(f"{GROUP} - {STREAM} - {{line}}"), at=False, function="orders", stream=True),
    "utern": Form(each(f"{{iso}} {GROUP} {STREAM} {{line}}"), function="orders", stream=True),
    "CDK watch": Form(each("[Shop-Orders0A1B] {clock} AM {line}"), at=False),
    "gh run view --log": Form(each("build\tRun tests\t{iso} {line}")),
    "GitLab": Form(each("{iso} 01O {line}")),
    "the console's triangles": Form(each("\u25b6\t{iso}\t{line}")),
    "journalctl -o short-full": Form(each("Tue 2025-11-04 {clock} UTC h1 app[1]: {line}")),
    "journalctl -o short-iso": Form(each("2025-11-04T{clock}+0000 h1 app[1]: {line}")),
    "Heroku's router": Form(each("2025-11-04T{clock}.000000+00:00 app[web.1]: {line}")),
    "Python's repr, a line each": Form("".join(f"{event!r}\n" for event in events(ingestionTime=1762250499000))),
    "Python's repr of an answer": Form(repr({"events": events(logStreamName=STREAM), "searchedLogStreams": []}) + "\n", stream=True),
    "Python's pprint": Form(pformat({"events": events(), "ResponseMetadata": {"HTTPStatusCode": 200}})),
    "Node's inspect": Form(each("{ timestamp: {ms}, message: '{line}' }", "\\t")),
    "OpenSearch's bulk": Form("".join(f'{{"index":{{"_index":"cwl","_id":"{ms}"}}}}\n' + json.dumps({"@id": str(ms), "@timestamp": iso(ms), "@message": line, "@owner": "123456789012", "@log_group": GROUP, "@log_stream": STREAM}) + "\n" for ms, line in lines()), function="orders", stream=True),
    "elasticdump": Form(jsonl([{"_index": "i", "_id": str(ms), "_source": {"@timestamp": iso(ms), "message": line}} for ms, line in lines()])),
    "Loki's push": Form(json.dumps({"streams": [{"stream": {"group": GROUP}, "values": [[f"{ms}000000", line] for ms, line in lines()]}]}), function="orders"),
    "Splunk's HEC": Form("".join(json.dumps({"time": ms / 1000, "host": "h", "event": line, "fields": {"logGroup": GROUP}}) for ms, line in lines()), function="orders"),
    "Splunk's results": Form(json.dumps({"results": [{"_raw": line, "_time": f"2025-11-04T{iso(ms)[11:19]}.000+00:00"} for ms, line in lines()]})),
    "Sumo's JSON": Form(json.dumps({"messages": [{"map": {"_raw": line, "_messagetime": str(ms), "_sourcename": GROUP}} for ms, line in lines()]}), function="orders"),
    "Better Stack": Form(jsonl([{"dt": iso(ms), "message": line, "lambda": {"function_name": "orders"}} for ms, line in lines()]), function="orders"),
    "Mezmo": Form(jsonl([{"_line": line, "_ts": ms, "_app": "a"} for ms, line in lines()])),
    "Papertrail's archive": Form(each("7{n}\t2025-11-04T{clock}Z\t2025-11-04T{clock}Z\t42\torders\t10.0.0.7\tUser\tInfo\tlambda\t{line}")),
    "Google's": Form(json.dumps([{"textPayload": line, "timestamp": iso(ms), "resource": {"type": "x"}} for ms, line in lines()])),
    "Azure's": Form(json.dumps({"tables": [{"name": "P", "columns": [{"name": "TimeGenerated"}, {"name": "Message"}], "rows": [[iso(ms), line] for ms, line in lines()]}]})),
    "NerdGraph": Form(json.dumps({"data": {"actor": {"account": {"nrql": {"results": [{"timestamp": ms, "message": line, "aws.lambda.functionName": "orders"} for ms, line in lines()]}}}}}), function="orders"),
    "Insights in YAML": Form("results:\n" + each(f"- - field: '@timestamp'\n    value: 2025-11-04 {{clock}}.000\n  - field: '@message'\n    value: '{{line}}'\n  - field: '@log'\n    value: 123456789012:{GROUP}") + "status: Complete\n", function="orders"),
    "Insights' answer": Form(json.dumps({"results": [[{"field": "@timestamp", "value": f"2025-11-04 {iso(ms)[11:19]}.000"}, {"field": "@message", "value": line}, {"field": "@log", "value": f"123456789012:{GROUP}"}] for ms, line in lines()], "status": "Complete"}), function="orders"),
    "Insights' answer as a table": Form("| field | value |\n|---|---|\n" + each("| @timestamp | 2025-11-04 {clock}.000 |\n| @message | {line} |"), at=False),
    "YAML with unquoted messages": Form(each("- logStreamName: " + STREAM + "\n  message: {line}\n  timestamp: {ms}").replace("RequestId: ", "RequestId:  ").replace("message: ", "message: '").replace("\n  timestamp", "'\n  timestamp"), stream=True),
    "YAML folded": Form(each('- message: "{line}\\\n    \\ \\n"\n  timestamp: {ms}', "\\t")),
    "messages and times as text": Form(each("{line}\n\t{ms}")),
    "a key before each value": Form(each("timestamp={ms} message={line}")),
    "GELF": Form(jsonl([{"version": "1.1", "short_message": line, "timestamp": ms / 1000, "_logGroup": GROUP} for ms, line in lines()]), function="orders"),
    "a service's name in OTLP": Form(json.dumps(otlp([attribute("aws.lambda.function_name", "orders")])), function="orders"),
    "OTLP with aws.log.group.names": Form(json.dumps(otlp([{"key": "aws.log.group.names", "value": {"arrayValue": {"values": [{"stringValue": GROUP}]}}}])), function="orders"),
    "OTLP in snake case": Form(json.dumps({"resource_logs": [{"resource": {"attributes": [{"key": "faas.name", "value": {"string_value": "orders"}}]}, "scope_logs": [{"log_records": [{"time_unix_nano": ms * 10**6, "body": {"string_value": line}} for ms, line in lines()]}]}]}), function="orders"),
    "Kinesis, not packed": Form(json.dumps({"Records": [{"kinesis": {"data": plain(SUBSCRIPTION)}}]}), function="orders", stream=True),
    "Kinesis, several": Form(json.dumps({"Records": [{"kinesis": {"data": packed(json.dumps({**json.loads(SUBSCRIPTION), "logEvents": [event]}))}} for event in json.loads(SUBSCRIPTION)["logEvents"]]}), function="orders", stream=True),
    "Firehose's answer": Form(json.dumps({"records": [{"recordId": "1", "result": "Ok", "data": plain("".join(json.dumps(event) + "\n" for event in events(logGroup=GROUP)))}]}), function="orders"),
    "subscriptions in lines": Form("".join(json.dumps({"awslogs": {"data": packed(SUBSCRIPTION)}}) + "\n" for _ in "1"), function="orders", stream=True),
    "SNS": Form(json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": SUBSCRIPTION}}]}), function="orders", stream=True),
    "LogResult in a line": Form(json.dumps({"StatusCode": 200, "LogResult": plain(PLAIN)}) + "\n", at=False),
    "LogResult alone": Form(plain(PLAIN) + "\n", at=False),
    "an HTML paste": Form(f"<pre>\n{PLAIN}</pre>\n", at=False),
    "a details block": Form(f"<details>\n<summary>log</summary>\n\n```text\n{PLAIN}```\n\n</details>\n", at=False),
    "quoted by a prompt": Form(each("$> {line}"), at=False),
    "in an indented block": Form(each("    {line}"), at=False),
    "grep of a quoted mail": Form(each("m.txt:{n}:> {line}"), at=False),
    "grep -H of CSV": Form("a.csv:timestamp,message\n" + each('a.csv:{ms},"{line}"')),
    "grep -H of an export": Form(each("x/a.log:{iso} {line}")),
    "grep -H of awslogs": Form(each(f"a.log:{GROUP} {STREAM} {{line}}"), at=False, function="orders", stream=True),
    "quoted awslogs": Form(each(f"> {GROUP} {STREAM} {{line}}"), at=False, function="orders", stream=True),
    "zgrep of gz": Form(each("logs/2025/11/04/a-1.gz:{iso} {line}")),
    "a CSV with NULL": Form("@timestamp,@message,@duration\n" + each('2025-11-04 {clock}.000,"{line}",NULL')),
    "a semicolon CSV in capitals": Form("DATE;GROUP;MESSAGE\n" + each(f'04.11.2025 {{clock}};{GROUP};"{{line}}"'), function="orders"),
    "TSV of unknown columns": Form("a\tb\tc\n" + each('{iso}\tx\t"{line}"')),
    "a pipe CSV": Form("timestamp|message\n" + each('{ms}|"{line}"')),
    "Excel's CSV": Form("\ufeffsep=;\ntimestamp;message\n" + each('{ms};"{line}"')),
    "Log group as a column": Form("time,loggroup,logstream,message\n" + each(f'2025-11-04 {{clock}}.000,{GROUP},{STREAM},"{{line}}"'), function="orders", stream=True),
}  # fmt: skip
FORMS |= MORE
FORMS |= {
    "SQS receive-message": Form(json.dumps({"Messages": [{"MessageId": "1", "Body": SUBSCRIPTION}]}), function="orders", stream=True),
    "Sumo's search API": Form(json.dumps({"fields": [{"name": "_raw"}], "messages": [{"map": {"_messagetime": str(ms), "_raw": line}} for ms, line in lines()]})),
    "Splunk's collector": Form(jsonl([{"time": str(ms / 1000), "event": {"message": line, "logGroup": GROUP}} for ms, line in lines()]), function="orders"),
    "Coralogix' archive": Form(jsonl([{"metadata": [{"key": "timestamp", "value": iso(ms)}], "userData": json.dumps({"message": line, "logGroup": GROUP})} for ms, line in lines()]), function="orders"),
    "a time outside of what it wraps": Form(jsonl([{"_time": iso(ms), "_sysTime": iso(FIRST_MS + 90_000), "data": {"message": line}} for ms, line in lines()])),
    "--query with names of one letter": Form(json.dumps([{"t": ms, "m": line} for ms, line in lines()])),
    "--query with names of one letter, streams too": Form(json.dumps([{"s": STREAM, "m": line, "t": ms} for ms, line in lines()]), stream=True),
    "invoke --output text": Form(f"$LATEST\t{plain(PLAIN)}\t200\n", at=False),
    "invoke --output text of a failure": Form(f"$LATEST\tUnhandled\t{plain(PLAIN)}\t200\n", at=False),
    "invoke --output yaml": Form(f"ExecutedVersion: $LATEST\nLogResult: {plain(PLAIN)}\nStatusCode: 200\n", at=False),
    "invoke --output table": Form(f"-----\n|  Invoke  |\n+----+----+\n|  LogResult  |  {plain(PLAIN)}  |\n|  StatusCode  |  200  |\n", at=False),
    "the console with what it says of more events": Form("Timestamp\tMessage\nNo older events at this moment. \n" + each("{iso}\t{line}") + "No newer events at this moment. Auto retry paused. Resume\n"),
    "newlines as escapes": Form("\\n".join(line.replace("\t", "\\t") for _, line in lines()) + "\\n", at=False),
    "newlines of Windows as escapes": Form("\\r\\n".join(line for _, line in lines()) + "\n", at=False),
    "the old console, unfolded": Form("2025-11-04\n" + each("{clock}\n{line}"), at=False),
    "START twice, folded and unfolded": Form("".join(f"{line}\n{line}\n" if "RequestId" in line else f"{line}\n" for _, line in lines()), at=False),
    "Kafka's records": Form(jsonl([{"topic": "x", "partition": 0, "timestamp": ms + 900, "value": json.dumps({"timestamp": ms, "message": line, "logGroup": GROUP})} for ms, line in lines()]), function="orders"),
    "CLEF": Form(jsonl([{"@t": iso(ms), "@m": line, "@l": "Information", "FunctionName": "orders"} for ms, line in lines()]), function="orders"),
    "Parseable": Form(jsonl([{"p_timestamp": iso(ms)[:-1], "p_tags": "", "message": line} for ms, line in lines()])),
    "live tail's sessions": Form(jsonl([{"sessionUpdate": {"sessionMetadata": {"sampled": False}, "sessionResults": [{"logStreamName": STREAM, "logGroupIdentifier": GROUP, "message": line, "timestamp": ms}]}} for ms, line in lines()]), function="orders", stream=True),
    "an eventMessage": Form(jsonl([{"eventTime": iso(ms), "eventMessage": line, "functionName": "orders"} for ms, line in lines()]), function="orders"),
    "a data frame's CSV": Form(",timestamp,message\n" + each('{n},{ms},"{line}"')),
    "mail that broke a REPORT": Form(each("> {line}", " ").replace("12.34 ms", "12.34\n> ms").replace("Max Memory", "Max\n> Memory"), at=False),
    "a REPORT broken before a figure": Form(each("{line}", " ").replace("Duration: 12.34", "Duration:\n12.34"), at=False),
}  # fmt: skip
