"""The AWS CLI commands that make a change, to be pasted: lambdatui itself only reads.

Names come from logs and from accounts, and are hostile: every value is quoted for the shell. One that the AWS CLI would
take for an option or for a file to read is written so that it does not, or there is no command at all.
"""

import re
from shlex import quote

from collectors.model.errors import CaughtError
from lambdatui.text.plain import plain
from lambdatui.views.functions import FunctionView

QUOTA_OF_CONCURRENCY = "L-B99A9384"
"""Service Quotas' code of "Concurrent executions" of Lambda."""
RETENTION_DAYS = 30
RUNNER_URL = "RUNNER_URL"
"""Stands for the address of a local runner that is not known."""
_MOST = 512  # names and ARNs are shorter; a longer value is none
# "aws" reads a parameter's value from a file or the web where it begins so (AWS CLI User Guide, "Loading parameters").
_READ_FROM_ELSEWHERE = re.compile(r"(file|fileb|https?)://", re.IGNORECASE)

Option = tuple[str, str | int]


class UnusableValue(CaughtError, ValueError):
    """A value that no command should have."""


def command(what: str, *options: Option, region: str | None) -> str:
    """``aws WHAT --NAME VALUE ...``; empty where one of the values cannot stand in a command.

    >>> command("lambda update-alias", ("name", "it's"), region="eu-west-1")
    "aws lambda update-alias --name 'it'\\"'\\"'s' --region eu-west-1"
    """
    given = (*options, ("region", region)) if region else options
    try:
        return " ".join(("aws", what, *(_option(name, value) for name, value in given)))
    except UnusableValue:
        return ""


def of_function(what: str, row: FunctionView, *options: Option) -> str:
    """``aws lambda WHAT --function-name NAME ... --region REGION``."""
    return command(f"lambda {what}", ("function-name", row.function), *options, region=row.region)


def set_memory(row: FunctionView, memory_mb: int) -> str:
    """Sets the function's memory to a size in MB."""
    return of_function("update-function-configuration", row, ("memory-size", memory_mb))


def set_timeout(row: FunctionView, timeout_s: int) -> str:
    """Sets the function's timeout in seconds."""
    return of_function("update-function-configuration", row, ("timeout", timeout_s))


def set_runtime(row: FunctionView, runtime: str) -> str:
    """Moves the function to another runtime, its code staying as it is."""
    return of_function("update-function-configuration", row, ("runtime", runtime))


def to_arm64(row: FunctionView) -> str:
    """Moves the function to arm64. Lambda wants the code with it: CODE.zip is what the function runs, built for it."""
    return of_function("update-function-code", row, ("architectures", "arm64"), ("zip-file", "fileb://CODE.zip"))


def snapstart_on(row: FunctionView) -> str:
    """Takes a snapshot of each version that is published from then on."""
    return of_function("update-function-configuration", row, ("snap-start", "ApplyOn=PublishedVersions"))


def provision(row: FunctionView, alias: str, environments: int) -> str:
    """Keeps environments ready for what is called by an alias."""
    return of_function(
        "put-provisioned-concurrency-config", row, ("qualifier", alias),
        ("provisioned-concurrent-executions", environments),
    )  # fmt: skip


def provision_nothing(row: FunctionView, qualifier: str) -> str:
    """Ends provisioned concurrency of an alias or version."""
    return of_function("delete-provisioned-concurrency-config", row, ("qualifier", qualifier))


def reserve(row: FunctionView, concurrency: int) -> str:
    """Reserves concurrency for the function, and limits it to that."""
    return of_function("put-function-concurrency", row, ("reserved-concurrent-executions", concurrency))


def reserve_nothing(row: FunctionView) -> str:
    """Lets the function share the account's concurrency again."""
    return of_function("delete-function-concurrency", row)


def ask_for_concurrency(region: str | None, concurrency: int) -> str:
    """Asks AWS for a higher limit of an account's concurrent executions in a region."""
    return command(
        "service-quotas request-service-quota-increase", ("service-code", "lambda"),
        ("quota-code", QUOTA_OF_CONCURRENCY), ("desired-value", concurrency), region=region,
    )  # fmt: skip


def no_retries(row: FunctionView, *, has_settings: bool) -> str:
    """Ends retries of asynchronous events. ``has_settings``: those that are there stay as they are."""
    verb = "update" if has_settings else "put"
    return of_function(f"{verb}-function-event-invoke-config", row, ("maximum-retry-attempts", 0))


def dead_letters(row: FunctionView) -> str:
    """Sends what failed for good to a queue or topic, whose ARN is still to be put in."""
    return of_function("update-function-configuration", row, ("dead-letter-config", "TargetArn=QUEUE_ARN"))


def partial_batches(region: str | None, mapping: str) -> str:
    """Lets a function say which records of a batch failed; ``mapping`` is the UUID of the event source mapping."""
    return command(
        "lambda update-event-source-mapping", ("uuid", mapping), ("function-response-types", "ReportBatchItemFailures"),
        region=region,
    )  # fmt: skip


def keep_logs(region: str | None, log_group: str, days: int = RETENTION_DAYS) -> str:
    """Deletes a log group's events after so many days."""
    return command(
        "logs put-retention-policy", ("log-group-name", log_group), ("retention-in-days", days), region=region
    )


def log_less(row: FunctionView) -> str:
    """Writes the log as JSON, without lines below WARN."""
    return of_function(
        "update-function-configuration", row,
        ("logging-config", "LogFormat=JSON,ApplicationLogLevel=WARN,SystemLogLevel=WARN"),
    )  # fmt: skip


def allow(role: str, action: str, statement: str) -> str:
    """Adds a policy of one statement to an execution role, which its ARN names. IAM has no regions."""
    policy = re.sub(r"[^\w+=,.@-]", "-", f"allow-{action}")[:128]
    document = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    return command(
        "iam put-role-policy", ("role-name", role.rpartition("/")[2]), ("policy-name", policy),
        ("policy-document", document), region=None,
    )  # fmt: skip


def with_profile(command_text: str, profile: str | None) -> str:
    """The command for a profile of the AWS CLI; as it is where none was chosen."""
    if not command_text or not profile:
        return command_text
    try:
        return f"{command_text} {_option('profile', profile)}"
    except UnusableValue:
        return command_text


def for_runner(command_text: str, url: str | None) -> str:
    """The command for functions of a local runner, whose names AWS may have too: it must not reach AWS.

    Empty where the runner has nothing of the kind; ``RUNNER_URL`` is to be put in where its address is not known.
    """
    if not command_text.startswith("aws lambda "):
        return ""
    return f"{command_text} {_option('endpoint-url', url)}" if url else f"{command_text} --endpoint-url {RUNNER_URL}"


def _option(name: str, value: str | int) -> str:
    text = str(value)
    if name not in ("zip-file", "endpoint-url") and _READ_FROM_ELSEWHERE.match(text):
        raise UnusableValue(text)
    if not text or plain(text) != text or len(text) > (_MOST if name != "policy-document" else 10 * _MOST):
        raise UnusableValue(text)
    return f"--{name}={quote(text)}" if text.startswith("-") else f"--{name} {quote(text)}"
