"""The shipped study as a competent analyst scripts it today, without Lodemap.

geopandas, rasterio, scipy, scikit-image, networkx, pvlib and folium; it reads the recipe for its
layers, value functions, weights and rules, and makes the same kinds of products: surfaces of all
criteria and scores as Cloud-Optimized GeoTIFFs, sites and found places with ranks by drawn
weights, freight to every destination with every place and link closed in turn, four scenarios, a
supply curve, tables, a GeoPackage, a web map and a printable page.

Left out, and so to the usual side's favour: the QGIS project, power for a mine, new links,
capacity of the network, languages, checks of the layers, provenance. Sites are trucked to the
place of the network that is cheapest to reach, and gauges are told apart by their cost alone.
"""

import itertools
import time
import tomllib
from pathlib import Path

import folium
import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import rasterio
import shapely
from matplotlib import colormaps
from pvlib import inverter, irradiance, location, temperature
from rasterio.features import geometry_mask, rasterize
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.spatial import cKDTree
from skimage.graph import MCP_Geometric

from benchmarks.job import arguments
from benchmarks.usual import albers, path_of, read, slope_of, warp

RECIPE = Path(__file__).resolve().parent.parent / "maps" / "mongolia.toml"
PAVED, UNPAVED = 0.137e-3, 0.20e-3
HANDLING, GAUGE = 4.0, 6.0
TILT, PER_NODE = 40, 0.5


def number(text):
    """The number of a text such as "20 km", lengths in metres."""
    if not isinstance(text, str):
        return float(text)
    value, _, unit = text.partition(" ")
    return float(value) * (1000 if unit == "km" else 1)


def chosen(frame, where):
    """Features that a filter of the recipe takes."""
    for column, wanted in (where or {}).items():
        frame = frame[frame[column].isin(wanted if isinstance(wanted, list) else [wanted])]
    return frame


def capital_cost(costs, central="central"):
    """Yearly cost of a kW [USD]."""
    rate, years = number(costs["real_rate"][central].rstrip(" %")) / 100, number(costs["years"])
    annuity = rate / (1 - (1 + rate) ** -years)
    return number(costs["capital"][central]) * annuity + number(costs["fixed"])


