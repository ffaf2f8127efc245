"""Bringing the bytes of one address, in as many goes as it takes.

urllib3 speaks HTTP, checks certificates and counts the retries. What it leaves open is decided
here: which redirect may be followed, when a part may be continued (RFC 9110, sections 13.1.5 and
14), when a server is too slow, and which answers are no answer.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, SSLError
from urllib3.util import Retry, Timeout, make_headers, parse_url

from geo.catalogue.fetch.addresses import allowed_address, redirected
from geo.catalogue.fetch.partial import Partial
from geo.catalogue.findings import refuse
from geo.errors import LodemapError, OutputError
from geo.provenance import package_version

__all__ = ["Limits", "Tell", "Wanted", "transfer"]

Tell = Callable[[str, int, int | None], None]
"""Told of progress: what is fetched, bytes at hand, bytes in all when known."""

_BLOCK = 1 << 16
_OVERLAP = 1 << 16
_PROGRESS = 1 << 18
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Limits:
    """How long a server may take.

    `connect`, `read` and `total` are time-outs [s], `total` for one file with all its retries;
    `slowest` is the least rate [B/s] over `window` seconds; `tries` counts attempts that bring
    nothing, with a pause of `pause` seconds that doubles, up to `longest_pause`.
    """

    connect: float = 15.0
    read: float = 30.0
    total: float = 6 * 3600.0
    slowest: float = 1000.0
    window: float = 30.0
    tries: int = 6
    pause: float = 1.0
    longest_pause: float = 120.0


@dataclass(frozen=True)
class Wanted:
    """One file: a name for messages, its address, the hosts that may send it, its largest size."""

    name: str
    address: str
    hosts: tuple[str, ...]
    max_bytes: int


class _PassingError(Exception):
    """Something that may be over at the next attempt."""

    def __init__(self, what: str, *, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait


def transfer(wanted: Wanted, part: Partial, limits: Limits, tell: Tell) -> None:
    """Bring a file's bytes into `part`, going on from what is there.

    Parameters
    ----------
    wanted : Wanted
    part : Partial
    limits : Limits
    tell : callable

    Raises
    ------
    LayerError
        If the server refuses, sends elsewhere, sends a web page, sends too much, or no attempt
        came through.
    OutputError
        If the disk refuses the bytes; what has arrived stays for the next time.
    """
    allowed_address(wanted.name, wanted.address, wanted.hosts)
    _Transfer(wanted, part, limits, tell).run()


class _Transfer:
    def __init__(self, wanted: Wanted, part: Partial, limits: Limits, tell: Tell) -> None:
        self.wanted, self.part, self.limits, self.tell = wanted, part, limits, tell
        self.ranges = True
        self.ends = time.monotonic() + limits.total

    def run(self) -> None:
        retry = self._fresh()
        while True:
            before = self.part.size
            try:
                self._attempt()
                self.part.save()
                return
            except _PassingError as fault:
                if self.part.size - before >= _PROGRESS:
                    retry = self._fresh()
                retry = self._again(retry, fault)
            finally:
                # What has arrived is vouched for even when Ctrl-C or a full disk ends this.
                self._keep()

    def _keep(self) -> None:
        try:
            self.part.save()
        except OutputError:
            return
        finally:
            self.part.close()

    def _fresh(self) -> Retry:
        return Retry(
            total=self.limits.tries - 1,
            backoff_factor=self.limits.pause,
            backoff_jitter=self.limits.pause,
            backoff_max=self.limits.longest_pause,
        )

    def _again(self, retry: Retry, fault: _PassingError) -> Retry:
        try:
            following = retry.increment("GET", self.wanted.address, error=HTTPError(str(fault)))
        except MaxRetryError:
            raise self._refuse(
                "fetch-failed",
                f"{fault}, after {self.limits.tries} attempts",
                "try again later: what has arrived is kept",
            ) from None
        pause = max(following.get_backoff_time(), fault.wait)
        if time.monotonic() + pause > self.ends:
            raise self._refuse(
                "fetch-late",
                f"{fault}, and {self.limits.total:g} s are over",
                "try again later: what has arrived is kept",
            )
        time.sleep(pause)
        return following

    def _refuse(self, code: str, what: str, fix: str) -> LodemapError:
        return refuse(self.wanted.name, code, what, fix)

    def _attempt(self) -> None:
        try:
            with _pool(self.wanted.address, self.limits) as pool:
                response = self._answer(pool)
                try:
                    self._take(response)
                finally:
                    response.close()
        except SSLError as error:
            raise self._refuse(
                "certificate",
                f"its server's certificate does not hold ({error})",
                "do not fetch it",
            ) from None
        except HTTPError as error:
            raise _PassingError(f"the transfer broke off ({_short(error)})") from None

    def _answer(self, pool: "_Pool") -> urllib3.BaseHTTPResponse:
        address = self.wanted.address
        for _ in range(_MOST_REDIRECTS + 1):
            response = pool.urlopen(
                "GET",
                address,
                headers=self._headers(),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
            if response.status not in _REDIRECTS:
                return response
            location = response.headers.get("Location")
            response.close()
            address = redirected(self.wanted.name, address, location, self.wanted.hosts)
        raise self._refuse(
            "redirect-loop",
            f"the server sends on more than {_MOST_REDIRECTS} times",
            "correct its url",
        )

    def _headers(self) -> Mapping[str, str]:
        said = {
            "User-Agent": f"lodemap/{package_version()}",
            "Accept-Encoding": "identity",
            "Accept": "*/*",
        }
        if self.ranges and self.part.size and self.part.validator is not None:
            said["Range"] = f"bytes={self._start()}-"
            said["If-Range"] = self.part.validator
        return said

    def _start(self) -> int:
        return max(0, self.part.size - _OVERLAP)

    def _take(self, response: urllib3.BaseHTTPResponse) -> None:
        if response.status == HTTPStatus.OK:
            self._take_all(response)
        elif response.status == HTTPStatus.PARTIAL_CONTENT:
            self._take_rest(response)
        elif response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise self._start_over("the server no longer has that part of the file")
        elif response.status in _PASSING:
            raise _PassingError(f"the server answered {_status(response)}", wait=_wait(response))
        else:
            raise self._refuse(
                f"http-{response.status}",
                f"the server answered {_status(response)}",
                "see at its publisher whether the address has changed",
            )

    def _start_over(self, why: str) -> _PassingError:
        self.part.clear()
        self.ranges = False
        return _PassingError(why)

    def _take_all(self, response: urllib3.BaseHTTPResponse) -> None:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):
            raise self._refuse(
                "web-page",
                "the server sent a web page, not the file",
                "look at the address in a browser: it may ask for consent or a log-in",
            )
        self.part.begin(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        coded = response.headers.get("Content-Encoding", "identity").strip().lower() != "identity"
        if coded:
            # Ranges count the coded bytes, which are not the ones that are kept.
            self.part.etag = self.part.modified = None
        self._receive(response, None if coded else _length(response), coded=coded)

    def _take_rest(self, response: urllib3.BaseHTTPResponse) -> None:
        start, total = self._start(), _range_total(response, self._start())
        if not self.ranges or not self.part.size or total is None or total < self.part.size:
            raise self._start_over("the server answered with another part than asked for")
        if self._other_version(response):
            raise self._start_over("the file changed while it was fetched")
        overlap = self.part.size - start
        if self._exactly(response, overlap) != self.part.tail(overlap):
            raise self._start_over("the file changed while it was fetched")
        self.part.resumed = True
        self._receive(response, total, coded=False)

    def _other_version(self, response: urllib3.BaseHTTPResponse) -> bool:
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        if self.part.etag is not None and etag is not None:
            return etag != self.part.etag
        return None not in (self.part.modified, modified) and modified != self.part.modified

    @staticmethod
    def _exactly(response: urllib3.BaseHTTPResponse, count: int) -> bytes:
        found = bytearray()
        while len(found) < count and (block := response.read1(count - len(found))):
            found += block
        return bytes(found)

    def _receive(
        self, response: urllib3.BaseHTTPResponse, total: int | None, *, coded: bool
    ) -> None:
        self._cap(total or 0)
        mark, since = self.part.size, time.monotonic()
        while block := response.read1(_BLOCK, decode_content=coded):
            self._cap(self.part.size + len(block))
            self.part.write(block)
            self.tell(self.wanted.name, self.part.size, total)
            now = time.monotonic()
            if now > self.ends:
                raise _PassingError("the transfer took too long")
            if now - since >= self.limits.window:
                if self.part.size - mark < self.limits.slowest * (now - since):
                    raise _PassingError(f"the server sends less than {self.limits.slowest:g} B/s")
                mark, since = self.part.size, now
        if total is not None and self.part.size != total:
            raise _PassingError(f"only {self.part.size:,} of {total:,} bytes came")

    def _cap(self, size: int) -> None:
        if size > self.wanted.max_bytes:
            self.part.clear()
            raise self._refuse(
                "too-large",
                f"the file has more than the {self.wanted.max_bytes:,} bytes of its record",
                "see at its publisher what it is, and raise max_bytes",
            )


_Pool = urllib3.PoolManager


def _pool(address: str, limits: Limits) -> _Pool:
    timeout = Timeout(connect=limits.connect, read=limits.read)
    proxy = _proxy(address)
    context = ssl.create_default_context()
    if proxy is None:
        return urllib3.PoolManager(timeout=timeout, ssl_context=context, maxsize=1)
    auth = parse_url(proxy).auth
    headers = make_headers(proxy_basic_auth=auth) if auth else None
    return urllib3.ProxyManager(
        proxy, proxy_headers=headers, timeout=timeout, ssl_context=context, maxsize=1
    )


def _proxy(address: str) -> str | None:
    parts = parse_url(address)
    return None if proxy_bypass(parts.host or "") else getproxies().get(parts.scheme or "")


def _status(response: urllib3.BaseHTTPResponse) -> str:
    try:
        return f"{response.status} ({HTTPStatus(response.status).phrase})"
    except ValueError:
        return str(response.status)


def _wait(response: urllib3.BaseHTTPResponse) -> float:
    try:
        return float(Retry().get_retry_after(response) or 0.0)
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def _length(response: urllib3.BaseHTTPResponse) -> int | None:
    said = response.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() else None


def _range_total(response: urllib3.BaseHTTPResponse, start: int) -> int | None:
    """Whole length by a ``Content-Range`` that runs from `start` to the end, else None."""
    unit, _, said = response.headers.get("Content-Range", "").partition(" ")
    part, _, total = said.partition("/")
    first, _, last = part.partition("-")
    if unit != "bytes" or not all(
        text.isascii() and text.isdigit() for text in (first, last, total)
    ):
        return None
    fits = int(first) == start and int(last) == int(total) - 1
    return int(total) if fits else None


def _short(error: HTTPError) -> str:
    # urllib3 names its own objects in front of what happened.
    return str(error).rpartition("): ")[2] or type(error).__name__
