"""Takes secrets out of what leaves the program for other people: the clipboard and exported files.

Keys, tokens, passwords and e-mail addresses are told by their form or by the name before them. That is a net, no proof:
a secret that looks like any other word stays. What the screen shows is not redacted, and neither is the store.

Every pattern starts where a word starts and has bounded parts, so that time grows with the length of the text only.
"""

import re
from collections.abc import Callable
from typing import Any

REDACTED = "[redacted]"

_FORMS = "|".join((
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",  # IAM User Guide, "IAM identifiers"
    r"eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]{0,}){0,3}",  # JWT (RFC 7519): {" in base64, and dots
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}",
    r"xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}",
    r"(?:sk|rk|pk)_(?:live|test)_\w{10,}|whsec_[\w+/=]{10,}|sk-[\w-]{20,}",
    r"AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}",
    r"npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|hf_[A-Za-z0-9]{20,}|dop_v1_[a-f0-9]{40,}|SG\.[\w-]{16,}\.[\w-]{16,}",
    r"(?:AQoDYXdz|FwoGZXIvYXdz|IQoJb3JpZ2lu)[\w/+=%-]{50,}",  # how session tokens of AWS STS begin
))  # fmt: skip
_TOKENS = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_FORMS})")
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?"
)
# user:password@ of a URL; the user stays.
_URL = re.compile(r"(://[^\s/@:\"'<>]{0,200}:)[^\s/\"'<>]{1,300}@")
_MAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}(?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_SCHEME = re.compile(r"(?i)(?<![\w-])((?:bearer|basic|negotiate|digest)[ \t]{1,4})([\w.~+/=-]{16,})")
# After the header's name it is a secret, however short: user:pass is 12 letters of base64.
_HEADER = re.compile(
    r"(?i)(authorization\\{0,4}[\"']?\]?[ \t]{0,4}(?:=>|:=|[:=])[ \t]{0,4}\[?\\{0,4}[\"']?"
    r"(?:bearer|basic|negotiate|digest|token|apikey)[ \t]{1,4})([^\s\"',;\\}{)\]<>\[]{1,8000})"
)
# Long names may have anything before them (dbPassword), short ones only a word of their own (db_pass, not compass).
_LONG = (
    r"pass(?:word|wd|phrase|code)|secrets?|api[_-]?keys?|access[_-]?keys?(?:[_-]?id)?|private[_-]?keys?|"
    r"(?:signing|encryption|account|shared|master|license|auth)[_-]?keys?|token|credentials?|(?:set-)?cookie|authorization|"
    r"signature|session[_-]?id|connection[_-]?string|card[_-]?number"
)
_SHORT = r"pass|pwd|sig|jwt|pin|otp|dsn|ssn|cvv|cvc|e?mail(?:[_-]?address)?"
_NAME = (
    rf"(?:[A-Za-z0-9]{{1,30}}[_.-]){{0,6}}(?:[a-z0-9]{{0,24}}?(?:{_LONG})|(?:{_SHORT}))"
    r"(?:[_-]?(?:value|hash|text|plain|key|header|string))?"
)
# The name, what may be written around it, and a value in quotes or up to the next sign that ends one.
_NAMED = re.compile(
    rf"(?i)(?<![A-Za-z0-9_.-])(?<!function:)({_NAME})(\\{{0,4}}[\"']?\]?[ \t]{{0,4}}(?:=>|:=|[:=])[ \t]{{0,4}})"
    r"(?:(\\{0,4})\"((?:[^\"\\\n]|\\[^\"\n]|\\\"(?=[^,}\s\]]))*)(?:\\{0,4}\")|'([^'\n]*)'|([^\s\"',;&}{)\]\[<>]+))"
)
_NAME_ONLY = re.compile(rf"(?i){_NAME}")
_OF_DIGITS = re.compile(r"(?i)pass|pwd|pin|otp|ssn|cv[vc]|card")
_HARMLESS = frozenset(
    {"null", "none", "true", "false", "undefined", "nil", "nan", REDACTED, "***", "****", "-", "0", "1"}
)
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.-])")


