"""The parts of a checked recipe, as plain immutable records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from geo.recipe.measures import MEASURES

__all__ = [
    "CombineSpec",
    "CostSpec",
    "CriterionSpec",
    "DebtSpec",
    "DrawSpec",
    "EnergySpec",
    "EvidenceSpec",
    "ExclusionSpec",
    "FreightSpec",
    "GroundSpec",
    "HouseSpec",
    "LoadSpec",
    "MeasureSpec",
    "NewLinkSpec",
    "NewLinksSpec",
    "PresetSpec",
    "ProjectSpec",
    "ProspectivitySpec",
    "Recipe",
    "ReferenceSpec",
    "ScenarioSpec",
    "SiteSpec",
    "SolarSpec",
    "SourceSpec",
    "StorageSpec",
    "SupplySpec",
    "TerrainSpec",
    "ThemeSpec",
    "TransportSpec",
    "ValueSpec",
    "WaySpec",
    "WeightingSpec",
    "WindSpec",
]

Where = Mapping[str, object]


@dataclass(frozen=True)
class DrawSpec:
    """Seeded draws behind every range: how many, from which seed, and what counts as top.

    `pessimism` is how likely an unknown is to be poor: 1 for any value alike.
    """

    count: int = 2000
    seed: int = 1
    top: int = 5
    weight_range: float = 0.25
    pessimism: float = 1.0


@dataclass(frozen=True)
class ValueSpec:
    """A value function: `kind` is linear, log, lookup, classes or a membership.

    Points, breaks and the numbers of a membership are in `unit`; `scores` belong to classes.
    """

    kind: str
    unit: str
    points: tuple[tuple[float, float], ...] = ()
    table: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    breaks: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class MeasureSpec:
    """What is measured: the name of the measure and its own arguments."""

    name: str
    arguments: Mapping[str, object]

    @property
    def layer(self) -> str | None:
        """Id of the layer that is measured, if the measure reads one."""
        found = self.arguments.get("layer")
        return None if found is None else str(found)


@dataclass(frozen=True)
class EvidenceSpec:
    """One layer of evidence; `favours` tells which of its values speak for a deposit."""

    id: str
    title: str
    measure: MeasureSpec
    unit: str
    breaks: tuple[float, ...]
    favours: str
    source: str
    line: int


@dataclass(frozen=True)
class ProspectivitySpec:
    """A model of where else deposits may lie: known ones, evidence, how it is learnt and tested.

    `block` [m] is the side of the squares that are left out together when skill is measured.
    """

    id: str
    title: str
    layer: str
    where: Where
    method: str
    evidence: tuple[EvidenceSpec, ...]
    block: float
    folds: int
    background: int
    allow_leakage: bool
    source: str
    line: int

    def layer_ids(self) -> set[str]:
        """Ids of the layers of deposits and evidence."""
        named = (one.measure.arguments.get(k) for one in self.evidence for k in ("layer", "zones"))
        return {self.layer, *(str(layer) for layer in named if layer is not None)}


@dataclass(frozen=True)
class CriterionSpec:
    """One criterion of a theme; `required` makes a place without it unknown."""

    id: str
    title: str
    measure: MeasureSpec
    unit: str
    value: ValueSpec
    weight: tuple[float, float, float]
    source: str
    note: str
    required: bool
    line: int


@dataclass(frozen=True)
class ExclusionSpec:
    """One rule that takes places out, or only warns (`effect`).

    `values` are classes and closed intervals of a raster, a class being an interval of no
    width; with `invert` the rule holds where it would not. `tip_heights` is a buffer in heights of
    the recipe's turbine, in place of `buffer`.
    """

    id: str
    title: str
    layer: str
    where: Where
    buffer: float
    above: float | None
    below: float | None
    effect: str
    source: str
    line: int
    values: tuple[tuple[float, float], ...] = ()
    invert: bool = False
    tip_heights: float = 0.0


@dataclass(frozen=True)
class SiteSpec:
    """Where a theme's sites come from: rows of a layer, or the best places of the surface."""

    layer: str | None
    where: Where
    best: int
    spacing: float
    name_layer: str | None

    @property
    def kind(self) -> str:
        """``"deposits"`` for rows of a layer, ``"places"`` for places found on the surface."""
        return "places" if self.layer is None else "deposits"


