"""Unhandled failures in every runtime's words; handled ones stay what they are: log lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.parsing.platform_json import AppJson, read_json
from collectors.parsing.runtime_errors import find_error, might_fail, request_id_of

ID = "4f1c2b7e-9d3a-4c55-8e21-0a6b7c8d9e0f"
TIME = "2024-03-04T17:22:38.033Z"
NODE = f"{TIME}\t{ID}\tERROR\t"
GO_TRACE = '[{"path":"main.go","line":1,"label":"x"}]'
INIT_WORDS = "Unable to import module 'app': No module named 'x'"

FAILURES = {
    "a handler that is missing, nothing after": (
        "Handler 'sell' missing on module",
        "Runtime.HandlerNotFound",
        "Handler 'sell' missing on module",
        "init",
    ),
    "the platform's type on the same line": (
        f"RequestId: {ID} Error: Runtime exited with error: signal: aborted Runtime.ExitError",
        "Runtime.ExitError",
        "Runtime exited with error: signal: aborted",
        "exit",
    ),
    "node 24, a rejection as it is": (
        "Runtime.UnhandledPromiseRejection: Error: ShopError\n    at process.<anonymous> (file:///var/runtime/i.mjs:1)",
        "Runtime.UnhandledPromiseRejection",
        "Error: ShopError",
        "unhandled",
    ),
    "python, lines joined by bars": (
        "[ERROR] KeyError: 'x' | Traceback (most recent call last): | File a",
        "KeyError",
        "'x'",
        "unhandled",
    ),
    "java, a class that Error loading calls a class": (
        "Error loading class shop.Till: shop/Queue: class java.lang.NoClassDefFoundError",
        "java.lang.NoClassDefFoundError",
        "Error loading class shop.Till: shop/Queue",
        "init",
    ),
    "JSON whose message is the exception": (
        '{"level":"Error","message":"Shop.Shut: 7\\n   at X","errorType":"Shop.Shut","errorMessage":"7"}',
        "Shop.Shut",
        "7",
        "unhandled",
    ),
    "go, in the log package's words": (
        '2024/03/04 17:22:38 {"errorMessage":"no such shop: 7","errorType":"notFoundError"}',
        "notFoundError",
        "no such shop: 7",
        "unhandled",
    ),
    "go, a panic of the handler": (
        "2024/03/04 17:22:38 calling the handler function resulted in a panic, the process should exit",
        "Runtime.Unknown",
        "2024/03/04 17:22:38 calling the handler function resulted in a panic, the process should exit",
        "exit",
    ),
    "ruby, on one line": (
        'Critical exception from handler {\n  "errorMessage": "no shop",\n  "errorType": "Function<IOError>"\n}',
        "Function<IOError>",
        "no shop",
        "unhandled",
    ),
    "node, as serverless logs prints it": (
        f'2024-03-04 18:22:38.033 (+01:00)\t{ID}\tERROR\tInvoke Error \t{{"errorType":"RangeError","errorMessage":"far"}}',
        "RangeError",
        "far",
        "unhandled",
    ),
    "a timeout whose id was blacked out": (
        f"{TIME} <id> Task timed out after 3.00 seconds",
        "Sandbox.Timedout",
        "Task timed out after 3.00 seconds",
        "timeout",
    ),
    "java, a class that is not there is named like an error": (
        "java.lang.NoClassDefFoundError: shop/net/QueueException\n\tat shop.Till.<init>(Till.java:6)\n",
        "java.lang.NoClassDefFoundError",
        "shop/net/QueueException",
        "unhandled",
    ),
    "python": ("[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File", "KeyError", "'x'", "unhandled"),
    "python, no message": ("[ERROR] Oops\nTraceback (most recent call last):", "Oops", "", "unhandled"),
    "python, one event by CR": (
        "LAMBDA_WARNING: Unhandled exception. Look.\r[ERROR] ValueError: bad\rTraceback (most recent call last):\r",
        "ValueError",
        "bad",
        "unhandled",
    ),
    "python, warning before JSON": (
        'LAMBDA_WARNING: Unhandled exception.\r{"log_level":"ERROR","errorType":"KeyError","errorMessage":"\'n\'"}',
        "KeyError",
        "'n'",
        "unhandled",
    ),
    "python, import": (
        f"[ERROR] Runtime.ImportModuleError: {INIT_WORDS}\nTraceback (most recent call last):",
        "Runtime.ImportModuleError",
        INIT_WORDS,
        "init",
    ),
    "python 2": ("bad value: ValueError\nTraceback (most recent call last):\n", "ValueError", "bad value", "unhandled"),
    "before 2019": (INIT_WORDS, "Runtime.ImportModuleError", INIT_WORDS, "init"),
    "node": (
        NODE + 'Invoke Error \t{"errorType":"TypeError","errorMessage":"x \\"y\\"","stack":["a"]}',
        "TypeError",
        'x "y"',
        "unhandled",
    ),
    "node, cut": (
        NODE + 'Invoke Error \t{"errorType":"TypeError","errorMessage":"x is',
        "TypeError",
        "x is",
        "unhandled",
    ),
    "node, init": (
        NODE.replace(ID, "undefined")
        + 'Uncaught Exception \t{"errorType":"Runtime.ImportModuleError","errorMessage":"E"}',
        "Runtime.ImportModuleError",
        "E",
        "init",
    ),
    "node, promise, spaces": (
        f'{TIME} {ID} ERROR Unhandled Promise Rejection  {{\n "errorType": "Runtime.UnhandledPromiseRejection",\n '
        '"errorMessage": "no"}',
        "Runtime.UnhandledPromiseRejection",
        "no",
        "unhandled",
    ),
    "node heap": (
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "Runtime.OutOfMemory",
        "JavaScript heap out of memory",
        "out_of_memory",
    ),
    "timeout": (
        f"{TIME} {ID} Task timed out after 3.00 seconds\n\n",
        "Sandbox.Timedout",
        "Task timed out after 3.00 seconds",
        "timeout",
    ),
    "killed": (
        f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        "Runtime.ExitError",
        "Runtime exited with error: signal: killed",
        "exit",
    ),
    "exit, type in an event of its own": (
        f"RequestId: {ID} Error: Runtime exited with error: exit status 1",
        "Runtime.ExitError",
        "Runtime exited with error: exit status 1",
        "exit",
    ),
    "extension": (f"RequestId: {ID} Error: exit code 1\nExtension.Crash", "Extension.Crash", "exit code 1", "init"),
    "oldest": (
        f"RequestId: {ID} Process exited before completing request",
        "Runtime.ExitError",
        "Process exited before completing request",
        "exit",
    ),
    "entrypoint": (
        json.dumps({"errorType": "Runtime.InvalidEntrypoint", "errorMessage": f"RequestId: {ID} Error: fork/exec x"}),
        "Runtime.InvalidEntrypoint",
        "fork/exec x",
        "init",
    ),
    "out of memory in JSON": (
        '{"errorType": "Runtime.OutOfMemory", "errorMessage": "killed"}',
        "Runtime.OutOfMemory",
        "killed",
        "out_of_memory",
    ),
    "java": (
        "no: java.lang.IllegalStateException\njava.lang.IllegalStateException: no\n\tat a.Handler.run(Handler.java:3)",
        "java.lang.IllegalStateException",
        "no",
        "unhandled",
    ),
    "java, trace alone": (
        "java.lang.Throwable\n\tat lambdainternal.AWSLambda.main(AWSLambda.java:187)",
        "java.lang.Throwable",
        "",
        "unhandled",
    ),
    "java, class": (
        "Error loading class a.B: a.B: java.lang.ClassNotFoundException\n",
        "java.lang.ClassNotFoundException",
        "Error loading class a.B: a.B",
        "init",
    ),
    "go": (f"not found: errorString\n{GO_TRACE}", "errorString", "not found", "unhandled"),
    "go, own type": (f"not found: NotFoundError\n{GO_TRACE}", "NotFoundError", "not found", "unhandled"),
    "go, JSON": ('{"errorMessage":"no","errorType":"errorString"}', "errorString", "no", "unhandled"),
    "go, panic": (
        "panic: runtime error: index out of range\n\ngoroutine 1",
        "panic",
        "runtime error: index out of range",
        "unhandled",
    ),
    "go, exec": (
        "fork/exec /var/task/main: no such file: PathError",
        "PathError",
        "fork/exec /var/task/main: no such file",
        "init",
    ),
    "ruby": (
        'Error raised from handler method\n{\n  "errorMessage": "no",\n  "errorType": "Function<TypeError>"\n}',
        "Function<TypeError>",
        "no",
        "unhandled",
    ),
    "ruby, init": (
        'Init error when loading handler app.run\n{\n  "errorMessage": "no",\n  "errorType": "Init<LoadError>"\n}',
        "Init<LoadError>",
        "no",
        "init",
    ),
    ".NET": (
        f"{TIME}\t{ID}\tfail\tSystem.ArgumentException: no\n   at A.B()",
        "System.ArgumentException",
        "no",
        "unhandled",
    ),
    ".NET, plain": ("System.Exception: no\n   at A.B(Stream)", "System.Exception", "no", "unhandled"),
    ".NET, init": (
        "Unable to load type 'A' from assembly 'B'.: LambdaException",
        "LambdaException",
        "Unable to load type 'A' from assembly 'B'.",
        "init",
    ),
    "rust": ("thread 'main' panicked at 'no', src/main.rs:1:2\nnote", "panic", "no", "unhandled"),
    "rust, new": ("thread 'main' panicked at src/main.rs:1:2:\nno\nnote", "panic", "no", "unhandled"),
}


@pytest.mark.parametrize(("text", "error_type", "message", "kind"), FAILURES.values(), ids=list(FAILURES))
def test_unhandled_failures(text: str, error_type: str, message: str, kind: str) -> None:
    assert might_fail(text)
    assert find_error(text) == (error_type, message, kind)


@pytest.mark.parametrize(
    "text",
    [
        f"[ERROR]\t{TIME}\t{ID}\tsomething failed: ValueError\nTraceback (most recent call last):\n  File",
        "[ERROR] Connection: refused",
        "[ERROR] Failed to connect: ValueError",
        "Traceback (most recent call last):\n  File 'x', line 1\nKeyError: 'x'",
        NODE + "Error: boom\n    at handler (index.js:1)",
        NODE + '{"message":"Invoke Error"}',
        "TypeError: boom\n    at handler (index.js:1:2)",
        f"{TIME}\t{ID}\tfail\tThe order failed: no stock",
        "Task timed out after 5 seconds waiting for the database",
        "the task timed out",
        "job failed: ValidationError",
        '{"level":"ERROR","message":"no","errorType":"KeyError"}',
        '{"level":"ERROR","logger":"root","message":"no","errorType":"KeyError","errorMessage":"1","requestId":"x"}',
        '{"error": "Runtime.ExitError", "cause": {"errorType": "Runtime.ExitError"}}',
        "no panic, all errors were handled by the exception module",
    ],
)
def test_what_a_program_logs_is_no_failure(text: str) -> None:
    assert find_error(text) is None


def test_json_lines_of_runtimes() -> None:
    python = {"timestamp": TIME, "log_level": "ERROR", "errorMessage": "'n'", "errorType": "KeyError", "requestId": ID}
    assert read_json(python) == AppJson(ID, "ERROR", ("KeyError", "'n'", "unhandled"), "'n'")  # type: ignore[arg-type]
    node = {"timestamp": TIME, "level": "ERROR", "requestId": ID, "message": {"errorType": "E", "errorMessage": "m"}}
    found = read_json(node)
    assert isinstance(found, AppJson)
    assert found.error == ("E", "m", "unhandled")
    timeout = {"level": "ERROR", "requestId": ID, "message": f"{TIME} {ID} Task timed out after 3.00 seconds"}
    found = read_json(timeout)
    assert isinstance(found, AppJson)
    assert found.error is not None
    assert found.error.kind == "timeout"
    info = {"level": "INFO", "message": '{"errorType": "KeyError", "errorMessage": "seen"}'}
    found = read_json(info)
    assert isinstance(found, AppJson)
    assert found.error is None


def test_request_ids_of_application_lines() -> None:
    assert request_id_of(f"{TIME}\t{ID}\tINFO\thello") == ID
    assert request_id_of(f"[INFO]\t{TIME}\t{ID}\thello") == ID
    assert request_id_of(f"{TIME} {ID} Task timed out after 3.00 seconds") == ID
    assert request_id_of(f"{ID} Task timed out after 3.00 seconds") == ID
    assert request_id_of(f"RequestId: {ID} Error: Runtime exited") == ID
    assert request_id_of(f"{TIME}\tundefined\tERROR\tUncaught Exception") is None
    assert request_id_of(f"order {TIME} of customer {ID}") is None
    assert request_id_of("") is None


fragments = st.sampled_from([text for text, *_ in FAILURES.values()])


@given(st.text() | st.builds(lambda a, b, cut: (a + "\n" + b)[:cut], fragments, fragments, st.integers(0, 300)))
def test_no_text_raises_and_the_quick_look_misses_nothing(text: str) -> None:
    found = find_error(text)
    assert found is None or (might_fail(text) and found.error_type and found.kind)
    request_id_of(text)


@given(
    st.dictionaries(
        st.sampled_from(["type", "record", "message", "errorType", "errorMessage", "level"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.dictionaries(st.text(), inner),
            max_leaves=4,
        ),
    )
)
def test_no_json_raises(line: dict[str, object]) -> None:
    read_json(line)
