"""Reading rasters and warping them onto the grid, checked at the door."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from geo.catalogue.cf import cf_raster
from geo.catalogue.description import Description
from geo.catalogue.findings import refuse
from geo.catalogue.openraster import Band, OpenRaster, Window, north_up
from geo.catalogue.rasterchecks import check_header, check_record
from geo.catalogue.rasterdrivers import ascii_grid, geotiff, imagine
from geo.catalogue.rasterfiles import raster_driver
from geo.catalogue.rastervalues import Values, in_range, known_values, note_unknown_values
from geo.catalogue.records import Record, verify
from geo.compute.enlarge import enlarged
from geo.errors import CrsError, DataError, EmptyLayerError
from geo.grid import as_dataarray, coordinates

__all__ = [
    "describe",
    "description_of",
    "grid_of",
    "is_large",
    "open_raster",
    "read_block",
    "read_raster",
    "to_grid",
]

_MOST_CELLS = 400_000_000
# Values of a raster that are held while a block of the grid is made from them.
_AT_ONCE = 32_000_000


@contextmanager
def open_raster(
    path: Path, *, variable: str | None = None, record: Record | None = None
) -> Iterator[OpenRaster]:
    """Open a raster file of any format, its header checked.

    Parameters
    ----------
    path : Path
        A GeoTIFF, ESRI ASCII grid, ERDAS IMAGINE, NetCDF or HDF5 file, or a Zarr folder.
    variable : str, optional
        Of a NetCDF, HDF5 or Zarr file with more than one.
    record : Record, optional
        What it should be. Without one, an image that claims no place on the Earth is only warned
        of.

    Yields
    ------
    OpenRaster
        North-up.

    Raises
    ------
    LayerError
        If the file is no raster, is damaged, or leads to other files.
    CrsError
        If its CRS is missing or unfit.
    """
    driver = raster_driver(path)
    if variable is not None and driver != "CF":
        raise refuse(path, "variable-missing", "has no variables", "leave `variable` out")
    opened = {"GTiff": geotiff, "AAIGrid": ascii_grid, "HFA": imagine}.get(driver)
    with cf_raster(path, variable) if opened is None else opened(path) as raster:
        turned = north_up(raster)
        if record is not None:
            check_record(turned, record)
        check_header(turned, placed=record is not None)
        yield turned


def describe(path: Path, *, variable: str | None = None) -> Description:
    """Tell what a raster file says about itself, from its header alone.

    Parameters
    ----------
    path : Path
    variable : str, optional
        As in `open_raster`.

    Returns
    -------
    Description

    Raises
    ------
    LayerError, CrsError
        As in `open_raster`.
    """
    with open_raster(path, variable=variable) as raster:
        return description_of(raster)


def description_of(raster: OpenRaster) -> Description:
    """Tell what the header of an open raster says.

    Parameters
    ----------
    raster : OpenRaster

    Returns
    -------
    Description
    """
    bands, variable = raster.bands, raster.facts.get("variable")
    variables = raster.facts.get("variables")
    nodata = bands[0].nodata
    return Description(
        kind="raster",
        driver=raster.driver,
        crs=_code(raster),
        layers=variables if isinstance(variables, tuple) else (),
        layer=None if variable is None else str(variable),
        bounds=raster.bounds,
        unit_hints={band.name: band.unit for band in bands if band.unit is not None},
        shape=raster.shape,
        dtype=str(bands[0].dtype),
        nodata=nodata[0] if nodata else None,
        bands=tuple(band.name for band in bands),
        transform=raster.transform[:6],
    )


def _code(raster: OpenRaster) -> str | None:
    if raster.crs is None or raster.facts.get("datum_stated") is False:
        return None
    known = raster.crs.to_authority(min_confidence=70)
    return raster.crs.to_wkt() if known is None else ":".join(known)


def read_raster(
    record: Record,
    *,
    band: int | str | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    window: Window | None = None,
) -> xr.DataArray:
    """Read a raster that is what its record says, on its own grid.

    Parameters
    ----------
    record : Record
        Of kind ``"raster"``.
    band : int or str, optional
        Number from 1, or one of the record's names; all bands when missing.
    bbox : (float, float, float, float), optional
        West, south, east and north in the raster's CRS: only the cells that touch it are read.
    window : (slice, slice), optional
        Rows and columns to read, counted from the north-west corner, instead of `bbox`.

    Returns
    -------
    (rows, columns) or (bands, rows, columns) DataArray
        In the record's unit, NaN where unknown, north up, with coordinates ``y``, ``x`` and
        ``spatial_ref`` (and ``band`` with the names). Up to 1 % of values outside the record's
        `valid_range` become unknown with a LodemapWarning that counts them. A part holds what
        the whole holds there.

    Raises
    ------
    LayerError
        If the file is missing, changed, damaged, another kind of file, too large, a palette,
        contradicts the record, or has more than 1 % of its values outside `valid_range`.
    CrsError
        If it has no CRS or another one than recorded, or its coordinates do not fit it.
    EmptyLayerError
        If every cell of the whole is unknown, or nothing of it lies in `bbox`.
    """
    with _of_record(record) as raster:
        places = _places(record, raster, band)
        part = _part(record, raster, bbox, window)
        whole = bbox is None and window is None
        rows, columns = part[0].stop - part[0].start, part[1].stop - part[1].start
        _bound(record, rows * columns * len(places))
        values: Values = np.stack([_values(record, raster, place, part) for place in places])
        checked = in_range(record, values, of=None if whole else raster.cells)
    if whole and np.isnan(checked).all():
        raise refuse(
            record.path,
            "all-unknown",
            f"every cell of layer {record.id!r} is unknown",
            "restore it, or correct its nodata value",
            error=EmptyLayerError,
        )
    if whole:
        note_unknown_values(record, [raster.bands[place] for place in places], checked)
    corner = raster.transform @ Affine.translation(part[1].start, part[0].start)
    grid = GeoBox((rows, columns), corner, record.crs)
    if band is None and len(places) > 1:
        names = record.bands or tuple(one.name for one in raster.bands)
        return _named(record, names, checked, grid)
    return as_dataarray(
        checked[0], grid, name=record.id, unit=record.unit or "", long_name=record.title
    )


def read_block(
    record: Record,
    grid: GeoBox,
    *,
    band: int | str | None = None,
    resampling: str = "bilinear",
    whole: GeoBox | None = None,
) -> xr.DataArray:
    """Read what a block of the grid needs of a raster, and warp it there.

    The same as warping the whole raster with `to_grid` and cutting the block out, at the cost of
    the block.

    Parameters
    ----------
    record : Record
        Of kind ``"raster"``.
    grid : GeoBox
        The block, in any CRS.
    band : int or str, optional
        As in `read_raster`.
    resampling, whole : optional
        As in `to_grid`.

    Returns
    -------
    (rows, columns) or (bands, rows, columns) DataArray
        float32, NaN where unknown or where the raster does not reach.

    Raises
    ------
    LayerError, CrsError
        As in `read_raster`.
    """
    with _of_record(record) as raster:
        places = _places(record, raster, band)
        windows = _windows(raster, grid, record)
        cells = max((_cells(window) for window in windows), default=0) * len(places)
        single = band is not None or len(places) == 1
        names = record.bands or tuple(one.name for one in raster.bands)
    if not windows:
        return _nothing(record, grid, None if single else names)
    if cells > _AT_ONCE and grid.shape[0] > 1:
        count = min(math.ceil(cells / _AT_ONCE), grid.shape[0])
        edges = [int(edge) for edge in np.linspace(0, grid.shape[0], count + 1)]
        strips = [
            read_block(
                record, grid[top:end, :], band=band, resampling=resampling, whole=whole or grid
            )
            for top, end in pairwise(edges)
        ]
        return _joined(strips, grid)
    blocks = [
        to_grid(
            read_raster(record, band=band, window=window),
            grid,
            resampling=resampling,
            whole=whole,
        )
        for window in windows
    ]
    found = blocks[0]
    for other in blocks[1:]:
        found = found.copy(data=np.where(np.isnan(found), other, found))
    return found


def is_large(record: Record, band: int | str | None = None) -> bool:
    """Whether a raster is read part by part rather than whole.

    Parameters
    ----------
    record : Record
        Of kind ``"raster"``.
    band : int or str, optional
        As in `read_raster`.

    Returns
    -------
    bool
    """
    with _of_record(record) as raster:
        return raster.cells * len(_places(record, raster, band)) > _AT_ONCE


def _cells(window: Window) -> int:
    rows, columns = window
    return int((rows.stop - rows.start) * (columns.stop - columns.start))


def _joined(strips: Sequence[xr.DataArray], grid: GeoBox) -> xr.DataArray:
    """One block of strips that lie below each other."""
    first = strips[0]
    coords = coordinates(grid)
    if first.ndim == 3:
        coords["band"] = xr.Variable("band", first["band"].to_numpy())
    values = np.concatenate([strip.to_numpy() for strip in strips], axis=-2)
    return xr.DataArray(values, dims=first.dims, coords=coords, name=first.name, attrs=first.attrs)


def _windows(raster: OpenRaster, grid: GeoBox, record: Record) -> list[Window]:
    """Parts of a raster that a block of the grid needs: two where it lies round a meridian."""
    box = grid.boundingbox
    west, south, east, north = transform_bounds(
        str(grid.crs), record.crs, box.left, box.bottom, box.right, box.top, densify_pts=21
    )
    if not all(math.isfinite(edge) for edge in (west, south, east, north)):
        return [(slice(0, raster.shape[0]), slice(0, raster.shape[1]))]
    boxes = [(west, south, east, north)]
    if raster.crs is not None and raster.crs.is_geographic:
        if west > east:
            boxes = [(west, south, east + 360, north)]
        boxes = [(a + turn, b, c + turn, d) for a, b, c, d in boxes for turn in (-360, 0, 360)]
    step_x, step_y = abs(raster.transform.a), abs(raster.transform.e)
    # A kernel reaches three cells, of the coarser of both grids.
    reach_x = 3 * max(step_x, (boxes[0][2] - boxes[0][0]) / grid.shape[1]) + 2 * step_x
    reach_y = 3 * max(step_y, (north - south) / grid.shape[0]) + 2 * step_y
    found = []
    for left, bottom, right, top in boxes:
        wide = (left - reach_x, bottom - reach_y, right + reach_x, top + reach_y)
        down, across = _touching(raster, wide)
        down = slice(down.start, min(down.stop, raster.shape[0]))
        across = slice(across.start, min(across.stop, raster.shape[1]))
        if down.stop > down.start and across.stop > across.start:
            found.append((down, across))
    return found


def _nothing(record: Record, grid: GeoBox, names: tuple[str, ...] | None) -> xr.DataArray:
    if names is None:
        return as_dataarray(
            np.full(tuple(grid.shape), np.nan, dtype=np.float32),
            grid,
            name=record.id,
            unit=record.unit or "",
            long_name=record.title,
        )
    values = np.full((len(names), *grid.shape), np.nan, dtype=np.float32)
    return _named(record, names, values, grid)


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
    out = enlarged(cube, source, grid, whole=whole) if resampling == "bilinear" else None
    if out is None:
        out = _warped(cube, source, grid, Resampling[resampling], whole or grid)
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


def _turns(source: GeoBox) -> tuple[float, ...]:
    """Shifts at which a raster lies on the Earth: one more where it crosses a meridian's end."""
    if source.crs is None or not source.crs.geographic:
        return (0.0,)
    box = source.boundingbox
    room = abs(source.resolution.x) * 0.51
    shifts = [0.0]
    if box.right > 180 + room:
        shifts.append(-360.0)
    if box.left < -180 - room:
        shifts.append(360.0)
    return tuple(shifts)