class Study:
    """Everything on one grid."""

    def __init__(self, recipe, cell):
        self.recipe, self.cell = recipe, cell
        self.frames, self.kept = {}, {}
        region = read("boundary-mongolia")
        self.crs = albers(region.total_bounds)
        outline = region.segmentize(0.25).to_crs(self.crs)
        bounds = outline.total_bounds / cell
        self.left, self.bottom = np.floor(bounds[:2]) * cell
        self.right, self.top = np.ceil(bounds[2:]) * cell
        self.shape = (
            round((self.top - self.bottom) / cell),
            round((self.right - self.left) / cell),
        )
        self.transform = from_origin(self.left, self.top, cell, cell)
        self.inside = ~geometry_mask(outline.geometry, self.shape, self.transform)
        self.region = region

    def layer(self, name, where=None):
        """Features in the grid's system."""
        if name not in self.frames:
            self.frames[name] = read(name).to_crs(self.crs)
        return chosen(self.frames[name], where)

    def once(self, key, make):
        """What was made for a key."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def marks(self, name, where=None):
        """Cells that features touch."""
        shapes = self.layer(name, where).geometry
        return self.once(
            ("marks", name, repr(where)),
            lambda: rasterize(shapes, self.shape, transform=self.transform, all_touched=True) > 0,
        )

    def distance(self, name, where=None):
        """Distance to the nearest feature [m]."""
        return self.once(
            ("distance", name, repr(where)),
            lambda: distance_transform_edt(~self.marks(name, where), sampling=self.cell).astype(
                "float32"
            ),
        )

    def raster(self, name):
        """A raster layer on the grid."""
        return self.once(("raster", name), lambda: warp(name, self.shape, self.transform, self.crs))

    def cells(self, points):
        """Rows and columns of points."""
        rows = ((self.top - points.y.to_numpy()) / self.cell).astype(int)
        columns = ((points.x.to_numpy() - self.left) / self.cell).astype(int)
        return rows.clip(0, self.shape[0] - 1), columns.clip(0, self.shape[1] - 1)

    def friction(self):
        """Cost of trucking [USD/t/m], negative where nobody passes."""
        cost = np.where(self.marks("trunk-roads"), PAVED, UNPAVED)
        cost[(self.marks("lakes-mongolia") & ~self.marks("trunk-roads")) | ~self.inside] = -1
        return cost

    def trucked(self, name, where):
        """Cost of trucking from every cell to the nearest place, and the search itself."""

        def make():
            friction = self.friction()
            rows, columns = self.cells(self.layer(name, where).geometry)
            friction[rows, columns] = UNPAVED
            graph = MCP_Geometric(friction, sampling=(self.cell, self.cell))
            cost, _ = graph.find_costs(np.stack([rows, columns], axis=1))
            cost[~np.isfinite(cost)] = np.nan
            return cost.astype("float32"), graph

        return self.once(("trucked", name, repr(where)), make)

    def lonlat(self):
        """Longitude and latitude of all cells."""

        def make():
            x = self.left + (np.arange(self.shape[1]) + 0.5) * self.cell
            y = self.top - (np.arange(self.shape[0]) + 0.5) * self.cell
            points = gpd.points_from_xy(np.tile(x, len(y)), np.repeat(y, len(x)), crs=self.crs)
            found = points.to_crs(4326)
            return found.x.reshape(self.shape), found.y.reshape(self.shape)

        return self.once("lonlat", make)

    def solar_yield(self):
        """Capacity factor of a fixed plant: average days of pvlib at nodes, and between them."""
        west, south, east, north = self.region.total_bounds
        lon = np.arange(west - PER_NODE, east + 2 * PER_NODE, PER_NODE)
        lat = np.arange(south - PER_NODE, north + 2 * PER_NODE, PER_NODE)
        days = pd.DatetimeIndex([f"2001-{month:02d}-15" for month in range(1, 13)])
        hours = pd.DatetimeIndex(
            [d + pd.Timedelta(minutes=60 * h + 30) for d in days for h in range(24)]
        ).tz_localize("Etc/GMT-7")
        extra = irradiance.get_extra_radiation(hours).to_numpy()
        light, air = self.monthly("solar-ghi", lon, lat), self.monthly("temperature", lon, lat)
        near = shapely.box(west, south, east, north)
        found = np.full((len(lat), len(lon)), np.nan)
        for i, j in itertools.product(range(len(lat)), range(len(lon))):
            if not near.dwithin(shapely.Point(lon[j], lat[i]), 2 * PER_NODE):
                continue
            sun = location.Location(lat[i], lon[j]).get_solarposition(hours)
            zenith, azimuth = sun["zenith"].to_numpy(), sun["azimuth"].to_numpy()
            shape = (extra * np.cos(np.radians(zenith))).clip(0).reshape(12, 24)
            ghi = (shape * (1000 * light[:, i, j] / shape.sum(axis=1))[:, None]).ravel()
            split = irradiance.erbs(ghi, zenith, hours)
            plane = irradiance.get_total_irradiance(
                TILT, 180, zenith, azimuth, split["dni"], ghi, split["dhi"], dni_extra=extra,
                albedo=0.2, model="haydavies",
            )["poa_global"]  # fmt: skip
            warmth = temperature.faiman(plane, np.repeat(air[:, i, j], 24))
            power = inverter.pvwatts(
                plane / 1000 * (1 - 0.0035 * (warmth - 25)) * 0.86 * 1.1, 1 / 0.975, 0.975
            )
            found[i, j] = float(np.mean(power))
        at = RegularGridInterpolator((lat, lon), found, bounds_error=False)
        east_of, north_of = self.lonlat()
        return at(np.stack([north_of.ravel(), east_of.ravel()], axis=1)).reshape(self.shape)

    @staticmethod
    def monthly(name, lon, lat):
        """Twelve months of a raster at nodes."""
        with rasterio.open(path_of(name, ".tif")) as source:
            bands, back = source.read().astype(float), ~source.transform
        columns = back.c + back.a * np.tile(lon, len(lat)) - 0.5
        rows = back.f + back.e * np.repeat(lat, len(lon)) - 0.5
        return np.stack(
            [map_coordinates(band, [rows, columns], order=1, mode="nearest") for band in bands]
        ).reshape(len(bands), len(lat), len(lon))

    def wind(self):
        """Speed at hub height by inverse distance; unknown far from any point."""
        points = self.layer("energy-yields")
        known = points[points["mean_speed_ms"].notna() & (points["speed_height_m"] >= 50)]
        at = np.stack([known.geometry.x, known.geometry.y], axis=1)
        hub = known["mean_speed_ms"] * (100 / known["speed_height_m"]) ** 0.14
        rows, columns = np.indices(self.shape)
        cells = np.stack(
            [
                self.left + (columns.ravel() + 0.5) * self.cell,
                self.top - (rows.ravel() + 0.5) * self.cell,
            ],
            axis=1,
        )
        far, which = cKDTree(at).query(cells, k=min(4, len(at)))
        weight = 1 / np.maximum(far, 1) ** 2
        speed = (weight * hub.to_numpy()[which]).sum(axis=1) / weight.sum(axis=1)
        return np.where(far[:, 0] <= 100e3, speed, np.nan).reshape(self.shape).astype("float32")

    def power(self):
        """Cost of the cheapest clean power [USD/MWh], of sun and of wind."""

        def make():
            costs = self.recipe["energy"]
            sun = 1000 * capital_cost(costs["solar"]["cost"]) / (8766 * self.solar_yield())
            table = pd.read_csv(path_of("wind-turbines", ".csv"))
            curve = table[table["turbine"] == costs["wind"]["turbine"]].sort_values("speed_ms")
            speeds = np.arange(0, 40, 0.5)
            mean = np.arange(3, 14, 0.25)
            scale = mean[:, None] / 0.886
            share = 2 / scale * (speeds / scale) * np.exp(-((speeds / scale) ** 2)) * 0.5
            output = np.interp(speeds, curve["speed_ms"], curve["power_kw"], right=0)
            factor = (share * output).sum(axis=1) / curve["rated_kw"].iloc[0] * 0.85
            speed = self.once("wind", self.wind)
            wind = (
                1000 * capital_cost(costs["wind"]["cost"]) / (8766 * np.interp(speed, mean, factor))
            )
            wind[np.isnan(speed)] = np.nan
            return np.fmin(sun, wind).astype("float32"), sun, wind

        return self.once("power", make)

    def surface(self, criterion):
        """Values of a criterion on the grid; None of one that only sites have."""
        measure, layer, where = criterion["measure"], criterion.get("layer"), criterion.get("where")
        if measure == "distance":
            return self.distance(layer, where)
        if measure == "slope":
            height = self.raster(layer)
            return self.once("slope", lambda: slope_of(height, self.cell))
        if measure == "value":
            return self.raster(layer)
        if measure == "solar-radiation":
            return 365.25 * self.raster("solar-ghi")
        if measure == "wind-speed":
            return self.once("wind", self.wind)
        if measure == "power-cost":
            return self.power()[0]
        if measure == "travel":
            return self.trucked(layer, where)[0] / PAVED
        return None

    def excluded(self, rules):
        """Cells that a theme's rules take out."""
        out = np.zeros(self.shape, bool)
        for rule in rules:
            if rule["effect"] != "exclude":
                continue
            out |= self.distance(rule["layer"], rule.get("where")) <= number(rule.get("buffer", 0))
        return out


