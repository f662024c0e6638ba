"""How a function is set up, in words, a line for each fact: its state, who may invoke it, where its logs go.

A fact that is known, one that AWS was not allowed to tell, and one that nobody has asked for read differently.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from collectors.store.read.account_rows import SettingRow

NOT_COLLECTED = "not collected yet"
_ATTENTION = frozenset(("Failed", "Inactive", "Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting"))


@dataclass(frozen=True, slots=True)
class Fact:
    """``text`` is None where it is not known and nothing says why. ``wrong``: somebody should look at it."""

    id: str
    label: str
    text: str | None
    wrong: bool = False


Values = dict[str, object]


class _Things:
    """A function's settings by kind, item and name."""

    def __init__(self, settings: Iterable[SettingRow]) -> None:
        self._by_kind: dict[str, dict[str, Values]] = {}
        for one in settings:
            self._by_kind.setdefault(one.kind, {}).setdefault(one.item, {})[one.name] = one.value

    def items(self, kind: str) -> dict[str, Values]:
        return self._by_kind.get(kind, {})

    def single(self, kind: str) -> Values:
        """The settings of a thing of which a function has only one."""
        return self.items(kind).get("", {})

    def why_not(self, kind: str) -> str | None:
        """Why nothing of a kind is known; None where the reason is unknown too."""
        told = self.items("denied").get(kind)
        return f"n/a ({told.get('why', 'denied')}: {told.get('action')})" if told else None


def function_facts(settings: Sequence[SettingRow]) -> tuple[Fact, ...]:
    """The facts of one function, of its settings in force; none where its configuration was never collected."""
    things = _Things(settings)
    if not things.items("function"):
        return ()
    found = [_fact(things, *rule) for rule in _ALWAYS]
    found += [fact for rule in _WHERE_THERE_IS_ANY if (fact := _fact(things, *rule)).text is not None]
    return tuple(found)


def _fact(things: _Things, name: str, label: str, kind: str, text_of: Callable[[_Things], str | None]) -> Fact:
    text = text_of(things)
    if text is None and kind != "function":
        text = things.why_not(kind) or (NOT_COLLECTED if (name, label, kind, text_of) in _ALWAYS else None)
    wrong = name in ("state", "last_update") and (text or "").partition(" ")[0].rstrip(":") in _ATTENTION
    return Fact(name, label, text, wrong)


def _reasoned(values: Values, name: str) -> str | None:
    """``Failed: no addresses are left (SubnetOutOfIPAddresses)``."""
    if values.get(name) is None:
        return None
    reason, code = values.get(f"{name}_reason"), values.get(f"{name}_reason_code")
    return f"{values[name]}" + (f": {reason}" if reason else "") + (f" ({code})" if code else "")


def _network(things: _Things) -> str | None:
    own = things.single("function")
    if not own.get("vpc"):
        return None
    ipv6 = {True: ", IPv6 allowed", False: ", IPv4 only"}.get(own.get("ipv6"), "")  # type: ignore[call-overload]
    return f"{own['vpc']}, subnets {own.get('subnets', '-')}, security groups {own.get('security_groups', '-')}{ipv6}"


def _durable(things: _Things) -> str | None:
    own = things.single("function")
    timeout_s, days = own.get("durable_timeout_s"), own.get("durable_retention_days")
    if timeout_s is None and days is None:
        return None
    return f"executions of up to {_or_dash(timeout_s)} s, kept {_or_dash(days)} days"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _capacity(things: _Things) -> str | None:
    own = things.single("function")
    if not own.get("capacity_provider"):
        return None
    parts = [str(own["capacity_provider"]).rpartition(":")[2]]
    if own.get("environment_concurrency") is not None:
        parts.append(f"{own['environment_concurrency']} at once in an environment")
    if own.get("gib_per_vcpu") is not None:
        parts.append(f"{own['gib_per_vcpu']} GiB a vCPU")
    for version, values in things.items("managed version").items():
        parts.append(f"{version} {_or_dash(values.get('state'))}")
    for version, values in things.items("scaling").items():
        least, most = _or_dash(values.get("minimum_environments")), _or_dash(values.get("maximum_environments"))
        parts.append(f"{version} {least} to {most} environments")
    return ", ".join(parts)


def lines_elsewhere(name: str, settings: Sequence[SettingRow]) -> str:
    """Says that no log group keeps a function's lines, and where they go; empty where a group does, or nobody knows."""
    return _elsewhere(_Things(settings), f"the lines of {name}") or ""


def _elsewhere(things: _Things, lines: str) -> str | None:
    own, group = things.single("function"), things.single("log destination")
    # A log group that the function wrote to earlier is no longer collected.
    if not group or group.get("log_group") != own.get("log_group", group.get("log_group")):
        return None
    to = [str(one.get("destination")) for item, one in things.items("log destination").items() if item]
    where = f"to {', '.join(to)}" if to else "to nobody"
    return f"no log group keeps {lines}; {group.get('log_group')} hands them on {where}"


def _logs(things: _Things) -> str | None:
    """The function's log group, or that no group keeps its lines and where they go."""
    own = things.single("function")
    if elsewhere := _elsewhere(things, "its lines"):
        return elsewhere
    if own.get("log_group") is None:
        return None
    levels = [f"{part} {own[name]}" for part, name in _LEVELS if own.get(name)]
    form = [str(own["log_format"])] if own.get("log_format") else []
    return ", ".join((str(own["log_group"]), *form, *levels))


