"""Prospectivity of a recipe: evidence on the grid, known deposits, a model, and how far it holds.

Everything goes through the grid strip by strip: what is kept are counts, or the cells that a
model learns from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.compute.parts import Part, strips
from geo.errors import DataError
from geo.grid import as_dataarray, cell_areas, cell_of, centres
from geo.minerals.classify import classes_of
from geo.minerals.conditions import Conditions, Fitted
from geo.minerals.generalise import generalise
from geo.minerals.learning import learn
from geo.minerals.prospectivity import weights_of_counts
from geo.minerals.validation import block_folds
from geo.recipe.schema import EvidenceSpec, ProspectivitySpec
from geo.study.workbench import Workbench

__all__ = ["Prospect", "prospect"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEASIBLE = 1.96
"""Studentised contrast from which evidence is taken: the 95 % level of a normal test."""
_EIGHTY = 1.2816
_CURVE = 40


@dataclass(frozen=True)
class Prospect:
    """A fitted model.

    `on` gives, for a part, how many times as likely as in the mean cell a deposit is, and where
    the method knows it the 80 % interval; NaN where the model knows nothing. `card` tells what
    a reader must know of it, as plain data.
    """

    on: Callable[[Part], tuple[xr.DataArray, ...]]
    card: dict[str, Any]


def prospect(bench: Workbench, spec: ProspectivitySpec, layers: Sequence[xr.DataArray]) -> Prospect:
    """Fit a model of a recipe.

    Parameters
    ----------
    bench : Workbench
    spec : ProspectivitySpec
    layers : sequence of (rows, columns) DataArray
        Values of its evidence on the grid.

    Returns
    -------
    Prospect

    Raises
    ------
    DataError
        If no deposit lies in the region, the evidence tells nothing, or for what
        :func:`geo.minerals.learning.learn` refuses.
    """
    ground = _Ground(bench, spec, tuple(layers))
    try:
        return (_weighed if spec.method == "weights-of-evidence" else _learnt)(ground)
    except DataError as error:
        raise DataError(f"model {spec.id!r} (line {spec.line} of the recipe): {error}") from error


class _Ground:
    """Evidence and known deposits, strip by strip."""

    def __init__(
        self, bench: Workbench, spec: ProspectivitySpec, layers: tuple[xr.DataArray, ...]
    ) -> None:
        self.bench, self.spec, self.layers = bench, spec, layers
        points = bench.on_grid(spec.layer, spec.where).geometry.representative_point()
        box = bench.grid.boundingbox
        near = points.cx[box.left : box.right, box.bottom : box.top]
        self.points = len(near)
        # Several deposits in one cell are one cell with a deposit.
        self.cells = np.unique(np.stack(cell_of(bench.grid, near.x, near.y), axis=1), axis=0)

    def strips(self) -> Iterator[tuple[slice, list[Floats], npt.NDArray[np.bool_]]]:
        """Rows, evidence (NaN outside the region too) and cells with a deposit."""
        for rows in strips(tuple(self.bench.grid.shape)):
            inside = self.bench.inside[rows].to_numpy().astype(bool)
            values = [
                np.where(inside, layer[rows].to_numpy(), np.nan).astype(np.float64)
                for layer in self.layers
            ]
            yield rows, values, self._holds(rows, inside)

    def _holds(self, rows: slice, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        holds = np.zeros(inside.shape, dtype=bool)
        here = self.cells[(self.cells[:, 0] >= rows.start) & (self.cells[:, 0] < rows.stop)]
        holds[here[:, 0] - rows.start, here[:, 1]] = True
        return holds & inside

    def folds(self, rows: slice) -> npt.NDArray[np.int64]:
        """Fold of each cell: squares that are left out together."""
        dealt, down, across = self._squares
        return np.asarray(dealt[down[rows][:, None], across])

    @cached_property
    def _squares(self) -> tuple[Ints, Ints, Ints]:
        """Fold of each square; row of squares of each row, and their column of each column."""
        x, y = centres(self.bench.grid)
        across, down = (np.floor(axis / self.spec.block) for axis in (x, y))
        squares = np.stack(np.meshgrid(np.unique(across), np.unique(down)), axis=-1)
        dealt = block_folds(
            squares[..., 0].ravel(), squares[..., 1].ravel(), size=1.0, folds=self.spec.folds
        ).reshape(squares.shape[:2])
        return (
            dealt,
            np.searchsorted(np.unique(down), down),
            np.searchsorted(np.unique(across), across),
        )

    def surface(self, values: Floats, part: Part, name: str) -> xr.DataArray:
        """Wrap values on a part."""
        return as_dataarray(
            values.astype(np.float32), part.grid, name=name, unit="", long_name=self.spec.title
        )

    def card(self, deposits: int, cells: int) -> dict[str, Any]:
        """What every model has to tell."""
        spec = self.spec
        return {
            "id": spec.id,
            "title": spec.title,
            "method": spec.method,
            "source": spec.source,
            "points": self.points,
            "deposit_cells": deposits,
            "cells": cells,
            "cell_km2": float(np.median(cell_areas(self.bench.grid))),
            "block_km": spec.block / 1000,
        }


def _weighed(ground: _Ground) -> Prospect:
    spec = ground.spec
    cuts, left_out = _chosen(ground)
    if not cuts:
        said = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise DataError(f"no evidence tells deposits apart ({said}): give other layers or breaks")

    def binary(values: Sequence[Floats]) -> list[Floats]:
        named = zip(spec.evidence, values, strict=True)
        return [
            _present(layer, cuts[one.id], one.favours) for one, layer in named if one.id in cuts
        ]

    folds = [Conditions(len(cuts)) for _ in range(spec.folds)]
    for rows, values, holds in ground.strips():
        layers, fold = binary(values), ground.folds(rows)
        for number, counted in enumerate(folds):
            kept = fold == number
            counted.add([layer[kept] for layer in layers], holds[kept])
    whole = _joined(folds)
    fitted = whole.fit()

    def on(part: Part) -> tuple[xr.DataArray, ...]:
        given = [part.of(layer).to_numpy().astype(np.float64) for layer in ground.layers]
        probability, weights, missing = fitted.on(binary(given))
        spread = _EIGHTY * np.hypot(weights, missing)
        cases = (probability, np.maximum(probability - spread, 0.0), probability + spread)
        named = zip(("value", "low", "high"), cases, strict=True)
        return tuple(ground.surface(case / fitted.prior, part, name) for name, case in named)

    evidence = [_evidence_card(one, cuts, left_out, fitted) for one in spec.evidence]
    card = ground.card(int(fitted.deposits.sum()), int(fitted.cells.sum()))
    skill = {"evidence": evidence, "skill_at_places_kept_out": _kept_out(folds)}
    return Prospect(on, card | skill | _independence(fitted) | _curve(fitted))


def _chosen(ground: _Ground) -> tuple[dict[str, float], dict[str, str]]:
    """Break of each evidence that tells deposits apart, and why the others are left out."""
    cuts: dict[str, float] = {}
    left_out: dict[str, str] = {}
    for item, counts in zip(ground.spec.evidence, _counts(ground), strict=True):
        try:
            cuts[item.id] = _cut(item, _cumulated(item, *counts))
        except DataError as error:
            left_out[item.id] = str(error)
    return cuts, left_out


def _counts(ground: _Ground) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Cells and deposits of each class of each evidence."""
    evidence = ground.spec.evidence
    found = [np.zeros((2, len(item.breaks) + 2), dtype=np.int64) for item in evidence]
    for _, values, holds in ground.strips():
        for item, layer, counts in zip(evidence, values, found, strict=True):
            # Unknown cells fall into class 0, which no break makes.
            place = np.nan_to_num(classes_of(layer, item.breaks)).astype(np.int64)
            counts[0] += np.bincount(place.ravel(), minlength=counts.shape[1])
            counts[1] += np.bincount(place[holds], minlength=counts.shape[1])
    return [(counts[0, 1:], counts[1, 1:]) for counts in found]


