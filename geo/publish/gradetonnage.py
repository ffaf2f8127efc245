"""The plot that geologists know: grade against tonnage, with lines of equal metal.

Each deposit is one statement of one category; nothing is added up, and nothing is valued in
money.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError
from geo.minerals.gradetonnage import percentile_among
from geo.minerals.sizes import grade_fraction
from geo.publish.safetext import as_html
from geo.publish.tokens import ACCENTS, LIGHT

__all__ = ["grade_tonnage_svg"]

Floats = npt.NDArray[np.float64]

_WIDTH, _HEIGHT = 760, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 24, 62, 56
_NEEDED = ("name", "resource_mt", "grade", "grade_unit")


def grade_tonnage_svg(
    deposits: pd.DataFrame, *, title: str = "Grade and tonnage", name: str | None = None
) -> str:
    """Draw deposits of one kind by tonnage and grade, both logarithmic.

    Parameters
    ----------
    deposits : DataFrame
        With ``name``, ``resource_mt`` [Mt of ore], ``grade`` and ``grade_unit``, such as
        ``"% Cu"``: one statement each, all of one substance. Rows where one is unknown are
        counted and not drawn.
    title : str, optional
    name : str, optional
        Deposit to stand out, with its percentiles of tonnage, grade and contained metal among
        the others drawn.

    Returns
    -------
    str
        An ``<svg>`` element. Slanting lines join deposits of the same contained metal.

    Raises
    ------
    DataError
        If a column is missing, substances differ, fewer than two deposits can be drawn, or
        there is no such deposit among them.

    Examples
    --------
    >>> table = pd.DataFrame({"name": ["A", "B"], "resource_mt": [10, 400],
    ...                       "grade": [1.2, 0.4], "grade_unit": "% Cu"})
    >>> grade_tonnage_svg(table, name="A").count("<circle")
    2
    """
    drawn, substance, unit = _known(deposits)
    plot = _Plot(drawn)
    chosen = None if name is None else _chosen(drawn, name)
    left_out = len(deposits) - len(drawn)
    said = f"{len(drawn)} deposits"
    if left_out:
        said += f"; {left_out} without a stated tonnage or grade are not drawn"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{as_html(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{LIGHT["panel"]}"/>',
        _text(_LEFT, 22, title, bold=True),
        _text(_LEFT, 42, said, soft=True),
        *plot.frame(f"Grade [{unit} {substance}]"),
        *plot.equal_metal(substance),
        *plot.points(chosen),
    ]
    if chosen is not None:
        parts.append(_text(_WIDTH - _RIGHT, 42, _standing(drawn, chosen), "end", soft=True))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _known(deposits: pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Rows that can be drawn, with the grade as a share; substance; unit of the grade."""
    if missing := [column for column in _NEEDED if column not in deposits]:
        raise DataError(f"the table of deposits lacks {', '.join(missing)}")
    sound = (deposits["resource_mt"] > 0) & (deposits["grade"] > 0) & deposits["grade_unit"].notna()
    drawn = deposits.loc[sound, list(_NEEDED)].reset_index(drop=True)
    if len(drawn) < 2:
        raise DataError(
            f"{len(drawn)} of {len(deposits)} deposits have a tonnage and a grade: two are needed"
        )
    read = [grade_fraction(*row) for row in zip(drawn["grade"], drawn["grade_unit"], strict=True)]
    substances = sorted({one.substance for one in read})
    if len(substances) > 1:
        raise DataError(
            f"the grades are of {', '.join(substances)}: give deposits of one substance"
        )
    unit = str(drawn["grade_unit"][0]).split()[0]
    one = grade_fraction(1.0, f"{unit} {substances[0]}").fraction
    share = np.array([grade.fraction for grade in read])
    return drawn.assign(share=share, shown=share / one, per_unit=one), substances[0], unit


def _chosen(drawn: pd.DataFrame, name: str) -> int:
    found = np.flatnonzero(drawn["name"] == name)
    if not found.size:
        raise DataError(f"no deposit {name!r} with a tonnage and a grade is in the table")
    return int(found[0])


def _standing(drawn: pd.DataFrame, chosen: int) -> str:
    metal = drawn["resource_mt"] * drawn["share"]
    kinds = {"tonnage": drawn["resource_mt"], "grade": drawn["share"], "metal": metal}
    others = np.arange(len(drawn)) != chosen
    figures = {
        what: percentile_among(float(values.iloc[chosen]), values[others])
        for what, values in kinds.items()
    }
    told = ", ".join(f"{what} {figure:.0f} %" for what, figure in figures.items())
    return f"{drawn['name'].iloc[chosen]}: above so many of the others: {told}"


