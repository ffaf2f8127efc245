"""What a finished study hands to everything that writes files for people.

The web map, the QGIS project, the tables and the GeoPackage read this and nothing else, so
that they cannot disagree about a number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.catalogue.findings import Finding
from geo.catalogue.records import Record
from geo.compute.kept import Kin

__all__ = [
    "Content",
    "CriterionView",
    "ExclusionView",
    "HouseView",
    "LayerView",
    "LoadView",
    "MethodView",
    "NewLinksView",
    "PresetView",
    "ProjectView",
    "ScenarioView",
    "SupplyView",
    "ThemeView",
    "TradeView",
]

T = TypeVar("T")


@dataclass(frozen=True)
class CriterionView:
    """One criterion of a theme, with the swing that its weight stands for.

    `worst` and `best` are the values at which the value function is lowest and highest,
    as text with a unit; `shape` is the value function as plain data.
    """

    id: str
    title: str
    unit: str
    weight: float
    weight_low: float
    weight_high: float
    worst: str
    best: str
    source: str
    note: str
    spatial: bool
    shape: Mapping[str, object]
    required: bool = False


@dataclass(frozen=True)
class ExclusionView:
    """One rule: `bit` is its place in the exclusion raster, `area_km2` what it hits alone.

    `in_order_km2` is what it takes of what the rules before it left, `only_km2` what lifting it
    would bring back; the `sites` columns count sites the same way. None for rules that warn.
    """

    id: str
    title: str
    bit: int
    effect: str
    source: str
    area_km2: float | None
    in_order_km2: float | None = None
    only_km2: float | None = None
    sites: int | None = None
    in_order_sites: int | None = None
    only_sites: int | None = None


@dataclass(frozen=True)
class MethodView:
    """How criteria become a score, in words.

    `live` is whether the map can re-weight by itself, which it does where a method looks at one
    place at a time and uses weights; `options` are the method's, `surface` names the method of the
    surface and `surface_options` its options. `adds_up` is whether contributions sum to the score.
    `unknown` says what stands for an unknown, `weights` where the weights come from, `cautions`
    what speaks against them, such as judgements that contradict each other or criteria that
    overlap.
    """

    name: str = "weighted-sum"
    title: str = "Weighted sum"
    says: str = ""
    unknown: str = "lower"
    unknown_says: str = "an unknown counts as its worst case"
    weights: str = ""
    weighted: bool = True
    live: bool = True
    adds_up: bool = True
    cautions: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    surface: str = "weighted-sum"
    surface_options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PresetView:
    """A named set of weights, by criterion."""

    title: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class HouseView:
    """Whose map it is: a name, and a logo as a ``data:`` address."""

    name: str = ""
    logo: str = ""


@dataclass(frozen=True, eq=False)
class ScenarioView:
    """A theme's sites under other conditions.

    `table` has one row a site: site_id, name, status, rank, rank_change (upward is positive),
    score, score_change, and freight with its change by country [USD/t]. `criteria` has the rows
    of ``criteria.csv`` (site_id, criterion, value, value_score) under these conditions; empty
    where nothing changes.
    """

    id: str
    title: str
    note: str
    table: pd.DataFrame
    criteria: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class ThemeView:
    """One question (copper, wind, …): its criteria, its rules and its ranked sites.

    `sites` has the columns of ``sites.csv`` without the theme, in EPSG:4326;
    `criteria_table` those of ``criteria.csv``. `omitted` names each criterion that was left
    out and why. `price_usd_t` is that of a dry tonne of the product, None without one.
    `firmness` has the rows of ``robustness.csv``, `portfolio` those of ``portfolio.csv``;
    `presets` are sets of weights that the recipe offers.
    """

    id: str
    title: str
    kind: str
    accent: str
    accent_dark: str
    criteria: tuple[CriterionView, ...]
    omitted: tuple[tuple[str, str], ...]
    exclusions: tuple[ExclusionView, ...]
    sites: gpd.GeoDataFrame
    criteria_table: pd.DataFrame
    score_label: str
    score_note: str
    scenarios: tuple[ScenarioView, ...] = ()
    price_usd_t: float | None = None
    method: MethodView = MethodView()
    firmness: pd.DataFrame = field(default_factory=pd.DataFrame)
    portfolio: pd.DataFrame = field(default_factory=pd.DataFrame)
    presets: tuple[PresetView, ...] = ()


@dataclass(frozen=True)
class LayerView:
    """A layer to draw, in EPSG:4326, with the role it plays on the map."""

    id: str
    title: str
    role: str
    frame: gpd.GeoDataFrame
    attribution: str
    licence: str
    quality: str
    limits: str


@dataclass(frozen=True, eq=False)
class TradeView:
    """Freight besides the cheapest ways.

    `freight` has the rows of ``freight.csv``, `closures` those of ``closures.csv``, `capacity`
    those of ``capacity.csv``; `alternatives` the legs of further ways, with the columns of the
    routes and the theme. `reference` names the market that premiums are above; all are empty
    where a study has no freight.
    """

    freight: pd.DataFrame = field(default_factory=pd.DataFrame)
    closures: pd.DataFrame = field(default_factory=pd.DataFrame)
    alternatives: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    capacity: pd.DataFrame = field(default_factory=pd.DataFrame)
    reference: str = ""


@dataclass(frozen=True, eq=False)
class SupplyView:
    """What the land of a theme could carry, by cost.

    `table` has the rows of ``supply_curve.csv`` by rising cost: province, load_km_to (upper limit
    of the distance's class [km]), area_km2, capacity_mw, energy_gwh [a year], cost [USD/MWh, in
    money of `currency_year`, `basis`], cumulative_gw, cumulative_twh. `unknown_km2` of the
    `eligible_km2` have no known yield and carry nothing. `density` is in MW/km².
    """

    technology: str
    theme: str
    accent: str
    table: pd.DataFrame
    eligible_km2: float
    unknown_km2: float
    density: float
    basis: str
    currency_year: int
    source: str


@dataclass(frozen=True, eq=False)
class LoadView:
    """The cheapest mix of power for a load at the first sites of themes.

    `table` has the rows of ``power.csv``: theme, site_id, name, then what
    `geo.study.loads.load_columns` gives; `backup` names what is bought.
    """

    id: str
    title: str
    mean_mw: float
    seeds: int
    backup: tuple[str, ...]
    basis: str
    source: str
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class ProjectView:
    """A plant appraised at the first sites of themes, in money of `currency_year`, `basis`.

    `table` has the rows of ``projects.csv``: theme, site_id, name, capacity_factor with its low
    and high, flat_km (lines and roads, as on flat ground), ways_usd, capital_usd (with them),
    cost with its ends [USD/MWh], and at the `price` npv [USD], irr and equity_irr, payback and
    discounted_payback [years], dscr_min and dscr_mean. `tornado`: by site factor, low, high,
    cost_low, cost_high and swing. `terms`: by site term, unit, now and needed for the `target`.
    NaN is unknown, or what no value reaches.
    """

    id: str
    title: str
    technology: str
    capacity_mw: float
    price: float | None
    target: float | None
    basis: str
    currency_year: int
    source: str
    table: pd.DataFrame
    tornado: pd.DataFrame
    terms: pd.DataFrame


@dataclass(frozen=True, eq=False)
class NewLinksView:
    """Lines that could be built.

    `links` has a row a line, with the columns of ``new_links.csv`` and its alignment; `corridors`
    the bands in which a line costs at most ``share`` more; `savings` a row for each site that
    gains, see `geo.transport.new_links.link_values`. `says` are sentences on the whole.
    """

    links: gpd.GeoDataFrame
    corridors: gpd.GeoDataFrame
    savings: pd.DataFrame
    says: tuple[str, ...]


@dataclass(frozen=True)
class Content:
    """Everything that a study has to show.

    `findings` are the repairs and warnings of the layers that were read; `models` are the cards
    of the prospectivity models, as plain data; `labels` are the study's own words by language and
    English word; `kin` is what may be taken over from runs before,
    with the same bytes.
    `routes` holds one row a leg with its geometry (EPSG:4326); `surfaces` is on the study's
    grid, NaN where unknown. `flows` are tonnes by link, see `geo.transport.flows`.
    """

    id: str
    title: str
    subtitle: str
    themes: tuple[ThemeView, ...]
    routes: gpd.GeoDataFrame
    layers: tuple[LayerView, ...]
    surfaces: xr.Dataset
    records: tuple[Record, ...]
    notes: tuple[str, ...]
    disclaimer: str
    version: str
    recipe_sha256: str
    grid: GeoBox
    region: gpd.GeoDataFrame
    findings: tuple[Finding, ...] = ()
    trade: TradeView = field(default_factory=TradeView)
    supply: tuple[SupplyView, ...] = ()
    loads: tuple[LoadView, ...] = ()
    projects: tuple[ProjectView, ...] = ()
    languages: tuple[str, ...] = ("en",)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    house: HouseView = HouseView()
    models: tuple[Mapping[str, object], ...] = ()
    new_links: NewLinksView | None = None
    flows: gpd.GeoDataFrame | None = None
    kin: Kin | None = None

    def once(self, module: str, told: object, make: Callable[[], T]) -> T:
        """What a module makes of the study's layers, from a run before if it is the same.

        Parameters
        ----------
        module : str
            Whose code makes it.
        told : object
            What else it is made of, as plain values.
        make : callable
        """
        if self.kin is None:
            return make()
        return self.kin.once(module, (self.kin.ground, told), make)
