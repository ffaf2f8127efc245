"""Whatever a server does, a fetched file is right or absent."""

import gzip
import hashlib
import io
import random
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lying_server import MODIFIED, Request, Server, lying_server, tag

from geo.catalogue.fetch import transfer as transfer_module
from geo.catalogue.fetch.cache import Cache
from geo.catalogue.fetch.transfer import Limits, Wanted
from geo.errors import LayerError, LodemapError, OutputError

QUICK = Limits(
    connect=2, read=0.4, total=20, slowest=1, window=5, tries=4, pause=0.01, longest_pause=0.02
)
BODY = b"a,b\n" + random.Random(1).randbytes(600_000).hex().encode()
OTHER = b"a,b\n" + random.Random(2).randbytes(600_000).hex().encode()
DIGEST = hashlib.sha256(BODY).hexdigest()

Serve = Callable[[Callable[[Request], None]], Server]


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LODEMAP_FETCH_LOOPBACK", "1")


@pytest.fixture
def serve() -> Iterator[Serve]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(lying_server(behave))


def obtain(
    root: Path,
    server: Server,
    *,
    form: str = "csv",
    max_bytes: int = 5_000_000,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    limits: Limits = QUICK,
    **options: object,
) -> bytes:
    wanted = Wanted("thing", server.url(), hosts, max_bytes)
    path, _ = Cache(root, limits).obtain(wanted, form, lambda *_: None, **options)
    return path.read_bytes()


def absent(root: Path) -> bool:
    return not list(root.glob("files/*/file.*")) and not list(root.glob("files/*/pin.json"))


def refused(root: Path, server: Server, code: str, *needles: str, **options: object) -> str:
    with pytest.raises(LodemapError) as caught:
        obtain(root, server, **options)
    said = str(caught.value)
    assert caught.value.code == code, said
    assert said.startswith("thing: ")
    for needle in needles:
        assert needle in said
    assert absent(root)
    return said


def test_a_good_server_is_asked_once(tmp_path, serve):
    server = serve(lambda request: request.well(BODY))
    told = []
    wanted = Wanted("thing", server.url(), ("127.0.0.1",), 5_000_000)
    path, pin = Cache(tmp_path, QUICK).obtain(wanted, "csv", lambda *said: told.append(said))
    assert path.read_bytes() == BODY
    assert (pin.sha256, pin.size) == (DIGEST, len(BODY))
    assert told[-1] == ("thing", len(BODY), len(BODY))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert obtain(tmp_path, server) == BODY
    assert len(server.asked) == 1
    assert server.asked[0]["Accept-Encoding"] == "identity"
    assert "Authorization" not in server.asked[0]
    assert "Cookie" not in server.asked[0]


