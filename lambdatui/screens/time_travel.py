"""Which time is looked at: the presets, a step back or forward, and a pause."""

from dataclasses import replace

from lambdatui.screens.query import Asking
from lambdatui.views.time_range import ceil_minute


class TimeTravel(Asking):
    """A screen whose range of time can be moved."""

    def toggle_pause(self) -> None:
        self.session.paused = not self.session.paused
        if not self.session.paused:
            self.ask_rows()
        self._restand()

    def choose_preset(self, preset: str) -> None:
        choice = self.session.choice.with_preset(preset)
        # "All" means all: also what came after a moment that was travelled to.
        self.session.choice = replace(choice, at=None) if preset == "all" else choice
        self.ask_rows()

    def travel(self, *, back: bool) -> None:
        """One length of the range back or forward; forward it ends at now, and follows the clock again."""
        shown, now = self.session.shown, self.session.now_ms()
        if shown is None:
            return
        asked = self.session.choice
        if asked.preset == "all" and asked.start is None and asked.end is None:
            self.say("all that the store holds is shown: 1 to 5 choose a range to travel with")
            return
        if not back and shown.to_ms >= ceil_minute(now):
            self.say("this is now: there is nothing later")
            return
        to = shown.back() if back else shown.forward(now)
        live = not back and to.to_ms >= ceil_minute(now)
        choice = self.session.choice.with_preset(self.session.choice.preset)
        self.session.choice = replace(choice, at=None if live else str(to.to_ms))
        self.ask_rows()