def scored(values, how):
    """Value function of the recipe."""
    if "lookup" in how:
        return pd.Series(values).map(how["lookup"]).to_numpy(float)
    kind = "log" if "log" in how else "linear"
    x, y = zip(*how[kind], strict=True)
    x = [number(str(one).removesuffix(" %")) for one in x]
    values = np.asarray(values, float)
    found = np.interp(np.log(values), np.log(x), y) if kind == "log" else np.interp(values, x, y)
    return np.where(np.isnan(values), np.nan, found)


def best_places(study, score, count, spacing):
    """Best cells, each at least so far from those before it."""
    rows, columns = np.indices(study.shape, sparse=True)
    left, found = score.copy(), []
    for _ in range(count):
        at = np.unravel_index(np.nanargmax(left), study.shape)
        found.append(at)
        left[np.hypot(rows - at[0], columns - at[1]) * study.cell < spacing] = np.nan
    at = np.array(found)
    x = study.left + (at[:, 1] + 0.5) * study.cell
    y = study.top - (at[:, 0] + 0.5) * study.cell
    names = [f"place-{n + 1}" for n in range(count)]
    return gpd.GeoDataFrame({"site_id": names}, geometry=gpd.points_from_xy(x, y), crs=study.crs)


def network(recipe, opened=(), closed=()):
    """Places and links that may be used, with the cost of a tonne."""
    rules = recipe["transport"]
    nodes = read("transport-nodes").set_index("node_id")
    graph = nx.Graph()
    usable = nodes[~nodes["country"].isin(rules["avoid_countries"]) & ~nodes.index.isin(closed)]
    for name, row in usable.iterrows():
        graph.add_node(name, **row)
    for row in pd.read_csv(path_of("transport-links", ".csv")).itertuples():
        avoided = any(row.status.startswith(one) for one in rules["avoid_status"])
        pair = (row._1, row.to)
        if (
            pair[0] in usable.index
            and pair[1] in usable.index
            and (not avoided or list(pair) in list(opened))
        ):
            cost = row.tariff_km * row.cost_usd_per_tkm + (HANDLING if row.mode == "sea" else 0)
            border = graph.nodes[pair[0]]["country"] != graph.nodes[pair[1]]["country"]
            cost += GAUGE if border and row.mode == "rail" else 0
            if cost < graph.get_edge_data(*pair, {"cost": np.inf})["cost"]:
                graph.add_edge(*pair, cost=cost, mode=row.mode)
    return graph


