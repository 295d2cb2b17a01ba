"""A headless Chromium, driven through its DevTools protocol over a pipe: no driver, no package.

https://chromedevtools.github.io/devtools-protocol/ has the methods and the events.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0  # seconds for one answer: a busy machine is no error
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--mute-audio"),
)


def found() -> str | None:
    """Return the browser's program, if there is one that can be driven so."""
    if os.name != "posix":
        return None
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page; what the page asks for and complains of is kept.

    Attributes
    ----------
    requests : list of str
        The addresses of everything that was asked for since `open`, the page itself left out.
    complaints : list of str
        What was written to the console, raised, or refused by a policy.
    """

    def __init__(self, profile: Path) -> None:
        import fcntl  # which is there where `found` finds something

        program = found()
        assert program is not None
        from_browser, to_us = os.pipe()
        from_us, to_browser = os.pipe()
        options = [*OPTIONS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        # The browser reads from descriptor 3 and writes to 4; ours may have these numbers, too.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (from_us, to_us)]
        self._process = subprocess.Popen(
            [program, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=lambda: [os.dup2(end, 3 + place) for place, end in enumerate(ends)],
        )
        for end in (from_us, to_us, *ends):
            os.close(end)
        self._reads, self._writes = from_browser, to_browser
        self._numbers, self._rest = itertools.count(1), b""
        self._events: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._session: str | None = None
        pages = self.call("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in pages if one["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(
        self, path: Path, width: int, height: int, scheme: str = "light", scale: int = 1
    ) -> None:
        """Show a page at a width in pixels of CSS, in light or dark, and wait until it is there."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 500,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media="", features=[feature])
        self.requests, self.complaints = [], []
        address = path.as_uri()
        answer = self.call("Page.navigate", url=address)
        assert "errorText" not in answer, answer
        self._wait(lambda event: event["method"] == "Page.loadEventFired")
        self.requests = [one for one in self.requests if one != address]

    def evaluate(self, expression: str) -> Any:
        """Return what an expression of JavaScript is in the page, or what it promises."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path, height: int | None = None) -> None:
        """Write what is shown, or the page down to a height, as a PNG file."""
        options: dict[str, Any] = {}
        if height is not None:
            width = self.evaluate("innerWidth")
            clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
            options = {"clip": clip, "captureBeyondViewport": True}
        data = self.call("Page.captureScreenshot", format="png", **options)["data"]
        path.write_bytes(base64.b64decode(data))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something, and return its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                return dict(answer["result"])
            self._note(answer)

    def close(self) -> None:
        """End the browser."""
        os.close(self._writes)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._reads)

    def _wait(self, wanted: Any) -> None:
        while True:
            while self._events:
                if wanted(self._events.pop(0)):
                    return
            self._note(self._message())

    def _note(self, event: dict[str, Any]) -> None:
        method, given = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str(given["args"]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(given["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.complaints.append(str(given["entry"]["text"]))
        if method is not None:
            self._events.append(event)

    def _message(self) -> dict[str, Any]:
        """Return the next message, which ends in a zero."""
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reads], [], [], max(0.0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            read = os.read(self._reads, 1 << 16)
            assert read, "Chromium has ended"
            self._rest += read
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))
