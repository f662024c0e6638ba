"""An error that a program logged is no failure; one that ended the invocation is, with its own type and message."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import MINUTE_MS
from collectors.parsing.failures import evidence
from tests.support.printed_statements import Store, at_once, end, imported, report, request_id, start

ID = request_id(7)
AT = "2025-03-31T10:00:00.123Z"
JAVA = "com.acme.pay.CardException: declined\n\tat com.acme.pay.Till.charge(Till.java:41)\n\tat com.acme.App.run(App.java:9)"
DOTNET = "Acme.Pay.CardException: declined\n   at Acme.Pay.Till.Charge() in /src/Till.cs:line 41"
PYTHON = 'Traceback (most recent call last):\n  File "/var/task/till.py", line 41, in charge\nCardError: declined'
NODE = "CardError: declined\n    at charge (/var/task/till.js:41:9)"
EXIT = f"RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"

LOGGERS = {
    "spring boot 3 with a line between": f"2025-03-31T10:00:00.123Z ERROR 8 --- [pay] [ main] c.Till : no\n\n\n{JAVA}",
    "log4j2": f"2025-03-31 10:00:00.123 [main] ERROR com.acme.Till - charge failed\n{JAVA}",
    "log4j2 lambda": f"2025-03-31 10:00:00 {ID} ERROR Till - charge failed\n{JAVA}",
    "log4j 1": f"2025-03-31 10:00:00,123 <{ID}> WARN  com.acme.Till:41 - charge failed\n{JAVA}",
    "log4j2 level first": f"[WARN ] 2025-03-31 10:00:00.123 [main] Till - charge failed\n{JAVA}",
    "logback": f"10:00:00.123 [main] ERROR com.acme.Till - charge failed\n{JAVA}",
    "logback default": f"10:00:00.123 [main] WARN com.acme.Till -- charge failed\n{JAVA}",
    "slf4j-simple": f"[main] WARN com.acme.Till - charge failed\n{JAVA}",
    "jul": f"Mar 31, 2025 10:00:00 AM com.acme.Till charge\nWARNING: charge failed\n{JAVA}",
    "jul severe": f"Mar 31, 2025 10:00:00 AM com.acme.Till charge\nSEVERE: charge failed\n{JAVA}",
    "tinylog": f"2025-03-31 10:00:00 [main] com.acme.Till.charge()\nERROR: charge failed\n{JAVA}",
    "spring": f"2025-03-31T10:00:00.123Z ERROR 8 --- [pay] [main] com.acme.Till : charge failed\n\n{JAVA}",
    "spring 2": f"2025-03-31 10:00:00.123  WARN 8 --- [           main] com.acme.Till : charge failed\n{JAVA}",
    "sleuth": f"2025-03-31 10:00:00.123  WARN [pay,5f2a,5f2a] 8 --- [main] com.acme.Till : failed\n{JAVA}",
    "an id first": f"{ID} WARN com.acme.Till - charge failed\n{JAVA}",
    "type in the message": f"10:00:00.123 [main] WARN Till - no: com.acme.pay.CardException\n{JAVA}",
    "lambda's .NET": f"{AT}\t{ID}\twarn\tcharge failed\n{DOTNET}",
    "lambda's .NET, fail": f"{AT}\t{ID}\tfail\tcharge failed\n{DOTNET}",
    "an error that Node's program printed as JSON": f'{{"timestamp":"{AT}","level":"ERROR","requestId":"{ID}","message":'
    '{"errorType":"CardError","errorMessage":"declined","stackTrace":["CardError: declined"]}}',
    "ilogger": "fail: Acme.Till[0]\n      charge failed\n      " + DOTNET.replace("\n", "\n      "),
    "ilogger, one line": f"warn: Acme.Till[0] charge failed\n{DOTNET}",
    "ilogger, aspnetcore": f"{AT}\t{ID}\tinfo\t[Warning] Acme.Till: charge failed\n{DOTNET}",
    "aspnetcore": f"[Error] Acme.Till: charge failed\n{DOTNET}",
    "serilog": f"[10:00:00 WRN] charge failed\n{DOTNET}",
    "serilog, date": f"2025-03-31 10:00:00.123 +00:00 [ERR] charge failed\n{DOTNET}",
    "nlog": f"2025-03-31 10:00:00.1234|WARN|Acme.Till|charge failed\n{DOTNET}",
    "log4net": f"2025-03-31 10:00:00,123 [1] ERROR Acme.Till - charge failed\n{DOTNET}",
    "python": f"[ERROR]\t{AT}\t{ID}\tcharge failed\n{PYTHON}",
    "python, spaces": f"[ERROR] {AT} {ID} charge failed: CardError\n{PYTHON}",
    "python, basicConfig": f"ERROR:till:charge failed\n{PYTHON}",
    "python, names": f"[ERROR] acme.till: charge failed\n{PYTHON}",
    "python, long": f"2025-03-31 10:00:00,123 - till - ERROR - charge failed: CardError\n{PYTHON}",
    "node": f"{AT}\t{ID}\tERROR\t{NODE}",
    "node, type last": f"{AT}\t{ID}\tERROR\tcharge failed: CardError\n    at charge (/var/task/till.js:41:9)",
    "winston": f"{AT} [error]: charge failed\n{NODE}",
    "pino": f"[10:00:00.123] ERROR (8): charge failed\n    err: {{\n{NODE}",
    "ruby": "E, [2025-03-31T10:00:00.123456 #8] ERROR -- : declined (CardError)\n/var/task/till.rb:41:in `charge'",
    "go, slog": 'time=2025-03-31T10:00:00Z level=ERROR msg="charge failed" err="declined: errorString"',
    "go, zap": f"{AT}\tERROR\ttill/till.go:41\tcharge failed\nmain.charge\n\t/src/till.go:41",
    "rust": f"{AT} ERROR till::card: charge failed: CardError",
}

RUNTIMES = {
    "python": (f"[ERROR] CardError: declined\n{PYTHON.rpartition(chr(10))[0]}", "CardError", "declined"),
    "node": (
        f'{AT}\t{ID}\tERROR\tInvoke Error \t{{"errorType":"CardError","errorMessage":"declined","stack":[]}}',
        "CardError",
        "declined",
    ),
    "node 6": (f'{AT}\t{ID}\t{{"errorMessage":"declined","errorType":"CardError"}}', "CardError", "declined"),
    "node 6, spaces": (f'{AT}   {ID}   {{"errorMessage":"declined","errorType":"CardError"}}', "CardError", "declined"),
    "java": (f"declined: com.acme.pay.CardException\n{JAVA}", "com.acme.pay.CardException", "declined"),
    "java, no message": (
        "com.acme.CardException: com.acme.CardException\ncom.acme.CardException\n\tat com.acme.Till.charge(Till.java:41)",
        "com.acme.CardException",
        "",
    ),
    "java, type twice": (
        "com.acme.pay.CardException\ncom.acme.pay.CardException\n\tat com.acme.Till.charge(Till.java:41)",
        "com.acme.pay.CardException",
        "",
    ),
    "java, a class for a message": (
        "com.acme.Gone: com.acme.pay.CardException\ncom.acme.pay.CardException: com.acme.Gone\n at com.acme.Till.charge(Till.java:41)",
        "com.acme.pay.CardException",
        "com.acme.Gone",
    ),
    "java, an exception for a message": (
        "com.acme.GoneException: com.acme.pay.CardException\ncom.acme.pay.CardException: com.acme.GoneException\n"
        "\tat com.acme.Till.charge(Till.java:41)\nCaused by: com.acme.GoneException\n\t... 5 more",
        "com.acme.pay.CardException",
        "com.acme.GoneException",
    ),
    "java, any name": (
        "declined: com.acme.Till$Refused\ncom.acme.Till$Refused: declined\n\tat com.acme.Till.charge(Till.java:41)",
        "com.acme.Till$Refused",
        "declined",
    ),
    "java, lines": (
        "declined\ntwice: com.acme.Refusal\ncom.acme.Refusal: declined\ntwice\n\tat com.acme.Till.charge(Till.java:41)",
        "com.acme.Refusal",
        "declined\ntwice",
    ),
    "micronaut": (
        f"Invocation with requestId [{ID}] failed: declined{JAVA}",
        "com.acme.pay.CardException",
        "declined",
    ),
    "micronaut, logged": (
        f"10:00:00.123 [main] WARN i.m.Runtime - Invocation with requestId [{ID}] failed: null{JAVA}".replace(
            ": declined", ""
        ),
        "com.acme.pay.CardException",
        "",
    ),
    "quarkus": (
        f"2025-03-31 10:00:00,123 ERROR [io.qua.ama.lam.run.AbstractLambdaPollLoop] (Lambda Thread (NORMAL))"
        f" Failed to run lambda (NORMAL): {JAVA}",
        "com.acme.pay.CardException",
        "declined",
    ),
    "swift": (
        "2025-03-31T10:00:00+0000 warning Lambda : lifecycleId=1 [AWSLambdaRuntime] lambda handler returned an error: declined",
        "FunctionError",
        "declined",
    ),
    "rust": (
        f'{AT} ERROR Lambda runtime invocation{{requestId="{ID}" xrayTraceId="Root=1"}}: lambda_runtime: CardError("declined")',
        "CardError",
        "declined",
    ),
    "go, any name": (
        'declined: refusedError\n[{"path": "main.go", "line": 9, "label": "charge"}]',
        "refusedError",
        "declined",
    ),
    ".NET, any name": (
        f"{AT}\t{ID}\tfail\t" + DOTNET.replace("CardException", "Refusal"),
        "Acme.Pay.Refusal",
        "declined",
    ),
    ".NET": (f"{AT}\t{ID}\tfail\t{DOTNET}", "Acme.Pay.CardException", "declined"),
    ".NET, spaces": (f"{AT}  {ID}  fail  {DOTNET}", "Acme.Pay.CardException", "declined"),
    ".NET, old": ("declined: CardException\n   at Acme.Till.Charge()", "CardException", "declined"),
    "ruby": (
        'Error raised from handler method\n{\n  "errorMessage": "declined",\n  "errorType": "Function<CardError>"\n}',
        "Function<CardError>",
        "declined",
    ),
    "go": ('2025/03/31 10:00:00 {"errorMessage":"declined","errorType":"cardError"}', "cardError", "declined"),
    "go, lines": (
        '2025/03/31 10:00:00 {\n  "errorMessage": "declined",\n  "errorType": "cardError"\n}',
        "cardError",
        "declined",
    ),
    "bref": (
        f'{ID}\tInvoke Error\t{{"errorType":"CardError","errorMessage":"declined","stack":[]}}',
        "CardError",
        "declined",
    ),
    "too large": (
        "[ERROR] [1743415200123] LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413.",
        "Function.ResponseSizeTooLarge",
        "Failed to post handler success response. Http response code: 413.",
    ),
}

CRASHES = {
    "java": (f'Exception in thread "main" {JAVA}', "com.acme.pay.CardException", "declined"),
    "spring": (LOGGERS["spring"].replace("charge", "Application run"), "com.acme.pay.CardException", "declined"),
    "python": (PYTHON, "CardError", "declined"),
    "python syntax": ('  File "/app/a.py", line 2\n    x =\n      ^\nSyntaxError: invalid syntax', "SyntaxError", "invalid"),
    "node": (f"/var/task/till.js:41\n  throw e;\n  ^\n\n{NODE}", "CardError", "declined"),
    "deno": (f"error: Uncaught (in promise) {NODE}", "CardError", "declined"),
    "bun": (f"error: declined\n{NODE.partition(chr(10))[2]}", "Error", "declined"),
    "node 8": (f"{AT}\t{ID}\t{NODE}", "CardError", "declined"),
    ".NET": (f"Unhandled exception. {DOTNET}", "Acme.Pay.CardException", "declined"),
    "go": ("panic: declined\n\ngoroutine 1 [running]:\nmain.main()", "panic", "declined"),
    "go, log": ("2025/03/31 10:00:00 declined", "Runtime.ExitError", "declined"),
    "rust": ("thread 'main' panicked at src/main.rs:41:9:\ndeclined", "panic", "declined"),
    "ruby": ("/var/task/till.rb:1:in `require': cannot load such file -- card (LoadError)", "LoadError", "cannot load"),
    "php": ("PHP Fatal error:  Uncaught CardError: declined in /var/task/till.php:41", "CardError", "declined"),
}  # fmt: skip


def invocation(*printed: str, more: str = "") -> list[str]:
    return [start(ID), *printed, end(ID), report(ID, more=more)]


def by_lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")]


@pytest.mark.parametrize("printed", LOGGERS.values(), ids=list(LOGGERS))
def test_what_was_logged_is_no_failure(tmp_path: Path, printed: str) -> None:
    store = Store(tmp_path, at_once(invocation(printed)))
    assert (store.statuses(), store.groups) == (["ok"], [])


@pytest.mark.parametrize("split", [False, True], ids=["whole", "a line an event"])
@pytest.mark.parametrize("name", RUNTIMES)
def test_what_a_runtime_says_is_a_failure(tmp_path: Path, name: str, split: bool) -> None:
    printed, error_type, message = RUNTIMES[name]
    store = Store(tmp_path, at_once(invocation("working\n", *(by_lines(printed) if split else [printed]))))
    (group,) = store.groups
    assert (store.statuses(), group.error_type, group.message) == (["error"], error_type, message)


@pytest.mark.parametrize("split", [False, True], ids=["whole", "a line an event"])
@pytest.mark.parametrize("name", CRASHES)
def test_a_process_that_exited_has_the_cause_that_it_printed(tmp_path: Path, name: str, split: bool) -> None:
    printed, error_type, message = CRASHES[name]
    store = Store(tmp_path, at_once(invocation(*(by_lines(printed) if split else [printed]), EXIT)))
    (group,) = store.groups
    assert (store.statuses(), group.error_type) == (["error"], error_type)
    assert message in group.message


@pytest.mark.parametrize("split", [False, True], ids=["whole", "a line an event"])
@pytest.mark.parametrize(
    "printed", [JAVA, JAVA.replace("CardException: declined", "Refusal"), DOTNET], ids=["java", "any name", ".NET"]
)
def test_a_trace_alone_was_printed_by_the_program(tmp_path: Path, printed: str, split: bool) -> None:
    # Lambda's client for Java says message and type before every trace of its own.
    store = Store(tmp_path, at_once(invocation("working\n", *(by_lines(printed) if split else [printed]))))
    assert (store.statuses(), store.groups) == (["ok"], [])


def test_what_dotnet_logs_before_other_lines_was_handled(tmp_path: Path) -> None:
    printed = RUNTIMES[".NET"][0]
    done = f"{AT}\t{ID}\tinfo\tcharged the other card\n"
    assert Store(tmp_path, at_once(invocation(printed, done))).statuses() == ["ok"]


def test_of_two_errors_that_dotnet_logs_the_last_ended_it() -> None:
    last = RUNTIMES[".NET, any name"][0]
    found = evidence(invocation(RUNTIMES[".NET"][0], last)).error
    assert found is not None
    assert found.error_type == "Acme.Pay.Refusal"


def test_report_names_what_a_json_logger_was_handed(tmp_path: Path) -> None:
    line = f'{{"level":"Error","requestId":"{ID}","message":"declined","errorType":"Acme.Refusal","errorMessage":"declined"}}'
    store = Store(tmp_path, at_once(invocation(line, more="Status: error\tError Type: Acme.Refusal")))
    assert [(group.error_type, group.message) for group in store.groups] == [("Acme.Refusal", "declined")]


@pytest.mark.parametrize(
    ("line", "error_type"),
    [
        ('"level":"Error","message":"declined","errorType":"Acme.Refusal","errorMessage":"no","stackTrace":[]', "Acme.Refusal"),
        ('"level":"ERROR","message":{"errorType":"CardError","errorMessage":"no","stackTrace":[]}', "CardError"),
    ],
    ids=[".NET", "Node"],
)  # fmt: skip
def test_in_json_report_says_whether_what_was_logged_ended_it(tmp_path: Path, line: str, error_type: str) -> None:
    def events(status: str) -> list[str]:
        record = f'"requestId":"{ID}","status":"{status}","metrics":{{"durationMs":1.5,"billedDurationMs":2,"memorySizeMB":128,"maxMemoryUsedMB":40}}'
        begun = f'{{"time":"{AT}","type":"platform.start","record":{{"requestId":"{ID}","version":"1"}}}}'
        ended = f'{{"time":"{AT}","type":"platform.report","record":{{{record}}}}}'
        return [begun, f'{{"timestamp":"{AT}","requestId":"{ID}",{line}}}', ended]

    failed, fine = tmp_path / "failed", tmp_path / "fine"
    failed.mkdir()
    fine.mkdir()
    store = Store(failed, at_once(events("error")))
    assert [(group.error_type, group.message) for group in store.groups] == [(error_type, "no")]
    assert Store(fine, at_once(events("success"))).groups == []


_NO_START = f"[ERROR] CardError: no key\n{PYTHON.rpartition(chr(10))[0]}"
_INIT_FAILED = "INIT_REPORT Init Duration: 200.00 ms\tPhase: init\tStatus: error\tError Type: CardError\n"


def test_a_start_that_was_tried_again_is_no_failure_of_the_invocation(tmp_path: Path) -> None:
    said = f"[INFO]\t{AT}\t{ID}\tcharged\n"
    store = Store(tmp_path, at_once([_NO_START, _INIT_FAILED, *invocation(said)]))
    assert (store.statuses(), store.groups) == (["ok"], [])


@pytest.mark.parametrize("more", [(), (_NO_START,), ("loading\n",)], ids=["silence", "again", "before the handler"])
def test_a_start_that_failed_stays_one_without_a_word_of_the_handler(tmp_path: Path, more: tuple[str, ...]) -> None:
    store = Store(tmp_path, at_once([_NO_START, _INIT_FAILED, *invocation(*more)]))
    assert store.statuses() == ["init_error"]


@pytest.mark.parametrize("footer", [f"Request ID: {ID}\n", f"Request ID\n{ID}\n", f"{ID}\n"])
def test_the_id_below_a_test_s_log_is_no_word_of_the_handler(tmp_path: Path, footer: str) -> None:
    store = Store(tmp_path, at_once([_NO_START, _INIT_FAILED, *invocation(), footer]))
    assert store.statuses() == ["init_error"]


def test_a_trace_before_other_lines_was_handled(tmp_path: Path) -> None:
    store = Store(tmp_path, at_once(invocation(JAVA, "charged the other card\n")))
    assert store.statuses() == ["ok"]


def test_report_names_the_trace_that_counts(tmp_path: Path) -> None:
    more = "Status: error\tError Type: com.acme.pay.CardException"
    store = Store(tmp_path, at_once(invocation(*by_lines(JAVA), "bye\n", more=more)))
    assert [(group.error_type, group.message) for group in store.groups] == [("com.acme.pay.CardException", "declined")]


@given(st.sampled_from(list(LOGGERS.values())), st.sampled_from(list(LOGGERS.values())))
def test_any_loggers_lines_are_no_failure(one: str, other: str) -> None:
    assert evidence(invocation(one, other)).error is None


@given(st.sampled_from(list(LOGGERS.values())), st.sampled_from(sorted(RUNTIMES)))
def test_any_runtimes_failure_is_found_beside_what_was_logged(logged: str, name: str) -> None:
    printed, error_type, message = RUNTIMES[name]
    error = evidence(invocation(logged, printed)).error
    assert error is not None
    assert (error.error_type, error.message) == (error_type, message)


def test_the_verdict_is_the_same_without_lines(tmp_path: Path) -> None:
    events = at_once([*invocation(*by_lines(LOGGERS["logback"]))])
    imported(tmp_path, [replace(event, event_id=f"{at:056d}") for at, event in enumerate(events, 1)], keep_lines=False)
    assert Store(tmp_path).statuses() == ["ok"]


@pytest.mark.parametrize(
    "said",
    [
        'error: Cannot find module "pay" from "/var/task/app.ts"',
        "/var/task/bootstrap: line 3: jq: command not found",
        "no configuration at /var/task/till.pl line 3.",
        "fatal: no configuration",
    ],
)
def test_last_words_before_the_exit_say_why(tmp_path: Path, said: str) -> None:
    store = Store(tmp_path, at_once(invocation("starting\n", f"{said}\n", EXIT)))
    assert [(group.error_type, group.message) for group in store.groups] == [("Runtime.ExitError", said)]


@pytest.mark.parametrize(
    "cause",
    [
        "/var/task/bootstrap: line 3: ./pay: cannot execute binary file",
        "/var/runtime/bootstrap: 3: node: not found",
        "bootstrap: line 2: exec: till: not found",
        "./till: symbol lookup error: ./till: undefined symbol: pay",
        "/var/task/bootstrap: line 9: 12 Killed                  java -jar till.jar",
    ],
)
def test_a_bootstraps_last_words_before_start_say_why(tmp_path: Path, cause: str) -> None:
    start, exited, *rest = invocation(EXIT)
    store = Store(tmp_path, at_once([f"{cause}\n", f"{cause}\n", start, exited, *rest]))
    assert [(group.error_type, group.message) for group in store.groups] == [("Runtime.ExitError", cause)]


def test_what_was_said_long_before_start_is_no_cause(tmp_path: Path) -> None:
    start, *rest = at_once(invocation(EXIT))
    before = replace(start, text="bash: line 1: till: command not found\n", at_ms=start.at_ms - MINUTE_MS)
    store = Store(tmp_path, [before, start, *rest])
    assert [group.message for group in store.groups] == [EXIT.partition("Error: ")[2].partition("\n")[0]]


def test_runtime_done_that_failed_names_the_error(tmp_path: Path) -> None:
    record = f'"requestId":"{ID}","status":"failure"'
    events = [
        f'{{"time":"{AT}","type":"platform.start","record":{{"requestId":"{ID}","version":"1"}}}}',
        f'{{"time":"{AT}","type":"platform.runtimeDone","record":{{{record},"errorType":"Runtime.ExitError"}}}}',
        f'{{"time":"{AT}","type":"platform.report","record":{{{record},"metrics":{{"durationMs":1.5,"billedDurationMs":2,'
        '"memorySizeMB":128,"maxMemoryUsedMB":40}}}',
    ]
    assert [group.error_type for group in Store(tmp_path, at_once(events)).groups] == ["Runtime.ExitError"]


def test_the_cause_under_a_local_time_is_found(tmp_path: Path) -> None:
    cause = f"2025-03-31 12:00:00.553 (+02:00)        {ID}    Error: connect ECONNREFUSED 127.0.0.1:27017\n    at A.b (a.js:1:2)\n"
    store = Store(tmp_path, at_once(invocation(cause, f"RequestId: {ID} Process exited before completing request\n")))
    assert [group.message for group in store.groups] == ["connect ECONNREFUSED 127.0.0.1:27017"]
