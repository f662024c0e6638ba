"""Credentials are had once a profile, whatever regions and rounds; what was refused is named."""

import getpass
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.results import Collected
from collectors.model.units import HOUR_MS
from lambdatui.cli.collect.request import CollectRequest
from lambdatui.cli.collect.rounds import Rounds as CollectRounds
from lambdatui.processes.child_process import Child
from lambdatui.settings.context import CommandContext
from tests.support.aws import isolate, listed
from tests.support.misbehaving_server import IDENTITY, Answer, Asked, MisbehavingServer, misbehaving

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
ROLE = "arn:aws:iam::123456789012:role/reader"
ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("collectors.sources.cloudwatch.answers._LONGEST_PAUSE_S", 0.0)


def of_sts(code: str, message: str) -> Answer:
    return Answer(ERROR.format(code, message).encode(), 403)


def assumed(asked: Asked) -> bytes:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = f"ASSUMED{asked.body['RoleArn'].rpartition('/')[2]}"
    return (
        f"<R><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>t</SessionToken><Expiration>{until}</Expiration></Credentials></AssumeRoleResult></R>"
    ).encode()


def account(asked: Asked) -> Any:
    """A function in each region; a role for who asks."""
    if asked.operation == "GetCallerIdentity":
        # Each key is another account's, so that no two profiles are of the same.
        return IDENTITY.replace(b"123456789012", f"{sum(asked.key.encode()):012}".encode())
    if asked.operation == "AssumeRole":
        return assumed(asked)
    return {"Functions": listed(["fn"])} if asked.operation == "ListFunctions" else {}


class Rounds:
    """Collections of profiles from a server, round by round, as a watch does them."""

    def __init__(self, tmp_path: Path, url: str, profiles: tuple[str, ...], regions: tuple[str, ...] = REGIONS) -> None:
        asked = CollectRequest(profiles, regions, HOUR_MS, url, "none", ("functions",), False, 0, False)
        self._collecting = CollectRounds(asked, CommandContext(tmp_path / "store.db"), None, quiet=True)

    def run(self) -> list[Collected]:
        return list(self._collecting.once())


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "AWS_CONFIG_FILE").write_text(text)


def process(tmp_path: Path, name: str = "one", *, key: str = "AKIA", lasts: bool = True) -> str:
    """A program that prints credentials, and counts how often it was run."""
    script, runs = tmp_path / f"{name}.py", tmp_path / f"{name}.runs"
    until = {} if lasts else {"Expiration": (datetime.now(UTC) + timedelta(hours=2)).isoformat()}
    said = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t", **until}
    script.write_text(f"open({str(runs)!r}, 'a').write('x')\nprint({json.dumps(said)!r})\n")
    return f"{sys.executable} {script}"


def runs(tmp_path: Path, name: str = "one") -> int:
    path = tmp_path / f"{name}.runs"
    return len(path.read_text()) if path.exists() else 0


def failures(done: list[Collected]) -> list[str]:
    return [failure for one in done for failure in dict.fromkeys(one.failures)]


@pytest.mark.parametrize("lasts", [True, False])
def test_a_credential_process_runs_once_for_all_regions_and_rounds(tmp_path: Path, lasts: bool) -> None:
    configure(tmp_path, f"[profile prod]\ncredential_process = {process(tmp_path, lasts=lasts)}\n")
    with misbehaving(account) as server:
        rounds = Rounds(tmp_path, server.url, ("prod",))
        assert [one.functions for one in rounds.run()] == [1, 1, 1]
        assert failures(rounds.run()) == []
        assert {asked.region for asked in server.asked} == set(REGIONS)
    assert runs(tmp_path) == 1


