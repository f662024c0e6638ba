"""The account that the runner stands for."""

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.deployments.unzipping import UNZIPPED_BYTES, ZIPPED_BYTES
from lambdatui.runner.service import Runner

_TOTAL_CODE_BYTES = 80_530_636_800  # Lambda quotas: storage for functions and layers


@operation("GET", "/2016-08-19/account-settings")
def get_account_settings(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetAccountSettings". Code that is used in place counts 0 bytes.

    Errors: ServiceException.
    """
    concurrency = runner.fleet.limits.account
    functions = runner.functions.by_name.values()
    sizes = [int(version["CodeSize"]) for function in functions for version in function.versions.values()]
    sizes += [int(version["_content"]["CodeSize"]) for layer in runner.layers.values() for version in layer.values()]
    return 200, {
        "AccountLimit": {
            "TotalCodeSize": _TOTAL_CODE_BYTES,
            "CodeSizeUnzipped": UNZIPPED_BYTES,
            "CodeSizeZipped": ZIPPED_BYTES,
            "ConcurrentExecutions": concurrency,
            "UnreservedConcurrentExecutions": concurrency - sum(runner.fleet.reserved.values()),
        },
        "AccountUsage": {"TotalCodeSize": sum(sizes), "FunctionCount": len(functions)},
    }
