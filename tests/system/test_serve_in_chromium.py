"""``lambdatui serve`` in a real browser: what it loads, keys without a click, copying, resizing."""

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.test_serve import listening, serving

pytest.importorskip("textual_serve", reason="the extra 'serve' is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@contextmanager
def chromium(folder: Path) -> Iterator[str]:
    """A headless browser, and the address of its debugging protocol."""
    profile = folder / "profile"
    process = subprocess.Popen(
        [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,700",
         "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        port = profile / "DevToolsActivePort"
        for _ in range(600):
            if port.exists() and port.read_text().strip():
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port.read_text().split()[0]}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: it and the helpers that it started
        process.wait(20)


class Page:
    """A tab of the browser, by the DevTools protocol, and what went over its network."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, count(1)
        self.requested: list[str] = []
        self.received, self.sent = b"", ""

    async def tell(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command, and its answer."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == number:
                assert "result" in answer, answer
                return dict(answer["result"])
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        method, facts = event.get("method"), event.get("params", {})
        if method in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            self.requested.append(facts["url"] if "url" in facts else facts["request"]["url"])
        elif method == "Network.webSocketFrameReceived":
            frame = facts["response"]
            text = frame["payloadData"]
            self.received += base64.b64decode(text) if frame["opcode"] == 2 else text.encode()
        elif method == "Network.webSocketFrameSent":
            self.sent += facts["response"]["payloadData"]

    async def value(self, expression: str) -> Any:
        """What JavaScript says."""
        answer = await self.tell("Runtime.evaluate", expression=expression, awaitPromise=True, userGesture=True)
        return answer["result"].get("value")

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Waits for what comes over the network."""
        for _ in range(300):
            if true():
                return
            await asyncio.sleep(0.1)
            await self.value("1")  # reads what came meanwhile
        raise AssertionError(f"{what}: never came; sent {self.sent[-300:]!r}, received {self.received[-300:]!r}")

    async def press(self, key: str) -> None:
        """A key, as the keyboard gives it to whatever has the focus."""
        for kind in ("keyDown", "keyUp"):
            await self.tell("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")


@asynccontextmanager
async def opened(folder: Path, **changes: str) -> AsyncIterator[tuple[Page, str]]:
    """The page with the screens in it, and its origin."""
    with serving(folder, **changes) as address, chromium(folder) as debugging:
        async with aiohttp.ClientSession() as client, asyncio.timeout(150):
            async with client.get(f"{debugging}/json/list") as listed:
                pages = await listed.json(content_type=None)
            target = next(one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page")
            async with client.ws_connect(target, max_msg_size=0) as socket:
                page = Page(socket)
                await listening(client, address)
                await page.tell("Network.enable")
                await page.tell("Emulation.setFocusEmulationEnabled", enabled=True)  # as a window that is looked at
                origin = address.partition("/?")[0]
                permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
                await page.tell("Browser.grantPermissions", origin=origin, permissions=permissions)
                await page.tell("Page.navigate", url=address)
                await page.until(lambda: b"checkout" in page.received, "the rows")
                yield page, origin


async def test_nothing_is_loaded_from_another_host_and_the_tab_has_a_title(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, origin):
        assert len(page.requested) >= 5
        sockets = origin.replace("http", "ws", 1)
        elsewhere = [url for url in page.requested if not url.startswith((f"{origin}/", f"{sockets}/", "data:"))]
        assert elsewhere == []
        assert await page.value("document.title") == "lambdatui"
        assert await page.value("location.search") == "", "the token does not stay in the address"
        picture = b""
        while len(picture) < 20_000:  # the page before is 9,700 bytes, rows of text several times that
            await asyncio.sleep(0.3)
            picture = base64.b64decode((await page.tell("Page.captureScreenshot", format="png"))["data"])
        if keep := os.environ.get("KEEP_PICTURES"):
            Path(keep).write_bytes(picture)


async def test_keys_work_without_a_click_and_what_is_copied_is_on_the_clipboard(tmp_path: Path) -> None:
    """Also where the shell that serves runs inside tmux: the browser does not."""
    async with opened(tmp_path, TMUX="/tmp/tmux-0/default,1,0", STY="1.pts-0") as (page, _):
        await page.until(lambda: '"focus"' in page.sent, "the focus")
        before = len(page.received)
        await page.press("c")
        await page.until(lambda: b"\x1b]52;c;" in page.received[before:], "the copy")
        assert json.dumps(["stdin", "c"]).replace(" ", "") in page.sent.replace(" ", "")
        text = ""
        for _ in range(50):
            text = await page.value("navigator.clipboard.readText()") or ""
            if text:
                break
            await asyncio.sleep(0.1)
        assert "checkout" in text
        await page.press("E")
        await page.until(lambda: b"Errors" in page.received, "the screen of errors")


async def test_the_screens_are_as_large_as_the_window(tmp_path: Path) -> None:
    async with opened(tmp_path) as (page, _):
        for width, height in ((1000, 500), (1400, 900)):
            before = len(page.sent)
            await page.tell(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
            )
            await page.until(lambda before=before: '"resize"' in page.sent[before:], "the size")  # type: ignore[misc]
            frame = page.sent[before:]
            size = json.loads(frame[frame.index('["resize"') :].split("]")[0] + "]")[1]
            assert abs(size["width"] - width / 9) < 6, size
            assert size["height"] > height / 24, size
        assert b"\x1b[?1049l" not in page.received
