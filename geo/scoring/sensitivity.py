"""Which input a result hangs on: one at a time, and by shares of its variance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError
from geo.scoring.distributions import Distribution, Uniform
from geo.scoring.ranking import rank_scores
from geo.scoring.weighting import WeightRange, normalise

__all__ = ["SobolIndices", "one_at_a_time", "sobol_indices", "weight_tornado"]

Floats = npt.NDArray[np.float64]
Model = Callable[[Floats], npt.ArrayLike]
Law = Distribution | tuple[float, float]

_RESAMPLES = 200


@dataclass(frozen=True, eq=False)
class SobolIndices:
    """Shares of a result's variance.

    `indices` is a frame indexed by input with the columns ``first`` (share that goes if the
    input alone were known) and ``total`` (share that stays if all others were known), each
    with the ends of its 95 % interval, ``first_low``, ``first_high``, ``total_low`` and
    ``total_high``. What a total has over its first acts together with other inputs. `mean`
    and `deviation` are the result's; `runs` says how often the model ran.
    """

    indices: pd.DataFrame
    mean: float
    deviation: float
    runs: int


def sobol_indices(
    model: Model, inputs: Mapping[str, Law], *, samples: int = 1024, seed: int = 0
) -> SobolIndices:
    """Share of a result's variance that each input makes, alone and with others.

    Parameters
    ----------
    model : callable
        Takes a (runs, inputs) array, gives (runs,) results.
    inputs : mapping of str to Distribution or (low, high)
        Laws of the inputs, independent of one another; a pair is uniform.
    samples : int
        A power of 2; the model runs ``samples * (inputs + 2)`` times.
    seed : int

    Returns
    -------
    SobolIndices

    Raises
    ------
    DataError
        If an input is not usable, `samples` is no power of 2, or the result is constant or
        not finite.

    References
    ----------
    Saltelli, A. et al. (2010). Variance based sensitivity analysis of model output. Computer
    Physics Communications 181(2), 259-270. https://doi.org/10.1016/j.cpc.2009.09.018
    (as in scipy.stats.sobol_indices)

    Examples
    --------
    >>> found = sobol_indices(lambda x: 2 * x[:, 0] + x[:, 1], {"a": (0, 1), "b": (0, 1)})
    >>> found.indices["first"].round(2).to_dict()
    {'a': 0.8, 'b': 0.2}
    """
    laws = _laws(inputs)
    if samples < 2 or samples & (samples - 1):
        raise DataError(f"{samples} samples: a power of 2 is needed, such as 1024")
    chance = np.random.default_rng(seed)
    one, other, mixed = _runs(model, laws, samples, chance)
    results = np.concatenate([one, other, mixed.ravel()])
    if np.ptp(results) == 0:
        raise DataError("the result is the same in every run: there is no variance to share out")
    columns = dict(zip(("first", "total"), _indices(one, other, mixed), strict=True))
    # Resampled here: SciPy's own bootstrap takes no seed.
    picks = chance.integers(samples, size=(_RESAMPLES, samples))
    again = np.array([_indices(one[p], other[p], mixed[:, p]) for p in picks])
    for n, name in enumerate(("first", "total")):
        low, high = np.quantile(again[:, n], [0.025, 0.975], axis=0)
        columns |= {f"{name}_low": low, f"{name}_high": high}
    frame = pd.DataFrame(columns, index=pd.Index(list(laws), name="input"))
    return SobolIndices(frame, float(results.mean()), float(results.std()), results.size)


def one_at_a_time(
    model: Model, base: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    """Move each input to its limits while the others stay: the bars of a tornado.

    Parameters
    ----------
    model : callable
        Takes a (runs, inputs) array, gives (runs,) results.
    base : mapping of str to float
        Every input, in the model's order.
    ranges : mapping of str to (low, high)
        The inputs to move.

    Returns
    -------
    DataFrame
        Indexed by input, the longest bar first: ``low``, ``high``, ``at_low``, ``at_base``,
        ``at_high`` and ``swing``, the distance from the smallest to the largest of the three.

    Raises
    ------
    DataError
        If a range names an input that is not there, or falls.

    Examples
    --------
    >>> found = one_at_a_time(
    ...     lambda x: x[:, 0] * x[:, 1], {"a": 2.0, "b": 3.0}, {"a": (1, 3), "b": (0, 6)}
    ... )
    >>> found[["at_low", "at_base", "at_high", "swing"]].values.tolist()
    [[0.0, 6.0, 12.0, 12.0], [3.0, 6.0, 9.0, 6.0]]
    """
    names, central = list(base), np.array(list(base.values()), dtype=np.float64)
    runs = [central]
    for name, (low, high) in ranges.items():
        if name not in base:
            raise DataError(f"a range names {name!r}, which is no input: {', '.join(names)}")
        if not low <= high:
            raise DataError(f"the range of {name!r} falls from {low} to {high}: low comes first")
        for end in (low, high):
            moved = central.copy()
            moved[names.index(name)] = end
            runs.append(moved)
    results = np.asarray(model(np.array(runs)), dtype=np.float64)
    rows = []
    for n, (name, (low, high)) in enumerate(ranges.items()):
        three = results[[1 + 2 * n, 0, 2 + 2 * n]]
        rows.append((name, low, high, *three, np.ptp(three)))
    columns = ["input", "low", "high", "at_low", "at_base", "at_high", "swing"]
    frame = pd.DataFrame(rows, columns=columns).set_index("input")
    return frame.sort_values("swing", ascending=False, kind="stable")


def weight_tornado(
    value_scores: npt.ArrayLike,
    ranges: Sequence[WeightRange],
    alternative: int,
    criteria: Sequence[str],
) -> pd.DataFrame:
    """Score and rank of an alternative with each weight at its limits, the others in proportion.

    Parameters
    ----------
    value_scores : (alternatives, criteria) array_like
        In [0, 1]; NaN is unknown and counts nothing.
    ranges : sequence of WeightRange
        One a criterion.
    alternative : int
        Row.
    criteria : sequence of str
        Names.

    Returns
    -------
    DataFrame
        Indexed by criterion, the largest swing of the score first: ``low`` and ``high``
        (weights before scaling), ``score_low``, ``score``, ``score_high``, ``rank_low``,
        ``rank``, ``rank_high`` and ``swing``.

    Examples
    --------
    >>> found = weight_tornado([[1.0, 0.0], [0.4, 0.4]],
    ...     [WeightRange(2, 1, 3), WeightRange(1, 1, 1)], 0, ["grade", "freight"])
    >>> found.loc["grade", ["score_low", "score", "score_high"]].round(2).tolist()
    [0.5, 0.67, 0.75]
    """
    values = np.nan_to_num(np.asarray(value_scores, dtype=np.float64))
    if values.ndim != 2 or values.shape[1] != len(ranges) or len(ranges) != len(criteria):
        raise DataError(
            f"{len(ranges)} weights and {len(criteria)} names for values of shape {values.shape}"
        )
    base = np.array([given.central for given in ranges])

    def standing(weights: Floats) -> tuple[float, float]:
        scores = values @ normalise(weights)
        return float(scores[alternative]), float(rank_scores(scores)[alternative])

    score, rank = standing(base)
    rows = []
    for n, given in enumerate(ranges):
        ends = []
        for end in (given.low, given.high):
            moved = base.copy()
            moved[n] = end
            ends.append(standing(moved))
        (low, low_rank), (high, high_rank) = ends
        swing = max(low, score, high) - min(low, score, high)
        rows.append(
            (criteria[n], given.low, given.high, low, score, high, low_rank, rank, high_rank, swing)
        )
    columns = [
        "criterion", "low", "high", "score_low", "score", "score_high",
        "rank_low", "rank", "rank_high", "swing",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns).set_index("criterion")
    return frame.sort_values("swing", ascending=False, kind="stable")


def _laws(inputs: Mapping[str, Law]) -> dict[str, Distribution]:
    if not inputs:
        raise DataError("there is no input: give one or more")
    return {
        name: Uniform(float(law[0]), float(law[1])) if isinstance(law, tuple) else law
        for name, law in inputs.items()
    }


def _results(model: Model, runs: Floats) -> Floats:
    results = np.asarray(model(runs), dtype=np.float64)
    if results.shape != (len(runs),) or not np.isfinite(results).all():
        raise DataError(
            f"the model gave the shape {results.shape} for {len(runs)} runs: required is one "
            "finite number each"
        )
    return results


def _runs(
    model: Model, laws: Mapping[str, Distribution], samples: int, chance: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Results of two samples, (samples,), and of the first with each input of the second."""
    from scipy.stats.qmc import Sobol

    count = len(laws)
    drawn = Sobol(2 * count, rng=chance).random(samples)
    # A share of 0 or 1 is infinitely far for a law without limits.
    drawn = np.clip(drawn, 1e-9, 1 - 1e-9)
    values = np.empty_like(drawn)
    for n, law in enumerate(laws.values()):
        values[:, n], values[:, count + n] = (
            law.quantile(drawn[:, n]),
            law.quantile(drawn[:, count + n]),
        )
    first, second = values[:, :count], values[:, count:]
    mixed = []
    for n in range(count):
        both = first.copy()
        both[:, n] = second[:, n]
        mixed.append(_results(model, both))
    return _results(model, first), _results(model, second), np.array(mixed)


def _indices(one: Floats, other: Floats, mixed: Floats) -> tuple[Floats, Floats]:
    from scipy.stats import sobol_indices as scipy_indices

    # Copies: SciPy takes the mean off what it is given.
    runs: dict[Literal["f_A", "f_B", "f_AB"], Floats] = {
        "f_A": one[None].copy(),
        "f_B": other[None].copy(),
        "f_AB": mixed[:, None].copy(),
    }
    found = scipy_indices(func=runs, n=one.size)
    return np.ravel(found.first_order), np.ravel(found.total_order)
