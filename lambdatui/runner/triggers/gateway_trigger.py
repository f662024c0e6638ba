"""Triggers that answer HTTP on a port of their own."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lambdatui.runner.gateways.kinds import GatewayKind
from lambdatui.runner.gateways.ports import free_port
from lambdatui.runner.triggers.base import Document, KeptTrigger, Stop, TriggerHost


class GatewayTrigger(KeptTrigger):
    """Opens the document's ``port`` on loopback; its first option takes the port, 0 for any that is free."""

    gateway: ClassVar[GatewayKind]
    """How this kind makes events from requests, and HTTP answers from responses."""

    def gateway_of(self, document: Document) -> GatewayKind:
        """The kind of gateway with the settings of a document."""
        return self.gateway

    def document(self, values: Mapping[str, Any]) -> Document:
        """The port, if a certain one was asked for."""
        port = values[self.options[0].name]
        return {"port": port} if port else {}

    def check(self, document: Document) -> None:
        """Choose a port where none is given; it stays the same when the runner starts again."""
        document.setdefault("port", free_port())

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Listen on the port until the trigger is stopped."""
        host.gateways.open_port(trigger_id, self.gateway_of(document), document["function"], document["port"])
        return lambda: host.gateways.close_port(trigger_id)
