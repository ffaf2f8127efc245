"""From radiation on the horizontal to the output of a photovoltaic plant.

Plain array steps, the same for average days and for the hours of a year: direct and
diffuse light -> plane of the modules (fixed or tracking) -> glass -> cells -> losses ->
inverter. Arrays broadcast against one another; the first axis is the place.

References
----------
`docs/methods/energy.md` holds the formulas, their sources and their limits.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.energy.shares import check_share
from geo.errors import DataError

__all__ = ["Plane", "PvSystem", "Sky", "output", "plane_of"]

Array = npt.NDArray[np.float64]

_SHARES = (
    "soiling", "shading", "dc_losses", "inverter_loss", "ac_losses", "unavailability",
    "rear_losses",
)  # fmt: skip
#: Sun lower than this gives diffuse light only [degrees from the zenith].
_LOWEST_SUN = 87.0
#: Of the modules across a row, for the rear side [m].
_MODULE_LENGTH = 2.0


@dataclass(frozen=True)
class PvSystem:
    """A photovoltaic plant, and what it loses.

    Parameters
    ----------
    mounting : {"fixed", "tracking"}
        Fixed supports, or one horizontal axis from north to south that turns with the sun
        and turns back before rows shade one another.
    tilt : float, optional [degrees]
        Of fixed supports from the horizontal; the best of the place when missing.
    azimuth : float, optional [degrees]
        Of fixed supports from north over east; towards the equator when missing.
    largest_angle : float [degrees]
        To which a tracker turns.
    ground_cover : float
        Width of the modules over the distance of rows; for trackers and the rear side.
    bifaciality : float
        Efficiency of the rear side over that of the front; 0 for modules without one.
    clearance : float [m]
        Height of the rows' middle over the ground, for modules 2 m wide; for the rear side.
    rear_losses : float
        Share of the light of the rear side that the structure and uneven light cost.
    albedo : float
        Of the ground, all year: snow is left out on both sides (it brightens the ground
        and covers modules).
    temperature_coefficient : float [1/K]
        Of the module's power.
    diurnal_range : float [K]
        Warmest less coldest hour of the day; the warmest is 15 h solar time.
    dc_ac_ratio : float
        Rated power of the modules over that of the inverters.
    soiling, shading, dc_losses, inverter_loss, ac_losses, unavailability : float
        Shares lost, one after the other. `shading`: rows on one another, horizon and snow
        on modules; `dc_losses`: mismatch, wiring, low light and first-year degradation;
        `inverter_loss`: at rated power, the curve below it is PVWatts'; `ac_losses`: cables
        and transformer.
    classes : int
        Kinds of days a month.
    chain_sd, loss_sd : float
        Relative standard deviation of the way from horizontal radiation to the plane,
        and of all losses together.

    Raises
    ------
    DataError
        If a share is outside [0, 1), the ratio not above 0 or an angle out of range.

    Examples
    --------
    >>> round(PvSystem().retained, 3)
    0.859
    """

    tilt: float | None = None
    azimuth: float | None = None
    albedo: float = 0.2
    temperature_coefficient: float = -0.0035
    diurnal_range: float = 12.0
    dc_ac_ratio: float = 1.1
    soiling: float = 0.035
    shading: float = 0.025
    dc_losses: float = 0.03
    inverter_loss: float = 0.025
    ac_losses: float = 0.015
    unavailability: float = 0.02
    classes: int = 5
    chain_sd: float = 0.03
    loss_sd: float = 0.05
    mounting: Literal["fixed", "tracking"] = "fixed"
    largest_angle: float = 60.0
    ground_cover: float = 0.4
    bifaciality: float = 0.0
    clearance: float = 1.5
    rear_losses: float = 0.10

    def __post_init__(self) -> None:
        for name in _SHARES:
            check_share(getattr(self, name), name, below_one=True)
        if not (math.isfinite(self.dc_ac_ratio) and self.dc_ac_ratio > 0):
            raise DataError(f"dc_ac_ratio is {self.dc_ac_ratio}: give a number above 0")
        if not -0.02 < self.temperature_coefficient <= 0:
            raise DataError(
                f"the temperature coefficient is {self.temperature_coefficient} a kelvin: "
                "give a share from -0.02 to 0, such as -0.0035 for -0.35 %"
            )
        if self.tilt is not None and not 0 <= self.tilt <= 90:
            raise DataError(f"the tilt is {self.tilt} degrees: give one from 0 to 90")
        self._check_structure()

    def _check_structure(self) -> None:
        if self.mounting not in ("fixed", "tracking"):
            raise DataError(f"the mounting is {self.mounting!r}: give 'fixed' or 'tracking'")
        if self.mounting == "tracking" and not (self.tilt is None and self.azimuth is None):
            raise DataError("a tracker has no tilt or azimuth of its own: leave both out")
        if not 0 < self.largest_angle <= 90:
            raise DataError(f"largest_angle is {self.largest_angle} degrees: give 0 to 90")
        if not 0 < self.ground_cover < 1:
            raise DataError(f"ground_cover is {self.ground_cover}: give a share from 0 to 1")
        if not (0 <= self.bifaciality <= 1 and self.clearance > 0):
            raise DataError(
                f"bifaciality is {self.bifaciality} at a clearance of {self.clearance} m: "
                "give a share from 0 to 1, about 0.7, and a height above 0"
            )

    @property
    def retained(self) -> float:
        """Share left at rated power, after all but reflection, temperature and clipping."""
        return self.before_inverter * (1 - self.inverter_loss) * self.after_inverter

    @property
    def before_inverter(self) -> float:
        """Share left of the modules' power."""
        return (1 - self.soiling) * (1 - self.shading) * (1 - self.dc_losses)

    @property
    def after_inverter(self) -> float:
        """Share left of the inverter's output."""
        return (1 - self.ac_losses) * (1 - self.unavailability)


