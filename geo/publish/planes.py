"""Value scores of the criteria as small planes of bytes, from which the page makes a surface anew.

A plane holds one byte a pixel in the web map's projection: the value score in equal steps, 255
where it is unknown. Rows are written as differences from the row above and packed, so that a
browser needs no picture decoder, which may alter colours, to read the numbers.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.criteria.memberships import MEMBERSHIPS, Classes, Membership
from geo.criteria.points import Lookup, Piecewise
from geo.criteria.value_functions import ValueFunction
from geo.publish.content import Content, CriterionView, ThemeView
from geo.publish.overlay import Frame, mercator_frame, warped
from geo.publish.packed import packed, unpacked
from geo.publish.thinned import Thinned

__all__ = ["PLANE_BUDGET", "Drawn", "function_of", "pack", "planes", "unpack"]

Bytes = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float32]
Cells = npt.NDArray[np.intp]

PLANE_BUDGET: Final = 800_000
"""Characters that all planes together may take in the page, if there is room for them."""

UNKNOWN: Final = 255
_TRIAL: Final = 300
_SIZES: Final = (
    (1200, 250), (900, 100), (700, 100), (700, 50), (600, 50), (520, 50), (450, 50), (380, 50),
    (260, 50), (160, 25),
)  # fmt: skip
_SIZE_OF_STEPS: Final = {250: 1.25, 100: 1.0, 50: 0.8, 25: 0.65}
"""Width and number of steps, from the finest to the coarsest that is still of use."""


Drawn = tuple[list[str], dict[str, Any]]
"""Planes, each once, and the numbers of those that each theme uses."""

Keep = Callable[[object, Callable[[], Drawn]], Drawn]
"""Given what planes are drawn as and how, gives them; a run before may have drawn them."""


def _anew(_told: object, draw: Callable[[], Drawn]) -> Drawn:
    return draw()


def planes(
    content: Content, budget: int = PLANE_BUDGET, keep: Keep = _anew
) -> tuple[dict[str, Any] | None, dict[str, Any], list[str]]:
    """Planes of all themes at the finest size that keeps them within the budget.

    Parameters
    ----------
    content : Content
    budget : int
        Characters that they may take together.
    keep : callable, optional
        Given a size and what draws planes of it, gives the planes.

    Returns
    -------
    packed : dict or None
        ``width``, ``height``, ``levels``, ``bounds`` and the deflated planes; None where no
        theme has a surface.
    own : dict
        By theme: the number of its mask and of each criterion's plane, with the criterion's
        place.
    notes : list of str
        What was simplified, as a sentence.
    """
    themes = [theme for theme in content.themes if f"{theme.id}-score" in content.surfaces]
    if not themes:
        return None, {}, []
    thin = Thinned.of(content)
    source = _Source(content, thin)

    def drawn(frame: Frame, levels: int) -> Drawn:
        return keep((frame, levels), lambda: _drawn(themes, source, frame, levels))

    for width, levels in _candidates(content, drawn, budget):
        frame = mercator_frame(content.grid, min(width, content.grid.shape[1]))
        texts, own = drawn(frame, levels)
        if sum(map(len, texts)) <= budget:
            break
    else:
        return None, {}, ["Surfaces cannot be re-weighted in this page: they are too large for it."]
    west, south, east, north = frame.bounds
    tall, wide = frame.shape
    middle = np.cos(np.radians((south + north) / 2))
    side, cell = float(frame.pixel * middle) / 1000, thin.grid.resolution.x / 1000
    note = (
        f"Re-weighted surfaces are made of pixels of about {side:.1f} km and of value scores in "
        f"{levels} steps; the study's own have {cell:.1f} km."
    )
    bounds = [[south, west], [north, east]]
    made = {"width": wide, "height": tall, "levels": levels, "bounds": bounds, "packed": texts}
    return made, own, [note]


def _candidates(
    content: Content, drawn: Callable[[Frame, int], Drawn], budget: int
) -> list[tuple[int, int]]:
    """Sizes worth a try, the finest first: a small trial tells about how large each would be."""
    columns = content.grid.shape[1]
    frame = mercator_frame(content.grid, min(_TRIAL, columns))
    small = sum(map(len, drawn(frame, 100)[0]))
    found = [
        (width, levels)
        for width, levels in _SIZES
        if small * _SIZE_OF_STEPS[levels] * (min(width, columns) / frame.shape[1]) ** 1.6 <= budget
    ]
    return found or [_SIZES[-1]]


class _Source:
    """Value scores and masks of the thinned grid at the pixels of a frame.

    Surfaces are read anew for each frame: to keep them all would take more memory than
    anything else that is written.
    """

    def __init__(self, content: Content, thin: Thinned) -> None:
        self.content, self.thin = content, thin
        self._names: dict[str, str] = {}

    @cached_property
    def within(self) -> npt.NDArray[np.bool_]:
        """Cells of the region."""
        return self.thin.inside(self.content)

    def told(self, theme: ThemeView, criterion: CriterionView) -> str:
        """What the scores are made of; themes often share a surface and its value function."""
        name = f"{theme.id}-{criterion.id}"
        if name not in self._names:
            values = self.thin.pick(self.content.surfaces[name]).to_numpy()
            self._names[name] = f"{digest(values)} {sorted(criterion.shape.items())}"
        return self._names[name]

    def score(self, theme: ThemeView, criterion: CriterionView, cells: Cells) -> Scores:
        """Value scores of some cells."""
        values = self.thin.pick(self.content.surfaces[f"{theme.id}-{criterion.id}"]).to_numpy()
        return np.asarray(function_of(criterion.shape)(values.ravel()[cells]), dtype=np.float32)

    def mask(self, theme: ThemeView, cells: Cells) -> Bytes:
        """0 outside, 1 to be scored, 2 excluded."""
        found = self.within.ravel()[cells].astype(np.uint8)
        bits = self.content.surfaces.get(f"{theme.id}-excluded")
        if bits is not None:
            hard = sum(1 << rule.bit for rule in theme.exclusions if rule.effect == "exclude")
            words = np.nan_to_num(self.thin.pick(bits).to_numpy().ravel()[cells]).astype(np.int64)
            found[(found == 1) & ((words & hard) != 0)] = 2
        return found


def _drawn(themes: list[ThemeView], source: _Source, frame: Frame, levels: int) -> Drawn:
    """Planes of one size."""
    numbers: dict[str, int] = {}
    texts: list[str] = []
    warps: dict[str, Bytes] = {}
    shown, cells = _shown(source, frame)

    def number_of(plane: Bytes) -> int:
        told = digest(plane)
        if told not in numbers:
            numbers[told] = len(texts)
            texts.append(pack(plane))
        return numbers[told]

    def drawn(theme: ThemeView, criterion: CriterionView) -> Bytes:
        told = source.told(theme, criterion)
        if told not in warps:
            known = source.score(theme, criterion, cells)
            steps = np.round(np.nan_to_num(known) * levels)
            warps[told] = np.full(frame.shape, UNKNOWN, dtype=np.uint8)
            warps[told][shown] = np.where(np.isnan(known), UNKNOWN, steps)
        return warps[told]

    own: dict[str, Any] = {}
    for theme in themes:
        used = [
            (place, criterion)
            for place, criterion in enumerate(theme.criteria)
            if criterion.spatial and f"{theme.id}-{criterion.id}" in source.content.surfaces
        ]
        mask = np.zeros(frame.shape, dtype=np.uint8)
        mask[shown] = source.mask(theme, cells)
        places = [[place, number_of(drawn(theme, criterion))] for place, criterion in used]
        if places:
            own[theme.id] = {"mask": number_of(mask), "criteria": places}
    return texts, own


def _shown(source: _Source, frame: Frame) -> tuple[npt.NDArray[np.bool_], Cells]:
    """Pixels of a frame that show the region, and the cell of the thinned grid behind each."""
    grid = source.thin.grid
    every = np.arange(source.within.size, dtype=np.int32).reshape(source.within.shape)
    behind = np.asarray(warped(np.where(source.within, every, -1), grid, frame, -1))
    shown = behind >= 0
    return shown, behind[shown].astype(np.intp)


def function_of(shape: Mapping[str, Any]) -> ValueFunction:
    """Make a value function from the plain data that `to_dict` gives of it.

    Examples
    --------
    >>> function_of(Piecewise([(0, 1.0), (10, 0.0)], unit="km").to_dict())
    Piecewise([(0.0, 1.0), (10.0, 0.0)], unit='km', log=False)
    """
    kind, unit = str(shape["kind"]), str(shape.get("unit", ""))
    if kind == "lookup":
        return Lookup(dict(shape["points"]))
    if kind == "classes":
        return Classes(shape["breaks"], shape["scores"], unit=unit)
    if kind in MEMBERSHIPS:
        numbers = {k: v for k, v in shape.items() if k not in ("kind", "points", "unit")}
        return Membership(kind, unit=unit, **numbers)
    points = [(float(x), float(score)) for x, score in shape["points"]]
    return Piecewise(points, unit=unit, log=kind == "log")


def digest(values: npt.NDArray[np.generic]) -> str:
    """Tell arrays apart by their bytes."""
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=16).hexdigest()


def pack(plane: Bytes) -> str:
    """Write a plane as text: row differences, packed.

    Parameters
    ----------
    plane : (rows, columns) uint8

    Returns
    -------
    str

    Examples
    --------
    >>> unpack(pack(np.array([[1, 2], [1, 3]], np.uint8)), 2).tolist()
    [[1, 2], [1, 3]]
    """
    steps = plane.copy()
    steps[1:] -= plane[:-1]
    return packed(steps.tobytes())


def unpack(text: str, columns: int) -> Bytes:
    """Read what `pack` wrote."""
    steps = np.frombuffer(unpacked(text), np.uint8).reshape(-1, columns)
    return np.cumsum(steps, axis=0, dtype=np.uint8)