def _warped(
    cube: npt.NDArray[np.float32],
    source: GeoBox,
    grid: GeoBox,
    resampling: Resampling,
    whole: GeoBox,
) -> npt.NDArray[np.float32]:
    out = np.full((cube.shape[0], *grid.shape), np.nan, dtype=np.float32)
    for turn in _turns(source):
        shifted = GeoBox(source.shape, Affine.translation(turn, 0) @ source.affine, source.crs)
        target = out if turn == 0 else np.full_like(out, np.nan)
        _warp(cube, shifted, target, grid, resampling, _scale(shifted, whole))
        if turn:
            np.copyto(out, target, where=np.isnan(out))
    return out


def _warp(
    cube: npt.NDArray[np.float32],
    source: GeoBox,
    out: npt.NDArray[np.float32],
    grid: GeoBox,
    resampling: Resampling,
    scale: Mapping[str, float],
) -> None:
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
            resampling=resampling,
            num_threads=2,
            **scale,
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


@contextmanager
def _of_record(record: Record) -> Iterator[OpenRaster]:
    if record.kind != "raster":
        raise refuse(
            record.path,
            "kind-differs",
            f"layer {record.id!r} is a {record.kind}, required a raster",
            "name a raster",
        )
    verify(record)
    with open_raster(record.path, variable=record.variable, record=record) as raster:
        yield raster


