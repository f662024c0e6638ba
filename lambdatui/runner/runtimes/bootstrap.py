"""The program of a Python function's process: it uses the Runtime API and calls the handler.

Run as a script, by whichever interpreter the function asks for. It imports no more than a handler needs anyway, because
its start is the function's cold start. The Runtime API: AWS Lambda Developer Guide, "Using the Lambda runtime API".
"""

import builtins
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Handler = Callable[[Any, Any], Any]  # which Python 3.8 cannot evaluate
_PREFIX = "/2018-06-01/runtime"
_TEXT_FRAME = 0xA55A0003
_LOG_FD = 1


def log_frame(message: str) -> None:
    """Write one log event of any number of lines, as a frame of ``_LAMBDA_TELEMETRY_LOG_FD``."""
    sys.stdout.flush()
    data = message.encode("utf-8", "replace")
    head = _TEXT_FRAME.to_bytes(4, "big") + len(data).to_bytes(4, "big") + (time.time_ns() // 1000).to_bytes(8, "big")
    rest = memoryview(head + data)
    while rest:
        rest = rest[os.write(_LOG_FD, rest) :]


class RuntimeClient:
    """One kept-alive connection to the Runtime API at ``host:port``."""

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def next(self) -> "tuple[dict[str, str], bytes]":
        """The next event's headers, in lower case, and its body."""
        return self._ask("GET", "/invocation/next", b"", "")

    def post(self, path: str, body: bytes, error_type: str = "") -> None:
        """Post an answer, or with ``error_type`` an error; ``path`` is below ``/runtime``."""
        self._ask("POST", path, body, error_type)

    def _ask(self, method: str, path: str, body: bytes, error_type: str) -> "tuple[dict[str, str], bytes]":
        head = f"{method} {_PREFIX}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        if error_type:
            head += f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n"
        self._socket.sendall(head.encode("latin-1", "replace") + b"\r\n" + body)
        if not self._reader.readline():
            raise SystemExit(0)  # the runner has ended: nobody waits for an answer
        headers = {}
        for line in iter(self._reader.readline, b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers, self._reader.read(int(headers.get("content-length", 0)))


class Context:
    """What a handler gets as its second argument; the names are AWS's (Developer Guide, "Python context object")."""

    def __init__(self, headers: "dict[str, str]") -> None:
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn", "")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        identity = json.loads(headers.get("lambda-runtime-cognito-identity") or "{}")
        self.identity = SimpleNamespace(
            cognito_identity_id=identity.get("cognitoIdentityId"),
            cognito_identity_pool_id=identity.get("cognitoIdentityPoolId"),
        )
        client = headers.get("lambda-runtime-client-context")
        self.client_context = None if client is None else _client_context(json.loads(client))
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout."""
        return max(self._deadline_ms - time.time_ns() // 1_000_000, 0)

    def log(self, message: object) -> None:
        """Write one log event."""
        log_frame(str(message))


def _client_context(document: "dict[str, Any]") -> SimpleNamespace:
    client = document.get("client")
    names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
    return SimpleNamespace(
        custom=document.get("custom"),
        env=document.get("env"),
        client=None if client is None else SimpleNamespace(**{name: client.get(name) for name in names}),
    )


_JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
# What every record has: the other attributes are those that the function gave as ``extra``.
_RECORD_FIELDS = {*vars(logging.makeLogRecord({})), "message", "asctime"}


class LogHandler(logging.Handler):
    """Puts each record of ``logging`` into the log as one event, in the format of Lambda's Python runtime."""

    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one log event."""
        try:
            if _JSON_LOGS:
                log_frame(json.dumps(self._fields(record), ensure_ascii=False, default=str) + "\n")
                return
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            text = logging.Formatter().format(record)
            log_frame(f"[{record.levelname}]\t{stamp}.{int(record.msecs):03d}Z\t{self.request_id}\t{text}\n")
        except Exception:
            self.handleError(record)

    def _fields(self, record: logging.LogRecord) -> "dict[str, Any]":
        """The fields of a record's JSON, in the order of Lambda's Python runtime."""
        level = min(50, max(0, record.levelno)) // 10 * 10
        fields: dict[str, Any] = {
            "timestamp": _seconds_utc(record.created),
            "level": logging.getLevelName(level),
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            fields["stackTrace"] = traceback.format_tb(trace)
            fields["errorType"], fields["errorMessage"] = kind.__name__, str(error)
        fields["requestId"] = self.request_id
        if record.exc_info:
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        more = {key: value for key, value in vars(record).items() if key not in _RECORD_FIELDS and key not in fields}
        return {key: value for key, value in {**fields, **more}.items() if value is not None}


def _seconds_utc(epoch_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch_s))


def set_up_logging() -> LogHandler:
    """Give the root logger Lambda's handler, and the level that the function's logging configuration asks for."""
    handler, root = LogHandler(), logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "FATAL": "CRITICAL", "WARN": "WARNING"}.get(level, level)
    if level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)
    root.addHandler(handler)
    return handler


class InitError(Exception):
    """The handler cannot be loaded; ``error_type`` is Lambda's name for the reason."""

    def __init__(self, error_type: str, message: str, trace: "list[str] | None" = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


def load(handler: str) -> "Handler":
    """The function that ``module.function`` names. Raises InitError when it cannot be loaded."""
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        if error.name in ("boto3", "botocore") and sys.version_info < (3, 10):
            version = f"python3.{sys.version_info[1]}"
            log_frame(f"[WARN] boto3 is not installed for {version}: lambdatui runner runtimes --install {version}\n")
        raise InitError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").strip()}\n'
        message = f"Syntax error in module '{module_name}': {error}"
        raise InitError("Runtime.UserCodeSyntaxError", message, [where]) from error
    except Exception as error:
        raise InitError(type(error).__name__, str(error), _trace(error.__traceback__)) from error
    try:
        handler_function: Handler = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise InitError("Runtime.HandlerNotFound", message) from None
    return handler_function


def _trace(tb: "TracebackType | None") -> "list[str]":
    """The frames after those of this module, as Lambda's runtime gives them."""
    frames = traceback.extract_tb(tb)
    while frames and frames[0].filename == __file__:
        del frames[0]
    return traceback.format_list(frames)


def fault(error_type: str, message: str, request_id: str, trace: "list[str]") -> bytes:
    """Log an error in the form of Lambda's Python runtime; returns the body that the caller gets."""
    body = {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": trace}
    if _JSON_LOGS:
        log_frame(json.dumps({"timestamp": _seconds_utc(time.time()), "level": "ERROR", **body}) + "\n")
        return json.dumps(body).encode()
    lines = [f"[ERROR] {error_type}: {message}" if message else f"[ERROR] {error_type}"]
    lines.append("Traceback (most recent call last):")
    for entry in trace:
        for line in entry.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    log_frame("\n".join(lines) + "\n")
    return json.dumps(body).encode()


def serve(api: RuntimeClient, handler: "Handler", log: LogHandler) -> None:
    """Answer events until the process is ended."""
    while True:
        headers, body = api.next()
        context = Context(headers)
        log.request_id = context.aws_request_id
        if trace_id := headers.get("lambda-runtime-trace-id"):
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        path = f"/invocation/{context.aws_request_id}"
        try:
            result = handler(json.loads(body), context)
        except Exception as error:
            kind = type(error).__name__
            failed = fault(kind, str(error), context.aws_request_id, _trace(error.__traceback__))
            api.post(f"{path}/error", failed, kind)
            continue
        try:
            answer = result if isinstance(result, bytes) else _encoded(result)
        except (TypeError, ValueError, RecursionError) as error:
            kind, message = "Runtime.MarshalError", f"Unable to marshal response: {error}"
            api.post(f"{path}/error", fault(kind, message, context.aws_request_id, []), kind)
            continue
        sys.stdout.flush()
        api.post(f"{path}/response", answer)


def _encoded(result: object) -> bytes:
    """A handler's answer as JSON; newer runtimes of Lambda leave letters beyond ASCII as they are."""
    ascii_only = sys.version_info < (3, 12)
    return json.dumps(result, ensure_ascii=ascii_only, default=_number).encode("utf-8", "surrogatepass")


def _number(value: object) -> "int | float":
    """A Decimal, which Lambda's runtime writes as a number. Raises TypeError for anything else."""
    if "decimal" in sys.modules and isinstance(value, sys.modules["decimal"].Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def keep_compiled_code_elsewhere() -> None:
    """Write compiled code of the function into the writable /var/lang, because /var/task and /opt are read-only."""
    from importlib import _bootstrap_external as importing

    beside_source = importing.cache_from_source

    def cache_from_source(path, *rest, **options):  # type: ignore[no-untyped-def] # one of importlib's own functions
        beside = beside_source(path, *rest, **options)
        if beside.startswith(("/var/task/", "/opt/")) and not os.path.exists(beside):
            return "/var/lang" + beside
        return beside

    importing.cache_from_source = cache_from_source


def main() -> None:
    """Load the handler that ``_HANDLER`` names, and serve its events."""
    opt, version = os.environ.pop("LAMBDATUI_OPT", ""), f"python{sys.version_info[0]}.{sys.version_info[1]}"
    layers = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"] if opt else []
    sys.path[0:1] = [os.environ["LAMBDA_TASK_ROOT"], *layers]  # instead of the folder of this script
    if os.environ["LAMBDA_TASK_ROOT"] == "/var/task":
        keep_compiled_code_elsewhere()
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment] # site's, which -S leaves out
    log = set_up_logging()
    api = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(os.environ["_HANDLER"])
    except InitError as error:
        api.post("/init/error", fault(error.error_type, str(error), "", error.trace), error.error_type)
        raise SystemExit(1) from None
    serve(api, handler, log)


if __name__ == "__main__":
    main()
