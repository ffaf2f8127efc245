"""Distances that a plant keeps, by the size of its machine, as rules of exclusion.

A setback is a distance, or a multiple of a height or width of the machine: ordinances speak of
tip heights. It becomes the buffer of an ordinary exclusion rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd

from geo.criteria.exclusion import ExclusionRule
from geo.errors import DataError

__all__ = ["WIND_MULTIPLES", "Machine", "setback_distance", "setback_rule"]

WIND_MULTIPLES: Mapping[str, float] = MappingProxyType({"moderate": 1.1, "high": 3.0})
"""Tip heights where no ordinance speaks, by the strictness assumed, as NREL's reVX has them."""

_KINDS = ("metres", "tip heights", "hub heights", "rotor diameters")


@dataclass(frozen=True)
class Machine:
    """What a setback is measured by.

    Parameters
    ----------
    hub_height : float [m]
        Of a turbine; the height of the structure otherwise.
    rotor_diameter : float [m]
        0 for what has no rotor.

    Raises
    ------
    DataError
        If the height is not above 0 or the rotor touches the ground.
    """

    hub_height: float
    rotor_diameter: float = 0.0

    def __post_init__(self) -> None:
        if not self.hub_height > 0 or not 0 <= self.rotor_diameter < 2 * self.hub_height:
            raise DataError(
                f"a hub at {self.hub_height:g} m carries no rotor of {self.rotor_diameter:g} m: "
                "give a height above half the diameter, both in metres"
            )

    @property
    def tip_height(self) -> float:
        """Highest point that a blade reaches [m]."""
        return self.hub_height + self.rotor_diameter / 2


def setback_distance(value: float, kind: str, machine: Machine | None = None) -> float:
    """Distance of a setback.

    Parameters
    ----------
    value : float
        Metres, or a multiple.
    kind : {"metres", "tip heights", "hub heights", "rotor diameters"}
    machine : Machine, optional
        Needed for all but metres.

    Returns
    -------
    float [m]

    Raises
    ------
    DataError
        If the value is negative, the kind unknown, or a multiple has no machine.

    References
    ----------
    NREL, reVX, setbacks: regulations as multiples of the maximum tip height, the rotor diameter
    or the hub height, or in metres. https://github.com/NREL/reVX

    Examples
    --------
    >>> setback_distance(3, "tip heights", Machine(135.0, 200.0))
    705.0
    """
    if not value >= 0:
        raise DataError(f"the setback is {value:g}: give a number of 0 or more")
    if kind not in _KINDS:
        raise DataError(f"setbacks in {kind!r} are unknown: choose one of {', '.join(_KINDS)}")
    if kind == "metres":
        return float(value)
    if machine is None:
        raise DataError(f"a setback in {kind} needs a machine: give its hub height and rotor")
    size = {
        "tip heights": machine.tip_height,
        "hub heights": machine.hub_height,
        "rotor diameters": machine.rotor_diameter,
    }
    return float(value * size[kind])


def setback_rule(
    name: str,
    title: str,
    features: gpd.GeoDataFrame,
    value: float,
    kind: str,
    machine: Machine | None = None,
    *,
    source: str = "",
) -> ExclusionRule:
    """Exclusion of what lies within a setback of features.

    Parameters
    ----------
    name, title : str
    features : GeoDataFrame
        Roads, railways, buildings, water, airports, in the grid's CRS.
    value, kind, machine
        As of `setback_distance`.
    source : str
        Where the rule is from.

    Returns
    -------
    ExclusionRule

    Examples
    --------
    >>> import shapely
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (9, 0)])], crs=3035)
    >>> rule = setback_rule("road", "Road", road, 1.1, "tip heights", Machine(100.0, 126.0))
    >>> round(rule.buffer_m, 1)
    179.3
    """
    distance = setback_distance(value, kind, machine)
    return ExclusionRule(name, title, geometry=features, buffer_m=distance, source=source)
