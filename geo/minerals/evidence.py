"""Evidence for prospectivity: log-ratios of compositions.

Parts of a whole (oxides of a rock, elements of a sediment) add up to a constant, so that one
rises only when another falls: their plain correlations mean little. Log-ratios take them into
a space where distances and correlations have their usual meaning (Aitchison 1982).
"""

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = ["alr", "clr", "ilr", "plr"]

Floats = npt.NDArray[np.float64]


def clr(parts: npt.ArrayLike) -> Floats:
    """Centred log-ratios: each part against the geometric mean of all.

    Parameters
    ----------
    parts : (..., parts) array_like
        Positive amounts in one unit, which need not add up to one; NaN is unknown.

    Returns
    -------
    (..., parts) array
        Natural logarithms, adding up to zero; all NaN where one part is unknown, for the mean
        of the others is another quantity.

    Raises
    ------
    DataError
        If a part is zero or negative, or there are fewer than two parts.

    References
    ----------
    Aitchison, J. (1982). The statistical analysis of compositional data. Journal of the Royal
    Statistical Society B 44(2), 139-177. https://doi.org/10.1111/j.2517-6161.1982.tb01195.x

    Examples
    --------
    >>> clr([1, 10, 100]).round(3).tolist()
    [-2.303, 0.0, 2.303]
    """
    logs = _logs(parts)
    return np.asarray(logs - logs.mean(axis=-1, keepdims=True), dtype=np.float64)


def alr(parts: npt.ArrayLike) -> Floats:
    """Additive log-ratios: each part but the last against the last.

    Parameters
    ----------
    parts : (..., parts) array_like
        As in `clr`; the last part is the denominator.

    Returns
    -------
    (..., parts - 1) array
        Natural logarithms; NaN where the part or the last part is unknown.

    Raises
    ------
    DataError
        As `clr` does.

    Examples
    --------
    >>> alr([80, 15, 5]).round(2).tolist()
    [2.77, 1.1]
    """
    logs = _logs(parts)
    return np.asarray(logs[..., :-1] - logs[..., -1:], dtype=np.float64)


def ilr(parts: npt.ArrayLike) -> Floats:
    """Isometric log-ratios: the parts so far against the next one.

    The basis is that of Egozcue et al. (2003): coordinate i is the balance between the
    geometric mean of the first i parts and part i + 1. For the other order (a part against all
    that follow) take `plr`.

    Parameters
    ----------
    parts : (..., parts) array_like
        As in `clr`.

    Returns
    -------
    (..., parts - 1) array
        Distances between rows are those of their `clr`; NaN where a part used is unknown.

    Raises
    ------
    DataError
        As `clr` does.

    References
    ----------
    Egozcue, J. J. et al. (2003). Isometric logratio transformations for compositional data
    analysis. Mathematical Geology 35(3), 279-300. https://doi.org/10.1023/A:1023818214614

    Examples
    --------
    >>> ilr([80, 15, 5]).round(2).tolist()
    [1.18, 1.58]
    """
    logs = _logs(parts)
    count = np.arange(1, logs.shape[-1], dtype=np.float64)
    before = np.cumsum(logs, axis=-1)[..., :-1] / count
    return np.asarray(np.sqrt(count / (count + 1)) * (before - logs[..., 1:]), dtype=np.float64)


def plr(parts: npt.ArrayLike) -> Floats:
    """Pivot log-ratios: each part but the last against all that follow it.

    Parameters
    ----------
    parts : (..., parts) array_like
        As in `clr`; put the part of interest first.

    Returns
    -------
    (..., parts - 1) array
        Distances between rows are those of their `clr`; NaN where a part used is unknown.

    Raises
    ------
    DataError
        As `clr` does.

    References
    ----------
    Filzmoser, P., Hron, K., Templ, M. (2018). Applied compositional data analysis, section
    3.3. https://doi.org/10.1007/978-3-319-96422-5

    Examples
    --------
    >>> plr([80, 15, 5]).round(2).tolist()
    [1.82, 0.78]
    """
    logs = _logs(parts)
    after = np.arange(logs.shape[-1] - 1, 0, -1, dtype=np.float64)
    following = np.cumsum(logs[..., ::-1], axis=-1)[..., ::-1][..., 1:] / after
    return np.asarray(np.sqrt(after / (after + 1)) * (logs[..., :-1] - following), dtype=np.float64)


def _logs(parts: npt.ArrayLike) -> Floats:
    try:
        found = np.asarray(parts, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("parts must be numbers, NaN where unknown") from None
    if found.ndim == 0 or found.shape[-1] < 2:
        raise DataError(
            f"parts have the shape {found.shape}, required are two or more parts on the last axis"
        )
    wrong = (found <= 0) | np.isinf(found)
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} of {found.size} parts are zero, negative or not finite (the first "
            f"is {found[wrong].flat[0]:g}), which has no logarithm: replace values below the "
            "detection limit first, or leave the part out"
        )
    return np.asarray(np.log(found), dtype=np.float64)
