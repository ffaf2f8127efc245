"""Contained metal of a deposit, and a labelled logarithmic index of it.

An index says how a deposit stands among its kind. It is never money: public reporting codes
forbid or frown on a value in the ground (JORC Code 2012, clause 51; NI 43-101, section 2.3),
and quantities of different categories are never added to one another here.
"""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import DataError, UnitError
from geo.units import magnitude

__all__ = ["Grade", "contained_kt", "grade_fraction", "metal_kt", "size_index"]

Floats = npt.NDArray[np.float64]

# Kilotonnes of each unit in which registers state contained metal. Ounces are troy ounces,
# as always for metal (31.1034768 g); lb is the avoirdupois pound (0.45359237 kg).
_KILOTONNES = {
    "kg": 1e-6,
    "t": 1e-3,
    "kt": 1.0,
    "Mt": 1e3,
    "lb": 4.5359237e-7,
    "Mlb": 0.45359237,
    "oz": 31.1034768e-9,
    "koz": 31.1034768e-6,
    "Moz": 31.1034768e-3,
}
_QUANTITY = re.compile(r"(?:about |c\. ?|~ ?)?([0-9][0-9,]*(?:\.[0-9]+)?) ([A-Za-z]+) ([A-Z]\w*)")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")


class Grade(NamedTuple):
    """Mass share of a substance in the ore [0 to 1], and the substance as written."""

    fraction: float
    substance: str


def grade_fraction(grade: float, grade_unit: str) -> Grade:
    """Read a grade with its unit, such as 0.67 ``"% Cu"`` or 1.2 ``"g/t Au"``.

    Parameters
    ----------
    grade : float
        NaN is unknown.
    grade_unit : str
        A unit (%, ppm, g/t, kg/t), a space and the substance.

    Returns
    -------
    Grade
        The fraction is NaN where the grade is unknown.

    Raises
    ------
    UnitError
        If the text has no substance or its unit is no share of mass.
    DataError
        If the grade is negative, or more than the ore itself: ppm taken for per cent.

    Examples
    --------
    >>> grade_fraction(0.67, "% Cu")
    Grade(fraction=0.0067, substance='Cu')
    """
    unit, _, substance = grade_unit.strip().partition(" ")
    if not substance.strip():
        raise UnitError(
            f"grade unit {grade_unit!r} needs a unit and a substance, such as '% Cu' or 'g/t Au'"
        )
    fraction = float(grade) * magnitude(f"1 {unit}", "")
    if fraction < 0 or fraction > 1:
        raise DataError(
            f"a grade of {grade:g} {grade_unit} is not between nothing and the whole ore: "
            "check the unit (ppm or g/t where per cent is written?)"
        )
    return Grade(fraction, substance.strip())


def contained_kt(resource_mt: float, grade: float, grade_unit: str) -> float:
    """Contained metal or mineral: tonnage times grade.

    Parameters
    ----------
    resource_mt : float
        Ore [Mt], of one statement and one category; NaN is unknown.
    grade : float
        In `grade_unit`; NaN is unknown.
    grade_unit : str
        Such as ``"% Cu"``; see :func:`grade_fraction`.

    Returns
    -------
    float
        In place, before any loss [kt]; NaN where either is unknown.

    Raises
    ------
    UnitError, DataError
        As :func:`grade_fraction`; also for a negative or infinite tonnage.

    Examples
    --------
    >>> round(contained_kt(6372.0, 0.67, "% Cu"), 1)
    42692.4
    >>> round(contained_kt(20.0, 1.5, "g/t Au"), 3)
    0.03
    """
    tonnage = float(resource_mt)
    if tonnage < 0 or np.isinf(tonnage):
        raise DataError(f"a tonnage of {resource_mt} Mt is not usable: give zero or more, or NaN")
    return 1000.0 * tonnage * grade_fraction(grade, grade_unit).fraction


def metal_kt(text: str) -> tuple[float, str]:
    """Read one stated quantity of metal, such as ``"1,511.6 kt REO"``.

    Parameters
    ----------
    text : str
        A number (commas between thousands), a unit (kg, t, kt, Mt, lb, Mlb, oz, koz, Moz) and
        the substance. Nothing else may stand there: two quantities in one text may be of two
        categories, which nobody but a reader can tell apart.

    Returns
    -------
    kilotonnes : float
        [kt]
    substance : str

    Raises
    ------
    UnitError
        If the text is not one such quantity.

    Examples
    --------
    >>> metal_kt("1,511.6 kt REO"), metal_kt("42.9 Mt Cu")
    ((1511.6, 'REO'), (42900.0, 'Cu'))
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or not _THOUSANDS.fullmatch(match[1]):
        raise UnitError(
            f"{text!r} is not one quantity of metal: write a number, a unit and the substance, "
            "such as '42.9 Mt Cu'"
        )
    if match[2] not in _KILOTONNES:
        raise UnitError(f"{text!r}: {match[2]!r} is none of {', '.join(_KILOTONNES)}")
    return float(match[1].replace(",", "")) * _KILOTONNES[match[2]], match[3]


def size_index(contained: npt.ArrayLike, *, low: float, high: float) -> Floats:
    """Logarithmic index of contained metal.

    Parameters
    ----------
    contained : array_like
        Contained metal [kt], zero or more; NaN is unknown.
    low, high : float
        Contained metal [kt] at which the index is 0 and 1, such as the smallest and the
        largest of the kind that would be worth a mention.

    Returns
    -------
    array
        In [0, 1]; NaN stays NaN: unknown is not small.

    Raises
    ------
    DataError
        If a quantity is negative, or the limits are not positive and rising.

    Examples
    --------
    >>> size_index([10.0, 100.0, 1000.0, float("nan")], low=10.0, high=1000.0).tolist()
    [0.0, 0.5, 1.0, nan]
    """
    if not 0 < low < high < np.inf:
        raise DataError(f"limits {low} and {high} kt: they must be positive and rise")
    metal = np.asarray(contained, dtype=np.float64)
    if (metal < 0).any():
        raise DataError(f"{np.nanmin(metal):g} kt of metal is negative: write NaN where unknown")
    # Below `low` the index is 0, so that a known zero needs no logarithm.
    share = np.log(np.maximum(metal, low) / low) / np.log(high / low)
    return np.asarray(np.minimum(share, 1.0), dtype=np.float64)
