"""Deposit records made ready for scoring.

A record may lie within another (Heruga within Oyu Tolgoi): both never count. A grade means
something beside the median of its type. A point means something with its precision.
"""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.errors import DataError, EmptyLayerError, UnitError
from geo.minerals.linking import link
from geo.minerals.sizes import grade_fraction

__all__ = ["grade_ratio", "link", "list_share", "precision_note", "prepare", "slug", "value_spread"]

Floats = npt.NDArray[np.float64]

_STRATEGIC = 1.25


def prepare(deposits: gpd.GeoDataFrame, commodity: str | None = None) -> gpd.GeoDataFrame:
    """Select deposits and say which of them are counted within another.

    Parameters
    ----------
    deposits : GeoDataFrame
        One row a deposit with site_id (unique) and name; part_of, where there is such a
        column, holds the site_id of the parent, empty for most.
    commodity : str, optional
        Keep only these, such as ``"copper"``; needs the column commodity. All when missing.

    Returns
    -------
    GeoDataFrame
        By site_id, with the column `counted_within` added: the name of the nearest parent
        that is selected too, else empty. A part whose parent is not among the deposits, or is
        of another commodity, stands for itself.

    Raises
    ------
    EmptyLayerError
        If no row has the commodity.
    DataError
        If a column is missing, ids repeat, or records lie within one another in a ring.

    Examples
    --------
    >>> import geopandas as gpd
    >>> deposits = gpd.GeoDataFrame({"site_id": ["oyu-tolgoi", "heruga"],
    ...     "name": ["Oyu Tolgoi", "Heruga"], "part_of": [None, "oyu-tolgoi"]},
    ...     geometry=gpd.points_from_xy([106.9, 106.8], [43.0, 42.9], crs=4326))
    >>> prepare(deposits)[["site_id", "counted_within"]].values.tolist()
    [['heruga', 'Oyu Tolgoi'], ['oyu-tolgoi', '']]
    """
    _require(deposits, "site_id", "name")
    twice = deposits["site_id"][deposits["site_id"].duplicated()]
    if not twice.empty:
        raise DataError(f"deposit {twice.iloc[0]!r} stands twice: site ids must be unique")
    chosen = deposits if commodity is None else _of_commodity(deposits, commodity)
    chosen = chosen.sort_values("site_id").reset_index(drop=True)
    parents = _parents(deposits)
    names = dict(zip(chosen["site_id"], chosen["name"], strict=True))
    within = [_counted_within(site, parents, names.keys()) for site in chosen["site_id"]]
    chosen["counted_within"] = ["" if parent is None else str(names[parent]) for parent in within]
    return chosen


def slug(text: object) -> str:
    """Lower-case letters and digits joined by hyphens, as ids are written.

    Examples
    --------
    >>> slug("Rare earths")
    'rare-earths'
    """
    return re.sub(r"[^a-z0-9]+", "-", str(text).casefold()).strip("-")


def grade_ratio(deposits: pd.DataFrame, median: float, grade_unit: str) -> pd.Series:
    """Grade over the world median of the type.

    Parameters
    ----------
    deposits : DataFrame
        With grade (NaN is unknown) and grade_unit, such as ``"% Cu"``, which may differ from
        row to row.
    median : float
        Median grade, in `grade_unit`.
    grade_unit : str
        Such as ``"% Cu"``. A grade of another substance is unknown here: copper cannot be
        held against fluorspar.

    Returns
    -------
    Series
        Plain ratio by the index of `deposits`, NaN where the grade is unknown.

    Raises
    ------
    UnitError
        If a grade has no unit or its unit cannot be read.
    DataError
        If a column is missing, the median is not positive or a grade is impossible.

    Examples
    --------
    >>> import pandas as pd
    >>> ores = pd.DataFrame({"grade": [0.9, 2000.0, 30.0],
    ...                      "grade_unit": ["% Cu", "ppm Cu", "% CaF2"]})
    >>> grade_ratio(ores, 0.45, "% Cu").round(3).tolist()
    [2.0, 0.444, nan]
    """
    _require(deposits, "grade", "grade_unit")
    middle = grade_fraction(median, grade_unit)
    if not middle.fraction > 0:
        raise DataError(f"a median grade of {median} {grade_unit} is not positive")
    ratios = np.full(len(deposits), np.nan)
    rows = zip(deposits.index, deposits["grade"], deposits["grade_unit"], strict=True)
    for place, (row, grade, unit) in enumerate(rows):
        if pd.isna(grade):
            continue
        if pd.isna(unit):
            raise UnitError(f"grade {grade:g} of {row!r} has no unit: write one such as '% Cu'")
        found = grade_fraction(float(grade), str(unit))
        if found.substance.casefold() == middle.substance.casefold():
            ratios[place] = found.fraction / middle.fraction
    return pd.Series(ratios, deposits.index)


