"""A headless Chromium, spoken to over a pipe: no port, no driver program, no
network."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PATIENCE_SECONDS = 60


class Lost(Exception):
    """The browser ended or does not answer."""


def find():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="reveille-browser-")
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        # The browser reads from descriptor 3 and writes to 4, by convention.
        script = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        words = [program, "--headless=new", "--remote-debugging-pipe", "--disable-gpu"]
        words += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
        words += [f"--user-data-dir={self.profile}", "--disable-dev-shm-usage", "--hide-scrollbars"]
        # Its sandbox needs what root in a container has not; the page is ours.
        words += ["--no-sandbox"] if os.geteuid() == 0 else []
        self._child = subprocess.Popen(
            ["bash", "-c", script, "bash", *words, "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._number = 0
        self._rest = b""
        self.events = []
        target = self._page()
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self._child.pid, 9)
        except ProcessLookupError:
            pass
        self._child.wait()
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _page(self):
        self.session = None
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            for target in self.call("Target.getTargets")["targetInfos"]:
                if target["type"] == "page":
                    return target["targetId"]
            time.sleep(0.1)
        raise Lost("no page")

    def _receive(self):
        while b"\0" not in self._rest:
            piece = os.read(self._in, 1 << 16)
            if not piece:
                raise Lost("the browser has ended")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise Lost(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Lost(answer["exceptionDetails"].get("text", "exception"))
        return answer["result"].get("value")

    def look(self, width, height, dark=False, media="screen"):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        # The document's own scripts run before it is complete.
        self.evaluate(
            "new Promise(r => document.readyState === 'complete' ? r() : addEventListener('load', r))"
        )
        self.settle()

    def settle(self):
        """Two frames and the page's own delays."""
        self.evaluate(
            "new Promise(r => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(r)), 250))"
        )

    def screenshot(self, path):
        picture = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))
