"""What is copied and exported has no keys, tokens, passwords or addresses in it, unless ``--no-redact``."""

import csv
import io
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from lambdatui.text.redaction import REDACTED, redacted, redacted_file
from tests.support import small_store
from tests.support.screens import app_on, settle
from tests.support.work import cpu_s

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
AKID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

SECRETS = [
    (f"key {AKID} used", AKID), (f"ASIA{AKID[4:]}", "ASIA"), (f"secret is {SECRET} here", SECRET), (f"jwt {JWT}.", JWT),
    (f"aws_secret_access_key={SECRET}", SECRET), (f"AWS_SECRET_ACCESS_KEY: '{SECRET}'", SECRET),
    ("password=hunter2", "hunter2"), ('{"password": "hunter2"}', "hunter2"), ("DB_PASSWORD: hunter2", "hunter2"),
    ('{"db": {"passwd":"hunter2"}}', "hunter2"), ("--password hunter2 pwd=hunter3", "hunter3"), ("userPassword=hunter2", "hunter2"),
    ('{\\"password\\":\\"hunter2\\"}', "hunter2"), ("'api_key': 'abc123'", "abc123"), ("apiKey=abc123", "abc123"),
    ("x-api-key: abc123", "abc123"), ("clientSecret: abc123", "abc123"), ("client_secret=abc123&x=1", "abc123"),
    ('{"password": 12345}', "12345"), ('{"password":"a b, c} d"}', "b, c} d"), ("secret => 'abc def'", "abc def"),
    ("postgres://user:p4ss@db.example:5432/x", "p4ss"), ("redis://:p4ss@cache:6379", "p4ss"), ("https://u:p@ss@h/x", "p@ss"),
    ("mongodb+srv://u:p4ss@a.b/c?w=1", "p4ss"), ("amqp://u:p%404@h", "p%404"),
    (f"Authorization: Bearer {JWT}", JWT), ("authorization: Basic dXNlcjpwYXNzd29yZDE=", "dXNlcjpwYXNzd29yZDE="),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"), ("x authorization=Bearer abc.defghijklmnopq y", "defgh"),
    ("Proxy-Authorization: Basic dTpw, Via: x", "dTpw"), ('{\\"Authorization\\": \\"token abcde\\"}', "abcde"),
    ("Bearer abcdefghij0123456789", "abcdefghij0123456789"), ('"Authorization": "abcdef"', "abcdef"),
    ("GET /x?token=abcdef&y=1", "abcdef"), ("?access_token=abc", "=abc"), ("&X-Amz-Signature=0011aabb&", "0011aabb"),
    ("X-Amz-Security-Token=IQoJb3JpZ2luX2VjEA", "IQoJb3"), ("sig=abc%3D", "abc%3D"),
    ("Cookie: session=abc; other=1", "session=abc"), ("set-cookie: sid=abcdef", "sid=abcdef"), ("sessionId=abc", "=abc"),
    ("ghp_0123456789abcdefghij0123456789abcdef", "ghp_"), ("github_pat_11ABCDEFG0abcdefghij_0123", "github_pat"),
    ("xoxb-1234567890-abcdef", "xoxb"), ("sk_live_abcdefghij0123", "sk_live"), ("sk-proj-abcdefghij0123456789abcd", "sk-proj"),
    ("AIzaSyA-abcdefghijklmnopqrstuvwxyz01234", "AIza"), ("glpat-abcdefghij0123456789", "glpat"),
    ("npm_abcdefghijklmnopqrstuvwxyz0123456789", "npm_"), ("SG.abcdefghijklmnopq.abcdefghijklmnopqrstuvw", "SG."),
    ("mail to anna.b+c@example.co.uk now", "anna"), ("<o'neil@example.com>", "neil@"), ("user=a%40example.com", "a%40"),
    ("jürgen@example.com", "rgen"), ('{"email":"a@b.io"}', "a@b"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\ndef==\n-----END RSA PRIVATE KEY-----", "MIIE"),
    ("-----BEGIN PRIVATE KEY-----\\nMIIEabc", "MIIE"), ("pin: 4711", "4711"), ("DSN=https://abc@sentry/1", "abc@"),
]  # fmt: skip

KEPT = [
    "START RequestId: 8f5c0a10-2e1b-4f0e-9d2c-000000000001 Version: $LATEST",
    "REPORT RequestId: 8f5c0a10-2e1b-4f0e-9d2c-000000000001\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB",
    "arn:aws:lambda:eu-central-1:111122223333:function:auth-token:7", "auth-token,111122223333,eu-central-1",
    "commit 356a192b7913b04c54574d18c28d46e6395428ab", "max_tokens: 4096, tokens=12 token_count=3",
    "the password was wrong", "no token given", "password: null", 'secret: ""', "passed: 12, failed: 3", "compass: north",
    "bearer of bad news", "basic authentication failed", "key: value", "keyboard=qwerty", "monkey: 1", "author=anna",
    "https://example.com:8080/path?x=1", "2025-03-31T10:00:00Z", "user@host", "@decorator", "a@b",
    "Traceback (most recent call last):", "tokenizer=bpe", "signatures=3", "spin: 3", "mailbox=full", "assigned: 4",
    "d41d8cd98f00b204e9800998ecf8427e", "s3://bucket/key/with/a/very/long/path/Of/Forty/Chars1/",
]  # fmt: skip


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_go(text: str, secret: str) -> None:
    assert secret in text
    cleaned = redacted(text)
    assert secret not in cleaned
    assert REDACTED in cleaned
    assert redacted(cleaned) == cleaned


@pytest.mark.parametrize("text", KEPT)
def test_what_is_none_stays(text: str) -> None:
    assert redacted(text) == text


def test_json_stays_json() -> None:
    for text in ('{"password": 12345, "n": 1}', '{"a": {"token": "x\\"y", "b": [1, 2]}}', '{"secret":true,"pwd":"a"}'):
        json.loads(redacted(text))


def test_files_are_redacted_by_their_values() -> None:
    document = {"rows": [{"function": "auth-token", "message": f'login "a@b.io", key {AKID}', "cost": "1.50", "n": 1.25}],
                "settings": {"password": "x", "api_key": None}}  # fmt: skip
    found = json.loads(redacted_file(json.dumps(document), "json"))
    assert found["rows"][0] | {"message": ""} == document["rows"][0] | {"message": ""}  # type: ignore[index]
    assert AKID not in str(found)
    assert "a@b" not in str(found)
    assert found["settings"] == {"password": REDACTED, "api_key": None}
    text = 'function,message\na,"x, ""password=y"", a@b.io\nnext"\n'
    rows = list(csv.reader(io.StringIO(redacted_file(text, "csv"))))
    assert [len(row) for row in rows] == [2, 2]
    assert "a@b" not in str(rows)
    assert "=y" not in str(rows)
    svg = redacted_file("<svg><text x='1'>to&#160;a@b.io&#160;&lt;now</text></svg>", "svg")
    assert "a@b" not in svg
    assert "&lt;now</text>" in svg


GROWING = [
    "a@", "a.", "@a", "eyJ", "eyJa.", "password", "password=", "password_", "pass:", "://", "://a:", "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ", "AKIA", "A" * 7, "a-", "a_", "'", '"', '\\"', '"password":"', "password='", 'password="\\', "bearer ", "x" * 40 + "/",
    "%40", "a%40a.", "Set-Cookie: ", "token token", "ghp_", ".a", "=", "[", "é", "a1.b_", "SG.a", "secret\\", " \t", "aB3/",
]  # fmt: skip


@pytest.mark.parametrize("piece", GROWING)
def test_time_grows_with_the_length_only(piece: str) -> None:
    """Twice the text may take three times as long, and no more: over 16 times 64, where a square would be 256."""
    short, long = ((piece * (size // len(piece) + 1))[:size] for size in (25_000, 400_000))
    took = [min(cpu_s(lambda text=text: redacted(text)) for _ in range(3)) for text in (short, long)]  # type: ignore[misc]
    assert took[1] < 64 * took[0] + 0.05


@given(st.text(max_size=300))
def test_any_text_can_be_redacted_once(text: str) -> None:
    cleaned = redacted(text)
    assert redacted(cleaned) == cleaned


def test_pieces_of_secrets_put_together_at_random_are_redacted_in_time() -> None:
    chance = random.Random(14)
    text = "".join(chance.choice(GROWING) for _ in range(100_000))
    began = time.process_time()
    redacted(text)
    assert time.process_time() - began < 60


async def test_the_clipboard_and_exported_files_are_redacted_unless_asked(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    for redact in (True, False):
        app = app_on(db)
        app.session.redact = redact
        async with app.run_test(size=(120, 30)) as pilot:
            await settle(pilot)
            app.screen.copy(f"mail anna@example.com, key {AKID}")  # type: ignore[attr-defined]
            assert (AKID in app.clipboard) is not redact
            target = tmp_path / f"{redact}.csv"
            app.screen.write_file(str(target), lambda: f"a,b\n1,password=hunter2 {JWT}\n")  # type: ignore[attr-defined]
            await settle(pilot)
            assert ("hunter2" in target.read_text()) is not redact
            assert (JWT in target.read_text()) is not redact


def test_exported_lines_are_redacted_unless_asked(tmp_path: Path) -> None:
    event = {
        "timestamp": 1_743_415_200_000,
        "message": f"login anna@example.com {AKID}\n",
        "logGroup": "/aws/lambda/f",
        "logStreamName": "s",
    }
    (tmp_path / "e.jsonl").write_text(json.dumps(event) + "\n")
    import_files([str(tmp_path / "e.jsonl")], db=tmp_path / "s.db", defaults=FunctionKey(""))
    for more, kept in (((), False), (("--no-redact",), True)):
        command = [
            sys.executable,
            "-m",
            "lambdatui",
            "--db",
            str(tmp_path / "s.db"),
            "--range",
            "all",
            "db",
            "export",
            "-",
            *more,
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        assert json.loads(said)["function"] == "f"
        assert (AKID in said, "anna@" in said) == (kept, kept)
