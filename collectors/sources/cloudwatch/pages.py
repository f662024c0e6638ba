"""Listings in pages, read to their end, with the odd tokens that AWS sometimes returns, and never for ever.

AWS repeats a token now and then, with an empty page (boto3 issue 1584): asked with it again, the listing goes on. A
token that came earlier means that the listing goes in circles, and some servers return pages without end.
"""

from collections.abc import Callable, Iterator
from typing import Any

from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.errors import reading

REPEATS = 10  # of one token in a row
SAME_PAGES = 3  # with another token each, and on them what was there before
EMPTY_PAGES = 20  # in a row; where empty pages are normal the caller allows more
MOST_PAGES = 5_000


class Endless(SourceFailed):
    """A listing that does not end. What it gave before is right, but incomplete."""

    def __init__(self, where: str, meaning: str) -> None:
        super().__init__(where, f"its pages do not end: {meaning}", "what was had is kept; collect again")


def pages(
    ask: Callable[..., Any],
    request: dict[str, Any],
    token: tuple[str, str],
    *,
    action: str,
    where: str,
    before: Callable[[], object] = lambda: None,
    empty_pages: int = EMPTY_PAGES,
    most_pages: int = MOST_PAGES,
) -> Iterator[Any]:
    """All pages of a listing. ``token`` is what a page is asked by, and told by; ``before`` is called before each call.

    SourceFailed where a page cannot be had; Endless after the page that shows it.
    """
    asked, answer_key = token
    seen: set[str] = set()
    contents: set[int] = set()
    repeats = same = empty = 0
    for _ in range(most_pages):
        before()
        with reading(action, where):
            page = ask(**request)
        yield page
        following = page.get(answer_key)
        if not following:
            return
        content = _content(page, answer_key)
        is_new = content not in contents
        contents.add(content)
        if following == request.get(asked):
            repeats = 0 if is_new and content else repeats + 1
            if repeats > REPEATS:
                raise Endless(where, f"the same token came {repeats} times in a row")
            continue
        if following in seen:
            raise Endless(where, "an earlier token came again")
        seen.add(following)
        repeats = 0
        empty = 0 if content else empty + 1
        same = same + 1 if content and not is_new else 0
        if empty >= empty_pages:
            raise Endless(where, f"{empty:,} in a row are empty")
        if same >= SAME_PAGES:
            raise Endless(where, "they say the same again and again")
        request = request | {asked: following}
    raise Endless(where, f"there are more than {most_pages:,}")


def _content(page: Any, told: str) -> int:
    """A number that identifies a page's content, from its size, first and last entry; 0 where it is empty."""
    lists = [each for name, each in page.items() if name != told and isinstance(each, list) and each]
    return hash(tuple((len(each), repr(each[0]), repr(each[-1])) for each in lists)) or 1 if lists else 0
