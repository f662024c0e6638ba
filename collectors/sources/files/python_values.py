"""What Python printed of an answer, ``{'events': [{'timestamp': ...``: a whole file, or a value a line."""

import re
from collections.abc import Iterator
from typing import Any

from collectors.untrusted import Unparsable, parsed_python

LARGEST = 16 << 20  # characters of a file that is read as one value
# What has no spelling as a value: moments, and objects, as in ``'Payload': <botocore.response.StreamingBody ...>``.
_OBJECTS = re.compile(
    r"datetime\.datetime\([^()]*(?:\([^()]*\))?[^()]*\)|(?<=: )<[\w.]+(?: object at 0x[0-9a-f]+)?>(?=[,}])"
)
_BEGINS = re.compile(rb"\s*(?:\[\s*)?\{'\w+': ")


def is_python(head: bytes) -> bool:
    """Whether a text begins as a dict that Python printed, or a list of them."""
    return _BEGINS.match(head) is not None


def values_of(chunks: Iterator[bytes]) -> Iterator[tuple[Any, str]]:
    """The values with their text: the file's, or each line's. What is no value is None."""
    text = b"".join(chunks).decode("utf-8", "replace")
    if len(text) <= LARGEST and (whole := _value(text)) is not None:
        yield whole, text
        return
    for line in text.split("\n"):
        if line.strip():
            yield _value(line), line


def _value(text: str) -> Any:
    cleaned = _OBJECTS.sub("None", text.strip().rstrip(","))
    try:
        return parsed_python(cleaned)
    except Unparsable:
        return None