@dataclass(frozen=True)
class FreightSpec:
    """Product of a theme, its destinations by country, and planned outputs by site [t/yr]."""

    product: str
    destinations: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, float] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True)
class CombineSpec:
    """How criteria become one score: method, its options, and what stands for an unknown."""

    method: str = "weighted-sum"
    options: Mapping[str, object] = field(default_factory=dict)
    unknown: str = "lower"


@dataclass(frozen=True)
class WeightingSpec:
    """Where a theme's weights come from.

    `says` tells a reader, with the consistency of judgements; `preference` is False for
    weights that are read off the data, which are known only when the sites are.
    """

    method: str
    says: str
    preference: bool = True
    warnings: tuple[str, ...] = ()
    line: int = 1


@dataclass(frozen=True)
class PortfolioSpec:
    """Sites to choose together.

    `cost`, `group` and `link` are columns of the sites; `budget` and `link_costs` are in the
    unit of the costs, `spacing` in metres; `limits` hold (least, most) by group.
    """

    count: int | None
    budget: float | None
    spacing: float
    cost: str | None
    group: str | None
    limits: Mapping[str, tuple[int, int | None]]
    link: str | None
    link_costs: Mapping[str, float]
    line: int


@dataclass(frozen=True)
class PresetSpec:
    """A named set of weights; criteria that it does not name keep theirs."""

    title: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class HouseSpec:
    """Whose map it is: a name, a logo beside the recipe, colours of the themes in order."""

    name: str = ""
    logo: Path | None = None
    accents: tuple[str, ...] = ()


@dataclass(frozen=True)
class ThemeSpec:
    """One question with its own sites, criteria, rules and colours."""

    id: str
    title: str
    accent: str | None
    sites: SiteSpec
    criteria: tuple[CriterionSpec, ...]
    exclusions: tuple[ExclusionSpec, ...]
    omitted: tuple[tuple[str, str], ...]
    freight: FreightSpec | None
    line: int
    combine: CombineSpec = CombineSpec()
    weighting: WeightingSpec = WeightingSpec("stated", "weights as stated in the recipe")
    portfolio: PortfolioSpec | None = None
    presets: tuple[PresetSpec, ...] = ()


@dataclass(frozen=True)
class ReferenceSpec:
    """The market whose price others are compared with: a title and the places it is reached at."""

    title: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class TransportSpec:
    """Layers of the network and what may not be used.

    Gauges [mm], ports to sail from and classes of crossing limit the ways where they are given;
    `usd` are US dollars for one unit of each other currency of the factors.
    """

    nodes: str
    links: str
    factors: str
    products: str
    crossings: str | None
    geometry: Mapping[str, str]
    barriers: tuple[str, ...]
    avoid_status: tuple[str, ...]
    avoid_countries: tuple[str, ...]
    interest: float
    ports: str | None = None
    land: str | None = None
    open_links: tuple[tuple[str, str], ...] = ()
    closed: tuple[str, ...] = ()
    price_factors: Mapping[str, float] = field(default_factory=dict)
    reference: ReferenceSpec | None = None
    throughput: str | None = None
    readings: str | None = None
    gauges: tuple[int, ...] | None = None
    use_ports: tuple[str, ...] | None = None
    allow_crossings: tuple[str, ...] | None = None
    usd: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class GroundSpec:
    """Ground on which building costs `factor` times as much; None is forbidden."""

    layer: str
    where: Where
    buffer: float
    factor: float | None
    source: str


@dataclass(frozen=True)
class NewLinkSpec:
    """A line that could be built between two places: nodes of the network, or sites.

    `build` is a row of the layer of construction costs; `gauge` is 0 for roads.
    """

    id: str
    title: str
    start: str
    end: str
    mode: str
    gauge: int
    build: str
    note: str
    line: int


