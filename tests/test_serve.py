"""``lambdatui serve``: the same screens in a browser, for whoever has the token, on loopback only."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
import small_store

pytest.importorskip("textual_serve", reason="the extra 'serve' is not installed")

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "a-token-of-this-test"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The printed address."""
    db = small_store.make(folder / "s.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LAMBDATUI_TOKEN": TOKEN, "XDG_CONFIG_HOME": "/nowhere",
           "XDG_STATE_HOME": "/dev/null", "PYTHONUNBUFFERED": "1"}  # fmt: skip
    command = [sys.executable, "-m", "lambdatui", "--db", str(db), "--range", "all", "serve", "--port", str(port)]
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


async def screens(address: str) -> bytes:
    """What a browser receives until the footer is painted."""
    seen = b""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(address) as page:
            assert page.status == 200
            assert "token" not in str(page.url)
        origin = address.partition("/?")[0]
        async with browser.ws_connect(f"{origin}/ws?width=100&height=30") as connection:
            async with asyncio.timeout(60):
                while b" help" not in seen:
                    message = await connection.receive()
                    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                    seen += message.data if isinstance(message.data, bytes) else message.data.encode()
    return seen


async def test_the_same_rows_reach_a_browser_that_has_the_token(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith(f"/?token={TOKEN}")
        seen = await screens(address)
        assert b"checkout" in seen
        origin = address.partition("/?")[0]
        async with aiohttp.ClientSession() as stranger:
            for path in ("/", "/ws", "/static/css/xterm.css", "/download/x", "/?token=wrong"):
                async with stranger.get(f"{origin}{path}") as refused:
                    assert refused.status == 403, path


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_chromium_shows_the_screens(tmp_path: Path) -> None:
    """More than a blank page: the picture of the painted screens is much larger than that of an empty one."""
    with serving(tmp_path) as address:
        sizes = {}
        for name, url in (("screens", address), ("empty", "about:blank")):
            picture = tmp_path / f"{name}.png"
            subprocess.run(
                [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,700", "--timeout=15000",
                 f"--screenshot={picture}", url],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
            sizes[name] = picture.stat().st_size
        if keep := os.environ.get("KEEP_PICTURES"):
            shutil.copy(tmp_path / "screens.png", keep)
    assert sizes["screens"] > 3 * sizes["empty"]
