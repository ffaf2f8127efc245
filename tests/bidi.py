"""Debian's Firefox, driven through WebDriver BiDi over a plain WebSocket.

Playwright drives a Firefox of its own alone, and a client for these few messages is short.
"""

import base64
import json
import os
import re
import secrets
import socket
import struct
import subprocess
from pathlib import Path
from typing import Any, Self

FIREFOX = "/usr/bin/firefox-esr"
# Nothing that a fresh browser does by itself may look like the page's doing.
_PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
}
_LISTENS = re.compile(r"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")


class Socket:
    """The client's half of a WebSocket (RFC 6455) that carries text."""

    def __init__(self, port: int, path: str) -> None:
        self._wire = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._read = self._wire.makefile("rb")
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        head = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self._wire.sendall(head.encode())
        status = self._read.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"no WebSocket at port {port}: {status!r}")
        while self._read.readline().strip():
            pass

    def send(self, text: str) -> None:
        """Write one message in one frame, masked as a client's must be."""
        body, mask = text.encode(), secrets.token_bytes(4)
        size = len(body)
        long = b"" if size < 126 else struct.pack(">H" if size < 65536 else ">Q", size)
        told = size if size < 126 else 126 if size < 65536 else 127
        turned = bytes(b ^ mask[k % 4] for k, b in enumerate(body))
        self._wire.sendall(bytes([0x81, 0x80 | told]) + long + mask + turned)

    def receive(self) -> str:
        """The next message, which may come in several frames."""
        parts, last = [], False
        while not last:
            first, told = self._read.read(2)
            size = told & 127
            if size > 125:
                kind, wide = (">H", 2) if size == 126 else (">Q", 8)
                (size,) = struct.unpack(kind, self._read.read(wide))
            body = self._read.read(size)
            if first & 15 in (0, 1):
                parts.append(body)
                last = bool(first & 128)
        return b"".join(parts).decode()

    def close(self) -> None:
        """Hang up."""
        self._read.close()
        self._wire.close()


class Firefox:
    """One window of a fresh Firefox, with what it asked for and complained about."""

    def __init__(self, profile: Path) -> None:
        profile.mkdir(parents=True, exist_ok=True)
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        self._process = subprocess.Popen(
            [FIREFOX, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile",
             str(profile)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"HOME": str(profile)},
        )  # fmt: skip
        self.events: list[dict[str, Any]] = []
        self._count = 0
        self._socket = Socket(self._port(), "/session")
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        tree = self.ask("browsingContext.getTree")
        self.context = tree["contexts"][0]["context"]

    def _port(self) -> int:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            found = _LISTENS.search(line)
            if found:
                return int(found.group(1))
        raise ConnectionError("Firefox ended before it listened")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def ask(self, method: str, **values: Any) -> Any:
        """Send a command and wait for its answer; what comes in between is kept."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": values}))
        while True:
            said = json.loads(self._socket.receive())
            if said.get("id") == self._count:
                assert said["type"] == "success", said
                return said["result"]
            self.events.append(said)

    def open(self, address: str) -> None:
        """Go to a page and wait until it has loaded."""
        self.ask("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def size(self, width: int, height: int) -> None:
        """Set the window's inner size [CSS px]."""
        view = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.context, viewport=view)

    def run(self, expression: str) -> Any:
        """Value of an expression or of the promise that it gives."""
        text = f"(async () => JSON.stringify(await ({expression})))()"
        said = self.ask(
            "script.evaluate", expression=text, target={"context": self.context}, awaitPromise=True
        )
        assert said["type"] == "success", said
        found = said["result"]
        return json.loads(found["value"]) if found["type"] == "string" else None

    def until(self, expression: str, seconds: float = 20) -> None:
        """Wait until an expression is true."""
        wait = (
            "new Promise((done) => { const end = performance.now() + "
            f"{1000 * seconds}; const look = () => {{ const held = Boolean({expression});"
            " if (held || performance.now() > end) { done(held); }"
            " else { setTimeout(look, 25); } }; look(); })"
        )
        assert self.run(wait), expression

    def press(self, *keys: str) -> None:
        """Press and let go keys, one after another."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask(
            "input.performActions", context=self.context,
            actions=[{"type": "key", "id": "keys", "actions": actions}],
        )  # fmt: skip

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window [CSS px]."""
        steps = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self.ask(
            "input.performActions", context=self.context,
            actions=[{"type": "pointer", "id": "mouse", "actions": steps}],
        )  # fmt: skip

    def requests(self) -> list[str]:
        """Addresses that were asked for."""
        return [
            e["params"]["request"]["url"]
            for e in self.events
            if e.get("method") == "network.beforeRequestSent"
        ]

    def complaints(self) -> list[str]:
        """What went to the console, errors among it."""
        return [
            str(e["params"].get("text")) for e in self.events if e.get("method") == "log.entryAdded"
        ]
