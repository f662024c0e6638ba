"""Reserved and provisioned concurrency, and what becomes of asynchronous events."""

import time
from typing import TYPE_CHECKING, Any

from lambdatui.runner.api import names
from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.errors import ApiError, constraint, invalid, not_found
from lambdatui.runner.api.names import Meant
from lambdatui.runner.environments.fleet import UNRESERVED_KEPT
from lambdatui.runner.functions import LATEST, arn_of

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner


@operation("PUT", "/2017-10-31/functions/{FunctionName}/concurrency")
def put_function_concurrency(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    wanted = call.document.get("ReservedConcurrentExecutions")
    if not isinstance(wanted, int) or wanted < 0:
        raise constraint(wanted, "reservedConcurrentExecutions", "Member must have value greater than or equal to 0")
    others = sum(count for name, count in runner.fleet.reserved.items() if name != function.name)
    if others + wanted > runner.fleet.limits.account - UNRESERVED_KEPT:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_KEPT}]."
        )
    provisioned = sum(function.part("provisioned").values())
    if provisioned > wanted:
        raise invalid(
            "ReservedConcurrentExecutions should be greater than or equal to the provisioned concurrency of "
            f"{provisioned}"
        )
    function.document["reserved"] = wanted
    runner.changed(function)
    return 200, {"ReservedConcurrentExecutions": wanted}


@operation("GET", "/2019-09-30/functions/{FunctionName}/concurrency")
def get_function_concurrency(runner: "Runner", call: Call) -> Reply:
    reserved = names.function(runner.deployed, call.at["FunctionName"]).reserved
    return 200, {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@operation("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency")
def delete_function_concurrency(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    function.document["reserved"] = None
    runner.changed(function)
    return 204, None


# --- provisioned


def _qualified(runner: "Runner", call: Call) -> Meant:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    if meant.qualifier is None or meant.qualifier == LATEST:
        raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    return meant


def _provisioned(runner: "Runner", meant: Meant) -> dict[str, Any]:
    assert meant.qualifier is not None
    wanted = meant.function.part("provisioned")[meant.qualifier]
    ready = min(runner.fleet.provisioned_ready(runner.deployed.deployment(meant.function.name, meant.version)), wanted)
    return {
        "RequestedProvisionedConcurrentExecutions": wanted,
        "AvailableProvisionedConcurrentExecutions": ready,
        "AllocatedProvisionedConcurrentExecutions": ready,
        "Status": "READY" if ready >= wanted else "IN_PROGRESS",
        "LastModified": time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime()),
    }


@operation("PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def put_provisioned_concurrency_config(runner: "Runner", call: Call) -> Reply:
    meant = _qualified(runner, call)
    wanted = call.document.get("ProvisionedConcurrentExecutions")
    if not isinstance(wanted, int) or wanted < 1:
        raise constraint(wanted, "provisionedConcurrentExecutions", "Member must have value greater than or equal to 1")
    reserved = meant.function.reserved
    if reserved is not None and wanted > reserved:
        raise invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution")
    assert meant.qualifier is not None
    meant.function.part("provisioned")[meant.qualifier] = wanted
    runner.changed(meant.function)
    return 202, _provisioned(runner, meant)


@operation("GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def get_provisioned_concurrency_config(runner: "Runner", call: Call) -> Reply:
    if "List" in call.asked:
        function = names.function(runner.deployed, call.at["FunctionName"])
        rows = []
        for qualifier in function.part("provisioned"):
            meant = names.meant(runner.deployed, function.name, qualifier)
            rows.append({"FunctionArn": meant.arn, **_provisioned(runner, meant)})
        return 200, {"ProvisionedConcurrencyConfigs": rows}
    meant = _qualified(runner, call)
    if meant.qualifier not in meant.function.part("provisioned"):
        raise ApiError(
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return 200, _provisioned(runner, meant)


@operation("DELETE", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def delete_provisioned_concurrency_config(runner: "Runner", call: Call) -> Reply:
    meant = _qualified(runner, call)
    assert meant.qualifier is not None
    if meant.function.part("provisioned").pop(meant.qualifier, None) is not None:
        runner.changed(meant.function)
    return 204, None


# --- asynchronous events


def _event_invoke(runner: "Runner", call: Call, *, keep: bool) -> Reply:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    given = call.document
    settings = meant.function.part("event_invoke")
    document = dict(settings.get(meant.qualifier or LATEST, {})) if keep else {}
    for field, member, least, most in (
        ("MaximumRetryAttempts", "maximumRetryAttempts", 0, 2),
        ("MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 21_600),
    ):
        value = given.get(field)
        if value is None:
            continue
        if not isinstance(value, int) or not least <= value <= most:
            bound = f"less than or equal to {most}" if not isinstance(value, int) or value > most else ""
            raise constraint(value, member, f"Member must have value {bound or f'greater than or equal to {least}'}")
        document[field] = value
    if given.get("DestinationConfig") is not None:
        document["DestinationConfig"] = given["DestinationConfig"]
        for which in ("OnSuccess", "OnFailure"):
            if target := (given["DestinationConfig"].get(which) or {}).get("Destination"):
                runner.check_target(target)
    settings[meant.qualifier or LATEST] = document
    document["LastModified"] = int(time.time())
    runner.changed(meant.function)
    return 200, {"FunctionArn": _full(meant), **document}


def _full(meant: Meant) -> str:
    return f"{arn_of(meant.function.name)}:{meant.qualifier or LATEST}"


@operation("PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def put_function_event_invoke_config(runner: "Runner", call: Call) -> Reply:
    return _event_invoke(runner, call, keep=False)


@operation("POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def update_function_event_invoke_config(runner: "Runner", call: Call) -> Reply:
    _existing(runner, call)
    return _event_invoke(runner, call, keep=True)


def _existing(runner: "Runner", call: Call) -> Meant:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    if (meant.qualifier or LATEST) not in meant.function.part("event_invoke"):
        raise not_found(f"The function {_full(meant)} doesn't have an EventInvokeConfig")
    return meant


@operation("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def get_function_event_invoke_config(runner: "Runner", call: Call) -> Reply:
    meant = _existing(runner, call)
    return 200, {"FunctionArn": _full(meant), **meant.function.part("event_invoke")[meant.qualifier or LATEST]}


@operation("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list")
def list_function_event_invoke_configs(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    rows = [
        {"FunctionArn": f"{arn_of(function.name)}:{qualifier}", **document}
        for qualifier, document in function.part("event_invoke").items()
    ]
    return 200, {"FunctionEventInvokeConfigs": rows}


@operation("DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def delete_function_event_invoke_config(runner: "Runner", call: Call) -> Reply:
    meant = _existing(runner, call)
    del meant.function.part("event_invoke")[meant.qualifier or LATEST]
    runner.changed(meant.function)
    return 204, None
