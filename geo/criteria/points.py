"""Value functions of points and of tables, as declarations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.compute.kernels import Breakpoints, Codes, piecewise, score_curve
from geo.criteria.kinds import map_values
from geo.errors import DataError
from geo.units import check, magnitude

__all__ = ["Lookup", "Piecewise", "Threshold"]


class Piecewise:
    """Straight lines between points, flat outside.

    Parameters
    ----------
    points : sequence of (x, score)
        Two or more, x rising; x is a number in `unit` or a text with a unit of its own,
        score is in [0, 1].
    unit : str
        Unit of the criterion; empty for a plain number.
    log : bool
        Straight in log10 of x; then all x are above 0. Values of 0 or less score as the
        first point.

    Raises
    ------
    DataError
        If there are fewer than two points, x does not rise, a score lies outside
        [0, 1], or `log` is asked for with an x of 0 or less.
    UnitError
        If a unit is unknown or does not fit.

    Examples
    --------
    >>> cheap = Piecewise([(40, 1.0), ("160 USD/t", 0.0)], unit="USD/t")
    >>> cheap(np.array([20.0, 100.0, np.nan]))
    array([1. , 0.5, nan])
    >>> cheap.domain()
    ('160 USD/t', '40 USD/t')
    """

    def __init__(
        self,
        points: Sequence[tuple[float | str, float]],
        unit: str = "",
        log: bool = False,
    ) -> None:
        self.unit = check(unit)
        self.log = log
        pairs = [_pair(point, unit) for point in points]
        if len(pairs) < 2:
            raise DataError(f"a value function has {len(pairs)} points, required are two or more")
        self._x = np.array([x for x, _ in pairs])
        self._score = np.array([score for _, score in pairs])
        self._check()

    def __call__(self, values: Any) -> Any:
        """Score of each value, of the same kind as `values`; NaN stays NaN."""
        return map_values(values, lambda given: piecewise(given, self.breakpoints()))

    def __repr__(self) -> str:
        """Call that makes an equal function."""
        points = list(zip(self._x.tolist(), self._score.tolist(), strict=True))
        return f"{type(self).__name__}({points}, unit={self.unit!r}, log={self.log})"

    def breakpoints(self) -> Breakpoints:
        """Points as arrays, in log10 where `log` is set."""
        return Breakpoints(self._x, self._score, self.log)

    def form(self) -> Breakpoints:
        """Give the function as the compiled code takes it."""
        return self.breakpoints()

    def to_dict(self) -> dict[str, object]:
        """Give the function as data: ``kind`` (``piecewise`` or ``log``), ``points``, ``unit``."""
        points = [[x, s] for x, s in zip(self._x.tolist(), self._score.tolist(), strict=True)]
        return {"kind": "log" if self.log else "piecewise", "points": points, "unit": self.unit}

    def domain(self) -> tuple[str, str]:
        """Worst and best value that still make a difference, as text with the unit.

        Returns
        -------
        worst, best : str
            Where several points share the lowest or highest score, those nearest to one
            another: beyond them nothing is lost or gained.
        """
        low = self._x[self._score == self._score.min()]
        high = self._x[self._score == self._score.max()]
        apart = np.abs(low[:, None] - high[None, :])
        at = np.unravel_index(int(np.argmin(apart)), apart.shape)
        return _text(low[at[0]], self.unit), _text(high[at[1]], self.unit)

    def _check(self) -> None:
        if not np.isfinite(self._x).all() or not (np.diff(self._x) > 0).all():
            raise DataError(
                f"the points' x are {self._x.tolist()}, required are finite numbers that rise: "
                "sort the points and leave out doubles"
            )
        if not ((self._score >= 0) & (self._score <= 1)).all():
            raise DataError(f"the scores are {self._score.tolist()}, required is 0 to 1 for each")
        if self.log and self._x[0] <= 0:
            raise DataError(
                f"the first x is {self._x[0]:g}, a logarithm needs x above 0: raise it or leave "
                "log out"
            )


class Threshold(Piecewise):
    """Score 1 on one side of a limit and 0 on the other; the limit itself scores 1.

    Parameters
    ----------
    limit : float or str
        In `unit`, or a text with a unit of its own.
    unit : str
        Unit of the criterion.
    better : {"below", "above"}
        Side that scores 1.

    Raises
    ------
    DataError
        If `better` is neither, or the limit is not finite.
    UnitError
        If the unit is unknown or does not fit.

    Examples
    --------
    >>> gentle = Threshold("15 %", unit="%", better="below")
    >>> gentle(np.array([10.0, 15.0, 15.1, np.nan]))
    array([ 1.,  1.,  0., nan])
    """

    def __init__(self, limit: float | str, unit: str = "", better: str = "below") -> None:
        if better not in ("below", "above"):
            raise DataError(f"better is {better!r}, required is 'below' or 'above'")
        at = _pair((limit, 1.0), unit)[0]
        below = better == "below"
        # The next number there is; beside 0 that would make the step too steep to compute.
        gap = max(float(np.spacing(abs(at))), 2.0**-996)
        beyond = at + gap if below else at - gap
        points = [(at, 1.0), (beyond, 0.0)] if below else [(beyond, 0.0), (at, 1.0)]
        self.limit = at
        self.better = better
        super().__init__(points, unit=unit)

    def domain(self) -> tuple[str, str]:
        """Worst and best side of the limit, as text."""
        limit = _text(self.limit, self.unit)
        sides = f"above {limit}", f"below {limit}"
        return sides if self.better == "below" else (sides[1], sides[0])


class Lookup:
    """Score of each of a few texts, or of codes such as classes of land cover.

    Parameters
    ----------
    table : mapping of str or float to float
        At least one text or code, each with a score in [0, 1]. A table of codes alone, as
        numbers or as texts such as ``"30"``, serves surfaces too.

    Raises
    ------
    DataError
        If the table is empty or a score lies outside [0, 1].

    Examples
    --------
    >>> import pandas as pd
    >>> stage = Lookup({"occurrence": 0.1, "producing": 1.0})
    >>> stage(pd.Series(["producing", None, "abandoned"])).tolist()
    [1.0, nan, nan]
    >>> Lookup({"30": 1.0, "50": 0.2})(np.array([30.0, 50.0, 40.0])).tolist()
    [1.0, 0.2, nan]
    """

    def __init__(self, table: Mapping[Any, float]) -> None:
        if not table:
            raise DataError("a lookup has no entry, required is one text or more with its score")
        self.table = {str(text): float(score) for text, score in table.items()}
        for text, score in self.table.items():
            if not 0 <= score <= 1:
                raise DataError(f"{text!r} scores {score}, required is 0 to 1")

    def __call__(self, values: Any) -> Any:
        """Score of each text, of the same kind as `values`; NaN where not in the table."""
        return map_values(values, self._scores)

    def __repr__(self) -> str:
        """Call that makes an equal function."""
        return f"Lookup({self.table})"

    def form(self) -> Codes:
        """Give a table of codes as the compiled code takes it.

        Raises
        ------
        DataError
            If the table holds other texts than numbers.
        """
        codes = _codes(self.table)
        if codes is None:
            raise DataError(
                f"a lookup of {', '.join(map(repr, self.table))} serves sites only, a surface "
                "needs numbers: use a piecewise value function"
            )
        return codes

    def to_dict(self) -> dict[str, object]:
        """Give the function as data: ``kind`` (``lookup``), ``points`` (texts and scores)."""
        points = [[text, score] for text, score in self.table.items()]
        return {"kind": "lookup", "points": points, "unit": ""}

    def domain(self) -> tuple[str, str]:
        """Worst and best text; of equals the first."""
        return min(self.table, key=self.table.__getitem__), max(
            self.table, key=self.table.__getitem__
        )

    def _scores(self, given: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        codes = _codes(self.table) if given.dtype.kind in "biuf" else None
        if codes is not None:
            return score_curve(given, codes)
        flat = [self.table.get(str(text), np.nan) for text in np.ravel(given)]
        return np.array(flat, dtype=np.float64).reshape(np.shape(given))


def _codes(table: Mapping[str, float]) -> Codes | None:
    try:
        pairs = sorted((float(text), score) for text, score in table.items())
    except ValueError:
        return None
    codes = np.array([code for code, _ in pairs])
    if not np.isfinite(codes).all() or len(np.unique(codes)) < len(codes):
        return None
    return Codes(codes, np.array([score for _, score in pairs]))


def _pair(point: tuple[float | str, float], unit: str) -> tuple[float, float]:
    try:
        x, score = point
        return (magnitude(x, unit) if isinstance(x, str) else float(x)), float(score)
    except (TypeError, ValueError):
        raise DataError(f"{point!r} is no point: write (value, score)") from None


def _text(x: float, unit: str) -> str:
    return f"{x:g} {unit}".strip()
