"""Results to files that people open: web map, QGIS project, tables, rasters."""
