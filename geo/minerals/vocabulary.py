"""The words in which deposit records agree: types, statuses, categories of a quantity.

Registers say "Porphyry Cu-Mo (model 21a)", "porphyry/greisen Mo" or "эрдэсжилт". A record keeps
that text and has beside it one word of a short list, so that deposits can be held against
their kind. What the list has no word for stays without one: unknown is not "other".

Numbers of deposit models are those of Cox and Singer (1986), *Mineral deposit models*, U.S.
Geological Survey Bulletin 1693, doi:10.3133/b1693.
"""

import re
from typing import NamedTuple

__all__ = [
    "CATEGORIES",
    "DEPOSIT_TYPES",
    "STATUSES",
    "DepositType",
    "category",
    "deposit_type",
    "status",
    "tidy",
]


class DepositType(NamedTuple):
    """A kind of deposit.

    Attributes
    ----------
    term : str
        The word of the list; empty where the text names no kind.
    group : str
        What several kinds have in common, such as ``"porphyry"``.
    model : str
        Number of the model of Cox and Singer (1986); empty where they have none.
    doubtful : bool
        The text names several kinds, or doubts the one that it names.
    """

    term: str
    group: str = ""
    model: str = ""
    doubtful: bool = False


# Term, group, model, pattern: the first pattern that the text holds decides, so that the more
# special stand before the more general.
_TYPES: tuple[tuple[str, str, str, str], ...] = (
    ("porphyry Cu-Au", "porphyry", "20c", r"porphyry cu-au"),
    ("porphyry Cu-Mo", "porphyry", "21a", r"porphyry cu-mo"),
    ("porphyry Mo", "porphyry", "21b", r"porphyry(?:/greisen)? mo\b|climax"),
    ("porphyry Sn", "porphyry", "20a", r"porphyry sn"),
    ("porphyry Cu", "porphyry", "17", r"porphyry"),
    ("tungsten skarn", "skarn", "14a", r"skarn(?:/greisen)? w\b|(?:tungsten|w) skarn"),
    ("copper skarn", "skarn", "18b", r"skarn (?:au-)?cu\b|(?:copper|cu) skarn"),
    ("zinc-lead skarn", "skarn", "18c", r"skarn (?:zn|pb)|(?:zn-pb|zinc-lead|zn|pb) skarn"),
    ("iron skarn", "skarn", "18d", r"skarn fe|(?:iron|fe) skarn"),
    ("skarn", "skarn", "", r"skarn"),
    ("carbonatite", "alkaline", "10", r"carbonatite"),
    (
        "peralkaline rare earths",
        "alkaline",
        "",
        r"peralkaline|alkaline granite|nepheline syenite|alkaline complex",
    ),
    (
        "rare-metal granite",
        "granite",
        "",
        r"rare-metal granite|metasomatic ta|pegmatite be|non-peg",
    ),
    ("pegmatite", "granite", "", r"pegmatit"),
    ("tin greisen", "granite", "15c", r"greisen.*\bsn\b|tin greisen"),
    ("tungsten vein", "vein", "15a", r"greisen.*\bw\b|\bvein w\b|\bw vein|tungsten vein"),
    ("tin vein", "vein", "15b", r"hydrothermal sn|\bvein sn\b|tin vein"),
    ("fluorspar vein", "vein", "", r"fluorite|fluorspar"),
    ("antimony vein", "vein", "27d", r"simple sb|simple antimony"),
    ("polymetallic vein", "vein", "22c", r"polymetallic vein|vein (?:ag|pb|zn)|(?:ag|pb)-\w+ vein"),
    ("epithermal quartz-alunite Au", "epithermal", "25e", r"high-sul[fp]hidation|quartz-alunite"),
    ("epithermal", "epithermal", "", r"epithermal|hot-spring au|sulphidation|sulfidation"),
    (
        "low-sulfide Au-quartz vein",
        "gold",
        "36a",
        r"orogenic|\bvein au\b|low-sulfide au|mesothermal",
    ),
    ("placer", "placer", "", r"placer|alluvial"),
    (
        "volcanogenic massive sulfide",
        "massive sulfide",
        "28a",
        r"\bvms\b|kuroko|volcanogenic massive",
    ),
    ("magmatic Ni-Cu", "magmatic", "7a", r"magmatic ni"),
    ("podiform chromite", "magmatic", "8a", r"podiform c"),
    ("basaltic Cu", "sediment-hosted", "23", r"basaltic"),
    ("sediment-hosted Cu", "sediment-hosted", "30b", r"sediment-hosted cu|stratabound cu"),
    (
        "sedimentary exhalative Zn-Pb",
        "sediment-hosted",
        "31a",
        r"sedex|exhalative|sediment-hosted zn",
    ),
    ("sandstone U", "uranium", "30c", r"sandstone.* u\b|sandstone u"),
    ("volcanogenic U", "uranium", "25f", r"volcan\w+(?:-hosted)? u\b"),
    ("phosphorite", "sedimentary", "34c", r"phosphor"),
    ("sedimentary Mn", "sedimentary", "34b", r"sedimentary mn"),
    ("black shale V", "sedimentary", "", r"black shale"),
    ("zeolite", "sedimentary", "", r"zeolite"),
    ("coal", "coal", "", r"coal|lignite"),
)
DEPOSIT_TYPES = tuple(DepositType(term, group, model) for term, group, model, _ in _TYPES)
"""Every kind of the list, the special before the general."""

