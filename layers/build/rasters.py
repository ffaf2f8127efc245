"""Relief, all-sky sun, clear-sky turbidity and temperature as GeoTIFFs.

All four are read from tables inside locked packages. Each grid is checked against the
coordinates that its package states before a window is cut, because half a cell or a flipped
axis would pass unnoticed: 5 minutes are 9 km, 3 degrees are 330 km.
"""

from io import BytesIO
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from affine import Affine

from layers.build.common import package_version, pypi_file, write_raster

__all__ = ["BOX", "build", "relief", "solar_ghi", "temperature", "turbidity"]

BOX = (85.0, 30.0, 146.0, 54.0)
"""West, south, east and north of the embedded region [degrees]."""

FOLDER = "northeast-asia"
MONTHS = [f"m{month:02d}" for month in range(1, 13)]
ARC_5MIN = 1 / 12

Array = npt.NDArray[Any]


def _npz(package: str, member: str) -> dict[str, Array]:
    """Arrays of an ``.npz`` inside a locked package; pickled objects are refused."""
    with np.load(BytesIO(pypi_file(package, member)), allow_pickle=False) as tables:
        return {name: tables[name] for name in tables.files}


def _itu(member: str) -> Array:
    return _npz("itur", f"itur/data/{member}.npz")["arr_0"].astype("float64")


def _h5(member: str, name: str) -> Array:
    with h5py.File(BytesIO(pypi_file("pvlib", f"pvlib/data/{member}.h5"))) as tables:
        return np.asarray(tables[name][:])


def _transform(west: float, north: float, step: float) -> Affine:
    return Affine(step, 0.0, west, 0.0, -step, north)


def window(
    values: Array, lat: Array, lon: Array, step: float, box: tuple[float, float, float, float]
) -> tuple[Array, Affine]:
    """Cut the cells that touch a box out of a grid whose nodes are cell centres.

    Parameters
    ----------
    values : (..., lat, lon) array
    lat, lon : 1-D arrays
        Coordinates of the centres [degrees], evenly spaced, in any order.
    step : float
        Spacing that both axes must have [degrees].
    box : tuple
        West, south, east and north [degrees].

    Returns
    -------
    cut : (..., rows, columns) array
        North up, west first.
    transform : Affine
        Of the outer edges of the cut.

    Raises
    ------
    ValueError
        If an axis is not evenly spaced by the step.
    """
    cut = values
    origin = []
    for axis, centres, low, high in ((-2, lat, box[1], box[3]), (-1, lon, box[0], box[2])):
        order = np.argsort(centres)
        if not np.allclose(np.diff(centres[order]), step, atol=1e-6):
            raise ValueError(f"the grid's axis {axis} is not spaced by {step} degrees")
        # A touch at the edge is none: the tolerance keeps out cells that only share a border.
        touching = (centres[order] + step / 2 > low + 1e-6) & (
            centres[order] - step / 2 < high - 1e-6
        )
        order = order[touching]
        origin.append((centres[order][0] - step / 2, centres[order][-1] + step / 2))
        cut = np.take(cut, order[::-1] if axis == -2 else order, axis=axis)
    # Edges in whole thousandths of a minute: the source prints its twelfths with eight digits.
    north, west = round(origin[0][1] * 6e4) / 6e4, round(origin[1][0] * 6e4) / 6e4
    return cut, _transform(west, north, step)


def _five_minute_axes() -> tuple[Array, Array]:
    """Centres of pvlib's global 5-minute grids: 89.9583 N to S, 179.9583 W to E."""
    return (
        90 - (np.arange(2160) + 0.5) * ARC_5MIN,
        -180 + (np.arange(4320) + 0.5) * ARC_5MIN,
    )


# ---------------------------------------------------------------- relief


