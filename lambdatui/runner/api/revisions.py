"""Revisions: a change may name the state that it expects."""

from typing import Any

from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import ApiError


def check_revision(document: Document, request: dict[str, Any]) -> None:
    """ApiError 412 when a request's ``RevisionId`` is not that of the function or alias which it is to change."""
    if request.get("RevisionId") not in (None, document["RevisionId"]):
        raise ApiError(
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
            "retrieve the latest Revision Id",
        )
