"""What is found out about a layer: faults that refuse it, repairs and warnings.

Readers say what they find in one of two ways. `refuse` makes the error that ends the reading;
`note` sends a repair or a warning along with the layer, as a Python warning that carries the
finding, so that a script sees it, and `gathered` collects it for reports and maps.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from geo.errors import LayerError, LodemapError, LodemapWarning

__all__ = [
    "LEVELS",
    "Finding",
    "LayerWarning",
    "gathered",
    "note",
    "overheard",
    "refuse",
    "worst",
]

LEVELS = ("error", "repair", "warning")
"""Levels of a finding, the gravest first."""

_STATUS = {"error": "refused", "repair": "repaired", "warning": "warning"}


@dataclass(frozen=True)
class Finding:
    """One thing found out about a layer.

    `id` is the layer's id or file name, `level` one of `LEVELS`, `code` a short fixed name for
    programs (``"crs-missing"``), `message` one sentence that names the file, what was found and
    what to do, `fix` the mend alone, `count` how many features, rows or cells it concerns.
    """

    id: str
    level: str
    message: str
    code: str = ""
    fix: str = ""
    count: int = 1

    @property
    def sentence(self) -> str:
        """The message without the folder of the file that it begins with.

        Examples
        --------
        >>> Finding("a", "warning", "/home/me/a.tif: is small: check it").sentence
        'a.tif: is small: check it'
        """
        place, sign, rest = self.message.partition(": ")
        return f"{Path(place).name}: {rest}" if sign else self.message

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it."""
        found = asdict(self)
        del found["id"]
        return found


class LayerWarning(LodemapWarning):
    """A repair or a warning about a layer; `finding` holds it as data."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def refuse(
    where: Path | str, code: str, what: str, fix: str, *, error: type[LodemapError] = LayerError
) -> LodemapError:
    """Make the error that refuses a layer; the caller raises it.

    Parameters
    ----------
    where : Path or str
        The file, or the address of a table without credentials.
    code : str
        Short fixed name of the fault.
    what : str
        What was found, and what was required, without a full stop.
    fix : str
        What mends it, beginning with a verb.
    error : type, optional
        Class of the error.

    Returns
    -------
    LodemapError

    Examples
    --------
    >>> print(refuse("a.tif", "crs-missing", "has no CRS", "write the CRS into the file"))
    a.tif: has no CRS: write the CRS into the file
    """
    return error(f"{where}: {what}: {fix}", code=code, fix=fix)


def note(
    where: Path | str, level: str, code: str, what: str, fix: str = "", *, count: int = 1
) -> None:
    """Send a repair or a warning along with a layer.

    Parameters
    ----------
    where : Path or str
    level : {"repair", "warning"}
    code, what, fix : str
        As in `refuse`; a repair says in `what` what was changed and how often.
    count : int, optional
        How many features, rows or cells it concerns.

    Examples
    --------
    >>> with gathered("towns") as found:
    ...     note("towns.csv", "repair", "geometry-invalid", "2 of 9 geometries mended", count=2)
    >>> found[0].level, found[0].count
    ('repair', 2)
    """
    message = f"{where}: {what}: {fix}" if fix else f"{where}: {what}"
    finding = Finding(Path(str(where)).name, level, message, code, fix, count)
    warnings.warn(LayerWarning(finding), stacklevel=4)


@contextmanager
def gathered(identifier: str) -> Iterator[list[Finding]]:
    """Collect the findings of the readers that run inside.

    A `LodemapError` raised inside becomes a finding too and ends the block; other errors pass.

    Parameters
    ----------
    identifier : str
        Id that the findings get.

    Yields
    ------
    list of Finding
        Complete once the block has ended: in the order of their notice, an error last.
    """
    found: list[Finding] = []
    error: LodemapError | None = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LodemapWarning)
        try:
            yield found
        except LodemapError as raised:
            error = raised
    for one in caught:
        if isinstance(one.message, LayerWarning):
            said = one.message.finding
            found.append(
                Finding(identifier, said.level, said.message, said.code, said.fix, said.count)
            )
        elif issubclass(one.category, LodemapWarning):
            found.append(Finding(identifier, "warning", str(one.message)))
    if error is not None:
        found.append(Finding(identifier, "error", str(error), error.code, error.fix))


@contextmanager
def overheard(identifier: str, found: list[Finding]) -> Iterator[None]:
    """Take down the repairs and warnings of a layer on their way to whoever reads it.

    Parameters
    ----------
    identifier : str
        Id that the findings get.
    found : list of Finding
        Gets those that it does not hold yet; the warnings go on as warnings.

    Examples
    --------
    >>> kept = []
    >>> with gathered("all") as heard, overheard("towns", kept):
    ...     note("towns.csv", "warning", "empty", "has no rows")
    >>> kept[0].id, heard[0].id
    ('towns', 'all')
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LodemapWarning)
        yield
    for one in caught:
        if isinstance(one.message, LayerWarning):
            finding = replace(one.message.finding, id=identifier)
            if finding not in found:
                found.append(finding)
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def worst(findings: Sequence[Finding]) -> str:
    """Status of a layer by its gravest finding.

    Examples
    --------
    >>> worst([]), worst([Finding("a", "warning", "")]), worst([Finding("a", "error", "")])
    ('ok', 'warning', 'refused')
    """
    levels = {finding.level for finding in findings}
    return next((_STATUS[level] for level in LEVELS if level in levels), "ok")
