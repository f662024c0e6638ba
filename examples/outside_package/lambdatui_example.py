"""What another package can add: a source of logs, a rule of advice, a notifier. ``pyproject.toml`` names them."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator

from collectors.ingest.watch_events import WatchEvent
from collectors.model.records import LogEvent
from collectors.sources.base import Item, LogEvents, Source, SourceFailed, Stored
from collectors.sources.inputs.timestamps import epoch_ms
from lambdatui.views.advice_item import Advice, AdviceSubject, advice_of


class DockerLogs(Source):
    """``lambdatui collect --source docker:CONTAINER``: the log of a Lambda image that runs in Docker."""

    reads = "place"
    name = account = region = ""

    def __init__(self, container: str, since_ms: int | None) -> None:
        self.name, self._container, self._since_ms = f"docker {container}", container, since_ms or 0

    def items(self, stored: Stored, /) -> Iterator[Item]:
        log = subprocess.run(("docker", "logs", "-t", self._container), capture_output=True, text=True)
        if log.returncode:
            raise SourceFailed(self.name, log.stderr.strip(), "see 'docker ps --all'")
        times_and_texts = (line.partition(" ") for line in log.stdout.splitlines())
        events = (LogEvent(epoch_ms(time), text, function=self._container) for time, _, text in times_and_texts)
        yield LogEvents([event for event in events if event.timestamp_ms >= self._since_ms])


def names_its_team(subject: AdviceSubject) -> Iterator[Advice]:
    """A rule of the house: names begin with a team's, ``team-function``."""
    if "-" not in subject.row.function:
        yield advice_of(subject.row, "team", "its name does not begin with a team's", "rename it to TEAM-NAME", "")


class Webhook:
    """``lambdatui collect --watch --notify webhook=URL``: posts each event as JSON."""

    def __init__(self, url: str) -> None:
        self._url = url

    def notify(self, event: WatchEvent) -> None:
        body = json.dumps(event.as_dict()).encode()
        urllib.request.urlopen(
            urllib.request.Request(self._url, body, {"Content-Type": "application/json"}), timeout=10
        )
