"""From a publisher's file to a layer with its record, also when processes die or collide."""

import io
import json
import resource
import signal
import ssl
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from lying_server import Request, Server, lying_server
from rasterio.transform import from_origin
from shapely.geometry import Point

from geo.catalogue import Catalogue, read_raster, read_table, read_vector
from geo.catalogue.fetch import Limits, fetch, load_remote, remote_records
from geo.catalogue.findings import LayerWarning
from geo.catalogue.inspection import inspect
from geo.catalogue.record_text import record_text
from geo.cli import main
from geo.errors import DataError, LayerError, OutputError

QUICK = Limits(connect=2, read=2, total=30, tries=2, pause=0.01, longest_pause=0.02)
BODY = b"name,kt\n" + b"".join(b"mine %d,%d\n" % (n, n) for n in range(100_000))


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LODEMAP_FETCH_LOOPBACK", "1")


@pytest.fixture
def site() -> Iterator[tuple[Server, dict[str, bytes]]]:
    """A server of a few files."""
    files: dict[str, bytes] = {}

    def behave(request: Request) -> None:
        body = files.get(request.path.lstrip("/"))
        if body is None:
            request.answer(404)
        else:
            request.well(body)

    with lying_server(behave) as server:
        yield server, files


def remote(folder: Path, server: Server, path: str, **said: object) -> Path:
    """Write a record of what can be fetched; None leaves a key out."""
    fields = {
        "id": "some-mines",
        "title": "Mines",
        "kind": "table",
        "url": server.url(path),
        "max_bytes": 10_000_000,
        "format": "csv",
        "licence": "CC0-1.0",
        "attribution": "nobody",
        "source": "made up",
        "quality": "screening",
        "limits": "made up",
        **said,
    }
    folder.mkdir(exist_ok=True)
    toml = folder / f"{fields['id']}.toml"
    toml.write_text(record_text(fields), "utf-8")
    return toml


def bring(tmp_path: Path, toml: Path, **options: object) -> object:
    record = load_remote(toml)
    return fetch(
        record.id,
        tmp_path / "layers",
        records={record.id: record},
        cache=tmp_path / "cache",
        limits=QUICK,
        **options,
    )


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in members.items():
            target.writestr(name, body)
    return stream.getvalue()


def shapefile(folder: Path) -> dict[str, bytes]:
    frame = gpd.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=[Point(100, 45), Point(101, 46)], crs=4326
    )
    frame.to_file(folder / "mines.shp")
    return {f"deep/down/{p.name}": p.read_bytes() for p in sorted(folder.glob("mines.*"))}


# ---------------------------------------------------------------- what becomes of a file


def test_a_table_becomes_a_layer_with_its_record(tmp_path, site):
    server, files = site
    files["mines.csv"] = BODY
    columns = {"kt": {"unit": "kt", "description": "Tonnage"}}
    fetched = bring(tmp_path, remote(tmp_path / "r", server, "mines.csv", columns=columns))
    record = fetched.record
    assert record.path == (tmp_path / "layers" / "some-mines.csv").resolve()
    assert record.licence == "CC0-1.0"
    assert server.address in record.source
    assert read_table(record)["kt"].sum() == 99_999 * 50_000
    assert Catalogue.open(tmp_path / "layers").ids() == ("some-mines",)
    assert sorted(p.name for p in (tmp_path / "layers").iterdir()) == [
        "some-mines.csv", "some-mines.toml",
    ]  # fmt: skip


def test_fetching_twice_gives_the_same_bytes(tmp_path, site):
    server, files = site
    files["mines.csv"] = BODY
    toml = remote(tmp_path / "r", server, "mines.csv")
    first = bring(tmp_path, toml).record
    before = first.toml.read_bytes()
    assert bring(tmp_path, toml, offline=True).record.sha256 == first.sha256
    assert first.toml.read_bytes() == before
    assert len(server.asked) == 1


