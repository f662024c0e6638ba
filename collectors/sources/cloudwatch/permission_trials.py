"""Tries each IAM action that some features need, once, with the smallest request there is, to find out what is allowed.

The actions are those of ``allowed_calls.READINGS``, their parameters come from botocore's model: an action that is
added there is tried here. Values that a request needs, such as a function's name, come from earlier answers. An action
that could not be tried is reported as such: it may be allowed or not.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from collectors.model.errors import CaughtError
from collectors.model.units import MINUTE_MS
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.allowed_calls import READINGS, Reading
from collectors.sources.cloudwatch.errors import error_code, is_hopeless, is_missing, is_spared, reading
from collectors.sources.cloudwatch.organization import LIST, is_active
from collectors.sources.cloudwatch.policy import role_arn
from collectors.sources.cloudwatch.session import ReadOnlySession

ALLOWED, DENIED, UNTRIED, UNREACHABLE, UNANSWERED = "allowed", "denied", "not tried", "unreachable", "no answer"

# The units that AWS bills for a try, as ``calls.Calls`` counts them; what is not named is free.
_BILLED = {
    "cloudwatch:GetMetricData": 1,
    "cloudwatch:ListMetrics": 1,
    "logs:StartLiveTail": 60,
    "ce:GetCostAndUsage": 1,
}
_FIRST = ("sts:GetCallerIdentity", "lambda:ListFunctions", "logs:DescribeLogGroups")
_EVENTS = "logs:FilterLogEvents"
_PRICES_REGION = "us-east-1"  # where 'prices refresh' asks
_PAGES = 5  # how many empty pages of a listing are gone over

# Answers that come after it was allowed: there is none of it, or it has ended.
_AFTER_ALLOWED = {
    "lambda:ListProvisionedConcurrencyConfigs": {"ProvisionedConcurrencyConfigNotFoundException"},
    "logs:StopQuery": {"InvalidParameterException", "ResourceNotFoundException"},
}
_NOT_TAKING_PART = {"OptInRequired", "OptInRequiredException", "DataUnavailableException"}
# By a parameter, the member of the answers before that it is, where that has another name.
_ALIASES = {
    "Resource": "FunctionArn",
    "ResourceArn": "FunctionArn",
    "SinkIdentifier": "Arn",
    "Qualifier": "Version",
    "CapacityProviderName": "CapacityProviderArn",  # which takes either
}
_THINGS = {
    "FunctionName": "function",
    "FunctionArn": "function",
    "queryId": "query",
    "Arn": "sink",
    "DurableExecutionArn": "durable execution",
    "CapacityProviderArn": "capacity provider",
    "CodeSigningConfigArn": "code signing configuration",
    "Version": "version",
}
_SIZES = ("MaxItems", "MaxResults", "MaxRecords", "limit", "maxResults")
_TOKENS = (("Marker", "NextMarker"), ("NextToken", "NextToken"), ("nextToken", "nextToken"))

# "... with an explicit deny in a service control policy", "... because no session policy allows the ... action"
_EXPLICIT = re.compile(r"with an explicit deny in an? ([a-zA-Z -]+)")
_NONE_ALLOWS = re.compile(r"because no ([a-zA-Z -]+?) allows")


@dataclass(frozen=True, slots=True)
class Tried:
    """The outcome of one action, in ``words``. ``denied`` and ``resource`` are what AWS named in its refusal.

    ``by_statement``: a statement of the role's own policy would allow it. ``billed`` are the units that the try cost.
    """

    reading: Reading
    outcome: str
    words: str = ""
    denied: str = ""
    resource: str = ""
    by_statement: bool = True
    billed: int = 0


class CannotAsk(CaughtError):
    """The account has nothing that the action can be tried on."""


class Trial:
    """Tries actions in one account and region.

    ``refuses(action, units)`` returns why a billed action is not to be tried, "" where it may be. ``open_in(region)``
    opens a session in another region. ``role_name`` is the role that is assumed in another account of the organization.
    """

    def __init__(
        self,
        session: ReadOnlySession,
        account: str,
        *,
        refuses: Callable[[str, int], str],
        open_in: Callable[[str], ReadOnlySession],
        now_ms: int,
        partition: str = "aws",
        role_name: str = "",
        external_id: str = "",
        watch: Callable[[Any], None] = lambda client: None,
    ) -> None:
        self._session = session
        self._account = account
        self._refuses = refuses
        self._open_in = open_in
        self._now_ms = now_ms
        self._partition = partition
        self._role_name = role_name
        self._external_id = external_id
        self._watch = watch
        self._clients: dict[str, Any] = {}
        self._known: dict[tuple[str, str], str] = {}  # by service and member, from the answers so far
        self._answered: set[str] = set()  # actions that were answered
        self._dead: dict[str, str] = {}  # services that cannot be reached; "" is all

    def tried(self, features: Collection[str]) -> Iterator[Tried]:
        """Each action of the features and of the list of functions; first those whose answers give the others their
        parameters.
        """
        chosen = [each for each in READINGS if each.feature == "functions" or each.feature in features]
        for asked_reading in sorted(chosen, key=lambda each: each.action not in _FIRST):
            yield self._try(asked_reading)
            if asked_reading.action == _EVENTS and ("lambda", "OwnGroup") in self._known:
                # A policy that names Lambda's groups alone does not allow this one.
                self._known["logs", "logGroupName"] = self._known["lambda", "OwnGroup"]
                yield self._try(asked_reading)

    def _try(self, asked_reading: Reading) -> Tried:
        if asked_reading.action == "sts:GetCallerIdentity":
            return Tried(asked_reading, ALLOWED)  # which is how the account is known
        for service in ("", asked_reading.service):
            if service in self._dead:
                return Tried(asked_reading, UNTRIED, self._dead[service])
        units = _BILLED.get(asked_reading.action, 0)
        if units and (refused := self._refuses(asked_reading.action, units)):
            return Tried(asked_reading, UNTRIED, refused)
        try:
            with reading(asked_reading.action, f"{asked_reading.action} in {self._session.region}"):
                client = self._client(asked_reading.service)
                asked = self._question(asked_reading, client)
                self._session.calls.spend(asked_reading.action, units)
                answer = self._ask(asked_reading, client, asked)
        except CannotAsk as why:
            return Tried(asked_reading, UNTRIED, str(why))
        except SourceFailed as failed:
            return self._failed(asked_reading, failed)
        self._answered.add(asked_reading.action)
        if _forbidden(answer):
            return Tried(asked_reading, DENIED, "AWS answered Forbidden", asked_reading.action, billed=units)
        return Tried(
            asked_reading,
            ALLOWED,
            f"on {asked['logGroupName']}" if asked_reading.action == _EVENTS else "",
            billed=units,
        )

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            session = self._open_in(_PRICES_REGION) if service == "pricing" else self._session
            self._clients[service] = client = session.client(service)
            self._watch(client)
        return self._clients[service]

    # --- what is asked --------------------------------------------------------------------------------------------

    def _question(self, reading: Reading, client: Any) -> dict[str, Any]:
        """The smallest request: the parameters that the model requires, known from earlier answers, and one item of a
        list.
        """
        shape = client.meta.service_model.operation_model(reading.operation).input_shape
        asked = dict(self._own(reading))
        for name in shape.required_members if shape is not None else ():
            if name not in asked:
                asked[name] = self._needed(reading.service, _ALIASES.get(name, name))
        if shape is not None and "IncludeExecutionData" in shape.members:
            asked["IncludeExecutionData"] = False  # nobody needs what functions were called with
        for name in _SIZES:
            size = shape.members.get(name) if shape is not None else None
            if size is not None and name not in asked and size.type_name in ("integer", "long"):
                asked[name] = max(1, size.metadata.get("min", 1))
        return asked

    def _needed(self, service: str, member: str) -> str:
        if member == "logGroupName":
            return self._group()
        known = self._known.get((service, member))
        if known is not None:
            return known
        thing = _THINGS.get(member, member)
        if thing == "function" and "lambda:ListFunctions" not in self._answered:
            raise CannotAsk("functions could not be listed")
        if thing == "query":
            raise CannotAsk("no query was begun")
        if thing == "sink" and "oam:ListSinks" not in self._answered:
            raise CannotAsk("sinks could not be listed")
        raise CannotAsk(f"there is no {thing} to try it on")

    def _own(self, reading: Reading) -> dict[str, Any]:
        """Parameters that the model does not show: which of several is needed, and values that make sense."""
        now_s = self._now_ms // 1000
        match reading.action:
            case "application-autoscaling:DescribeScheduledActions":
                return {"ServiceNamespace": "lambda"}
            case "pricing:GetProducts":
                return {"ServiceCode": "AWSLambda"}
            case "cloudwatch:GetMetricData":
                stat = {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations"}, "Period": 60, "Stat": "Sum"}
                asked = [{"Id": "m0", "MetricStat": stat}]
                return {"MetricDataQueries": asked, "StartTime": now_s - 120, "EndTime": now_s}
            case "cloudwatch:ListMetrics":
                return {"Namespace": "AWS/Lambda", "MetricName": "Invocations", "IncludeLinkedAccounts": True}
            case "lambda:ListFunctions":
                return {"MaxItems": 50}
            case "logs:DescribeLogGroups":
                return {"logGroupNamePrefix": "/aws/lambda/", "limit": 50}
            case "logs:FilterLogEvents":
                group = self._group()
                return {
                    "logGroupName": group,
                    "startTime": self._now_ms - MINUTE_MS,
                    "endTime": self._now_ms,
                    "limit": 1,
                }
            case "logs:StartQuery":
                # A second that has not come yet: nothing is scanned, and what is not scanned is not billed.
                return {
                    "logGroupNames": [self._group()],
                    "startTime": now_s + 60,
                    "endTime": now_s + 61,
                    "queryString": "fields @timestamp | limit 1",
                }
            case "logs:StartLiveTail":
                arn = f"arn:{self._partition}:logs:{self._session.region}:{self._account}:log-group:{self._group()}"
                return {"logGroupIdentifiers": [arn]}
            case "ce:GetCostAndUsage":
                from datetime import UTC, datetime, timedelta

                today = datetime.fromtimestamp(now_s, UTC).date()
                return {
                    "TimePeriod": {"Start": (today - timedelta(days=1)).isoformat(), "End": today.isoformat()},
                    "Granularity": "DAILY",
                    "Metrics": ["UnblendedCost"],
                }
            case "organizations:ListAccounts":
                return {"MaxResults": 20}
            case "sts:AssumeRole":
                return self._role()
        return {}

    def _group(self) -> str:
        """A log group that is there; else the one that a function would write to."""
        known = self._known.get(("logs", "logGroupName")) or self._known.get(("lambda", "LogGroup"))
        if known is None and (name := self._known.get(("lambda", "FunctionName"))):
            known = f"/aws/lambda/{name}"
        if known is None:
            listed = {"lambda:ListFunctions", "logs:DescribeLogGroups"} <= self._answered
            raise CannotAsk("there is no log group to try it on" if listed else "no log group is known to try it on")
        return known

    def _role(self) -> dict[str, Any]:
        if not self._role_name:
            raise CannotAsk("no role is named: give --role-name")
        account = self._known.get(("organizations", "Id"))
        if account is None:
            listed = LIST in self._answered
            raise CannotAsk("there is no other account to try it on" if listed else "accounts could not be listed")
        asked = {"RoleArn": role_arn(self._partition, account, self._role_name), "RoleSessionName": "lambdatui-doctor"}
        return asked | ({"ExternalId": self._external_id} if self._external_id else {})

    # --- what is answered -----------------------------------------------------------------------------------------

    def _ask(self, reading: Reading, client: Any, asked: dict[str, Any]) -> Any:
        from botocore import xform_name

        ask = getattr(client, xform_name(reading.operation))
        for _ in range(_PAGES):
            answer = ask(**asked)
            self._learn(reading, answer)
            token = next(((to, answer[of]) for to, of in _TOKENS if answer.get(of)), None)
            lists = [each for each in answer.values() if isinstance(each, list)]
            # A page may be empty with more to come: only the last one says that there is nothing.
            if token is None or reading.action in _BILLED or not lists or any(lists):
                break
            asked[token[0]] = token[1]
        if reading.operation == "StartLiveTail":
            answer["responseStream"].close()
        return answer

    def _learn(self, reading: Reading, answer: Any) -> None:
        """Names and ARNs of the first of what was listed."""
        if reading.action == "logs:StartQuery" and (query_id := answer.get("queryId")):
            self._known["logs", "queryId"] = str(query_id)
        for name, listed in answer.items():
            items = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            if reading.action == "logs:DescribeLogGroups":
                items = [each for each in items if each.get("logGroupClass", "STANDARD") == "STANDARD"]
            if reading.action == LIST:
                items = [each for each in items if is_active(each) and each.get("Id") != self._account]
            if name == "ResponseMetadata" or not items:
                continue
            for member, value in items[0].items():
                if isinstance(value, str):
                    self._known.setdefault((reading.service, member), value)
            groups = [str((each.get("LoggingConfig") or {}).get("LogGroup") or "") for each in items]
            if groups[0]:
                self._known.setdefault(("lambda", "LogGroup"), groups[0])
            if own := next((each for each in groups if each and not each.startswith("/aws/lambda/")), ""):
                self._known.setdefault(("lambda", "OwnGroup"), own)

    def _failed(self, reading: Reading, failed: SourceFailed) -> Tried:
        code, action = error_code(failed), reading.action
        if failed.denied:
            answer = str(failed.__cause__)
            if action == LIST and "not authorized to perform" not in answer:
                words = "only the management account and delegated administrators may list accounts"
                return Tried(reading, DENIED, words, failed.denied, failed.resource, by_statement=False)
            explicit, none = _EXPLICIT.search(answer), _NONE_ALLOWS.search(answer)
            if explicit:
                words = f"the {explicit[1].strip()} denies it explicitly: no statement allows it, the deny has to go"
                return Tried(reading, DENIED, words, failed.denied, failed.resource, by_statement=False)
            if none and none[1] != "identity-based policy":
                words = f"no {none[1]} allows it: that has to allow it, beside the role's own policy"
                return Tried(reading, DENIED, words, failed.denied, failed.resource, by_statement=False)
            return Tried(reading, DENIED, failed.meaning, failed.denied, failed.resource)
        if code in _AFTER_ALLOWED.get(action, ()):
            return Tried(reading, ALLOWED)
        if is_missing(failed):
            # Lambda looks at the permission first: of a function that is there, what is missing is what was asked for.
            if reading.service == "lambda" and "lambda:ListFunctions" in self._answered:
                return Tried(reading, ALLOWED)
            return Tried(reading, UNTRIED, f"what it was tried on is not there ({code})")
        if code in _NOT_TAKING_PART or is_spared(failed):
            return Tried(reading, UNTRIED, failed.meaning)
        if _is_unreachable(failed):
            self._dead[reading.service] = f"{reading.service} cannot be reached"
            return Tried(reading, UNREACHABLE, failed.meaning)
        if is_hopeless(failed):
            self._dead[""] = failed.meaning
        return Tried(reading, UNANSWERED, failed.meaning)


def _is_unreachable(failed: SourceFailed) -> bool:
    from botocore import exceptions as boto

    return isinstance(failed.__cause__, boto.EndpointConnectionError | boto.HTTPClientError | boto.ConnectionError)


def _forbidden(answer: Any) -> bool:
    """Whether GetMetricData's answer says that its one series may not be read."""
    for one in answer.get("MetricDataResults") or ():
        status = one.get("StatusCode") if isinstance(one, dict) else one.status_code
        if status == "Forbidden":
            return True
    return False
