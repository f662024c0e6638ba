"""AWS's price list into a book: every trap of the list, and never a bad book for a good one."""

import copy
import http.server
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdatui.settings import price_book
from pricing.price_list import (
    BadPriceList,
    products_of_answer,
    products_of_offer,
    refreshed,
    refreshed_by_region,
)
from pricing.pricebook import BUNDLED, PriceBook
from tests.support import command_line, needs
from tests.support.places import SHARED

ANSWER = SHARED / "pricing/get_products_sample.json"
BASE = json.loads(BUNDLED.read_text())
TODAY = "2026-11-24"


def product(group: str, *rates: tuple[str, str], region: str = "us-east-1", **more: str) -> dict[str, Any]:
    """One product with (begin, price) dimensions, in the order given."""
    attributes = {"group": group, "regionCode": region, "usagetype": "Some-Usage", "location": region, **more}
    steps = {str(at): {"beginRange": begin, "pricePerUnit": {"USD": price}} for at, (begin, price) in enumerate(rates)}
    return {"product": {"attributes": attributes}, "terms": {"OnDemand": {"t": {"priceDimensions": steps}}}}


REQUESTS = product("AWS-Lambda-Requests", ("0", "0.0000002000"))


def test_rates_are_matched_by_region_and_group_not_by_usage_type() -> None:
    found = refreshed(BASE, [product("AWS-Lambda-Requests", ("0", "0.00000021"), region="eu-west-1")], TODAY)
    book = PriceBook(found.document)
    assert book.region("eu-west-1").requests == Decimal("0.00000021")
    assert book.region("us-east-1").requests == Decimal("0.0000002")
    assert found.changes == ("eu-west-1: requests: 0.0000002 -> 0.00000021",)


def test_unordered_tiers_are_sorted() -> None:
    tiers = ("6000000000", "0.000014"), ("0", "0.000016"), ("15000000000", "0.000013")
    found = refreshed(BASE, [REQUESTS, product("AWS-Lambda-Duration", *tiers)], TODAY)
    rates = [tier.rate for tier in PriceBook(found.document).region("us-east-1").durations["x86_64"]]
    assert rates == [Decimal("0.000016"), Decimal("0.000014"), Decimal("0.000013")]


def test_free_tier_products_in_the_paid_groups_are_no_prices() -> None:
    free = product("AWS-Lambda-Requests", ("0", "0"), region="", usagetype="Global-Request")
    china = product("AWS-Lambda-Requests", ("0", "0"), groupDescription="China free tier")
    found = refreshed(BASE, [free, china, REQUESTS], TODAY)
    assert PriceBook(found.document).region("us-east-1").requests == Decimal("0.0000002")
    assert found.ignored == ()


def test_lambda_at_edge_is_not_the_request_price() -> None:
    edge = product("AWS-Lambda-Edge-Requests", ("0", "0.0000006"), usagetype="Lambda-Edge-Request")
    found = refreshed(BASE, [REQUESTS, edge], TODAY)
    assert PriceBook(found.document).region("us-east-1").requests == Decimal("0.0000002")
    assert found.changes == ()


def test_unknown_groups_and_zero_prices_are_reported() -> None:
    found = refreshed(
        BASE,
        [REQUESTS, product("AWS-Lambda-Dreams", ("0", "1")), product("AWS-Lambda-Duration-ARM", ("0", "0"))],
        TODAY,
    )
    assert found.ignored == (
        "us-east-1: unknown group AWS-Lambda-Dreams", "us-east-1: AWS-Lambda-Duration-ARM has no price above zero",
    )  # fmt: skip


def test_a_jump_is_not_believed_unless_told_so() -> None:
    jump = product("AWS-Lambda-Storage-Duration", ("0", "0.00000009"))
    found = refreshed(BASE, [REQUESTS, jump], TODAY)
    assert "not believed" in found.ignored[0]
    assert PriceBook(found.document).region("us-east-1").ephemeral_storage == Decimal("0.0000000309")


def test_other_tier_boundaries_are_not_guessed_at() -> None:
    found = refreshed(BASE, [REQUESTS, product("AWS-Lambda-Duration", ("0", "0.000016"), ("5", "0.000014"))], TODAY)
    assert "tiers at [0, 5]" in found.ignored[0]


def test_a_region_that_is_half_there_is_left_out_and_a_whole_one_comes_in() -> None:
    half = product("AWS-Lambda-Requests", ("0", "0.0000002"), region="xx-north-1")
    whole = [product("AWS-Lambda-Requests", ("0", "0.0000002"), region="yy-north-1"),
             product("AWS-Lambda-Duration", ("0", "0.0000166667"), region="yy-north-1"),
             product("AWS-Lambda-Provisioned-Concurrency", ("0", "0.000004"), region="yy-north-1")]  # fmt: skip
    found = refreshed(BASE, [half, *whole], TODAY)
    book = PriceBook(found.document)
    assert "xx-north-1" not in book
    assert book.region("yy-north-1").as_of == TODAY
    assert book.region("yy-north-1").provisioned == {}
    assert any("xx-north-1" in line for line in found.ignored)