def redacted(text: str) -> str:
    """``text`` with ``[redacted]`` in place of what looks like a secret or an e-mail address."""
    if len(text) < 4:
        return text
    text = _PEM.sub(REDACTED, text)
    text = _URL.sub(rf"\g<1>{REDACTED}@", text)
    text = _HEADER.sub(rf"\g<1>{REDACTED}", text)
    text = _SCHEME.sub(_after_scheme, text)
    text = _NAMED.sub(_after_name, text)
    text = _TOKENS.sub(REDACTED, text)
    text = _MAIL.sub(REDACTED, text)
    return _AWS_SECRET.sub(_secret_key, text)


def _after_scheme(match: re.Match[str]) -> str:
    value = match[2]
    # "bearer authentication-failed": words are none of what follows a scheme.
    return f"{match[1]}{REDACTED}" if re.search(r"[0-9A-Z=]", value[1:]) else match[0]


def _after_name(match: re.Match[str]) -> str:
    name, between, slashes, double, single, bare = match.groups()
    value = double if double is not None else single if single is not None else bare
    if value.lower() in _HARMLESS or not value or REDACTED in value:
        return match[0]
    if bare is not None and bare.isdigit() and not _OF_DIGITS.search(name):
        return match[0]  # a count, a version
    if bare is not None and name.lower().endswith("authorization") and bare.lower() in ("bearer", "basic", "digest"):
        return match[0]  # its scheme: what follows was looked at already
    if double is not None:
        return f'{name}{between}{slashes}"{REDACTED}{slashes}"'
    if single is not None:
        return f"{name}{between}'{REDACTED}'"
    # In JSON, a number or a word without quotes: what stands in its place is JSON still.
    quote = re.match(r"\\{0,4}\"", between)
    return f"{name}{between}{quote[0] if quote else ''}{REDACTED}{quote[0] if quote else ''}"


def _secret_key(found: re.Match[str]) -> str:
    """Forty characters of base64 in which everything occurs: a secret access key, not a digest or a path."""
    text = found[0]
    mixed = all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return REDACTED if mixed and text.count("/") <= 4 else text


def redacted_values(document: Any, name: str = "") -> Any:
    """A JSON document with its strings redacted, and everything under a name of a secret redacted as a whole."""
    if isinstance(document, dict):
        return {key: redacted_values(value, str(key)) for key, value in document.items()}
    if isinstance(document, list):
        return [redacted_values(value, name) for value in document]
    if isinstance(document, str):
        secret = document and document.lower() not in _HARMLESS and _NAME_ONLY.fullmatch(name)
        return REDACTED if secret else redacted(document)
    return document


def redacted_file(content: str, form: str) -> str:
    """The text of a file of ``form`` (json, csv, svg, txt), redacted by its values: it can be read as before."""
    forms: dict[str, Callable[[str], str]] = {"json": _json, "csv": _csv, "svg": _svg}
    return forms.get(form, redacted)(content)


def _json(content: str) -> str:
    from collectors.untrusted import parsed_json
    from lambdatui.text.plain import json_text

    document = parsed_json(content)
    kept = redacted_values(document)
    return content if kept == document else json_text(kept) + "\n"


def _csv(content: str) -> str:
    import csv
    import io

    rows = list(csv.reader(io.StringIO(content, newline="")))
    without = [[redacted(cell) for cell in row] for row in rows]
    if without == rows:
        return content
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(without)
    return out.getvalue()


def _svg(content: str) -> str:
    """Redacts the text between tags. A secret that is painted in several colours is split over tags, and not found."""
    from html import escape, unescape

    def between(match: re.Match[str]) -> str:
        text = unescape(match[1])
        cleaned = redacted(text.replace("\xa0", " "))
        return match[0] if cleaned == text.replace("\xa0", " ") else f">{escape(cleaned).replace(' ', '&#160;')}<"

    return re.sub(r">([^<>]+)<", between, content)
