"""What to change: each advice with its evidence, its dollars, and what to do about it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model.account import Recommendation as OptimizersWord
from collectors.model.records import LOCAL_ACCOUNT
from collectors.store.read import account_rows
from collectors.store.read.account_rows import SettingRow
from collectors.store.read.reader import Reader
from collectors.store.read.series import failed_again
from lambdatui.text.figures import megabytes, money, ratio, size
from lambdatui.text.plain import plain
from lambdatui.views import advice_commands as commands
from lambdatui.views.advice_item import Advice, AdviceSubject, advice_of
from lambdatui.views.advice_rules import RULES
from lambdatui.views.columns import columns_of
from lambdatui.views.errors import ErrorView, errors
from lambdatui.views.function_settings import SettingsView, function_settings
from lambdatui.views.functions import FunctionView, functions
from lambdatui.views.outside_rules import OutsideRules
from lambdatui.views.scope import Scope
from lambdatui.views.throttle_causes import worst_causes
from lambdatui.views.time_range import TimeRange, day_of
from lambdatui.views.view import View, as_of_range
from lambdatui.views.whatif import recommended

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

ADVICE_COLUMNS = columns_of(Advice)

_CODE_LIMIT_BYTES = 80_530_636_800  # 75 GB a region, where GetAccountSettings did not say (Lambda quotas)
_CODE_FULL, _CODE_VERY_FULL = 0.7, 0.9
OPTIMIZER = "AWS optimizer"
_NOT_ALLOWED = re.compile(
    r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on resource:? (?P<resource>arn:\S+|\S+))?"
)
_DENIED = re.compile(r"AccessDenied|not authorized|UnauthorizedOperation|Forbidden", re.IGNORECASE)


@as_of_range
def advice(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None" = None,
    *,
    scope: Scope | None = None,
    profile_of: Callable[[str], str | None] | None = None,
    runner_url: str | None = None,
) -> View[Advice]:
    """What fails first, then what costs most, then the rest.

    ``profile_of`` gives the profile of the AWS CLI with which commands are to run in an account; None: none was chosen.
    ``runner_url`` is the address of the local runner, for the functions that are its own.
    """
    chosen = scope or Scope()
    view = functions(reader, time_range, book, scope=chosen)
    groups = errors(reader, time_range, scope=chosen)
    again = failed_again(reader, time_range.from_ms, time_range.to_ms)
    inits = {totals.function_id: totals.init_us for totals in reader.totals(time_range.from_ms, time_range.to_ms)}
    settings = {row_of.function_id: row_of for row_of in function_settings(reader, time_range, scope=chosen).rows}
    cheaper = {} if book is None else recommended(reader, time_range, book, scope=chosen)
    throttled = [row.function_id for row in view.rows if row.throttles]
    causes = worst_causes(reader, time_range.from_ms, time_range.to_ms, throttled) if throttled else {}
    rows: list[Advice] = []
    outside_rules = OutsideRules()
    for row in view.rows:
        subject = AdviceSubject(
            row, day_of(time_range.to_ms), inits.get(row.function_id, 0), again.get(row.function_id),
            settings.get(row.function_id), {each.rule: each for each in cheaper.get(row.function_id, ())},
            causes.get(row.function_id),
        )  # fmt: skip
        rows += (found for rule in RULES for found in rule(subject))
        rows += outside_rules.advice_on(subject)
    rows += outside_rules.problems
    rows += _of_permissions(view.rows, groups.rows, settings)
    rows += _code_storage(view.rows, account_rows.settings(reader, tags=False))
    rows += _of_optimizer(view.rows, account_rows.recommendations(reader))
    rows = _addressed(rows, view.rows, profile_of, runner_url)
    rows.sort(key=lambda item: (-item.severity, -(item.saves_usd or 0), item.function, item.kind))
    return View(ADVICE_COLUMNS, rows, view.as_of, time_range, view.coverage, view.basis)


def _addressed(
    rows: Sequence[Advice],
    functions: Sequence[FunctionView],
    profile_of: Callable[[str], str | None] | None,
    runner_url: str | None,
) -> list[Advice]:
    """The advice with commands that go where the functions are: to an account by its profile, or to a local runner."""
    accounts = {row.function_id: row.account or "" for row in functions}
    profiles = {} if profile_of is None else {account: profile_of(account) for account in set(accounts.values())}

    def addressed(row: Advice) -> Advice:
        account = accounts.get(row.function_id, "")
        if account == LOCAL_ACCOUNT:
            return replace(row, command=commands.for_runner(row.command, runner_url))
        return replace(row, command=commands.with_profile(row.command, profiles.get(account)))

    return [addressed(row) if row.command else row for row in rows]


def _code_storage(rows: Sequence[FunctionView], settings: Sequence[SettingRow]) -> Iterator[Advice]:
    """How much of a region's code storage is used, where GetAccountSettings was asked."""
    places = {(row.account or "", row.region or ""): row for row in reversed(rows)}
    limits: dict[tuple[str, str], dict[str, object]] = {}
    sizes: dict[tuple[str, str], dict[str, int]] = {}
    for setting in settings:
        place = setting.account, setting.region
        if setting.kind == "account":
            limits.setdefault(place, {})[setting.name] = setting.value
        elif setting.name == "package_bytes" and isinstance(setting.value, int):
            of = sizes.setdefault(place, {})
            of[setting.function] = of.get(setting.function, 0) + setting.value
    for place, known in limits.items():
        used, limit = known.get("code_bytes"), known.get("code_bytes_limit") or _CODE_LIMIT_BYTES
        if place not in places or not isinstance(used, int) or not isinstance(limit, int) or used < _CODE_FULL * limit:
            continue
        largest = sorted(sizes.get(place, {}).items(), key=lambda item: -item[1])[:3]
        named = ", ".join(f"{plain(name)} {size(amount)}" for name, amount in largest)
        known_sum = f" The largest that were collected, all versions together: {named}." if named else ""
        yield advice_of(
            places[place], "code storage",
            f"{place[1]} holds {size(used)} of {size(limit)} of code ({ratio(used / limit)}), of all its functions",
            "delete versions that no alias names, and old layer versions; or ask for more",
            "At the limit nothing can be deployed: CodeStorageExceededException. The limit is 75 GB a region; every "
            f"published version counts in full.{known_sum}", severity=3 if used >= _CODE_VERY_FULL * limit else 2,
            action="delete old versions",
        )  # fmt: skip