def test_what_the_list_has_not_keeps_its_rate_and_its_date() -> None:
    found = refreshed(BASE, [product("AWS-Lambda-Processed-Bytes", ("0", "0.008"), region="eu-west-1")], TODAY)
    prices_now = PriceBook(found.document).region("eu-west-1")
    assert prices_now.as_of == BASE["regions"]["eu-west-1"]["as_of"]
    assert prices_now.provisioned == PriceBook(BASE).region("eu-west-1").provisioned


def test_the_base_is_not_touched() -> None:
    before = copy.deepcopy(BASE)
    refreshed(BASE, [product("AWS-Lambda-Requests", ("0", "0.00000021"))], TODAY)
    assert before == BASE


@pytest.mark.parametrize(
    "products",
    [[], [{"product": {}}], [product("AWS-Lambda-Requests", ("0", "NaN"))], [product("AWS-Lambda-Requests", ("x", "1"))],
     [product("AWS-Lambda-Requests", ("0", "0.0000006"))]],
)  # fmt: skip
def test_a_bad_list_changes_nothing(products: list[dict[str, Any]]) -> None:
    with pytest.raises(BadPriceList):
        refreshed(BASE, products, TODAY)


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(), lambda leaf: st.dictionaries(
    st.sampled_from(["product", "terms", "attributes", "OnDemand", "group", "regionCode"]), leaf, max_size=4)))  # fmt: skip
@settings(max_examples=60)
def test_any_document_is_a_book_or_refused(document: Any) -> None:
    with pytest.raises(BadPriceList):
        refreshed(BASE, [document], TODAY)


@needs.file(ANSWER)
def test_the_collected_answer_changes_nothing_in_tokyo() -> None:
    answer = json.loads(ANSWER.read_text())["response"]
    found = refreshed(BASE, products_of_answer(answer), TODAY)
    assert (found.changes, found.ignored, found.regions) == ((), (), ("ap-northeast-1",))
    assert PriceBook(found.document).region("ap-northeast-1").as_of == TODAY


# The command
OFFER = {
    "products": {"A": {"attributes": product("AWS-Lambda-Requests", region="eu-west-1")["product"]["attributes"]}},
    "terms": {"OnDemand": {"A": product("x", ("0", "0.00000021"))["terms"]["OnDemand"]}},
}


