"""Debian's chromium, driven over a pipe (Chrome DevTools Protocol): pages opened from a disk."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_SECONDS = 60


class Browser:
    """One tab. `complaints` is all that the page, or the browser about it, wrote to the console."""

    def __init__(self, asks: int, answers: int) -> None:
        self._asks, self._answers = asks, answers
        self._rest = b""
        self._number = 0
        self._session = ""
        self._events: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def open(self, file: Path, fragment: str = "") -> None:
        """Go there, and wait until it is loaded."""
        for address in ("about:blank", file.as_uri() + fragment):  # another fragment alone loads nothing
            self._events.clear()
            self.ask("Page.navigate", url=address)
            while not any(event["method"] == "Page.loadEventFired" for event in self._events):
                self._receive()

    def value(self, script: str) -> Any:
        """What a script comes to in the page; a promise is waited for."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def type(self, text: str) -> None:
        """Keys, where the focus is."""
        for char in text:
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=char, key=char)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=char)

    def press(self, key: str, code: int) -> None:
        """A key that writes nothing (`Tab`, 9), or Enter."""
        text = {"text": "\r"} if key == "Enter" else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def resize(self, width: int, height: int = 900) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self, *, whole: bool = False) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def paper(self) -> bytes:
        """The page as it is printed, as PDF."""
        return base64.b64decode(
            self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        )

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        body = {"id": self._number, "method": method, "params": params}
        if self._session:
            body["sessionId"] = self._session
        os.write(self._asks, json.dumps(body).encode() + b"\0")
        while True:
            found = self._receive()
            if found.get("id") == self._number:
                assert "error" not in found, found["error"]
                return dict(found["result"])

    def _receive(self) -> dict[str, Any]:
        ends = time.monotonic() + _SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0, ends - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._answers, 1 << 20)
            assert piece, "the browser ended"
            self._rest += piece
        message, self._rest = self._rest.split(b"\0", 1)
        found: dict[str, Any] = json.loads(message)
        if "method" in found:
            self._events.append(found)
            self._listen(found["method"], found["params"])
        return found

    def _listen(self, method: str, params: dict[str, Any]) -> None:
        if method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str([one.get("value") for one in params["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in `folder`, ended with the block."""
    assert PROGRAM, "chromium is not installed"
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def three_and_four() -> None:
        high_in, high_out = os.dup2(theirs_in, 100), os.dup2(theirs_out, 101)
        os.dup2(high_in, 3)
        os.dup2(high_out, 4)

    command = [
        PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=three_and_four
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        os.close(ours_out)
        os.close(ours_in)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
