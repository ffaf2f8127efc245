"""What a recipe may say.

A recipe is a TOML file. `load_recipe` reads it whole and reports every problem at once, each
behind its line.
"""

from geo.recipe.parse import load_recipe
from geo.recipe.scenarios import under
from geo.recipe.schema import (
    CombineSpec,
    CostSpec,
    CriterionSpec,
    DrawSpec,
    EnergySpec,
    ExclusionSpec,
    FreightSpec,
    GroundSpec,
    HouseSpec,
    LoadSpec,
    MeasureSpec,
    NewLinkSpec,
    NewLinksSpec,
    PresetSpec,
    Recipe,
    ReferenceSpec,
    ResourceSpec,
    ScenarioSpec,
    SiteSpec,
    SolarSpec,
    SupplySpec,
    ThemeSpec,
    TransportSpec,
    ValueSpec,
    WeightingSpec,
    WindSpec,
)

__all__ = [
    "CombineSpec",
    "CostSpec",
    "CriterionSpec",
    "DrawSpec",
    "EnergySpec",
    "ExclusionSpec",
    "FreightSpec",
    "GroundSpec",
    "HouseSpec",
    "LoadSpec",
    "MeasureSpec",
    "NewLinkSpec",
    "NewLinksSpec",
    "PresetSpec",
    "Recipe",
    "ReferenceSpec",
    "ResourceSpec",
    "ScenarioSpec",
    "SiteSpec",
    "SolarSpec",
    "SupplySpec",
    "ThemeSpec",
    "TransportSpec",
    "ValueSpec",
    "WeightingSpec",
    "WindSpec",
    "load_recipe",
    "under",
]
