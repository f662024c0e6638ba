"""Listings for a whole region beside its functions: capacity providers and the functions that run on them; code
signing.
"""

from collections.abc import Collection, Iterator
from typing import Any

from collectors.model.account import Configured, Inventory
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.errors import is_hopeless
from collectors.sources.cloudwatch.function_settings import Settings, joined, known
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.iso_times import iso_ms


def capacity_providers(
    client: Any, account: str, region: str, bucket: TokenBucket
) -> Iterator[Inventory | SourceFailed]:
    """ListCapacityProviders, and the versions of functions that run on each, a call for each provider and page.

    Raises SourceFailed where the providers cannot be listed; yields it where only the functions of some cannot.
    """
    configured = []
    where = f"capacity providers in {region}"
    pages = answers(client.list_capacity_providers, "lambda:ListCapacityProviders", where, bucket)
    for listed in (one for page in pages for one in page.get("CapacityProviders") or ()):
        name = str(listed.get("CapacityProviderArn") or "").rpartition(":")[2]
        if name:
            modified_ms = iso_ms(listed.get("LastModified"))
            settings = known(_provider(listed))
            configured.append(Configured(account, region, "", "capacity provider", name, settings, modified_ms))
    yield Inventory(account, region, ("capacity provider",), configured)
    versions: list[Configured] = []
    for provider in configured:
        try:
            versions += _on_provider(client, account, region, bucket, provider.item)
        except SourceFailed as failed:
            if is_hopeless(failed):
                raise
            yield failed
            return
    yield Inventory(account, region, ("managed version",), versions)


def _provider(provider: Any) -> Settings:
    needs, scaling = provider.get("InstanceRequirements") or {}, provider.get("CapacityProviderScalingConfig") or {}
    network = provider.get("VpcConfig") or {}
    logging = (provider.get("TelemetryConfig") or {}).get("LoggingConfig") or {}
    policies = (
        f"{one.get('PredefinedMetricType')} {one.get('TargetValue'):g}"
        for one in scaling.get("ScalingPolicies") or ()
        if isinstance(one.get("TargetValue"), int | float)
    )
    return {
        "state": provider.get("State"),
        "scaling_mode": scaling.get("ScalingMode"),
        "maximum_vcpus": scaling.get("MaxVCpuCount"),
        "scaling_targets": joined(policies),
        "arch": joined(needs.get("Architectures")),
        "instance_types": joined(needs.get("AllowedInstanceTypes")),
        "excluded_instance_types": joined(needs.get("ExcludedInstanceTypes")),
        "subnets": joined(network.get("SubnetIds")),
        "security_groups": joined(network.get("SecurityGroupIds")),
        "role": (provider.get("PermissionsConfig") or {}).get("CapacityProviderOperatorRoleArn"),
        "kms_key": provider.get("KmsKeyArn"),
        "log_group": logging.get("LogGroup"),
        "log_level": logging.get("SystemLogLevel"),
    }


def _on_provider(client: Any, account: str, region: str, bucket: TokenBucket, provider: str) -> list[Configured]:
    configured = []
    pages = answers(
        client.list_function_versions_by_capacity_provider, "lambda:ListFunctionVersionsByCapacityProvider",
        f"functions on {provider}", bucket, CapacityProviderName=provider,
    )  # fmt: skip
    for version in (one for page in pages for one in page.get("FunctionVersions") or ()):
        # arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION
        arn = str(version.get("FunctionArn") or "").split(":")
        if len(arn) < 8:
            continue
        settings = known({"provider": provider, "state": version.get("State")})
        configured.append(Configured(account, region, arn[6], "managed version", arn[7], settings))
    return configured


def code_signing(client: Any, account: str, region: str, bucket: TokenBucket) -> Iterator[Inventory]:
    """ListCodeSigningConfigs and the functions of each: what Lambda does with code that no trusted publisher has
    signed.

    This is two kinds of calls; to ask function by function would be as many calls as functions.
    """
    configured = []
    pages = answers(
        client.list_code_signing_configs, "lambda:ListCodeSigningConfigs", f"code signing in {region}", bucket
    )
    for listed in (one for page in pages for one in page.get("CodeSigningConfigs") or ()):
        arn = str(listed.get("CodeSigningConfigArn") or "")
        if not arn:
            continue
        settings = known(
            {
                "config": arn,
                "untrusted_code": (listed.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment"),
                "publishers": joined((listed.get("AllowedPublishers") or {}).get("SigningProfileVersionArns")),
            }
        )
        for name in _signed(client, region, bucket, arn):
            configured.append(Configured(account, region, name, "code signing", "", settings))
    yield Inventory(account, region, ("code signing",), configured)


def _signed(client: Any, region: str, bucket: TokenBucket, config: str) -> Collection[str]:
    pages = answers(
        client.list_functions_by_code_signing_config, "lambda:ListFunctionsByCodeSigningConfig",
        f"code signing in {region}", bucket, CodeSigningConfigArn=config,
    )  # fmt: skip
    arns = (str(arn).split(":") for page in pages for arn in page.get("FunctionArns") or ())
    return dict.fromkeys(arn[6] for arn in arns if len(arn) > 6)
