"""Reading rasters and warping them onto the grid, checked at the door."""

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.warp import reproject

from geo.catalogue.files import SAFE_OPTIONS, driver_of
from geo.catalogue.records import Record, verify
from geo.errors import CrsError, DataError, EmptyLayerError, LayerError, LodemapWarning
from geo.grid import as_dataarray, coordinates

__all__ = ["grid_of", "read_raster", "to_grid"]

_MOST_CELLS = 400_000_000
_MOST_OUTSIDE = 0.01

_Values = npt.NDArray[np.floating[Any]]


def read_raster(record: Record, *, band: int | str | None = None) -> xr.DataArray:
    """Read a raster that is what its record says, on its own grid.

    Parameters
    ----------
    record : Record
        Of kind ``"raster"``.
    band : int or str, optional
        Number from 1, or one of the record's names; all bands when missing.

    Returns
    -------
    (rows, columns) or (bands, rows, columns) DataArray
        In the record's unit, NaN where unknown, north up, with coordinates ``y``, ``x`` and
        ``spatial_ref`` (and ``band`` with the names). Up to 1 % of values outside the record's
        `valid_range` become unknown with a LodemapWarning that counts them.

    Raises
    ------
    LayerError
        If the file is missing, changed, damaged, another kind of file, too large, rotated, a
        palette, contradicts the record, or has more than 1 % of its values outside
        `valid_range`.
    CrsError
        If it has no CRS or another one than recorded.
    EmptyLayerError
        If every cell is unknown.
    """
    if record.kind != "raster":
        raise LayerError(
            f"{record.path}: layer {record.id!r} is a {record.kind}, required a raster"
        )
    verify(record)
    driver = driver_of(record.path)
    try:
        with rasterio.Env(**SAFE_OPTIONS), _opened(record.path, driver) as source:
            _check_header(record, source)
            numbers = _band_numbers(record, source.count, band)
            values: _Values = np.stack([_values(record, source, n) for n in numbers])
            transform: Affine = source.transform
    except (RasterioError, RasterioIOError) as error:
        raise LayerError(f"{record.path}: cannot be read ({error}): restore it") from None
    if transform.e > 0:
        height = values.shape[1]
        top = transform.f + transform.e * height
        transform = Affine(transform.a, 0.0, transform.c, 0.0, -transform.e, top)
        values = values[:, ::-1]
    grid = GeoBox(values.shape[1:], transform, record.crs)
    checked = _in_range(record, values)
    if np.isnan(checked).all():
        raise EmptyLayerError(f"{record.path}: every cell of layer {record.id!r} is unknown")
    if band is None and len(numbers) > 1:
        return _stack(record, checked, grid)
    return as_dataarray(
        checked[0], grid, name=record.id, unit=record.unit or "", long_name=record.title
    )


def to_grid(
    raster: xr.DataArray,
    grid: GeoBox,
    *,
    resampling: str = "bilinear",
    whole: GeoBox | None = None,
) -> xr.DataArray:
    """Warp a raster onto the grid.

    A cell of the grid is unknown when the raster's cell under its centre is unknown or there is
    none; elsewhere the neighbours that are known are weighted. So a raster reaches to the outer
    edge of its last cells, not only to their centres, and unknown cells neither grow nor shrink.

    Parameters
    ----------
    raster : (rows, columns) or (bands, rows, columns) DataArray
        With ``spatial_ref``, as `read_raster` gives; NaN is unknown.
    grid : GeoBox
    resampling : str, optional
        A name of `rasterio.enums.Resampling`, such as ``"nearest"`` or ``"average"``.
    whole : GeoBox, optional
        The grid of which `grid` is some rows: they then get the values that they have there.

    Returns
    -------
    DataArray
        float32, on `grid`, with the raster's name and attributes.

    Raises
    ------
    CrsError
        If the raster has no CRS.
    DataError
        If there is no such resampling.
    """
    source = grid_of(raster)
    if resampling not in Resampling.__members__:
        raise DataError(
            f"there is no resampling {resampling!r}: take one of "
            f"{', '.join(sorted(Resampling.__members__))}"
        )
    values = raster.to_numpy().astype(np.float32, copy=False)
    cube = values.reshape(-1, *values.shape[-2:])
    out = np.full((cube.shape[0], *grid.shape), np.nan, dtype=np.float32)
    with rasterio.Env():
        reproject(
            cube,
            out,
            src_transform=source.affine,
            src_crs=str(source.crs),
            dst_transform=grid.affine,
            dst_crs=str(grid.crs),
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=Resampling[resampling],
            num_threads=2,
            # The default approximates the transform to an eighth of a cell.
            tolerance=0.01,
            **_scale(source, whole or grid),
        )
    dims = ("y", "x") if raster.ndim == 2 else ("band", "y", "x")
    coords = coordinates(grid)
    if raster.ndim == 3:
        coords["band"] = xr.Variable("band", raster["band"].to_numpy())
    return xr.DataArray(
        out[0] if raster.ndim == 2 else out,
        dims=dims,
        coords=coords,
        name=raster.name,
        attrs={**raster.attrs, "grid_mapping": "spatial_ref"},
    )


