"""Which surfaces of a study are written, under which names and titles."""

from dataclasses import dataclass

from geo.publish.content import Content, ThemeView

__all__ = ["Surface", "listed", "made_of", "month_name"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Surface:
    """One raster file: `name` without ``.tif``; `role` tells how it is drawn.

    `role` is ``"criterion"``, ``"score"``, ``"score-high"``, ``"excluded"`` (reason bits, also
    those that only warn), ``"month"`` (of solar yield) or ``"relief"``; `theme` is None for the
    last two.
    """

    name: str
    role: str
    title: str
    unit: str
    note: str
    theme: ThemeView | None


def listed(content: Content) -> tuple[Surface, ...]:
    """Surfaces that a study has, theme by theme: score, exclusion, then the criteria.

    Parameters
    ----------
    content : Content

    Returns
    -------
    tuple of Surface
        A criterion without a surface is left out.
    """
    found = [surface for theme in content.themes for surface in _of_theme(theme)]
    found += [_of_month(month) for month in range(1, 13)]
    found.append(Surface("relief", "relief", "Relief", "m", "Height above the sea", None))
    return tuple(surface for surface in found if surface.name in content.surfaces)


def month_name(month: int) -> str:
    """Name of the surface of a month's solar yield, 1 to 12."""
    return f"solar-yield-{month:02d}"


def _of_month(month: int) -> Surface:
    title = f"Solar yield in {_MONTHS[month - 1]}"
    return Surface(month_name(month), "month", title, "%", "AC capacity factor", None)


def _of_theme(theme: ThemeView) -> list[Surface]:
    name = theme.id
    best = f"{theme.score_label}: highest that unknowns allow"
    return [
        Surface(f"{name}-score", "score", theme.score_label, "", theme.score_note, theme),
        Surface(f"{name}-score-high", "score-high", best, "", theme.score_note, theme),
        Surface(f"{name}-excluded", "excluded", "Excluded areas", "", "", theme),
        Surface(f"{name}-warned", "excluded", "Areas with a warning", "", "", theme),
        *(
            Surface(f"{name}-{c.id}", "criterion", c.title, c.unit, c.source, theme)
            for c in theme.criteria
        ),
    ]


def made_of(content: Content, surface: Surface) -> tuple[object, ...] | None:
    """All that the file of a surface and its style depend on; None where it is not known."""
    kin = content.kin
    if kin is None or surface.name not in kin.surfaces:
        return None
    rules = surface.theme.exclusions if surface.theme and surface.role == "excluded" else ()
    said = (surface.role, surface.title, surface.unit, surface.note, content.version)
    return kin.surfaces[surface.name], said, rules
