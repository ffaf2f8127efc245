"""Unique conditions: every pattern of evidence that occurs, and how many cells show it.

Counts of one block add to those of the next, so that a country of any size is counted and
then coloured in blocks: no more is kept than the patterns, which are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from geo.errors import DataError
from geo.minerals.counting import MOST_TABLED, as_cells, as_numbers, class_weights, enough, tally

__all__ = ["Conditions", "Fitted"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MOST_LAYERS = 24
_MISSING = 2


class Conditions:
    """Cells and deposits of each unique condition, gathered block by block.

    Parameters
    ----------
    layers : int
        How many binary layers there are, at most 24.

    Raises
    ------
    DataError
        If there is none, or more.

    Examples
    --------
    >>> layer, deposits = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0, 0, 0, 0]
    >>> counted = Conditions(1)
    >>> for rows in (slice(0, 4), slice(4, 10)):
    ...     counted.add([layer[rows]], deposits[rows])
    >>> counted.fit().on([layer])[0][[0, 9]].round(3).tolist()
    [0.5, 0.167]
    """

    def __init__(self, layers: int) -> None:
        if not 1 <= layers <= _MOST_LAYERS:
            raise DataError(f"{layers} layers: give between 1 and {_MOST_LAYERS}")
        self.layers = layers
        self._codes: Ints = np.zeros(0, dtype=np.int64)
        self._cells: Ints = np.zeros(0, dtype=np.int64)
        self._held: Ints = np.zeros(0, dtype=np.int64)

    def add(self, layers: Sequence[npt.ArrayLike], deposits: npt.ArrayLike) -> None:
        """Count a block.

        Parameters
        ----------
        layers : sequence of (...) array_like
            1 or True present, 0 or False absent, NaN unknown; or a masked array of bool,
            unknown where it is masked, which is the fastest.
        deposits : (...) array_like of bool
            Cells that hold a deposit.

        Raises
        ------
        DataError
            If shapes differ or a layer is not binary.
        """
        code = _codes(layers, self.layers)
        holds = as_cells(deposits, code.shape)
        self._merge(*tally(code, holds))

    @property
    def counts(self) -> tuple[Ints, Ints, Ints]:
        """Number of each condition that was counted, its cells, and its deposits."""
        return self._codes, self._cells, self._held

    def join(self, other: "Conditions") -> None:
        """Add what was counted elsewhere, of the same layers."""
        self._merge(*other.counts)

    def fit(self) -> "Fitted":
        """Weights of the layers, and the probability of each condition that was counted.

        Returns
        -------
        Fitted

        Raises
        ------
        DataError
            If a layer is of one class only, or deposits lie in fewer than two cells.
        """
        somewhere = self._codes != 3**self.layers - 1
        codes = self._codes[somewhere]
        states = codes[:, None] // 3 ** np.arange(self.layers) % 3
        cells, held = self._cells[somewhere], self._held[somewhere]
        enough(int(held.sum()), int(cells.sum()))
        weights, logit, variance = _logits(states, cells, held)
        missing = _missing_variance(states, weights, logit)
        return Fitted(codes, cells, held, weights, expit(logit), variance, np.sqrt(missing))

    def _merge(self, codes: Ints, cells: Ints, held: Ints) -> None:
        merged, place = np.unique(np.concatenate([self._codes, codes]), return_inverse=True)
        self._cells = _summed(place, np.concatenate([self._cells, cells]), merged.size)
        self._held = _summed(place, np.concatenate([self._held, held]), merged.size)
        self._codes = merged


@dataclass(frozen=True, eq=False)
class Fitted:
    """Probability of a deposit by unique condition.

    `codes` number the conditions, in rising order; `cells` and `deposits` are their counts,
    `variance` is that of the logit by the weights and the prior, `deviation_of_missing` that
    of the probability by what unknown layers could say.
    """

    codes: Ints
    cells: Ints
    deposits: Ints
    weights: pd.DataFrame
    probability: Floats
    variance: Floats
    deviation_of_missing: Floats

    @property
    def prior(self) -> float:
        """Share of cells that hold a deposit."""
        return float(self.deposits.sum() / self.cells.sum())

    @property
    def deviation_of_weights(self) -> Floats:
        """Standard deviation of the probability by the doubt of the weights."""
        return np.asarray(self.probability * np.sqrt(self.variance), dtype=np.float64)

    def on(self, layers: Sequence[npt.ArrayLike]) -> tuple[Floats, Floats, Floats]:
        """Put probabilities on the cells of a block.

        Parameters
        ----------
        layers : sequence of (...) array_like
            As they were counted.

        Returns
        -------
        probability, deviation_of_weights, deviation_of_missing : (...) arrays
            NaN where no layer is known, and under a condition that was not counted.

        Raises
        ------
        DataError
            If shapes differ or a layer is not binary.
        """
        place = self._places(_codes(layers, len(self.weights)))
        values = self.probability, self.deviation_of_weights, self.deviation_of_missing
        first, second, third = (np.append(table, np.nan)[place] for table in values)
        return first, second, third

    def of(self, codes: npt.NDArray[np.integer]) -> Floats:
        """Probability of numbered conditions, NaN of those that were not counted."""
        return np.append(self.probability, np.nan)[self._places(codes)]

    def _places(self, code: npt.NDArray[np.integer]) -> Ints:
        """Place of each cell's condition; one past the last where it was not counted."""
        size = self.codes.size
        if 3 ** len(self.weights) <= MOST_TABLED:
            table = np.full(3 ** len(self.weights), size, dtype=np.int64)
            table[self.codes] = np.arange(size)
            return np.asarray(table[code], dtype=np.int64)
        code = code.astype(np.int64)
        place = np.searchsorted(self.codes, code)
        there = self.codes[np.minimum(place, size - 1)] == code
        return np.where(there, place, size)


