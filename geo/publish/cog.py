"""A raster of raw values as a Cloud-Optimized GeoTIFF, without holding it in memory."""

import sys
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.shutil import copy

from geo.compute.stored import Stored

__all__ = ["BOUNDED", "write_cog"]

BOUNDED = {"GDAL_CACHEMAX": 64}
"""GDAL would keep blocks in a twentieth of all memory."""

# Overviews wait in a file that is read once: cheap to pack is better than small. Unpacked, GDAL
# would average rows at the edges of its blocks with less than all that lies under them.
_MEANWHILE = {"COG_TMP_COMPRESSION": "PACKBITS"}

_BLOCK = 512
_TYPES = {"float32": "Float32", "uint16": "UInt16"}


def write_cog(
    raw: Stored,
    grid: GeoBox,
    path: Path,
    *,
    nodata: float,
    title: str = "",
    unit: str = "",
    tags: Mapping[str, str] | None = None,
    classes: bool = False,
    threads: int = 1,
) -> None:
    """Write a stored raster with overviews; GDAL reads it block by block.

    Parameters
    ----------
    raw : Stored
        Of type float32 or uint16, beside whose file a small description is put meanwhile.
    grid : GeoBox
    path : Path
        File to write.
    nodata : float
    title, unit : str
        Of the band; without signs that XML cannot hold.
    tags : mapping, optional
        Metadata of the file.
    classes : bool
        Whether the values are classes or bits, of which no mean can be taken.
    threads : int
        That compress; they do not change the bytes.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> grid = GeoBox.from_bbox((0, 0, 2000, 1000), "EPSG:32648", resolution=1000)
    >>> raw = Stored(folder / "a.raw", (1, 2), "float32")
    >>> raw.write(0, np.array([[1.0, np.nan]]))
    >>> write_cog(raw, grid, folder / "a.tif", nodata=np.nan, unit="m")
    >>> with rasterio.open(folder / "a.tif") as found:
    ...     found.read(1), found.units
    (array([[ 1., nan]], dtype=float32), ('m',))
    """
    virtual = raw.path.with_suffix(".vrt")
    virtual.write_text(_description(raw, grid, nodata, title, unit, tags or {}), "utf-8")
    options = {
        "driver": "COG",
        # As small as deflate here, and two to three times as fast.
        "compress": "ZSTD",
        "level": 1,
        "predictor": "NO" if classes else "YES",
        "blocksize": _BLOCK,
        # A mean of reason bits would be another reason.
        "overview_resampling": "NEAREST" if classes else "AVERAGE",
        "num_threads": str(threads),
    }
    with rasterio.Env(**BOUNDED, **_MEANWHILE), rasterio.open(virtual, driver="VRT") as source:
        copy(source, path, **options)
    virtual.unlink()


def _description(
    raw: Stored, grid: GeoBox, nodata: float, title: str, unit: str, tags: Mapping[str, str]
) -> str:
    """What GDAL has to know to read the values: a virtual raster."""
    rows, columns = raw.shape
    size = np.dtype(raw.dtype).itemsize
    items = "".join(f'<MDI key="{key}">{escape(value)}</MDI>' for key, value in tags.items())
    corner = ", ".join(repr(float(number)) for number in grid.affine.to_gdal())
    return (
        f'<VRTDataset rasterXSize="{columns}" rasterYSize="{rows}">'
        f"<SRS>{escape(CRS.from_string(str(grid.crs)).to_wkt())}</SRS>"
        f"<GeoTransform>{corner}</GeoTransform><Metadata>{items}</Metadata>"
        f'<VRTRasterBand dataType="{_TYPES[raw.dtype]}" band="1" subClass="VRTRawRasterBand">'
        f"<Description>{escape(title)}</Description><UnitType>{escape(unit)}</UnitType>"
        f"<NoDataValue>{nodata}</NoDataValue>"
        f'<SourceFilename relativeToVRT="1">{escape(raw.path.name)}</SourceFilename>'
        f"<ImageOffset>0</ImageOffset><PixelOffset>{size}</PixelOffset>"
        f"<LineOffset>{size * columns}</LineOffset>"
        f"<ByteOrder>{'LSB' if sys.byteorder == 'little' else 'MSB'}</ByteOrder>"
        "</VRTRasterBand></VRTDataset>"
    )