_DOUBT = re.compile(r"doubtful|\?| / |listed under")

_STATUSES = {
    "producing": r"^produc(?:er|ing|tion)|^operating|^mine$|олборлож",
    "development": r"develop|construct",
    "feasibility": r"feasib",
    "exploration": r"explor|prospect|advanced|хайгуул",
    "occurrence": r"occurrence|showing|илрэл|эрдэсжилт",
    "past producer": r"past producer|closed|abandon|depleted|хаагдсан",
    "plant": r"^plant$",
}
STATUSES = tuple(_STATUSES)
"""Stages of a deposit's life; a plant is no deposit."""


class _Category(NamedTuple):
    rank: int
    pattern: str


# From the surest down. Joined classes rank as their weaker part; the letters are those of the
# Soviet scheme, whose A, B and C1 are explored reserves and whose P is a forecast.
_CATEGORIES: dict[str, _Category] = {
    "proven and probable reserve": _Category(2, r"prove[nd].*probable|\b2p\b|^reserves?$"),
    "proven reserve": _Category(1, r"prove[nd]"),
    "probable reserve": _Category(3, r"probable"),
    "measured, indicated and inferred": _Category(9, r"meas.*ind.*inf|m\+i\+i"),
    "measured and indicated": _Category(5, r"measured.*indicated|m\+i\b"),
    "indicated and inferred": _Category(8, r"indicated.*inferred"),
    "measured": _Category(4, r"measured"),
    "indicated": _Category(6, r"indicated"),
    "inferred": _Category(7, r"inferred"),
    "A+B+C1": _Category(10, r"a\s*\+\s*b(?:\s*\+\s*c1?)?|b\s*\+\s*c1?\b|^[ab]$|^c1$"),
    "C2": _Category(11, r"^c2$|c1\s*\+\s*c2"),
    "P": _Category(13, r"^p[123]?$|forecast|prognos"),
    "historical": _Category(12, r"histor"),
}
CATEGORIES = (*sorted(_CATEGORIES, key=lambda term: _CATEGORIES[term].rank), "not stated")
"""Categories of a quantity, the surest first. Quantities of two of them are never added."""


def deposit_type(text: object) -> DepositType:
    """Read the kind of a deposit out of a register's words.

    Parameters
    ----------
    text : object
        Such as ``"Porphyry Cu-Mo (21a)"``; missing values and texts of no known kind have no
        term.

    Returns
    -------
    DepositType

    Examples
    --------
    >>> deposit_type("porphyry Cu-Mo")
    DepositType(term='porphyry Cu-Mo', group='porphyry', model='21a', doubtful=False)
    >>> deposit_type("porphyry Cu / skarn").doubtful, deposit_type("igneous").term
    (True, '')
    """
    said = _plain(text)
    doubtful = bool(_DOUBT.search(said))
    for term, group, model, pattern in _TYPES:
        if re.search(pattern, said):
            return DepositType(term, group, model, doubtful)
    return DepositType("")


def status(text: object) -> str:
    """Read the stage of a deposit's life, one of :data:`STATUSES`, empty where it is not said.

    Examples
    --------
    >>> status("Past Producer"), status("Prospect"), status("Unknown")
    ('past producer', 'exploration', '')
    """
    said = _plain(text)
    order = ("past producer", *(term for term in _STATUSES if term != "past producer"))
    return next((term for term in order if re.search(_STATUSES[term], said)), "")


def category(text: object) -> str:
    """Read the category of a quantity, one of :data:`CATEGORIES`.

    Examples
    --------
    >>> category("Measured + Indicated"), category("B+C, remaining"), category(None)
    ('measured and indicated', 'A+B+C1', 'not stated')
    """
    said = _plain(text)
    found = (term for term, entry in _CATEGORIES.items() if re.search(entry.pattern, said))
    return next(found, "not stated")


def tidy(value: object) -> str:
    """Text with single spaces and none around it; missing values are empty.

    Examples
    --------
    >>> tidy("  Oyu   Tolgoi "), tidy(float("nan"))
    ('Oyu Tolgoi', '')
    """
    return "" if value is None or value != value else " ".join(str(value).split())


def _plain(text: object) -> str:
    return tidy(text).casefold()