def _codes(layers: Sequence[npt.ArrayLike], count: int) -> npt.NDArray[np.unsignedinteger]:
    """Number of the condition in each cell: a digit a layer, to the base of three."""
    if len(layers) != count:
        raise DataError(f"{len(layers)} layers of evidence, {count} were named")
    first = _states(layers[0], 0)
    # No wider than the conditions ask for: most of the time goes into moving the codes.
    code = first.astype(np.min_scalar_type(3**count - 1))
    for number, layer in enumerate(layers[1:], start=1):
        states = _states(layer, number)
        if states.shape != first.shape:
            raise DataError(
                f"layer {number} has the shape {states.shape}, the first {first.shape}: put "
                "them on one grid"
            )
        code += states * code.dtype.type(3**number)
    return code


def _states(layer: npt.ArrayLike, number: int) -> npt.NDArray[np.uint8]:
    if isinstance(layer, np.ma.MaskedArray) and layer.dtype == np.bool_:
        return np.where(np.ma.getmaskarray(layer), np.uint8(_MISSING), layer.data.view(np.uint8))
    given = np.asarray(layer)
    if given.dtype == np.bool_:
        return given.view(np.uint8)
    values = as_numbers(given, f"layer {number}")
    present = values == 1
    missing = ~(present | (values == 0))
    odd = values[missing]
    odd = odd[~np.isnan(odd)]
    if odd.size:
        raise DataError(
            f"layer {number} holds {odd.flat[0]:g}, required are 1 present, 0 absent and NaN "
            "unknown: generalise it to two classes first"
        )
    states: npt.NDArray[np.uint8] = missing.view(np.uint8)
    states *= _MISSING
    states += present
    return states


def _summed(place: npt.NDArray[np.intp], counts: Ints, size: int) -> Ints:
    out = np.zeros(size, dtype=np.int64)
    np.add.at(out, place, counts)
    return out


def _logits(states: Ints, cells: Ints, held: Ints) -> tuple[pd.DataFrame, Floats, Floats]:
    """Weights of the layers; posterior logit of each condition and its variance."""
    found = int(held.sum())
    prior = found / int(cells.sum())
    rows = [_layer_weights(states[:, n], n, cells, held) for n in range(states.shape[1])]
    weights = pd.concat(rows, ignore_index=True)
    logit = np.full(len(cells), np.log(prior / (1 - prior)))
    variance = np.full(len(cells), 1 / found)
    given = weights[["w_minus", "w_plus", "s_w_minus", "s_w_plus"]].to_numpy(np.float64)
    for state, (absent, present, s_absent, s_present) in zip(states.T, given, strict=True):
        logit += np.choose(state, [absent, present, 0.0])
        variance += np.choose(state, [s_absent**2, s_present**2, 0.0])
    return weights, logit, variance


def _layer_weights(state: Ints, layer: int, cells: Ints, held: Ints) -> pd.DataFrame:
    known = state != _MISSING
    total, found = int(cells[known].sum()), int(held[known].sum())
    n = cells[state == 1].sum(keepdims=True)
    if not 0 < int(n[0]) < total:
        raise DataError(
            f"layer {layer} is {'absent' if n[0] == 0 else 'present'} in every known cell: it "
            "tells nothing, leave it out"
        )
    if not 0 < found < total:
        raise DataError(
            f"layer {layer} is known in {total:,} cells with {found:,} deposits: it needs cells "
            "with and cells without a deposit"
        )
    with_deposit = held[state == 1].sum(keepdims=True)
    counts = pd.DataFrame(
        {"layer": [layer], "n": n, "deposits": with_deposit, "share": [n[0] / total]}
    )
    return counts.join(class_weights(n, with_deposit, total, found))


def _missing_variance(states: Ints, weights: pd.DataFrame, logit: Floats) -> Floats:
    """Mean squared change of the probability over all that the missing layers could say."""
    share = weights["share"].to_numpy()
    present, absent = weights["w_plus"].to_numpy(), weights["w_minus"].to_numpy()
    out = np.zeros(len(logit))
    for condition in np.flatnonzero((states == _MISSING).any(axis=1)):
        steps, chances = np.zeros(1), np.ones(1)
        for layer in np.flatnonzero(states[condition] == _MISSING):
            steps = np.concatenate([steps + present[layer], steps + absent[layer]])
            chances = np.concatenate([chances * share[layer], chances * (1 - share[layer])])
        change = expit(logit[condition] + steps) - expit(logit[condition])
        out[condition] = (chances * change**2).sum()
    return out