def test_profiles_of_one_source_share_it_and_each_assumes_its_role_once(tmp_path: Path) -> None:
    roles = "".join(f"[profile {name}]\nrole_arn = {ROLE}-{name}\nsource_profile = base\n" for name in ("a", "b", "c"))
    configure(tmp_path, f"[profile base]\ncredential_process = {process(tmp_path)}\n{roles}")
    with misbehaving(account) as server:
        rounds = Rounds(tmp_path, server.url, ("a", "b", "c", "base"))
        assert failures(rounds.run()) == []
        assert server.count("sts:AssumeRole") == 3
        assert {asked.key for asked in server.asked if asked.operation == "AssumeRole"} == {"AKIA"}
        assert failures(rounds.run()) == []
        assert server.count("sts:AssumeRole") == 3
    assert runs(tmp_path) == 1


def test_a_chain_of_roles_is_assumed_link_by_link_once(tmp_path: Path) -> None:
    configure(
        tmp_path,
        f"[profile base]\ncredential_process = {process(tmp_path)}\n"
        f"[profile hub]\nrole_arn = {ROLE}-hub\nsource_profile = base\n"
        f"[profile a]\nrole_arn = {ROLE}-a\nsource_profile = hub\n"
        f"[profile b]\nrole_arn = {ROLE}-b\nsource_profile = hub\n",
    )
    with misbehaving(account) as server:
        assert failures(Rounds(tmp_path, server.url, ("a", "b")).run()) == []
        roles = Counter(asked.body["RoleArn"] for asked in server.asked if asked.operation == "AssumeRole")
        assert roles == {f"{ROLE}-hub": 1, f"{ROLE}-a": 1, f"{ROLE}-b": 1}
    assert runs(tmp_path) == 1


@contextmanager
def mfa(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], str]) -> Iterator[list[str]]:
    prompts: list[str] = []

    def prompt(said: str = "") -> str:
        prompts.append(said)
        time.sleep(0.2)  # a person takes longer than other regions do to ask as well
        return answer(said)

    monkeypatch.setattr(getpass, "getpass", prompt)
    yield prompts


def with_mfa(tmp_path: Path) -> None:
    configure(
        tmp_path,
        f"[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
        f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n",
    )


def test_an_mfa_code_is_asked_once_for_all_regions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_mfa(tmp_path)
    with misbehaving(account) as server, mfa(monkeypatch, lambda _: "123456") as prompts:
        rounds = Rounds(tmp_path, server.url, ("prod",))
        assert [one.functions for one in rounds.run()] == [1, 1, 1]
        assert failures(rounds.run()) == []
        assert [asked.body["TokenCode"] for asked in server.asked if asked.operation == "AssumeRole"] == ["123456"]
    assert len(prompts) == 1