def list_share(
    table: pd.DataFrame,
    commodity: str,
    *,
    lists: Sequence[str],
    strategic: Sequence[str] = (),
) -> float:
    """Share of critical-mineral lists that name a commodity.

    A list on which the commodity is also strategic counts 1.25; the share is capped at 1.

    Parameters
    ----------
    table : DataFrame
        Columns list, commodity and listed (1, 0, or empty where not known).
    commodity : str
        Such as ``"rare-earths"``; spelling is compared by :func:`slug`.
    lists : sequence of str
        The lists that count, one an economy, such as ``("KR_critical33", "US_list")``.
    strategic : sequence of str
        Strategic lists. Each belongs to the list in `lists` whose text before the first
        underscore it shares.

    Returns
    -------
    float
        In [0, 1], or NaN when a list that is needed does not say.

    Raises
    ------
    DataError
        If a list or the commodity is not in the table, a strategic list belongs to none of
        `lists`, or a row stands twice.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"list": ["KR_critical", "KR_strategic", "JP_rare"],
    ...     "commodity": "Copper", "listed": [1, 1, 0]})
    >>> list_share(table, "copper", lists=["KR_critical", "JP_rare"], strategic=["KR_strategic"])
    0.625
    """
    if not lists:
        raise DataError("no list is named: give the lists that count")
    rows = _listed(table, commodity, [*lists, *strategic])
    owners = {_economy(name): name for name in lists}
    extra = {owners.get(_economy(name)): name for name in strategic}
    if None in extra:
        raise DataError(f"strategic list {extra[None]!r} belongs to none of {', '.join(lists)}")
    counted = [_counts(rows, name, extra.get(name)) for name in lists]
    # Not Python's min, which would take 1 for an unknown share.
    return float(np.minimum(1.0, sum(counted) / len(lists)))


def value_spread(
    surface: xr.DataArray,
    rows: npt.ArrayLike,
    columns: npt.ArrayLike,
    radius: npt.ArrayLike,
    cell_size: tuple[float, float],
) -> tuple[Floats, Floats]:
    """Smallest and largest value of a surface within each point's precision.

    Parameters
    ----------
    surface : (rows, columns) DataArray
        NaN is unknown.
    rows, columns : (n,) array_like of int
        Cells of the points.
    radius : (n,) or scalar array_like
        Precision of the points [m]; NaN where it is not known.
    cell_size : (height, width)
        Of a cell [m].

    Returns
    -------
    low, high : (n,) arrays
        In the surface's unit, over the known cells whose centre lies within `radius` of the
        point's cell centre, that cell always included. NaN where the precision is not known
        or no cell is.

    Raises
    ------
    DataError
        If a cell lies outside the surface, or a radius is negative or infinite.

    Examples
    --------
    >>> import xarray as xr
    >>> surface = xr.DataArray([[1.0, 2.0, 3.0]], dims=("y", "x"))
    >>> low, high = value_spread(surface, [0, 0], [1, 1], [0.0, 1000.0], (1000.0, 1000.0))
    >>> low.tolist(), high.tolist()
    ([2.0, 1.0], [2.0, 3.0])
    """
    values = surface.transpose("y", "x")
    at = np.atleast_1d(np.asarray(rows)), np.atleast_1d(np.asarray(columns))
    reach = np.broadcast_to(np.asarray(radius, dtype=np.float64), at[0].shape)
    _check_cells(values.shape, *at, reach)
    low, high = np.full(reach.size, np.nan), np.full(reach.size, np.nan)
    for index, (row, column, metres) in enumerate(zip(*at, reach, strict=True)):
        if np.isnan(metres):
            continue
        disc = _disc(values, int(row), int(column), float(metres), cell_size)
        known = disc[~np.isnan(disc)]
        if known.size:
            low[index], high[index] = known.min(), known.max()
    return low, high


def precision_note(title: str, low: float, high: float, unit: str, precision_km: float) -> str:
    """Say that a criterion changes within a point's precision.

    Parameters
    ----------
    title : str
        Of the criterion.
    low, high : float
        Limits of the value, from :func:`value_spread`; NaN where there are none.
    unit : str
    precision_km : float
        Precision of the point [km].

    Returns
    -------
    str
        A sentence, or nothing where the value does not change to three figures.

    Examples
    --------
    >>> precision_note("Distance to railhead", 12.04, 27.3, "km", 8.0)
    'Distance to railhead: 12 to 27.3 km within the 8 km to which the point is known.'
    """
    first, last = f"{low:.3g}", f"{high:.3g}"
    if np.isnan(low) or np.isnan(high) or first == last:
        return ""
    span = f"{first} to {last} {unit}".strip()
    return f"{title}: {span} within the {precision_km:g} km to which the point is known."


