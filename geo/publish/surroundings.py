"""What lies around a study: how far the map reaches, and the layers as they are drawn."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from geo.publish.content import Content, LayerView

__all__ = ["drawn_layers", "extent"]

_AROUND = 40.0
_HIGHEST = 85.0
_SEGMENT = 1.0


def extent(content: Content) -> tuple[float, float, float, float]:
    """West, south, east and north [degrees] of the region and its routes together.

    Parameters
    ----------
    content : Content

    Returns
    -------
    tuple of float
    """
    frames = [content.region, content.routes]
    boxes = np.array([frame.total_bounds for frame in frames if len(frame)])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def drawn_layers(content: Content) -> tuple[LayerView, ...]:
    """Layers of the map, land cut to what lies around the study.

    A conic projection has no place for the other side of the world: a continent that reaches
    there would be drawn over everything.

    Parameters
    ----------
    content : Content

    Returns
    -------
    tuple of LayerView
    """
    return tuple(_cut(view, content) if view.role == "land" else view for view in content.layers)


def _cut(view: LayerView, content: Content) -> LayerView:
    west, south, east, north = extent(content)
    shapes = shapely.clip_by_rect(
        view.frame.geometry.to_numpy(),
        max(west - _AROUND, -180.0),
        max(south - _AROUND, -_HIGHEST),
        min(east + _AROUND, 180.0),
        min(north + _AROUND, _HIGHEST),
    )
    frame = view.frame.set_geometry(gpd.GeoSeries(shapes, index=view.frame.index, crs=4326))
    frame = frame[~frame.geometry.is_empty].reset_index(drop=True)
    # Edges are straight in degrees: short ones stay where they belong when projected.
    return replace(view, frame=frame.set_geometry(frame.geometry.segmentize(_SEGMENT)))
