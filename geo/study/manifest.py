"""What a result was made of, as it stands in ``provenance.json``."""

from collections.abc import Mapping
from typing import Any

from pyproj import CRS

from geo.crs import distortion
from geo.provenance import software
from geo.publish.content import Content, CriterionView, ThemeView
from geo.recipe import CriterionSpec, Recipe, ThemeSpec

__all__ = ["manifest"]


def manifest(content: Content, recipe: Recipe) -> dict[str, Any]:
    """Everything that made the numbers of a result, as plain data.

    Parameters
    ----------
    content : Content
    recipe : Recipe
        As it was run.

    Returns
    -------
    dict
        Without the outputs, which are known only when they are written.
    """
    return {
        "title": content.title,
        "recipe": {"name": recipe.path.name, "sha256": content.recipe_sha256},
        "region": _region(content, recipe),
        "cell_size_m": recipe.cell_size,
        "crs": str(content.grid.crs),
        "length_error_percent": round(_length_error(content), 3),
        "draws": {
            "count": recipe.draws.count,
            "seed": recipe.draws.seed,
            "pessimism": recipe.draws.pessimism,
        },
        "network": _network(recipe),
        "software": software(),
        "themes": [
            _theme(view, spec, recipe)
            for view, spec in zip(content.themes, recipe.themes, strict=True)
        ],
        "scenarios": [scenario.id for scenario in recipe.scenarios],
        "layers": [
            {
                "id": record.id,
                "file": record.path.name,
                "sha256": record.sha256,
                "licence": record.licence,
                "attribution": record.attribution,
                "source": record.source,
                "retrieved": record.retrieved.isoformat(),
                "quality": record.quality,
                "findings": [
                    {**one.to_dict(), "message": one.sentence}
                    for one in content.findings
                    if one.id == record.id
                ],
            }
            for record in content.records
        ],
    }


def _region(content: Content, recipe: Recipe) -> dict[str, Any]:
    bounds = content.region.to_crs(4326).total_bounds
    where = dict(sorted(recipe.region_where.items()))
    return {"layer": recipe.region, "where": where, "bounds": [round(float(b), 3) for b in bounds]}


def _length_error(content: Content) -> float:
    """Largest error of a length on the grid over the region [%]."""
    west, south, east, north = (float(edge) for edge in content.region.total_bounds)
    crs = CRS.from_user_input(str(content.grid.crs))
    return distortion(crs, (west, south, east, north)).worst_percent


def _network(recipe: Recipe) -> dict[str, Any] | None:
    spec = recipe.transport
    if spec is None:
        return None
    return {
        "avoid_status": sorted(spec.avoid_status),
        "avoid_countries": sorted(spec.avoid_countries),
        "open_links": sorted(sorted(pair) for pair in spec.open_links),
        "closed": sorted(spec.closed),
        "interest": spec.interest,
    }


def _theme(view: ThemeView, spec: ThemeSpec, recipe: Recipe) -> dict[str, Any]:
    return {
        "id": view.id,
        "title": view.title,
        "product": None if spec.freight is None else spec.freight.product,
        "price_usd_t": view.price_usd_t,
        "method": {
            "name": spec.combine.method,
            "options": dict(spec.combine.options),
            "unknown": spec.combine.unknown,
            "weights": spec.weighting.method,
        },
        "criteria": [
            _criterion(criterion, declared, recipe, spec)
            for criterion, declared in zip(view.criteria, spec.criteria, strict=True)
        ],
        "exclusions": [rule.id for rule in view.exclusions],
    }


def _criterion(
    view: CriterionView, spec: CriterionSpec, recipe: Recipe, theme: ThemeSpec
) -> dict[str, Any]:
    return {
        "id": view.id,
        "title": view.title,
        "unit": view.unit,
        "weight": round(view.weight, 12),
        "value": _plain(view.shape),
        "measure": {"name": spec.measure.name, **_plain(spec.measure.arguments)},
        "layers": sorted(recipe.layers_of(spec, theme)),
    }


def _plain(given: Mapping[str, object]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
