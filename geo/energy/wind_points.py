"""The few places where the wind at hub height is known, one point each.

Masts give a speed; farms give a yield, from which the speed follows through a turbine's
power curve. Both carry the error of the way. Stations at 10 m are left out: their
exposure differs too much for the step up, and so few points cannot show that they help.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.energy.fields import points_of, raster_at
from geo.energy.interpolation import great_circle
from geo.energy.mast import Mast
from geo.energy.wind import Turbine, WindLosses, air_density, hub_height_speed, mean_speed_of
from geo.errors import EmptyLayerError

__all__ = ["PointErrors", "high_points", "with_mast"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointErrors:
    """Standard deviations of the logarithm of a point's speed, each an assumption.

    Parameters
    ----------
    mast : float
        Of a published site mean at a stated height.
    actual, design, estimate : float
        Of a speed out of a yield of that kind: losses, curtailment, optimism.
    unknown_turbine : float
        Added where the farm's own turbine is not given.
    exponent, exponent_sd : float
        Of the power law between heights, and its own standard deviation.
    assumed_height : float
        Added where the hub height is not given.
    hub_height : float [m]
        Taken then.
    per_km : float [1/km]
        Times the precision of the position.
    """

    mast: float = 0.04
    actual: float = 0.05
    design: float = 0.07
    estimate: float = 0.08
    unknown_turbine: float = 0.06
    exponent: float = 1 / 7
    exponent_sd: float = 0.05
    assumed_height: float = 0.02
    hub_height: float = 80.0
    per_km: float = 0.001


def high_points(
    yields: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    turbine: Turbine,
    relief: xr.DataArray,
    temperature: xr.DataArray,
    *,
    hub_height: float,
    turbines: Mapping[str, Turbine] | None = None,
    losses: WindLosses | None = None,
    errors: PointErrors | None = None,
    lowest: float = 50.0,
    merge_km: float = 5.0,
) -> gpd.GeoDataFrame:
    """Bring all measurements near hub height to one height and one point a place.

    Parameters
    ----------
    yields : GeoDataFrame
        Plants: ``name``, ``technology``, ``capacity_factor``, ``yield_gwh_yr``,
        ``hub_height_m``, ``mean_speed_ms``, ``speed_height_m``, ``kind``,
        ``coord_precision_km``, ``confidence``. Rows of wind with a position and not of low
        confidence are used; a capacity factor only with a published yield behind it.
    stations : GeoDataFrame
        ``name``, ``kind``, ``height_m`` [m], ``mean_speed_ms`` [m/s], ``confidence``; used
        are masts of at least `lowest`, so no reanalysis and no 10 m station.
    turbine : Turbine
        Stands for farms whose own is not in `turbines`.
    relief, temperature : DataArray [m], [degC]
        For the air's density; temperature has 12 months.
    hub_height : float [m]
        To which all speeds are brought.
    turbines : mapping of str to Turbine, optional
        By the plant's name.
    losses : WindLosses, optional
        Between the power curve and the published yield.
    errors : PointErrors, optional
    lowest : float [m]
        Least height of a speed that is used.
    merge_km : float [km]
        Points nearer than this, or of one name, are one place.

    Returns
    -------
    GeoDataFrame (EPSG:4326)
        ``name``, ``speed`` [m/s] at ``height`` [m], ``log_sd``, ``basis`` (mast, actual,
        design, estimate, joined by +) and ``rows`` (how many went in), sorted by name.

    Raises
    ------
    EmptyLayerError
        If no row is left.
    """
    chosen = errors or PointErrors()
    site = _Density(relief, temperature)
    way = _Way(turbine, turbines or {}, losses or WindLosses(), chosen, hub_height, site)
    rows = pd.concat(
        [way.measured(_masts(yields, stations, lowest)), way.inverted(_farms(yields))],
        ignore_index=True,
    )
    rows = rows[np.isfinite(rows["speed"])]
    if rows.empty:
        raise EmptyLayerError(
            f"no wind was measured at {lowest:g} m or above: wind stays unknown everywhere"
        )
    return _merged(rows.reset_index(drop=True), merge_km, hub_height)


def with_mast(
    points: gpd.GeoDataFrame,
    mast: Mast,
    hub_height: float,
    *,
    name: str,
    log_sd: float | None = None,
    merge_km: float = 5.0,
) -> gpd.GeoDataFrame:
    """Put a mast of one's own among the points; it stands for those nearby.

    Parameters
    ----------
    points : GeoDataFrame
        As :func:`high_points` gives them, at `hub_height`.
    mast : Mast
    hub_height : float [m]
    name : str
    log_sd : float, optional
        Of the logarithm of its speed; its own judgement when missing.
    merge_km : float [km]
        Points nearer than this are left out.

    Returns
    -------
    GeoDataFrame
        Sorted by name.
    """
    speed, own = mast.at(hub_height)
    lon, lat = points_of(points)
    far = great_circle(lon, lat, [mast.lon], [mast.lat])[:, 0] > merge_km
    row = gpd.GeoDataFrame(
        {
            "name": [name],
            "speed": speed,
            "height": hub_height,
            "log_sd": own if log_sd is None else log_sd,
            "basis": "mast",
            "rows": 1,
        },
        geometry=gpd.points_from_xy([mast.lon], [mast.lat], crs=4326),
    )
    joined = pd.concat([row, points[far].to_crs(4326)], ignore_index=True)
    found = gpd.GeoDataFrame(joined, geometry="geometry", crs=4326)
    return found.sort_values("name", ignore_index=True)


class _Density:
    def __init__(self, relief: xr.DataArray, temperature: xr.DataArray) -> None:
        self.relief, self.temperature = relief, temperature

    def at(self, lon: Array, lat: Array) -> Array:
        height = raster_at(self.relief, lon, lat)
        warmth = raster_at(self.temperature, lon, lat).mean(axis=0)
        return np.asarray(air_density(height, warmth))


@dataclass(frozen=True)
class _Way:
    """From what was published to a speed at hub height and its error."""

    turbine: Turbine
    turbines: Mapping[str, Turbine]
    losses: WindLosses
    errors: PointErrors
    hub_height: float
    site: _Density

    def measured(self, rows: pd.DataFrame) -> pd.DataFrame:
        height = rows["height"].to_numpy(dtype=np.float64)
        speed = rows["speed"].to_numpy(dtype=np.float64)
        raised = hub_height_speed(speed, height, self.hub_height, exponent=self.errors.exponent)
        own = np.full(len(rows), self.errors.mast)
        return self._table(rows, raised, own, height, "mast")

    def inverted(self, rows: pd.DataFrame) -> pd.DataFrame:
        density = self.site.at(rows["lon"].to_numpy(), rows["lat"].to_numpy())
        height = rows["hub_height_m"].to_numpy(dtype=np.float64)
        assumed = np.isnan(height)
        height = np.where(assumed, self.errors.hub_height, height)
        own = rows["kind"].map(lambda kind: getattr(self.errors, str(kind))).to_numpy(np.float64)
        stranger = ~rows["name"].isin(list(self.turbines)).to_numpy()
        own = np.sqrt(
            own**2
            + (assumed * self.errors.assumed_height) ** 2
            + (stranger * self.errors.unknown_turbine) ** 2
        )
        speed = np.array(
            [
                self._speed(str(name), float(factor), float(air))
                for name, factor, air in zip(
                    rows["name"], rows["capacity_factor"], density, strict=True
                )
            ]
        )
        raised = hub_height_speed(speed, height, self.hub_height, exponent=self.errors.exponent)
        return self._table(rows, raised, own, height, rows["kind"])

    def _speed(self, name: str, factor: float, density: float) -> float:
        machine = self.turbines.get(name, self.turbine)
        gross = factor / self.losses.retained
        return float(mean_speed_of(gross, machine.shape, machine.curve, density=density))

    def _table(
        self,
        rows: pd.DataFrame,
        speed: Array,
        own: Array,
        height: Array,
        basis: "str | pd.Series[str]",
    ) -> pd.DataFrame:
        climb = np.abs(np.log(self.hub_height / height)) * self.errors.exponent_sd
        place = rows["precision"].to_numpy(dtype=np.float64) * self.errors.per_km
        spread = np.sqrt(own**2 + climb**2 + place**2)
        kept = rows[["name", "lon", "lat"]].assign(speed=speed, log_sd=spread, basis=basis)
        return kept.reset_index(drop=True)


def _masts(yields: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, lowest: float) -> pd.DataFrame:
    sure = (stations["kind"] == "mast") & (stations["confidence"] != "low")
    high = stations[sure & (stations["height_m"] >= lowest)]
    mast = _placed(high).assign(speed=high["mean_speed_ms"], height=high["height_m"], precision=0.0)
    farm = _placed(yields[(yields["technology"] == "wind") & (yields["kind"] != "estimate")])
    farm = farm[farm["mean_speed_ms"].notna() & (farm["speed_height_m"] >= lowest)]
    farm = farm.assign(
        speed=farm["mean_speed_ms"],
        height=farm["speed_height_m"],
        precision=farm["coord_precision_km"].fillna(0),
    )
    columns = ["name", "lon", "lat", "speed", "height", "precision"]
    return pd.concat([mast[columns], farm[columns]], ignore_index=True)


def _farms(yields: gpd.GeoDataFrame) -> pd.DataFrame:
    used = (
        (yields["technology"] == "wind")
        & yields["yield_gwh_yr"].notna()
        & yields["capacity_factor"].notna()
        & (yields["confidence"] != "low")
    )
    farms = _placed(yields[used])
    return farms.assign(precision=farms["coord_precision_km"].fillna(0))


def _placed(rows: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows that have a point, with its longitude and latitude."""
    here = rows[~(rows.geometry.isna() | rows.geometry.is_empty)].to_crs(4326)
    # A table read without geometry keeps missing points as NaN coordinates.
    here = here[np.isfinite(here.geometry.x)]
    frame = pd.DataFrame(here.drop(columns=here.geometry.name))
    return frame.assign(lon=here.geometry.x.to_numpy(), lat=here.geometry.y.to_numpy())


