"""How well a map of prospectivity finds deposits that it has not seen.

Deposits lie in clusters and evidence changes slowly, so that a cell left out at random has its
twin next door: random splits flatter every model. Folds here are places, not cells, and the
skill that random folds would have claimed is there to be set beside.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from geo.errors import DataError

__all__ = [
    "Area",
    "area_of_counts",
    "area_of_success_rate",
    "area_under_curve",
    "beyond",
    "block_folds",
    "boyce_index",
    "cluster_folds",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Area:
    """Area under the receiver operating curve, with its standard error and interval.

    0.5 is no better than chance. `low` and `high` bound it with the confidence asked for.
    """

    area: float
    standard_error: float
    low: float
    high: float


def area_under_curve(
    probability: npt.ArrayLike, deposits: npt.ArrayLike, *, confidence: float = 0.95
) -> Area:
    """Chance that a cell with a deposit ranks above one without, with its interval.

    Parameters
    ----------
    probability : (...) array_like
        Any measure of favourability; NaN is unknown and takes no part.
    deposits : (...) array_like of bool
    confidence : float, optional
        Of the interval, in (0, 1).

    Returns
    -------
    Area
        Ties count half. The standard error is DeLong's, cut at 0 and 1.

    Raises
    ------
    DataError
        If fewer than two cells with or without a deposit are known.

    References
    ----------
    DeLong, E. R., DeLong, D. M., Clarke-Pearson, D. L. (1988). Comparing the areas under two or
    more correlated receiver operating characteristic curves. Biometrics 44(3), 837-845.
    https://doi.org/10.2307/2531595

    Examples
    --------
    >>> area_under_curve([0.9, 0.8, 0.3, 0.2], [1, 0, 1, 0]).area
    0.75
    """
    values, holds = _known(probability, deposits)
    names, place = np.unique(values, return_inverse=True)
    present, absent = (np.bincount(place[one], minlength=names.size) for one in (holds, ~holds))
    return area_of_counts(names, present, absent, confidence=confidence)


def area_of_counts(
    probability: npt.ArrayLike,
    present: npt.ArrayLike,
    absent: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> Area:
    """Area under the curve of values that each stand for many cells.

    Parameters
    ----------
    probability : (n,) array_like
        In any order; equal values are ties.
    present, absent : (n,) array_like
        Cells of each value with and without a deposit.
    confidence : float, optional

    Returns
    -------
    Area
        As of `area_under_curve`.

    Raises
    ------
    DataError
        If there are fewer than two cells with or without a deposit.

    Examples
    --------
    >>> area_of_counts([0.2, 0.8], [1, 3], [6, 2]).area
    0.75
    """
    names, place = np.unique(np.asarray(probability, dtype=np.float64), return_inverse=True)
    hits, rest = (
        np.bincount(place, np.asarray(one, dtype=np.float64), names.size).astype(np.float64)
        for one in (present, absent)
    )
    if min(hits.sum(), rest.sum()) < 2:
        raise DataError(
            f"{hits.sum():g} cells with and {rest.sum():g} without a deposit are known: two of "
            "each are needed"
        )
    # Share of the other group that a value beats, a tie counting half: DeLong's placements.
    above = (np.cumsum(rest) - rest / 2) / rest.sum()
    below = 1 - (np.cumsum(hits) - hits / 2) / hits.sum()
    area = float(np.average(above, weights=hits))
    error = math.sqrt(_variance(above, hits) + _variance(below, rest))
    return _bounded(area, error, confidence)


def _variance(values: Floats, count: Floats) -> float:
    """Of the mean of values that each occur so often."""
    mean = np.average(values, weights=count)
    return float((count * (values - mean) ** 2).sum() / (count.sum() - 1) / count.sum())


def _bounded(area: float, error: float, confidence: float) -> Area:
    reach = float(scipy.stats.norm.ppf((1 + confidence) / 2)) * error
    return Area(area, error, max(0.0, area - reach), min(1.0, area + reach))


def area_of_success_rate(
    probability: npt.ArrayLike, deposits: npt.ArrayLike, *, confidence: float = 0.95
) -> Area:
    """Area under the curve of deposits caught by the most favourable share of the area.

    Parameters
    ----------
    probability : (...) array_like
        NaN is unknown and takes no part.
    deposits : (...) array_like of bool
        Those that made the map give its success rate, those kept out of it its prediction rate.
    confidence : float, optional

    Returns
    -------
    Area
        Of :func:`geo.minerals.prospectivity.success_rate`, straight between its rows and from
        the origin. It is the area under the receiver operating curve drawn towards 0.5 by the
        share of cells that hold a deposit, and so is its error.

    Raises
    ------
    DataError
        As `area_under_curve` does.

    Examples
    --------
    >>> area_of_success_rate([0.9, 0.8, 0.3, 0.2], [1, 0, 1, 0]).area
    0.625
    """
    values, holds = _known(probability, deposits)
    found = area_under_curve(values, holds, confidence=confidence)
    share = float(holds.mean())
    return _bounded(
        found.area * (1 - share) + share / 2, found.standard_error * (1 - share), confidence
    )


def boyce_index(
    probability: npt.ArrayLike, deposits: npt.ArrayLike, *, windows: int = 101, width: float = 0.1
) -> float:
    """Whether deposits grow denser, step by step, where the map says more.

    Parameters
    ----------
    probability : (...) array_like
        NaN is unknown and takes no part.
    deposits : (...) array_like of bool
        Cells with deposits that were kept out of the model.
    windows : int, optional
        Moving windows over the range of values.
    width : float, optional
        Width of a window, as a share of the range.

    Returns
    -------
    float
        Spearman's correlation of the ratio of deposits to area with the value, from -1 to 1;
        NaN where fewer than three windows differ.

    Raises
    ------
    DataError
        If no known cell holds a deposit, or the map has one value.

    References
    ----------
    Hirzel, A. H. et al. (2006). Evaluating the ability of habitat suitability models to predict
    species presences. Ecological Modelling 199(2), 142-152.
    https://doi.org/10.1016/j.ecolmodel.2006.05.017

    Examples
    --------
    >>> values = np.linspace(0, 1, 1000)
    >>> deposits = np.random.default_rng(1).random(1000) < values**2
    >>> boyce_index(values, deposits) > 0.95
    True
    """
    values, holds = _known(probability, deposits)
    if not holds.any():
        raise DataError("no cell with a known probability holds a deposit")
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise DataError(f"the map has the single value {low:g}: nothing can be ranked by it")
    half = width * (high - low) / 2
    middles = np.linspace(low + half, high - half, windows)
    ratio = _window_shares(values[holds], middles, half) / _window_shares(values, middles, half)
    kept = np.isfinite(ratio)
    middles, ratio = middles[kept], ratio[kept]
    # Runs of equal ratios are one step, or flat parts would count as agreement.
    steps = np.r_[True, np.diff(ratio) != 0]
    if steps.sum() < 3:
        return float("nan")
    return float(scipy.stats.spearmanr(middles[steps], ratio[steps]).statistic)


def _window_shares(values: Floats, middles: Floats, half: float) -> Floats:
    ordered = np.sort(values)
    # A hair wider, so that the ends of the range lie in the outer windows.
    reach = half * (1 + 1e-9)
    first = np.searchsorted(ordered, middles - reach, side="left")
    last = np.searchsorted(ordered, middles + reach, side="right")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(last > first, (last - first) / values.size, np.nan)


def block_folds(
    x: npt.ArrayLike, y: npt.ArrayLike, *, size: float, folds: int = 5, seed: int = 0
) -> Ints:
    """Assign places to folds by square blocks.

    Parameters
    ----------
    x, y : (places,) array_like
        Projected coordinates [m].
    size : float
        Side of a block [m]; take more than the range over which evidence is alike.
    folds : int, optional
    seed : int, optional

    Returns
    -------
    (places,) array of int
        From 0; places of one block share a fold, blocks are dealt out so that folds hold about
        as many places each.

    Raises
    ------
    DataError
        If there are fewer blocks with places than folds.

    References
    ----------
    Roberts, D. R. et al. (2017). Cross-validation strategies for data with temporal, spatial,
    hierarchical, or phylogenetic structure. Ecography 40(8), 913-929.
    https://doi.org/10.1111/ecog.02881

    Examples
    --------
    >>> block_folds([0, 1, 9, 9], [0, 1, 0, 1], size=5, folds=2).tolist()[0:2]
    [0, 0]
    """
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not size > 0 or not np.isfinite(size):
        raise DataError(f"blocks of {size:g} m: the size must be more than zero")
    cells = np.stack([np.floor(xs / size), np.floor(ys / size)], axis=1)
    names, block = np.unique(cells, axis=0, return_inverse=True)
    return _dealt(np.ravel(block), len(names), folds, seed)


def cluster_folds(x: npt.ArrayLike, y: npt.ArrayLike, *, distance: float) -> Ints:
    """Put places closer than a distance, one to the next, into one fold: leave one cluster out.

    Parameters
    ----------
    x, y : (places,) array_like
        Projected coordinates [m].
    distance : float
        Places nearer than this belong together [m].

    Returns
    -------
    (places,) array of int
        Number of the cluster, from 0 in the order of the places.

    Raises
    ------
    DataError
        If all places form one cluster.

    Examples
    --------
    >>> cluster_folds([0, 3, 20, 22], [0, 0, 0, 0], distance=5).tolist()
    [0, 0, 1, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    points = np.stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)], axis=1)
    pairs = cKDTree(points).query_pairs(distance, output_type="ndarray")
    shape = (len(points), len(points))
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)
    count, label = connected_components(graph, directed=False)
    if count < 2:
        raise DataError(
            f"all {len(points)} places lie within {distance:g} m of each other: take a smaller "
            "distance"
        )
    _, first = np.unique(label, return_index=True)
    order = np.argsort(np.argsort(first))
    return np.asarray(order[label], dtype=np.int64)


