"""The ports on which functions answer HTTP: those of function URLs, and those that triggers open."""

import asyncio
import socket
import sys
from collections.abc import Mapping
from typing import Any

from lambdatui.runner.deployments.function import DeployedFunction
from lambdatui.runner.functions import LATEST
from lambdatui.runner.gateways.gateway import Gateway
from lambdatui.runner.gateways.kinds import FUNCTION_URL, GatewayKind
from lambdatui.runner.http.server import Server
from lambdatui.runner.interface import Invoker

_RETIRED = 32  # ports of deleted URLs that stay open, to refuse what still comes


class Gateways:
    """The open ports of a running runner, by a key: ``url:FUNCTION:QUALIFIER``, or a trigger's id."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker
        self._servers: dict[str, tuple[Server, Gateway, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh(self, function: DeployedFunction) -> None:
        """Open the ports of a function's URLs; those of URLs that it no longer has refuse every request."""
        urls = {f"url:{function.name}:{qualifier}": url for qualifier, url in function.part("urls").items()}
        self._retire(function.name, urls)
        for key, url in urls.items():
            if key in self._servers and self._servers[key][2] == url["_port"]:
                self._servers[key][1].settings = url
                continue
            self.close_port(key)
            qualifier = key.rpartition(":")[2]
            name = function.name if qualifier == LATEST else f"{function.name}:{qualifier}"
            self.open_port(key, FUNCTION_URL, name, url["_port"], url)

    def forget(self, name: str) -> None:
        """Let the ports of a function's URLs refuse every request."""
        self._retire(name, {})

    def _retire(self, name: str, urls: Mapping[str, Any]) -> None:
        """Refuse requests of a function's URLs that are not among ``urls``, as AWS does; a few such ports stay open."""
        for key, (_, gateway, _) in self._servers.items():
            if key.startswith(f"url:{name}:") and key not in urls:
                gateway.settings = None
        retired = [key for key, (_, gateway, _) in self._servers.items() if gateway.settings is None]
        for key in retired[:-_RETIRED]:
            self.close_port(key)

    def open_port(
        self, key: str, kind: GatewayKind, name: str, port: int, settings: dict[str, Any] | None = None
    ) -> None:
        """Answer HTTP for a function on a loopback port; ``settings`` are a function URL's.

        It listens when this returns: whoever learns of the port next can connect. A port that is taken is reported on
        stderr.
        """
        gateway = Gateway(self._invoker, kind, name, settings or {})
        server = Server(gateway)
        self._servers[key] = server, gateway, port
        try:
            listening = socket.create_server(("127.0.0.1", port), backlog=1024)
        except OSError as error:
            sys.stderr.write(f"lambdatui runner: port {port} of {name} cannot be had: {error}\n")
            return
        task = asyncio.get_running_loop().create_task(server.take(listening))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close_port(self, key: str) -> None:
        """Close a port and its connections; does nothing when no port has this key."""
        if (opened := self._servers.pop(key, None)) is not None:
            opened[0].close()

    def close(self) -> None:
        """Close all ports."""
        for key in list(self._servers):
            self.close_port(key)


def free_port() -> int:
    """A loopback port that is free now, for something that keeps its port when the runner starts again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