def test_a_shapefile_comes_out_of_its_archive(tmp_path, site):
    server, files = site
    files["m.zip"] = archive({**shapefile(tmp_path), "readme.txt": b"hello"})
    toml = remote(
        tmp_path / "r", server, "m.zip", kind="vector", format="zip", crs="EPSG:4326",
        member="mines.shp",
    )  # fmt: skip
    record = bring(tmp_path, toml).record
    assert read_vector(record)["name"].tolist() == ["a", "b"]
    assert inspect(record) == []


@pytest.mark.parametrize(
    ("members", "member", "code"),
    [
        ({"a.csv": b"a,b", "x/b.csv": b"a,b"}, None, "archive-member"),
        ({"a.txt": b"a,b"}, None, "archive-member"),
        ({"x/a.csv": b"a,b", "y/a.csv": b"a,b"}, "a.csv", "archive-member"),
        ({"a.csv": bytes(1_200_000_000)}, None, "archive-bomb"),
    ],
)
def test_archives_that_are_refused(tmp_path, site, members, member, code):
    server, files = site
    files["m.zip"] = archive(members)
    toml = remote(tmp_path / "r", server, "m.zip", format="zip", member=member)
    with pytest.raises(LayerError) as caught:
        bring(tmp_path, toml)
    assert caught.value.code == code
    assert str(caught.value).startswith("some-mines: ")
    assert not list((tmp_path / "layers").iterdir())


def test_the_user_names_the_member(tmp_path, site):
    server, files = site
    files["m.zip"] = archive({"a.csv": b"a\n1\n", "x/b.csv": b"a\n2\n"})
    toml = remote(tmp_path / "r", server, "m.zip", format="zip")
    assert read_table(bring(tmp_path, toml, member="x/b.csv").record)["a"].tolist() == [2]


def test_names_in_an_archive_never_become_paths(tmp_path, site):
    server, files = site
    files["m.zip"] = archive({"../../../evil.csv": b"a\n1\n", "a.csv": b"a\n1\n"})
    with pytest.raises(LayerError, match=r"'\.\./\.\./\.\./evil\.csv' leads out") as caught:
        bring(tmp_path, remote(tmp_path / "r", server, "m.zip", format="zip"))
    assert caught.value.code == "archive-path"
    assert not list(tmp_path.parent.rglob("evil.csv"))


def test_a_table_of_places_becomes_points(tmp_path, site):
    server, files = site
    rows = b"dep_id,site_name,latitude,longitude\n7,Erdenet,49.02,104.13\n8,Lost,,\n"
    files["m.zip"] = archive({"mrds.csv": rows, "read.me": b"x"})
    toml = remote(
        tmp_path / "r", server, "m.zip", kind="vector", format="zip", crs="EPSG:4326",
        x="longitude", y="latitude",
    )  # fmt: skip
    record = bring(tmp_path, toml).record
    assert (record.kind, record.x, record.y) == ("vector", "longitude", "latitude")
    with pytest.warns(LayerWarning, match="1 of 2 features have no geometry"):
        frame = read_vector(record)
    assert frame["site_name"].tolist() == ["Erdenet"]
    assert (frame.geometry.x[0], frame.geometry.y[0]) == (104.13, 49.02)


def test_the_deposits_that_can_be_fetched_become_points():
    found = remote_records()
    for name in ("usgs-mrds", "usgs-major-deposits"):
        assert found[name].kind == "vector"
        assert (found[name].fields["x"], found[name].fields["y"]) == ("longitude", "latitude")


def test_a_parameter_fills_the_address(tmp_path, site):
    server, files = site
    files["MNG/1.csv"] = b"a\n1\n"
    parameters = {
        "iso": {"description": "a code such as MNG", "pattern": "[A-Z]{3}"},
        "level": {"description": "a level", "pattern": "[0-5]"},
    }
    toml = remote(tmp_path / "r", server, "{iso}/{level}.csv", parameters=parameters)
    record = bring(tmp_path, toml, values={"level": "1", "iso": "MNG"}).record
    assert record.id == "some-mines-mng-1"
    with pytest.raises(LayerError) as caught:
        bring(tmp_path, toml, values={"iso": "../..", "year": "1"})
    assert str(caught.value).splitlines() == [
        "some-mines: iso is '../..', required is a code such as MNG",
        "some-mines: needs level (a level): add --set level=…",
        "some-mines: has no parameter 'year': leave it out",
    ]