def beyond(x: npt.ArrayLike, y: npt.ArrayLike, kept: npt.ArrayLike, *, distance: float) -> Bools:
    """Places far enough from all that are kept out to train a model for them.

    Parameters
    ----------
    x, y : (places,) array_like
        Projected coordinates [m].
    kept : (places,) array_like of bool
        Places that are kept out.
    distance : float
        Places within it of a kept one are left out too [m]; with 0 only the kept ones are.

    Returns
    -------
    (places,) array of bool

    References
    ----------
    Le Rest, K. et al. (2014). Spatial leave-one-out cross-validation for variable selection in
    the presence of spatial autocorrelation. Global Ecology and Biogeography 23(7), 811-820.
    https://doi.org/10.1111/geb.12161

    Examples
    --------
    >>> beyond([0, 3, 9], [0, 0, 0], [True, False, False], distance=5).tolist()
    [False, False, True]
    """
    from scipy.spatial import cKDTree

    out = np.asarray(kept, dtype=bool)
    if distance == 0 or not out.any():
        return ~out
    points = np.stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)], axis=1)
    # A hair more, for the bound of the search is exclusive.
    nearest = cKDTree(points[out]).query(points, distance_upper_bound=distance * (1 + 1e-12))[0]
    return np.asarray(~out & np.isinf(nearest))


def _dealt(block: npt.NDArray[np.intp], count: int, folds: int, seed: int) -> Ints:
    """Deal blocks out to folds, the fullest first, each to the emptiest fold."""
    if count < folds or folds < 2:
        raise DataError(
            f"{count} blocks hold places, {folds} folds are asked for: take smaller blocks or "
            "fewer folds, two at least"
        )
    sizes = np.bincount(block, minlength=count)
    shuffled = np.random.default_rng(seed).permutation(count)
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    fold, held = np.empty(count, dtype=np.int64), np.zeros(folds, dtype=np.int64)
    for one in order:
        fold[one] = int(np.argmin(held))
        held[fold[one]] += sizes[one]
    return fold[block]


def _known(probability: npt.ArrayLike, deposits: npt.ArrayLike) -> tuple[Floats, Bools]:
    values, holds = np.asarray(probability, dtype=np.float64), np.asarray(deposits)
    if values.shape != holds.shape:
        raise DataError(
            f"deposits have the shape {holds.shape}, the probability {values.shape}: put both on "
            "one grid"
        )
    known = ~np.isnan(values)
    return values[known], holds[known].astype(bool)