def _of_permissions(
    rows: Sequence[FunctionView], groups: Sequence[ErrorView], settings: Mapping[int, SettingsView]
) -> Iterator[Advice]:
    by_id = {row.function_id: row for row in rows}
    for group in groups:
        told = f"{group.error_type} {group.message}"
        if group.function_id in by_id and _DENIED.search(told):
            known = settings.get(group.function_id)
            yield _permission(by_id[group.function_id], group, known.role if known else None)


def _of_optimizer(rows: Sequence[FunctionView], recommendations: Sequence[OptimizersWord]) -> Iterator[Advice]:
    """What AWS Compute Optimizer says; a function that it finds well sized is not spoken of."""
    by_place = {(row.account or "", row.region or "", row.function): row for row in rows}
    for word in recommendations:
        row = by_place.get((word.account, word.region, word.function))
        if row is None or word.finding.lower() == "optimized" or not (word.recommended_mb or word.reasons):
            continue
        version = f" (version {word.version})" if word.version not in ("", "$LATEST") else ""
        evidence = f"{word.finding}{version}: {word.reasons.replace(',', ', ') or 'no reason given'}"
        size = f" of {megabytes(word.memory_mb)}" if word.memory_mb else ""
        do = f"set the memory{size} to {megabytes(word.recommended_mb)}" if word.recommended_mb else "collect longer"
        saving = money(Decimal(word.saving), word.currency) if word.saving and word.currency else ""
        money_said = f"; AWS estimates {saving} a month" if saving else ""
        as_of = f", as of {day_of(word.refreshed_ms).isoformat()}" if word.refreshed_ms else ""
        yield advice_of(
            row, OPTIMIZER, evidence, f"{do}{money_said}",
            f"Basis: AWS Compute Optimizer{as_of}: 14 days of CloudWatch metrics, 50 invocations at least, list prices "
            "of AWS's own. Where 'memory large' or 'memory small' says otherwise, they go by REPORT's Max Memory Used "
            "of this range.",
            saves=Decimal(word.saving) if word.saving and word.currency == "USD" else None,
            command=commands.set_memory(row, word.recommended_mb) if word.recommended_mb else "",
            action=do,
        )  # fmt: skip


def _permission(row: FunctionView, group: ErrorView, role: str | None) -> Advice:
    found = _NOT_ALLOWED.search(group.message)
    action = found["action"] if found else None
    resource = (found["resource"] or "*").rstrip(".,;") if found else "*"
    statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource}, indent=2) if action else ""
    do = (
        f"allow {action} in the function's role: Enter shows the statement"
        if action
        else "the message does not name the action: look at CloudTrail"
    )
    return advice_of(
        row, "permission", f"{group.count:,} times: {plain(group.message)[:160]}", do,
        (f"{statement}\n\n" if statement else "")
        + "Add it to the execution role, not to the caller. A denial can also come from the resource's own policy, a "
        "permissions boundary, an SCP, or a KMS key.", severity=4, sample=group.sample_request_id,
        action=f"allow {action}" if action else "look at CloudTrail",
        command=commands.allow(role, action, statement) if role and action else "",
    )  # fmt: skip


def worth(rows: Sequence[Advice]) -> Decimal | None:
    """What following advice saves at least: of each function the best only, for its changes do not add up.

    None where nothing is sure to save anything.
    """
    best: dict[int, Decimal] = {}
    for row in rows:
        if row.saves_usd is not None:
            best[row.function_id] = max(row.saves_usd, best.get(row.function_id, Decimal(0)))
    return sum(best.values(), Decimal(0)) if best else None


def advice_parts(item: Advice) -> list[tuple[str, str]]:
    """The advice in full, as labelled parts."""
    parts = [("What was seen", item.found), ("What to do", item.advice), ("What to know", item.more)]
    if item.command:
        parts.insert(2, ("Command", item.command))
    if item.saves_usd is not None:
        low, high = item.saves_low_usd, item.saves_high_usd
        spread = f", {money(low)} to {money(high)}" if low != high else ""
        least = "at least " if spread else ""
        parts.insert(2, ("Worth", f"{least}{money(item.saves_usd)} {item.basis}{spread}"))
    elif item.saves_low_usd is not None and item.saves_low_usd != item.saves_high_usd:
        spread = f"{money(item.saves_low_usd)} to {money(item.saves_high_usd)} {item.basis}"
        parts.insert(2, ("Worth", f"not sure: {spread}; negative costs more"))
    if item.unknown:
        parts.append(("What is not known", item.unknown))
    if item.sample_request_id:
        parts.append(("A request that shows it", item.sample_request_id))
    return parts