def relief() -> tuple[Array, Affine]:
    """Height of ITU-R P.1511-2 on its 5-minute grid [m above mean sea level], sea at 0."""
    lat, lon = _itu("1511/v2_lat"), _itu("1511/v2_lon")
    if np.ptp(lat, axis=1).max() > 0 or np.ptp(lon, axis=0).max() > 0:
        raise ValueError("P.1511-2: the coordinates are not those of a regular grid")
    return window(_itu("1511/v2_topo"), lat[:, 0], lon[0], ARC_5MIN, BOX)


def altitude() -> tuple[Array, Affine]:
    """Height of pvlib's ``Altitude.h5`` on the same grid [m], in steps of 28 m; sea is NaN."""
    code = _h5("Altitude", "Altitude").astype("float64")
    height = np.where(code == 255, np.nan, code * 28 - 450)
    return window(height, *_five_minute_axes(), ARC_5MIN, BOX)


def _rms(one: Array, other: Array, where: Array) -> float:
    known = np.isfinite(other) & where
    return float(np.sqrt(np.mean((one - other)[known] ** 2)))


def _build_relief() -> None:
    height, transform = relief()
    other, _ = altitude()
    # Its relief lies about half a cell west of ours; the mean of two columns moves it east.
    moved = (other + np.roll(other, 1, axis=1)) / 2
    moved[:, 0] = np.nan
    land = height != 0
    write_raster(
        height,
        transform,
        FOLDER,
        "relief",
        title="Relief, 5 arc-minutes",
        bands=["height"],
        unit="m",
        valid_range=[-500.0, 9000.0],
        licence="ITU-R data under the ITU's terms of use; package itur: MIT",
        licence_url="https://www.itu.int/rec/R-REC-P.1511-2-201908-I",
        attribution="ITU-R Recommendation P.1511-2; ITU-Rpy (I. del Portillo)",
        source=f"PyPI itur {package_version('itur')}, itur/data/1511/v2_topo.npz",
        quality="screening",
        limits=(
            "Mean height of cells of about 9 km: peaks and valleys are smoothed, slope at the "
            "scale of a site cannot be known from it, and it may warn but never exclude. The sea "
            "is 0. Beside pvlib's Altitude.h5 (Mapzen/Tilezen, steps of 28 m) on the same grid "
            f"the heights on land differ by {_rms(height, other, land):.0f} m root mean square, "
            f"by {_rms(height, moved, land):.0f} m when that grid is moved half a cell east: "
            "the heights of weather stations say that it is the one that lies off."
        ),
    )


# ---------------------------------------------------------------- sun


def solar_ghi() -> tuple[Array, Affine]:
    """Monthly mean GHI [kWh/m2/day], the expectation of MERRA-2's distributions of daily means."""
    member = "gsee_climate_data/data/merra2_rad3x3_2011-2015_pdfs_land_prox.npz"
    tables = _npz("gsee-climate-data", member)
    value, chance = tables["xk"].astype("float64"), tables["pk"].astype("float64")
    total = chance.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (value * chance).sum(axis=-1) / total
    ghi = np.where(total > 0, mean, np.nan) * 24 / 1000  # W/m2 over a day
    return window(np.moveaxis(ghi, 2, 0), tables["lat"], tables["lon"], 3.0, BOX)


def _build_solar() -> None:
    ghi, transform = solar_ghi()
    write_raster(
        ghi,
        transform,
        FOLDER,
        "solar-ghi",
        title="All-sky sun on the horizontal, monthly mean",
        bands=MONTHS,
        unit="kWh/m2/day",
        valid_range=[0.0, 12.0],
        licence="NASA open data (MERRA-2, no restriction); package gsee-climate-data: BSD-3-Clause",
        licence_url="https://doi.org/10.1175/JCLI-D-16-0758.1",
        attribution="NASA GMAO MERRA-2 (Gelaro et al. 2017); GSEE (Pfenninger & Staffell 2016)",
        source=(
            f"PyPI gsee-climate-data {package_version('gsee-climate-data')}: expectation of the "
            "monthly distributions of daily mean irradiance, 2011-2015"
        ),
        quality="modelled",
        limits=(
            "Cells of 3 degrees, whole at the edge of the box, so they reach beyond it; the "
            "coordinates of the source are taken as cell centres, which it does not say. MERRA-2 "
            "runs high: by 8 % (standard deviation 5 %) over the Global Solar Atlas between "
            "88-120 E and 42-52 N. Correct it by measured or atlas values before use. "
            "Five years only. NaN over open sea."
        ),
    )


