"""More forms of the two invocations: as programs print, draw, pack and send them. See ``log_shapes``."""

import base64
import gzip
import html
import io
import json
import tarfile
import zipfile

from tests.support.log_forms import FIRST_MS, GROUP, PLAIN, STREAM, Form, each, events, iso, jsonl, lines, plain


def export(spelled: str, before: str = "", after: str = "", between: str = "") -> str:
    """Every event in a form that has ``{ms}``, ``{iso}``, ``{line}``, and ``{quoted}``, the line as JSON spells it."""
    made = [
        spelled.replace("{ms}", str(ms)).replace("{iso}", iso(ms)).replace("{quoted}", json.dumps(f"{line}\n"))
        .replace("{line}", line)
        for ms, line in lines()
    ]  # fmt: skip
    return before + between.join(made) + after


def headers(begin: str = "", end: str = "\r\n") -> str:
    told = {
        "Date": "Tue, 04 Nov 2025 10:00:14 GMT",
        "X-Amz-Executed-Version": "$LATEST",
        "X-Amz-Log-Result": plain(PLAIN),
    }
    return "".join(f"{begin}{key}: {value}{end}" for key, value in told.items())


def parted() -> str:
    made = ""
    for ms, line in lines():
        made += f"{iso(ms)} stdout P {line[:20]}\n{iso(ms)} stdout F {line[20:]}\n"
    return made


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/", "")
        archive.writestr("logs/a.csv", "timestamp,message\n" + export('{ms},"{line}"\n'))
        archive.writestr("__MACOSX/logs/._a.csv", b"\0\5\26\7")
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        data = gzip.compress(export("{iso} {line}\n").encode())
        about = tarfile.TarInfo("e/0/2025-11-04-[$LATEST]fedcba98765432100123456789abcdef/000000.gz")
        about.size = len(data)
        archive.addfile(about, io.BytesIO(data))
    return held.getvalue()


NEWEST = events(logStreamName=STREAM)[::-1]
COLUMNS = {"schema": {"fields": [{"name": "Time"}, {"name": "Line"}]}, "data": {"values": [[ms for ms, _ in lines()], [line for _, line in lines()]]}}  # fmt: skip

