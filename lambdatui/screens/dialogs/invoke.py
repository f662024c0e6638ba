"""Invoking a function of the local runner: asks for a payload, shows the answer, leads to the new invocation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

from collectors.untrusted import parsed_json
from lambdatui.processes.runner_client import Invoked, LocalRunner, invoke, problem_of
from lambdatui.runner.serving.client import Api
from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.text.figures import milliseconds
from lambdatui.text.plain import json_text, plain
from lambdatui.widgets.key_line import KeyHint

_SHOWN = 20_000
"""Characters of an answer that are shown."""


@dataclass
class RunnerAnswered(Message):
    """The runner answered, or did not."""

    invoked: Invoked | None
    """None where nobody answered."""
    problem: str = ""
    """Why nobody answered."""


class PayloadInput(Input):
    """One line of JSON. Pasted lines become one: a JSON string holds no line end."""

    def _on_paste(self, event: events.Paste) -> None:
        self.insert_text_at_cursor(" ".join(event.text.splitlines()))
        event.prevent_default()
        event.stop()


class InvokeScreen(DialogScreen[str | None]):
    """Its result is the request id of the invocation to open, or None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("f2", "toggle_event", show=False),
        Binding("enter", "open", show=False),
        Binding("c", "copy", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, runner: LocalRunner, name: str, payload: str, remember: dict[str, str]) -> None:
        """``remember`` takes the payload of each function for the next time, in memory only: it may hold secrets."""
        super().__init__()
        self._runner, self._function, self._payload, self._remember = runner, name, payload, remember
        self._event = False
        self._api: Api | None = None
        self._invoked: Invoked | None = None
        self.result_text = ""
        """What is shown of the answer, or of why there is none."""

    def hints(self) -> Sequence[KeyHint]:
        """Enter invokes, or opens the invocation; F2 changes how."""
        done = self._invoked is not None and self._invoked.status < 300
        enter = KeyHint("Enter", "open", self.action_open) if done else KeyHint("Enter", "invoke", self._send)
        copying = [KeyHint("c", "copy", self.action_copy)] if done else []
        return [enter, *copying, KeyHint("F2", "now or later", self.action_toggle_event)]

    def body(self) -> ComposeResult:
        """The payload, how the function is invoked, and the answer."""
        with Vertical(id="ask"):
            yield Static(f"Payload of {self._function}, as JSON", markup=False)
            yield PayloadInput(self._payload, compact=True, select_on_focus=False)
            yield Static("", id="way", markup=False)
            with VerticalScroll(id="result"):
                yield Static("", id="answer", markup=False)

    def on_mount(self) -> None:
        """Hides the answer, and gives the focus to the payload."""
        self.query_one("#ask").border_title = Text("Invoke on the local runner")
        self.query_one("#result").display = False
        self.query_one(Input).focus()
        self._say_way()

    def _say_way(self, more: str = "Enter invokes") -> None:
        way = "asynchronous: accepted, tried again if it fails" if self._event else "waits for the answer"
        self.query_one("#way", Static).update(f"{more}; {way} (F2 changes)")
        self.refresh_keys()

    def action_toggle_event(self) -> None:
        """Changes between waiting for the answer and invoking asynchronously."""
        self._event = not self._event
        self._say_way()

    @on(Input.Changed)
    def _edited(self) -> None:
        if self.result_text:
            self._show("")

    @on(Input.Submitted)
    def _send(self) -> None:
        payload = self.query_one(Input).value.strip() or "{}"
        if self._api is not None:
            return
        if problem := problem_of(payload):
            self._show(f"not sent: {problem}", "error")
            return
        self._remember[self._function] = payload
        self._invoked, self._api = None, self._runner.api()
        self._show("invoked: waiting for its answer")
        self._ask(self._api, payload, self._event)

    @work(thread=True, exit_on_error=False, group="invoke")
    def _ask(self, api: Api, payload: str, event: bool) -> None:
        try:
            answer = RunnerAnswered(invoke(api, self._function, payload, event=event))
        except (OSError, ValueError) as error:
            answer = RunnerAnswered(None, f"the runner does not answer ({error}): see that it still runs")
        self.post_message(answer)

    def on_unmount(self) -> None:
        """Closes the connection, so that the thread ends; the function runs to its end all the same."""
        if self._api is not None:
            self._api.close()

    @on(RunnerAnswered)
    def _answered(self, message: RunnerAnswered) -> None:
        self._api, self._invoked = None, message.invoked
        if message.invoked is None:
            self._show(message.problem, "error")
            return
        self._show(_result_text(message.invoked))
        if message.invoked.request_id and message.invoked.status < 300:
            self._say_way("Enter opens the invocation, Tab edits, c copies")
            self.query_one("#result").focus()

    def _show(self, result_text: str, tone: str = "") -> None:
        self.result_text = result_text
        text = Text(result_text)
        text.stylize("bold", 0, result_text.find("\n") if "\n" in result_text else len(result_text))
        self.query_one("#answer", Static).update(text)
        result = self.query_one("#result")
        result.display = bool(result_text)
        result.set_class(tone == "error", "-failing")
        if not result_text:
            self._say_way()

    def action_open(self) -> None:
        """Closes the box and opens the new invocation, if the runner accepted it."""
        if self._invoked is not None and self._invoked.status < 300:
            self.dismiss(self._invoked.request_id)

    def action_copy(self) -> None:
        """Copies the shown answer to the clipboard of the terminal."""
        self.app.put_on_clipboard(self.result_text)  # type: ignore[attr-defined]
        self._say_way("copied")

    def action_scroll(self, lines: int) -> None:
        """Scrolls the answer by ``lines``; negative is up."""
        self.query_one("#result").scroll_relative(y=lines, animate=False)


def _result_text(invoked: Invoked) -> str:
    """Status, time, answer and log, safe for a terminal."""
    if invoked.event and invoked.status < 300:
        return f"{invoked.status} accepted as request {plain(invoked.request_id)}: it runs by itself"
    head = f"{invoked.status} {'FAILED: ' + invoked.error if invoked.error else 'ok'}, {milliseconds(invoked.took_ms)}"
    if invoked.request_id:
        head += f", request {invoked.request_id}"
    try:
        answer = json_text(parsed_json(invoked.answer))
    except ValueError:
        answer = invoked.answer
    cut = f"\n({len(answer):,} characters; the first {_SHOWN:,} are shown)" if len(answer) > _SHOWN else ""
    parts = [plain(head), "", plain(answer[:_SHOWN], newlines=True) + cut]
    if invoked.log:
        parts += ["", "the end of its log:", plain(invoked.log.rstrip(), newlines=True)]
    return "\n".join(parts)
