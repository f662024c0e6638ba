"""Code signing configurations: kept and shown. This runner checks no signatures, so none refuses a deployment."""

import secrets

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import ApiError, conflict, not_found, without_type
from lambdatui.runner.functions import arn_of, resource_arn
from lambdatui.runner.service import Runner

_FILE = "code_signing.json"
_MOST_PUBLISHERS = 20
_ARN = (
    r"arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"code-signing-config:csc-[a-z0-9]{17}"
)
_PUBLISHER = (
    r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)


def stored_configs(runner: Runner) -> dict[str, Document]:
    """Every configuration by its ARN; ``_tags`` is the runner's own field."""
    configs: dict[str, Document] = runner.functions.documents.read(_FILE)
    return configs


def save_configs(runner: Runner, configs: dict[str, Document]) -> None:
    """Write the configurations."""
    runner.functions.documents.write(_FILE, configs)


def _shown(config: Document) -> Document:
    return {"CodeSigningConfig": {key: value for key, value in config.items() if not key.startswith("_")}}


def _named(runner: Runner, call: Call) -> tuple[dict[str, Document], str]:
    """All configurations, and the ARN of the one that the call names. Raises ApiError where there is none."""
    arn = call.path["CodeSigningConfigArn"]
    constraints = Constraints()
    constraints.pattern("codeSigningConfigArn", arn, _ARN)
    constraints.check()
    configs = stored_configs(runner)
    if arn not in configs:
        raise without_type(not_found(f"The Lambda code signing configuration {arn} can not be found."))
    return configs, arn


def _users(runner: Runner, arn: str) -> list[str]:
    """The ARNs of the functions that have the configuration."""
    functions = runner.functions.by_name
    return [arn_of(name) for name in sorted(functions) if functions[name].document.get("code_signing") == arn]


def _settings(request: Document, before: Document) -> Document:
    """The configuration's settings as a request changes them. Raises ApiError."""
    publishers = (request.get("AllowedPublishers") or before.get("AllowedPublishers") or {}).get(
        "SigningProfileVersionArns"
    )
    policy = (request.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment")
    constraints = Constraints()
    constraints.required("allowedPublishers", publishers)
    constraints.length("allowedPublishers.signingProfileVersionArns", publishers, 1, _MOST_PUBLISHERS)
    for number, publisher in enumerate(publishers or (), 1):
        constraints.pattern(f"allowedPublishers.signingProfileVersionArns.{number}.member", publisher, _PUBLISHER)
    constraints.one_of("codeSigningPolicies.untrustedArtifactOnDeployment", policy, ("Warn", "Enforce"))
    constraints.length("description", request.get("Description"), 0, 256)
    constraints.check()
    before_policy = before.get("CodeSigningPolicies", {}).get("UntrustedArtifactOnDeployment", "Warn")
    settings: Document = {
        "AllowedPublishers": {"SigningProfileVersionArns": publishers},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy or before_policy},
        "LastModified": iso_offset(".000"),
    }
    description = request.get("Description", before.get("Description"))
    return settings | ({} if description is None else {"Description": description})


@operation("POST", "/2020-04-22/code-signing-configs")
def create_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateCodeSigningConfig".

    Takes: AllowedPublishers, CodeSigningPolicies, Description, Tags.
    Errors: ValidationException, SerializationException.
    """
    request = call.document
    settings = _settings(request, {})
    config_id = f"csc-{secrets.token_hex(9)[:17]}"
    arn = resource_arn(f"code-signing-config:{config_id}")
    config = {"CodeSigningConfigId": config_id, "CodeSigningConfigArn": arn, **settings}
    config["_tags"] = request.get("Tags") or {}
    save_configs(runner, stored_configs(runner) | {arn: config})
    return 201, _shown(config)


@operation("GET", "/2020-04-22/code-signing-configs")
def list_code_signing_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListCodeSigningConfigs".

    Takes: Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    rows = [_shown(config)["CodeSigningConfig"] for config in stored_configs(runner).values()]
    return 200, call.page("CodeSigningConfigs", rows)


@operation("GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions")
def list_functions_by_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctionsByCodeSigningConfig".

    Takes: CodeSigningConfigArn, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    _, arn = _named(runner, call)
    return 200, call.page("FunctionArns", _users(runner, arn))


@operation("GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}")
def get_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetCodeSigningConfig".

    Takes: CodeSigningConfigArn.
    Errors: ResourceNotFoundException, ValidationException.
    """
    configs, arn = _named(runner, call)
    return 200, _shown(configs[arn])


@operation("PUT", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}")
def update_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateCodeSigningConfig".

    Takes: CodeSigningConfigArn, AllowedPublishers, CodeSigningPolicies, Description.
    Errors: ResourceNotFoundException, ValidationException, SerializationException.
    """
    configs, arn = _named(runner, call)
    configs[arn] |= _settings(call.document, configs[arn])
    save_configs(runner, configs)
    return 200, _shown(configs[arn])


@operation("DELETE", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}")
def delete_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteCodeSigningConfig". One that functions have cannot be deleted.

    Takes: CodeSigningConfigArn.
    Errors: ResourceNotFoundException, ResourceConflictException, ValidationException.
    """
    configs, arn = _named(runner, call)
    if _users(runner, arn):
        raise conflict(
            f"Unable to delete code signing config {arn} because it is associated with one or more functions"
        )
    del configs[arn]
    save_configs(runner, configs)
    return 204, None


def check_config_exists(runner: Runner, arn: object) -> None:
    """Raise ApiError where a function cannot have the configuration of this ARN."""
    constraints = Constraints()
    constraints.required("codeSigningConfigArn", arn)
    constraints.pattern("codeSigningConfigArn", arn, _ARN)
    constraints.check()
    if arn not in stored_configs(runner):
        raise ApiError(
            404,
            "CodeSigningConfigNotFoundException",
            "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
            f"{arn}.",
        )