PRINTED: dict[str, Form] = {
    # fields, a line each
    "PowerShell's list": Form(export("\r\nIngestionTime : 1762250499000\r\nLogStreamName : " + STREAM + "\r\nMessage       : {line}\r\nTimestamp     : {ms}\r\n"), stream=True),
    "journald's export": Form("".join(f"__REALTIME_TIMESTAMP={ms * 1000}\n_HOSTNAME=h\nMESSAGE={line}\n_PID=7\n\n" for ms, line in lines())),
    "sqlite's line mode": Form(export("     ts = {ms}\nmessage = {line}\n\n")),
    "Miller's xtab": Form(export("ts  {ms}\nmsg {line}\n\n")),
    "psql's expanded rows": Form(export("-[ RECORD 1 ]--------\ntime    | {iso}\nmessage | {line}\n")),
    "gron": Form("".join(f"json[{at}] = {{}};\njson[{at}].message = {json.dumps(line)};\njson[{at}].timestamp = {ms};\n" for at, (ms, line) in enumerate(lines()))),
    "PHP's print_r": Form("".join(f"    [{at}] => Array\n        (\n            [timestamp] => {ms}\n            [message] => {line}\n        )\n\n" for at, (ms, line) in enumerate(lines()))),
    "OpenTelemetry's debug exporter": Form(export("LogRecord #0\nObservedTimestamp: 2025-11-05 00:00:00 +0000 UTC\nTimestamp: {iso}\nBody: Str({line})\nTrace ID: \nFlags: 0\n", "2025-11-05T00:00:00Z\tinfo\tResourceLog #0\n")),
    "a properties file": Form("".join(f"events.{at}.timestamp = {ms}\nevents.{at}.message = {line}\n" for at, (ms, line) in enumerate(lines()))),
    # values as languages print them
    "Ruby's inspect": Form(export("{:timestamp=>{ms}, :message=>{quoted}, :log_stream_name=>\"" + STREAM + '"}', "[", "]\n", ", "), stream=True),
    "Ruby's inspect of today": Form(export("{timestamp: {ms}, message: {quoted}}", "[", "]\n", ", ")),
    "Logstash's rubydebug": Form(export('{\n       "message" => {quoted},\n    "@timestamp" => {iso},\n      "@version" => "1"\n}\n')),
    "Node's inspect": Form("[\n" + ",\n".join(f"  {{\n    timestamp: {ms},\n    message: 'x'\n  }}".replace("'x'", "'" + line.replace("\t", "\\t") + "\\n'") for ms, line in lines()) + "\n]\n"),
    "Node's inspect of long strings": Form("[\n" + ",\n".join(f"  {{\n    timestamp: {ms},\n    message: '{line[:9]}' +\n      '{line[9:]}'\n  }}".replace("\t", "\\t") for ms, line in lines()) + "\n]\n"),
    "the SDK for Go": Form(export("    {\n      LogStreamName: \"" + STREAM + '",\n      Message: {quoted},\n      Timestamp: {ms}\n    }', "{\n  Events: [\n", "\n  ]\n}\n", ",\n"), stream=True),
    "a list that Python printed": Form(str(events(logStreamName=STREAM)), stream=True),
    "bytes that Python printed": Form("".join(f"{line.encode()!r}\n" for _, line in lines()), at=False),
    "strings that Python printed": Form("".join(f"{line + chr(10)!r}\n" for _, line in lines()), at=False),
    "JSON encoded twice": Form(json.dumps(json.dumps({"events": events()}))),
    # pages, mail, other marks
    "a web page": Form("<html><head><title>START RequestId: x</title></head><body><pre>\n" + html.escape(PLAIN) + "</pre></body></html>\n", at=False),
    "a page of rows": Form("<table>\n" + export("<tr><td>{iso}</td><td>{line}</td></tr>\n") + "</table>"),
    "Splunk's XML": Form("<?xml version='1.0'?>\n<results>" + export("<result><field k='_time'><value><text>{iso}</text></value></field><field k='_raw'><v>{line}</v></field></result>\n") + "</results>\n"),
    "entities": Form(html.escape(PLAIN + 'a "quoted" one\n'), at=False),
    "blanks that do not break": Form(PLAIN.replace(" ", "\u00a0").replace("first\u00a0", "first ").replace("second\u00a0", "second "), at=False),
    "mail in base64": Form("Subject: log\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(PLAIN.encode()).decode(), at=False),
    "rich text": Form("{\\rtf1\\ansi{\\fonttbl\\f0 Menlo;}\\f0\\fs22 " + PLAIN.replace("\t", "\\tab ").replace("\n", "\\\n") + "}", at=False),
    "a block of reStructuredText": Form("Seen today::\n\n" + each("    {line}") + "\nand once more\n", at=False),
    "a workspace's name": Form(each("@acme/orders: {line}"), at=False),
    "asciinema": Form('{"version": 2, "width": 90, "height": 24}\n' + "".join(json.dumps([at / 2, "o", f"{line}\r\n"]) + "\n" for at, (_, line) in enumerate(lines())), at=False),
    "a notebook": Form(json.dumps({"cells": [{"cell_type": "code", "outputs": [{"text": PLAIN.splitlines(keepends=True)}]}], "nbformat": 4}), at=False),
    # headers
    "curl -i": Form(f"HTTP/1.1 200 OK\r\n{headers()}\r\n{{}}", at=False),
    "curl -v": Form(f"> POST /2015-03-31/functions/f/invocations HTTP/2\n>\n{headers('< ')}<\n{{}}\n", at=False),
    "invoke --debug": Form(f"2025-11-04 10:00:14,000 - MainThread - botocore.parsers - DEBUG - Response headers: {{'X-Amz-Log-Result': '{plain(PLAIN)}', 'Content-Length': '4'}}\n", at=False),
    "an answer with its headers": Form("HTTP/2 200\r\ncontent-type: application/x-amz-json-1.1\r\n\r\n" + json.dumps({"events": events()})),
    "an answer after another": Form("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nServer: x\n\n" + json.dumps({"events": events()}, indent=2)),
    "an answer of lines": Form("HTTP/1.1 200 OK\nContent-Type: text/plain\n\n" + export("{iso} {line}\n")),
    "what curl -v says of an answer": Form("* Connected to x\n> GET / HTTP/2\n>\n< HTTP/2 200\n< server: x\n<\n{ [99 bytes data]\n" + json.dumps({"events": events()}) + "\n* Closing\n"),
    "filter-log-events --debug": Form("2025-11-04 10:00:14,000 - MainThread - botocore.parsers - DEBUG - Response headers: {'x-amzn-RequestId': '0'}\n2025-11-04 10:00:14,001 - MainThread - botocore.parsers - DEBUG - Response body:\n" + repr(json.dumps({"events": events()}).encode()) + "\n2025-11-04 10:00:14,002 - MainThread - botocore.hooks - DEBUG - Event needs-retry\n"),
    # objects with keys that nobody knows
    "a key that nobody knows": Form(jsonl([{"at": iso(ms), "level": 6, "the_log": line, "timestamp": ms} for ms, line in lines()])),
    "a nested key that nobody knows": Form(jsonl([{"type": "match", "data": {"path": {"text": "l.log"}, "lines": {"text": f"{line}\n"}, "line_number": 1}} for _, line in lines()]), at=False),
    "ripgrep's JSON": Form('{"type":"begin","data":{"path":{"text":"l.log"}}}\n' + jsonl([{"type": "match", "data": {"path": {"text": "l.log"}, "lines": {"text": f"{line}\n"}}} for _, line in lines()]) + '{"type":"summary","data":{"stats":{}}}\n', at=False),
    "steps of a build": Form(json.dumps([{"pos": at, "out": f"{line}\n", "time": at} for at, (_, line) in enumerate(lines())]), at=False),
    "JSON within JSON": Form(jsonl([{"dt": iso(ms), "raw": json.dumps({"message": line, "aws": {"log_group": GROUP}})} for ms, line in lines()]), function="orders"),
    "SNS itself": Form(json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": json.dumps({"events": events()}), "Timestamp": "2025-11-05T00:00:00Z"})),
    "names beside the events": Form(json.dumps([{"common": {"attributes": {"aws": {"logGroup": GROUP, "logStream": STREAM}}}, "logs": events()}]), function="orders", stream=True),
    "Grafana's frames": Form(json.dumps({"results": {"A": {"frames": [COLUMNS]}}})),
    "ClickHouse's columns": Form(json.dumps({"meta": [{"name": "timestamp"}, {"name": "message"}], "data": [[ms, line] for ms, line in lines()]})),
    "Athena's answer": Form(json.dumps({"ResultSet": {"Rows": [{"Data": [{"VarCharValue": cell} for cell in row]} for row in [("time", "message"), *((iso(ms), line) for ms, line in lines())]]}})),
    "rows, one a line": Form("".join(json.dumps([ms, STREAM, line]) + "\n" for ms, line in lines()), stream=True),
    "a batch of telemetry in a line": Form("".join(f"[ext] got: {json.dumps([{'time': iso(ms), 'type': 'function', 'record': line}])}\n" for ms, line in lines())),
    "Live Tail with its beginning": Form(jsonl([{"sessionStart": {"sessionId": "1"}}, {"sessionUpdate": {"sessionResults": events(logStreamName=STREAM)}}]), stream=True),
    "an event under a key that nobody knows": Form(jsonl([{"n": 1, "THE_FIELDS": each} for each in events()])),
    "events deep under such keys": Form(json.dumps({"id": "1", "crumbs": {"kept": events()}})),
    "an answer kept as text": Form(json.dumps({"saved": {"step": 1, "answered": json.dumps({"events": events()})}})),
    "JSON in colours": Form(json.dumps(events(), indent=2).replace('"timestamp"', '\x1b[34;1m"timestamp"\x1b[0m')),
    # columns and times
    "a table of t and m": Form("-----\n|  t  |  m  |\n+---+---+\n" + each("|  {ms}  |  {line}  |") + "-----\n"),
    "times last": Form(each("{line}\t{ms}")),
    "a header in Japanese": Form("時刻,メッセージ\n" + each('{ms},"{line}"')),
    "remarks above a CSV": Form("#TYPE Amazon.CloudWatchLogs.Model.OutputLogEvent\nIngestionTime,Message,Timestamp\n" + each('1762250499000,"{line}",{ms}')),
    "a number before each row": Form("#\t@timestamp\t@message\n" + each('{n}\t2025-11-04 {clock}.000\t"{line}"')),
    "TSV that begins with a number": Form("id\twhen\twhat\n" + each("{n}\t{iso}\t{line}")),
    "received and made": Form(json.dumps({"events": [{"received_at": iso(FIRST_MS + 99_000), "generated_at": iso(ms), "message": line} for ms, line in lines()]})),
    "parts of a container's lines": Form(parted()),
    # values that say their type, and columns named once
    "MongoDB's export": Form(jsonl([{"_id": {"$oid": "0"}, "timestamp": {"$date": iso(ms)}, "message": line} for ms, line in lines()])),
    "MongoDB's numbers": Form(jsonl([{"ts": {"$numberLong": str(ms)}, "msg": line} for ms, line in lines()])),
    "DynamoDB's items": Form(json.dumps({"Items": [{"timestamp": {"N": str(ms)}, "message": {"S": line}} for ms, line in lines()], "Count": 8})),
    "OpenSearch's rows": Form(json.dumps({"schema": [{"name": "@timestamp", "type": "timestamp"}, {"name": "@message"}], "datarows": [[iso(ms), line] for ms, line in lines()]})),
    "BigQuery's rows": Form(json.dumps({"schema": {"fields": [{"name": "time"}, {"name": "message"}]}, "rows": [{"f": [{"v": iso(ms)}, {"v": line}]} for ms, line in lines()]})),
    "Splunk's rows": Form(json.dumps({"preview": False, "fields": ["_time", "_raw"], "rows": [[iso(ms), line] for ms, line in lines()]})),
    "Splunk's columns": Form(json.dumps({"fields": ["_time", "_raw"], "columns": [[iso(ms) for ms, _ in lines()], [line for _, line in lines()]]})),
    "InfluxDB's series": Form(json.dumps({"results": [{"series": [{"name": "log", "columns": ["time", "message"], "values": [[iso(ms), line] for ms, line in lines()]}]}]})),
    "Snowflake's rows": Form(json.dumps({"resultSetMetaData": {"rowType": [{"name": "TIMESTAMP"}, {"name": "MESSAGE"}]}, "data": [[iso(ms), line] for ms, line in lines()]})),
    "a day and a clock": Form(jsonl([{"date": iso(ms)[:10], "time": iso(ms)[11:23], "message": line} for ms, line in lines()])),
    "columns of day and clock": Form("Day,Time,Message\n" + "".join(f"{iso(ms)[:10]},{iso(ms)[11:19]},{line}\n" for ms, line in lines())),
    "a zone in the header": Form("TimeGenerated [UTC],Message\n" + "".join(f'"11/4/2025, {iso(ms)[11:19]}.000 AM","{line}"\n' for ms, line in lines())),
    # records on a line
    "a map that Java printed": Form(export("{timestamp={ms}, message={line}, logStreamName=" + STREAM + "}\n"), stream=True),
    "a data class": Form(export("Event(ingestionTime=1762250499000, message={line}, timestamp={ms})\n")),
    "an anonymous type": Form(export("{ Timestamp = {iso}, Message = {line} }\n")),
    "EDN": Form(export('{:timestamp {ms}, :message {quoted}, :logStreamName "' + STREAM + '"}\n'), stream=True),
    "Elixir's inspect": Form(export("%{message: {quoted}, timestamp: {ms}}", "[", "]\n", ", ")),
    "Perl's dumper": Form(export("  {\n    'timestamp' => {ms},\n    'message' => '{line}'\n  }", "$VAR1 = [\n", "\n];\n", ",\n")),
    "TOML": Form(export("[[events]]\ntimestamp = {ms}\nmessage = {quoted}\n\n")),
    "protobuf's text": Form(export("events {\n  timestamp: {ms}\n  message: {quoted}\n}\n")),
    # what a terminal adds
    "cat -A": Form("".join(f"{line}$\n" for line in PLAIN.replace("\t", "^I").splitlines()), at=False),
    "the end of a pager": Form(json.dumps({"events": events()}, indent=4) + "\n\x1b[7m(END)\x1b[27m\x1b[K"),
    "nested tables": Form(export("||  field  |  value  ||\n|+-----+-----+|\n||  @timestamp  |  {iso}  ||\n||  @message  |  {line}  ||\n")),
    "a level in brackets": Form(export("{iso} [info]  {line}\n")),
    # the newest first
    "newest first": Form(json.dumps({"events": NEWEST}), stream=True),
    "newest first in lines": Form(jsonl(NEWEST), stream=True),
    "newest first in CSV": Form("timestamp,message\n" + "".join(f"{ms},{line}\n" for ms, line in reversed(lines()))),
    "Loki, newest first": Form(json.dumps({"data": {"result": [{"stream": {"fn": "orders"}, "values": [[str(ms * 10**6), line] for ms, line in reversed(lines())]}]}}), function="orders"),
}  # fmt: skip
ARCHIVES = {"a zip": ("export.zip", zipped()), "a tar": ("export.tar.gz", tarred())}
