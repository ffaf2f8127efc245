"""A server on this machine that answers as a test tells it to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

Behaviour = Callable[["Request"], None]

MODIFIED = formatdate(1_700_000_000, usegmt=True)


@dataclass
class Request:
    """One request, and the ways to answer it."""

    handler: BaseHTTPRequestHandler
    path: str
    number: int

    @property
    def headers(self) -> Any:
        return self.handler.headers

    @property
    def first(self) -> int | None:
        """First byte that is asked for, None for all."""
        said = self.headers.get("Range")
        return None if said is None else int(said.removeprefix("bytes=").removesuffix("-"))

    def answer(self, status: int, body: bytes = b"", /, **headers: object) -> None:
        said = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        said.setdefault("Content-Length", str(len(body)))
        self.handler.send_response(status)
        for name, value in said.items():
            if value != "None":
                self.handler.send_header(name, value)
        self.handler.end_headers()
        self.send(body)

    def send(self, body: bytes) -> None:
        self.handler.wfile.write(body)
        self.handler.wfile.flush()

    def well(self, body: bytes, *, stop: int | None = None, **headers: object) -> None:
        """Answer as a good server does, but close after `stop` bytes of the body."""
        said: dict[str, object] = {"ETag": tag(body), "Last_Modified": MODIFIED, **headers}
        first = self.first
        if first is not None and self.headers.get("If-Range") in (tag(body), MODIFIED):
            said["Content_Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
            rest, status = body[first:], 206
        else:
            rest, status = body, 200
        said.setdefault("Content_Length", len(rest))
        self.answer(status, rest if stop is None else rest[:stop], **said)


def tag(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:16]}"'


@dataclass
class Server:
    """Address of the server, what it does, and what it was asked."""

    address: str
    behave: Behaviour
    asked: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str = "file.tif") -> str:
        return f"{self.address}/{path}"


@contextmanager
def lying_server(behave: Behaviour, *, tls: SSLContext | None = None) -> Iterator[Server]:
    """Run a server until the block ends."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with lock:
                server.asked.append({"path": self.path, **dict(self.headers)})
                number = len(server.asked)
            self.close_connection = True
            with suppress(OSError):
                server.behave(Request(self, self.path, number))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]
    scheme = "http"
    if tls is not None:
        httpd.socket = tls.wrap_socket(httpd.socket, server_side=True)
        scheme = "https"
    server = Server(f"{scheme}://127.0.0.1:{httpd.server_port}", behave)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
