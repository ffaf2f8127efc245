"""Licence registers: who may dig where, and which deposit lies under which licence.

National registers come with headings in their own script and areas in square metres, hectares
or square kilometres, rarely saying which. The unit is told by the outlines themselves.
"""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from geo.errors import CrsError, DataError
from geo.minerals.vocabulary import tidy

__all__ = ["COLUMNS", "assign_licences", "read_licences"]

COLUMNS = ("licence", "name", "holder", "kind", "granted", "expires", "area_km2")
"""Columns of a licence beside its outline; area [km2] is that of the outline."""

_GEOD = Geod(ellps="WGS84")
# Headings by which registers name these facts, in lower case: Mongolian, then English.
_HEADINGS: dict[str, tuple[str, ...]] = {
    "licence": ("тусгай зөвшөөрлийн дугаар", "тз дугаар", "дугаар", "licence", "license", "code"),
    "name": ("талбайн нэр", "нэр", "area name", "name"),
    "holder": ("эзэмшигч", "эзэмшигчийн нэр", "holder", "company"),
    "kind": ("төрөл", "тз төрөл", "licence type", "license type", "type"),
    "granted": ("олгосон огноо", "granted", "date granted"),
    "expires": ("дуусах огноо", "хүчинтэй хугацаа", "expires", "expiry"),
    "area": ("талбай", "талбайн хэмжээ", "талбай (м2)", "area", "area_m2", "area (m2)"),
}
_AREA_UNITS = {"m2": 1e-6, "ha": 1e-2, "km2": 1.0}
_NEAR = 0.1
"""Stated and measured area may differ by this share: projections and old surveys."""


def read_licences(
    table: gpd.GeoDataFrame, columns: Mapping[str, str] | None = None
) -> gpd.GeoDataFrame:
    """Bring a licence register into one schema.

    Parameters
    ----------
    table : GeoDataFrame
        Outlines with a CRS.
    columns : mapping, optional
        Fact of :data:`COLUMNS` (and ``"area"``) -> heading of the table, where the heading is
        none of the known ones.

    Returns
    -------
    GeoDataFrame
        In EPSG:4326 with :data:`COLUMNS`. `area_km2` is measured on the ellipsoid;
        `attrs["area_unit"]` tells the unit in which the register states areas, None where it
        states none.

    Raises
    ------
    CrsError
        If the table has no CRS.
    DataError
        If there is no number of the licence, or the stated areas fit the outlines in no unit.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> table = gpd.GeoDataFrame({"Дугаар": ["MV-1"], "Эзэмшигч": ["Жишээ ХХК"],
    ...     "Талбай": [81_546_000.0]}, geometry=[shapely.box(106, 43, 106.1, 43.09)], crs=4326)
    >>> licences = read_licences(table)
    >>> licences.attrs["area_unit"], round(float(licences["area_km2"].iloc[0]), 1)
    ('m2', 81.5)
    """
    if table.crs is None:
        raise CrsError("the licence register has no CRS: name it, as in set_crs(4326)")
    found = _find_columns(table, columns or {})
    if "licence" not in found:
        raise DataError(
            "the licence register has no column with the licence's number among "
            f"{', '.join(map(str, table.columns))}: name it, as in columns={{'licence': '...'}}"
        )
    licences = gpd.GeoDataFrame(geometry=table.geometry.to_crs(4326).to_numpy(), crs=4326)
    for fact in COLUMNS[:-1]:
        given = table[found[fact]].map(tidy) if fact in found else [""] * len(table)
        licences[fact] = np.asarray(given, dtype=object)
    outlines = licences.geometry.to_numpy()
    licences["area_km2"] = [_area_km2(outline) for outline in outlines]
    stated = pd.to_numeric(table[found["area"]]).to_numpy(np.float64) if "area" in found else None
    licences.attrs["area_unit"] = None if stated is None else _unit(stated, licences["area_km2"])
    return licences[[*COLUMNS, "geometry"]]


