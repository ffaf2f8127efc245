"""Reading NetCDF and Zarr grids by the CF conventions.

xarray opens the file and reads windows of it; what the conventions say about places, unknown
values and time is applied here, so that the stored values pass the same checks as those of any
other format (https://cfconventions.org, version 1.11, sections 2.5, 4, 5 and 8).
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.catalogue.findings import note, refuse
from geo.catalogue.hdf5trial import endures
from geo.catalogue.openraster import Band, Hidden, OpenRaster, Stored, Window
from geo.catalogue.tiffheader import MOST_GROWTH, SMALL
from geo.errors import CrsError

__all__ = ["cf_dataset", "cf_raster"]

_MOST_BANDS = 20_000
_MOST_VARIABLES = 5_000
_ENGINES = {b"\x89HDF": "h5netcdf", b"CDF\x01": "scipy", b"CDF\x02": "scipy"}
_HELPERS = ("bounds", "grid_mapping", "coordinates", "ancillary_variables", "cell_measures")
_EAST = ("degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese")
_NORTH = ("degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn")
_FLOAT_FILL = 9.969209968386869e36
_INT_FILL = {2: -32767.0, 4: -2147483647.0}
_METRES = {"km": 1000.0, "kilometer": 1000.0, "kilometre": 1000.0}


@contextmanager
def cf_raster(path: Path, variable: str | None = None) -> Iterator[OpenRaster]:
    """Open one variable of a NetCDF or Zarr file.

    Parameters
    ----------
    path : Path
        A NetCDF file (classic, 64-bit or NetCDF-4), an HDF5 file in their form, or a Zarr
        folder.
    variable : str, optional
        Name of the variable; may be left out where only one has rows and columns.

    Yields
    ------
    OpenRaster
        Its bands are the combinations of all other dimensions; time steps are named by date.

    Raises
    ------
    LayerError
        If the file is damaged or leads elsewhere, the variable is missing or not stated, or
        its rows and columns are not evenly spaced.
    CrsError
        If its grid mapping cannot be understood.
    """
    with _dataset(path) as dataset:
        if len(dataset.variables) > _MOST_VARIABLES:
            raise refuse(
                path, "too-large", f"holds {len(dataset.variables):,} variables", "split it"
            )
        chosen = _chosen(path, dataset, variable)
        if path.is_dir():
            _tell_missing(path, str(chosen.attrs["name"]))
        yield _raster(path, dataset, chosen)


@contextmanager
def cf_dataset(path: Path) -> Iterator[xr.Dataset]:
    """Open all variables of a NetCDF or Zarr file, for series that are no bands of a raster.

    Parameters
    ----------
    path : Path
        As :func:`cf_raster` takes it.

    Yields
    ------
    Dataset
        Decoded by the CF conventions: unknown values are NaN, packed ones unpacked, time is a
        date. Values are read when they are asked for.

    Raises
    ------
    LayerError
        If the file is damaged, leads elsewhere, or its conventions cannot be understood.
    """
    with _dataset(path) as dataset:
        for name, variable in dataset.variables.items():
            if name not in dataset.dims:
                _bound(path, variable)
        try:
            with _quiet():
                decoded = xr.decode_cf(dataset)
        except (ValueError, OverflowError, KeyError, TypeError) as error:
            said = " ".join(str(error).split())[:200]
            raise refuse(
                path, "damaged", f"cannot be understood ({said})", "restore it from its source"
            ) from None
        yield decoded


@contextmanager
def _dataset(path: Path) -> Iterator[xr.Dataset]:
    engine = "zarr" if path.is_dir() else _engine(path)
    if engine == "h5netcdf":
        _refuse_links(path)
    options: dict[str, Any] = {"consolidated": None} if engine == "zarr" else {}
    if engine == "h5netcdf":
        options["phony_dims"] = "access"
    try:
        with (
            _quiet(),
            xr.open_dataset(path, engine=engine, decode_cf=False, cache=False, **options) as found,
        ):
            yield found
    except ModuleNotFoundError as error:
        raise refuse(
            path,
            "library-missing",
            f"needs the library {error.name}",
            "install it with `pip install lodemap[zarr]`",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, IndexError) as error:
        said = " ".join(str(error).split())[:200]
        raise refuse(
            path, "damaged", f"cannot be read ({said})", "restore it from its source"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"xarray|zarr|h5netcdf|h5py|numcodecs|scipy")
        yield


def _tell_missing(path: Path, variable: str) -> None:
    """Tell of chunks that a store lacks: Zarr reads them as the fill value."""
    import zarr

    with _quiet():
        array = zarr.open_array(path / variable, mode="r")
        missing = array.nchunks - array.nchunks_initialized
    if missing:
        what = (
            f"lacks {missing:,} of {array.nchunks:,} chunks of {variable!r}: their cells are read "
            f"as its fill value {array.fill_value}"
        )
        note(path, "warning", "chunks-missing", what, "restore them", count=missing)


def _engine(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start not in _ENGINES:
        raise refuse(
            path, "not-netcdf", "is no NetCDF or HDF5 file", "restore it, or name it after its kind"
        )
    return _ENGINES[start]


def _refuse_links(path: Path) -> None:
    """An HDF5 file can take its values from other files; here it must hold them itself."""
    import h5py

    if not endures(path):
        raise refuse(
            path,
            "damaged",
            "cannot be read (the HDF5 library does not come to an end with it, or dies of it)",
            "restore it from its source",
        )

    def look(name: str, link: object) -> None:
        if isinstance(link, h5py.ExternalLink):
            raise _elsewhere(path, f"leads from {name!r} to another file")

    def values(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            raise _elsewhere(path, f"takes the values of {name!r} from another file")

    try:
        with h5py.File(path, "r") as file:
            for name in list(file)[:_MOST_VARIABLES]:
                look(name, file.get(name, getlink=True))
            file.visititems_links(look)
            file.visititems(values)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise refuse(
            path, "damaged", f"cannot be read ({said})", "restore it from its source"
        ) from None


def _elsewhere(path: Path, what: str) -> Exception:
    return refuse(path, "indirection", what, "copy the values into the file itself")


def _chosen(path: Path, dataset: xr.Dataset, variable: str | None) -> xr.Variable:
    possible = _gridded(dataset)
    if variable is None and len(possible) == 1:
        variable = possible[0]
    listed = ", ".join(possible[:12]) or "none with rows and columns"
    if not possible:
        raise refuse(
            path,
            "no-band",
            "holds no variable with rows and columns that have coordinates",
            "give a file whose grid has coordinate variables",
        )
    if variable is None:
        raise refuse(
            path,
            "variable-missing",
            f"holds {len(possible)} variables, {listed}, and none is named",
            "name one with `variable` in the record, or --part",
        )
    if variable not in possible:
        raise refuse(
            path, "variable-missing", f"has no variable {variable!r}, it has {listed}", "name one"
        )
    found = dataset.variables[variable]
    found.attrs["name"] = variable
    return found


def _gridded(dataset: xr.Dataset) -> list[str]:
    """Variables on rows and columns that are no coordinates, bounds or grid mappings."""
    helpers = {str(name) for name in dataset.dims}
    for one in dataset.variables.values():
        for key in (
            "bounds",
            "grid_mapping",
            "coordinates",
            "ancillary_variables",
            "cell_measures",
        ):
            helpers |= set(str(one.attrs.get(key, "")).replace(":", " ").split())
    return [
        str(name)
        for name, one in dataset.variables.items()
        if name not in helpers
        and one.ndim >= 2
        and one.dtype.kind in "fiub"
        and _has_axes(dataset, one)
    ]


def _has_axes(dataset: xr.Dataset, variable: xr.Variable) -> bool:
    axes = [_axis(dataset, dim) for dim in variable.dims]
    return {"X", "Y"} <= set(axes) or "coordinates" in variable.attrs


def _axis(dataset: xr.Dataset, dim: object) -> str:
    """Role of a dimension by its coordinate variable: X, Y, T or nothing."""
    name = str(dim)
    if dim not in dataset.variables or dataset.variables[dim].dims != (dim,):
        return ""
    attrs = dataset.variables[dim].attrs
    units = str(attrs.get("units", "")).lower().replace(" ", "")
    standard = str(attrs.get("standard_name", "")).lower()
    if units in _EAST or standard in ("longitude", "grid_longitude", "projection_x_coordinate"):
        return "X"
    if units in _NORTH or standard in ("latitude", "grid_latitude", "projection_y_coordinate"):
        return "Y"
    if " since " in str(attrs.get("units", "")) or standard == "time":
        return "T"
    axis = str(attrs.get("axis", "")).upper()
    if axis in ("X", "Y", "T"):
        return axis
    by_name = {"x": "X", "lon": "X", "longitude": "X", "easting": "X",
               "y": "Y", "lat": "Y", "latitude": "Y", "northing": "Y", "time": "T"}  # fmt: skip
    return by_name.get(name.lower(), "")


def _raster(path: Path, dataset: xr.Dataset, variable: xr.Variable) -> OpenRaster:
    name = str(variable.attrs["name"])
    axes = [_axis(dataset, dim) for dim in variable.dims]
    if "Y" not in axes or "X" not in axes:
        raise refuse(
            path,
            "curvilinear",
            f"places {name!r} by two-dimensional coordinates",
            "regrid it to even rows and columns first, for example with cdo remapbil",
        )
    down, across = axes.index("Y"), axes.index("X")
    _bound(path, variable)
    crs = _crs(path, dataset, variable, (str(variable.dims[down]), str(variable.dims[across])))
    y = _steps(path, dataset, str(variable.dims[down]), crs)
    x = _steps(path, dataset, str(variable.dims[across]), crs)
    others = [place for place in range(variable.ndim) if place not in (down, across)]
    names = _band_names(path, dataset, [str(variable.dims[place]) for place in others])
    bands = tuple(_band(variable, label) for label in names)
    sizes = [variable.shape[place] for place in others]

    def read(place: int, window: Window) -> tuple[Stored, Hidden]:
        index: list[Any] = [slice(None)] * variable.ndim
        for other, at in zip(others, np.unravel_index(place, sizes) if sizes else (), strict=True):
            index[other] = int(at)
        index[down], index[across] = window
        try:
            with _quiet():
                values = np.asarray(variable[tuple(index)].values)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            said = " ".join(str(error).split())[:200]
            raise refuse(
                path, "damaged", f"cannot be read ({said})", "restore it from its source"
            ) from None
        if values.dtype.byteorder == ">":
            values = values.astype(values.dtype.newbyteorder("="))
        return (values if down < across else values.T), None

    start_x, step_x, start_y, step_y = x[0], x[1], y[0], y[1]
    facts = {
        "variable": name,
        "variables": tuple(_gridded(dataset)),
        "long_name": str(variable.attrs.get("long_name", "")),
        "datum_stated": "grid_mapping" in variable.attrs,
    }
    return OpenRaster(
        path=path,
        driver="Zarr" if path.is_dir() else "netCDF",
        shape=(variable.shape[down], variable.shape[across]),
        transform=Affine(step_x, 0, start_x - step_x / 2, 0, step_y, start_y - step_y / 2),
        crs=crs,
        bands=bands,
        read=read,
        facts=MappingProxyType(facts),
        named=bool(others),
    )


def _bound(path: Path, variable: xr.Variable) -> None:
    decoded = math.prod(variable.shape) * variable.dtype.itemsize
    if path.is_dir():
        size = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    else:
        size = path.stat().st_size
    if decoded > SMALL and decoded > MOST_GROWTH * size:
        raise refuse(
            path,
            "bomb",
            f"says that {size:,} bytes hold {decoded / 1e9:,.1f} GB of values",
            "restore it from its source",
        )
    chunks = variable.encoding.get("chunksizes") or variable.encoding.get("chunks") or (0,)
    if math.prod(chunks) * variable.dtype.itemsize > SMALL:
        raise refuse(
            path,
            "too-large",
            f"is stored in blocks of {chunks} values",
            "rewrite it in smaller ones",
        )


def _steps(path: Path, dataset: xr.Dataset, dim: str, crs: CRS | None) -> tuple[float, float]:
    """First centre and step of evenly spaced rows or columns, in the unit of the CRS."""
    coordinate = dataset.variables[dim]
    if coordinate.size > 10_000_000 or coordinate.dtype.kind not in "fiu":
        raise refuse(path, "damaged", f"its coordinate {dim!r} is no list of numbers", "restore it")
    values = _unpacked(coordinate)
    if values.size < 2:
        raise refuse(
            path,
            "too-small",
            f"has one value along {dim!r}, so that the size of its cells is not known",
            "give a grid of at least two rows and columns",
        )
    step = (values[-1] - values[0]) / (values.size - 1)
    # float32 coordinates are rounded by up to a few millionths of their size.
    room = max(abs(step) * 0.01, 4e-7 * float(np.nanmax(np.abs(values))) if values.size else 0)
    even = np.abs(values - (values[0] + step * np.arange(values.size)))
    if not np.isfinite(values).all() or step == 0 or float(even.max()) > room:
        raise refuse(
            path,
            "irregular-grid",
            f"is not evenly spaced along {dim!r}",
            "regrid it to even rows and columns first, for example with cdo remapbil",
        )
    factor = 1.0
    if crs is not None and not crs.is_geographic:
        factor = _METRES.get(str(coordinate.attrs.get("units", "")).strip().lower(), 1.0)
    first, last = _round(float(values[0]), step), _round(float(values[-1]), step)
    return first * factor, (last - first) / (values.size - 1) * factor


def _round(value: float, step: float) -> float:
    """Take the noise of single precision off a coordinate, where a short number lies near."""
    short = round(value, max(0, 6 - math.floor(math.log10(abs(step)))))
    return short if abs(short - value) < abs(step) * 1e-5 else value


def _unpacked(variable: xr.Variable) -> npt.NDArray[np.float64]:
    attrs = variable.attrs
    values = np.asarray(variable.values, dtype=np.float64)
    if "scale_factor" in attrs or "add_offset" in attrs:
        return values * _number(attrs, "scale_factor", 1.0) + _number(attrs, "add_offset", 0.0)
    return values


def _number(attrs: Mapping[Any, Any], key: str, default: float) -> float:
    """An attribute as a number; NaN, which is refused as a scale, where it is none."""
    try:
        return float(np.asarray(attrs.get(key, default)).ravel()[0])
    except (ValueError, TypeError, IndexError):
        return math.nan


def _numbers(attrs: Mapping[Any, Any], key: str) -> tuple[float, ...]:
    if key not in attrs:
        return ()
    try:
        return tuple(float(one) for one in np.asarray(attrs[key]).ravel()[:16])
    except (ValueError, TypeError):
        return ()


def _band(variable: xr.Variable, label: str) -> Band:
    attrs = variable.attrs
    fill = (*_numbers(attrs, "_FillValue"), *_numbers(attrs, "missing_value"))
    if not fill and variable.dtype.kind == "f":
        fill = (_FLOAT_FILL,)
    elif not fill and variable.dtype.kind == "i":
        fill = tuple(one for one in (_INT_FILL.get(variable.dtype.itemsize),) if one is not None)
    low = (*_numbers(attrs, "valid_range")[:1], *_numbers(attrs, "valid_min"))
    high = (*_numbers(attrs, "valid_range")[1:2], *_numbers(attrs, "valid_max"))
    bounded = (low[0] if low else -math.inf, high[0] if high else math.inf)
    kind = np.dtype(variable.dtype).newbyteorder("=")
    return Band(
        name=label or str(attrs["name"]),
        dtype=kind,
        nodata=tuple(dict.fromkeys(fill)),
        scale=_number(attrs, "scale_factor", 1.0),
        offset=_number(attrs, "add_offset", 0.0),
        valid=bounded if low or high else None,
        unit=str(attrs["units"]) if "units" in attrs else None,
    )


def _band_names(path: Path, dataset: xr.Dataset, dims: Sequence[str]) -> list[str]:
    labels = [_labels(path, dataset, dim) for dim in dims]
    count = math.prod(len(one) for one in labels)
    if count > _MOST_BANDS:
        raise refuse(
            path,
            "too-large",
            f"has {count:,} grids along {', '.join(dims)}, at most {_MOST_BANDS:,} are read",
            "cut it to the steps that are needed, for example with cdo",
        )
    names = [""]
    for one in labels:
        names = [f"{head} {label}".strip() for head in names for label in one]
    return names


def _labels(path: Path, dataset: xr.Dataset, dim: str) -> list[str]:
    size = int(dataset.sizes[dim])
    if size == 1 and len(dataset.sizes) <= 3 and dim not in dataset.variables:
        return [""]
    if dim not in dataset.variables or dataset.variables[dim].ndim != 1:
        return [str(place + 1) for place in range(size)]
    coordinate = dataset.variables[dim]
    if " since " in str(coordinate.attrs.get("units", "")):
        return _dates(path, dim, coordinate)
    return [f"{value:g}" if coordinate.dtype.kind in "fiu" else str(value)
            for value in coordinate.values]  # fmt: skip


def _dates(path: Path, dim: str, coordinate: xr.Variable) -> list[str]:
    try:
        with _quiet():
            decoded = xr.coding.times.decode_cf_datetime(
                coordinate.values,
                str(coordinate.attrs["units"]),
                str(coordinate.attrs.get("calendar", "standard")),
            )
        stamps = [pd.Timestamp(str(one)) for one in decoded]
    except Exception as error:  # noqa: BLE001 - xarray and cftime raise many kinds here
        note(
            path,
            "warning",
            "dates-unreadable",
            f"has dates along {dim!r} that cannot be understood ({type(error).__name__}), its "
            "steps are numbered",
            "write them in a standard calendar",
            count=coordinate.size,
        )
        return [str(place + 1) for place in range(coordinate.size)]
    whole = all(stamp == stamp.normalize() for stamp in stamps)
    return [stamp.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M") for stamp in stamps]


def _crs(
    path: Path, dataset: xr.Dataset, variable: xr.Variable, dims: tuple[str, str]
) -> CRS | None:
    mapping = str(variable.attrs.get("grid_mapping", "")).split(":")[0].strip()
    if mapping and mapping in dataset.variables:
        attrs = dict(dataset.variables[mapping].attrs)
        text = attrs.get("crs_wkt") or attrs.get("spatial_ref")
        try:
            return CRS.from_wkt(str(text)) if text else CRS.from_cf(attrs)
        except (CRSError, KeyError, TypeError, ValueError):
            raise refuse(
                path,
                "crs-unreadable",
                f"has a grid mapping {mapping!r} that cannot be understood",
                "write its crs_wkt",
                error=CrsError,
            ) from None
    attrs = dataset.variables[dims[0]].attrs
    units = str(attrs.get("units", "")).lower().replace(" ", "")
    if units in _NORTH or str(attrs.get("standard_name", "")).lower() == "latitude":
        # The conventions leave the datum open here; the record has to state it.
        return CRS.from_epsg(4326)
    return None
