"""Which requests a port of this machine admits: by the Host that they name, and the user whose process sends them.

Any web site can make a page reach loopback, under a name of its own that it lets point there (DNS rebinding): such
requests name that site as their Host. Another user of the machine can reach loopback too: the kernel tells whose
process has the other end of a connection, and every user but us and root needs a token.
"""

import hmac
import os
import re
import socket
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# RFC 9110, 7.2: a name or an address, and perhaps a port. Nothing else: no user, no path, no second value.
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
# linux/netlink.h, linux/sock_diag.h
_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
Address = tuple[str, int]


class RequestHead(Protocol):
    """What admission reads of a request; header names are lower case, repeated headers joined by a comma."""

    @property
    def target(self) -> str:
        """Path and query, as the request has them."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by names in lower case."""

    @property
    def here(self) -> str:
        """The local address to which the client connected."""

    @property
    def uid(self) -> int | None:
        """The user of this machine whose process sent the request; None when nobody can tell."""


class TokenNeeded(Enum):
    """Whose requests need the token."""

    BY_NOBODY = "nobody"
    BY_OTHERS = "others"  # whose processes are neither ours nor root's
    BY_EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: an HTTP status, an error code of AWS's, and a text."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Admission:
    """What a port requires of its callers.

    ``hosts`` are names besides loopback's that requests may have as Host, in lower case; ``pages``: web pages may call.
    """

    hosts: frozenset[str] = frozenset()
    token: str | None = None
    needed: TokenNeeded = TokenNeeded.BY_OTHERS
    pages: bool = False

    def refusal(self, request: RequestHead) -> Refusal | None:
        """Why a request is refused; None when it is admitted."""
        headers = request.headers
        host = host_of(headers.get("host"))
        if host is None or not request.target.startswith("/"):
            return Refusal(400, "InvalidRequestException", "a request names one host in its Host header")
        if not host_allowed(host, self.hosts, request.here):
            message = f"this address is not served as {host[:100]}: ask for localhost, or start it with --allow-host"
            return Refusal(403, "AccessDeniedException", message)
        if not self.pages and ("origin" in headers or "sec-fetch-site" in headers):
            return Refusal(403, "AccessDeniedException", "web pages are not served: the runner runs code")
        if self.needed is TokenNeeded.BY_NOBODY or self._has_token(headers.get("authorization", "")):
            return None
        if self.needed is TokenNeeded.BY_OTHERS and is_ours(request.uid):
            return None
        others = "" if self.needed is TokenNeeded.BY_EVERYBODY else "; it runs code as another user of this machine"
        message = (
            "The security token included in the request is invalid: give the runner's token as a bearer token or as "
            f"AWS_ACCESS_KEY_ID{others}"
        )
        return Refusal(403, "UnrecognizedClientException", message)

    def _has_token(self, authorization: str) -> bool:
        """A bearer token, or for clients that sign: the token as the access key id."""
        if not self.token:
            return False
        scheme, _, rest = authorization.partition(" ")
        key = rest.strip() if scheme.lower() == "bearer" else rest.partition("Credential=")[2].partition("/")[0]
        return hmac.compare_digest(key.encode(), self.token.encode())


def host_of(header: str | None) -> str | None:
    """The name in a Host header, in lower case and without a port; None where there is none or more than one."""
    match = _HOST.fullmatch(header or "")
    return match[1].lower() if match else None


def host_allowed(host: str, more: Collection[str] = (), here: str = "") -> bool:
    """Whether ``host`` is a name of loopback, one of ``more``, or ``here``, the address that was connected to.

    A page cannot have an address of this machine as its Host unless it comes from this machine.
    """
    if host in LOOPBACK or host in more:
        return True
    try:
        return ip_address(host.strip("[]")) == ip_address(here.partition("%")[0])
    except ValueError:
        return False


def is_ours(uid: int | None) -> bool:
    """Whether ``uid`` is the user of this process, or root."""
    return uid is not None and uid in (0, os.geteuid())


def peer_uid(peer: Address, here: Address) -> int | None:
    """The user whose process has the other end of a connection within this machine; None when nobody can tell."""
    try:
        if not ip_address(peer[0].partition("%")[0]).is_loopback and peer[0] != here[0]:
            return None
        ends = [(socket.AF_INET6 if ":" in peer[0] else socket.AF_INET, peer[0], here[0])]
        if ":" not in peer[0]:  # an IPv6 socket that was connected to an IPv4 address
            ends.append((socket.AF_INET6, f"::ffff:{peer[0]}", f"::ffff:{here[0]}"))
        for family, theirs, ours in ends:
            packed, packed_here = (socket.inet_pton(family, end.partition("%")[0]) for end in (theirs, ours))
            owner = _socket_owner(family, packed, packed_here, peer[1], here[1])
            if owner is not None:
                uid, inode = owner
                # A socket that its process has closed is listed with user 0 and inode 0.
                return uid if inode else None
    except (OSError, ValueError, struct.error, IndexError):
        pass
    return None


def _socket_owner(family: int, theirs: bytes, ours: bytes, port: int, here_port: int) -> tuple[int, int] | None:
    """User and inode of the socket at ``theirs``, connected to ``ours``."""
    try:
        return _owner_by_netlink(family, theirs, ours, port, here_port)
    except OSError:  # sandboxes without this kind of socket
        return _owner_by_proc(family, theirs, ours, port, here_port)


def _owner_by_netlink(family: int, theirs: bytes, ours: bytes, port: int, here_port: int) -> tuple[int, int] | None:
    """The owner by sock_diag(7), which takes 25 microseconds for any number of sockets; None when there is none."""
    ends = struct.pack(">HH16s16s", port, here_port, theirs, ours) + struct.pack("=I8s", 0, b"\xff" * 8)
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + ends
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.send(struct.pack("=IHHII", 16 + len(request), _BY_FAMILY, _REQUEST, 1, 0) + request)
        answer = kernel.recv(4096)
    if struct.unpack_from("=H", answer, 4)[0] != _BY_FAMILY:
        return None
    uid, inode = struct.unpack_from("=II", answer, 16 + 4 + len(ends) + 12)
    return uid, inode


def _owner_by_proc(family: int, theirs: bytes, ours: bytes, port: int, here_port: int) -> tuple[int, int] | None:
    """The owner by proc_net_tcp(5), which lists all sockets of the machine; None when it is not listed."""
    form = f" {_hex(theirs)}:{port:04X} {_hex(ours)}:{here_port:04X} ".encode()
    table = Path("/proc/net/tcp6" if family == socket.AF_INET6 else "/proc/net/tcp").read_bytes()
    start = table.find(form)
    if start < 0:
        return None
    fields = table[start : table.find(b"\n", start)].split()
    return int(fields[6]), int(fields[8])


def _hex(packed: bytes) -> str:
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))
