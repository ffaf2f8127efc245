"""Plants that exist, against what the models say of them: the table of the docs.

``python -m geo.energy.validation`` writes the table from the layers that come with
Lodemap. Every plant is predicted without its own measurements: points within
`HOLD_OUT_KM` are left out.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from geo.catalogue import Catalogue, read_raster, read_table, read_vector
from geo.energy.fields import raster_at
from geo.energy.fleet import FleetOutput, fleet_output, fleet_table
from geo.energy.interpolation import Covariance
from geo.energy.pv import PvSystem
from geo.energy.solar import solar_resource, yield_at
from geo.energy.wind import Turbine, WindLosses
from geo.energy.wind_points import high_points
from geo.energy.windfield import SpeedModel, net_yield
from geo.errors import DataError

__all__ = [
    "HOLD_OUT_KM",
    "PlantErrors",
    "Prediction",
    "SolarPredictor",
    "WindPredictor",
    "plants_table",
    "summary",
    "to_markdown",
]

#: Measurements nearer to a plant than this count as its own [km].
HOLD_OUT_KM = 30.0
Z80 = 1.2815515655446004

_COLUMNS = (
    "plant", "country", "technology", "capacity_mw", "rating", "kind", "year", "published",
    "ours", "low", "high", "error_percent", "inside", "note",
)  # fmt: skip


@dataclass(frozen=True)
class PlantErrors:
    """Relative standard deviations that a plant adds to the surface's own.

    Parameters
    ----------
    unknown_ratio : float
        Of an AC yield whose ratio of modules to inverters is not published (1.0 to 1.25).
    layout : float
        Tilt, spacing and tracking that are not published.
    one_year : float
        Of a single year's radiation about the long mean; of an observed yield only.
    announced : float
        Of an estimated or designed yield as published: 6.5 % for rounding and revision (the
        facts' plants with two figures), joined with 5 % for what both figures share: whether
        it is of the first year or of the life, and with what chance it is reached.
    unknown_turbine : float
        Of a wind yield whose turbine is not given.
    """

    unknown_ratio: float = 0.07
    layout: float = 0.03
    one_year: float = 0.03
    announced: float = 0.08
    unknown_turbine: float = 0.10

    def of_kind(self, kind: object) -> float:
        """Deviation of what was published: observed, or announced."""
        return self.one_year if kind == "actual" else self.announced


@dataclass(frozen=True)
class Prediction:
    """A capacity factor with its 80 % interval, or why there is none.

    Parameters
    ----------
    value, low, high : float
        NaN where unknown.
    note : str
        What was left out, or why it is unknown.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""


@dataclass(frozen=True)
class SolarPredictor:
    """Predicts photovoltaic plants from the layers, the atlas values near each held out.

    Parameters
    ----------
    ghi, turbidity, relief, temperature : DataArray
    points : GeoDataFrame
        As in :func:`geo.energy.solar.solar_resource`.
    system : PvSystem
    covariance : Covariance
        Of the atlas correction, fitted once.
    errors : PlantErrors
    """

    ghi: xr.DataArray
    points: gpd.GeoDataFrame
    turbidity: xr.DataArray
    relief: xr.DataArray
    temperature: xr.DataArray
    system: PvSystem
    covariance: Covariance
    errors: PlantErrors = field(default_factory=PlantErrors)

    def __call__(self, plant: Mapping[str, object]) -> Prediction:
        """Predict one row of the table of yields."""
        lon, lat = float(str(plant["lon"])), float(str(plant["lat"]))
        try:
            resource = solar_resource(
                self.ghi, self.points, self.turbidity, self.relief, self.temperature,
                (lon - 0.5, lat - 0.5, lon + 0.5, lat + 0.5),
                covariance=self.covariance, hold_out=(lon, lat, HOLD_OUT_KM),
            )  # fmt: skip
            found = yield_at(resource, lon, lat, self.system)
        except DataError:
            return Prediction(note="outside the radiation layers")
        direct = plant["capacity_basis"] == "dc"
        name = "capacity_factor_dc" if direct else "capacity_factor_ac"
        value = float(found[name].item())
        spread = math.hypot(
            float(found["relative_sd"].item()),
            self.errors.layout,
            0.0 if direct else self.errors.unknown_ratio,
            self.errors.of_kind(plant["kind"]),
        )
        if not math.isfinite(value):
            return Prediction(note="outside the radiation layers")
        return Prediction(value, value * (1 - Z80 * spread), value * (1 + Z80 * spread))


@dataclass(frozen=True)
class WindPredictor:
    """Predicts wind farms from the other farms and masts.

    Parameters
    ----------
    model : SpeedModel
    turbine : Turbine
        Of farms whose own is not in `turbines`.
    turbines : mapping of str to Turbine
        By the plant's name.
    relief, temperature : DataArray [m], [degC]
    losses : WindLosses
    errors : PlantErrors
    """

    model: SpeedModel
    turbine: Turbine
    turbines: Mapping[str, Turbine]
    relief: xr.DataArray
    temperature: xr.DataArray
    losses: WindLosses = field(default_factory=WindLosses)
    errors: PlantErrors = field(default_factory=PlantErrors)

    def __call__(self, plant: Mapping[str, object]) -> Prediction:
        """Predict one row of the table of yields."""
        lon, lat = np.array([float(str(plant["lon"]))]), np.array([float(str(plant["lat"]))])
        log_speed, sd = self.model.at(lon, lat, hold_out_km=HOLD_OUT_KM)
        if not math.isfinite(log_speed[0]):
            return Prediction(note=f"no other point within {self.model.range_km:.0f} km: unknown")
        name = str(plant["name"])
        own = self.turbines.get(name, self.turbine)
        stranger = 0.0 if name in self.turbines else self.errors.unknown_turbine
        spread = math.hypot(self.losses.sd, stranger, self.errors.of_kind(plant["kind"]))
        losses = replace(self.losses, sd=spread)
        at_model = replace(own, hub_height=self.model.height)
        value, low, high = net_yield(
            np.exp(log_speed), sd, raster_at(self.relief, lon, lat),
            raster_at(self.temperature, lon, lat), at_model, losses,
        )  # fmt: skip
        if not math.isfinite(value[0]):
            return Prediction(note="outside relief or temperature")
        return Prediction(float(value[0]), float(low[0]), float(high[0]))


def plants_table(
    yields: pd.DataFrame,
    predictors: Mapping[str, Callable[[Mapping[str, object]], Prediction]],
) -> pd.DataFrame:
    """Set every published yield beside ours.

    Parameters
    ----------
    yields : DataFrame
        Columns ``name``, ``country``, ``lon``, ``lat``, ``technology``, ``capacity_mw``,
        ``capacity_basis``, ``capacity_factor``, ``kind``, ``year``; rows without a capacity
        factor are left out, rows without a point are told, not predicted.
    predictors : mapping of str to callable
        By technology: gives a :class:`Prediction` for one row.

    Returns
    -------
    DataFrame
        ``plant``, ``country``, ``technology``, ``capacity_mw``, ``rating``, ``kind``,
        ``year``, ``published``, ``ours``, ``low``, ``high`` (80 % interval),
        ``error_percent`` (ours over published, less 1), ``inside`` (True, False or None
        where there is no prediction) and ``note``, in the order of the input.

    Examples
    --------
    >>> rows = pd.DataFrame({"name": ["A"], "country": ["X"], "lon": [1.0], "lat": [2.0],
    ...     "technology": ["solar"], "capacity_mw": [10.0], "capacity_basis": ["dc"],
    ...     "capacity_factor": [0.16], "kind": ["design"], "year": ["2020"]})
    >>> table = plants_table(rows, {"solar": lambda plant: Prediction(0.17, 0.15, 0.19)})
    >>> table[["published", "ours", "inside"]].values.tolist()
    [[0.16, 0.17, True]]
    """
    published = yields[yields["capacity_factor"].notna()]
    records = [_compared(plant, predictors) for plant in _rows(published)]
    return pd.DataFrame(records, columns=list(_COLUMNS))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Count, bias and coverage of the predictions, by technology.

    Parameters
    ----------
    table : DataFrame
        As :func:`plants_table` gives it.

    Returns
    -------
    DataFrame
        ``technology``, ``published`` (rows), ``predicted``, ``inside``,
        ``mean_error_percent`` and ``rms_error_percent``.
    """
    rows = []
    for technology, group in table.groupby("technology", sort=True):
        known = group[group["ours"].notna()]
        error = known["error_percent"].to_numpy(dtype=np.float64)
        rows.append(
            {
                "technology": technology,
                "published": len(group),
                "predicted": len(known),
                "inside": int(known["inside"].eq(True).sum()),
                "mean_error_percent": float(error.mean()) if len(error) else math.nan,
                "rms_error_percent": float(np.sqrt((error**2).mean())) if len(error) else math.nan,
            }
        )
    return pd.DataFrame(rows)


def to_markdown(table: pd.DataFrame) -> str:
    r"""Write a table as Markdown; unknown cells stay empty.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    str

    Examples
    --------
    >>> print(to_markdown(pd.DataFrame({"a": [0.5, None], "b": ["x|y", True]})))
    | a | b |
    |---|---|
    | 0.5 | x\|y |
    |  | yes |
    """
    head = "| " + " | ".join(str(c).replace("_", " ") for c in table.columns) + " |"
    rule = "|" + "---|" * len(table.columns)
    body = ["| " + " | ".join(map(_cell, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join([head, rule, *body])


def _rows(frame: pd.DataFrame) -> Iterator[Mapping[str, object]]:
    for row in frame.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _compared(
    plant: Mapping[str, object],
    predictors: Mapping[str, Callable[[Mapping[str, object]], Prediction]],
) -> dict[str, object]:
    technology = str(plant["technology"])
    found = _predicted(plant, predictors.get(technology))
    published = float(str(plant["capacity_factor"]))
    known = math.isfinite(found.value)
    return {
        "plant": plant["name"],
        "country": plant["country"],
        "technology": technology,
        "capacity_mw": plant["capacity_mw"],
        "rating": {"ac": "AC", "dc": "DC"}.get(str(plant["capacity_basis"]), "unstated"),
        "kind": plant["kind"],
        "year": plant["year"],
        "published": published,
        "ours": round(found.value, 3),
        "low": round(found.low, 3),
        "high": round(found.high, 3),
        "error_percent": round(100 * (found.value / published - 1), 1),
        "inside": found.low <= published <= found.high if known else None,
        "note": found.note,
    }


def _predicted(
    plant: Mapping[str, object], predictor: Callable[[Mapping[str, object]], Prediction] | None
) -> Prediction:
    if predictor is None:
        return Prediction(note="not modelled")
    if not math.isfinite(float(str(plant["lon"]))):
        return Prediction(note="no point")
    return predictor(plant)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("|", "\\|")


@dataclass(frozen=True)
class _Layers:
    """What the catalogue holds of plants, points and power curves."""

    yields: gpd.GeoDataFrame
    unlocated: pd.DataFrame
    rasters: Mapping[str, xr.DataArray]
    solar_points: gpd.GeoDataFrame
    wind_points: gpd.GeoDataFrame
    general: Turbine
    own: Mapping[str, Turbine]
    hub_height: float

    @classmethod
    def read(cls, turbine: str, turbines: Mapping[str, str], hub_height: float) -> "_Layers":
        layers = Catalogue.open()
        curves = read_table(layers["wind-turbines"])
        names = ("solar-ghi", "turbidity", "relief", "temperature")
        return cls(
            read_vector(layers["energy-yields"]),
            read_table(layers["energy-yields-unlocated"]),
            {name: read_raster(layers[name]) for name in names},
            read_vector(layers["solar-points"]),
            read_vector(layers["wind-points"]),
            Turbine.from_table(curves, turbine, hub_height=hub_height),
            {
                plant: Turbine.from_table(curves, machine, hub_height=hub_height)
                for plant, machine in turbines.items()
            },
            hub_height,
        )

    @property
    def published(self) -> pd.DataFrame:
        return pd.concat([pd.DataFrame(self.yields), self.unlocated], ignore_index=True)

    def solar(self) -> SolarPredictor:
        lon, lat = self.yields.geometry.x, self.yields.geometry.y
        fields = (
            self.rasters["solar-ghi"], self.solar_points, self.rasters["turbidity"],
            self.rasters["relief"], self.rasters["temperature"],
        )  # fmt: skip
        bounds = (lon.min(), lat.min(), lon.max(), lat.max())
        attrs = solar_resource(*fields, bounds).attrs
        covariance = Covariance(
            attrs["correction_sill"], attrs["correction_length_km"], attrs["correction_nugget"]
        )
        return SolarPredictor(*fields, PvSystem(), covariance)

    def wind(self) -> WindPredictor:
        return WindPredictor(
            self._speeds(self.yields), self.general, self.own,
            self.rasters["relief"], self.rasters["temperature"],
        )  # fmt: skip

    def fleet(self) -> FleetOutput:
        """Sum of the farms with a turbine of their own, from what was known beforehand."""
        farms = pd.DataFrame(self.yields[self.yields["name"].isin(list(self.own))])
        farms = farms[farms["capacity_mw"].notna()].drop_duplicates("name")
        places = self.yields.loc[farms.index].geometry
        farms = farms.assign(lon=places.x, lat=places.y)
        model = self._speeds(self.yields[self.yields["kind"] != "actual"])
        return fleet_output(
            model, farms, self.own, self.rasters["relief"], self.rasters["temperature"]
        )

    def _speeds(self, yields: gpd.GeoDataFrame) -> SpeedModel:
        places = high_points(
            yields, self.wind_points, self.general, self.rasters["relief"],
            self.rasters["temperature"], hub_height=self.hub_height, turbines=self.own,
        )  # fmt: skip
        return SpeedModel.fit(places)


def _main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m geo.energy.validation")
    parser.add_argument("--turbine", default="V90/2000", help="of farms whose own is not given")
    parser.add_argument("--hub-height", type=float, default=80.0, help="[m]")
    parser.add_argument(
        "--own", action="append", default=[], metavar="PLANT=TURBINE", help="repeat for more"
    )
    parser.add_argument("--fleet", help="rows of yearly output that all plants of --own gave")
    chosen = parser.parse_args(arguments)
    own = dict(entry.rsplit("=", 1) for entry in chosen.own)
    layers = _Layers.read(chosen.turbine, own, chosen.hub_height)
    wind = layers.wind()
    table = plants_table(layers.published, {"solar": layers.solar(), "wind": wind})
    table = table.sort_values("technology", kind="stable")
    parts = [to_markdown(summary(table).round(1)), _stated(wind.model)]
    if chosen.fleet:
        parts.append(_fleet_text(layers, chosen.fleet))
    sys.stdout.write("\n\n".join([*parts, to_markdown(table)]) + "\n")
    return 0


def _fleet_text(layers: _Layers, name: str) -> str:
    rows = layers.published
    rows = rows[(rows["name"] == name) & rows["yield_gwh_yr"].notna()].sort_values("year")
    if rows.empty:
        raise DataError(f"no yearly output of {name!r} is published: give a name of the layer")
    found = layers.fleet()
    one, every = found.interval(), found.interval(len(rows))
    said = (
        f"Sum of the farms: {found.central:.0f} GWh; one year lies within {one[0]:.0f} to "
        f"{one[1]:.0f} GWh with 80 %, all {len(rows)} within {every[0]:.0f} to {every[1]:.0f}."
    )
    return f"{said}\n\n{to_markdown(fleet_table(found, rows))}"


def _stated(model: SpeedModel) -> str:
    said = (f"{name}: {value:g}" for name, value in model.attributes().items())
    return f"Wind model: {'; '.join(said)}."


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