def test_a_wrong_mfa_code_is_told_to_all_regions_and_asked_again_in_the_next_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_mfa(tmp_path)
    codes = iter(["000000", "123456"])

    def answering(asked: Asked) -> Any:
        if asked.operation == "AssumeRole" and asked.body["TokenCode"] != "123456":
            return of_sts("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
        return account(asked)

    with misbehaving(answering) as server, mfa(monkeypatch, lambda _: next(codes)) as prompts:
        rounds = Rounds(tmp_path, server.url, ("prod",))
        said = failures(rounds.run())
        assert len(said) == 3
        assert all(f"sts:AssumeRole of {ROLE} by profile prod" in each for each in said)
        assert all("invalid MFA one time pass code" in each for each in said)
        assert server.count("sts:AssumeRole") == 1
        assert failures(rounds.run()) == []
    assert len(prompts) == 2


def test_without_a_terminal_an_mfa_code_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_mfa(tmp_path)

    def no_terminal(_: str) -> str:
        raise EOFError

    with misbehaving(account) as server, mfa(monkeypatch, no_terminal):
        said = failures(Rounds(tmp_path, server.url, ("prod",)).run())
        assert server.count("sts:AssumeRole") == 0
    assert all("there is no terminal to ask at" in each for each in said)


def test_the_screens_child_does_not_wait_for_a_code_on_its_pipe(tmp_path: Path) -> None:
    with_mfa(tmp_path)
    with misbehaving(account) as server:
        child = Child(
            ["--db", str(tmp_path / "store.db"), "collect", "--json", "--profile", "prod", "--region", "eu-west-1",
             "--endpoint-url", server.url]
        )  # fmt: skip
        try:
            printed = [line for lines in child.batches() for line in lines]
            code, said = child.wait_for_end()
        finally:
            child.stop()
    assert code == 1
    assert "there is no terminal to ask at" in "".join([*printed, *said])


def test_a_role_that_may_not_be_assumed_is_named_with_who_asked(tmp_path: Path) -> None:
    configure(
        tmp_path,
        f"[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
        f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = base\n",
    )

    def answering(asked: Asked) -> Any:
        if asked.operation == "AssumeRole":
            return of_sts("AccessDenied", f"User: x is not authorized to perform: sts:AssumeRole on resource: {ROLE}")
        return account(asked)

    with misbehaving(answering) as server:
        done = Rounds(tmp_path, server.url, ("prod", "base")).run()
        assert server.count("sts:AssumeRole") == 1
        assert server.count("lambda:ListFunctions") == 3  # those of the other profile
    said = failures(done)
    assert len(said) == 3
    assert all(f"AWS denied sts:AssumeRole of {ROLE} by profile prod" in each for each in said)
    assert {failed.denied for one in done for failed in one.denied} == {"sts:AssumeRole"}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('the vault is sealed')", "the vault is sealed"),
        ("print('no JSON')", "credentials cannot be had"),
        ("print('[]')", "credentials cannot be had"),
        ("print('{\"Version\": 1}')", "AccessKeyId"),
        (None, "credentials cannot be had"),
    ],
)
def test_a_process_that_fails_runs_once_a_round_for_all_that_need_it(
    tmp_path: Path, script: str | None, said: str
) -> None:
    count = f"open({str(tmp_path / 'one.runs')!r}, 'a').write('x')\n"
    if script is not None:
        (tmp_path / "bad.py").write_text(count + script)
    command = f"{sys.executable} {tmp_path / 'bad.py'}" if script is not None else str(tmp_path / "is not there")
    roles = "".join(f"[profile {name}]\nrole_arn = {ROLE}-{name}\nsource_profile = base\n" for name in ("a", "b"))
    configure(tmp_path, f"[profile base]\ncredential_process = {command}\n{roles}")
    with misbehaving(account) as server:
        rounds = Rounds(tmp_path, server.url, ("a", "b"))
        told = failures(rounds.run())
        assert len(told) == 6
        assert all(said in each for each in told)
        if script is not None:
            assert runs(tmp_path) == 1
        process(tmp_path)  # it has come to itself, or was installed
        configure(tmp_path, f"[profile base]\ncredential_process = {process(tmp_path)}\n{roles}")
        assert [one.functions for one in rounds.run()] == [1] * 6


def test_only_failed_credentials_are_had_anew(tmp_path: Path) -> None:
    """A denied call, a broken service or a fault of one region's drop nothing; an expired token drops its profile."""
    configure(
        tmp_path,
        f"[profile good]\ncredential_process = {process(tmp_path, 'good', key='GOOD')}\n"
        f"[profile bad]\ncredential_process = {process(tmp_path, 'bad', key='BAD')}\n",
    )
    codes = ["AccessDeniedException", "ServiceException", "ThrottlingException", "ExpiredTokenException"]

    def answering(asked: Asked) -> Any:
        if asked.key == "BAD" and asked.operation == "ListFunctions":
            return Answer(b'{"message": "no"}', 403, {"x-amzn-ErrorType": codes[0]})
        return account(asked)

    with misbehaving(answering) as server:
        rounds = Rounds(tmp_path, server.url, ("good", "bad"), REGIONS[:2])
        while codes[0] != "ExpiredTokenException":
            assert len(failures(rounds.run())) == 2
            del codes[0]
        assert (runs(tmp_path, "good"), runs(tmp_path, "bad")) == (1, 1)
        assert len(failures(rounds.run())) == 2
        assert (runs(tmp_path, "good"), runs(tmp_path, "bad")) == (1, 1)
        assert len(failures(rounds.run())) == 2
        assert (runs(tmp_path, "good"), runs(tmp_path, "bad")) == (1, 2)


