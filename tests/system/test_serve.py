"""``lambdatui serve``: the same screens in a browser, for whoever has the token, on loopback only."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support import needs, small_store
from tests.support.command_line import PROGRAM
from tests.support.places import ROOT

pytest.importorskip("textual_serve", reason="the extra 'serve' is not installed")

TOKEN = "a-token-of-this-test"


@contextmanager
def serving(folder: Path, **changes: str) -> Iterator[str]:
    """The printed address; ``changes`` are of the environment."""
    db = small_store.make(folder / "s.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LAMBDATUI_TOKEN": TOKEN, "XDG_CONFIG_HOME": "/nowhere",
           "XDG_STATE_HOME": "/dev/null", "PYTHONUNBUFFERED": "1", **changes}  # fmt: skip
    command = [*PROGRAM, "--db", str(db), "--range", "all", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


async def listening(client: aiohttp.ClientSession, address: str) -> None:
    """The address is printed a moment before the port is open."""
    for _ in range(200):
        try:
            async with client.get(address.partition("?")[0]):
                return
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.1)


async def screens(address: str) -> bytes:
    """What a browser receives until there are rows."""
    seen = b""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        await listening(browser, address)
        async with browser.get(address) as page:
            assert page.status == 200
            assert "token" not in str(page.url)
        origin = address.partition("/?")[0]
        async with browser.ws_connect(f"{origin}/ws?width=100&height=30") as connection:
            async with asyncio.timeout(60):
                while b"checkout" not in seen:
                    message = await connection.receive()
                    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                    seen += message.data if isinstance(message.data, bytes) else message.data.encode()
    return seen


async def test_the_same_rows_reach_a_browser_that_has_the_token(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith(f"/?token={TOKEN}")
        assert b" help" in await screens(address)
        origin = address.partition("/?")[0]
        async with aiohttp.ClientSession() as stranger:
            for path in ("/", "/ws", "/static/css/xterm.css", "/download/x", "/?token=wrong"):
                async with stranger.get(f"{origin}{path}") as refused:
                    assert refused.status == 403, path


FOREIGN = [
    "evil.example",
    "evil.example:{port}",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "0.0.0.0:{port}",
    "",
    "a b",
]


async def test_only_our_own_page_by_a_name_of_loopback_is_let_in(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        origin = address.partition("/?")[0]
        port = origin.rpartition(":")[2]
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            await listening(browser, address)
            for host in FOREIGN:
                for path in ("/", "/ws", f"/?token={TOKEN}", "/static/css/xterm.css", "/page/page.js", "/nothing"):
                    for method in ("GET", "POST", "OPTIONS", "HEAD"):
                        headers = {"Host": host.format(port=port)}
                        async with browser.request(
                            method, f"{origin}{path}", headers=headers, allow_redirects=False
                        ) as got:
                            assert got.status in (400, 403), (host, path, method)
                            assert "Set-Cookie" not in got.headers
            async with browser.get(address, allow_redirects=False) as got:
                cookie = got.headers["Set-Cookie"]
            assert cookie.startswith(f"lambdatui_token_{port}=")
            assert TOKEN not in cookie
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
            async with browser.get(f"{origin}/") as page:
                text = await page.text()
                policy = page.headers["Content-Security-Policy"]
            assert "<title>lambdatui</title>" in text
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert (page.headers["X-Frame-Options"], page.headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
            assert page.headers["Referrer-Policy"] == "no-referrer"
            # Nothing of another host: the page, and all that it loads.
            loaded = re.findall(r'(?:href|src)="(/[^"]*)"', text)
            assert len(loaded) == 4
            assert re.findall(r"https?://|//[a-z]", text) == []
            for path in [*loaded, "/static/fonts/RobotoMono-VariableFont_wght.ttf"]:
                async with browser.get(f"{origin}{path}") as got:
                    assert got.status == 200, path
                    assert got.headers["X-Frame-Options"] == "DENY"
            for wrong in (
                f"http://localhost:{int(port) - 1}",
                "http://evil.example",
                "null",
                f"http://127.0.0.1.evil:{port}",
                "",
            ):
                with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                    await browser.ws_connect(f"{origin}/ws", headers={"Origin": wrong})
            async with browser.ws_connect(f"{origin}/ws", headers={"Origin": origin}) as connection:
                assert (await connection.receive()).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)


@needs.root
async def test_a_cookie_of_one_user_is_none_of_another(tmp_path: Path) -> None:
    """A browser shows its cookies to every port of the host, to the server of another user of the machine too."""
    with serving(tmp_path) as address:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            await listening(browser, address)
            async with browser.get(address, allow_redirects=False) as got:
                cookie = got.headers["Set-Cookie"].partition(";")[0]
        origin = address.partition("/?")[0]
        for user, expected in ((0, 200), (65_534, 403)):
            code = (
                "import encodings.idna, os, sys, http.client\nhost, port, cookie, user = sys.argv[1:]\n"
                "os.setuid(int(user))\nc = http.client.HTTPConnection(host, int(port))\n"
                "c.request('GET', '/', headers={'Cookie': cookie})\nprint(c.getresponse().status)"
            )
            host, port = origin.removeprefix("http://").split(":")
            done = subprocess.run(
                [sys.executable, "-c", code, host, port, cookie, str(user)], capture_output=True, text=True
            )
            assert done.stdout.strip() == str(expected), done.stderr