def test_a_truncated_file_goes_on_where_it_stopped(tmp_path, serve):
    server = serve(lambda r: r.well(BODY, stop=500_000 if r.number == 1 else None))
    assert obtain(tmp_path, server) == BODY
    assert len(server.asked) == 2
    start = int(server.asked[1]["Range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < start < 500_000
    assert server.asked[1]["If-Range"] == tag(BODY)


def test_a_server_that_closes_at_random(tmp_path, serve):
    dice = random.Random(3)
    server = serve(lambda r: r.well(BODY, stop=dice.randrange(300_000, 700_000)))
    assert obtain(tmp_path, server) == BODY
    assert len(server.asked) > 2


def test_a_server_that_stalls(tmp_path, serve):
    def behave(request: Request) -> None:
        request.well(BODY, stop=400_000 if request.number == 1 else None)
        if request.number == 1:
            time.sleep(1.5)

    assert obtain(tmp_path, serve(behave)) == BODY


def test_a_server_that_never_answers(tmp_path, serve):
    server = serve(lambda request: time.sleep(1.0))
    refused(tmp_path, server, "fetch-failed", "4 attempts", "try again later")
    assert len(server.asked) == 4


def test_a_server_that_drips(tmp_path, serve):
    def behave(request: Request) -> None:
        request.answer(200, b"", Content_Length=len(BODY))
        for at in range(400):
            request.send(BODY[at : at + 1])
            time.sleep(0.02)

    limits = Limits(**{**QUICK.__dict__, "slowest": 10_000, "window": 0.3, "tries": 2})
    refused(tmp_path, serve(behave), "fetch-failed", "less than 10000 B/s", limits=limits)


def test_a_file_that_takes_longer_than_the_whole_time(tmp_path, serve):
    def behave(request: Request) -> None:
        request.answer(200, b"", Content_Length=len(BODY))
        for at in range(0, len(BODY), 1000):
            request.send(BODY[at : at + 1000])
            time.sleep(0.02)

    limits = Limits(**{**QUICK.__dict__, "total": 0.5})
    refused(tmp_path, serve(behave), "fetch-late", "too long", limits=limits)


def test_a_length_that_is_too_long(tmp_path, serve):
    server = serve(lambda r: r.answer(200, BODY[:1000], Content_Length=5000))
    refused(tmp_path, server, "fetch-failed", "broke off")


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.csv", BODY)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("form", "body"),
    [("zip", zipped()), ("geojson", b'{"type": "FeatureCollection", "features": []}')],
)
def test_a_length_that_is_too_short(tmp_path, serve, form, body):
    server = serve(lambda r: r.answer(200, body[:-10], Content_Length=len(body) - 10))
    refused(tmp_path, server, "truncated", "ends early", form=form)


def test_a_short_length_where_the_bytes_are_known(tmp_path, serve):
    server = serve(lambda r: r.answer(200, BODY[:-10]))
    refused(tmp_path, server, "bytes-differ", "its record says", sha256=DIGEST)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://elsewhere.example/file.tif", "address-elsewhere"),
        ("file:///etc/hostname", "address-unsafe"),
        ("http://elsewhere.example/file.tif", "address-unsafe"),
        ("ftp://127.0.0.1/file.tif", "address-unsafe"),
        ("https://user:word@127.0.0.1/", "address-broken"),
        ("https://[", "address-broken"),
        ("/again", "redirect-loop"),
        ("", "redirect-broken"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_that_may_not_be_followed(tmp_path, serve, location, code, status):
    server = serve(lambda r: r.answer(status, b"", Location=location))
    refused(tmp_path, server, code)
    assert len(server.asked) == (6 if code == "redirect-loop" else 1)


def test_a_redirect_on_the_same_host_is_followed(tmp_path, serve):
    def behave(request: Request) -> None:
        if request.path == "/file.tif":
            request.answer(302, b"gone", Location="other/place")
        else:
            request.well(BODY)

    server = serve(behave)
    assert obtain(tmp_path, server) == BODY
    assert [one["path"] for one in server.asked] == ["/file.tif", "/other/place"]


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_with_status_200(tmp_path, serve, kind):
    page = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
    server = serve(lambda r: r.answer(200, page, Content_Type=kind))
    refused(tmp_path, server, "web-page", "look at the address in a browser")
    assert len(server.asked) == 1


def test_a_file_that_changes_while_it_is_fetched(tmp_path, serve):
    server = serve(
        lambda r: r.well(BODY if r.number == 1 else OTHER, stop=500_000 * (r.number < 2) or None)
    )
    assert obtain(tmp_path, server) == OTHER
    assert len(server.asked) == 2


def part_of(body: bytes, request: Request, **headers: object) -> None:
    first = request.first or 0
    request.answer(
        206, body[first:], Content_Range=f"bytes {first}-{len(body) - 1}/{len(body)}", **headers
    )


@pytest.mark.parametrize("etag", [tag(OTHER), tag(BODY), "None"])
def test_a_part_of_another_file(tmp_path, serve, etag):
    """Ranges of other bytes, with another tag, the same one (a lie) or none."""

    def behave(request: Request) -> None:
        if request.number == 1:
            request.well(BODY, stop=500_000)
        elif request.first is not None:
            part_of(OTHER, request, ETag=etag)
        else:
            request.well(OTHER)

    server = serve(behave)
    assert obtain(tmp_path, server) == OTHER
    assert [("Range" in one) for one in server.asked] == [False, True, False]


def test_bytes_that_changed_far_behind_the_seam_are_found_by_the_digest(tmp_path, serve):
    spoilt = BODY[:-5] + b"xxxxx"

    def behave(request: Request) -> None:
        if request.number == 1:
            request.well(BODY, stop=500_000)
        elif request.first is not None:
            part_of(spoilt, request, ETag=tag(BODY))
        else:
            request.well(BODY)

    server = serve(behave)
    assert obtain(tmp_path, server, sha256=DIGEST) == BODY
    assert len(server.asked) == 3


def test_a_change_far_behind_the_seam_shows_in_the_tag(tmp_path, serve):
    """Only the tag tells; the bytes at the seam are the same, and no digest is known."""
    other = BODY[:-5] + b"xxxxx"

    def behave(request: Request) -> None:
        if request.number == 1:
            request.well(BODY, stop=500_000)
        elif request.first is not None:
            part_of(other, request, ETag=tag(other))
        else:
            request.well(other)

    server = serve(behave)
    assert obtain(tmp_path, server) == other
    assert [("Range" in one) for one in server.asked] == [False, True, False]


def test_a_part_that_ends_before_the_file_does(tmp_path, serve):
    """Its length is what it says; only the range tells that the file is longer."""

    def behave(request: Request) -> None:
        first = request.first
        if first is None:
            request.well(BODY, stop=500_000)
            return
        said = f"bytes {first}-{len(BODY) - 1}/{len(BODY)}"
        stop = len(BODY) - 10 if request.number == 2 else len(BODY)
        request.answer(206, BODY[first:stop], ETag=tag(BODY), Content_Range=said)

    assert obtain(tmp_path, serve(behave)) == BODY


def test_a_part_from_elsewhere_in_a_file_that_looks_alike_everywhere(tmp_path, serve):
    body = b"a\n" * 600_000

    def behave(request: Request) -> None:
        if request.first is None:
            request.well(body, stop=500_000 if request.number == 1 else None)
            return
        first = request.first + 1000
        said = f"bytes {first}-{len(body) - 1}/{len(body)}"
        request.answer(206, body[first:], ETag=tag(body), Content_Range=said)

    server = serve(behave)
    assert obtain(tmp_path, server) == body
    assert len(server.asked) == 3


def test_without_a_validator_nothing_is_continued(tmp_path, serve):
    def behave(request: Request) -> None:
        request.well(
            BODY, stop=500_000 if request.number == 1 else None, ETag='W/"weak"', Last_Modified=None
        )

    server = serve(behave)
    assert obtain(tmp_path, server) == BODY
    assert all("Range" not in one for one in server.asked)


def test_a_date_is_a_validator(tmp_path, serve):
    server = serve(lambda r: r.well(BODY, stop=500_000 * (r.number < 2) or None, ETag=None))
    assert obtain(tmp_path, server) == BODY
    assert server.asked[1]["If-Range"] == MODIFIED


@pytest.mark.parametrize("times", [1, 2])
def test_compression_on_top_is_taken_off(tmp_path, serve, times):
    body = BODY
    for _ in range(times):
        body = gzip.compress(body)
    coding = ", ".join(["gzip"] * times)
    server = serve(lambda r: r.answer(200, body, Content_Encoding=coding, ETag='"x"'))
    assert obtain(tmp_path, server, sha256=DIGEST) == BODY


def test_compression_that_nobody_declared(tmp_path, serve):
    server = serve(lambda r: r.answer(200, gzip.compress(zipped())))
    refused(tmp_path, server, "contents", "no zip file", form="zip")


def test_compressed_bytes_that_break(tmp_path, serve):
    body = gzip.compress(BODY)
    spoilt = body[:2000] + bytes(1000) + body[3000:]
    server = serve(lambda r: r.answer(200, spoilt, Content_Encoding="gzip"))
    refused(tmp_path, server, "fetch-failed")


def test_compressed_bytes_that_grow_without_end(tmp_path, serve):
    body = gzip.compress(bytes(200_000_000), 1)
    server = serve(lambda r: r.answer(200, body, Content_Encoding="gzip"))
    refused(tmp_path, server, "too-large", "max_bytes")


def test_a_part_that_the_server_no_longer_has(tmp_path, serve):
    def behave(request: Request) -> None:
        if request.first is not None:
            request.answer(416, b"", Content_Range=f"bytes */{len(BODY)}")
        else:
            request.well(BODY, stop=500_000 if request.number == 1 else None)

    server = serve(behave)
    assert obtain(tmp_path, server) == BODY
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "said",
    [
        "bytes 0-9/10", f"bytes 3-{len(BODY) - 1}/{len(BODY)}", "bytes 1-2/*", "lines 1-2/3",
        "bytes -1--2/3", "", f"bytes 1-{10**30}/{10**30}",
    ],
)  # fmt: skip
def test_another_part_than_asked_for(tmp_path, serve, said):
    def behave(request: Request) -> None:
        if request.first is not None:
            request.answer(206, b"x" * 100, Content_Range=said)
        else:
            request.well(BODY, stop=500_000 if request.number == 1 else None)

    assert obtain(tmp_path, serve(behave)) == BODY


def test_a_part_that_nobody_asked_for(tmp_path, serve):
    server = serve(lambda r: r.answer(206, BODY[:10], Content_Range=f"bytes 0-9/{len(BODY)}"))
    refused(tmp_path, server, "fetch-failed", "another part")


def test_a_server_that_ignores_ranges(tmp_path, serve):
    server = serve(
        lambda r: r.answer(
            200,
            BODY[: 500_000 if r.number == 1 else None],
            ETag=tag(BODY),
            Content_Length=len(BODY),
        )
    )
    assert obtain(tmp_path, server) == BODY
    assert "Range" in server.asked[1]


@pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("-3", 0.0), ("soon", 0.0)])
def test_too_many_requests_waits_as_told(tmp_path, serve, monkeypatch, said, wait):
    slept: list[float] = []
    monkeypatch.setattr(transfer_module.time, "sleep", slept.append)
    server = serve(
        lambda r: r.answer(429, b"", Retry_After=said) if r.number == 1 else r.well(BODY)
    )
    assert obtain(tmp_path, server) == BODY
    assert slept[0] == pytest.approx(wait, abs=0.05)


