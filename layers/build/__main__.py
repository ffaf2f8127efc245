"""Rebuild every embedded layer: ``python -m layers.build``."""

from layers.build import rasters, sound, styles, tables, transport, vectors

if __name__ == "__main__":
    vectors.build()
    tables.build()
    transport.build()
    rasters.build()
    styles.build()
    sound.build()