@pytest.fixture
def server() -> Iterator[str]:
    """A public offer file, as a mirror serves it."""

    class Mirror(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/offers/v1.0/aws/AWSLambda/current/eu-west-1/index.json"
            self.send_response(200 if found else 404)
            self.end_headers()
            if found:
                self.wfile.write(json.dumps(OFFER).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.fixture
def book_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    from lambdatui.cli.price_book import price_book

    path = tmp_path / "data" / "prices.json"
    monkeypatch.setenv("LAMBDATUI_PRICES", str(path))
    price_book.cache_clear()
    yield path
    price_book.cache_clear()


def run(*arguments: str) -> Result:
    return command_line.run("prices", "refresh", *arguments)


def test_refresh_writes_a_book_that_bills_use(server: str, book_file: Path) -> None:
    dry = run("--region", "eu-west-1", "--base-url", server, "--dry-run")
    assert "0.0000002 -> 0.00000021" in dry.stdout
    assert not book_file.exists()
    done = run("--region", "eu-west-1", "--base-url", server)
    assert done.exit_code == 0, done.output
    assert price_book.current().region("eu-west-1").requests == Decimal("0.00000021")
    assert [one.name for one in book_file.parent.iterdir()] == ["prices.json"]


def test_a_server_that_fails_leaves_the_book_as_it_is(server: str, book_file: Path) -> None:
    failed = run("--region", "eu-west-9", "--base-url", server)
    assert failed.exit_code == 1
    assert "HTTP 404" in failed.stderr
    assert not book_file.exists()


def test_one_region_that_fails_does_not_keep_the_others_from_fresh_prices(server: str, book_file: Path) -> None:
    partly = run("--region", "eu-west-9", "--region", "eu-west-1", "--region", "eu-west-2", "--base-url", server)
    assert partly.exit_code == 3
    assert "eu-west-9 keeps its prices" in partly.stderr
    assert "eu-west-2 keeps its prices" in partly.stderr
    assert "1 region read" in partly.stderr
    assert price_book.current().region("eu-west-1").requests == Decimal("0.00000021")


@pytest.mark.parametrize(
    "bad", [[product("AWS-Lambda-Requests", ("0", "NaN"), region="eu-west-2")], [{"product": {}}], []]
)
def test_one_list_that_is_not_believed_is_named_and_the_others_are_taken(bad: list[Any]) -> None:
    good = [product("AWS-Lambda-Requests", ("0", "0.00000021"), region="eu-west-1")]
    found, refused = refreshed_by_region(BASE, {"eu-west-2": bad, "eu-west-1": good}, TODAY)
    assert (found.regions, list(refused)) == (("eu-west-1",), ["eu-west-2"])
    assert found.document["regions"]["eu-west-2"] == BASE["regions"]["eu-west-2"]
    with pytest.raises(BadPriceList):
        refreshed_by_region(BASE, {"eu-west-2": bad}, TODAY)


# Which book is in use, and what is said where it is another than was meant
MONEY = (
    ("cost-estimate", "--requests", "1M", "--duration-ms", "1"),
    ("prices", "show"),
    ("prices", "check"),
)


@pytest.mark.parametrize("command", MONEY)
@pytest.mark.parametrize("state", ["missing", "damaged", "incomplete", "older", "a folder"])
def test_a_book_that_cannot_be_used_is_said_once_on_stderr(
    state: str, command: tuple[str, ...], book_file: Path
) -> None:
    book_file.parent.mkdir()
    if state == "damaged":
        book_file.write_text('{"schema": 1')
    elif state == "incomplete":
        broken = {**BASE["regions"], "eu-west-1": {"name": "Ireland"}}
        book_file.write_text(json.dumps(dict(BASE) | {"regions": broken}))
    elif state == "older":
        price_book.write(dict(BASE) | {"collected": "2020-01-01", "sources": {}}, book_file)
    elif state == "a folder":
        book_file.mkdir()
    done = command_line.run(*command)
    assert done.exit_code == 0
    said = [line for line in done.stderr.splitlines() if str(book_file) in line]
    assert len(said) == 1
    assert "prices are this program's own of 2026-11-23" in said[0]
    assert price_book.current().document == BASE
    assert price_book.in_use().wrong == (state != "older")


def test_a_gate_does_not_pass_on_other_prices_than_were_named(book_file: Path) -> None:
    figures = ("cost-estimate", "--requests", "3M", "--duration-ms", "120", "--memory-mb", "1536", "--fail-over")
    unsure = command_line.run(*figures, "100")
    assert unsure.exit_code == 3
    assert "which is not there" in unsure.stderr
    assert command_line.run(*figures, "1").exit_code == 4


def test_a_refreshed_book_that_is_damaged_is_said_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMBDATUI_PRICES", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert price_book.in_use().notices == ()  # nothing was refreshed
    path = tmp_path / "lambdatui" / "prices.json"
    path.parent.mkdir()
    path.write_text("{}")
    assert str(path) in price_book.in_use().notices[0]
    price_book.write(dict(BASE) | {"collected": "2999-01-01"}, path)
    assert price_book.in_use().notices == ()


def test_a_companys_own_rates_lie_over_the_newest_book(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"overlay": True, "regions": {"eu-west-1": {"requests": "0.00000001"}}}))
    monkeypatch.setenv("LAMBDATUI_PRICES", str(own))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    used = price_book.in_use()
    assert used.notices == ()
    assert used.book.region("eu-west-1").requests == Decimal("0.00000001")
    assert used.book.region("eu-west-2") == PriceBook(BASE).region("eu-west-2")
    written = own.read_text()
    assert run("--region", "eu-west-1", "--base-url", server).exit_code == 0
    assert own.read_text() == written  # a refresh goes below it
    used = price_book.in_use()
    assert used.base.region("eu-west-1").requests == Decimal("0.00000021")
    assert used.book.region("eu-west-1").requests == Decimal("0.00000001")
    own.write_text(json.dumps({"overlay": True, "regions": {"eu-west-1": {"requests": "cheap"}}}))
    assert price_book.in_use().wrong


@pytest.mark.parametrize("edited", [False, True])
def test_a_companys_own_whole_book_survives_a_refresh(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, edited: bool
) -> None:
    """Also one that began as a refreshed book; a refreshed book as it was written is renewed in its place."""
    own = tmp_path / "own.json"
    monkeypatch.setenv("LAMBDATUI_PRICES", str(own))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert run("--region", "eu-west-1", "--base-url", server).exit_code == 0
    document = json.loads(own.read_text())
    if edited:
        document["regions"]["eu-west-2"]["requests"] = "0.00000001"
        own.write_text(json.dumps(document))
    written = own.read_text()
    done = run("--region", "eu-west-1", "--base-url", server)
    assert done.exit_code == 0
    below = tmp_path / "lambdatui" / "prices.json"
    assert (f"{own}, which stays as it is" in done.stderr) == below.exists() == edited
    assert not edited or own.read_text() == written
    if edited:
        assert price_book.current().region("eu-west-2").requests == Decimal("0.00000001")
        assert json.loads(below.read_text())["regions"]["eu-west-2"] == BASE["regions"]["eu-west-2"]
        monkeypatch.delenv("LAMBDATUI_PRICES")
        assert price_book.current().region("eu-west-1").requests == Decimal("0.00000021")


def test_offer_files_and_answers_are_told_apart(tmp_path: Path, book_file: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({"PriceList": [json.dumps(product("AWS-Lambda-Requests", ("0", "0.00000019")))]}))
    assert "0.0000002 -> 0.00000019" in run("--file", str(path), "--dry-run").stdout
    path.write_text(json.dumps(OFFER))
    assert "0.00000021" in run("--file", str(path), "--dry-run").stdout
    path.write_text("[]")
    assert run("--file", str(path)).exit_code == 1
    with pytest.raises(BadPriceList):
        list(products_of_offer({}))
