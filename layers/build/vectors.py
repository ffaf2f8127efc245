"""Every vector layer that is neither transport nor raster."""

from layers.build import boundaries, deposits, energy, nature, towns

__all__ = ["build"]


def build() -> None:
    """Write boundaries, towns, deposits, waters, protected areas, energy sites and points."""
    outline = boundaries.boundary()
    regions = boundaries.provinces(outline)
    boundaries.build(outline, regions)
    towns.build()
    deposits.build(outline, regions)
    nature.build(outline)
    energy.build()
