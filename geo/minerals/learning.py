"""Prospectivity learned from several layers of evidence, with what it may be trusted for.

Where weights of evidence ask for layers that are independent of each other, these models do
not. What they cost is doubt of another kind, so each comes with its skill at places that it
has not seen, the skill that random splits would have claimed, what each group of evidence adds,
and the area in which it has seen anything like the evidence there.

Needs the extra ``lodemap[learning]``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial import cKDTree
from scipy.spatial.distance import squareform
from scipy.special import expit
from scipy.stats import rankdata

from geo.errors import DataError
from geo.minerals.validation import Area, area_under_curve

__all__ = ["MODELS", "Applicability", "Learned", "learn"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MODELS = ("logistic", "forest", "boosting")
"""Logistic regression, random forest, gradient boosting."""

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
    tree: cKDTree

    def dissimilarity(self, evidence: Floats) -> Floats:
        """Distance to the nearest training cell, as a share of their mean distance."""
        return np.asarray(
            self.tree.query((evidence - self.centre) * self.scale)[0] / self.mean_distance,
            dtype=np.float64,
        )


@dataclass(frozen=True, eq=False)
class Learned:
    """A trained model and what is known of it.

    `skill` is the area under the curve at places kept out, `random_skill` the one that folds
    dealt at random would have claimed, `importance` the loss of skill when a group of alike
    layers is shuffled, by their names.
    """

    model: str
    names: tuple[str, ...]
    deposits: int
    background: int
    folds: int
    skill: Area
    random_skill: Area
    importance: Mapping[str, float]
    applicability: Applicability
    _estimator: Any
    _calibration: tuple[float, float]

    def probability(self, evidence: Sequence[npt.ArrayLike]) -> Floats:
        """Probability that a cell holds a deposit; NaN where a layer is unknown.

        Parameters
        ----------
        evidence : sequence of (...) array_like
            The layers that the model was trained on, in their order; any block of them.

        Returns
        -------
        (...) array
        """
        return self._on_cells(evidence, self._calibrated)

    def applicable(self, evidence: Sequence[npt.ArrayLike]) -> Floats:
        """1 where the model has seen evidence alike, 0 where not, NaN where it is unknown.

        Parameters
        ----------
        evidence : sequence of (...) array_like

        Returns
        -------
        (...) array
        """
        reach = self.applicability
        return self._on_cells(
            evidence, lambda table: (reach.dissimilarity(table) <= reach.threshold).astype(float)
        )

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
            "importance": dict(self.importance),
            "applicable_up_to": self.applicability.threshold,
            "limits": (
                "Probabilities are those of one cell of the training grid. Outside the area of "
                "applicability the model knows nothing; undiscovered deposits count as barren."
            ),
        }

    def _calibrated(self, table: Floats) -> Floats:
        slope, shift = self._calibration
        raw = _logit(self._estimator.predict_proba(table)[:, 1])
        return np.asarray(expit(slope * raw + shift), dtype=np.float64)

    def _on_cells(self, evidence: Sequence[npt.ArrayLike], what: Any) -> Floats:
        table, shape = _table(evidence, len(self.names))
        known = ~np.isnan(table).any(axis=1)
        out = np.full(len(table), np.nan)
        if known.any():
            out[known] = what(table[known])
        return out.reshape(shape)


def learn(
    evidence: Mapping[str, npt.ArrayLike],
    deposits: npt.ArrayLike,
    folds: npt.ArrayLike,
    *,
    model: str = "logistic",
    background: int = 10_000,
    barren: int | None = None,
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
        one fold, a layer is constant, or evidence leaks.

    References
    ----------
    Phillips, S. J., Elith, J. (2013). On estimating probability of presence from use-availability
    or presence-background data. Ecology 94(6), 1409-1419. https://doi.org/10.1890/12-1520.1
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
    if model not in MODELS:
        raise DataError(f"there is no model {model!r}: take one of {', '.join(MODELS)}")
    names = tuple(evidence)
    table, shape = _table(list(evidence.values()), len(names))
    holds, fold = _labels(deposits, folds, shape)
    known: Bools = np.asarray(~np.isnan(table).any(axis=1))
    sample, weight = _sample(holds, known, background, seed)
    if barren is not None:
        weight[~holds[sample]] *= barren / max(1, int((~holds).sum()))
    table, holds, fold = table[sample], holds[sample], fold[sample]
    _require_usable(table, holds, fold, names, allow_leakage=allow_leakage)
    out = _out_of_fold(model, table, holds, weight, fold, seed)
    dealt = np.random.default_rng(seed).permutation(len(fold)) % max(2, np.unique(fold).size)
    estimator = _fitted(model, table, holds, weight, seed)
    importance = _importance(estimator, table, holds, names, seed)
    return Learned(
        model=model,
        names=names,
        deposits=int(holds.sum()),
        background=int((~holds).sum()),
        folds=int(np.unique(fold).size),
        skill=area_under_curve(out, holds),
        random_skill=area_under_curve(
            _out_of_fold(model, table, holds, weight, dealt, seed), holds
        ),
        importance=importance,
        applicability=_applicability(table, fold, importance, names),
        _estimator=estimator,
        _calibration=_calibration(out, holds, weight),
    )


def _table(evidence: Sequence[npt.ArrayLike], count: int) -> tuple[Floats, tuple[int, ...]]:
    if len(evidence) != count or count == 0:
        raise DataError(f"{len(evidence)} layers of evidence, required are {max(count, 1)}")
    layers = [np.asarray(layer, dtype=np.float64) for layer in evidence]
    shapes = {layer.shape for layer in layers}
    if len(shapes) > 1:
        raise DataError(f"the layers have the shapes {sorted(shapes)}: put them on one grid")
    return np.stack([layer.ravel() for layer in layers], axis=1), layers[0].shape


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


def _estimator(model: str, seed: int) -> Any:
    try:
        from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise DataError(
            "learning needs scikit-learn: install it with `pip install 'lodemap[learning]'`"
        ) from None
    if model == "forest":
        return RandomForestClassifier(300, min_samples_leaf=3, random_state=seed, n_jobs=1)
    if model == "boosting":
        return GradientBoostingClassifier(subsample=0.7, max_depth=2, random_state=seed)

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _fitted(model: str, table: Floats, holds: Bools, weight: Floats, seed: int) -> Any:
    name = "logisticregression__sample_weight" if model == "logistic" else "sample_weight"
    return _estimator(model, seed).fit(table, holds, **{name: weight})


def _out_of_fold(
    model: str, table: Floats, holds: Bools, weight: Floats, fold: Ints, seed: int
) -> Floats:
    """Probability of each cell from a model that has not seen its fold."""
    out = np.full(len(table), np.nan)
    for one in np.unique(fold):
        kept = fold == one
        if holds[~kept].any() and not holds[~kept].all():
            fitted = _fitted(model, table[~kept], holds[~kept], weight[~kept], seed)
            out[kept] = fitted.predict_proba(table[kept])[:, 1]
    return out


def _calibration(out: Floats, holds: Bools, weight: Floats) -> tuple[float, float]:
    """Slope and shift of the logit that make out-of-fold probabilities true (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(out)
    line = LogisticRegression(C=np.inf, max_iter=1000)
    line.fit(_logit(out[known])[:, None], holds[known], sample_weight=weight[known])
    slope = float(line.coef_[0, 0])
    # A model without skill may come out falling: then every cell gets the mean.
    if slope <= 0:
        mean = float(np.average(holds[known], weights=weight[known]))
        return 0.0, float(np.log(mean / (1 - mean)))
    return slope, float(line.intercept_[0])


def _importance(
    estimator: Any, table: Floats, holds: Bools, names: tuple[str, ...], seed: int
) -> dict[str, float]:
    """Loss of the area under the curve when alike layers are shuffled together."""
    draw = np.random.default_rng(seed)
    base = area_under_curve(estimator.predict_proba(table)[:, 1], holds).area
    found: dict[str, float] = {}
    for group in _groups(table):
        losses = []
        for _ in range(5):
            shuffled = table.copy()
            shuffled[:, group] = table[draw.permutation(len(table))][:, group]
            losses.append(
                base - area_under_curve(estimator.predict_proba(shuffled)[:, 1], holds).area
            )
        found[" + ".join(names[column] for column in group)] = float(np.mean(losses))
    return found


def _groups(table: Floats) -> list[list[int]]:
    if table.shape[1] == 1:
        return [[0]]
    alike = np.abs(np.corrcoef(rankdata(table, axis=0), rowvar=False))
    apart = squareform(np.clip(1 - alike, 0, None), checks=False)
    label = fcluster(linkage(apart, "average"), 1 - _ALIKE, criterion="distance")
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
            nearest[kept] = cKDTree(points[~kept]).query(points[kept])[0]
    reached = nearest[~np.isnan(nearest)] / mean
    quarter, three = np.quantile(reached, [0.25, 0.75])
    inside = reached[reached <= three + 1.5 * (three - quarter)]
    return Applicability(scale, centre, mean, float(inside.max()), cKDTree(points))


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)
