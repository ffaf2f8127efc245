"""Prospectivity learned from several layers of evidence, with what it may be trusted for.

Where weights of evidence ask for layers that are independent of each other, these models do
not. What they cost is doubt of another kind, so each comes with its skill at places that it
has not seen, the skill that random splits would have claimed, what each group of evidence adds,
and the area in which it has seen anything like the evidence there.

A cell without a known deposit is not barren for sure: it is unlabelled. Forests and boosting
are therefore fitted to known deposits against as much weight of unlabelled cells, so that the
many do not drown the few, and each tree of a forest to the known deposits and as many unlabelled
cells, drawn anew (bagging of positives and unlabelled, Mordelet and Vert 2014; the down-sampled
forest of Valavi et al. 2021). Calibration then makes the numbers probabilities of a cell.

Needs the extra ``lodemap[learning]``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from geo.compute.forest import Trees, mean_of_trees
from geo.errors import DataError
from geo.minerals.patterns import on_cells
from geo.minerals.validation import Area, area_under_curve, beyond, boyce_index

__all__ = ["MODELS", "UNLABELLED", "Applicability", "Learned", "learn"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Predictor = Callable[[Floats], Floats]

MODELS = ("logistic", "forest", "boosting")
"""Logistic regression, random forest, gradient boosting."""

UNLABELLED = ("background", "bagging")
"""Cells without a known deposit: one drawn set of them, or many small ones."""

_BAGS = 20
_TREES = 300
_CURVE = 40

_ALIKE = 0.7
"""Rank correlation from which layers of evidence count as one group (Dormann et al. 2013)."""
_TOO_GOOD = 0.999


@dataclass(frozen=True, eq=False)
class Applicability:
    """How far evidence may lie from what a model was trained on.

    `threshold` is the largest dissimilarity that cross-validation covered.
    """

    scale: Floats
    centre: Floats
    mean_distance: float
    threshold: float
    tree: "scipy.spatial.cKDTree"

    def dissimilarity(self, evidence: Floats) -> Floats:
        """Distance to the nearest training cell, as a share of their mean distance."""
        return np.asarray(self.tree.query(self._placed(evidence))[0] / self.mean_distance)

    def covers(self, evidence: Floats) -> Bools:
        """Whether evidence is no less alike than cross-validation covered."""
        reach = self.threshold * self.mean_distance
        # Beyond its bound the search gives infinity, and never looks farther.
        bound = reach * (1 + 1e-9)
        nearest = self.tree.query(self._placed(evidence), distance_upper_bound=bound)[0]
        return np.asarray(nearest <= reach)

    def _placed(self, evidence: Floats) -> Floats:
        return np.asarray((evidence - self.centre) * self.scale, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Learned:
    """A trained model and what is known of it.

    `skill` is the area under the curve at places kept out, `random_skill` the one that folds
    dealt at random would have claimed, `boyce` Boyce's index at places kept out (NaN where too
    few differ), `prediction_rate` pairs of the share of the area and of the deposits kept out
    that it catches, `importance` the loss of skill when a group of alike layers is shuffled, by
    their names. `known_share` is the assumed share of all deposits that is known.
    """

    model: str
    names: tuple[str, ...]
    deposits: int
    background: int
    folds: int
    skill: Area
    random_skill: Area
    boyce: float
    prediction_rate: Floats
    importance: Mapping[str, float]
    applicability: Applicability
    known_share: float
    _predict: Predictor
    _calibration: tuple[float, float]

    def probability(self, evidence: Sequence[npt.ArrayLike]) -> Floats:
        """Probability that a cell holds a deposit; NaN where a layer is unknown.

        Parameters
        ----------
        evidence : sequence of (...) array_like
            The layers that the model was trained on, in their order; any block of them. Layers
            of whole numbers in few classes are answered once for each of their patterns.

        Returns
        -------
        (...) array
        """
        return on_cells(_layers(evidence, len(self.names)), self._calibrated)

    def applicable(self, evidence: Sequence[npt.ArrayLike]) -> Floats:
        """1 where the model has seen evidence alike, 0 where not, NaN where it is unknown.

        Parameters
        ----------
        evidence : sequence of (...) array_like

        Returns
        -------
        (...) array
        """
        return on_cells(_layers(evidence, len(self.names)), self.applicability.covers)

    def card(self) -> dict[str, Any]:
        """What a reader must know of the model, as plain data."""
        return {
            "model": self.model,
            "evidence": list(self.names),
            "deposits": self.deposits,
            "background_cells": self.background,
            "folds": self.folds,
            "skill_at_places_kept_out": vars(self.skill),
            "skill_by_random_folds": vars(self.random_skill),
            "flattery_of_random_folds": self.random_skill.area - self.skill.area,
            "boyce_index": None if np.isnan(self.boyce) else self.boyce,
            "prediction_rate": self.prediction_rate.round(4).tolist(),
            "known_share": self.known_share,
            "importance": dict(self.importance),
            "applicable_up_to": self.applicability.threshold,
            "limits": (
                "Probabilities are those of one cell of the training grid. Outside the area of "
                "applicability the model knows nothing; undiscovered deposits count as barren."
            ),
        }

    def _calibrated(self, table: Floats) -> Floats:
        slope, shift = self._calibration
        labelled = scipy.special.expit(slope * _logit(self._predict(table)) + shift)
        return np.asarray(np.minimum(labelled / self.known_share, 1.0), dtype=np.float64)


def learn(
    evidence: Mapping[str, npt.ArrayLike],
    deposits: npt.ArrayLike,
    folds: npt.ArrayLike,
    *,
    model: str = "logistic",
    background: int = 10_000,
    barren: int | None = None,
    places: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    buffer: float = 0.0,
    unlabelled: str = "background",
    known_share: float = 1.0,
    seed: int = 0,
    allow_leakage: bool = False,
) -> Learned:
    """Train a model and measure it at places that it has not seen.

    Parameters
    ----------
    evidence : mapping of str to (...) array_like
        Numbers by layer; NaN is unknown, and a cell with an unknown layer takes no part.
    deposits : (...) array_like of bool
        Cells that hold a known deposit.
    folds : (...) array_like of int
        Fold of each cell, such as `geo.minerals.validation.block_folds` gives: places, not
        random cells.
    model : {"logistic", "forest", "boosting"}, optional
    background : int, optional
        Cells without a known deposit that are drawn to stand for all of them; they are
        weighted so that probabilities are those of a cell of the grid.
    barren : int, optional
        How many cells without a known deposit there are in all, where the given ones were
        drawn from them; the given ones are all of them when missing.
    places : (x, y) of (...) array_like, optional
        Projected coordinates of the cells [m]; needed with a buffer.
    buffer : float, optional
        Cells within it of a place kept out do not train the model for it either [m].
    unlabelled : {"background", "bagging"}, optional
        How logistic regression and boosting take cells without a known deposit: one drawn set,
        or the mean of 20 models of all deposits and as many cells, drawn anew. A forest always
        is of the second kind.
    known_share : float, optional
        Assumed share of all deposits that is known, in (0, 1]: the probability of a known
        deposit is divided by it (Elkan and Noto 2008). Their estimate of it presumes that
        deposits can be told apart without doubt, so it is asked for instead.
    seed : int, optional
    allow_leakage : bool, optional
        Take a layer that tells all deposits apart on its own. It is refused otherwise: such
        evidence is nearly always made from the deposits.

    Returns
    -------
    Learned

    Raises
    ------
    DataError
        If the model is unknown, shapes differ, fewer than five deposits are known, they lie in
        one fold, a layer is constant, evidence leaks, or a buffer leaves no deposit to train on.

    References
    ----------
    Phillips, S. J., Elith, J. (2013). On estimating probability of presence from use-availability
    or presence-background data. Ecology 94(6), 1409-1419. https://doi.org/10.1890/12-1520.1
    Mordelet, F., Vert, J.-P. (2014). A bagging SVM to learn from positive and unlabeled examples.
    Pattern Recognition Letters 37, 201-209. https://doi.org/10.1016/j.patrec.2013.06.010
    Valavi, R. et al. (2021). Modelling species presence-only data with random forests. Ecography
    44(12), 1731-1742. https://doi.org/10.1111/ecog.05615
    Elkan, C., Noto, K. (2008). Learning classifiers from only positive and unlabeled data.
    Proceedings of KDD 2008, 213-220. https://doi.org/10.1145/1401890.1401920
    Meyer, H., Pebesma, E. (2021). Predicting into unknown space? Estimating the area of
    applicability of spatial prediction models. Methods in Ecology and Evolution 12(9),
    1620-1633. https://doi.org/10.1111/2041-210X.13650

    Examples
    --------
    >>> draw = np.random.default_rng(2)
    >>> copper, noise = draw.normal(size=(2, 40, 40))
    >>> deposits = draw.random((40, 40)) < 0.1 / (1 + np.exp(-2 * copper))
    >>> folds = np.add.outer(np.arange(40) // 10, np.arange(40) // 10 * 4)
    >>> found = learn({"copper": copper, "noise": noise}, deposits, folds)
    >>> found.skill.area > 0.6, found.importance["copper"] > found.importance["noise"]
    (True, True)
    """
    _require_choices(model, unlabelled, known_share, buffer, places)
    names = tuple(evidence)
    table, shape = _table(list(evidence.values()), len(names))
    holds, fold = _labels(deposits, folds, shape)
    known: Bools = np.asarray(~np.isnan(table).any(axis=1))
    sample, weight = _sample(holds, known, background, seed)
    if barren is not None:
        weight[~holds[sample]] *= barren / max(1, int((~holds).sum()))
    table, holds, fold = table[sample], holds[sample], fold[sample]
    _require_usable(table, holds, fold, names, allow_leakage=allow_leakage)
    fit = _Fit(model, unlabelled, table, holds, weight, seed)
    near = None if places is None else [np.ravel(axis)[sample] for axis in places]
    out = fit.out_of_fold(fold, near, buffer)
    dealt = np.random.default_rng(seed).permutation(len(fold)) % max(2, np.unique(fold).size)
    predict = fit.on(np.ones(len(holds), dtype=bool))
    importance = _importance(predict, table, holds, names, seed)
    seen = ~np.isnan(out)
    return Learned(
        model=model,
        names=names,
        deposits=int(holds.sum()),
        background=int((~holds).sum()),
        folds=int(np.unique(fold).size),
        skill=area_under_curve(out, holds),
        random_skill=area_under_curve(fit.out_of_fold(dealt, None, 0.0), holds),
        boyce=boyce_index(out, holds) if np.ptp(out[seen]) > 0 else float("nan"),
        prediction_rate=_prediction_rate(out[seen], holds[seen], weight[seen]),
        importance=importance,
        applicability=_applicability(table, fold, importance, names),
        known_share=known_share,
        _predict=predict,
        _calibration=_calibration(out, holds, weight),
    )


def _require_choices(
    model: str, unlabelled: str, known_share: float, buffer: float, places: object
) -> None:
    for what, given, offered in (("model", model, MODELS), ("way", unlabelled, UNLABELLED)):
        if given not in offered:
            raise DataError(f"there is no {what} {given!r}: take one of {', '.join(offered)}")
    if not 0 < known_share <= 1:
        raise DataError(f"a known share of {known_share:g}: it lies above 0 and up to 1")
    if not 0 <= buffer < np.inf:
        raise DataError(f"a buffer of {buffer:g} m: it must be zero or more")
    if buffer and places is None:
        raise DataError(
            f"a buffer of {buffer:g} m needs the places of the cells: give places=(x, y)"
        )


def _layers(evidence: Sequence[npt.ArrayLike], count: int) -> list[npt.NDArray[Any]]:
    if len(evidence) != count or count == 0:
        raise DataError(f"{len(evidence)} layers of evidence, required are {max(count, 1)}")
    layers = [np.asarray(layer) for layer in evidence]
    shapes = {layer.shape for layer in layers}
    if len(shapes) > 1:
        raise DataError(f"the layers have the shapes {sorted(shapes)}: put them on one grid")
    return layers


def _table(evidence: Sequence[npt.ArrayLike], count: int) -> tuple[Floats, tuple[int, ...]]:
    layers = _layers(evidence, count)
    table = np.stack([layer.ravel() for layer in layers], axis=1)
    return table.astype(np.float64), layers[0].shape


def _labels(
    deposits: npt.ArrayLike, folds: npt.ArrayLike, shape: tuple[int, ...]
) -> tuple[Bools, Ints]:
    holds, fold = np.asarray(deposits), np.asarray(folds)
    for what, found in (("deposits", holds), ("folds", fold)):
        if found.shape != shape:
            raise DataError(
                f"{what} have the shape {found.shape}, the evidence {shape}: put both on one grid"
            )
    return holds.ravel().astype(bool), fold.ravel().astype(np.int64)


def _sample(holds: Bools, known: Bools, background: int, seed: int) -> tuple[Ints, Floats]:
    """Known cells with a deposit and drawn ones without, and what each stands for."""
    presence, barren = np.flatnonzero(holds & known), np.flatnonzero(~holds & known)
    count = min(background, barren.size)
    drawn = np.sort(np.random.default_rng(seed).choice(barren, size=count, replace=False))
    weight = np.r_[np.ones(presence.size), np.full(count, barren.size / max(1, count))]
    return np.r_[presence, drawn], weight


def _require_usable(
    table: Floats, holds: Bools, fold: Ints, names: tuple[str, ...], *, allow_leakage: bool
) -> None:
    if holds.sum() < 5 or (~holds).sum() < 5:
        raise DataError(
            f"{int(holds.sum())} cells with and {int((~holds).sum())} without a deposit have all "
            "layers known: five of each are needed"
        )
    if np.unique(fold[holds]).size < 2:
        raise DataError("all deposits lie in one fold: take smaller blocks")
    for column, name in enumerate(names):
        values = table[:, column]
        if values.min() == values.max():
            raise DataError(f"evidence {name!r} is {values[0]:g} in every cell: leave it out")
        area = area_under_curve(values, holds).area
        if max(area, 1 - area) > _TOO_GOOD and not allow_leakage:
            raise DataError(
                f"evidence {name!r} alone tells all deposits apart: it seems to be made from them; "
                "leave it out, or say allow_leakage=True"
            )


@dataclass(frozen=True, eq=False)
class _Fit:
    """A way to fit, and what it is fitted to."""

    model: str
    unlabelled: str
    table: Floats
    holds: Bools
    weight: Floats
    seed: int

    def on(self, rows: Bools) -> Predictor:
        """Fit to some rows."""
        if self.model == "forest" or self.unlabelled == "background":
            return self._one(np.flatnonzero(rows), self.seed)
        draw = np.random.default_rng(self.seed)
        positive, rest = np.flatnonzero(rows & self.holds), np.flatnonzero(rows & ~self.holds)
        count = min(positive.size, rest.size)
        bags = [np.sort(draw.choice(rest, size=count, replace=False)) for _ in range(_BAGS)]
        several = [
            self._one(np.r_[positive, bag], self.seed + number) for number, bag in enumerate(bags)
        ]
        return lambda table: np.mean([predict(table) for predict in several], axis=0)

    def _one(self, rows: Ints, seed: int) -> Predictor:
        table, holds, weight = self.table[rows], self.holds[rows], self.weight[rows]
        if self.model == "logistic":
            return _logistic(table, holds, weight)
        # As much weight of unlabelled cells as of deposits: the many would drown the few.
        balanced = np.where(holds, 0.5 / weight[holds].sum(), 0.5 / weight[~holds].sum()) * weight
        grow = _forest if self.model == "forest" else _boosting
        return grow(table, holds, balanced * len(holds), seed)

    def out_of_fold(
        self, fold: Ints, places: Sequence[npt.NDArray[Any]] | None, buffer: float
    ) -> Floats:
        """Probability of each cell from a model that has not seen its fold, nor cells nearby."""
        out = np.full(len(self.table), np.nan)
        for one in np.unique(fold):
            kept = fold == one
            trained = (
                ~kept if places is None else beyond(places[0], places[1], kept, distance=buffer)
            )
            if self.holds[trained].any() and not self.holds[trained].all():
                out[kept] = self.on(trained)(self.table[kept])
        if not self.holds[~np.isnan(out)].any():
            raise DataError(
                f"a buffer of {buffer:g} m leaves no deposit to train on: take a smaller one, or "
                "more folds"
            )
        return out


def _require_sklearn() -> None:
    if find_spec("sklearn") is None:
        raise DataError(
            "learning needs scikit-learn: install it with `pip install 'lodemap[learning]'`"
        )


def _logistic(table: Floats, holds: Bools, weight: Floats) -> Predictor:
    _require_sklearn()
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky"))
    fitted.fit(table, holds, logisticregression__sample_weight=weight)
    # Evidence of 32 bits would be scaled in 32 bits.
    return lambda given: np.asarray(fitted.predict_proba(np.asarray(given, np.float64))[:, 1])


def _boosting(table: Floats, holds: Bools, weight: Floats, seed: int) -> Predictor:
    _require_sklearn()
    from sklearn.ensemble import GradientBoostingClassifier

    fitted = GradientBoostingClassifier(subsample=0.7, max_depth=2, random_state=seed)
    fitted.fit(table, holds, sample_weight=weight)
    return lambda given: np.asarray(fitted.predict_proba(given)[:, 1])


def _forest(table: Floats, holds: Bools, weight: Floats, seed: int) -> Predictor:
    _require_sklearn()
    from sklearn.ensemble import RandomForestClassifier

    size = min(2 * int(holds.sum()), len(holds))
    fitted = RandomForestClassifier(
        _TREES, min_samples_leaf=3, max_samples=size, random_state=seed, n_jobs=1
    )
    fitted.fit(table, holds, sample_weight=weight)
    trees = Trees.of(tree.tree_ for tree in fitted.estimators_)
    # No tree in favour is half a tree: a share of zero has no logit to calibrate.
    least = 0.5 / _TREES
    return lambda given: np.clip(mean_of_trees(given, trees), least, 1 - least)


def _calibration(out: Floats, holds: Bools, weight: Floats) -> tuple[float, float]:
    """Slope and shift of the logit that make out-of-fold probabilities true (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(out)
    # Newton's method: a gradient stops far from the answer where few stand against millions.
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    line.fit(_logit(out[known])[:, None], holds[known], sample_weight=weight[known])
    slope = float(line.coef_[0, 0])
    # A model without skill may come out falling: then every cell gets the mean.
    if slope <= 0:
        mean = float(np.average(holds[known], weights=weight[known]))
        return 0.0, float(np.log(mean / (1 - mean)))
    return slope, float(line.intercept_[0])


def _importance(
    predict: Predictor, table: Floats, holds: Bools, names: tuple[str, ...], seed: int
) -> dict[str, float]:
    """Loss of the area under the curve when alike layers are shuffled together."""
    draw = np.random.default_rng(seed)
    base = area_under_curve(predict(table), holds).area
    found: dict[str, float] = {}
    for group in _groups(table):
        losses = []
        for _ in range(5):
            shuffled = table.copy()
            shuffled[:, group] = table[draw.permutation(len(table))][:, group]
            losses.append(base - area_under_curve(predict(shuffled), holds).area)
        found[" + ".join(names[column] for column in group)] = float(np.mean(losses))
    return found


def _prediction_rate(out: Floats, holds: Bools, weight: Floats) -> Floats:
    """Shares of the area and of the deposits kept out in it, the likeliest cells first."""
    names, place = np.unique(-out, return_inverse=True)
    area = np.cumsum(np.bincount(place, weights=weight, minlength=names.size))
    caught = np.cumsum(np.bincount(place, weights=holds * 1.0, minlength=names.size))
    curve = np.stack([area / area[-1], caught / caught[-1]], axis=1)
    # Even steps of the area, for most of a curve lies at its steep beginning and flat end.
    kept = np.searchsorted(curve[:, 0], np.linspace(0, 1, _CURVE + 1)[1:])
    return np.asarray(curve[np.unique(np.minimum(kept, len(curve) - 1))], dtype=np.float64)


def _groups(table: Floats) -> list[list[int]]:
    if table.shape[1] == 1:
        return [[0]]
    alike = np.abs(np.corrcoef(scipy.stats.rankdata(table, axis=0), rowvar=False))
    apart = scipy.spatial.distance.squareform(np.clip(1 - alike, 0, None), checks=False)
    label = scipy.cluster.hierarchy.fcluster(
        scipy.cluster.hierarchy.linkage(apart, "average"), 1 - _ALIKE, criterion="distance"
    )
    return [np.flatnonzero(label == one).tolist() for one in dict.fromkeys(label.tolist())]


def _applicability(
    table: Floats, fold: Ints, importance: Mapping[str, float], names: tuple[str, ...]
) -> Applicability:
    """Largest dissimilarity that cross-validation covered, outliers left out."""
    share = {
        name: max(0.0, loss) for group, loss in importance.items() for name in group.split(" + ")
    }
    weight = np.array([share[name] for name in names])
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(names), 1 / len(names))
    centre, scale = table.mean(axis=0), weight / table.std(axis=0)
    points = (table - centre) * scale
    draw = np.random.default_rng(0).permutation(len(points))[:1000]
    gaps = np.linalg.norm(points[draw][:, None] - points[draw][None], axis=-1)
    mean = float(gaps[np.triu_indices(len(draw), 1)].mean())
    nearest = np.full(len(points), np.nan)
    for one in np.unique(fold):
        kept = fold == one
        if (~kept).any():
            nearest[kept] = scipy.spatial.cKDTree(points[~kept]).query(points[kept])[0]
    reached = nearest[~np.isnan(nearest)] / mean
    quarter, three = np.quantile(reached, [0.25, 0.75])
    inside = reached[reached <= three + 1.5 * (three - quarter)]
    return Applicability(scale, centre, mean, float(inside.max()), scipy.spatial.cKDTree(points))


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)
