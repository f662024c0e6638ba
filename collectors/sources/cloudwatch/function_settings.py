"""A function's configuration as settings whose history the store keeps. Environment variables are never among them.

A member that an answer lacks is left out, because it is unknown, which is not "none".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from collectors.model.account import Configured, Setting
from collectors.model.records import FunctionKey
from collectors.sources.cloudwatch.iso_times import iso_ms

Settings = dict[str, Setting]


def known(settings: Mapping[str, Setting]) -> Settings:
    """Those that have a value."""
    return {name: value for name, value in settings.items() if value is not None}


def joined(values: Iterable[object] | None) -> str | None:
    """Several values as one text, sorted, because AWS's order may change without a change of the values. None where
    there are none.
    """
    return ",".join(sorted(str(one) for one in values or ())) or None


def settings_of(configuration: Mapping[str, Any], key: FunctionKey) -> Configured:
    """The settings of ListFunctions whose changes are worth a line in a history."""
    logging = configuration.get("LoggingConfig") or {}
    settings: Settings = {
        "memory_mb": configuration.get("MemorySize"),
        "timeout_s": configuration.get("Timeout"),
        "runtime": configuration.get("Runtime"),
        "arch": ",".join(configuration.get("Architectures") or ()) or None,
        "ephemeral_mb": (configuration.get("EphemeralStorage") or {}).get("Size"),
        "handler": configuration.get("Handler"),
        "package_type": configuration.get("PackageType"),
        "package_bytes": configuration.get("CodeSize"),
        "code_sha256": configuration.get("CodeSha256"),
        "layers": " ".join(str(layer.get("Arn", "")) for layer in configuration.get("Layers") or ()) or None,
        "tracing": (configuration.get("TracingConfig") or {}).get("Mode"),
        "snap_start": (configuration.get("SnapStart") or {}).get("ApplyOn"),
        "log_format": logging.get("LogFormat"),
        "log_group": logging.get("LogGroup"),
        "application_log_level": logging.get("ApplicationLogLevel"),
        "system_log_level": logging.get("SystemLogLevel"),
        "dead_letter": (configuration.get("DeadLetterConfig") or {}).get("TargetArn") or None,
        "kms_key": configuration.get("KMSKeyArn") or None,
        "role": configuration.get("Role"),
        "signing_job": configuration.get("SigningJobArn"),
        "tenancy": (configuration.get("TenancyConfig") or {}).get("TenantIsolationMode"),
        "accelerator_gb": (configuration.get("AcceleratorConfig") or {}).get("AcceleratorMemorySize"),
        "runtime_alias": (configuration.get("RuntimeConfig") or {}).get("RuntimeAlias"),
        "file_systems": _file_systems(configuration.get("FileSystemConfigs")),
        **_network(configuration.get("VpcConfig") or {}),
        **_managed_instances(configuration.get("CapacityProviderConfig") or {}),
        **_durable(configuration.get("DurableConfig") or {}),
    }
    modified_ms = iso_ms(configuration.get("LastModified"))
    return Configured(key.account, key.region, key.name, "function", "", known(settings), modified_ms)


def status_of(configuration: Mapping[str, Any]) -> Settings:
    """A function's state and last update, which only GetFunctionConfiguration returns.

    Source: Lambda API reference, ListFunctions, which names the fields that it leaves out.
    """
    runtime = configuration.get("RuntimeVersionConfig") or {}
    return {
        "state": configuration.get("State"),
        "state_reason": configuration.get("StateReason"),
        "state_reason_code": configuration.get("StateReasonCode"),
        "last_update": configuration.get("LastUpdateStatus"),
        "last_update_reason": configuration.get("LastUpdateStatusReason"),
        "last_update_reason_code": configuration.get("LastUpdateStatusReasonCode"),
        "runtime_version": runtime.get("RuntimeVersionArn"),
        "runtime_version_error": (runtime.get("Error") or {}).get("ErrorCode"),
        "snap_start": (configuration.get("SnapStart") or {}).get("OptimizationStatus"),
    }


def _network(vpc: Mapping[str, Any]) -> Settings:
    # A function that was taken out of its VPC has an empty id.
    if not vpc.get("VpcId"):
        return {}
    return {
        "vpc": vpc["VpcId"],
        "subnets": joined(vpc.get("SubnetIds")),
        "security_groups": joined(vpc.get("SecurityGroupIds")),
        "ipv6": vpc.get("Ipv6AllowedForDualStack"),
    }


def _file_systems(mounts: Any) -> str | None:
    """The mounts of EFS and S3 as ``ARN at PATH``; those of S3 with how they are read."""
    return joined(
        f"{one.get('Arn')} at {one.get('LocalMountPath')}"
        + (f" (direct S3 reads {direct})" if (direct := (one.get("S3FilesConfig") or {}).get("DirectS3Read")) else "")
        for one in mounts or ()
    )


def _managed_instances(told: Mapping[str, Any]) -> Settings:
    instances = told.get("LambdaManagedInstancesCapacityProviderConfig") or {}
    return {
        "capacity_provider": instances.get("CapacityProviderArn"),
        "environment_concurrency": instances.get("PerExecutionEnvironmentMaxConcurrency"),
        "gib_per_vcpu": instances.get("ExecutionEnvironmentMemoryGiBPerVCpu"),
    }


def _durable(configuration: Mapping[str, Any]) -> Settings:
    return {
        "durable_timeout_s": configuration.get("ExecutionTimeout"),
        "durable_retention_days": configuration.get("RetentionPeriodInDays"),
        "durable_kms_key": configuration.get("KMSKeyArn"),
    }
