"""Who sees the screens in a browser: requests to a loopback name, from our own page, that have the token."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any

from lambdatui.runner.http.admission import host_allowed, host_of, peer_uid

if TYPE_CHECKING:
    from aiohttp import web

_NOT_LET_IN = "This address needs the token that 'lambdatui serve' printed: open the whole address, ?token= included.\n"
_NO_HOST = "These screens are not served by that name: open the address that 'lambdatui serve' printed.\n"
_NO_PAGE = "Another page may not open these screens.\n"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def cookie_name(host: str) -> str:
    """A name for each port: a browser has one jar of cookies for all ports of a host."""
    port = host.rpartition(":")[2]
    return f"lambdatui_token_{port if port.isdigit() else '80'}"


async def add_headers(request: "web.Request", response: "web.StreamResponse") -> None:
    """Sets the headers of every answer: nothing from elsewhere runs in the page, and no other page shows it in a
    frame.
    """
    host = request.headers.get("Host", "")
    sockets = f"ws://{host} wss://{host}" if host_of(host) else ""
    response.headers["Content-Security-Policy"] = _POLICY.format(sockets=sockets)
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")


def let_in(secret: str, hosts: Collection[str] = ()) -> Any:
    """A middleware that answers the token in the address with a cookie, and serves nothing without the cookie.

    The cookie is not the token. A browser sends it to other ports of the host too, so it holds for this port only, and
    for the user whose browser it was given to, where the kernel tells that.
    """
    from aiohttp import web

    @web.middleware
    async def guard(
        request: "web.Request", handler: "Callable[[web.Request], Awaitable[web.StreamResponse]]"
    ) -> "web.StreamResponse":
        named = request.headers.getall("Host", [])
        host = host_of(named[0]) if len(named) == 1 else None
        if host is None or not request.raw_path.startswith("/") or not host_allowed(host, hosts, _here(request)):
            raise web.HTTPForbidden(text=_NO_HOST)
        if not _own_page(request, named[0]):
            raise web.HTTPForbidden(text=_NO_PAGE)
        name = cookie_name(named[0])
        right = _cookie(secret, name, request)
        given = request.query.get("token")
        if given is not None and _same(given, secret):
            there = web.HTTPFound("/")
            there.set_cookie(name, right, httponly=True, samesite="Strict", path="/")
            raise there
        if not _same(request.cookies.get(name, ""), right):
            raise web.HTTPForbidden(text=_NOT_LET_IN)
        return await handler(request)

    return guard


def _own_page(request: "web.Request", host: str) -> bool:
    """A browser names the page that a websocket, or anything but a plain visit, is asked for by."""
    origins = request.headers.getall("Origin", [])
    return all(origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}") for origin in origins)


def _cookie(secret: str, name: str, request: "web.Request") -> str:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    here = request.transport.get_extra_info("sockname") if request.transport else None
    uid = peer_uid(peer[:2], here[:2]) if peer and here else None
    return hmac.new(secret.encode(), f"{name} {uid}".encode(), hashlib.sha256).hexdigest()


def _here(request: "web.Request") -> str:
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return str(name[0]) if name else ""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
