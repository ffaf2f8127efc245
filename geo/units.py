"""Quantities written as text with a unit: ``"2 km"``, ``"160 USD/t"``, ``"8 %"``."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from geo.errors import UnitError

if TYPE_CHECKING:
    import pint

__all__ = ["check", "magnitude", "same", "split"]

_POWER = re.compile(r"\b(m|km|cm|mm)([23])\b")
"""Areas and volumes as people write them: ``m2``, ``km2``, ``m3``."""


@lru_cache(maxsize=1)
def _registry() -> "pint.UnitRegistry[float]":
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("USD = [currency]")
    return registry


@lru_cache(maxsize=512)
def _unit(text: str) -> "pint.Unit":
    import pint

    try:
        plain = _POWER.sub(r"\1**\2", text.replace("%", "percent"))
        return _registry().Unit(plain or "dimensionless")
    except (pint.UndefinedUnitError, pint.DefinitionSyntaxError, ValueError, TypeError) as error:
        raise UnitError(f"unknown unit {text!r}: write one such as m, km, USD/t, % or h") from error
    except Exception as error:
        raise UnitError(f"{text!r} cannot be read as a unit") from error


def check(unit: str) -> str:
    """Return `unit` unchanged when it is a unit that can be converted.

    Parameters
    ----------
    unit : str
        For example ``"USD/t"``; an empty text is a plain number.

    Returns
    -------
    str
        The same text.

    Raises
    ------
    UnitError
        If it is not a unit.

    Examples
    --------
    >>> check("USD/t")
    'USD/t'
    """
    _unit(unit)
    return unit


def split(text: str) -> tuple[float, str]:
    """Split ``"2.5 km"`` into its number and its unit.

    Parameters
    ----------
    text : str
        A number, a space and a unit; the unit may be missing.

    Returns
    -------
    number : float
    unit : str
        Empty for a plain number.

    Raises
    ------
    UnitError
        If the text does not begin with a number or the unit is unknown.

    Examples
    --------
    >>> split("2.5 km")
    (2.5, 'km')
    """
    head, _, unit = text.strip().partition(" ")
    try:
        number = float(head)
    except ValueError:
        raise UnitError(
            f"{text!r} is not a quantity: write a number, a space and a unit, such as '2 km'"
        ) from None
    return number, check(unit.strip())


def magnitude(text: str, unit: str) -> float:
    """Give the number of `unit` that a quantity amounts to.

    Parameters
    ----------
    text : str
        A quantity, such as ``"2 km"``.
    unit : str
        The unit wanted, such as ``"m"``.

    Returns
    -------
    float
        The quantity in `unit`.

    Raises
    ------
    UnitError
        If the text is no quantity or its unit cannot become `unit`.

    Examples
    --------
    >>> magnitude("2 km", "m")
    2000.0
    >>> magnitude("8 %", "")
    0.08
    """
    import pint

    number, found = split(text)
    try:
        return float(_registry().Quantity(number, _unit(found)).to(_unit(unit)).magnitude)
    except pint.DimensionalityError:
        raise UnitError(
            f"{text!r} has the unit {found or 'none'!r}, required is one like {unit or 'none'!r}"
        ) from None


@lru_cache(maxsize=512)
def same(one: str, other: str) -> bool:
    """Whether two texts mean the same unit; powers may be written as in ``"W m-2"``.

    Parameters
    ----------
    one, other : str

    Returns
    -------
    bool

    Raises
    ------
    UnitError
        If one of them is no unit.

    Examples
    --------
    >>> same("W m-2", "W/m2"), same("metre", "m"), same("K", "degC")
    (True, True, False)
    """
    first, second = (_unit(_products(text)) for text in (one, other))
    if first == second:
        return True
    if first.dimensionality != second.dimensionality or {"K", "degC"} & {one, other}:
        return False
    ratio = _registry().Quantity(1.0, first).to(second).magnitude
    return abs(float(ratio) - 1) < 1e-9


def _products(text: str) -> str:
    """Turn ``W m-2 day-1`` into ``W*m**-2*day**-1``."""
    if not re.fullmatch(r"[A-Za-z%µ°]+-?\d?( [A-Za-z%µ°]+-?\d?)*", text.strip()):
        return text
    return "*".join(re.sub(r"(-?\d)$", r"**\1", part) for part in text.split())