@dataclass(frozen=True)
class NewLinksSpec:
    """Lines that could be built, the ground they would cross, and what money costs.

    `cell_size` is that of the ground, `earthwork` the height of cuts and fills, both in
    metres; `budget` in USD.
    """

    costs: str
    relief: str | None
    rivers: str | None
    grounds: tuple[GroundSpec, ...]
    links: tuple[NewLinkSpec, ...]
    cell_size: float
    earthwork: float
    rate: float
    years: float
    budget: float | None
    line: int

    def layers(self) -> set[str]:
        """Ids of the layers that alignments and costs are made of."""
        named = {self.costs, self.relief, self.rivers, *(g.layer for g in self.grounds)}
        return {layer for layer in named if layer}


@dataclass(frozen=True)
class CostSpec:
    """Money of a power plant, each as (low, central, high), all real or all nominal.

    `countries` are rates by ISO 3166 code where they differ from `rate`; `construction` the
    shares of the capital spent in the years before operation, the last first.
    """

    capital: tuple[float, float, float]
    fixed: tuple[float, float, float]
    rate: tuple[float, float, float]
    years: float
    source: str
    basis: str = "real"
    currency_year: int = 0
    degradation: float = 0.0
    construction: tuple[float, ...] = ()
    countries: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True)
class WaySpec:
    """A line or a road from a plant to the features of a layer.

    It costs `per_km` [USD/km] on flat ground, and `fixed` [USD] whatever its length.
    """

    layer: str
    where: Where
    per_km: float
    fixed: float
    source: str


@dataclass(frozen=True)
class TerrainSpec:
    """How many times as dear a way's kilometre is by the slope of the country about the plant.

    `steps` are rising slopes [%] with the factor up to each, `beyond` that on steeper ground;
    `layer` holds heights.
    """

    layer: str
    steps: tuple[tuple[float, float], ...]
    beyond: float
    source: str


@dataclass(frozen=True)
class SupplySpec:
    """A supply curve: what a theme's rules leave of the land, at a density [MW/km²].

    `spacing` is that of turbines along and across the wind [rotor diameters]; it stands in for
    a density that is not given, and beside one that is.
    `step` [USD/MWh] is the width of a class of cost; `load_classes` [m] are upper limits of
    distances to the features of `load`; a plant of `plant` MW pays for the `connection` to them
    and for the recipe's road. `min_area` [km²] drops smaller zones.
    """

    technology: str
    theme: str
    density: float | None
    spacing: tuple[float, float] | None
    step: float
    min_area: float
    load: str | None
    load_where: Where
    load_classes: tuple[float, ...]
    connection: WaySpec | None
    plant: float
    source: str
    line: int


@dataclass(frozen=True)
class DebtSpec:
    """A loan with equal yearly payments: share of the capital, rate a year, years."""

    share: float
    rate: float
    years: int
    basis: str


@dataclass(frozen=True)
class ProjectSpec:
    """A plant of `capacity` MW, appraised at the first `top` sites of themes.

    `price` is what its power is sold at, `target` the cost that it is to reach [USD/MWh]; None
    where the recipe asks for neither.
    """

    id: str
    title: str
    technology: str
    capacity: float
    themes: tuple[str, ...]
    top: int
    price: float | None
    target: float | None
    debt: DebtSpec | None
    connection: WaySpec | None
    source: str
    line: int


@dataclass(frozen=True)
class StorageSpec:
    """Money [USD/kWh], [USD/kW], [USD/kW/year], life and round trip of a storage."""

    energy: float
    power: float
    fixed: float
    years: float
    round_trip: float
    source: str


@dataclass(frozen=True)
class SourceSpec:
    """Power that is bought: price [USD/MWh], capital [USD/kW], limit [MW], CO2 [t/MWh]."""

    id: str
    title: str
    price: float
    capital: float
    years: float
    limit: float
    co2: float
    source: str


@dataclass(frozen=True)
class LoadSpec:
    """A load to be served at sites: mean [MW], shapes of the day and the year, what may serve it.

    `rate` is the cost of capital of storage and sources; the first `top` sites of each theme are
    shown with their mix, drawn `seeds` times where the wind's hours are.
    """

    id: str
    title: str
    mean: float
    day: tuple[float, ...]
    year: tuple[float, ...]
    themes: tuple[str, ...]
    top: int
    seeds: int
    rate: float
    basis: str
    storage: StorageSpec | None
    sources: tuple[SourceSpec, ...]
    source: str
    line: int


