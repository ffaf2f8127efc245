"""How far rankings agree: of several methods, of two runs, of two sets of weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError

__all__ = ["RankAgreement", "kendall_tau", "rank_agreement", "ws_coefficient"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RankAgreement:
    """Agreement of every two rankings, in frames with a row and a column a ranking.

    `kendall` is Kendall's tau-b, 1 for the same order and -1 for the reverse. `ws` is the
    similarity of the column's ranking to the row's, the reference: 1 for the same, the nearer
    to 0 the more the top differs. `first` tells how many of the rankings put each
    alternative first.
    """

    kendall: pd.DataFrame
    ws: pd.DataFrame
    first: "pd.Series[int]"


def rank_agreement(rankings: Mapping[str, npt.ArrayLike]) -> RankAgreement:
    """Compare rankings of the same alternatives by every two.

    Parameters
    ----------
    rankings : mapping of str to (alternatives,) array_like
        Ranks by the name of the method; 1 is best, ties share the better rank. An
        alternative without a rank (NaN) in one of them is left out of all.

    Returns
    -------
    RankAgreement

    Raises
    ------
    DataError
        If there is no ranking, lengths differ, or fewer than two alternatives are left.

    Examples
    --------
    >>> found = rank_agreement({"sum": [1, 2, 3], "topsis": [2, 1, 3]})
    >>> float(found.kendall.loc["sum", "topsis"].round(3)), float(found.ws.loc["sum", "topsis"])
    (0.333, 0.5)
    """
    names = list(rankings)
    table = _table(rankings)
    size = range(len(names))
    tau = np.array([[kendall_tau(table[a], table[b]) for b in size] for a in size])
    ws = np.array([[ws_coefficient(table[a], table[b]) for b in size] for a in size])
    first = pd.Series((table == table.min(axis=1, keepdims=True)).sum(axis=0), name="first")
    return RankAgreement(
        pd.DataFrame(tau, index=names, columns=names),
        pd.DataFrame(ws, index=names, columns=names),
        first,
    )


def kendall_tau(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Kendall's tau-b of two rankings.

    Parameters
    ----------
    one, other : (alternatives,) array_like
        Ranks; ties are allowed.

    Returns
    -------
    float
        In [-1, 1]; NaN where all of a ranking is tied.

    References
    ----------
    Kendall, M. G. (1945). The treatment of ties in ranking problems. Biometrika 33(3),
    239-251. https://doi.org/10.1093/biomet/33.3.239

    Examples
    --------
    >>> round(kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]), 4)
    0.6667
    """
    from scipy.stats import kendalltau

    first, second = _table({"one": one, "other": other})
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(kendalltau(first, second, variant="b").statistic)


def ws_coefficient(reference: npt.ArrayLike, other: npt.ArrayLike) -> float:
    r"""WS rank similarity: how like a reference a ranking is, the top counting most.

    .. math:: WS = 1 - \sum_i 2^{-x_i} \frac{|x_i - y_i|}{\max(x_i - 1, N - x_i)}

    Parameters
    ----------
    reference, other : (alternatives,) array_like
        Ranks x and y, 1 is best. The measure is not symmetric.

    Returns
    -------
    float
        1 for the same ranking.

    Raises
    ------
    DataError
        If lengths differ or there are fewer than two alternatives.

    References
    ----------
    Sałabun, W., Urbaniak, K. (2020). A new coefficient of rankings similarity in
    decision-making problems. ICCS 2020, LNCS 12138, 632-645.
    https://doi.org/10.1007/978-3-030-50417-5_47

    Examples
    --------
    >>> round(ws_coefficient([1, 2, 3, 4, 5], [2, 1, 3, 4, 5]), 4)
    0.7917
    """
    x, y = _table({"reference": reference, "other": other})
    worst = np.maximum(x - 1, x.size - x)
    return float(1 - np.sum(2.0**-x * np.abs(x - y) / worst))


def _table(rankings: Mapping[str, npt.ArrayLike]) -> Floats:
    if not rankings:
        raise DataError("there is no ranking: give one or more")
    rows = {name: np.asarray(ranks, dtype=np.float64).ravel() for name, ranks in rankings.items()}
    sizes = {name: row.size for name, row in rows.items()}
    if len(set(sizes.values())) > 1:
        raise DataError(f"rankings of different lengths: {sizes}; rank the same alternatives")
    table = np.stack(list(rows.values()))
    table = table[:, ~np.isnan(table).any(axis=0)]
    if table.shape[1] < 2:
        raise DataError(
            f"{table.shape[1]} alternatives have a rank in every ranking: two are needed"
        )
    if table.min() < 1:
        raise DataError(f"rank {table.min():g}: ranks count from 1")
    return table
