"""Telling ids, which differ each time, from names with digits in them, which say what failed."""

import re

_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_RUNS = re.compile(r"[a-z]+|[A-Z]+|\d+")
_DIGITS = re.compile(r"\d+")
# Words in a row, with one number of at most three digits among them at most: Base64DecodingException, OAuth2Token.
_SHORT = "In|Of|To|Is|By|On|At|No|Id|Or|An|As|Up|Do|My|Db|Io|It|Os|If|We|Me|He|So|Go"
_WORD = f"(?:[A-Z]?[a-z]{{2,}}|(?:{_SHORT})(?![a-z])|[A-Z]{{1,6}}(?=[A-Z][a-z]|\\d|$)|[A-Z])"
_WORDS = re.compile(rf"[a-z]?{_WORD}+\d{{0,4}}{_WORD}*")
_PREFIXED = re.compile(r"(?:[a-z]{2,8}_){1,2}(?=[A-Za-z0-9]*[0-9A-Z])([A-Za-z0-9]{8,})")  # Stripe's, and many after it
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PIECES = re.compile(r"[_-]+")


def is_id(text: str) -> bool:
    """Whether a word (letters, digits, ``_``, ``-``) was made by a machine: a hash, UUID, ULID, nanoid, ``pi_...``."""
    if len(text) < 5:
        return False
    prefixed = _PREFIXED.fullmatch(text)
    if prefixed:
        return bool(_DIGITS.search(prefixed.group(1))) or _is_random(prefixed.group(1))
    if "_" in text or "-" in text:
        if _UUID.fullmatch(text):
            return True
        pieces = [piece for piece in _PIECES.split(text) if piece]
        return len(text) >= 16 and any(map(_is_random, pieces)) and not any(map(_is_word, pieces))
    return _is_random(text)


def _is_word(text: str) -> bool:
    return len(text) >= 4 and text.isalpha() and (text.islower() or text.isupper() or text.istitle())


def _is_random(text: str) -> bool:
    """Whether a word looks random: letters and digits at random change class (small, capital, digit) more often than
    words do.
    """
    digits = sum(map(len, _DIGITS.findall(text)))
    size = len(text)
    if digits == size:
        return False  # a number, for those who replace numbers
    if digits and _HEX.fullmatch(text):
        return size >= 8 or (digits >= 2 and len(_RUNS.findall(text)) >= 3)
    if size >= 16 and digits >= 2 and text.isupper():
        return True
    if _WORDS.fullmatch(text):
        return False
    runs, groups = len(_RUNS.findall(text)), len(_DIGITS.findall(text))
    if not digits:
        return size >= 12 and runs >= 0.42 * size
    if size >= 16:
        return groups >= 2 or runs >= 0.38 * size
    if size >= 10:
        return (groups >= 2 and runs >= 0.3 * size) or runs >= 0.45 * size
    return size >= 8 and groups >= 2 and digits >= 2 and runs >= 0.4 * size
