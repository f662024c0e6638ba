"""Capacity providers, and the scaling of functions that have one: there are none, as functions run on this machine.

Lists are empty, names are unknown, and making one is refused.
"""

from lambdatui.runner.api.call import Call, Reply, operation, resolved_function
from lambdatui.runner.errors import ApiError, invalid, not_found
from lambdatui.runner.functions import resource_arn
from lambdatui.runner.service import Runner

_PROVIDERS = "/2025-11-30/capacity-providers"
_SCALING = "/2025-11-30/functions/{FunctionName}/function-scaling-config"


@operation("GET", _PROVIDERS)
def list_capacity_providers(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListCapacityProviders". There are none.

    Takes: Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    return 200, call.page("CapacityProviders", [])


@operation("POST", _PROVIDERS)
def create_capacity_provider(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateCapacityProvider". It is always refused.

    Takes: CapacityProviderName, VpcConfig, PermissionsConfig.
    Errors: InvalidParameterValueException.
    """
    raise invalid("Capacity providers are not supported by this runner: functions run on this machine.")


@operation("GET", _PROVIDERS + "/{CapacityProviderName}/function-versions")
def list_function_versions_by_capacity_provider(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctionVersionsByCapacityProvider". There are no capacity providers.

    Takes: CapacityProviderName.
    Errors: ResourceNotFoundException.
    """
    raise _no_provider(call)


@operation("GET", _PROVIDERS + "/{CapacityProviderName}")
def get_capacity_provider(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetCapacityProvider". There are none.

    Takes: CapacityProviderName.
    Errors: ResourceNotFoundException.
    """
    raise _no_provider(call)


@operation("PUT", _PROVIDERS + "/{CapacityProviderName}")
def update_capacity_provider(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateCapacityProvider". There are none.

    Takes: CapacityProviderName.
    Errors: ResourceNotFoundException.
    """
    raise _no_provider(call)


@operation("DELETE", _PROVIDERS + "/{CapacityProviderName}")
def delete_capacity_provider(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteCapacityProvider". There are none.

    Takes: CapacityProviderName.
    Errors: ResourceNotFoundException.
    """
    raise _no_provider(call)


def _no_provider(call: Call) -> ApiError:
    name = call.path["CapacityProviderName"]
    arn = name if name.startswith("arn:") else resource_arn(f"capacity-provider:{name}")
    return not_found(f"Capacity provider not found: {arn}")


@operation("GET", _SCALING)
def get_function_scaling_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionScalingConfig". Of functions without a capacity provider, as all are here.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, ValidationException.
    """
    return 200, {"FunctionArn": resolved_function(runner, call).qualified_arn}


@operation("PUT", _SCALING)
def put_function_scaling_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutFunctionScalingConfig". It is refused, as for each function without a provider.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    resolved_function(runner, call)
    raise invalid("Function scaling is only supported for functions with a capacity provider.")
