"""Which records of a batch failed.

Lambda Developer Guide, "Handling errors for an SQS event source in Lambda": reporting batch item failures.
"""

from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.untrusted import parsed_json


def failed_records(done: Invocation, ids: set[str], *, partial: bool) -> set[str]:
    """Which of the records ``ids`` failed: after a function error all, else those that a partial response names.

    ``partial``: the mapping lets the function report failures record by record. An empty response or list is success; a
    response that cannot be read, or names a record outside the batch, fails the whole batch.
    """
    if done.error_type is not None:
        return ids
    if not partial:
        return set()
    try:
        answer = parsed_json(done.payload or b"null")
    except ValueError:
        return ids
    if answer is None or answer in ("", {}, []):
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
