"""What the API's model says of members of requests: every rule that a request breaks is in one refusal, as AWS's is."""

import re
from collections.abc import Iterable

from lambdatui.runner.errors import ApiError


class Constraints:
    """Checks members of one request, named as the API's messages name them; ``check`` refuses it.

    A value that is None is a member that was left out: only ``required`` minds.
    """

    def __init__(self) -> None:
        self._broken: list[str] = []

    def broken(self, member: str, value: object, rule: str) -> None:
        """Note that ``value`` breaks ``rule``, which is the API's text."""
        text = "null" if value is None else f"'{_text(value)}'"
        self._broken.append(f"Value {text} at '{member}' failed to satisfy constraint: {rule}")

    def required(self, member: str, value: object) -> None:
        """It must be there."""
        if value is None:
            self.broken(member, value, "Member must not be null")

    def pattern(self, member: str, value: object, pattern: str) -> None:
        """It must be a string of ``pattern``, a regular expression that Java and Python read alike."""
        if value is not None and not (isinstance(value, str) and re.fullmatch(pattern, value)):
            self.broken(member, value, f"Member must satisfy regular expression pattern: {pattern}")

    def one_of(self, member: str, value: object, allowed: Iterable[str]) -> None:
        """It must be one of ``allowed``."""
        allowed = tuple(allowed)
        if value is not None and value not in allowed:
            self.broken(member, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")

    def length(self, member: str, value: object, least: int, most: int) -> None:
        """So many characters, or members of a list."""
        if value is None:
            return
        size = len(value) if isinstance(value, str | list | dict) else 0
        if size > most:
            self.broken(member, value, f"Member must have length less than or equal to {most}")
        elif size < least:
            self.broken(member, value, f"Member must have length greater than or equal to {least}")

    def between(self, member: str, value: object, least: int, most: int) -> None:
        """It must be a whole number in this range."""
        if value is None:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            raise ApiError(400, "SerializationException", f"{_text(value)} can not be converted to an Integer")
        if value > most:
            self.broken(member, value, f"Member must have value less than or equal to {most}")
        elif value < least:
            self.broken(member, value, f"Member must have value greater than or equal to {least}")

    def check(self) -> None:
        """Raise ApiError 400 ValidationException where a rule was broken."""
        if self._broken:
            count = len(self._broken)
            errors = f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(self._broken)}"
            raise ApiError(400, "ValidationException", errors)


def _text(value: object) -> str:
    """A value as AWS's messages print it: lists without quotes."""
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_text(inner)}" for key, inner in value.items()) + "}"
    return "true" if value is True else "false" if value is False else str(value)
