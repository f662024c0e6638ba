"""Revisions: a request may name the revision that it expects to change."""

from typing import Any

from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import ApiError


def check_revision(document: Document, request: dict[str, Any]) -> None:
    """Raise ApiError 412 when a request names another ``RevisionId`` than the function or alias to change has."""
    if request.get("RevisionId") not in (None, document["RevisionId"]):
        raise ApiError(
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
            "retrieve the latest Revision Id",
        )
