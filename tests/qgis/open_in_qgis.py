"""Runs in QGIS's own Python: opens a project or a layer and prints what it is as JSON."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize


def renderer(layer):
    made = layer.renderer()
    if made is None:
        return [None, 0]
    if layer.type() == layer.VectorLayer:
        return [made.type(), len(made.legendSymbolItems())]
    return [made.type(), len(made.legendSymbologyItems())]


def picture(project, path):
    """Render what is visible in the first view; return errors and the colours of the pixels."""
    tree = project.layerTreeRoot()
    shown = [layer for layer in tree.layerOrder() if tree.findLayer(layer.id()).isVisible()]
    settings = QgsMapSettings()
    settings.setLayers(shown)
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(1200, 800))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(project.backgroundColor())
    settings.setExtent(project.viewSettings().defaultViewExtent())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    pixels = Counter(
        image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
    )
    return [error.message for error in job.errors()], pixels


def project(source, target):
    opened = QgsProject.instance()
    read = opened.read(source)
    nodes = opened.layerTreeRoot().findLayers()
    layers = [node.layer() for node in nodes if node.layer() is not None]
    errors, pixels = picture(opened, target)
    grid = next(layer for layer in layers if layer.type() == layer.RasterLayer).crs()
    return {
        "read": read,
        "count": len(layers),
        "unresolved": [node.name() for node in nodes if node.layer() is None],
        "invalid": [layer.name() for layer in layers if not layer.isValid()],
        "without_crs": [layer.name() for layer in layers if not layer.crs().isValid()],
        "visible": [node.name() for node in nodes if node.isVisible()],
        "renderers": {layer.name(): renderer(layer) for layer in layers},
        "crs_valid": opened.crs().isValid(),
        "crs_is_grid": opened.crs().toProj() == grid.toProj(),
        "title": opened.title(),
        "errors": errors,
        "colours": len(pixels),
        "largest_share": max(pixels.values()) / sum(pixels.values()),
    }


def styles(package, *tables):
    return {
        table: renderer(QgsVectorLayer(f"{package}|layername={table}", table, "ogr"))
        for table in tables
    }


def rasters(*paths):
    layers = [QgsRasterLayer(path, Path(path).stem) for path in paths]
    return {layer.name(): layer.renderer().type() for layer in layers}


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    commands = {"project": project, "styles": styles, "rasters": rasters}
    sys.stdout.write(json.dumps(commands[sys.argv[1]](*sys.argv[2:])) + "\n")
    sys.stdout.flush()
    # QGIS may crash while Python takes its objects apart; the answer is out.
    os._exit(0)
