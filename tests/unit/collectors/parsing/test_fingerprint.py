"""Two occurrences of one error share a fingerprint; two errors do not."""

import pytest

from collectors.parsing.fingerprint import fingerprint, normalise

SAME = [
    ("User 'user-12345' not found", "User 'user-99871' not found"),
    ("request 4f1c2b7e-9d3a-4c55-8e21-0a6b7c8d9e0f failed", "request 0B9D8C7E-1F2A-4B3C-9D4E-5F6A7B8C9D0E failed"),
    ("object at 0x7f3a1c at line 12", "object at 0x55d0ff at line 207"),
    ("commit deadbeef01 is gone", "commit 0a1b2c3d4e is gone"),
    ("read 17 of 2,048 bytes in 3.02 s", "read 9 of 512 bytes in 14.5 s"),
    ("Unable to allocate 1.20 GiB for an array", "Unable to allocate 350. MiB for an array"),
    ("cannot open /tmp/a1/in.csv", "cannot open /tmp/b2/out/x.csv"),
    ("cannot open C:\\data\\a.txt", "cannot open C:\\other\\b.txt"),
    ("GET https://a.example/v1/7?x=1 failed", "GET https://a.example/v1/8?x=2 failed"),
    ("connect ECONNREFUSED 10.0.0.1:5432", "connect ECONNREFUSED 192.168.7.9:5432"),
    ("connect ECONNREFUSED fe80::1", "connect ECONNREFUSED 2001:db8::ff00:42:8329"),
    ("at 2024-01-01T00:00:00.123Z it failed", "at 2025-12-31 23:59:59 it failed"),
    ("mail to a.b@example.com bounced", "mail to c@mail.example.org bounced"),
    ("charge ch_3NfK2eLkdIwHu7ix1234abcd declined", "charge ch_9QzT8wYmBnVc5rPp5678efgh declined"),
    ("wait\n  for it", "wait for   it"),
    ("dial tcp 10.0.0.1:5432: refused", "dial tcp 192.168.77.20:5432: refused"),
    ("customer cus_NffrFeUfNV2Hib is gone", "customer cus_9s6XKzkNRiz8i3 is gone"),
    ("gave up after 1h2m3s", "gave up after 350.5ms"),
    ("12.5 MB are too much", "880 KB are too much"),
    ("expired on Tue, 05 Mar 2024 10:00:00 GMT", "expired on Wed, 11 Feb 2026 09:08:07 GMT"),
    ("down since Fri Jan  5 10:00:00 UTC 2024", "down since Mon Feb 12 23:59:59 UTC 2025"),
    ("in 2024/05/06/[$LATEST]abcd1234abcd1234", "in 2025/06/07/[12]ffff1234abcd0000"),
    ("url: /v1/users/17?name=ann", "url: /v1/users/18?name=bob"),
    ("invalid literal for int() with base 10: '12a'", "invalid literal for int() with base 10: 'x y'"),
    ('For input string: "abc"', 'For input string: "7,5"'),
    ('strconv.Atoi: parsing "abc": invalid syntax', 'strconv.Atoi: parsing "z": invalid syntax'),
    ("Duplicate entry 'bob' for key 'users.name'", "Duplicate entry 'ann' for key 'users.name'"),
    (
        "no topic (Service: Sns, Request ID: 4f1c, Extended Request ID: null)",
        "no topic (Service: Sns, Request ID: 5a2d)",
    ),
    ("Unexpected token 'h', \"hello\" is not valid JSON", "Unexpected token 'w', \"what ...\" is not valid JSON"),
]
DIFFERENT = [
    ("KeyError: 'ticker'", "KeyError: 'price'"),
    ("name 's3' is not defined", "name 'ec2' is not defined"),
    ("unknown digest 'sha256'", "unknown digest 'sha512'"),
    ("HTTP Error 403: no", "HTTP Error 500: no"),
    ("status code 404", "status code 503"),
    ("exit status 1", "exit status 127"),
    ("[Errno 2] failed", "[Errno 13] failed"),
    ("'str' object has no attribute 'get'", "'list' object has no attribute 'get'"),
    ("Cannot read properties of undefined (reading 'id')", "Cannot read properties of undefined (reading 'name')"),
    ("No module named 'requests'", "No module named 'pandas'"),
    ("std::bad_alloc", "std::bad_cast"),
    ("Duplicate entry 'bob' for key 'users.name'", "Duplicate entry 'bob' for key 'users.mail'"),
    ("parsing 'a': no", "parsing 'b': no"),
    ("at 10:00: closed", "at 10:00: open"),
    ("dial tcp 10.0.0.1:5432: refused", "dial tcp 10.0.0.1:6379: refused"),
    ("arn:aws:sqs:eu-west-1:123456789012:a is missing", "arn:aws:sqs:eu-west-1:123456789012:b is missing"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_differs_between_occurrences_does_not_count(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert fingerprint("E", one) == fingerprint("E", other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_errors_stay_different(one: str, other: str) -> None:
    assert fingerprint("E", one) != fingerprint("E", other)


def test_the_type_counts_and_the_form_is_stable() -> None:
    assert fingerprint("KeyError", "x") != fingerprint("ValueError", "x")
    assert fingerprint("KeyError", "'ticker'") == "fe9c2b76ecbc67f8"
    assert len(fingerprint("", "")) == 16
    assert fingerprint("E", "\ud800 lone surrogate") == fingerprint("E", "\ud800 lone surrogate")
    assert normalise("status code 404 at \x00 1") == "status code 404 at <n>"