@dataclass(frozen=True)
class ResourceSpec:
    """A better source of sun or wind than the coarse layers, in whose place it stands.

    `error` is its relative standard deviation, None for the one that its kind has by default;
    `height` [m] that of an atlas or a reanalysis of wind. A mast's table has a place
    [degrees], a column of stamps, columns of speeds with their heights [m], or one of
    radiation.
    """

    layer: str
    height: float | None = None
    error: float | None = None
    place: tuple[float, float] | None = None
    time: str = "time"
    speeds: Mapping[str, float] = field(default_factory=dict)
    radiation: str | None = None


@dataclass(frozen=True)
class SolarSpec:
    """Layers and plant of the solar yield; `monthly` asks for a raster of each month."""

    radiation: str
    points: str
    turbidity: str
    system: Mapping[str, float | str]
    cost: CostSpec
    resource: ResourceSpec | None = None
    monthly: bool = False


@dataclass(frozen=True)
class WindSpec:
    """Layers and plant of the wind yield."""

    points: str
    stations: str
    turbines: str
    machines: Mapping[str, str]
    turbine: str
    hub_height: float
    losses: Mapping[str, float]
    cost: CostSpec
    resource: ResourceSpec | None = None


@dataclass(frozen=True)
class EnergySpec:
    """Layers that both kinds of power share, and each kind's own."""

    relief: str
    temperature: str
    solar: SolarSpec
    wind: WindSpec
    supply: tuple[SupplySpec, ...] = ()
    loads: tuple[LoadSpec, ...] = ()
    road: WaySpec | None = None
    terrain: TerrainSpec | None = None
    projects: tuple[ProjectSpec, ...] = ()

    @property
    def ground(self) -> "EnergySpec":
        """What surfaces and themes depend on: curves and projects are made from these."""
        solar = replace(self.solar, monthly=False)
        return replace(self, solar=solar, supply=(), road=None, terrain=None, projects=())

    def ways(self) -> tuple[WaySpec, ...]:
        """Every line and road that is asked for."""
        asked = [one.connection for one in self.supply]
        asked += [one.connection for one in self.projects]
        return tuple(one for one in (*asked, self.road) if one is not None)


@dataclass(frozen=True)
class ScenarioSpec:
    """Other conditions under which the same sites are ranked again.

    `avoid_status`, `avoid_countries`, `gauges`, `use_ports` and `allow_crossings` replace the
    recipe's own when they are given;
    `weights`, `values` and `rules` are by theme, and within a theme by criterion or rule.
    `limits` of a rule are its buffer [m], and above and below in the layer's unit.
    """

    id: str
    title: str
    note: str
    price_factors: Mapping[str, float]
    open_links: tuple[tuple[str, str], ...]
    closed: tuple[str, ...]
    avoid_status: tuple[str, ...] | None
    avoid_countries: tuple[str, ...] | None
    gauges: tuple[int, ...] | None
    use_ports: tuple[str, ...] | None
    allow_crossings: tuple[str, ...] | None
    weights: Mapping[str, Mapping[str, tuple[float, float, float]]]
    values: Mapping[str, Mapping[str, ValueSpec]]
    rules: Mapping[str, Mapping[str, Mapping[str, float]]]
    line: int
    lines: Mapping[str, int]