def _scale(source: GeoBox, grid: GeoBox) -> dict[str, float]:
    """Cells of the grid per cell of the raster, in the grid's middle.

    GDAL would estimate it anew for whatever piece it warps, and a cell's value, where the
    raster is finer than the grid, would depend on the piece.
    """
    height, width = grid.shape
    columns = np.array([0.0, 1.0, 0.0]) + width / 2
    rows = np.array([0.0, 0.0, 1.0]) + height / 2
    affine, back = grid.affine, ~source.affine
    x, y = affine.c + affine.a * columns, affine.f + affine.e * rows
    over = Transformer.from_crs(str(grid.crs), str(source.crs), always_xy=True)
    east, north = (np.asarray(found) for found in over.transform(x, y))
    right, down = back.a * east + back.c, back.e * north + back.f
    steps = (
        np.hypot(np.diff(right[:2])[0], np.diff(down[:2])[0]),
        np.hypot(right[2] - right[0], down[2] - down[0]),
    )
    if not all(np.isfinite(step) and step > 0 for step in steps):
        return {}
    return {"XSCALE": float(1 / steps[0]), "YSCALE": float(1 / steps[1])}


def grid_of(raster: xr.DataArray) -> GeoBox:
    """Grid that a raster lies on.

    Parameters
    ----------
    raster : DataArray
        With the CF coordinate ``spatial_ref``.

    Returns
    -------
    GeoBox

    Raises
    ------
    CrsError
        If the raster carries no reference system or no transform.
    """
    if "spatial_ref" not in raster.coords:
        raise CrsError(f"raster {raster.name!r} has no CRS: make it with geo.grid.as_dataarray")
    reference: Mapping[str, str] = raster.coords["spatial_ref"].attrs
    if "spatial_ref" not in reference or "GeoTransform" not in reference:
        raise CrsError(
            f"raster {raster.name!r} names no CRS or transform: make it with geo.grid.as_dataarray"
        )
    affine = Affine.from_gdal(*(float(part) for part in reference["GeoTransform"].split()))
    return GeoBox((raster.shape[-2], raster.shape[-1]), affine, reference["spatial_ref"])


def _opened(path: Path, driver: str) -> DatasetReader:
    with warnings.catch_warnings():
        # The header check says the same in a sentence.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, driver=driver)


def _check_header(record: Record, source: DatasetReader) -> None:
    cells = source.count * source.height * source.width
    if cells > _MOST_CELLS:
        raise LayerError(f"{record.path}: has {cells:,} values, at most {_MOST_CELLS:,} are read")
    if source.crs is None:
        raise CrsError(
            f"{record.path}: layer {record.id!r} has no CRS, its record says {record.crs}: "
            "write the CRS into the file"
        )
    found = CRS.from_wkt(source.crs.to_wkt())
    if not found.equals(CRS.from_user_input(record.crs), ignore_axis_order=True):
        raise CrsError(
            f"{record.path}: has {found.name}, its record says {record.crs}: "
            "correct the one that is wrong"
        )
    _check_form(record, source)
    _check_place(record, source, found)


def _check_form(record: Record, source: DatasetReader) -> None:
    if source.transform.b or source.transform.d:
        raise LayerError(f"{record.path}: is rotated: warp it north-up first")
    if source.transform.is_identity:
        raise LayerError(f"{record.path}: has no georeference: write its transform into the file")
    if ColorInterp.palette in source.colorinterp:
        raise LayerError(f"{record.path}: holds palette numbers, not values: convert it first")
    if any(np.issubdtype(np.dtype(kind), np.complexfloating) for kind in source.dtypes):
        raise LayerError(f"{record.path}: holds complex numbers: convert it to real ones")
    if record.bands and len(record.bands) != source.count:
        raise LayerError(
            f"{record.path}: has {source.count} bands, its record names {len(record.bands)}"
        )


