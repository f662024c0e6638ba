"""Fingerprints of errors: type and message, without what differs from one occurrence to the next.

Errors are grouped twice. A group (``fingerprint``) is one cause: paths, hosts, ports, codes and names tell causes
apart. A ``family`` joins the groups of one type and wording that differ only in such values.
"""

import re
from functools import lru_cache
from hashlib import blake2b

from collectors.parsing import fingerprint_names as names
from collectors.parsing import fingerprint_places as places
from collectors.parsing import fingerprint_values as values
from collectors.parsing.fingerprint_ids import is_id

LONGEST = 500
"""Characters of a message that count: as many as the store keeps, so that it can group errors anew."""

_ASIDE = 0xE000  # from here on a character each stands for a text that was put aside; they are nobody's letters
_MOST_ASIDE = 0x7FF
_ASIDES = re.compile("[\ue000-\ue7ff]")
_SPACE, _DIGIT = re.compile(r"\s+"), re.compile(r"\d")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n\s*")
_EMAIL = re.compile(r"(?:\w{1,20}')?[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_STREAM = re.compile(r"\b\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9a-f]{8,}")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b")
_ADDRESS = re.compile(r"\b0[xX][0-9a-fA-F]+\b")
_QUOTED = re.compile(r"(?<![A-Za-z0-9])([\"'`])([^\"'`\n]{1,200})\1")
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z_-]*\d)[A-Za-z0-9]+(?:[_-]+[A-Za-z0-9]+)*(?:=(?![\w\"'(<\[{]))*")
_SHORT_HEX = re.compile(r"\d(?=\d*[a-f])[0-9a-f]{3}|[a-f]\d[a-f]\d")  # 3f9a, as short ids are; not e404
_STAMPED, _WITH_DIGITS = re.compile(r"[_-]\d{9,}[_-]"), re.compile(r"[A-Za-z0-9]*\d[A-Za-z0-9]*")
_NUMBERED_THING = re.compile(r"(?:[A-Z]{1,5}|\d+)(?:-(?:[A-Z]{1,5}|\d+))+")  # INV-2024-0012
_MIXED = re.compile(r"(?<![A-Za-z0-9])(?=[a-z]*[A-Z]|[A-Z]+[a-z])[A-Za-z]{12,}(?:[_-][A-Za-z]+)*(?![A-Za-z0-9])")
_BASE64 = re.compile(r"(?<![\w/+])(?=[\w/+]*\d)(?=[\w/+]*[A-Z])(?=\w*[/+])[A-Za-z0-9/+]{24,}={0,2}(?![\w/+])")
_NUMBER = re.compile(r"(?<![A-Za-z\d])[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?|\d{4,}")
_NUMBERED = re.compile(r"(?<= )[A-Za-z_][\w.$-]*\d")
_NAME_WITH_NUMBER = re.compile(r"[A-Za-z_.$\\]*[A-Za-z]\d{1,3}(?:[A-Za-z_.$\\]+)?")
_LISTED = re.compile(
    r"(['\"]?<(?:n|id|ip|email|time|value|file)>(?::[\ue000-\ue7ff])?['\"]?)(?:(?:,? and |, ?|; ?| ?\| ?)\1)+"
)
_PLACED = re.compile(r"([^\s\[,]+/<ip>(?::.)?)(?:, \1)+")  # Java: host/address, host/address
_LASTED = re.compile(r"<n>s(?:(?:,? and |, | )<n>s)+")
_MANY = re.compile(r"(<n> (?:validation )?[a-z]{2,}[a-rt-z])s\b")
_CLAUSE = re.compile(r"(,? ?\n|[,;] )")
_ISSUE = re.compile(r"(?<=\}), (?=\{)")
_SHORT_KEY = re.compile(r"(['\"]?)\d{1,4}\1")
_KEY = re.compile(r"(['\"]?)[A-Za-z_]*[\w .-]{0,60}\1")


class _Aside:
    """Texts that no rule may change; each is replaced by one character until the end."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def keep(self, text: str) -> str:
        if text not in self._texts:
            if len(self._texts) >= _MOST_ASIDE:
                return text
            self._texts.append(text)
        return chr(_ASIDE + self._texts.index(text))  # alike where the texts are: few, and compared as such

    def back(self, text: str) -> str:
        if not self._texts:
            return text
        for _ in range(4):  # what was put aside may hold what was before
            if not _ASIDES.search(text):
                break
            text = _ASIDES.sub(lambda found: self._texts[ord(found.group()) - _ASIDE], text)
        return text

    def group(self, match: re.Match[str]) -> str:
        """The match with its groups ``k``, ``k2`` and ``p`` (a port) put aside."""
        start, text = match.start(), match.group()
        for name in sorted(match.re.groupindex, key=lambda one: -match.start(one)):
            part = match.group(name)
            if part is not None and name != "key":
                instead = (names.port(part) if name == "p" else part) or None
                low, high = match.start(name) - start, match.end(name) - start
                text = text[:low] + ("<n>" if instead is None else self.keep(instead)) + text[high:]
        return text


def _first(text: str, low: str) -> str:
    """The text without the input that errors quote."""
    for gates, pattern, instead in values.INPUT:
        for gate in gates:  # no any(): its generator would cost more than the searches
            if gate in low:
                text = pattern.sub(instead, text)
                break
    return text


def _placed(text: str, aside: _Aside) -> str:
    keep = aside.keep
    if "://" in text:
        text = places.URL.sub(lambda found: places.url(found, keep), text)
    if "arn:" in text:
        text = places.ARN.sub(lambda found: places.arn(found, keep), text)
    if "@" in text:
        text = _EMAIL.sub("<email>", text)
    return text


def _kept(text: str, low: str, aside: _Aside) -> str:
    for gates, pattern in names.KEPT:
        for gate in gates:
            if gate in low:
                text = pattern.sub(aside.group, text)
                break
    return text


def _timed(text: str) -> str:
    if "[" in text and "/" in text:
        text = _STREAM.sub("<stream>", text)
    if values.TIME_HINT.search(text):
        if values.MONTH.search(text):
            for pattern in values.NAMED_TIMES:
                text = pattern.sub("<time>", text)
        for pattern in values.TIMES:
            text = pattern.sub("<time>", text)
    return text


def _addressed(text: str, aside: _Aside) -> str:
    keep = aside.keep
    if "." in text or "[" in text:
        text = places.ADDRESS.sub(lambda match: places.address(match, keep), text)
    if ":" in text:
        text = places.ADDRESS6.sub(lambda match: places.address6(match, keep), text)
        text = names.SERVICE_HOST.sub(lambda match: _host(match.group("h"), match.group("p"), aside), text)
    if "ip-" in text or "ec2-" in text:
        text = names.MACHINE.sub("<ip>", text)
    if "." in text:
        text = names.HOST.sub(lambda match: _host(match.group().partition(":")[0], match.group("p"), aside), text)
    return text


def _host(name: str, digits: str | None, aside: _Aside) -> str:
    name = aside.keep(names.MACHINE.sub("<ip>", name))
    if digits is None:
        return name
    port = names.port(digits)
    return f"{name}:{aside.keep(port) if port else '<n>'}"


def _pathed(text: str, aside: _Aside) -> str:
    if ": " in text and "." in text:
        text = values.FILE_AFTER.sub(r"\1<file>", text)
    if "/" in text:
        text = _BASE64.sub("<id>", text)
        text = places.PATH.sub(lambda found: places.file(found.group(), aside.keep), text)
    if ":\\" in text:
        text = places.DRIVE.sub("<path>", text)
    if "-" in text:
        text = _UUID.sub("<id>", text)
    return values.FILE.sub("<file>", text) if "." in text else text


def _quoted(match: re.Match[str], aside: _Aside) -> str:
    """Keeps a quoted value, because it is what the error is about, unless it looks like an id,
    which differs each time.
    """
    quote, value = match.groups()
    if not _DIGIT.search(value):
        return f"{quote}<id>{quote}" if len(value) >= 12 and is_id(value) else match.group()
    place = names.BEFORE_NAME.search(match.string, max(0, match.start() - 40), match.start())
    if place is not None and names.is_name(value, key=place["key"] is not None):
        return f"{quote}{aside.keep(value)}{quote}"
    if " " in value or _ASIDES.search(value) or "<" in value:
        return match.group()
    if (
        is_id(value)
        or (sum(map(str.isdigit, value)) >= 2 and not _NAME_WITH_NUMBER.fullmatch(value))
        or value.isdigit()
    ):
        return f"{quote}<id>{quote}"
    return match.group()


def _token(found: re.Match[str], aside: _Aside) -> str:
    text = found.group()
    bare = text.rstrip("=")
    if names.ENVIRONMENT.fullmatch(bare) and not re.search(r"\d{4}", bare):
        return aside.keep(bare) + text[len(bare) :]
    if is_id(bare) or (_NUMBERED_THING.fullmatch(bare) and sum(map(str.isdigit, bare)) >= 4):
        return "<id>"
    if text != bare and len(bare) >= 8:
        return "<id>"
    if _STAMPED.search(bare):  # op-1741946400-abc12
        return _WITH_DIGITS.sub("<id>", text)
    return "".join(
        "<id>" if is_id(piece) or _SHORT_HEX.fullmatch(piece) else piece for piece in re.split(r"([_-]+)", text)
    )


def _counted(text: str, aside: _Aside) -> str:
    """The text without ids, durations, sizes and numbers."""
    if "0x" in text or "0X" in text:
        text = _ADDRESS.sub("<id>", text)
    text = values.DURATION.sub("<n>s", text)
    text = values.SIZE.sub("<n> B", text)
    if _NUMBERED.search(text):
        text = names.BARE_NAME.sub(lambda found: _bare(found, aside), text)
    text = _TOKEN.sub(lambda found: _token(found, aside), text)
    return _NUMBER.sub("<n>", text)


def _bare(found: re.Match[str], aside: _Aside) -> str:
    name = found.group("k")
    return aside.group(found) if _DIGIT.search(name) and names.is_name(name) else found.group()


def _mixed(found: re.Match[str]) -> str:
    return "<id>" if is_id(found.group()) else found.group()


def _issues_once(text: str) -> str:
    """Pydantic's issues (a line for where, a line for what), each only once."""
    head, *lines = text.split("\n")
    if len(lines) < 4 or len(lines) % 2:
        return text
    return "\n".join([head, *("\n".join(issue) for issue in dict.fromkeys(zip(lines[::2], lines[1::2], strict=True)))])


def _once(text: str) -> str:
    """A text in which what repeats for several addresses, ids or issues stands once."""
    text = _LISTED.sub(r"\1", text)
    if "/<ip>" in text:
        text = _PLACED.sub(r"\1", text)
    text = _LASTED.sub("<n>s", text)
    text = _MANY.sub(r"\1", text)
    if "}, {" in text:
        text = ", ".join(dict.fromkeys(_ISSUE.split(text)))
    if text.startswith("<n> validation error"):
        text = _issues_once(text)
    if "<ip>" not in text or text.count("<ip>") < 2:
        return text
    parts = _CLAUSE.split(text)
    pieces, seen = [parts[0]], {parts[0].strip()}
    for gap, part in zip(parts[1::2], parts[2::2], strict=True):
        bare = part.strip()
        if bare and (bare in seen or ("<ip>" in bare and any(one.endswith(bare) for one in seen))):
            continue
        seen.add(bare)
        pieces += gap, part
    return "".join(pieces)


@lru_cache(maxsize=2048)
def normalise(message: str) -> str:
    """``message`` with ids, numbers, addresses, times and quoted input replaced by ``<id>``, ``<n>`` and so on.

    Survives: what the error says, names in quotes (``'ticker'``), codes and statuses, hosts, ports, deployed paths.
    """
    text = _ASIDES.sub("", message[:LONGEST].replace("\0", ""))
    text = _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
    low = text.lower()
    aside = _Aside()
    text = _first(text, low)
    text = _placed(text, aside)
    if _DIGIT.search(text):
        text = _kept(text, low, aside)
        text = _timed(text)
        text = _addressed(text, aside)
    elif "::" in text:
        text = _addressed(text, aside)
    text = _pathed(text, aside)
    if '"' in text or "'" in text or "`" in text:
        text = _QUOTED.sub(lambda found: _quoted(found, aside), text)
    if _DIGIT.search(text):
        text = _counted(text, aside)
    text = _MIXED.sub(_mixed, text)
    if "<" in text:
        text = _once(text)
    return _SPACE.sub(" ", aside.back(text)).strip()


def _said(error_type: str, message: str) -> str:
    """The text of a message that is fingerprinted. A KeyError's is its key: every other key is another cause."""
    short = _SHORT_KEY.fullmatch(message) is not None
    if error_type.endswith("KeyError") and (
        short or (_KEY.fullmatch(message) and names.is_name(message.strip("'\""), key=True))
    ):
        return message
    return normalise(message).replace("<id>", "<n>")  # an id may be of digits alone


_VALUES = re.compile(
    r"<[\w ]+>(?: ?B|s)?|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|`[^`\n]{0,200}[`']"
    r"|\S*(?:[/@\\]|\w\.\w|::|\d|\w_\w)\S*|\b[A-Z][a-z]+[A-Z]\w*|\b[a-z]+[A-Z]\w*"
    r"|(?<=\d )[A-Z]{4,}(?=: )|(?<=code = )\w+"
    r"|(?<=signal: )[a-z ]+|(?<=file -- )\S+|^\w+(?= is not (?:defined|a function|iterable))"
)
# A field that Pydantic names stands alone between the model and what is wrong.
_FIELD = re.compile(r"(validation error for \S+ )\S+")
_ADJACENT = re.compile(r"<\*>(?:[\s,:()\[\]-]*<\*>)+")
_WORD = re.compile(r"[A-Za-z]{2,}")


@lru_cache(maxsize=2048)
def _wording(error_type: str, said: str) -> str:
    said = names.BARE_NAME.sub(_without_name, _FIELD.sub(r"\1<*>", said))
    wording = _ADJACENT.sub("<*>", _VALUES.sub("<*>", said))
    return wording if _WORD.search(wording) else "<*>"


def _without_name(found: re.Match[str]) -> str:
    start, (low, high) = found.start(), found.span("k")
    return f"{found.group()[: low - start]}<*>{found.group()[high - start :]}"


def family(error_type: str, message: str) -> str:
    """16 hex digits, equal for groups that differ only in values: in a path, a host, a code, a quoted name."""
    return _hashed(error_type, _wording(error_type, _said(error_type, message)))


def fingerprint(error_type: str, message: str) -> str:
    """16 hex digits, equal for every occurrence of one error, on every machine, by one version of the rules."""
    return _hashed(error_type, _said(error_type, message))


def _hashed(error_type: str, text: str) -> str:
    return blake2b(f"{error_type}\0{text}".encode("utf-8", "replace"), digest_size=8).hexdigest()