def freight(graph, access, destinations):
    """Cheapest way of every site to every destination [USD/t], and the ways."""
    costs, ways = {}, []
    for place in destinations:
        if place not in graph:
            costs[place] = np.full(len(access), np.nan)
            continue
        onward, paths = nx.single_source_dijkstra(graph, place, weight="cost")
        costs[place] = np.array([mile + onward.get(node, np.nan) for node, mile in access])
        ways += [(place, site, paths.get(node)) for site, (node, _) in enumerate(access)]
    return pd.DataFrame(costs), ways


def knocked_out(graph, access, destinations):
    """Cost of each site with every place and every link over a border closed in turn."""
    cases = [("node", node) for node in graph if node not in destinations]
    cases += [("link", link) for link in graph.edges
              if graph.nodes[link[0]]["country"] != graph.nodes[link[1]]["country"]]  # fmt: skip
    rows = []
    for kind, what in cases:
        cut = nx.restricted_view(graph, [what] if kind == "node" else [],
                                 [what] if kind == "link" else [])  # fmt: skip
        for place in destinations:
            if place not in cut:
                continue
            onward = nx.single_source_dijkstra_path_length(cut, place, weight="cost")
            rows += [
                (str(what), place, site, mile + onward.get(node, np.nan))
                for site, (node, mile) in enumerate(access)
            ]
    return pd.DataFrame(rows, columns=["closed", "destination", "site", "usd_t"])


def accesses(study, sites):
    """Cheapest place of the network for each site, and what trucking there costs [USD/t]."""
    where = {"country": ["MN"]}
    cost, graph = study.trucked("transport-nodes", where)
    nodes = study.layer("transport-nodes", where)
    rows, columns = study.cells(nodes.geometry)
    names = dict(zip(zip(rows, columns, strict=True), nodes["node_id"], strict=True))
    found, lines = [], []
    for row, column in zip(*study.cells(sites.geometry), strict=True):
        if not np.isfinite(cost[row, column]):
            found.append((None, np.nan))
            lines.append(None)
            continue
        way = graph.traceback((row, column))
        found.append((names[tuple(way[0])], float(cost[row, column])))
        at = np.array(way, float) + 0.5
        x, y = study.left + at[:, 1] * study.cell, study.top - at[:, 0] * study.cell
        lines.append(shapely.LineString(np.stack([x, y], axis=1)) if len(way) > 1 else None)
    return found, lines


def site_values(study, theme, sites, costs):
    """Scores of all criteria at the sites."""
    rows, columns = study.cells(sites.geometry)
    table = {}
    for one in theme["criterion"]:
        surface, measure = study.surface(one), one["measure"]
        if surface is not None:
            values = surface[rows, columns]
        elif measure in ("attribute", "class"):
            values = sites[one["column"]]
        elif measure == "grade-ratio":
            right = sites["grade_unit"] == one["grade_unit"]
            values = np.where(right, sites["grade"] / one["median"], np.nan)
        elif measure == "list-share":
            lists = pd.read_csv(path_of("critical-lists", ".csv"))
            on = lists[(lists["commodity"] == theme["id"]) & (lists["listed"] == 1)]["list"]
            values = np.full(len(sites), on.isin(one["lists"]).sum() / len(one["lists"]))
        else:
            values = costs
        table[one["id"]] = scored(values, one["value"])
    return pd.DataFrame(table, index=sites.index)