@pytest.mark.parametrize(
    "code", ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "OptInRequired"]
)
@pytest.mark.parametrize("operation", ["GetCallerIdentity", "ListFunctions"])
def test_a_region_that_is_not_enabled_is_called_that(tmp_path: Path, code: str, operation: str) -> None:
    configure(tmp_path, f"[profile prod]\nregion = eu-central-1\ncredential_process = {process(tmp_path)}\n")

    def answering(asked: Asked) -> Any:
        if asked.region == "me-south-1" and asked.operation == operation:
            if operation == "GetCallerIdentity":
                return of_sts(code, "The security token included in the request is invalid")
            return Answer(b'{"message": "invalid"}', 403, {"x-amzn-ErrorType": code})
        return account(asked)

    with misbehaving(answering) as server:
        rounds = Rounds(tmp_path, server.url, ("prod",), ("me-south-1", "eu-central-1"))
        for _ in range(2):
            done = rounds.run()
            assert [len(one.failures) for one in done] == [1, 0]
            assert "region me-south-1 is not enabled for the account" in done[0].failures[0]
    assert runs(tmp_path) == 1


def test_credentials_that_work_nowhere_are_not_taken_for_a_region(tmp_path: Path) -> None:
    configure(tmp_path, f"[profile prod]\ncredential_process = {process(tmp_path)}\n")
    with misbehaving(lambda _: of_sts("InvalidClientTokenId", "invalid")) as server:
        said = failures(Rounds(tmp_path, server.url, ("prod",), ("me-south-1", "eu-central-1")).run())
    assert len(said) == 2
    assert all("AWS does not accept the credentials (InvalidClientTokenId)" in each for each in said)


def test_a_region_without_an_endpoint_is_called_not_enabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, f"[profile prod]\ncredential_process = {process(tmp_path)}\n")
    with misbehaving(account) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://lambda.no-such-region.invalid")
        rounds = Rounds(tmp_path, server.url, ("prod",), ("eu-moon-1",))
        rounds._collecting._request = CollectRequest(
            ("prod",), ("eu-moon-1",), HOUR_MS, None, "none", ("functions",), False, 0, False
        )
        said = failures(rounds.run())
    assert len(said) == 1
    assert "region eu-moon-1 is not enabled for the account" in said[0]


def test_roles_are_assumed_where_every_account_is_enabled(tmp_path: Path) -> None:
    configure(
        tmp_path,
        f"[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
        f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = base\n",
    )

    def answering(asked: Asked) -> Any:
        return of_sts("InvalidClientTokenId", "invalid") if asked.region == "me-south-1" else account(asked)

    with misbehaving(answering) as server:
        done = Rounds(tmp_path, server.url, ("prod",), ("me-south-1", "eu-west-1")).run()
    assert [one.functions for one in done] == [0, 1]
    assert "region me-south-1 is not enabled" in done[0].failures[0]


def test_the_server_counts(tmp_path: Path) -> None:
    """What these tests rest on: who asked is read from the signature."""
    configure(tmp_path, f"[profile prod]\ncredential_process = {process(tmp_path, key='KEY')}\n")
    with misbehaving(account) as server:
        assert isinstance(server, MisbehavingServer)
        Rounds(tmp_path, server.url, ("prod",), ("eu-west-1",)).run()
        assert {(asked.key, asked.region) for asked in server.asked} == {("KEY", "eu-west-1")}