def _check_place(record: Record, source: DatasetReader, crs: CRS) -> None:
    bounds = source.bounds
    if crs.is_geographic and not (
        -360 <= bounds.left <= bounds.right <= 360
        and max(abs(bounds.bottom), abs(bounds.top)) <= 90.5
    ):
        raise LayerError(
            f"{record.path}: reaches from ({bounds.left:.4g}, {bounds.bottom:.4g}) to "
            f"({bounds.right:.4g}, {bounds.top:.4g}), outside longitude and latitude: "
            "swap the axes or correct the CRS"
        )


def _band_numbers(record: Record, count: int, band: int | str | None) -> list[int]:
    if band is None:
        return list(range(1, count + 1))
    if isinstance(band, str) and band in record.bands:
        return [record.bands.index(band) + 1]
    if isinstance(band, int) and 1 <= band <= count:
        return [band]
    known = ", ".join(record.bands) or f"1 to {count}"
    raise LayerError(f"{record.path}: has no band {band!r}, it has {known}")


def _values(record: Record, source: DatasetReader, number: int) -> _Values:
    stored = source.read(number)
    scale, offset = source.scales[number - 1], source.offsets[number - 1]
    small = stored.dtype.itemsize <= 2 or stored.dtype == np.float32
    values: _Values = stored.astype(np.float32 if small else np.float64)
    nodata = _agreed_nodata(record, source.nodatavals[number - 1])
    if nodata is not None:
        values[_equals(stored, nodata)] = np.nan
    if (scale, offset) != (1.0, 0.0):
        values = values * values.dtype.type(scale) + values.dtype.type(offset)
    return values


def _agreed_nodata(record: Record, declared: float | None) -> float | None:
    if record.nodata is None or declared is None:
        return declared if record.nodata is None else record.nodata
    same = record.nodata == declared or (math.isnan(record.nodata) and math.isnan(declared))
    # A float32 file gives its nodata back with the rounding of float32.
    if not same and np.float32(record.nodata) != np.float32(declared):
        raise LayerError(
            f"{record.path}: declares nodata {declared:g}, its record says {record.nodata:g}: "
            "correct the one that is wrong"
        )
    return declared


def _equals(stored: npt.NDArray[np.generic], nodata: float) -> npt.NDArray[np.bool_]:
    if math.isnan(nodata):
        return np.isnan(stored.astype(np.float64))
    if np.issubdtype(stored.dtype, np.floating):
        return np.asarray(stored == stored.dtype.type(nodata))
    return np.asarray(stored == nodata)


def _in_range(record: Record, values: _Values) -> _Values:
    lo, hi = record.valid_range or (-math.inf, math.inf)
    known = ~np.isnan(values)
    outside = known & ~(np.isfinite(values) & (values >= lo) & (values <= hi))
    count, total = int(outside.sum()), int(known.sum())
    if count == 0:
        return values
    kinds, counts = np.unique(values[outside], return_counts=True)
    common = kinds[int(np.argmax(counts))]
    said = (
        f"{record.path}: {count:,} of {total:,} values lie outside {lo:g} to {hi:g} "
        f"{record.unit or ''}".rstrip()
    )
    if count > _MOST_OUTSIDE * total:
        raise LayerError(
            f"{said}, most often {common:g}: declare it as nodata, or correct the unit or the range"
        )
    warnings.warn(f"{said}, most often {common:g}: taken as unknown", LodemapWarning, stacklevel=3)
    mended = values.copy()
    mended[outside] = np.nan
    return mended


def _stack(record: Record, values: _Values, grid: GeoBox) -> xr.DataArray:
    names = record.bands or tuple(str(number + 1) for number in range(len(values)))
    return xr.DataArray(
        values,
        dims=("band", "y", "x"),
        coords={"band": xr.Variable("band", np.array(names, dtype=object)), **coordinates(grid)},
        name=record.id,
        attrs={
            "long_name": record.title,
            "units": record.unit or "",
            "grid_mapping": "spatial_ref",
        },
    )
