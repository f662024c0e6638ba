"""Advice, what-ifs and comparisons say one figure: the same month, the same margin, the same dollars, to the digit."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.account import Configured, Inventory
from collectors.model.records import Function, FunctionKey
from collectors.model.units import DAY_MS, HOUR_MS, MB_MS_PER_GB_SECOND
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.cli.estimate.workload_options import comparisons
from lambdatui.views.advice import advice, advice_parts
from lambdatui.views.advice_item import Advice
from lambdatui.views.cost_changes import changes
from lambdatui.views.money import month_usages
from lambdatui.views.time_range import TimeRange, instant_ms
from lambdatui.views.whatif import compared_months, whatif
from pricing.changes import changes as read
from pricing.pricebook import PriceBook
from pricing.recommendations import BASIS
from tests.support import command_line
from tests.support.printed_statements import Event, imported, report, request_id, start

BOOK = PriceBook.load()
START = instant_ms("2025-03-01")
MONTH = TimeRange(START, START + 31 * DAY_MS, "March")


def calls(first: int, hours: int, each: int, at_ms: int, duration_ms: float, memory_mb: int) -> list[Event]:
    """So many calls in each of some hours."""
    found = []
    for number in range(hours * each):
        name = request_id(first + number)
        at = at_ms + number // each * HOUR_MS + number % each * 1000
        found += [
            Event(at, start(name)),
            Event(at + int(duration_ms), report(name, duration_ms, memory_mb=memory_mb, used_mb=90)),
        ]
    return found


def store(tmp_path: Path, events: list[Event], **more: object) -> tuple[Path, FunctionKey]:
    imported(tmp_path, events)
    path = tmp_path / "store.db"
    with Reader(path) as reader:
        key = reader.functions()[0].function.key
    with writing(path) as connection:
        function = Function(key, **{"arch": "x86_64", "runtime": "python3.13", **more})  # type: ignore[arg-type]
        Writer(connection, fingerprint).configure([function])
    return path, key


def configured(path: Path, key: FunctionKey, at_ms: int, **settings: str | int | bool) -> None:
    found = Configured(key.account, key.region, key.name, "function", "", settings)
    inventory = Inventory(key.account, key.region, ("function",), [found], frozenset((key.name,)))
    with writing(path) as connection:
        kept.keep_inventory(connection, inventory, at_ms)


def resized(tmp_path: Path) -> tuple[Path, FunctionKey]:
    """A day of 40 calls an hour at 512 MB that took 220 ms, then a day at 1,024 MB that takes 200 ms."""
    at = START + 28 * DAY_MS
    path, key = store(tmp_path, [*calls(0, 24, 40, at, 220.0, 512), *calls(5000, 24, 40, at + DAY_MS, 200.0, 1024)])
    configured(path, key, at, memory_mb=512, code_sha256="a", runtime="python3.13", arch="x86_64")
    configured(path, key, at + DAY_MS, memory_mb=1024, code_sha256="a", runtime="python3.13", arch="x86_64")
    return path, key


def by_kind(reader: Reader, kind: str) -> Advice:
    return next(row for row in advice(reader, MONTH, BOOK).rows if row.kind == kind)


def test_memory_is_one_figure_in_advice_whatif_and_compare(tmp_path: Path) -> None:
    path, _ = resized(tmp_path)
    with Reader(path) as reader:
        told = by_kind(reader, "memory large")
        row = next(one for one in whatif(reader, MONTH, BOOK).rows if "MB instead of" in one.change)
        _, (compared,) = compared_months(reader, MONTH, BOOK, changes("memory=512"))
        usage = month_usages(reader, MONTH, {one.id: one.function for one in reader.functions()})
    assert row.change == "512 MB instead of 1024"
    assert told.saves_usd == row.saves_usd == -(compared.difference or 0)
    # By hand: 960 calls at 512 MB and 960 at 1,024 MB in the finished month; 1.1 times as long, at worst 5% more.
    (one,) = usage.values()
    assert (one.requests, one.billed_ms) == (1920, 960 * 220 + 960 * 200)
    assert (one.billed_mb_ms) == 960 * 220 * 512 + 960 * 200 * 1024
    slower = Decimal(repr(round(1.1 * 1.0512710963760241, 6)))
    # What ran at 512 MB already is not halved again.
    mb_ms = int((one.billed_ms * slower).to_integral_value(rounding="ROUND_HALF_UP")) * 512
    rate, request = Decimal("0.0000166667"), Decimal("0.0000002")
    now = one.billed_mb_ms * rate / MB_MS_PER_GB_SECOND + 1920 * request
    assert row.now_usd == now
    assert row.then_usd == mb_ms * rate / MB_MS_PER_GB_SECOND + 1920 * request  # requests stay
    assert "its own 960 calls at 512 MB and 960 at 1024 MB" in row.evidence
    assert told.basis == row.basis == BASIS


def test_arm64_is_one_figure_in_whatif_and_compare(tmp_path: Path) -> None:
    path, _ = resized(tmp_path)
    with Reader(path) as reader:
        row = next(one for one in whatif(reader, MONTH, BOOK).rows if one.change.startswith("arm64"))
        _, (compared,) = compared_months(reader, MONTH, BOOK, changes("arm64"))
    assert row.saves_usd == -(compared.difference or 0)
    assert row.saves_low_usd is not None
    assert row.saves_high_usd is not None
    assert row.saves_low_usd < row.saves_high_usd


def test_a_command_has_mb_and_the_json_decimal_strings(tmp_path: Path) -> None:
    path, key = resized(tmp_path)
    arguments = ["--db", str(path), "advice", "--range", "all", "--json"]
    result = command_line.run(*arguments)
    assert result.exit_code == 0, result.output
    row = next(one for one in json.loads(result.stdout)["rows"] if one["kind"] == "memory large")
    assert row["command"].startswith(f"aws lambda update-function-configuration --function-name {key.name}")
    assert row["command"].endswith("--memory-size 512")
    for name in ("saves_usd", "saves_low_usd", "saves_mid_usd", "saves_high_usd"):
        assert isinstance(row[name], str)
        assert Decimal(row[name]) > 0
    with Reader(path) as reader:
        parts = dict(advice_parts(by_kind(reader, "memory large")))
    assert "before the free tier" in parts["Worth"]
    assert parts["Command"] == row["command"]


@pytest.mark.parametrize("other", ["code", "few", "unchanged configuration"])
def test_what_is_not_alike_is_no_measure(tmp_path: Path, other: str) -> None:
    at = START + 28 * DAY_MS
    each = 2 if other == "few" else 40
    path, key = store(tmp_path, [*calls(0, 24, each, at, 220.0, 512), *calls(5000, 24, each, at + DAY_MS, 200.0, 1024)])
    configured(path, key, at, memory_mb=512 if other != "unchanged configuration" else 1024, code_sha256="a")
    configured(path, key, at + DAY_MS, memory_mb=1024, code_sha256="b" if other == "code" else "a")
    with Reader(path) as reader:
        row = next(one for one in whatif(reader, MONTH, BOOK).rows if "MB instead of" in one.change)
        told = by_kind(reader, "memory large")
    assert row.saves_usd is None
    assert told.saves_usd is None
    assert "a curve" in row.evidence
    assert told.unknown
    assert "only if measured" in told.advice


def test_arm64_is_not_proposed_where_the_architecture_is_unknown(tmp_path: Path) -> None:
    path, _ = store(tmp_path, calls(0, 24, 40, START, 200.0, 1024), arch=None)
    with Reader(path) as reader:
        assert not [one for one in whatif(reader, MONTH, BOOK).rows if one.change.startswith("arm64")]


@pytest.mark.parametrize(
    "text",
    [
        "arm64", "x86_64", "memory=512", "memory=1GB", "memory_mb=1536", "ephemeral=1024", "region=eu-west-1",
        "requests=+20%", "requests=-5%", "duration=+10%", "logs=-50%", "class=infrequent-access", "arm64+memory=512", "memory=512+requests=+20%, arm64",
    ],
)  # fmt: skip
def test_the_screen_and_the_command_read_the_same(text: str) -> None:
    assert tuple(changes(text)) == comparisons([text])


def test_memory_is_in_mb_and_a_sign_is_no_join() -> None:
    (one,) = read(["memory=1gb+requests=+20%"])
    assert dict(one.changes)["memory_mb"] == 1024
    assert dict(one.changes)["requests"].factor == Decimal("1.2")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("arm46", "did you mean arm64"), ("memry=512", "did you mean memory"), ("memory=64", "nearest is 128 MB"),
        ("memory=20GB", "nearest is 10240 MB"), ("memory=+20%", "only requests, duration_ms and log_gb"),
        ("arch=arm", "did you mean arm64"), ("requests=-120%", "-100%"), ("memory=", "has no value"),
        ("class=cold", "write it like"), ("retention=0", "from 1 to 3653"), ("level=WARN", "such as logs=-50%"),
    ],
)  # fmt: skip
def test_errors_name_the_bad_part_and_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is no change") as caught:
        changes(f"arm64, {text}")
    assert repr(text.partition("=")[0])[1:-1] in str(caught.value)
    assert hint in str(caught.value)


def test_code_storage_and_whole_batches_are_advice(tmp_path: Path) -> None:
    events = calls(0, 2, 3, START, 200.0, 1024)
    at = START + 5 * HOUR_MS
    events += [
        Event(at, start(request_id(99))),
        Event(at + 1, report(request_id(99), 3000.0, "Status: timeout", memory_mb=1024, used_mb=90)),
    ]
    path, key = store(tmp_path, events)
    with writing(path) as connection:
        for kind, function, item, settings in (
            ("account", "", "", {"code_bytes": 70 * 2**30, "code_bytes_limit": 75 * 2**30}),
            ("event source", key.name, "u", {"source": "arn:aws:sqs:us-east-1:1:q", "partial_failures": False}),
            ("event source", key.name, "v", {"source": "arn:aws:sqs:us-east-1:1:well", "partial_failures": True}),
            ("event source", key.name, "w", {"source": "arn:aws:sqs:us-east-1:1:unknown"}),
        ):
            found = Configured(key.account, key.region, function, kind, item, settings)  # type: ignore[arg-type]
            kept.keep_inventory(connection, Inventory(key.account, key.region, ("x",), [found]), START)
    with Reader(path) as reader:
        rows = advice(reader, MONTH, BOOK).rows
    (storage,) = [row for row in rows if row.kind == "code storage"]
    assert "70.0 GB of 75.0 GB" in storage.found
    assert storage.severity == 3
    (batch,) = [row for row in rows if row.kind == "batch failures"]
    assert "sqs:us-east-1:1:q gives" in batch.found
