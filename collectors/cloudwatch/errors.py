"""What went wrong at AWS, in words: what failed, what it means, what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from collectors.source import SourceFailed

_DENIED = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden",
        "NotAuthorized", "AuthFailure",
    }
)  # fmt: skip
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"}
)
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "LimitExceededException",
     "RequestLimitExceeded"}
)  # fmt: skip
_MISSING = frozenset({"ResourceNotFoundException", "ResourceNotFound", "404"})
# "User: arn:... is not authorized to perform: logs:FilterLogEvents on resource: ..."
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:\w+)")

_RESOURCE = re.compile(r"on resource: (arn:[^\s\"']+)")


@contextmanager
def reading(action: str, where: str, profile: str | None = None) -> Iterator[None]:
    """Turn what boto3 raises inside into SourceFailed. ``action`` is the IAM action, ``where`` what was read."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _of_answer(action, where, error, profile) from error
    except ResponseParserError as error:
        raise SourceFailed(
            where, f"the answer to {action} cannot be read: {error}", "collect again; a proxy may have answered"
        ) from error
    except BotoCoreError as error:
        raise _of_client(action, where, error, profile) from error


def error_code(error: BaseException | None) -> str:
    """AWS's code in a ClientError, or in what SourceFailed was made from; empty for anything else."""
    if isinstance(error, SourceFailed):
        return error_code(error.__cause__)
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_missing(error: SourceFailed) -> bool:
    """Whether what was asked for is not there."""
    return error_code(error) in _MISSING


def is_throttled(error: SourceFailed) -> bool:
    return error_code(error) in _THROTTLED


def is_passing(error: SourceFailed) -> bool:
    """Whether the same call may be answered a moment later: AWS had a fault, or the answer did not come whole."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.parsers import ResponseParserError

    cause = error.__cause__
    if isinstance(cause, ClientError):
        return bool(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500)
    return isinstance(cause, HTTPClientError | ResponseParserError)


def is_hopeless(error: SourceFailed) -> bool:
    """Whether every other call of the same credentials and network would fail too."""
    from botocore import exceptions as boto

    if error_code(error) in _EXPIRED | _INVALID:
        return True
    return isinstance(
        error.__cause__,
        boto.NoCredentialsError | boto.PartialCredentialsError | boto.SSOError | boto.TokenRetrievalError
        | boto.CredentialRetrievalError | boto.EndpointConnectionError | boto.ProfileNotFound,
    )  # fmt: skip


def _log_in(profile: str | None) -> str:
    named = f" --profile {profile}" if profile else ""
    return f"log in again: aws sso login{named}, or new credentials"


def _of_answer(action: str, where: str, error: Exception, profile: str | None) -> SourceFailed:
    code = error_code(error)
    if code in _DENIED:
        said = _ACTION.search(str(error))
        missing = said[1] if said else action
        resource = _RESOURCE.search(str(error))
        return SourceFailed(
            where,
            f"AWS denied {missing}",
            f"allow {missing}: lambdatui iam-policy prints what is needed",
            denied=missing,
            resource=resource[1] if resource else "",
        )
    if code in _EXPIRED:
        return SourceFailed(where, "the credentials have expired", _log_in(profile))
    if code in _INVALID:
        return SourceFailed(where, f"AWS does not accept the credentials ({code})", "check the profile and the clock")
    if code in _THROTTLED:
        return SourceFailed(where, f"AWS throttled {action} ({code}), also after waiting", "collect again later")
    if code in _MISSING:
        return SourceFailed(where, f"{action} did not find it ({code})", "it was deleted, or lies in another region")
    if code in ("OptInRequired", "DataUnavailableException", "OptInRequiredException"):
        return SourceFailed(where, f"the account does not take part ({code})", "opt in, or leave this feature out")
    return SourceFailed(where, f"{action} failed: {error}", "see the AWS documentation of that code")


def _of_client(action: str, where: str, error: Exception, profile: str | None) -> SourceFailed:
    from botocore import exceptions as boto

    if isinstance(error, boto.ProfileNotFound):
        return SourceFailed(where, str(error), "give another --profile: aws configure list-profiles names them")
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return SourceFailed(where, "there are no complete AWS credentials", "give --profile, or set AWS_PROFILE")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return SourceFailed(where, f"the credentials cannot be had: {error}", _log_in(profile))
    if isinstance(error, boto.InvalidRegionError):
        return SourceFailed(where, str(error), "give a --region such as eu-central-1")
    if isinstance(error, boto.EndpointConnectionError | boto.HTTPClientError):
        return SourceFailed(where, f"AWS cannot be reached: {error}", "check the network, proxy and region")
    return SourceFailed(where, f"{action or 'boto3'} failed: {error}", "check the AWS configuration")
