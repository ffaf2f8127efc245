"""Value functions that are no straight lines, as declarations: memberships and classes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.compute.kernels import Curve, Steps, score_curve
from geo.criteria.kinds import map_values
from geo.errors import DataError
from geo.units import check, magnitude

__all__ = ["MEMBERSHIPS", "Classes", "Membership"]

Floats = npt.NDArray[np.float64]

MEMBERSHIPS: dict[str, tuple[str, str]] = {
    "sigmoid": ("midpoint", "slope"),
    "gaussian": ("midpoint", "spread"),
    "near": ("midpoint", "spread"),
    "large": ("midpoint", "spread"),
    "small": ("midpoint", "spread"),
    "ms-large": ("mean", "std"),
    "ms-small": ("mean", "std"),
}
"""Kinds of membership and the two numbers that each needs."""

_MULTIPLIERS = ("mean_multiplier", "std_multiplier")


class Membership:
    """Fuzzy membership declared once for sites and surfaces.

    Parameters
    ----------
    kind : str
        One of `MEMBERSHIPS`.
    unit : str
        Unit of the criterion; empty for a plain number.
    **numbers : float or str
        ``midpoint`` (in `unit`, or a text with a unit of its own) with ``slope`` or
        ``spread``; or ``mean`` and ``std`` with ``mean_multiplier`` and ``std_multiplier``,
        1 when missing. The formulas are those of the functions of the same name.

    Raises
    ------
    DataError
        If the kind is unknown, or a number is missing, unknown, not finite or out of range.
    UnitError
        If a unit is unknown or does not fit.

    Examples
    --------
    >>> rich = Membership("large", unit="%", midpoint=0.6, spread=5)
    >>> rich(np.array([0.3, 0.6, 1.2, np.nan])).round(3).tolist()
    [0.03, 0.5, 0.97, nan]
    >>> rich
    Membership('large', unit='%', midpoint=0.6, spread=5.0)
    """

    def __init__(self, kind: str, unit: str = "", **numbers: float | str) -> None:
        if kind not in MEMBERSHIPS:
            raise DataError(f"membership {kind!r} is none of {', '.join(MEMBERSHIPS)}")
        self.kind = kind
        self.unit = check(unit)
        self.numbers = _numbers(kind, unit, numbers)
        self._curve = _curve(kind, self.numbers)

    def __call__(self, values: Any) -> Any:
        """Score of each value, of the same kind as `values`; NaN stays NaN."""
        return map_values(values, lambda given: score_curve(given, self._curve))

    def __repr__(self) -> str:
        """Call that makes an equal function."""
        numbers = "".join(f", {name}={value!r}" for name, value in self.numbers.items())
        return f"Membership({self.kind!r}, unit={self.unit!r}{numbers})"

    def form(self) -> Curve:
        """Give the function as the compiled code takes it."""
        return self._curve

    def to_dict(self) -> dict[str, object]:
        """Give the function as data: ``kind``, its numbers, ``unit``, and ``points`` to draw it."""
        low, high = self._span()
        x = np.linspace(low, high, 33)
        points = [[a, b] for a, b in zip(x.tolist(), self(x).tolist(), strict=True)]
        return {"kind": self.kind, "points": points, "unit": self.unit, **self.numbers}

    def domain(self) -> tuple[str, str]:
        """Values that score about 0.05 or less and 0.95 or more, as text with the unit.

        Returns
        -------
        worst, best : str
            A hump is best at its midpoint and worst on either side of it.
        """
        low, high = self._span()
        x = np.linspace(low, high, 4001)
        scores = self(x)
        worst, best = x[int(np.argmin(scores))], x[int(np.argmax(scores))]
        if self.kind in ("gaussian", "near"):
            best = self.numbers["midpoint"]
            away = high - best
            return f"{away:.3g} {self.unit}".strip() + " away", _said(best, self.unit)
        return _said(worst, self.unit), _said(best, self.unit)

    def _span(self) -> tuple[float, float]:
        """Stretch between scores of about 0.05 and 0.95."""
        kind, (a, b) = self.kind, (self._curve.a, self._curve.b)
        odds = 19.0
        if kind == "sigmoid":
            away = np.log(odds) / abs(b)
            return a - away, a + away
        if kind == "gaussian":
            away = np.sqrt(np.log(odds + 1) / b)
            return a - away, a + away
        if kind == "near":
            away = np.sqrt(odds / b)
            return a - away, a + away
        if kind in ("large", "small"):
            factor = odds ** (1 / b)
            return a / factor, a * factor
        return a, a + odds * b


class Classes:
    """One score for each class of values between breaks, for sites and surfaces.

    Parameters
    ----------
    breaks : sequence of float or str
        Rising, in `unit` or texts with a unit of their own; a value on a break belongs to the
        class above it.
    scores : sequence of float
        One more than breaks, from the lowest class on, each in [0, 1].
    unit : str
        Unit of the criterion; empty for a plain number.

    Raises
    ------
    DataError
        If breaks do not rise, their number does not fit, or a score lies outside [0, 1].
    UnitError
        If a unit is unknown or does not fit.

    Examples
    --------
    >>> slope = Classes([5, 15], [1.0, 0.4, 0.0], unit="%")
    >>> slope(np.array([2.0, 5.0, 40.0, np.nan])).tolist()
    [1.0, 0.4, 0.0, nan]
    """

    def __init__(
        self, breaks: Sequence[float | str], scores: Sequence[float], unit: str = ""
    ) -> None:
        self.unit = check(unit)
        at = [_magnitude(value, unit) for value in breaks]
        self._steps = Steps(np.array(at), np.array([float(score) for score in scores]))
        _check_steps(self._steps)

    def __call__(self, values: Any) -> Any:
        """Score of each value, of the same kind as `values`; NaN stays NaN."""
        return map_values(values, lambda given: score_curve(given, self._steps))

    def __repr__(self) -> str:
        """Call that makes an equal function."""
        breaks, scores = self._steps.breaks.tolist(), self._steps.score.tolist()
        return f"Classes({breaks}, {scores}, unit={self.unit!r})"

    def form(self) -> Steps:
        """Give the function as the compiled code takes it."""
        return self._steps

    def to_dict(self) -> dict[str, object]:
        """Give the function as data: ``kind``, ``breaks``, ``scores``, ``points``, ``unit``."""
        breaks, scores = self._steps.breaks.tolist(), self._steps.score.tolist()
        edges = zip(breaks, pairwise(scores), strict=True)
        corners = [[x, score] for x, sides in edges for score in sides]
        return {
            "kind": "classes",
            "points": corners,
            "breaks": breaks,
            "scores": scores,
            "unit": self.unit,
        }

    def domain(self) -> tuple[str, str]:
        """Worst and best class, as text with the unit; of equals the lowest."""
        names = self._names()
        score = self._steps.score
        return names[int(np.argmin(score))], names[int(np.argmax(score))]

    def _names(self) -> list[str]:
        at = [_said(x, self.unit) for x in self._steps.breaks]
        middle = [f"{low} to {high}" for low, high in pairwise(at)]
        return [f"below {at[0]}", *middle, f"{at[-1]} and above"]


def _said(x: float, unit: str) -> str:
    return f"{x:.4g} {unit}".strip()


def _magnitude(value: float | str, unit: str) -> float:
    try:
        return magnitude(value, unit) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        raise DataError(f"{value!r} is no number") from None


def _numbers(kind: str, unit: str, given: Mapping[str, float | str]) -> dict[str, float]:
    needed = MEMBERSHIPS[kind]
    allowed = needed + (_MULTIPLIERS if kind.startswith("ms-") else ())
    for name in needed:
        if name not in given:
            raise DataError(f"membership {kind!r} needs {' and '.join(needed)}: {name} is missing")
    for name in given:
        if name not in allowed:
            raise DataError(f"membership {kind!r} has no {name!r}, but {', '.join(allowed)}")
    # Only these are in the unit of the values; slopes and spreads are powers of it.
    measured = ("midpoint", "mean", "std")
    found = {
        name: _magnitude(value, unit if name in measured else "") for name, value in given.items()
    }
    if kind.startswith("ms-"):
        found = {**dict.fromkeys(_MULTIPLIERS, 1.0), **found}
    for name, value in found.items():
        if not np.isfinite(value):
            raise DataError(f"membership {kind!r}: {name} is {value}, required is a finite number")
    _check_range(kind, found)
    return found


def _check_range(kind: str, numbers: Mapping[str, float]) -> None:
    above = {"spread", "std", *_MULTIPLIERS} | (
        {"midpoint"} if kind in ("large", "small") else set()
    )
    for name, value in numbers.items():
        if name in above and not value > 0:
            raise DataError(f"membership {kind!r}: {name} is {value:g}, required is above 0")
    if numbers.get("slope") == 0:
        raise DataError(f"membership {kind!r}: slope is 0 and scores everything alike")


def _curve(kind: str, numbers: Mapping[str, float]) -> Curve:
    if kind.startswith("ms-"):
        start = numbers["mean_multiplier"] * numbers["mean"]
        return Curve(kind, start, numbers["std_multiplier"] * numbers["std"])
    return Curve(kind, *(numbers[name] for name in MEMBERSHIPS[kind]))


def _check_steps(steps: Steps) -> None:
    breaks, score = steps
    if breaks.size == 0 or not np.isfinite(breaks).all() or not (np.diff(breaks) > 0).all():
        raise DataError(
            f"the breaks are {breaks.tolist()}, required are finite numbers that rise: sort them "
            "and leave out doubles"
        )
    if score.size != breaks.size + 1:
        raise DataError(
            f"{breaks.size} breaks make {breaks.size + 1} classes, found {score.size} scores"
        )
    if not ((score >= 0) & (score <= 1)).all():
        raise DataError(f"the scores are {score.tolist()}, required is 0 to 1 for each")
