"""What a study writes passes the checks of those who wrote the formats."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import geoparquet_validator
import pytest
from rio_cogeo import cog_validate

from geo.catalogue import Catalogue

PYTHON = "/usr/bin/python3"


def ogc_faults(path: Path, folder: Path) -> str:
    """What GDAL's script says of a GeoPackage, which checks the OGC's requirements one by one."""
    # A copy: the script opens it for writing. Debian's own Python, with nothing of ours.
    copied = folder / path.name
    copied.write_bytes(path.read_bytes())
    found = subprocess.run(
        [PYTHON, "-I", "-m", "osgeo_utils.samples.validate_gpkg", "-k", str(copied)],
        capture_output=True, text=True, cwd=folder, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return "" if found.returncode == 0 else found.stdout + found.stderr


@pytest.fixture(scope="module")
def validator() -> None:
    probe = [PYTHON, "-I", "-c", "import osgeo_utils.samples.validate_gpkg"]
    if subprocess.run(probe, capture_output=True).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs GDAL's scripts: apt-get install python3-gdal")
        pytest.skip(f"{PYTHON} has no GDAL: apt-get install python3-gdal")


@pytest.mark.usefixtures("validator")
def test_the_geopackage_of_a_result_passes_the_ogc_checks(coarse_folder, tmp_path):
    assert ogc_faults(coarse_folder / "lodemap.gpkg", tmp_path) == ""


@pytest.mark.usefixtures("validator")
def test_embedded_geopackages_pass_the_ogc_checks(tmp_path):
    catalogue = Catalogue.open()
    paths = [catalogue[one].path for one in catalogue if catalogue[one].path.suffix == ".gpkg"]
    assert len(paths) > 10
    assert {path.name: said for path in paths if (said := ogc_faults(path, tmp_path))} == {}


@pytest.mark.usefixtures("validator")
def test_the_ogc_checks_can_fail(coarse_folder, tmp_path):
    spoilt = tmp_path / "spoilt.gpkg"
    spoilt.write_bytes((coarse_folder / "lodemap.gpkg").read_bytes())
    with closing(sqlite3.connect(spoilt)) as database, database:
        database.execute("UPDATE gpkg_geometry_columns SET z = 9")
    (tmp_path / "copy").mkdir()
    assert "Req" in ogc_faults(spoilt, tmp_path / "copy")


def test_rasters_of_a_result_are_cloud_optimized(coarse_folder):
    rasters = sorted(coarse_folder.glob("*.tif"))
    assert rasters
    for path in rasters:
        valid, errors, warned = cog_validate(path, quiet=True)
        assert (valid, errors, warned) == (True, [], []), path.name


def test_geoparquet_passes_the_checks_of_the_standard(coarse_folder):
    report = geoparquet_validator.check(str(coarse_folder / "sites.parquet"))
    # "distribution" is advice on large files, not a part of the format.
    assert geoparquet_validator.failed(report, "core") == []
    passed = [one["id"] for one in report["outcomes"] if one["status"] == "pass"]
    assert len(passed) > 5


def test_the_checks_of_geoparquet_can_fail(coarse_folder):
    data = (coarse_folder / "sites.parquet").read_bytes().replace(b'"WKB"', b'"WKX"')
    report = geoparquet_validator.check_bytes("spoilt", data)
    assert geoparquet_validator.failed(report, "core")
