"""Densities around cells and intersections of lines."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from scipy.integrate import quad

from geo.criteria.density import density_of, intersections
from geo.errors import CrsError, DataError, EmptyLayerError, LayerError

GRID = GeoBox.from_bbox((0, 0, 40_000, 30_000), "EPSG:3857", resolution=1000)


def frame(*shapes: shapely.Geometry, crs: int = 3857) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def quartic(distance: float, radius: float) -> float:
    return 3 / (np.pi * radius**2) * max(1 - (distance / radius) ** 2, 0.0) ** 2


places = st.tuples(st.floats(-5_000, 45_000), st.floats(-5_000, 35_000))


@given(st.lists(places, min_size=1, max_size=6), st.floats(2_000, 15_000))
@settings(max_examples=50)
def test_points_are_summed_as_the_kernel_says(
    points: list[tuple[float, float]], radius: float
) -> None:
    found = density_of(frame(*map(shapely.Point, points)), GRID, radius=radius).to_numpy()
    for row, column in ((0, 0), (15, 20), (29, 39)):
        x, y = (column + 0.5) * 1000, 30_000 - (row + 0.5) * 1000
        apart = [np.hypot(x - px, y - py) for px, py in points]
        assert found[row, column] == pytest.approx(
            1e6 * sum(quartic(d, radius) for d in apart), rel=1e-5, abs=1e-9
        )


def test_the_density_adds_up_to_the_points_and_to_the_length() -> None:
    points = density_of(frame(shapely.Point(20_100, 15_300)), GRID, radius=9_000)
    assert float(points.sum()) == pytest.approx(1.0, abs=2e-3)
    line = density_of(
        frame(shapely.LineString([(12_000, 14_000), (27_000, 16_500)])), GRID, radius=8_000
    )
    assert float(line.sum()) == pytest.approx(np.hypot(15, 2.5), rel=2e-3)
    assert (points.attrs["units"], line.attrs["units"]) == ("1/km2", "km/km2")


def test_a_line_is_the_integral_of_the_kernel_along_it() -> None:
    found = density_of(
        frame(shapely.LineString([(5_000, 10_500), (30_000, 10_500)])), GRID, radius=6_000
    )
    # Row 18 has its centres at y = 11,500: one kilometre from the line.
    exact, _ = quad(lambda x: quartic(np.hypot(x - 10_500, 1_000), 6_000), 5_000, 16_500)
    assert float(found[18, 10]) == pytest.approx(1e3 * exact, rel=2e-3)


def test_a_window_has_what_the_whole_has() -> None:
    mines = frame(
        shapely.Point(3_000, 4_000), shapely.Point(22_000, 19_500), shapely.Point(-800, 12_000)
    )
    whole = density_of(mines, GRID, radius=7_500).to_numpy()
    assert np.array_equal(density_of(mines, GRID[10:20, :], radius=7_500).to_numpy(), whole[10:20])


def test_lines_meet_once_however_they_meet() -> None:
    lines = frame(
        shapely.MultiLineString([[(0, 0), (4, 4)], [(0, 4), (4, 0)]]),
        shapely.LineString([(2, 2), (2, 9)]),
        shapely.LineString([(3, 3), (6, 6)]),
    )
    assert intersections(lines).geometry.to_wkt(rounding_precision=3).tolist() == ["POINT (2 2)"]
    with pytest.raises(EmptyLayerError, match="no two lines"):
        intersections(lines.iloc[[1]])


@pytest.mark.parametrize(
    ("features", "radius", "error", "words"),
    [
        (frame(shapely.Point(0, 0)), 0.0, DataError, "positive number of metres"),
        (frame(shapely.Point(0, 0)), np.nan, DataError, "positive number of metres"),
        (frame(shapely.box(0, 0, 1, 1)), 1e3, LayerError, "polygons"),
        (frame(shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)])), 1e3, LayerError, "both"),
        (frame(shapely.Point()), 1e3, EmptyLayerError, "usable"),
        (frame(shapely.Point(0, 0), crs=4326), 1e3, CrsError, "reproject"),
    ],
)
def test_refuses(
    features: gpd.GeoDataFrame, radius: float, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        density_of(features, GRID, radius=radius)
