"""The measures that a criterion may name, with the unit each comes in and its arguments."""

from dataclasses import dataclass, field

__all__ = ["MEASURES", "Argument", "Measure"]


@dataclass(frozen=True)
class Argument:
    """One argument of a measure: `kind` is layer, text, texts, where, months or number."""

    kind: str
    required: bool = True
    unit: str = ""
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """What a measure needs.

    `unit` None means that the criterion states the unit itself (a column, a layer); `spatial`
    that every cell has a value, not only the sites; `needs` names the recipe's part that must
    be there.
    """

    unit: str | None
    spatial: bool
    arguments: dict[str, Argument] = field(default_factory=dict)
    needs: str | None = None
    says: str = ""


_LAYER = Argument("layer")
_WHERE = Argument("where", required=False)
_MONTHS = Argument("months", required=False)

MEASURES: dict[str, Measure] = {
    "distance": Measure(
        "km", True, {"layer": _LAYER, "where": _WHERE},
        says="distance from the cell's centre to the nearest feature",
    ),
    "travel": Measure(
        "km", True, {"layer": _LAYER, "where": _WHERE}, needs="transport",
        says="truck haul to the best feature, as the length of paved road that costs as much",
    ),
    "crossing-distance": Measure(
        "km", True, {"layer": _LAYER, "where": _WHERE},
        says="distance to the nearest point at which two lines of the layer meet",
    ),
    "density": Measure(
        None, True, {"layer": _LAYER, "where": _WHERE, "radius": Argument("number", unit="m")},
        says="points (`1/km2`) or line (`km/km2`) around the cell, by the quartic kernel",
    ),
    "slope": Measure("%", True, {"layer": _LAYER}, says="slope of a height layer"),
    "value": Measure(
        None, True, {"layer": _LAYER, "band": Argument("text", required=False)},
        says="value of a raster layer",
    ),
    "zonal": Measure(
        None, True,
        {
            "zones": _LAYER, "layer": _LAYER, "band": Argument("text", required=False),
            "statistic": Argument("text", allowed=("mean", "min", "max", "sum", "median", "stdev")),
        },
        says="a statistic of a raster layer within the zone that holds the cell",
    ),
    "solar-radiation": Measure(
        "kWh/m2", True, {"months": _MONTHS}, needs="energy",
        says="global horizontal radiation of a year, or of some months of it (1 to 12)",
    ),
    "solar-yield": Measure(
        "%", True, {"months": _MONTHS}, needs="energy",
        says="AC capacity factor of a solar plant, in the year or in some months of it",
    ),
    "wind-speed": Measure("m/s", True, needs="energy", says="mean wind speed at hub height"),
    "wind-yield": Measure("%", True, needs="energy", says="net capacity factor of a wind plant"),
    "power-cost": Measure(
        "USD/MWh", True,
        {"technology": Argument("text", allowed=("solar", "wind", "cheapest"))},
        needs="energy", says="levelised cost of power on the spot",
    ),
    "freight-cost": Measure(
        "USD/t", True, {"to": Argument("texts")}, needs="transport",
        says="freight from the mine gate, mean of the named countries, per wet tonne of product",
    ),
    "freight-share": Measure(
        "%", True, {"to": Argument("texts")}, needs="transport",
        says="freight as a share of the product's value, mean of the named countries",
    ),
    "isocost": Measure(
        "USD/t", True, {"to": Argument("texts"), "product": Argument("text")}, needs="transport",
        says="freight from every cell to the cheapest of some ports, per wet tonne of a product",
    ),
    "supply-cost": Measure(
        "USD/MWh", False, {"load": Argument("text")}, needs="energy",
        says="cost of the cheapest mix that serves a load of the recipe at the site",
    ),
    "prospectivity": Measure(
        "", True, {"model": Argument("text")}, needs="prospectivity",
        says="how many times as likely as in the mean cell a deposit is, by a model",
    ),
    "attribute": Measure(
        None, False, {"column": Argument("text")}, says="a number of the site's own record"
    ),
    "class": Measure(
        "", False, {"column": Argument("text")}, says="a class of the site's own record"
    ),
    "grade-ratio": Measure(
        "", False, {"median": Argument("number"), "grade_unit": Argument("text")},
        says="grade over the world median of the type",
    ),
    "list-share": Measure(
        "", False,
        {
            "commodity": Argument("text"), "lists": Argument("texts"),
            "strategic": Argument("texts", required=False),
        },
        needs="lists", says="share of the critical-mineral lists that name the commodity",
    ),
}  # fmt: skip
"""Every measure by its name."""