# ---------------------------------------------------------------- turbidity


def turbidity() -> tuple[Array, Affine]:
    """Linke turbidity by month, averaged over blocks of 3 by 3 cells to a quarter degree."""
    linke = np.moveaxis(_h5("LinkeTurbidities", "LinkeTurbidity"), 2, 0)
    fine, edge = window(linke, *_five_minute_axes(), ARC_5MIN, BOX)
    rows, columns = fine.shape[1] // 3, fine.shape[2] // 3
    blocks = fine.reshape(12, rows, 3, columns, 3).astype("float64") / 20
    # The source has steps of 0.05: finer digits of the mean would only fill the file.
    coarse = np.round(blocks.mean(axis=(2, 4)) * 20) / 20
    return coarse, _transform(edge.c, edge.f, 0.25)


def _build_turbidity() -> None:
    linke, transform = turbidity()
    write_raster(
        linke,
        transform,
        FOLDER,
        "turbidity",
        title="Linke turbidity of the clear sky, by month",
        bands=MONTHS,
        unit="dimensionless",
        valid_range=[1.0, 10.0],
        licence="BSD-3-Clause",
        licence_url="https://doi.org/10.1016/j.solener.2003.08.008",
        attribution="SoDa / Meteonorm (Remund et al. 2003), by way of pvlib",
        source=f"PyPI pvlib {package_version('pvlib')}, pvlib/data/LinkeTurbidities.h5",
        quality="modelled",
        limits=(
            "Climatological means for clear days, made for air mass 2; averaged from 5 minutes "
            "to a quarter of a degree and rounded to the source's step of 0.05. Dust storms and "
            "winter smoke in single years are not in it."
        ),
    )


# ---------------------------------------------------------------- temperature


def temperature() -> tuple[Array, Affine]:
    """Monthly mean temperature at 2 m of ITU-R P.1510-1 [degC]."""
    lat, lon = _itu("1510/v1_lat")[:, 0], _itu("1510/v1_lon")[0]
    kelvin = np.stack([_itu(f"1510/v1_t_month{month:02d}") for month in range(1, 13)])
    # The last column, 180 E, repeats the first.
    return window(kelvin[..., :-1] - 273.15, lat, lon[:-1], 0.75, BOX)


def _build_temperature() -> None:
    celsius, transform = temperature()
    write_raster(
        celsius,
        transform,
        FOLDER,
        "temperature",
        title="Temperature at 2 m, monthly mean",
        bands=MONTHS,
        unit="degC",
        valid_range=[-60.0, 45.0],
        licence="ITU-R data under the ITU's terms of use; package itur: MIT",
        licence_url="https://www.itu.int/rec/R-REC-P.1510-1-201706-I",
        attribution="ITU-R Recommendation P.1510-1; ITU-Rpy (I. del Portillo)",
        source=f"PyPI itur {package_version('itur')}, itur/data/1510/v1_t_month*.npz",
        quality="modelled",
        limits=(
            "Means at nodes every 0.75 degrees, drawn as cells round the node, at the height of "
            "the model's own smooth relief: in valleys winter inversions are colder, on summits "
            "it is colder by about 6.5 degC per km. Extremes are not in it."
        ),
    )


def build() -> None:
    """Write relief, solar-ghi, turbidity and temperature with their records."""
    _build_relief()
    _build_solar()
    _build_turbidity()
    _build_temperature()