@dataclass(frozen=True)
class Sky:
    """Sun and radiation on the horizontal.

    Parameters
    ----------
    zenith, azimuth : array [degrees]
        Of the sun; azimuth from north over east.
    extraterrestrial : array [W/m2]
        On a plane that faces the sun.
    ghi, dni, dhi : array [W/m2]
        Global, direct (facing the sun) and diffuse radiation; NaN is unknown.
    """

    zenith: Array
    azimuth: Array
    extraterrestrial: Array
    ghi: Array
    dni: Array
    dhi: Array

    @classmethod
    def split(cls, ghi: Array, zenith: Array, azimuth: Array, extraterrestrial: Array) -> "Sky":
        """Split global radiation into direct and diffuse, after Erbs and others.

        Parameters
        ----------
        ghi, zenith, azimuth, extraterrestrial : array
            As in the class; they broadcast.

        Returns
        -------
        Sky
        """
        # Written out: pvlib's own would recompute the sun's distance per element.
        cosine = np.cos(np.radians(zenith))
        clearness = np.clip(ghi / (extraterrestrial * np.maximum(cosine, 0.065)), 0, 2)
        low = zenith > _LOWEST_SUN
        dhi = np.where(low, ghi, ghi * _erbs_diffuse_share(clearness))
        dni = (ghi - dhi) / np.maximum(cosine, math.cos(math.radians(_LOWEST_SUN)))
        return cls(zenith, azimuth, extraterrestrial, ghi, dni, dhi)


@dataclass(frozen=True)
class Plane:
    """Radiation on the plane of the modules.

    Parameters
    ----------
    total : array [W/m2]
        On the front.
    effective : array [W/m2]
        What the cells make power of: through the glass, the rear side's part with it.
    """

    total: Array
    effective: Array


def plane_of(sky: Sky, latitude: Array, tilt: Array | float, system: PvSystem) -> Plane:
    """Bring radiation onto the modules.

    Parameters
    ----------
    sky : Sky
        Arrays whose first axis is the place.
    latitude : (n,) array [degrees]
    tilt : float or (n,) array [degrees]
        Of fixed supports; a tracker does not ask for it.
    system : PvSystem

    Returns
    -------
    Plane

    References
    ----------
    Hay and Davies (1980) for the sky, Duffie and Beckman (2013) for the ground and the
    glass (as pvlib's ``iam.physical``), Martin and Ruiz (2001) for diffuse light through it,
    Anderson and Mikofski (2020), doi:10.2172/1660126, for turning back, and Mikofski and
    others (2019), doi:10.1109/PVSC40753.2019.8980572, for the rear side.
    """
    # pvlib takes a while to import, here as below.
    from pvlib import iam, irradiance

    slope, facing = _orientation(sky, latitude, tilt, system)
    angle = irradiance.aoi(slope, facing, sky.zenith, sky.azimuth)
    parts = irradiance.haydavies(
        slope, facing, sky.dhi, sky.dni, sky.extraterrestrial,
        solar_zenith=sky.zenith, solar_azimuth=sky.azimuth, return_components=True,
    )  # fmt: skip
    ground = irradiance.get_ground_diffuse(slope, sky.ghi, system.albedo)
    direct = sky.dni * np.maximum(np.cos(np.radians(angle)), 0.0) + parts["poa_circumsolar"]
    diffuse_glass = iam.martin_ruiz_diffuse(slope)
    effective = (
        direct * np.nan_to_num(iam.physical(angle))
        + parts["poa_isotropic"] * diffuse_glass["sky"]
        + ground * diffuse_glass["ground"]
    )
    if system.bifaciality:
        effective = effective + _rear(sky, slope, facing, system)
    return Plane(direct + parts["poa_isotropic"] + ground, effective)