def tile(west: float, north: float, value: float, columns: int) -> bytes:
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=10, width=columns, count=1, dtype="float32", crs="EPSG:4326",
            transform=from_origin(west, north, 1 / columns, 0.1), tiled=True, blockxsize=16,
            blockysize=16,
        ) as target:  # fmt: skip
            target.write(np.full((10, columns), value, "float32"), 1)
        return memory.read()


def dem(tmp_path: Path, server: Server) -> Path:
    return remote(
        tmp_path / "r", server, "{lat}/{lon}.tif", id="dem", kind="raster", format="geotiff",
        tile_degrees=1, crs="EPSG:4326", unit="m", nodata=float("nan"),
    )  # fmt: skip


def test_tiles_are_joined_and_a_missing_one_is_unknown(tmp_path, site):
    server, files = site
    files["N49/E106.tif"] = tile(106, 50, 100, 10)
    files["N49/E107.tif"] = tile(107, 50, 200, 10)
    # Beyond 50 degrees the cells of such tiles are wider.
    files["N50/E106.tif"] = tile(106, 51, 300, 5)
    fetched = bring(tmp_path, dem(tmp_path, server), bounds=(106.5, 49.5, 107.5, 50.5))
    assert fetched.missing_tiles == 1
    assert fetched.record.id == "dem-e106-5-n49-5-e107-5-n50-5"
    raster = read_raster(fetched.record)
    assert raster.shape == (10, 10)
    assert raster.sel(x=106.75, y=49.75, method="nearest") == 100
    assert raster.sel(x=107.25, y=49.75, method="nearest") == 200
    assert raster.sel(x=106.75, y=50.25, method="nearest") == 300
    assert np.isnan(raster.sel(x=107.25, y=50.25, method="nearest"))
    assert int(np.isnan(raster).sum()) == 25


def test_a_region_without_tiles(tmp_path, site):
    server, _ = site
    with pytest.raises(LayerError, match="has no tile"):
        bring(tmp_path, dem(tmp_path, server), bounds=(0.0, 0.0, 0.5, 0.5))


@pytest.mark.parametrize(
    "bounds",
    [None, (10.0, 1.0, 5.0, 2.0), (0.0, -91.0, 1.0, 0.0), (-180.0, -90.0, 180.0, 90.0)],
)
def test_bounds_that_make_no_sense(tmp_path, site, bounds):
    server, _ = site
    with pytest.raises(DataError):
        bring(tmp_path, dem(tmp_path, server), bounds=bounds)
    assert not server.asked


def test_what_may_not_be_passed_on_says_where_to_get_it(tmp_path):
    with pytest.raises(LayerError, match=r"does not let it be passed on: .*protectedplanet\.net"):
        fetch("protected-areas-wdpa", tmp_path / "layers", cache=tmp_path / "cache")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- records


