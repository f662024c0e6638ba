"""A screen whose rows are sums of groups: which groups, and the choice of a tag."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import work

from lambdatui.screens.base.table import TableScreen
from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.session.session import Session
from lambdatui.views.cost_groups import BY_TAG
from lambdatui.views.tagged_functions import NOT_COLLECTED, tag_keys
from lambdatui.views.time_range import RangeChoice

_TAGS = "tags to group by"


class GroupedScreen(TableScreen):
    """A screen of groups. After the last of ``GROUPINGS`` a tag is chosen, and then it begins anew."""

    GROUPINGS: ClassVar[Sequence[str]] = ()
    """What rows can be grouped by, in the order in which the key goes through them."""
    WITHOUT_TAGS: ClassVar[str] = "by tag"
    """What cannot be shown where no tags were collected."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.by = self.GROUPINGS[0]
        """What the rows are grouped by: one of ``GROUPINGS``, or a tag's key behind ``BY_TAG``."""
        self._placed_for = ""  # the grouping whose rows the pane was placed for

    def paint(self, answer: Any) -> None:
        """Shows the groups; other groups than before have the pane where they would have it without those before."""
        super().paint(answer)
        if self._placed_for != self.by:
            self._placed_for = self.by
            self.place_pane_anew()

    def group_by(self, by: str) -> None:
        """Groups by something else, and asks the store."""
        self.by = by
        self.ask_rows()
        self.refresh_header()

    def group_by_next(self) -> None:
        """Goes on to the next grouping."""
        if self.by == self.GROUPINGS[-1]:
            self._ask_tags(self.session.choice, self.session.now_ms())
        else:
            following = self.GROUPINGS.index(self.by) + 1 if self.by in self.GROUPINGS else 0
            self.group_by(self.GROUPINGS[following])

    @work(thread=True, exclusive=True, exit_on_error=False, group="tags")
    def _ask_tags(self, choice: RangeChoice, now_ms: int) -> None:
        self.ask_store(_TAGS, lambda query: tag_keys(query.reader), choice, now_ms)

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Asks which tag to group by, where the answer is the list of tags."""
        if subject != _TAGS:
            return super().paint_aside(subject, answer)

        def take(key: str | None) -> None:
            self.group_by(self.GROUPINGS[0] if key is None else f"{BY_TAG}{key}")

        if answer:
            self.app.push_screen(PickScreen("By which tag?", answer), take)
        else:
            self.say(f"{self.WITHOUT_TAGS}: {NOT_COLLECTED}")
            take(None)
        return True
