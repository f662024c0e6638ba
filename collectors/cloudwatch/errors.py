"""What went wrong at AWS, in words: what failed, what it means, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from collectors.source import SourceFailed

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"}
)
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException"})
_LOG_IN = "log in again (aws sso login, or new credentials)"


@contextmanager
def reading(action: str, where: str) -> Iterator[None]:
    """Turn what boto3 raises inside into SourceFailed. ``action`` is the IAM action, ``where`` what was read."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _of_answer(action, where, error) from error
    except BotoCoreError as error:
        raise _of_client(action, where, error) from error


def error_code(error: Exception) -> str:
    """AWS's code in a ClientError; empty for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _of_answer(action: str, where: str, error: Exception) -> SourceFailed:
    code = error_code(error)
    if code in _DENIED:
        return SourceFailed(
            where, f"AWS denied {action}", f"allow {action}: lambdatui iam-policy prints what is needed"
        )
    if code in _EXPIRED:
        return SourceFailed(where, "the credentials have expired", _LOG_IN)
    if code in _INVALID:
        return SourceFailed(where, f"AWS does not accept the credentials ({code})", "check the profile and the clock")
    if code in _THROTTLED:
        return SourceFailed(where, f"AWS throttled {action} ({code}), also after waiting", "collect again later")
    return SourceFailed(where, f"{action} failed: {error}", "see the AWS documentation of that code")


def _of_client(action: str, where: str, error: Exception) -> SourceFailed:
    from botocore import exceptions as boto

    if isinstance(error, boto.ProfileNotFound):
        return SourceFailed(where, str(error), "give another --profile: aws configure list-profiles names them")
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return SourceFailed(where, "there are no complete AWS credentials", "give --profile, or set AWS_PROFILE")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return SourceFailed(where, f"the credentials cannot be had: {error}", _LOG_IN)
    if isinstance(error, boto.InvalidRegionError):
        return SourceFailed(where, str(error), "give a --region such as eu-central-1")
    if isinstance(error, boto.EndpointConnectionError | boto.HTTPClientError):
        return SourceFailed(where, f"AWS cannot be reached: {error}", "check the network, proxy and region")
    return SourceFailed(where, f"{action or 'boto3'} failed: {error}", "check the AWS configuration")
