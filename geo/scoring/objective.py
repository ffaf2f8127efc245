"""Weights read off the data: which criteria tell the alternatives apart.

They are not preferences. A criterion that hardly differs between the alternatives gets
little, however much it matters; other alternatives give other weights.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import DataError, LodemapWarning
from geo.scoring.normalisation import min_max, total
from geo.scoring.ranks import check_matrix, signs
from geo.scoring.weights import Weights

__all__ = ["critic", "entropy", "merec", "standard_deviation"]

Floats = npt.NDArray[np.float64]


def entropy(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Weights:
    r"""Weights from Shannon's entropy: more for criteria that differ more. Not a preference.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Zero or more, without NaN; columns are divided by their sums, and 0 log 0 is 0.
    objectives : sequence of {"max", "min"}, optional
        Checked, but without effect: the entropy of a column does not depend on its sense.

    Returns
    -------
    Weights
        In proportion to :math:`1 + \sum_i p_{ij} \ln p_{ij} / \ln m`. A criterion with one
        value only weighs nothing, with a warning.

    Raises
    ------
    DataError
        If there are fewer than two alternatives, a value is negative or NaN, a column adds up
        to zero, or no criterion differs.

    References
    ----------
    Hwang, C.-L., Yoon, K. (1981). Multiple attribute decision making, section 2.3.3.
    https://doi.org/10.1007/978-3-642-48318-9

    Examples
    --------
    >>> entropy([[1.0, 2.0], [4.0, 16.0]]).weights.round(4).tolist()
    [0.3589, 0.6411]
    """
    values = _known(matrix)
    signs(objectives, values.shape[1])
    share = total(values)
    safe = np.where(share > 0, share, 1.0)
    disorder = -(share * np.log(safe)).sum(axis=0) / np.log(len(values))
    # A column of one value has no information; rounding must not give it any.
    differs = np.ptp(values, axis=0) > 0
    return _shares(np.where(differs, np.maximum(1.0 - disorder, 0.0), 0.0), "entropy")


def standard_deviation(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Weights:
    """Weights from the spread of each criterion on its own range. Not a preference.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Without NaN; columns are scaled to [0, 1] by their range.
    objectives : sequence of {"max", "min"}, optional
        Checked, but without effect: a turned column has the same spread.

    Returns
    -------
    Weights
        Standard deviations over their sum.

    Raises
    ------
    DataError
        If there are fewer than two alternatives, a value is NaN, or a criterion has one value
        only.

    References
    ----------
    Diakoulaki, D., Mavrotas, G., Papayannakis, L. (1995). Determining objective weights in
    multiple criteria problems: the CRITIC method. Computers & Operations Research 22(7),
    763-770. https://doi.org/10.1016/0305-0548(94)00059-H

    Examples
    --------
    >>> standard_deviation([[1.0, 1.0], [2.0, 5.0], [3.0, 5.0]]).weights.round(4).tolist()
    [0.4641, 0.5359]
    """
    values = _known(matrix)
    return _shares(min_max(values, objectives).std(axis=0), "standard deviation")


def critic(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Weights:
    r"""Weights from spread and conflict: CRITIC. Not a preference.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Without NaN; columns are scaled to [0, 1] by their range.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing; a ``"min"`` column is turned.

    Returns
    -------
    Weights
        In proportion to :math:`\sigma_j \sum_k (1 - r_{jk})` with Pearson's `r`.

    Raises
    ------
    DataError
        If there are fewer than two alternatives, a value is NaN, a criterion has one value
        only, or all criteria agree completely.

    References
    ----------
    Diakoulaki, D., Mavrotas, G., Papayannakis, L. (1995). Determining objective weights in
    multiple criteria problems: the CRITIC method. Computers & Operations Research 22(7),
    763-770. https://doi.org/10.1016/0305-0548(94)00059-H

    Examples
    --------
    >>> critic([[1.0, 3.0, 1.0], [2.0, 1.0, 2.0], [3.0, 2.0, 2.5]]).weights.round(4).tolist()
    [0.2381, 0.4948, 0.2672]
    """
    values = _known(matrix)
    scaled = min_max(values, objectives)
    conflict = (1.0 - np.atleast_2d(np.corrcoef(scaled, rowvar=False))).sum(axis=0)
    if values.shape[1] == 1:
        return Weights(np.ones(1), "CRITIC", preference=False)
    # Complete agreement leaves rounding behind, which must not become a weight.
    conflict = np.where(conflict > 1e-12 * values.shape[1], conflict, 0.0)
    return _shares(scaled.std(axis=0) * conflict, "CRITIC")


def merec(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Weights:
    r"""Weights from what leaving a criterion out would change: MEREC. Not a preference.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Above zero, without NaN.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.

    Returns
    -------
    Weights
        In proportion to :math:`\sum_i |S'_{ij} - S_i|`, with
        :math:`S_i = \ln(1 + \frac{1}{n} \sum_j |\ln n_{ij}|)` and `S'` the same without the
        criterion's own term.

    Raises
    ------
    DataError
        If a value is NaN, zero or negative, or no criterion differs.

    References
    ----------
    Keshavarz-Ghorabaee, M., Amiri, M., Zavadskas, E. K., Turskis, Z., Antucheviciene, J.
    (2021). Determination of objective weights using a new method based on the removal effects
    of criteria (MEREC). Symmetry 13(4), 525. https://doi.org/10.3390/sym13040525

    Examples
    --------
    >>> merec([[1.0, 2.0], [2.0, 2.0], [4.0, 3.0]], ["max", "min"]).weights.round(4).tolist()
    [0.7059, 0.2941]
    """
    values = _known(matrix)
    if (values <= 0).any():
        row, column = np.argwhere(values <= 0)[0]
        raise DataError(
            f"row {row}, column {column} of the matrix is {values[row, column]:g}: MEREC takes "
            "logarithms and needs values above zero"
        )
    up = signs(objectives, values.shape[1]) > 0
    # The logarithm's size is the same whichever way the ratio is turned.
    ratio = np.where(up, values / values.min(axis=0), values.max(axis=0) / values)
    parts = np.log(ratio) / values.shape[1]
    whole = parts.sum(axis=1, keepdims=True)
    effect = np.abs(np.log1p(whole - parts) - np.log1p(whole)).sum(axis=0)
    return _shares(np.where(np.ptp(values, axis=0) > 0, effect, 0.0), "MEREC")


def _known(matrix: npt.ArrayLike) -> Floats:
    values = check_matrix(matrix)
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise DataError(
            f"row {row}, column {column} of the matrix is unknown: weights read off the data "
            "need every value, leave the alternative or the criterion out"
        )
    if len(values) < 2:
        raise DataError("one alternative differs from nothing: give two or more")
    return values


def _shares(information: Floats, method: str) -> Weights:
    if not information.sum() > 0:
        raise DataError(f"no criterion tells the alternatives apart: {method} gives no weights")
    silent = np.flatnonzero(information == 0).tolist()
    if silent:
        warnings.warn(
            f"{method} gives no weight to {len(silent)} of {information.size} criteria (column "
            f"{', '.join(map(str, silent))}): they do not tell the alternatives apart",
            LodemapWarning,
            stacklevel=3,
        )
    return Weights(information / information.sum(), method, preference=False)
