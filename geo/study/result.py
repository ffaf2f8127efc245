"""What a run came to: tables, surfaces and a map, and the folder they are written to."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import xarray as xr

from geo.errors import DataError
from geo.provenance import sha256_of
from geo.publish.content import Content
from geo.publish.folder import whole_folder
from geo.publish.foliumlayers import add_layers
from geo.publish.projects import project_tables
from geo.publish.qgis import write_project
from geo.publish.raster import write_cogs
from geo.publish.report import report
from geo.publish.stac import write_item
from geo.publish.supplycurve import IN_MONEY, supply_rows, write_supply_svg
from geo.publish.tables import (
    write_capacity_csv,
    write_closures_csv,
    write_criteria_csv,
    write_exclusions_csv,
    write_flows_csv,
    write_freight_csv,
    write_geopackage,
    write_new_links_csv,
    write_portfolio_csv,
    write_power_csv,
    write_projects_csv,
    write_robustness_csv,
    write_routes_csv,
    write_scenarios_csv,
    write_sites_csv,
    write_sites_parquet,
    write_supply_csv,
)
from geo.publish.texts import languages_of
from geo.publish.webmap import folium_map
from geo.recipe import Recipe
from geo.study.explained import explain_tables
from geo.study.manifest import manifest
from geo.study.progress import Listener, Progress, silent

if TYPE_CHECKING:
    import folium

    from geo.scoring.explain import Explanation

__all__ = ["Result"]


class Result:
    """What a study came to.

    Parameters
    ----------
    content : Content
        Everything that the outputs read.
    recipe : Recipe
        The recipe as it was run.
    """

    def __init__(self, content: Content, recipe: Recipe) -> None:
        self.content = content
        self.recipe = recipe

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """Sites of all themes, as in ``sites.csv`` (EPSG:4326)."""
        frames = [view.sites.assign(theme=view.id) for view in self.content.themes]
        joined = pd.concat(frames, ignore_index=True)
        joined = joined[["theme", *(c for c in joined.columns if c != "theme")]]
        return gpd.GeoDataFrame(joined, geometry="geometry", crs=4326)

    @property
    def criteria(self) -> pd.DataFrame:
        """Every criterion of every site, as in ``criteria.csv``."""
        return pd.concat([view.criteria_table for view in self.content.themes], ignore_index=True)

    @property
    def routes(self) -> gpd.GeoDataFrame:
        """Legs of every way, as in ``routes.csv``, with their geometry (EPSG:4326)."""
        return self.content.routes

    @property
    def scenarios(self) -> pd.DataFrame:
        """Every site under every scenario, as in ``scenarios.csv``; empty without scenarios."""
        frames = [
            view.table.assign(theme=theme.id, scenario=view.id, scenario_title=view.title)
            for theme in self.content.themes
            for view in theme.scenarios
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @property
    def robustness(self) -> pd.DataFrame:
        """How firm every rank is, as in ``robustness.csv``."""
        return pd.concat([view.firmness for view in self.content.themes], ignore_index=True)

    @property
    def supply(self) -> pd.DataFrame:
        """Steps of the supply curves, as in ``supply_curve.csv``; empty without any."""
        return supply_rows(self.content) if self.content.supply else pd.DataFrame()

    @property
    def power(self) -> pd.DataFrame:
        """Mixes of power for loads, as in ``power.csv``; empty without any."""
        frames = [view.table.assign(load=view.id) for view in self.content.loads]
        joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        return joined.rename(columns=IN_MONEY)

    @property
    def projects(self) -> dict[str, pd.DataFrame]:
        """Appraised plants by file: ``projects``, ``projects_tornado``, ``projects_terms``."""
        return project_tables(self.content)

    @property
    def portfolios(self) -> pd.DataFrame:
        """Sites chosen together, as in ``portfolio.csv``; empty where no recipe asks."""
        frames = [view.portfolio.assign(theme=view.id) for view in self.content.themes]
        return pd.concat(frames, ignore_index=True)

    @property
    def surfaces(self) -> xr.Dataset:
        """Criteria, scores and exclusion bits on the grid; NaN is unknown."""
        return self.content.surfaces

    @property
    def provenance(self) -> dict[str, Any]:
        """What made the numbers, as in ``provenance.json`` but for the files written."""
        return manifest(self.content, self.recipe)

    def explain(self, site: str, theme: str | None = None) -> "Explanation":
        """Why a site stands where it stands.

        Parameters
        ----------
        site : str
            Its `site_id`.
        theme : str, optional
            Needed where the site is in several themes.

        Returns
        -------
        Explanation
            Printed as sentences; `data` holds the same for programs.

        Raises
        ------
        DataError
            If there is no such site, or it is in several themes.
        """
        found = self.explanations(site, theme)
        if len(found) > 1:
            themes = ", ".join(str(item.data["theme"]) for item in found)
            raise DataError(f"site {site!r} is in the themes {themes}: name one with theme=")
        return found[0]

    def explanations(self, site: str, theme: str | None = None) -> "list[Explanation]":
        """Why a site stands where it stands, one explanation a theme that holds it.

        Parameters
        ----------
        site : str
            Its `site_id`.
        theme : str, optional
            Only this theme.

        Raises
        ------
        DataError
            If no theme holds the site.
        """
        return explain_tables(
            pd.DataFrame(self.sites.drop(columns="geometry")),
            self.criteria,
            site,
            theme,
            self.provenance,
            robustness=self.robustness,
            scenarios=self.scenarios,
        )

    def map(self) -> "folium.Map":
        """A folium map that shows itself in a notebook."""
        return folium_map(self.content)

    def add_to(self, figure_map: "folium.Map") -> "folium.Map":
        """Add surfaces, ways and ranked sites to a map of your own, a group a theme.

        Parameters
        ----------
        figure_map : folium.Map

        Returns
        -------
        folium.Map
            The same map.
        """
        return add_layers(self.content, figure_map)

    def report(self, *, language: str | None = None, sites: int = 3) -> str:
        """The printable report as one HTML page.

        Parameters
        ----------
        language : str, optional
            Of the report's own words; the first of the recipe's when missing.
        sites : int, optional
            How many sites of each theme get a page of their own.

        Raises
        ------
        OutputError
            If there are no texts of the language.
        """
        chosen = language or languages_of(self.content.languages, "report")[0]
        page = folium_map(self.content)
        return report(page.content, language=chosen, sites=sites, shapes=page.shapes)

    def summary(self, folder: Path) -> dict[str, Any]:
        """The first site of each theme and where the outputs are, as plain data."""
        themes = []
        for view in self.content.themes:
            ranked = view.sites[view.sites["status"] == "ranked"]
            first = None if ranked.empty else str(ranked.iloc[0]["site_id"])
            themes.append(
                {"theme": view.id, "ranked": len(ranked), "of": len(view.sites), "first": first}
            )
        return {"recipe": self.recipe.id, "folder": str(folder), "themes": themes}

    def write(self, folder: Path | str, *, listen: Listener = silent) -> Path:
        """Write every output; the folder is replaced as a whole or not touched.

        Parameters
        ----------
        folder : Path or str
        listen : callable, optional
            Told of each stage as it begins.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            If it cannot be written, or holds files that Lodemap did not write.
        """
        target = Path(folder)
        progress = Progress(6, listen)
        content = self.content
        with whole_folder(target) as work:
            with progress.stage("tables"):
                write_sites_csv(content, work / "sites.csv")
                write_criteria_csv(content, work / "criteria.csv")
                write_routes_csv(content, work / "routes.csv")
                if len(content.trade.freight):
                    write_freight_csv(content, work / "freight.csv")
                    write_closures_csv(content, work / "closures.csv")
                if len(content.trade.capacity):
                    write_capacity_csv(content, work / "capacity.csv")
                write_exclusions_csv(content, work / "exclusions.csv")
                write_robustness_csv(content, work / "robustness.csv")
                if any(theme.portfolio for theme in self.recipe.themes):
                    write_portfolio_csv(content, work / "portfolio.csv")
                if content.new_links is not None:
                    write_new_links_csv(content.new_links, work)
                if content.flows is not None:
                    write_flows_csv(content.flows, work / "flows.csv")
                if self.recipe.scenarios:
                    write_scenarios_csv(content, work / "scenarios.csv")
                if content.supply:
                    write_supply_csv(content, work / "supply_curve.csv")
                    write_supply_svg(content, work / "supply_curve.svg")
                if content.loads:
                    write_power_csv(content, work / "power.csv")
                write_projects_csv(content, work)
                if content.models:
                    _write_json(list(content.models), work / "prospectivity.json")
                write_sites_parquet(content, work / "sites.parquet")
            with progress.stage("GeoPackage"):
                write_geopackage(content, work / "lodemap.gpkg")
            with progress.stage("rasters"):
                write_cogs(content, work)
            with progress.stage("QGIS project"):
                write_project(content, work / f"{content.id}.qgz")
            with progress.stage("web map"):
                page = folium_map(content)
                (work / "index.html").write_text(page.page(), "utf-8")
            with progress.stage("report"):
                first = languages_of(content.languages, "report")[0]
                made = report(page.content, language=first, shapes=page.shapes)
                (work / "report.html").write_text(made, "utf-8")
                digests = _digests(work)
                item = write_item(content, work, digests)
                self._write_provenance(work, digests | {item.name: sha256_of(item)})
        return target

    @property
    def models(self) -> tuple[Mapping[str, object], ...]:
        """Cards of the prospectivity models: evidence, weights, skill at places kept out."""
        return self.content.models

    def write_postgis(self, schema: str, *, service: str | None = None) -> list[str]:
        """Write the tables into a schema of a PostGIS database, all or none.

        Parameters
        ----------
        schema : str
            Made if it is missing.
        service : str, optional
            Section of ``pg_service.conf``; libpq's environment counts otherwise.

        Returns
        -------
        list of str
            Names of the tables.

        Raises
        ------
        OutputError
            If the database refuses, or holds tables of that name that Lodemap did not write.
        """
        from geo.publish.database import write_postgis

        return write_postgis(self.content, schema, provenance=self.provenance, service=service)

    def _write_provenance(self, work: Path, digests: Mapping[str, str]) -> None:
        said = self.provenance | {"outputs": dict(sorted(digests.items()))}
        _write_json(said, work / "provenance.json")


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file in a folder, by name."""
    paths = [path for path in folder.iterdir() if path.is_file()]
    # Hashing lets go of the interpreter.
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = pool.map(sha256_of, paths)
        return {path.name: one for path, one in zip(paths, found, strict=True)}


def _write_json(said: object, path: Path) -> None:
    text = json.dumps(said, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(text + "\n", "utf-8")