def ranked(values, weights, draws):
    """Score, and how often each site is first and among the five best in drawn weights."""
    known = values.notna().to_numpy()
    filled = values.fillna(0).to_numpy()

    def score(weight):
        return (filled @ weight) / np.maximum(known @ weight, 1e-12)

    random = np.random.default_rng(draws["seed"])
    drawn = weights * random.uniform(0.75, 1.25, (draws["count"], len(weights)))
    places = np.argsort(np.argsort(-score(drawn.T), axis=0, kind="stable"), axis=0)
    return score(weights), (places == 0).mean(axis=1), (places < draws["top"]).mean(axis=1)


def write_cog(study, values, path):
    """A Cloud-Optimized GeoTIFF."""
    kind = "uint8" if values.dtype == bool else "float32"
    profile = {
        "driver": "COG", "height": study.shape[0], "width": study.shape[1], "count": 1,
        "dtype": kind, "crs": study.crs, "transform": study.transform, "compress": "deflate",
    }  # fmt: skip
    if kind == "float32":
        profile["nodata"] = np.nan
    with rasterio.open(path, "w", **profile) as target:
        target.write(values.astype(kind), 1)


def picture(study, score):
    """A picture of a score for the web map, in the map's own projection."""
    step = max(1, study.shape[1] // 1200)
    shown = score[::step, ::step]
    coloured = colormaps["viridis"](np.nan_to_num(shown), bytes=True)
    coloured[..., 3] = np.where(np.isnan(shown), 0, 200)
    return coloured


def web_map(study, themes, ways, path):
    """A folium map of layers, scores, ways and sites."""
    west, south, east, north = transform_bounds(
        study.crs, "EPSG:4326", study.left, study.bottom, study.right, study.top
    )
    page = folium.Map(location=[(south + north) / 2, (west + east) / 2], zoom_start=5, tiles=None)
    for name, frame in study.frames.items():
        drawn = frame[["geometry"]].simplify(1000).to_crs(4326)
        folium.GeoJson(drawn.to_json(), name=name, show=False).add_to(page)
    folium.GeoJson(ways[["geometry"]].to_crs(4326).to_json(), name="ways").add_to(page)
    for theme, (sites, score) in themes.items():
        group = folium.FeatureGroup(theme["title"] if isinstance(theme, dict) else theme)
        folium.raster_layers.ImageOverlay(
            picture(study, score), [[south, west], [north, east]], mercator_project=True
        ).add_to(group)
        at = sites.to_crs(4326).geometry
        rows = sites.drop(columns="geometry").head(50)
        for point, (_, row) in zip(at, rows.iterrows(), strict=False):
            folium.CircleMarker(
                [point.y, point.x], radius=5, popup=folium.Popup(row.to_frame().to_html())
            ).add_to(group)
        group.add_to(page)
    folium.LayerControl().add_to(page)
    page.save(str(path))


def theme_sites(study, theme, graph):
    """Sites of a theme with values, score and ranks; freight and ways of one with deposits."""
    recipe, given = study.recipe, theme["sites"]
    weights = np.array([one["weight"] for one in theme["criterion"]])
    spatial = [(one, study.surface(one)) for one in theme["criterion"]]
    total, known = np.zeros(study.shape), np.zeros(study.shape)
    for one, values in spatial:
        if values is not None:
            part = scored(values, one["value"])
            total += one["weight"] * np.nan_to_num(part)
            known += one["weight"] * ~np.isnan(part)
    score = np.where(study.inside & (known > 0), total / np.maximum(known, 1e-12), np.nan)
    out = study.excluded(theme.get("exclusion", ()))
    score[out] = np.nan
    costs = ways = closures = None
    access = []
    if "layer" in given:
        sites = study.layer(given["layer"], given["where"]).reset_index(drop=True)
        destinations = [p for ports in theme["freight"]["destinations"].values() for p in ports]
        access, lines = accesses(study, sites)
        table, ways = freight(graph, access, destinations)
        closures = knocked_out(graph, access, destinations)
        products = pd.read_csv(path_of("products", ".csv")).set_index("product")
        price = products.loc[theme["freight"]["product"], "price_usd_t"]
        costs = 100 * table.min(axis=1) / price
        ways = gpd.GeoDataFrame(
            {"site_id": sites["site_id"]}, geometry=lines, crs=study.crs
        ).dropna()
    else:
        sites = best_places(study, score, given["best"], number(given["spacing"]))
    values = site_values(study, theme, sites, costs)
    sites["score"], sites["first"], sites["top"] = ranked(values, weights, recipe["draws"])
    sites = sites.join(values, rsuffix="_value").sort_values("score", ascending=False)
    return (
        sites,
        score,
        out,
        {o["id"]: v for o, v in spatial if v is not None},
        ways,
        closures,
        access,
    )


def scenarios(study, recipe, found):
    """Scores of the mineral themes again under each of the recipe's scenarios."""
    rows = []
    for scenario in recipe["scenario"]:
        graph = network(recipe, scenario.get("open_links", ()), scenario.get("closed", ()))
        products = pd.read_csv(path_of("products", ".csv")).set_index("product")
        for theme in recipe["theme"]:
            if "freight" not in theme:
                continue
            sites = study.layer("deposits-mongolia", theme["sites"]["where"]).reset_index(drop=True)
            named = [p for ports in theme["freight"]["destinations"].values() for p in ports]
            table, _ = freight(graph, found[theme["id"]][6], named)
            product = theme["freight"]["product"]
            price = products.loc[product, "price_usd_t"] * scenario.get("prices", {}).get(
                product, 1
            )
            values = site_values(study, theme, sites, 100 * table.min(axis=1) / price)
            given = scenario.get("weights", {}).get(theme["id"], {})
            weights = np.array([given.get(o["id"], o["weight"]) for o in theme["criterion"]], float)
            score, first, top = ranked(values, weights, recipe["draws"])
            rows.append(pd.DataFrame({
                "scenario": scenario["id"], "theme": theme["id"], "site_id": sites["site_id"],
                "score": score, "first": first, "top": top,
            }))  # fmt: skip
    return pd.concat(rows)


def supply_curve(study, recipe, found):
    """Energy by cost over the land that the rules leave."""
    rows = []
    for one in recipe["energy"]["supply"]:
        cost = study.power()[1 if one["technology"] == "solar" else 2]
        line = number(one["connection"]["per_km"]) / (1000 * number(one["connection"]["plant"]))
        near = study.distance(one["load"], one["load_where"]) / 1000
        left = study.inside & ~found[one["theme"]][2] & np.isfinite(cost)
        whole = (cost + line * near * 0.09 / 8.766 / 0.2)[left]
        order = np.sort(whole)
        power = number(one["density"]) * (study.cell / 1000) ** 2 * np.arange(1, len(order) + 1)
        at = np.linspace(0, len(order) - 1, 200).astype(int)
        rows.append(pd.DataFrame({"technology": one["technology"], "mw": power[at],
                                  "usd_mwh": order[at]}))  # fmt: skip
    return pd.concat(rows)


def main():
    """Do the study and tell how long it took."""
    args = arguments()
    start = time.perf_counter()
    folder = args.out
    folder.mkdir(parents=True, exist_ok=True)
    recipe = tomllib.loads(RECIPE.read_text("utf-8"))
    study = Study(recipe, args.cell_size)
    graph = network(recipe)
    found = {theme["id"]: theme_sites(study, theme, graph) for theme in recipe["theme"]}
    for name, (sites, score, out, surfaces, *_) in found.items():
        sites.to_crs(4326).to_parquet(folder / f"{name}.parquet")
        sites.drop(columns="geometry").to_csv(folder / f"{name}.csv", index=False)
        write_cog(study, score, folder / f"{name}-score.tif")
        write_cog(study, out, folder / f"{name}-excluded.tif")
        for criterion, values in surfaces.items():
            write_cog(
                study, np.where(study.inside, values, np.nan), folder / f"{name}-{criterion}.tif"
            )
    pd.concat([f[5] for f in found.values() if f[5] is not None]).to_csv(folder / "closures.csv")
    scenarios(study, recipe, found).to_csv(folder / "scenarios.csv")
    supply_curve(study, recipe, found).to_csv(folder / "supply_curve.csv")
    for layers in recipe["base"].values():
        for name in layers if isinstance(layers, list) else [layers]:
            if name != "relief":
                study.layer(name)
    package = folder / "study.gpkg"
    for name, frame in study.frames.items():
        frame.to_file(package, layer=name)
    ways = pd.concat([f[4] for f in found.values() if f[4] is not None])
    ways.to_file(package, layer="ways")
    for name, (sites, *_) in found.items():
        sites.to_file(package, layer=f"sites-{name}")
    web_map(study, {name: (f[0], f[1]) for name, f in found.items()}, ways, folder / "index.html")
    tables = [f"<h2>{name}</h2>" + f[0].drop(columns="geometry").head(20).to_html()
              for name, f in found.items()]  # fmt: skip
    (folder / "report.html").write_text("\n".join(tables), "utf-8")
    print(f"{time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
