"""One check of numbers that must be shares: a percentage in their place is asked about."""

from geo.errors import DataError

__all__ = ["check_share"]


def check_share(value: float, what: str, *, below_one: bool = False) -> float:
    """Refuse a number that is no share.

    Parameters
    ----------
    value : float
    what : str
        Its name, for the message.
    below_one : bool
        Whether all of it is too much, as of a loss.

    Returns
    -------
    float
        The value.

    Raises
    ------
    DataError
        If it is outside [0, 1], or [0, 1) with `below_one`.

    Examples
    --------
    >>> check_share(0.03, "soiling", below_one=True)
    0.03
    >>> check_share(3.0, "soiling", below_one=True)
    Traceback (most recent call last):
    geo.errors.DataError: soiling is 3: give a share from 0 to below 1; did you mean 0.03?
    """
    if 0 <= value < 1 or (value == 1 and not below_one):
        return value
    most = "below 1" if below_one else "1"
    hint = f"; did you mean {value / 100:g}?" if 1 <= value <= 100 else ""
    raise DataError(f"{what} is {value:g}: give a share from 0 to {most}{hint}")
