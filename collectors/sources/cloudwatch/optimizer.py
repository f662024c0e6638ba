"""Compute Optimizer's recommendations for functions, where the account is enrolled."""

from collections.abc import Iterator
from typing import Any

from collectors.model.account import Covered, Recommendation
from collectors.model.records import Reject
from collectors.sources.base import ONCE, CoveredSpans, Recommendations, SourceFailed
from collectors.sources.cloudwatch.costs import day_of
from collectors.sources.cloudwatch.errors import reading
from collectors.sources.cloudwatch.iso_times import iso_ms
from collectors.sources.cloudwatch.pages import pages


def recommended_once(
    client: Any,
    account: str,
    region: str,
    now_ms: int,
    covered: CoveredSpans,
    rejects: list[Reject] | None = None,
) -> Iterator[Recommendations | Covered]:
    """The recommendations, unless they were asked for on the same UTC day: they are made anew once a day.

    The answer comes with the mark that remembers it. SourceFailed.
    """
    item = f"{ONCE}optimizer {account} {region} {day_of(now_ms).isoformat()}"
    if covered(item):
        return
    yield Recommendations(list(recommendations(client, region, rejects)))
    yield Covered(item, 0, now_ms)


def recommendations(client: Any, region: str, rejects: list[Reject] | None = None) -> Iterator[Recommendation]:
    """One recommendation for each function version that Compute Optimizer has one for.

    SourceFailed where the account is not enrolled. One that does not name its function is counted in ``rejects``.
    """
    with reading("compute-optimizer:GetEnrollmentStatus", f"Compute Optimizer in {region}"):
        status = client.get_enrollment_status().get("status")
    if status != "Active":
        raise SourceFailed(
            f"Compute Optimizer in {region}",
            f"the account's enrolment is {status}",
            "enrol with 'aws compute-optimizer update-enrollment-status --status Active', or leave it out",
        )
    for answer in pages(
        client.get_lambda_function_recommendations, {}, ("nextToken", "nextToken"),
        action="compute-optimizer:GetLambdaFunctionRecommendations", where=f"Compute Optimizer in {region}",
    ):  # fmt: skip
        for recommendation in answer.get("lambdaFunctionRecommendations") or ():
            if str(recommendation.get("functionArn")).count(":") >= 6:
                yield of_answer(recommendation)
            elif rejects is not None:
                rejects.append(
                    Reject("a recommendation for nobody knows what", repr(recommendation)[:2000], "Compute Optimizer")
                )


def of_answer(recommendation: Any) -> Recommendation:
    """A recommendation with the option that is ranked first."""
    # arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]
    arn = recommendation["functionArn"].split(":")
    options = sorted(recommendation.get("memorySizeRecommendationOptions") or (), key=lambda each: each.get("rank", 99))
    best = options[0] if options else {}
    saving = (best.get("savingsOpportunity") or {}).get("estimatedMonthlySavings") or {}
    return Recommendation(
        arn[4], arn[3], arn[6], recommendation.get("functionVersion", ""), recommendation.get("finding", ""),
        ",".join(recommendation.get("findingReasonCodes") or ()), recommendation.get("currentMemorySize"),
        best.get("memorySize"),
        str(saving["value"]) if "value" in saving else None, saving.get("currency"),
        iso_ms(recommendation.get("lastRefreshTimestamp")),
    )  # fmt: skip