def _cumulated(
    item: EvidenceSpec, cells: npt.NDArray[np.int64], deposits: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Cumulative weights of the classes that occur, cut in two."""
    classes = np.flatnonzero(cells) + 1
    if classes.size < 2:
        raise DataError("all its cells are of one class")
    method = "ascending" if item.favours == "low" else "descending"
    counts = cells[classes - 1], deposits[classes - 1]
    table = weights_of_counts(classes, *counts, method=method)
    return generalise(table, "max-feasible-contrast", threshold=_FEASIBLE)


def _cut(item: EvidenceSpec, table: pd.DataFrame) -> float:
    """Break at which the favourable part ends."""
    favourable = table.loc[table["part"] == 2, "class"]
    last = int(favourable.max() if item.favours == "low" else favourable.min() - 1)
    return item.breaks[last - 1]


def _present(values: Floats, cut: float, favours: str) -> Floats:
    there = values <= cut if favours == "low" else values > cut
    return np.where(np.isnan(values), np.nan, there)


def _joined(folds: Sequence[Conditions]) -> Conditions:
    whole = Conditions(folds[0].layers)
    for counted in folds:
        whole.join(counted)
    return whole


def _kept_out(folds: Sequence[Conditions]) -> dict[str, float] | None:
    """Skill of weights at squares that they were not taken from."""
    ranked, holds, weight = [], [], []
    for number, kept in enumerate(folds):
        others = _joined([one for place, one in enumerate(folds) if place != number])
        try:
            fitted = others.fit()
        except DataError:
            return None
        codes, cells, held = kept.counts
        probability = fitted.of(codes)
        known = ~np.isnan(probability)
        for count, value in ((held, True), (cells - held, False)):
            ranked.append(probability[known])
            holds.append(np.full(int(known.sum()), value))
            weight.append(count[known])
    count = np.concatenate(weight)
    return _area(np.concatenate(ranked), np.concatenate(holds), count)


def _area(probability: Floats, holds: npt.NDArray[np.bool_], count: Any) -> dict[str, float] | None:
    """Area under the curve of cells that stand for many, a tie counting half."""
    present, absent = (np.where(which, count, 0) for which in (holds, ~holds))
    values, place = np.unique(probability, return_inverse=True)
    with_, without = (
        np.bincount(place, weights=one, minlength=values.size) for one in (present, absent)
    )
    if not with_.sum() or not without.sum():
        return None
    below = np.cumsum(without) - without
    area = float((with_ * (below + without / 2)).sum() / (with_.sum() * without.sum()))
    return {"area": area, "deposits": float(with_.sum())}


def _independence(fitted: Fitted) -> dict[str, Any]:
    predicted = float((fitted.cells * fitted.probability).sum())
    return {"observed": int(fitted.deposits.sum()), "predicted": predicted}


def _curve(fitted: Fitted) -> dict[str, Any]:
    """Share of deposits caught by the share of area, the likeliest conditions first."""
    order = np.argsort(-fitted.probability, kind="stable")
    area = np.cumsum(fitted.cells[order]) / fitted.cells.sum()
    caught = np.cumsum(fitted.deposits[order]) / fitted.deposits.sum()
    kept = np.unique(np.linspace(0, len(order) - 1, _CURVE).astype(int))
    return {"success_rate": np.stack([area, caught], axis=1)[kept].round(4).tolist()}


def _evidence_card(
    item: EvidenceSpec, cuts: Mapping[str, float], left_out: Mapping[str, str], fitted: Fitted
) -> dict[str, Any]:
    said = {"id": item.id, "title": item.title, "unit": item.unit, "source": item.source}
    if item.id not in cuts:
        return said | {"left_out": left_out[item.id]}
    row = fitted.weights.iloc[list(cuts).index(item.id)]
    names = ("w_plus", "s_w_plus", "w_minus", "s_w_minus", "contrast", "studentised")
    figures = {name: float(row[name]) for name in names}
    counts = {"cells": int(row["n"]), "deposits": int(row["deposits"])}
    return said | {"favours": item.favours, "cut": cuts[item.id]} | counts | figures


def _learnt(ground: _Ground) -> Prospect:
    spec = ground.spec
    table, holds, folds, barren, known = _sampled(ground)
    model = learn(
        {item.id: table[:, number] for number, item in enumerate(spec.evidence)},
        holds,
        folds,
        model=spec.method,
        background=spec.background,
        barren=barren,
        seed=ground.bench.recipe.draws.seed,
        allow_leakage=spec.allow_leakage,
    )
    prior = model.deposits / known

    def on(part: Part) -> tuple[xr.DataArray, ...]:
        given = [part.of(layer).to_numpy() for layer in ground.layers]
        # Silent where the model has seen nothing alike: unknown, not unlikely.
        there = model.applicable(given) == 1
        ratio = np.where(there, model.probability(given) / prior, np.nan)
        return (ground.surface(ratio, part, "value"),)

    card = ground.card(model.deposits, known) | model.card()
    titles = {item.id: item.title for item in spec.evidence}
    return Prospect(on, card | {"evidence": [{"id": k, "title": v} for k, v in titles.items()]})


def _sampled(
    ground: _Ground,
) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64], int, int]:
    """Evidence of all deposits and of drawn cells; how many barren and known cells there are."""
    generator = np.random.default_rng(ground.bench.recipe.draws.seed)
    share = min(1.0, 4 * ground.spec.background / max(1, int(np.prod(ground.bench.grid.shape))))
    rows_of: list[tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64]]] = []
    barren = known = 0
    for rows, values, holds in ground.strips():
        table = np.stack([layer.ravel() for layer in values], axis=1)
        sound = ~np.isnan(table).any(axis=1)
        held = holds.ravel()
        known += int(sound.sum())
        barren += int((sound & ~held).sum())
        taken = sound & (held | (generator.random(len(held)) < share))
        rows_of.append((table[taken], held[taken], ground.folds(rows).ravel()[taken]))
    tables, holding, folds = (np.concatenate(parts) for parts in zip(*rows_of, strict=True))
    if not holding.any():
        raise DataError("no known deposit lies where all evidence is known")
    return tables, holding, folds, barren, known
