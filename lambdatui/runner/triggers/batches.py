"""Which records of a batch failed.

Lambda Developer Guide, "Handling errors for an SQS event source in Lambda": reporting batch item failures.
"""

from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.untrusted import parsed_json


def failed_records(done: Invocation, ids: set[str], *, partial: bool) -> set[str]:
    """Of the records ``ids``, those that failed: all after a function error, else what a partial response names.

    ``partial``: the mapping lets the function report failures item by item. An empty response or list is success; one
    that cannot be read, or names what is not in the batch, fails it whole.
    """
    if done.error_type is not None:
        return ids
    if not partial:
        return set()
    try:
        answer = parsed_json(done.payload or b"null")
    except ValueError:
        return ids
    if answer is None or answer in ("", {}):
        return set()
    if not isinstance(answer, dict):
        return ids
    items = answer.get("batchItemFailures")
    if items is None or items == []:
        return set()
    if not isinstance(items, list):
        return ids
    failed = {item.get("itemIdentifier") for item in items if isinstance(item, dict)}
    return {str(identifier) for identifier in failed} if failed and failed <= ids else ids