def _bound(record: Record, cells: int) -> None:
    if cells > _MOST_CELLS:
        raise refuse(
            record.path,
            "too-large",
            f"has {cells:,} values, at most {_MOST_CELLS:,} are read at once",
            "read a part of it with `bbox`, or a single band",
        )


def _places(record: Record, raster: OpenRaster, band: int | str | None) -> list[int]:
    names = record.bands or tuple(one.name for one in raster.bands)
    if band is None:
        return list(range(len(names)))
    if isinstance(band, str) and band in names:
        return [names.index(band)]
    if isinstance(band, int) and 1 <= band <= len(names):
        return [band - 1]
    known = ", ".join(names[:24]) if record.bands or raster.named else f"1 to {len(names)}"
    raise refuse(
        record.path, "band-missing", f"has no band {band!r}, it has {known}", "name one of these"
    )


def _part(
    record: Record,
    raster: OpenRaster,
    bbox: tuple[float, float, float, float] | None,
    window: Window | None,
) -> Window:
    rows, columns = raster.shape
    if bbox is None and window is None:
        return slice(0, rows), slice(0, columns)
    if window is None:
        assert bbox is not None
        window = _touching(raster, bbox)
    down, across = (slice(*part.indices(size)[:2]) for part, size in
                    zip(window, raster.shape, strict=True))  # fmt: skip
    if down.stop <= down.start or across.stop <= across.start:
        raise refuse(
            record.path,
            "outside-layer",
            f"layer {record.id!r} has no cell in the part that is asked for",
            "ask for a part of it",
            error=EmptyLayerError,
        )
    return down, across