def test_a_wait_beyond_the_whole_time_is_not_waited(tmp_path, serve):
    server = serve(lambda r: r.answer(503, b"", Retry_After="3600"))
    refused(tmp_path, server, "fetch-late", "503 (Service Unavailable)")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 501, 304, 299])
def test_a_refusal_is_not_repeated(tmp_path, serve, status):
    server = serve(lambda r: r.answer(status, b""))
    refused(tmp_path, server, f"http-{status}", "whether the address has changed")
    assert len(server.asked) == 1


def test_pauses_grow_and_are_not_all_alike(tmp_path, serve, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(transfer_module.time, "sleep", slept.append)
    limits = Limits(
        **{**QUICK.__dict__, "pause": 1.0, "longest_pause": 60, "total": 1e4, "tries": 6}
    )
    refused(tmp_path, serve(lambda r: r.answer(500, b"")), "fetch-failed", limits=limits)
    assert len(slept) == 5
    assert slept == sorted(slept)
    assert all(low <= pause <= low + 1 for pause, low in zip(slept[1:], (2, 4, 8, 16), strict=True))
    assert any(pause != round(pause) for pause in slept)


@pytest.mark.parametrize("declared", [True, False])
def test_more_bytes_than_the_record_allows(tmp_path, serve, declared):
    length = len(BODY) if declared else None
    server = serve(lambda r: r.answer(200, BODY, Content_Length=length))
    refused(tmp_path, server, "too-large", "100,000 bytes", max_bytes=100_000)
    assert not list(tmp_path.rglob("part"))


def test_an_empty_file(tmp_path, serve):
    refused(tmp_path, serve(lambda r: r.answer(200, b"")), "contents")


def test_other_bytes_than_the_record_says(tmp_path, serve):
    server = serve(lambda r: r.well(OTHER))
    refused(
        tmp_path, server, "bytes-differ", "its record says", "correct the record", sha256=DIGEST
    )


def test_other_bytes_than_at_the_first_fetch(tmp_path, serve):
    server = serve(lambda r: r.well(BODY))
    assert obtain(tmp_path, server) == BODY
    (kept,) = tmp_path.glob("files/*/file.csv")
    kept.unlink()
    server.behave = lambda r: r.well(OTHER)
    with pytest.raises(LayerError, match=r"at its first fetch it had .* --refresh"):
        obtain(tmp_path, server)
    assert not kept.exists()
    assert obtain(tmp_path, server, refresh=True) == OTHER
    server.behave = lambda r: r.answer(500)
    assert obtain(tmp_path, server) == OTHER


def test_a_spoilt_file_in_the_cache_is_fetched_again(tmp_path, serve):
    server = serve(lambda r: r.well(BODY))
    obtain(tmp_path, server)
    (kept,) = tmp_path.glob("files/*/file.csv")
    kept.write_bytes(BODY[:-1] + b"x")
    with pytest.raises(LayerError, match=r"is not in the cache .* without --offline"):
        obtain(tmp_path, server, offline=True)
    assert obtain(tmp_path, server) == BODY


def test_offline_asks_nobody(tmp_path, serve):
    server = serve(lambda r: r.well(BODY))
    refused(tmp_path, server, "offline", "without --offline", offline=True)
    assert not server.asked
    obtain(tmp_path, server)
    assert obtain(tmp_path, server, offline=True) == BODY
    assert len(server.asked) == 1


def test_an_old_part_is_continued_by_a_later_call(tmp_path, serve):
    server = serve(lambda r: r.well(BODY, stop=500_000 if r.number == 1 else 0))
    refused(tmp_path, server, "fetch-failed", "what has arrived is kept")
    server.behave = lambda r: r.well(BODY)
    assert obtain(tmp_path, server) == BODY
    assert "Range" in server.asked[-1]


def test_a_spoilt_part_is_not_continued(tmp_path, serve):
    server = serve(lambda r: r.well(BODY, stop=500_000 if r.number == 1 else 0))
    refused(tmp_path, server, "fetch-failed")
    (part,) = tmp_path.glob("files/*/part")
    part.write_bytes(b"y" * 600_000)
    asked = len(server.asked)
    server.behave = lambda r: r.well(BODY)
    assert obtain(tmp_path, server) == BODY
    assert ["Range" in one for one in server.asked[asked:]] == [False]


def test_a_server_of_this_machine_needs_an_explicit_word(tmp_path, serve, monkeypatch):
    server = serve(lambda r: r.well(BODY))
    monkeypatch.delenv("LODEMAP_FETCH_LOOPBACK")
    refused(tmp_path, server, "address-unsafe", "required is https")
    assert not server.asked


def test_a_cache_that_cannot_be_written(tmp_path, serve):
    (tmp_path / "files").write_text("no folder")
    with pytest.raises(OutputError, match=r"cache cannot be written .* choose another"):
        obtain(tmp_path, serve(lambda r: r.well(BODY)))


FAULTS: dict[str, Callable[[Request, bytes], None]] = {
    "well": lambda r, body: r.well(body),
    "half": lambda r, body: r.well(body, stop=len(body) // 2),
    "nothing": lambda r, body: None,
    "busy": lambda r, body: r.answer(503, b""),
    "ignores ranges": lambda r, body: r.answer(200, body, ETag=tag(body)),
    "other range": lambda r, body: r.answer(206, b"zz", Content_Range="bytes 5-6/7"),
    "no such range": lambda r, body: r.answer(416, b""),
    "coded": lambda r, body: r.answer(200, gzip.compress(body, 1), Content_Encoding="gzip"),
    "other file": lambda r, body: r.well(OTHER),
    "other part": lambda r, body: part_of(OTHER, r, ETag=tag(body)),
    "page": lambda r, body: r.answer(200, b"<html>", Content_Type="text/html"),
    "away": lambda r, body: r.answer(302, b"", Location="https://elsewhere.example/"),
    "short": lambda r, body: r.answer(200, body[:1000]),
    "long": lambda r, body: r.answer(200, body, Content_Length=len(body) + 9),
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=5))
def test_after_any_faults_the_file_is_right_or_absent(tmp_path_factory, loopback, script):
    root = tmp_path_factory.mktemp("cache")

    def behave(request: Request) -> None:
        FAULTS[script[min(request.number, len(script)) - 1]](request, BODY)

    with lying_server(behave) as server:
        try:
            found = obtain(root, server, sha256=DIGEST)
        except LodemapError:
            assert absent(root)
        else:
            assert found == BODY
            assert set(script) - {"nothing", "busy", "page", "away", "short", "other file"}