def assign_licences(deposits: gpd.GeoDataFrame, licences: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Tell under which licence each deposit lies, and how sure that is.

    Parameters
    ----------
    deposits : GeoDataFrame
        Points with precision_km (NaN counts as zero).
    licences : GeoDataFrame
        From :func:`read_licences`.

    Returns
    -------
    GeoDataFrame
        `deposits` with licence, holder and `licence_basis`: ``"inside"`` where every place
        within the point's precision lies in the outline, ``"possible"`` where only some do,
        empty where none does. Of several, the one that holds the point, then the smallest.

    Raises
    ------
    DataError
        If a column is missing.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> mine = gpd.GeoDataFrame({"precision_km": [1.0]}, geometry=[shapely.Point(106.05, 43.05)],
    ...     crs=4326)
    >>> held = gpd.GeoDataFrame({"licence": ["MV-1"], "holder": ["Example LLC"],
    ...     "area_km2": [81.5]}, geometry=[shapely.box(106, 43, 106.1, 43.1)], crs=4326)
    >>> assign_licences(mine, held)[["licence", "licence_basis"]].values.tolist()
    [['MV-1', 'inside']]
    """
    if "precision_km" not in deposits.columns:
        raise DataError("the deposits have no column 'precision_km', which is needed here")
    answer = deposits.copy()
    places = deposits.geometry.to_crs(4326).to_numpy()
    reach = deposits["precision_km"].fillna(0.0).to_numpy(np.float64)
    tree = shapely.STRtree(licences.geometry.to_numpy())
    found = [
        _held(place, km * 1000.0, licences, tree) for place, km in zip(places, reach, strict=True)
    ]
    answer[["licence", "holder", "licence_basis"]] = found
    return answer


def _find_columns(table: gpd.GeoDataFrame, given: Mapping[str, str]) -> dict[str, str]:
    headings = {str(name).strip().casefold(): str(name) for name in table.columns}
    found = {}
    for fact, known in _HEADINGS.items():
        if fact in given and given[fact] not in table.columns:
            raise DataError(f"the licence register has no column {given[fact]!r}")
        names = (given[fact].strip().casefold(),) if fact in given else known
        here = next((headings[name] for name in names if name in headings), None)
        if here is not None:
            found[fact] = here
    return found


def _unit(stated: np.ndarray, measured: pd.Series) -> str:
    known = np.isfinite(stated) & (stated > 0)
    ratio = np.median(measured.to_numpy()[known] / stated[known]) if known.any() else np.nan
    near = [unit for unit, km2 in _AREA_UNITS.items() if abs(ratio / km2 - 1) <= _NEAR]
    if not near:
        raise DataError(
            "the licence register's areas fit its outlines neither in m2, ha nor km2 "
            f"(outline over statement: {ratio:.3g} km2): check the CRS and the column"
        )
    return near[0]


def _area_km2(outline: shapely.Geometry) -> float:
    return abs(float(_GEOD.geometry_area_perimeter(outline)[0])) / 1e6


def _held(
    place: shapely.Point, reach: float, licences: gpd.GeoDataFrame, tree: shapely.STRtree
) -> tuple[str, str, str]:
    disc = _disc(place, reach)
    rows = licences.iloc[np.sort(tree.query(disc, predicate="intersects"))]
    if rows.empty:
        return "", "", ""
    holds = rows.geometry.intersects(place)
    best = rows.assign(_holds=~holds).sort_values(["_holds", "area_km2", "licence"]).iloc[0]
    basis = "inside" if best.geometry.covers(disc) else "possible"
    return str(best["licence"]), str(best["holder"]), basis


def _disc(place: shapely.Point, reach: float) -> shapely.Geometry:
    if reach <= 0:
        return place
    bearings = np.arange(0.0, 360.0, 11.25)
    n = bearings.size
    east, north, _ = _GEOD.fwd([place.x] * n, [place.y] * n, bearings, [reach] * n)
    return shapely.Polygon(zip(east, north, strict=True))