class _Plot:
    """Axes of whole decades around the deposits."""

    def __init__(self, drawn: pd.DataFrame) -> None:
        self.drawn = drawn
        self.mt = _decades(drawn["resource_mt"].to_numpy(np.float64))
        self.grade = _decades(drawn["shown"].to_numpy(np.float64))
        # A grade of one unit as a mass share, to turn Mt and grade into metal.
        self.per_unit = float(drawn["per_unit"].iloc[0])

    def x(self, power: float) -> float:
        share = (power - self.mt[0]) / (self.mt[1] - self.mt[0])
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, power: float) -> float:
        share = (power - self.grade[0]) / (self.grade[1] - self.grade[0])
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)

    def frame(self, label: str) -> list[str]:
        parts = []
        for power in range(self.mt[0], self.mt[1] + 1):
            at = self.x(power)
            parts.append(_line(at, _TOP, at, _HEIGHT - _BOTTOM, LIGHT["rule"]))
            parts.append(_text(at, _HEIGHT - _BOTTOM + 18, f"{10.0**power:g}", "middle", soft=True))
        for power in range(self.grade[0], self.grade[1] + 1):
            at = self.y(power)
            parts.append(_line(_LEFT, at, _WIDTH - _RIGHT, at, LIGHT["rule"]))
            parts.append(_text(_LEFT - 8, at + 4, f"{10.0**power:g}", "end", soft=True))
        parts.append(_text(_WIDTH - _RIGHT, _HEIGHT - 14, "Ore [Mt]", "end"))
        parts.append(_text(_LEFT, _TOP - 6, label))
        return parts

    def equal_metal(self, substance: str) -> list[str]:
        """Lines along which tonnage times grade is one power of ten of tonnes."""
        offset = 6 + float(np.log10(self.per_unit))
        least, most = (self.mt[end] + self.grade[end] + offset for end in (0, 1))
        parts = []
        for power in range(int(np.floor(least)) + 1, int(np.ceil(most))):
            total = power - offset
            first = max(self.mt[0], total - self.grade[1])
            last = min(self.mt[1], total - self.grade[0])
            ends = (self.x(first), self.y(total - first), self.x(last), self.y(total - last))
            parts.append(_line(*ends, LIGHT["network"], dashed=True))
            said = f"{_mass(power)} {substance}"
            parts.append(_text(ends[0] + 6, ends[1] + 14, said, soft=True))
        return parts

    def points(self, chosen: int | None) -> list[str]:
        order = [one for one in range(len(self.drawn)) if one != chosen]
        parts = []
        for one in order + ([] if chosen is None else [chosen]):
            row = self.drawn.iloc[one]
            x, y = self.x(np.log10(row["resource_mt"])), self.y(np.log10(row["shown"]))
            colour, radius = (LIGHT["focus"], 7) if one == chosen else (ACCENTS[0], 4.5)
            stated = f"{row['name']}: {row['resource_mt']:g} Mt at {row['grade']:g} "
            stated += str(row["grade_unit"])
            parts.append(
                f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}" stroke="{LIGHT["halo"]}">'
                f"<title>{as_html(stated)}</title></circle>"
            )
        if chosen is not None:
            parts.append(_text(x + 10, y - 8, str(self.drawn["name"].iloc[chosen]), bold=True))
        return parts


def _decades(values: Floats) -> tuple[int, int]:
    low, high = (
        int(edge) for edge in (np.floor(np.log10(values.min())), np.ceil(np.log10(values.max())))
    )
    return low, max(high, low + 1)


def _mass(power: int) -> str:
    """Tonnes as a geologist writes them."""
    size, unit = max(
        (one for one in ((0, "t"), (3, "kt"), (6, "Mt")) if one[0] <= max(power, 0)),
        key=lambda one: one[0],
    )
    return f"{10.0 ** (power - size):g} {unit}"


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<path d="M{x0} {y0}L{x1} {y1}" stroke="{colour}"{dash}/>'


def _text(
    x: float, y: float, said: Any, anchor: str = "start", *, bold: bool = False, soft: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    colour = LIGHT["ink-soft" if soft else "ink"]
    return (
        f'<text x="{round(x, 1)}" y="{round(y, 1)}" text-anchor="{anchor}" fill="{colour}"{weight}>'
        f"{as_html(said)}</text>"
    )
