"""Events whose messages a tool prefixed before another one made events of them: ``stdout F START RequestId: ...``."""

import re
from collections.abc import Sequence

from collectors.model.records import LogEvent
from collectors.sources.files.prefixes import Prefixes, prefixes_of
from collectors.sources.inputs.timestamps import BadTimestamp

_INSIDE = re.compile(rb"[^\"\s](?: |\\\"|\\t|:)(?:START|END|REPORT) RequestId: ")
_ALONE = re.compile(rb"\"(?:\\[ntr]| )*(?:START RequestId: |END RequestId: |REPORT RequestId: |INIT_START )|platform\.")
_LOOKED_AT = 500


def may_have(head: bytes) -> bool:
    """Whether the platform lines in a block of JSON stand within messages, and none alone."""
    return _INSIDE.search(head) is not None and _ALONE.search(head) is None


class InnerPrefixes:
    """Removes what stands before the platform lines in a file's messages, if all of its first ones
    have such a prefix.
    """

    def __init__(self) -> None:
        self._prefixes: Prefixes | None = None
        self._looked = False

    def cut(self, events: Sequence[LogEvent]) -> None:
        """Removes the prefix from the messages of the next events. The first call's events show what it is."""
        if not self._looked and events:
            self._looked = True
            messages = [event.message for event in events[:_LOOKED_AT]]
            if any("RequestId: " in message for message in messages):
                found = prefixes_of([line for message in messages for line in message.split("\n", 3)[:3]])
                self._prefixes = found if found is not None and found.share(messages) >= 0.3 else None
        if self._prefixes is None:
            return
        for event in events:
            try:
                found_in = self._prefixes.read(event.message)
            except BadTimestamp:
                continue
            if found_in is not None:
                event.message = found_in.text
                event.log_group = event.log_group or found_in.log_group
                event.log_stream = event.log_stream or found_in.log_stream
