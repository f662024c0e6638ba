"""Failures of AWS's calls as SourceFailed: what failed, what it means, what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from collectors.sources.base import SourceFailed

_DENIED = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden",
        "NotAuthorized",
    }
)  # fmt: skip
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {
        "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
        "AuthFailure",
    }
)  # fmt: skip
NOT_ENABLED = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "OptInRequired"})
"""The error codes of a region that the account has not enabled. Wrong credentials get the same codes."""
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "LimitExceededException",
     "RequestLimitExceeded"}
)  # fmt: skip
_MISSING = frozenset({"ResourceNotFoundException", "ResourceNotFound", "404"})
_UNKNOWN = frozenset({"UnknownOperationException", "UnknownOperation"})
# "User: arn:... is not authorized to perform: logs:FilterLogEvents on resource: ..."
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:\w+)")

_RESOURCE = re.compile(r"on resource: (arn:[^\s\"']+)")


@contextmanager
def reading(action: str, where: str, profile: str | None = None) -> Iterator[None]:
    """Turns what boto3 raises inside the block into SourceFailed. ``action`` is the IAM action, ``where`` names what
    was read.
    """
    from botocore.eventstream import ParserError
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
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, ParserError) as error:
        # Exceptions of a parser, ours or botocore's: a stream's wrong checksum, a member that is missing.
        words = f"{type(error).__name__}: {error}"[:300]
        if not action:
            raise SourceFailed(
                where, f"its configuration or credentials cannot be had ({words})", "see ~/.aws/config"
            ) from error
        raise SourceFailed(
            where, f"the answer to {action} cannot be read ({words})", "collect again; a proxy may have answered"
        ) from error


def error_code(error: BaseException | None) -> str:
    """AWS's code in a ClientError, or in what SourceFailed was made from; empty for anything else."""
    if isinstance(error, SourceFailed):
        return error_code(error.__cause__)
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_missing(error: SourceFailed) -> bool:
    """Whether AWS says that what was asked for does not exist."""
    return error_code(error) in _MISSING


def is_throttled(error: SourceFailed) -> bool:
    """Whether AWS throttled the call."""
    return error_code(error) in _THROTTLED


def is_refusal(error: SourceFailed) -> bool:
    """Whether AWS refused the call and will do so again: it was denied, or got a 4xx that is no throttling."""
    response = getattr(error.__cause__, "response", None)
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode", 0) if isinstance(response, dict) else 0
    return bool(error.denied) or (400 <= status < 500 and not is_throttled(error))


def is_passing(error: SourceFailed) -> bool:
    """Whether the same call may succeed a moment later: AWS failed, or its answer did not arrive complete."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.parsers import ResponseParserError

    cause = error.__cause__
    if isinstance(cause, ClientError):
        return bool(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500)
    return isinstance(cause, HTTPClientError | ResponseParserError)


def is_hopeless(error: SourceFailed) -> bool:
    """Whether every other call of the same credentials and region would fail too."""
    cause = error.__cause__
    return bool(_not_enabled(cause)) or is_of_credentials(error_code(error)) or is_of_credentials(cause)


def is_spared(error: SourceFailed) -> bool:
    """Whether the call was not sent, because its service hung before."""
    from collectors.sources.cloudwatch.transport import Spared

    return isinstance(error.__cause__, Spared)


def is_of_credentials(fault: "BaseException | str | None") -> bool:
    """Whether this exception of botocore's, or error code of AWS's, means that the credentials failed."""
    from botocore import exceptions as boto

    if isinstance(fault, str):
        return fault in _EXPIRED | _INVALID
    if isinstance(fault, SourceFailed):
        return True  # within a call, only obtaining credentials raises SourceFailed
    return bool(_refused(fault)) or isinstance(
        fault,
        boto.NoCredentialsError | boto.PartialCredentialsError | boto.SSOError | boto.TokenRetrievalError
        | boto.CredentialRetrievalError | boto.ProfileNotFound | boto.RefreshWithMFAUnsupportedError
        | boto.InvalidConfigError | boto.MetadataRetrievalError,
    )  # fmt: skip


def is_unresolved(fault: BaseException | None) -> bool:
    """Whether the endpoint's host name cannot be resolved, as for a region that does not exist or is not enabled."""
    from socket import gaierror

    from botocore.exceptions import EndpointConnectionError

    if not isinstance(fault, EndpointConnectionError):
        return False
    inner = fault.kwargs.get("error")
    return isinstance(inner, gaierror) or "resolve" in type(inner).__name__.lower() + str(inner).lower()


