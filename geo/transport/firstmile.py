"""The first mile: what trucking costs from each site to every access place, and the way it takes.

The freight surface knows each site's best access place only. When a border or a port is
closed another may be best, so all of them compete again: the cost from every site to every
place is found over the same terrain, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from numba import njit

from geo.compute.cost import accumulated_cost
from geo.compute.sweeps import STEP_COLUMN, STEP_ROW
from geo.errors import DataError

__all__ = ["FirstMile", "first_mile"]

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class FirstMile:
    """Trucking between sites and access places.

    Attributes
    ----------
    nodes : (places,) int32 array
        Rows of the network's node table.
    cost, paved : (sites, places) float64 arrays [USD/t]
        All of it, and what is paid on paved cells; infinite where no truck gets there.
    km : (sites, places) float64 array
    codes : tuple of tuples of bytes
        For each site and place the steps of the way, see `geo.compute.backlinks`.
    cells : (sites, 2) array of int
        Row and column of each site.
    """

    nodes: npt.NDArray[np.int32]
    cost: Floats
    paved: Floats
    km: Floats
    codes: tuple[tuple[bytes, ...], ...]
    cells: Cells

    def way(self, site: int, place: int) -> Cells:
        """Cells from a site to a place, (n, 2) rows and columns."""
        codes = np.frombuffer(self.codes[site][place], dtype=np.int8)
        moves = np.column_stack([np.asarray(STEP_ROW)[codes], np.asarray(STEP_COLUMN)[codes]])
        steps = np.concatenate([self.cells[site][None, :], moves])
        return np.asarray(np.cumsum(steps, axis=0), dtype=np.intp)

    def of_sites(self, chosen: slice) -> "FirstMile":
        """The same for some of the sites."""
        return FirstMile(
            self.nodes,
            self.cost[chosen],
            self.paved[chosen],
            self.km[chosen],
            self.codes[chosen],
            self.cells[chosen],
        )

    def at_rates(self, paved: npt.ArrayLike, unpaved: npt.ArrayLike) -> Floats:
        """Cost with both rates multiplied, (..., sites, places) [USD/t].

        Parameters
        ----------
        paved, unpaved : float or (draws,) arrays
            Factors on the rates that the ways were chosen by. The ways stay the same.
        """
        a, b = (np.asarray(x, dtype=np.float64)[..., None, None] for x in (paved, unpaved))
        with np.errstate(invalid="ignore"):
            scaled = a * self.paved + b * (self.cost - self.paved)
        return np.where(np.isfinite(self.cost), scaled, np.inf)


def first_mile(
    truck: xr.DataArray,
    cells: Sequence[tuple[int, int]] | Cells,
    nodes: npt.ArrayLike,
    places: Sequence[tuple[int, int]] | Cells,
    cell_size: tuple[float, float],
) -> FirstMile:
    """Find the cheapest truck ways between sites and access places.

    Parameters
    ----------
    truck : (rows, columns) DataArray [USD/t per metre]
        As of `geo.transport.freight.truck_friction`, with its coordinate ``paved``.
    cells : (sites, 2) array of int
        Row and column of each site.
    nodes : (places,) array of int
        Rows of the network's node table.
    places : (places, 2) array of int
        Row and column of each place.
    cell_size : (height, width) [m]

    Returns
    -------
    FirstMile

    Raises
    ------
    DataError
        If a cell lies outside the surface, the two tables of places differ in length, or a
        cell costs nothing.

    Notes
    -----
    One search over the surface for each place, so the work grows with the places, not the
    sites. A step costs its length times the mean friction of its two cells.
    """
    friction = truck.to_numpy()
    at = np.asarray(cells, dtype=np.intp).reshape(-1, 2)
    goals = np.asarray(places, dtype=np.intp).reshape(-1, 2)
    rows = np.atleast_1d(np.asarray(nodes, dtype=np.int32))
    if len(rows) != len(goals):
        raise DataError(f"{len(rows)} nodes have {len(goals)} cells: give one cell for each")
    for name, given in (("site", at), ("place", goals)):
        outside = ((given < 0) | (given >= friction.shape)).any(axis=1)
        if outside.any():
            raise DataError(
                f"the {name} at cell {tuple(int(x) for x in given[outside][0])} lies outside the "
                f"surface of {friction.shape} cells: enlarge the grid or leave it out"
            )
    if not np.nanmin(friction) > 0:
        raise DataError("a cell costs nothing to cross: give every passable cell a positive cost")
    paved = truck.coords["paved"].to_numpy()
    shape = (len(at), len(goals))
    cost, on_paved, km = (np.full(shape, np.inf) for _ in range(3))
    codes: list[list[bytes]] = [[b""] * len(goals) for _ in at]
    for place, (row, column) in enumerate(goals):
        if not np.isfinite(friction[row, column]):
            continue
        source = np.zeros(friction.shape, dtype=bool)
        source[row, column] = True
        found = accumulated_cost(friction, source, cell_size)
        for site, (i, j) in enumerate(at):
            if np.isfinite(found[i, j]):
                steps, share, metres = _walk(found, friction, paved, i, j, *cell_size)
                cost[site, place] = found[i, j]
                on_paved[site, place], km[site, place] = share, metres / 1000.0
                codes[site][place] = steps.tobytes()
    return FirstMile(rows, cost, on_paved, km, tuple(tuple(one) for one in codes), at)


@njit(cache=True, nogil=True)
def _walk(
    cost: Floats,
    friction: npt.NDArray[np.floating],
    paved: npt.NDArray[np.bool_],
    i: int,
    j: int,
    height: float,
    width: float,
) -> tuple[npt.NDArray[np.int8], float, float]:
    """Steps from a cell down to the source, the cost on paved cells, and the length [m]."""
    steps = np.empty(64, dtype=np.int8)
    count, share, metres = 0, 0.0, 0.0
    while cost[i, j] > 0.0:
        best, code = np.inf, 0
        for k in range(1, 9):
            p, q = i + STEP_ROW[k], j + STEP_COLUMN[k]
            if 0 <= p < cost.shape[0] and 0 <= q < cost.shape[1] and cost[p, q] < cost[i, j]:
                length = np.hypot((p - i) * height, (q - j) * width)
                mean = (float(friction[i, j]) + float(friction[p, q])) / 2
                if cost[p, q] + length * mean < best:
                    best, code = cost[p, q] + length * mean, k
        p, q = i + STEP_ROW[code], j + STEP_COLUMN[code]
        length = np.hypot((p - i) * height, (q - j) * width)
        # Each half of a step lies in a cell of its own.
        if paved[i, j]:
            share += float(friction[i, j]) * length / 2
        if paved[p, q]:
            share += float(friction[p, q]) * length / 2
        metres += length
        if count == len(steps):
            steps = np.concatenate((steps, np.empty(count, dtype=np.int8)))
        steps[count] = code
        count += 1
        i, j = p, q
    return steps[:count].copy(), share, metres