def test_the_records_that_come_along_are_sound():
    records = remote_records()
    assert {"natural-earth-countries", "geoboundaries", "copernicus-dem-30m", "usgs-mrds",
            "global-solar-atlas-ghi", "global-wind-atlas-speed", "openstreetmap-railways",
            "usgs-major-deposits", "protected-areas-wdpa"} <= set(records)  # fmt: skip
    for record in records.values():
        assert record.get_from or (record.url or "").startswith("https://")
    assert not set(records) & set(Catalogue.open().ids())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://example.org/a.csv"}, "required is https"),
        ({"url": "file:///etc/passwd"}, "required is https"),
        ({"url": "https://me:word@example.org/a.csv"}, "carries a name or password"),
        ({"url": "https://{iso}/a.csv"}, "leaves its host open"),
        ({"url": "https://example.org/{iso}.csv"}, "do not name the same: iso"),
        ({"url": "https://["}, "address is broken"),
        ({"url": None}, "url is missing"),
        ({"format": "exe"}, "required is one of zip"),
        ({"max_bytes": 0}, "max_bytes is 0"),
        ({"max_bytes": None}, "max_bytes is None"),
        ({"sha256": "12"}, "64 hexadecimal digits"),
        ({"kind": "raster"}, "unit is missing"),
        ({"tile_degrees": 0.5}, "required is a whole number"),
        ({"parameters": {"a": {"pattern": "("}}}, "a description and a pattern"),
        ({"parameters": {"a": {"pattern": "(", "description": ""}}}, "no regular expression"),
        ({"licence": None}, "licence is missing"),
        ({"quality": "good"}, "required is one of surveyed"),
        ({"adress": "x"}, "is no key"),
        ({"x": "lon", "y": "lat"}, "name the columns of a vector layer's coordinates"),
        ({"kind": "vector", "crs": "EPSG:4326", "x": "lon"}, "name the columns of a vector"),
    ],
)
def test_faults_of_a_record(tmp_path, site, changes, said):
    server, _ = site
    with pytest.raises(LayerError) as caught:
        load_remote(remote(tmp_path / "r", server, "a.csv", **changes))
    assert said in str(caught.value)
    assert all(line.startswith(str(tmp_path)) for line in str(caught.value).splitlines())


# ---------------------------------------------------------------- encrypted connections


def test_only_a_certificate_that_holds_is_trusted(tmp_path, monkeypatch):
    import trustme

    monkeypatch.delenv("LODEMAP_FETCH_LOOPBACK")
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with lying_server(lambda request: request.well(BODY), tls=context) as server:
        toml = remote(tmp_path / "r", server, "mines.csv")
        with pytest.raises(LayerError, match="certificate does not hold"):
            bring(tmp_path, toml)
        assert not list((tmp_path / "cache").glob("files/*/file.*"))
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert bring(tmp_path, toml).record.path.read_bytes() == BODY


# ---------------------------------------------------------------- processes