def _require(deposits: pd.DataFrame, *columns: str) -> None:
    missing = [name for name in columns if name not in deposits.columns]
    if missing:
        raise DataError(f"the deposits have no column {missing[0]!r}, which is needed here")


def _of_commodity(deposits: gpd.GeoDataFrame, commodity: str) -> gpd.GeoDataFrame:
    _require(deposits, "commodity")
    slugs = deposits["commodity"].map(slug)
    chosen = deposits[slugs == slug(commodity)]
    if chosen.empty:
        near = _near(slug(commodity), sorted(set(slugs)))
        raise EmptyLayerError(f"no deposit has the commodity {commodity!r}{near}")
    return chosen


def _near(wanted: str, known: list[str]) -> str:
    near = difflib.get_close_matches(wanted, known, 1)
    return f": did you mean {near[0]!r}?" if near else f": there are {', '.join(known)}"


def _parents(deposits: gpd.GeoDataFrame) -> dict[str, str]:
    if "part_of" not in deposits.columns:
        return {}
    named = deposits[deposits["part_of"].notna() & (deposits["part_of"] != "")]
    return dict(zip(named["site_id"], named["part_of"], strict=True))


def _counted_within(site: str, parents: Mapping[str, str], selected: Collection[str]) -> str | None:
    """Give the nearest ancestor that is selected too."""
    line: list[str] = []
    here = site
    while here in parents:
        here = parents[here]
        if here == site or here in line:
            raise DataError(f"deposit {site!r} lies within itself: correct part_of of {here!r}")
        line.append(here)
    return next((parent for parent in line if parent in selected), None)


def _listed(table: pd.DataFrame, commodity: str, names: list[str]) -> "pd.Series[float]":
    for column in ("list", "commodity", "listed"):
        if column not in table.columns:
            raise DataError(f"the lists have no column {column!r}")
    unknown = [name for name in names if name not in set(table["list"])]
    if unknown:
        raise DataError(f"no list {unknown[0]!r}{_near(unknown[0], sorted(set(table['list'])))}")
    wanted, slugs = slug(commodity), table["commodity"].map(slug)
    rows = table[(slugs == wanted) & table["list"].isin(names)]
    if rows.empty:
        near = _near(wanted, sorted(set(slugs)))
        raise DataError(f"the lists do not speak of {commodity!r}{near}")
    if rows["list"].duplicated().any():
        raise DataError(f"the lists name {commodity!r} twice for one list: keep one row")
    return pd.Series(pd.to_numeric(rows["listed"]).to_numpy(np.float64), index=rows["list"])


def _economy(name: str) -> str:
    return name.partition("_")[0]


def _counts(rows: "pd.Series[float]", name: str, strategic: str | None) -> float:
    raised = 0.0 if strategic is None else float(rows.get(strategic, np.nan))
    plain = float(rows.get(name, np.nan))
    # A strategic mineral is a critical one, whatever the plain list leaves unsaid.
    if raised > 0:
        return _STRATEGIC
    return np.nan if np.isnan(raised) or np.isnan(plain) else float(plain > 0)


def _check_cells(
    shape: tuple[int, ...],
    rows: npt.NDArray[np.integer],
    columns: npt.NDArray[np.integer],
    reach: Floats,
) -> None:
    outside = (rows < 0) | (rows >= shape[0]) | (columns < 0) | (columns >= shape[1])
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        raise DataError(
            f"cell ({rows[first]}, {columns[first]}) lies outside a surface of "
            f"{shape[0]} x {shape[1]} cells"
        )
    wrong = (reach < 0) | np.isinf(reach)
    if wrong.any():
        raise DataError(
            f"a precision of {reach[wrong][0]:g} m is not usable: "
            "give zero or more, or NaN where unknown"
        )


def _disc(
    values: xr.DataArray,
    row: int,
    column: int,
    metres: float,
    size: tuple[float, float],
) -> npt.NDArray[np.floating]:
    """Values of the cells whose centres lie within `metres` of a cell's centre."""
    height, width = size
    # One cell more than needed: the comparison below is exact, the division is not.
    reach = int(metres / height) + 1, int(metres / width) + 1
    top, left = max(row - reach[0], 0), max(column - reach[1], 0)
    window = values[top : row + reach[0] + 1, left : column + reach[1] + 1].to_numpy()
    down = (np.arange(top, top + window.shape[0]) - row) * height
    right = (np.arange(left, left + window.shape[1]) - column) * width
    near = down[:, None] ** 2 + right**2 <= metres**2
    return np.asarray(window[near])