def _merged(rows: pd.DataFrame, merge_km: float, hub_height: float) -> gpd.GeoDataFrame:
    group = _places(rows, merge_km)
    merged = []
    for _, same in rows.groupby(group):
        weight = 1 / same["log_sd"].to_numpy() ** 2
        mean = float(np.exp(np.average(np.log(same["speed"].to_numpy()), weights=weight)))
        best = same.iloc[int(np.argmax(weight))]
        merged.append(
            {
                "name": min(same["name"], key=len),
                "speed": mean,
                "height": hub_height,
                # Rows of one plant share their errors: the best row's is kept, not the mean's.
                "log_sd": float(best["log_sd"]),
                "basis": "+".join(sorted(set(same["basis"]))),
                "rows": len(same),
                "lon": float(best["lon"]),
                "lat": float(best["lat"]),
            }
        )
    table = pd.DataFrame(merged).sort_values("name", ignore_index=True)
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs=4326)
    return gpd.GeoDataFrame(table, geometry=points)


def _places(rows: pd.DataFrame, merge_km: float) -> Array:
    """Number of the place of every row, by nearness or one name, carried on."""
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    name = rows["name"].to_numpy()
    linked = (great_circle(lon, lat, lon, lat) <= merge_km) | (name[:, None] == name[None, :])
    place = np.arange(len(rows))
    for _ in range(len(rows)):
        least = np.where(linked, place[None, :], len(rows)).min(axis=1)
        if (least == place).all():
            break
        place = least
    return place.astype(np.float64)