def _refused(fault: BaseException | None) -> tuple[str, str, str] | None:
    """The call that was refused while credentials were obtained, the role it was for, and the profile that asked; None
    where none was.
    """
    response = getattr(fault, "response", None)
    found: tuple[str, str, str] | None = response.get("Refused") if isinstance(response, dict) else None
    return found


def _not_enabled(fault: BaseException | None) -> tuple[str, str] | None:
    """The region that is not enabled, and one where the same credentials work; None where that is not the failure."""
    response = getattr(fault, "response", None)
    found: tuple[str, str] | None = getattr(fault, "not_enabled", None)
    return (response.get("NotEnabled") if isinstance(response, dict) else None) or found


def _log_in(profile: str | None) -> str:
    named = f" --profile {profile}" if profile else ""
    return f"log in again: aws sso login{named}, or new credentials"


def _of_answer(action: str, where: str, error: Exception, profile: str | None) -> SourceFailed:
    code = error_code(error)
    if refused := _refused(error):
        return _of_refusal(where, error, code, profile, *refused)
    if elsewhere := _not_enabled(error):
        return _of_region(where, code, *elsewhere)
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
    if code in _UNKNOWN:
        return SourceFailed(where, f"this server does not have {action} ({code})", "ask AWS for it, or leave it out")
    if code in ("OptInRequired", "DataUnavailableException", "OptInRequiredException"):
        return SourceFailed(where, f"the account does not take part ({code})", "opt in, or leave this feature out")
    return SourceFailed(where, f"{action} failed: {error}", "see the AWS documentation of that code")


def _of_refusal(
    where: str, error: Exception, code: str, profile: str | None, call: str, of: str, by: str
) -> SourceFailed:
    refused = f"{call}{' of ' + of if of else ''} by {by}"
    if code in _EXPIRED:
        return SourceFailed(where, f"AWS refused {refused}: its source's credentials have expired", _log_in(profile))
    words = str(error).partition("operation: ")[2] or str(error)
    if code in _DENIED:
        return SourceFailed(
            where, f"AWS denied {refused} ({words[:300]})",
            f"allow {call} to who asks, and let the role's trust policy name them", denied=call, resource=of,
        )  # fmt: skip
    return SourceFailed(where, f"AWS refused {refused} ({code}: {words[:300]})", "check the profile in ~/.aws/config")


def _of_region(where: str, why: str, region: str, works: str) -> SourceFailed:
    return SourceFailed(
        where,
        f"region {region} is not enabled for the account ({why}; the same credentials work in {works})",
        "enable it (aws account enable-region), or leave it out",
    )


def _of_client(action: str, where: str, error: Exception, profile: str | None) -> SourceFailed:
    from botocore import exceptions as boto

    from collectors.sources.cloudwatch.transport import Hung, Spared

    if isinstance(error, boto.ProfileNotFound):
        return SourceFailed(where, str(error), "give another --profile: aws configure list-profiles names them")
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return SourceFailed(where, "there are no complete AWS credentials", "give --profile, or set AWS_PROFILE")
    if elsewhere := _not_enabled(error):
        return _of_region(where, "there is no such endpoint", *elsewhere)
    if isinstance(error, Hung | Spared):
        return SourceFailed(where, str(error), "it is asked again with the next collection; check network and proxy")
    if isinstance(error, boto.RefreshWithMFAUnsupportedError):
        return SourceFailed(where, "the credentials have expired, and new ones want an MFA code", "collect again")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return SourceFailed(where, f"the credentials cannot be had: {error}", _log_in(profile))
    if isinstance(error, boto.InvalidRegionError):
        return SourceFailed(where, str(error), "give a --region such as eu-central-1")
    if isinstance(error, boto.EndpointConnectionError | boto.HTTPClientError):
        return SourceFailed(where, f"AWS cannot be reached: {error}", "check the network, proxy and region")
    return SourceFailed(where, f"{action or 'boto3'} failed: {error}", "check the AWS configuration")
