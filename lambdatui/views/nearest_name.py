"""Suggests the nearest existing name for one that does not exist, in words that end a sentence."""

from collections.abc import Collection


def nearest(glob: str, kind: str, names: Collection[str]) -> str:
    """``; the nearest is checkout``; without one, how many ``kind``s there are, and one of them."""
    from difflib import get_close_matches

    plain = glob.strip("*?")
    among = {name.casefold(): name for name in sorted(names, reverse=True)}
    near = get_close_matches(plain.casefold(), list(among), n=1, cutoff=0.3)
    if near:
        return f"; the nearest is {among[near[0]]}"
    if len(names) == 1:
        return f"; there is {min(names)}"
    return f"; there are {len(names):,} {kind}s, such as {min(names)}" if names else f"; no {kind} is known"
