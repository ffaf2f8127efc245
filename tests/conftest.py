"""Fixtures of all floors; standing here puts ``tests`` on the path.

One file, because ``--doctest-modules`` cannot tell two modules named ``conftest`` apart.
Libraries are imported inside the fixtures: most tests need none of them.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from layer_files import write_record

from geo.catalogue import load_record

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import rasterio
    from browser_pages import Visit

    from geo.catalogue import Record
    from geo.publish.content import Content
    from geo.study import Result


# No test is timed. CI repeats the same examples, so that a change is judged by what it changed;
# every other run looks for new ones.
settings.register_profile("lodemap", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("lodemap")


def pytest_collection_modifyitems(items: "list[pytest.Item]") -> None:
    """Without the compiler, which shows only that lines of kernels run, few examples do."""
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        return
    for item in items:
        test = getattr(item, "obj", None)
        asked = getattr(test, "_hypothesis_internal_use_settings", None)
        if asked is not None:
            few = settings(asked, max_examples=min(asked.max_examples, 10))
            test._hypothesis_internal_use_settings = few


# The first runs in QGIS's own Python; the fuzzer's own modules run in processes of their own.
collect_ignore = ["qgis/open_in_qgis.py"]
collect_ignore_glob = ["fuzz/fuzz_*.py"]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the cache of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LODEMAP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def content() -> "Content":
    from sample_content import sample_content

    return sample_content()


COARSE = 10_000.0
"""Cell size of the runs that most tests share [m]."""


@pytest.fixture(scope="session")
def coarse() -> "Result":
    """The Mongolia study on cells of 10 km."""
    import geo
    from geo.study.find import embedded_recipes

    return geo.Study.from_toml(embedded_recipes()["mongolia"], cell_size=COARSE).run()


@pytest.fixture(scope="session")
def coarse_folder(coarse: "Result", tmp_path_factory: pytest.TempPathFactory) -> "Path":
    """Everything that the study writes."""
    return coarse.write(tmp_path_factory.mktemp("maps") / "mongolia")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, one for all tests of a module."""
    from browser_pages import ARGUMENTS, CHROMIUM

    if not Path(CHROMIUM).exists():
        reason = f"{CHROMIUM} is missing: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> "Iterator[Callable[..., Visit]]":
    """Open pages of their own, closed after the test."""
    from browser_pages import Visit

    opened: list[Visit] = []

    def go(path: Path, options: dict[str, Any]) -> Visit:
        opened.append(Visit(chromium, path, options))
        return opened[-1]

    yield go
    for found in opened:
        found.page.context.close()


@pytest.fixture(scope="session")
def own_database() -> "Iterator[dict[str, str]]":
    """Environment that reaches a PostGIS of the tests' own."""
    from own_postgres import binaries, own_postgres

    if (found := binaries()) is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs PostGIS: apt-get install postgresql-postgis")
        pytest.skip("there is no PostgreSQL with PostGIS: apt-get install postgresql-postgis")
    with own_postgres(found) as environment:
        yield environment


@pytest.fixture
def make_vector(tmp_path: Path) -> "Callable[..., Record]":
    def make(frame: "gpd.GeoDataFrame", name: str = "some-points", **changes: object) -> "Record":
        import pyogrio

        path = tmp_path / f"{name}.gpkg"
        pyogrio.write_dataframe(frame, path, layer=name.replace("-", "_"), driver="GPKG")
        return load_record(write_record(path, "vector", **changes))

    return make


@pytest.fixture
def make_raster(tmp_path: Path) -> "Callable[..., Record]":
    def make(
        values: "np.ndarray",
        *,
        crs: str | None = "EPSG:4326",
        transform: object = None,
        stored_nodata: float | None = None,
        after: "Callable[[rasterio.io.DatasetWriter], None] | None" = None,
        **changes: object,
    ) -> "Record":
        import rasterio
        from rasterio.transform import from_origin

        path = tmp_path / "some-heights.tif"
        cube = values if values.ndim == 3 else values[None]
        profile = {
            "driver": "GTiff",
            "count": cube.shape[0],
            "height": cube.shape[1],
            "width": cube.shape[2],
            "dtype": cube.dtype,
            "transform": transform or from_origin(100, 50, 0.5, 0.5),
        }
        with rasterio.open(path, "w", crs=crs, nodata=stored_nodata, **profile) as target:
            target.write(cube)
            if after:
                after(target)
        return load_record(write_record(path, "raster", **changes))

    return make


@pytest.fixture
def three_points() -> "gpd.GeoDataFrame":
    import geopandas as gpd
    from shapely.geometry import Point

    return gpd.GeoDataFrame(
        {"name": ["a", "b", "c"], "kt": [1.0, 5.0, None], "kind": ["x", "y", "x"]},
        geometry=[Point(100, 45), Point(101, 46), Point(102, 47)],
        crs="EPSG:4326",
    )