def run(arguments: list[str], **options: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "geo", "layers", "fetch", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def arguments(tmp_path: Path, out: str = "layers") -> list[str]:
    return [
        "some-mines", "--records", str(tmp_path / "r"), "--cache", str(tmp_path / "cache"),
        "--out", str(tmp_path / out),
    ]  # fmt: skip


def slowly(request: Request, seconds: float = 2.0) -> None:
    start = request.first or 0
    if start and request.headers.get("If-Range") == '"one"':
        rest, status = BODY[start:], 206
        said = {"Content_Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"}
    else:
        rest, status, said = BODY, 200, {}
    request.answer(status, b"", ETag='"one"', Content_Length=len(rest), **said)
    for at in range(0, len(rest), 50_000):
        request.send(rest[at : at + 50_000])
        time.sleep(seconds * 50_000 / len(BODY))


def test_a_process_that_is_killed_leaves_nothing_wrong(tmp_path):
    with lying_server(slowly) as server:
        remote(tmp_path / "r", server, "mines.csv")
        for _ in range(3):
            asked = len(server.asked)
            process = run(arguments(tmp_path))
            while len(server.asked) == asked or not list(tmp_path.glob("cache/files/*/part")):
                time.sleep(0.02)
            time.sleep(0.3)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert not list(tmp_path.glob("cache/files/*/file.*"))
            assert not list(tmp_path.glob("layers/*.toml"))
        server.behave = lambda request: slowly(request, 0.0)
        process = run(arguments(tmp_path))
        out, error = process.communicate()
        assert process.returncode == 0, error
        assert Path(out.strip()).read_bytes() == BODY
        assert "fetching some-mines" in error


def test_a_process_that_is_interrupted_is_continued(tmp_path):
    with lying_server(slowly) as server:
        remote(tmp_path / "r", server, "mines.csv")
        process = run(arguments(tmp_path))
        while (
            not (parts := list(tmp_path.glob("cache/files/*/part"))) or not parts[0].stat().st_size
        ):
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
        assert process.returncode != 0
        assert "Traceback" not in error
        server.behave = lambda request: slowly(request, 0.0)
        process = run(arguments(tmp_path))
        process.communicate()
        assert process.returncode == 0
        assert "Range" in server.asked[-1]
        assert (tmp_path / "layers" / "some-mines.csv").read_bytes() == BODY


def test_two_processes_share_one_fetch(tmp_path):
    with lying_server(lambda request: slowly(request, 1.0)) as server:
        remote(tmp_path / "r", server, "mines.csv")
        both = [run(arguments(tmp_path, out)) for out in ("one", "two")]
        for process in both:
            _, error = process.communicate()
            assert process.returncode == 0, error
        assert len(server.asked) == 1
    for out in ("one", "two"):
        assert (tmp_path / out / "some-mines.csv").read_bytes() == BODY
    assert Catalogue.open(tmp_path / "one")["some-mines"].sha256


def test_a_disk_that_is_full(tmp_path):
    """A limit on the size of files stands for the disk: writing fails in the same place."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    with lying_server(lambda request: request.well(BODY)) as server:
        remote(tmp_path / "r", server, "mines.csv")
        process = run(arguments(tmp_path), preexec_fn=limited)
        _, error = process.communicate()
        assert process.returncode == 1
        assert "cannot be written" in error
        assert "make room there" in error
        assert "Traceback" not in error
        assert not list(tmp_path.glob("cache/files/*/file.*"))
        assert not list(tmp_path.glob("layers/*"))
        process = run(arguments(tmp_path))
        process.communicate()
        assert process.returncode == 0
    assert (tmp_path / "layers" / "some-mines.csv").read_bytes() == BODY


def test_a_folder_that_cannot_be_written(tmp_path, site):
    server, files = site
    files["mines.csv"] = BODY
    (tmp_path / "layers").write_text("no folder")
    with pytest.raises(OutputError, match="choose another folder with --out"):
        bring(tmp_path, remote(tmp_path / "r", server, "mines.csv"))


# ---------------------------------------------------------------- the command


def test_the_command_lists_what_can_be_fetched():
    found = CliRunner().invoke(main, ["layers", "fetch"])
    assert found.exit_code == 0
    assert "copernicus-dem-30m" in found.stdout
    assert "--bbox W S E N" in found.stdout
    rows = json.loads(CliRunner().invoke(main, ["layers", "fetch", "--json"]).stdout)
    assert {row["id"] for row in rows} == set(remote_records())


def test_the_command_fetches_and_says_so_as_data(tmp_path, site):
    server, files = site
    files["mines.csv"] = BODY
    remote(tmp_path / "r", server, "mines.csv")
    found = CliRunner().invoke(main, ["layers", "fetch", *arguments(tmp_path), "--json"])
    assert found.exit_code == 0, found.stderr
    (row,) = json.loads(found.stdout)
    assert Path(row["path"]).read_bytes() == BODY
    assert row["missing_tiles"] == 0


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["no-such-layer"], "there is no layer 'no-such-layer' to fetch"),
        (["usgs-mrds", "--set", "iso3"], "is no NAME=VALUE"),
        (["usgs-mrds", "--offline"], "fetch it once without --offline"),
        (["usgs-mrds", "--bbox", "1", "2", "3", "4"], "leave --bbox out"),
        (["copernicus-dem-30m"], "--bbox WEST SOUTH EAST NORTH"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, extra, said):
    monkeypatch.setenv("LODEMAP_CACHE", str(tmp_path / "cache"))
    found = CliRunner().invoke(main, ["layers", "fetch", "--out", str(tmp_path / "out"), *extra])
    assert found.exit_code == 2
    assert said in found.stderr
    assert not list(tmp_path.glob("out/*"))
