"""How well a map of prospectivity finds deposits that it has not seen.

Deposits lie in clusters and evidence changes slowly, so that a cell left out at random has its
twin next door: random splits flatter every model. Folds here are places, not cells, and the
skill that random folds would have claimed is there to be set beside.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata, spearmanr

from geo.errors import DataError

__all__ = ["Area", "area_under_curve", "block_folds", "boyce_index", "cluster_folds"]

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
    hits, rest = values[holds], values[~holds]
    if min(hits.size, rest.size) < 2:
        raise DataError(
            f"{hits.size} cells with and {rest.size} without a deposit are known: two of each "
            "are needed"
        )
    together = rankdata(values)
    # Share of the other group that each cell beats: the placements of DeLong.
    above = (together[holds] - rankdata(hits)) / rest.size
    below = 1 - (together[~holds] - rankdata(rest)) / hits.size
    area = float(above.mean())
    error = float(np.sqrt(above.var(ddof=1) / hits.size + below.var(ddof=1) / rest.size))
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return Area(area, error, max(0.0, area - reach), min(1.0, area + reach))


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
    return float(spearmanr(middles[steps], ratio[steps]).statistic)


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