def output(plane: Plane, air: Array, system: PvSystem) -> Array:
    """Power of a plant over its AC rating.

    Parameters
    ----------
    plane : Plane
    air : array [degC]
        Temperature of the air.
    system : PvSystem

    Returns
    -------
    array
        In [0, 1], after all losses; NaN where the radiation is unknown. Times the DC/AC
        ratio's inverse it is the power over the modules' rating.

    References
    ----------
    Faiman (2008), doi:10.1002/pip.813, at 1 m/s; Dobos (2014), PVWatts Version 5 Manual,
    NREL/TP-6A20-62641, for the inverter.
    """
    from pvlib.temperature import faiman

    cell = faiman(plane.effective, air)
    heat = 1 + system.temperature_coefficient * (cell - 25)
    modules = plane.effective / 1000 * heat * system.before_inverter * system.dc_ac_ratio
    efficiency = 1 - system.inverter_loss
    if efficiency == 1:
        converted = np.clip(modules, 0, 1)
    else:
        # PVWatts' curve times the load, which pvlib divides by and multiplies with again.
        load = modules * efficiency
        converted = np.clip((load * (0.9858 - 0.0162 * load) - 0.0059) / 0.9637, 0, 1)
    return np.asarray(converted * system.after_inverter)


def _orientation(
    sky: Sky, latitude: Array, tilt: Array | float, system: PvSystem
) -> tuple[Array, Array]:
    """Tilt and azimuth of the modules, with the axes of the sun's position."""
    if system.mounting == "tracking":
        return _tracked(sky, system)
    each = (slice(None), *(None,) * (sky.zenith.ndim - 1))
    facing = np.where(latitude >= 0, 180.0, 0.0)
    if system.azimuth is not None:
        facing = np.full_like(facing, system.azimuth)
    slope = np.broadcast_to(np.asarray(tilt, dtype=np.float64), latitude.shape)
    return slope[each], facing[each]


def _tracked(sky: Sky, system: PvSystem) -> tuple[Array, Array]:
    from pvlib import tracking

    zenith, azimuth = np.broadcast_arrays(sky.zenith, sky.azimuth)
    turned = tracking.singleaxis(
        zenith.ravel(), azimuth.ravel(), axis_tilt=0, axis_azimuth=180,
        max_angle=system.largest_angle, backtrack=True, gcr=system.ground_cover,
    )  # fmt: skip
    # At night a tracker lies flat.
    slope = np.nan_to_num(turned["surface_tilt"]).reshape(zenith.shape)
    facing = np.nan_to_num(turned["surface_azimuth"], nan=180.0).reshape(zenith.shape)
    return slope, facing


def _rear(sky: Sky, slope: Array, facing: Array, system: PvSystem) -> Array:
    """Light that the rear side adds to the front's.

    It is linear in direct and in diffuse light, so its geometry is worked out once for all
    kinds of days.
    """
    angles = np.stack(np.broadcast_arrays(sky.zenith, sky.azimuth, slope, facing), axis=1)
    # On average days all places of one latitude share their geometry.
    rows, place = np.unique(angles.reshape(len(angles), -1), axis=0, return_inverse=True)
    once = rows.reshape(-1, *angles.shape[1:])
    direct, diffuse = (_rear_geometry(once, share, system)[place] for share in ((1, 0), (0, 1)))
    light = sky.dni * direct + sky.dhi * diffuse
    return np.asarray(light * system.bifaciality * (1 - system.rear_losses))


def _rear_geometry(angles: Array, light: tuple[int, int], system: PvSystem) -> Array:
    """Light on the rear side for one watt of direct or of diffuse light."""
    from pvlib.bifacial import infinite_sheds

    zenith, azimuth, slope, facing = (angles[:, one].ravel() for one in range(4))
    zenith = np.minimum(zenith, _LOWEST_SUN)
    dni, dhi = (np.full(zenith.shape, float(one)) for one in light)
    found = infinite_sheds.get_irradiance_poa(
        180 - slope, (facing + 180) % 360, zenith, azimuth,
        system.ground_cover, system.clearance, _MODULE_LENGTH / system.ground_cover,
        dni * np.cos(np.radians(zenith)) + dhi, dhi, dni, system.albedo,
    )  # fmt: skip
    shape = (len(angles), *angles.shape[2:])
    return np.nan_to_num(np.asarray(found["poa_global"]).reshape(shape))


def _erbs_diffuse_share(clearness: Array) -> Array:
    """Diffuse share of hourly radiation (Erbs and others 1982, 10.1016/0038-092X(82)90302-4)."""
    k = clearness
    middle = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    return np.where(k <= 0.22, 1 - 0.09 * k, np.where(k > 0.8, 0.165, middle))
