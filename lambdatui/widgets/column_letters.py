"""The letter by which each column is sorted: one of its title where one is free, so that it need not be looked up."""

import re
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase, digits

from lambdatui.views.columns import Column


def column_letters(columns: Sequence[Column]) -> dict[str, str]:
    """A letter for each column's id. The first columns choose first; those beyond 62 get none.

    Each takes an initial of its title's words, else another letter of its title or id, else whatever is free.
    """
    letters: dict[str, str] = {}
    free = dict.fromkeys(ascii_lowercase + digits + ascii_uppercase)
    for column in columns:
        title = column.title.lower()
        initials = [word[0] for word in title.split()]
        letter = next((sign for sign in (*initials, *title, *column.id) if sign in free), next(iter(free), ""))
        if letter:
            letters[column.id] = letter
            del free[letter]
    return letters


def heading_with_letter(heading: str, letter: str) -> tuple[str, int]:
    """A column's heading in the same number of cells, and at which of them its letter stands.

    A heading without the letter gets it as its first cell, or in the space before its text.
    """
    initial = re.search(rf"\b{re.escape(letter)}", heading, re.IGNORECASE)
    at = initial.start() if initial else heading.lower().find(letter)
    if at >= 0 and not letter.isupper():
        return heading, at
    text = heading.lstrip()
    space = len(heading) - len(text)
    if space:
        return f"{' ' * (space - 1)}{letter}{text}", space - 1
    return f"{letter}{heading}"[: len(heading)], 0


def letter_lines(named: Sequence[tuple[str, str]], width: int) -> list[list[tuple[str, str]]]:
    """Letters with the names of their columns in lines of ``width`` cells; each takes four more than its name."""
    lines: list[list[tuple[str, str]]] = [[]]
    used = 0
    for letter, name in named:
        if lines[-1] and used + len(name) + 4 > width:
            lines.append([])
            used = 0
        lines[-1].append((letter, name))
        used += len(name) + 4
    return lines
