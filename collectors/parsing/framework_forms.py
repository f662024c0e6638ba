"""The forms in which frameworks with a runtime of their own print a failure: Micronaut, Quarkus, Swift and Rust.

Each reports the error to Lambda itself and logs it with its own logger: what it logs there ended the invocation,
although a logger printed it. The wording is from their sources (``AbstractMicronautLambdaRuntime``,
``AbstractLambdaPollLoop``, swift-aws-lambda-runtime's ``LambdaRunner``, lambda_runtime for Rust until 0.8).
"""

import re
from typing import Any

from collectors.parsing.error_kinds import ErrorText, error_text

_CLASS = r"(?:[a-z_]\w*\.)+[A-Za-z_][\w$]*"
# The message, then at once what printStackTrace prints, which says it again.
_MICRONAUT = re.compile(
    rf"Invocation with requestId \[[^\]\n]*\] failed: (?:null(?=\w+\.)|(.*?)) ?({_CLASS})(?:: \1)?$", re.MULTILINE
)
_QUARKUS = re.compile(rf"Failed to run lambda \([A-Z_]+\)(?:: |:?\s*\n)({_CLASS})(?:: (.*))?$", re.MULTILINE)
_QUARKUS_JSON = re.compile(r"Failed to run lambda \([A-Z_]+\)$")
_SWIFT = re.compile(r"\blambda handler returned an error: (.+)$", re.MULTILINE)
_RUST = re.compile(
    r"^(?:\S+Z )?\s*ERROR (?:Lambda runtime invocation\{[^}\n]*\}: )?lambda_runtime: (.+)$", re.MULTILINE
)
_DEBUG = re.compile(r'(?:(\w+)\()?"(.*)"\)?')  # as Rust's {:?} prints an error that holds a text


def framework_error(text: str) -> ErrorText | None:
    """The failure in the words of a framework's own runtime, or None."""
    if "ambda" not in text and "requestId [" not in text:
        return None
    match = _MICRONAUT.search(text)
    if match is not None:
        return error_text(match.group(2), match.group(1) or "")
    match = _QUARKUS.search(text)
    if match is not None:
        return error_text(match.group(1), match.group(2) or "")
    match = _SWIFT.search(text)
    if match is not None:
        return error_text("FunctionError", match.group(1))
    match = _RUST.search(text)
    if match is None:
        return None
    debug = _DEBUG.fullmatch(match.group(1))
    return error_text((debug and debug.group(1)) or "Error", debug.group(2) if debug else match.group(1))


def framework_line_error(line: dict[str, Any]) -> ErrorText | None:
    """The failure in a decoded JSON line: Quarkus' JSON logger puts the exception beside the message."""
    message, exception = line.get("message"), line.get("exception")
    if not isinstance(message, str) or not isinstance(exception, dict) or not _QUARKUS_JSON.fullmatch(message):
        return None
    return error_text(str(exception.get("exceptionType") or "Error"), str(exception.get("message") or ""))