_LEVELS = (("application", "application_log_level"), ("system", "system_log_level"))


def _permissions(things: _Things) -> str | None:
    """Each statement of the function's policy and of those of its aliases."""
    items = things.items("permission")
    if "" not in items:
        return None
    aliases = sorted(item for item, one in items.items() if "statements" in one and item)
    lines = []
    for item, statement in items.items():
        if "statements" in statement:
            continue
        alias = next((f"{name}: " for name in aliases if item.startswith(f"{name} ")), "")
        lines.append(alias + _statement(statement))
    return "\n".join(lines) or "nobody by a policy of its own: identities of the account that IAM allows"


def _statement(values: Values) -> str:
    effect = "not " if values.get("effect") == "Deny" else ""
    action = "" if values.get("action") == "lambda:InvokeFunction" else f", {values.get('action')}"
    source = f" for {values['source_arn']}" if values.get("source_arn") else ""
    account = f" of account {values['source_account']}" if values.get("source_account") else ""
    conditions = f" if {values['conditions']}" if values.get("conditions") else ""
    return f"{effect}{_or_dash(values.get('principal'))}{source}{account}{conditions}{action}"


def _asynchronous(things: _Things) -> str | None:
    lines = []
    for item, values in things.items("async").items():
        to = [
            f"{what} to {values[name]}"
            for what, name in (("success", "on_success"), ("failure", "on_failure"))
            if values.get(name)
        ]
        retries, age_s = _or_dash(values.get("maximum_retries")), _or_dash(values.get("maximum_age_s"))
        lines.append(", ".join((f"{item}: {retries} retries within {age_s} s", *to)))
    return "\n".join(lines) or None


def _sources(things: _Things) -> str | None:
    """A line for each event source mapping: what it reads, how it stands, its pollers, and what is wrong with it."""
    lines = []
    for item, values in things.items("event source").items():
        parts = [f"{values.get('source') or item} {_or_dash(values.get('state'))}"]
        if values.get("minimum_pollers") is not None or values.get("maximum_pollers") is not None:
            parts.append(
                f"{_or_dash(values.get('minimum_pollers'))} to {_or_dash(values.get('maximum_pollers'))} pollers"
            )
        parts += [f"{what} {values[name]}".strip() for what, name in _OF_SOURCE if values.get(name) is not None]
        lines.append(", ".join(parts))
    return "\n".join(lines) or None


_OF_SOURCE = (
    ("batches of", "batch_size"), ("filters:", "filters"), ("on failure to", "on_failure"), ("metrics", "metrics"),
    ("", "problem"),
)  # fmt: skip


def _recursion(things: _Things) -> str | None:
    told = things.single("recursion").get("recursive_loop")
    known = {"Allow": "allowed", "Terminate": "stopped by Lambda"}
    return None if told is None else known.get(str(told), str(told))


def _runtime_updates(things: _Things) -> str | None:
    if things.single("function").get("package_type") == "Image":
        return "an image brings its own runtime"
    runtime = things.single("runtime")
    if not runtime.get("update_on"):
        return None
    known = {"Auto": "by Lambda", "FunctionUpdate": "with each update of the function", "Manual": "by hand"}
    pinned = f", stays at {runtime['pinned']}" if runtime.get("pinned") else ""
    return known.get(str(runtime["update_on"]), str(runtime["update_on"])) + pinned


def _signing(things: _Things) -> str | None:
    told = things.single("code signing")
    return f"{told.get('config')}, untrusted code: {_or_dash(told.get('untrusted_code'))}" if told else None


def _own(name: str) -> Callable[[_Things], str | None]:
    return lambda things: None if (value := things.single("function").get(name)) is None else str(value)


Rule = tuple[str, str, str, Callable[[_Things], str | None]]
_ALWAYS: tuple[Rule, ...] = (
    ("state", "State", "status", lambda things: _reasoned(things.single("status"), "state")),
    ("last_update", "Last update", "status", lambda things: _reasoned(things.single("status"), "last_update")),
    ("who_may_invoke", "Who may invoke", "permission", _permissions),
    ("recursive_loops", "Recursive loops", "recursion", _recursion),
    ("runtime_updates", "Runtime updates", "runtime", _runtime_updates),
)
_WHERE_THERE_IS_ANY: tuple[Rule, ...] = (
    ("logs_to", "Logs go to", "function", _logs),
    ("network", "Network", "function", _network),
    ("file_systems", "File systems", "function", _own("file_systems")),
    ("kms_key", "KMS key", "function", _own("kms_key")),
    ("tenancy", "Tenancy", "function", _own("tenancy")),
    ("durable", "Durable", "function", _durable),
    ("capacity_provider", "Managed instances", "function", _capacity),
    ("accelerator_gb", "Accelerator, GB", "function", _own("accelerator_gb")),
    ("event_sources", "Event sources", "event source", _sources),
    ("asynchronous", "Asynchronous events", "async", _asynchronous),
    ("code_signing", "Code signing", "code signing", _signing),
    ("layers", "Layers", "function", lambda things: (_own("layers")(things) or "").replace(" ", "\n") or None),
    ("snap_start", "SnapStart", "function", _own("snap_start")),
    ("tracing", "Tracing", "function", _own("tracing")),
)  # fmt: skip