def _touching(raster: OpenRaster, bbox: tuple[float, float, float, float]) -> Window:
    west, south, east, north = bbox
    inverse = ~raster.transform
    left, top = inverse @ (west, north)
    right, bottom = inverse @ (east, south)
    # An edge that is a whole number but for rounding takes no further cell in.
    edges = [round(edge, 6) for edge in (left, top, right, bottom)]
    start, up = (max(0, math.floor(edge)) for edge in edges[:2])
    stop, down = (max(0, math.ceil(edge)) for edge in edges[2:])
    return slice(up, down), slice(start, stop)


def _values(record: Record, raster: OpenRaster, place: int, part: Window) -> Values:
    stored, hidden = raster.read(place, part)
    band = raster.bands[place]
    return known_values(stored, hidden, band, _agreed_nodata(record, band))


def _agreed_nodata(record: Record, band: Band) -> tuple[float, ...]:
    said = record.nodata
    if said is None:
        return band.nodata
    if not band.nodata:
        return (said,)
    # A float32 file gives its nodata back with the rounding of float32.
    with np.errstate(over="ignore"):
        same = any(
            np.array_equal(np.float32(said), np.float32(one), equal_nan=True) for one in band.nodata
        )
    if not same:
        raise refuse(
            record.path,
            "nodata-differs",
            f"declares nodata {band.nodata[0]:g}, its record says {said:g}",
            "correct the one that is wrong",
        )
    return band.nodata


def _named(record: Record, names: tuple[str, ...], values: Values, grid: GeoBox) -> xr.DataArray:
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
