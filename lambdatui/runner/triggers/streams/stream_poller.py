"""What a lane of a shard uses of the poller of its stream."""

from lambdatui.runner.triggers.base import Document, TriggerHost
from lambdatui.runner.triggers.poller import Poller
from lambdatui.runner.triggers.streams.kind import StreamKind


class StreamPoller(Poller):
    """Polls the stream of one mapping, which is of the kind ``source``."""

    def __init__(self, source: StreamKind, mapping: Document, host: TriggerHost) -> None:
        super().__init__(mapping, host)
        self.source = source
        self.mapping = mapping

    def save(self) -> None:
        """Write the mapping's checkpoints, retries and windows."""
        self._host.save_mappings()