@dataclass(frozen=True)
class Recipe:
    """A checked recipe. Lengths are in metres, rates and shares plain numbers."""

    path: Path
    sha256: str
    id: str
    title: str
    subtitle: str
    region: str
    region_where: Where
    catalogue: tuple[str, ...]
    languages: tuple[str, ...]
    disclaimer: str
    cell_size: float
    crs: str | None
    draws: DrawSpec
    base: Mapping[str, tuple[str, ...]]
    lists: str | None
    transport: TransportSpec | None
    energy: EnergySpec | None
    themes: tuple[ThemeSpec, ...]
    notes: tuple[str, ...]
    scenarios: tuple[ScenarioSpec, ...] = ()
    house: HouseSpec = HouseSpec()
    prospectivity: tuple[ProspectivitySpec, ...] = ()
    new_links: NewLinksSpec | None = None
    labels: str | None = None
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def layer_ids(self) -> tuple[str, ...]:
        """Ids of every layer that the recipe names, sorted."""
        found = {self.region, *(layer for group in self.base.values() for layer in group)}
        found.update(self._shared_layers())
        found.update(layer for model in self.prospectivity for layer in model.layer_ids())
        for theme in self.themes:
            found.update(filter(None, [theme.sites.layer, theme.sites.name_layer]))
            found.update(rule.layer for rule in theme.exclusions)
            for criterion in theme.criteria:
                named = (criterion.measure.arguments.get(key) for key in ("layer", "zones"))
                found.update(str(layer) for layer in named if layer is not None)
        return tuple(sorted(found))

    def titles(self) -> tuple[str, ...]:
        """Words of the recipe itself that a reader sees, each once, in their order."""
        found = [self.title, self.subtitle]
        for theme in self.themes:
            found += [theme.title, *(one.title for one in theme.criteria)]
            found += [rule.title for rule in theme.exclusions]
            found += [preset.title for preset in theme.presets]
        found += [one.title for one in self.scenarios]
        return tuple(text for text in dict.fromkeys(found) if text)

    def layers_of(self, criterion: CriterionSpec | EvidenceSpec, theme: ThemeSpec) -> set[str]:
        """Ids of the layers that a criterion's values come from."""
        measure = MEASURES[criterion.measure.name]
        named = (criterion.measure.arguments.get(key) for key in ("layer", "zones"))
        found = {str(layer) for layer in named if layer is not None}
        if measure.needs == "transport":
            found |= self.transport_layers()
        if measure.needs == "energy":
            found |= self.energy_layers()
        if measure.needs == "lists" and self.lists is not None:
            found.add(self.lists)
        if measure.needs == "prospectivity":
            found |= self.model(str(criterion.measure.arguments["model"])).layer_ids()
        if not measure.spatial and theme.sites.layer is not None:
            found.add(theme.sites.layer)
        return found

    def model(self, name: str) -> ProspectivitySpec:
        """The model of prospectivity of that id."""
        return next(one for one in self.prospectivity if one.id == name)

    def _shared_layers(self) -> set[str]:
        found = {name for name in (self.lists, self.labels) if name is not None}
        found |= self.capacity_layers()
        found |= set() if self.new_links is None else self.new_links.layers()
        return found | self.transport_layers() | self.energy_layers() | self.way_layers()

    def destinations(self) -> tuple[tuple[str, int], ...]:
        """Places that cargo is to reach, each with the line that names it."""
        found = []
        for theme in self.themes:
            if theme.freight is not None:
                named = [p for places in theme.freight.destinations.values() for p in places]
                found += [(place, theme.freight.line) for place in named]
            for criterion in theme.criteria:
                if criterion.measure.name == "isocost":
                    ports = cast(Sequence[str], criterion.measure.arguments.get("to") or ())
                    found += [(place, criterion.line) for place in ports]
        return tuple(found)

    def transport_layers(self) -> set[str]:
        """Ids of the layers that the transport network is made of."""
        if self.transport is None:
            return set()
        transport = self.transport
        found = {transport.nodes, transport.links, transport.factors, transport.products}
        found |= {*transport.geometry.values(), *transport.barriers}
        more = (transport.crossings, transport.readings, transport.ports, transport.land)
        return found | {*filter(None, more)}

    def capacity_layers(self) -> set[str]:
        """Id of the layer of known throughputs, which no freight is made of."""
        spec = self.transport
        return set() if spec is None or spec.throughput is None else {spec.throughput}

    def way_layers(self) -> set[str]:
        """Ids of the layers to which plants build lines and roads, and of the ground between."""
        if self.energy is None:
            return set()
        found = {curve.load for curve in self.energy.supply if curve.load is not None}
        found |= {way.layer for way in self.energy.ways()}
        return found if self.energy.terrain is None else found | {self.energy.terrain.layer}

    def energy_layers(self) -> set[str]:
        """Ids of the layers that yields and costs of power are made of."""
        if self.energy is None:
            return set()
        solar, wind = self.energy.solar, self.energy.wind
        found = {self.energy.relief, self.energy.temperature}
        found |= {solar.radiation, solar.points, solar.turbidity}
        found |= {one.resource.layer for one in (solar, wind) if one.resource is not None}
        return found | {wind.points, wind.stations, wind.turbines}
