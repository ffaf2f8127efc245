"""Wind from points: what is used, how far it reaches, and what stays unknown."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from energy_layers import raster
from odc.geo.geobox import GeoBox

from geo.energy.interpolation import Covariance
from geo.energy.wind import (
    Turbine,
    WindLosses,
    air_density,
    capacity_factor,
    hub_height_speed,
    mean_speed_of,
)
from geo.energy.wind_points import PointErrors, high_points
from geo.energy.windfield import SpeedModel, net_yield, speed_surface, yield_surface
from geo.errors import CrsError, DataError, EmptyLayerError

CURVE = pd.DataFrame({"speed": [3.0, 6.0, 11.0, 13.0, 25.0], "share": [0.0, 0.15, 0.9, 1.0, 1.0]})
MACHINE = Turbine("machine", CURVE, 100.0)
LON, LAT = np.arange(90.25, 120, 0.5), np.arange(52.75, 40, -0.5)
RELIEF = raster(1000.0, LON, LAT)
WARMTH = raster(5.0, LON, LAT, months=True)
GRID = GeoBox.from_bbox((200_000, 4_900_000, 800_000, 5_300_000), "EPSG:32648", resolution=50_000)


def plants(**columns: object) -> gpd.GeoDataFrame:
    rows: dict[str, object] = {
        "name": ["A"],
        "technology": "wind",
        "capacity_factor": 0.35,
        "yield_gwh_yr": 150.0,
        "hub_height_m": np.nan,
        "mean_speed_ms": np.nan,
        "speed_height_m": np.nan,
        "kind": "actual",
        "coord_precision_km": 0.0,
        "confidence": "high",
        "lon": 105.0,
        "lat": 46.0,
    }
    table = pd.DataFrame(rows | columns)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table.lon, table.lat), crs=4326)


def masts(**columns: object) -> gpd.GeoDataFrame:
    rows: dict[str, object] = {
        "name": ["M"],
        "kind": "mast",
        "height_m": 80.0,
        "mean_speed_ms": 7.5,
        "confidence": "high",
        "lon": 110.0,
        "lat": 45.0,
    }
    table = pd.DataFrame(rows | columns)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table.lon, table.lat), crs=4326)


def high(yields: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, **more: object) -> gpd.GeoDataFrame:
    call: dict[str, object] = {"hub_height": 100.0} | more
    return high_points(yields, stations, MACHINE, RELIEF, WARMTH, **call)  # type: ignore[arg-type]


def ring(speeds: list[float], spacing: float = 1.0) -> gpd.GeoDataFrame:
    lon = 105 + spacing * np.arange(len(speeds))
    return gpd.GeoDataFrame(
        {"name": [f"P{i}" for i in range(len(speeds))], "speed": speeds, "height": 100.0,
         "log_sd": 0.05},
        geometry=gpd.points_from_xy(lon, np.full(len(speeds), 46.0)),
        crs=4326,
    )  # fmt: skip


def test_a_mast_is_raised_to_the_hub_and_carries_the_error_of_the_way() -> None:
    found = high(plants(technology="solar"), masts())
    assert len(found) == 1
    row = found.iloc[0]
    assert row["speed"] == pytest.approx(7.5 * (100 / 80) ** (1 / 7))
    climb = 0.05 * np.log(100 / 80)
    assert row["log_sd"] == pytest.approx(np.hypot(0.04, climb))
    assert (row["basis"], row["height"]) == ("mast", 100.0)


def test_a_yield_is_turned_back_into_the_speed_that_gives_it() -> None:
    own = {"A": Turbine("own", CURVE, 80.0)}
    found = high(plants(hub_height_m=80.0), masts(kind="station"), turbines=own)
    # The density of the ground's height, the losses, and the power law.
    density = air_density(1000.0, 5.0)
    gross = 0.35 / WindLosses().retained
    at_80 = mean_speed_of(gross, 2.2, CURVE, density=density)
    assert found["speed"].iloc[0] == pytest.approx(
        hub_height_speed(at_80, 80.0, 100.0, exponent=1 / 7), rel=1e-6
    )
    errors = PointErrors()
    stranger = high(plants(), masts(kind="station"))["log_sd"].iloc[0]
    assert found["log_sd"].iloc[0] == pytest.approx(np.hypot(errors.actual, 0.05 * np.log(1.25)))
    assert stranger > found["log_sd"].iloc[0]


def test_rows_of_one_plant_become_one_point_no_surer_than_its_best_row() -> None:
    four = plants(
        name=["A", "A", "A", "A site"],
        capacity_factor=[0.30, 0.35, 0.40, np.nan],
        yield_gwh_yr=[130.0, 150.0, 170.0, np.nan],
        kind=["actual", "actual", "design", "design"],
        mean_speed_ms=[np.nan, np.nan, np.nan, 8.0],
        speed_height_m=[np.nan, np.nan, np.nan, 100.0],
        lon=[105.0, 105.0, 105.0, 105.02],
    )
    found = high(four, masts())
    assert found["name"].tolist() == ["A", "M"]
    row = found.iloc[0]
    assert row["rows"] == 4
    assert row["basis"] == "actual+design+mast"
    assert row["log_sd"] == pytest.approx(PointErrors().mast)
    assert 7 < row["speed"] < 8.5


def test_low_stations_reanalysis_doubtful_rows_and_yields_without_energy_are_not_used() -> None:
    stations = masts(
        name=["low", "short", "model", "doubt", "good"],
        height_m=[80.0, 20.0, 50.0, 80.0, 80.0],
        kind=["station", "mast", "reanalysis", "mast", "mast"],
        confidence=["high", "high", "high", "low", "high"],
        lon=[109.0, 110.0, 111.0, 112.0, 113.0],
    )
    yields = plants(
        name=["low", "simulated"], confidence=["low", "high"], yield_gwh_yr=[100.0, np.nan]
    )
    assert high(yields, stations)["name"].tolist() == ["good"]


def test_plants_without_a_point_or_beyond_the_relief_are_left_out() -> None:
    yields = plants(name=["no point", "far"], lon=[np.nan, 60.0], lat=[np.nan, 46.0])
    assert high(yields, masts())["name"].tolist() == ["M"]
    with pytest.raises(EmptyLayerError, match="stays unknown everywhere"):
        high(yields, masts(kind="station"))


def test_the_range_is_the_spacing_that_four_points_have_tested() -> None:
    model = SpeedModel.fit(ring([7.4, 7.6, 7.5, 7.3, 7.5]), covariance=Covariance(0.01, 300))
    assert model.range_km == pytest.approx(77.2, abs=0.5)
    assert model.checked == 5
    lone_pair = ring([7.4, 7.6, 7.5, 7.3]).set_geometry(
        gpd.points_from_xy([105, 106, 112, 120], [46.0] * 4, crs=4326)
    )
    assert SpeedModel.fit(lone_pair, covariance=Covariance(0.01, 300)).range_km == 0
    sparse = SpeedModel.fit(ring([7.4, 7.6, 7.5, 7.3], 4.0), covariance=Covariance(0.01, 300))
    assert sparse.range_km == 0


def test_errors_too_large_support_no_range() -> None:
    wild = SpeedModel.fit(ring([4.0, 8.0, 4.0, 8.0, 4.0]), covariance=Covariance(0.01, 300))
    assert wild.rmse > 0.15
    assert wild.range_km == 0
    assert np.isnan(wild.at([105.0, 105.5], [46.0, 46.0])[0]).all()


def test_held_out_points_do_not_speak_for_their_own_place() -> None:
    model = SpeedModel.fit(ring([9.0, 7.0, 7.0, 7.0, 7.0]), covariance=Covariance(0.02, 300))
    own, _ = model.at([105.0], [46.0])
    held, _ = model.at([105.0], [46.0], hold_out_km=30)
    assert np.exp(own[0]) > np.exp(held[0]) + 0.5
    assert np.isnan(model.at([105.0], [46.0], hold_out_km=5000)[0][0])
    with pytest.raises(DataError, match="one place at a time"):
        model.at([105.0, 106.0], [46.0, 46.0], hold_out_km=30)


def test_the_surface_is_known_within_the_range_and_unknown_beyond() -> None:
    points = ring([7.4, 7.6, 7.5, 7.3, 7.5])
    found = speed_surface(points, GRID, 100.0)
    known = np.isfinite(found["speed"].to_numpy())
    assert 0 < known.mean() < 1
    np.testing.assert_array_equal(known, np.isfinite(found["speed_sd"].to_numpy()))
    assert 7 < float(found["speed"].mean()) < 8
    assert (found["speed_sd"] / found["speed"]).min() >= 0.1 - 1e-6
    assert found.attrs["points"] == 5
    assert found.attrs["loo_rmse_log_of_plain_mean"] > 0


def test_the_yield_is_known_where_the_speed_is_and_lies_in_its_interval() -> None:
    speed = speed_surface(ring([7.4, 7.6, 7.5, 7.3, 7.5]), GRID, 100.0)
    found = yield_surface(speed, GRID, MACHINE, RELIEF, WARMTH)
    np.testing.assert_array_equal(
        np.isfinite(found["capacity_factor"]), np.isfinite(speed["speed"])
    )
    known = np.isfinite(speed["speed"].to_numpy())
    low, central, high_end = (
        found[name].to_numpy()[known] for name in ("low", "capacity_factor", "high")
    )
    assert (low < central).all()
    assert (central < high_end).all()
    assert found.attrs["turbine"] == "machine"
    nowhere = speed.copy(deep=True)
    nowhere["speed"][:] = np.nan
    assert np.isnan(yield_surface(nowhere, GRID, MACHINE, RELIEF, WARMTH)["high"]).all()


def test_net_yield_by_hand() -> None:
    losses = WindLosses(sd=0.0)
    value, low, high_end = net_yield([7.5], [0.0], [1000.0], np.full((12, 1), 5.0), MACHINE, losses)
    gross = capacity_factor(7.5, 2.2, CURVE, density=air_density(1100.0, 5.0))
    assert value[0] == pytest.approx(gross * losses.retained, rel=1e-4)
    assert low[0] == pytest.approx(value[0])
    assert high_end[0] == pytest.approx(value[0])
    cold, _, _ = net_yield([7.5], [0.0], [1000.0], np.full((12, 1), -30.0), MACHINE, losses)
    dense = capacity_factor(7.5, 2.2, CURVE, density=air_density(1100.0, -30.0))
    assert cold[0] == pytest.approx(dense * losses.retained * 0.5, rel=1e-4)


def test_more_losses_less_yield_and_more_doubt_a_wider_interval() -> None:
    call = ([7.5], [0.1], [1000.0], np.full((12, 1), 5.0), MACHINE)
    base = net_yield(*call)
    lossy = net_yield(*call, WindLosses(wake=0.2))
    assert lossy[0] < base[0]
    unsure = net_yield([7.5], [0.2], *call[2:])
    assert unsure[1] < base[1]
    assert unsure[2] > base[2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SpeedModel.fit(ring([7.0, 7.0])), EmptyLayerError, "three are needed"),
        (
            lambda: SpeedModel.fit(ring([7.0, 7.0, 7.0]).assign(height=[80.0, 100.0, 100.0])),
            DataError,
            "one height first",
        ),
        (lambda: speed_surface(ring([7.0, 7.1, 7.2, 7.1]), GRID, 80.0), DataError, "at 100 m"),
        (
            lambda: yield_surface(
                xr.Dataset(attrs={"hub_height_m": 80.0}), GRID, MACHINE, RELIEF, WARMTH
            ),
            DataError,
            "the hub of machine at 100 m",
        ),
        (
            lambda: SpeedModel.fit(ring([7.0, 7.1, 7.2]).set_crs(None, allow_override=True)),
            CrsError,
            "no CRS",
        ),
    ],
)
def test_wind_fields_refuse_and_say_what_to_do(
    call: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]
