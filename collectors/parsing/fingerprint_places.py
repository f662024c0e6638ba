"""Places in an error's text: URLs, ARNs, paths and addresses, without what differs from one occurrence to the next."""

import re
from collections.abc import Callable

from collectors.parsing.fingerprint_ids import is_id
from collectors.parsing.fingerprint_names import KNOWN_PORT, MACHINE, port
from collectors.parsing.fingerprint_values import DATA

Keep = Callable[[str], str]
"""Puts a text aside, and returns the character that stands for it until the end."""

URL = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]{1,20}://)([^\s\"'<>)\]}`]+)")
ARN = re.compile(r"\barn:aws[\w-]*:[^\s\"'<>,;)\]`]*[^\s\"'<>,;)\]`.:]")
PATH = re.compile(r"(?<![\w.<$-])(?:file:)?(?:/[\w.@%+~$=,-]*[\w@%+~$=-]){1,}/?(?:\?[^\s\"'<>)\]}]*)?(?::\d+)*(?!\w)")
DRIVE = re.compile(r"\b[A-Za-z]:\\[^\s\"'<>|]+")
ADDRESS = re.compile(
    r"(?<![\w.])(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}(?:/\d\d?\b|:(\d{1,5})\b)?(?![\w.]*\d)(->)?|\[(?=[^\]]*:[^\]]*:)[0-9a-fA-F:.]{2,45}(?:%\w+)?\](?::(\d{1,5})\b)?(->)?"
)
_CLIENT = re.compile(r"(?i)\b(?:client|peer|local(?: ?address)?|from|source|L)\b[:= (]*/?$")
_HEX = "[0-9a-fA-F]{1,4}"
ADDRESS6 = re.compile(
    rf"(?<![\w:.])(?:(?:{_HEX}:){{7}}{_HEX}|(?=[0-9a-fA-F:]*\d)(?:{_HEX}(?::{_HEX}){{0,6}})?::(?:{_HEX}(?::{_HEX}){{0,6}})?)"
    r"(?::(\d{5}))?(?![\w:])"
)
# Services whose resources bear ids as their only names; elsewhere an id in an ARN is of an execution, a task, a job.
_NAMED_BY_ID = frozenset(("kms", "acm", "acm-pca", "cognito-idp", "cognito-identity", "wafv2", "apigateway", "route53"))
_DEPLOYED = re.compile(
    r"(?:file:)?/+(?:var/(?:task|runtime|lang|rapid)|opt|usr|lib|lib64|bin|sbin|etc|proc|dev|app|root/\.|function)(?:/|$)"
)
_SCRATCH = re.compile(r"(?:file:)?/+(?:private/|var/)?tmp(?:/|$)|(?:file:)?/+mnt/|/dev/shm/")
_DATA_END = re.compile(rf"(?i)\.(?:{DATA})$")
_VERSION = re.compile(r"v\d{1,3}|\d{4}-\d\d-\d\d")
_LINE = re.compile(r"(?::\d+)+$")
_ENDS = ".,;:"


def _segment(text: str) -> str:
    """One piece between slashes: a name, or an object's id."""
    if not any(map(str.isdigit, text)) and len(text) < 14:
        return text
    if _VERSION.fullmatch(text):  # of an API, whose versions may be dates: 2015-03-31
        return text
    stem = text.partition(".")[0]
    return "<id>" if text.isdigit() or is_id(stem) or is_id(text) or sum(map(str.isdigit, text)) > 2 else text


def _segments(path: str) -> str:
    named = "/".join(map(_segment, path.split("/")))
    return re.sub(r"[^/]*$", "<file>", named) if _DATA_END.search(path) else named


def url(found: re.Match[str], keep: Keep) -> str:
    """``https://host:port/path`` with the path's ids replaced, without its query. Of buckets only the name."""
    scheme, rest = found.groups()
    end = rest[len(rest.rstrip(_ENDS)) :]
    rest = re.split(r"[?#]", rest.rstrip(_ENDS), maxsplit=1)[0]
    place, slash, path = rest.partition("/")
    if scheme in ("s3://", "s3a://", "s3n://", "gs://"):
        return keep(f"{scheme}{place}") + (f"/{'<file>' if path else ''}" if slash else "") + end
    if scheme == "file://":
        return file(f"/{path}", keep) + end
    place = place.rpartition("@")[2]
    host, colon, digits = place.partition(":")
    if re.fullmatch(r"[\d.]+", host):
        host = "<ip>"
    host = MACHINE.sub("<ip>", host)
    if digits.isdigit() and colon:
        host = f"{host}:{port(digits) or '<n>'}"
    pieces = re.split(r"(<\w+>)", f"{scheme}{host}{slash}{_segments(path)}")
    return "".join(piece if piece[:1] == "<" else keep(piece) for piece in pieces if piece) + end


def file(text: str, keep: Keep) -> str:
    """A path: whole where programs are kept, only ``/tmp`` for files made there, else without ids and the names of data
    files.
    """
    path = _LINE.sub("", text.split("?", 1)[0])
    if _SCRATCH.match(path):
        return keep("/tmp") + "/<file>"
    if _DEPLOYED.match(path):
        return keep("/".join("<id>" if is_id(one.partition(".")[0]) else one for one in path.split("/")))
    pieces = re.split(r"(<\w+>)", _segments(path.rstrip("/") or "/"))
    return "".join(piece if piece[:1] == "<" else keep(piece) for piece in pieces if piece)


def arn(found: re.Match[str], keep: Keep) -> str:
    """The ARN with its resource, without a session's name, and ids in it."""
    text = found.group()
    head = text.split(":", 5)
    if len(head) < 6:
        return keep(text)
    resource = head[5]
    if ":assumed-role/" in text or resource.startswith(("assumed-role/", "federated-user/")):
        resource = "/".join([*resource.split("/")[:2], "<id>"])
    elif head[2] in _NAMED_BY_ID:
        pass
    elif head[2] == "s3" and "/" in resource:
        bucket, _, key = resource.partition("/")
        resource = f"{bucket}/{key if key in ('*', '') else '<file>'}"
    else:
        resource = ":".join(
            "/".join("<id>" if is_id(one) else one for one in part.split("/")) for part in resource.split(":")
        )
        resource = re.sub(r":\d+$", ":<n>", resource)
    return keep(":".join(head[:5]) + ":" + resource)


def address(match: re.Match[str], keep: Keep) -> str:
    """``<ip>``, and the port behind it unless it is a client's own."""
    digits = match.group(1) or match.group(3)
    if not digits:
        return "<ip>"
    if match.group(2) or match.group(4) or _CLIENT.search(match.string, max(0, match.start() - 24), match.start()):
        return "<ip>:<n>" + ("->" if match.group(2) or match.group(4) else "")
    kept = port(digits)
    return "<ip>:" + (keep(kept) if kept else "<n>")


def address6(match: re.Match[str], keep: Keep) -> str:
    """As ``address``, for IPv6. Node writes the port after an address without brackets: a well-known port there counts
    as one.
    """
    text, digits = match.group(), match.group(1)
    before = match.string[max(0, match.start() - 16) : match.start()]
    last = text.rpartition(":")[2]
    if (
        digits is None
        and re.search(r"\bE[A-Z]{4,}\s$", before)
        and KNOWN_PORT.fullmatch(last)
        and not text.endswith("::" + last)
    ):
        digits = last
    if digits is None:
        return "<ip>"
    kept = port(digits)
    return "<ip>:" + (keep(kept) if kept else "<n>")
