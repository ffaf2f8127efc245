"""Models of where else deposits may lie: known deposits, evidence, and how they are joined."""

import math

from geo.recipe.measures import MEASURES
from geo.recipe.parse_criterion import measure_of
from geo.recipe.reader import Table
from geo.recipe.schema import EvidenceSpec, ProspectivitySpec

__all__ = ["METHODS", "prospectivity_of"]

METHODS = ("weights-of-evidence", "logistic", "forest", "boosting")
"""Ways from evidence to a probability."""


def prospectivity_of(table: Table) -> ProspectivitySpec:
    """Read ``[[prospectivity]]``."""
    spec = ProspectivitySpec(
        id=table.slug("id"),
        title=table.text("title"),
        layer=table.text("deposits"),
        where=table.where(),
        method=table.choice("method", METHODS, METHODS[0]),
        evidence=table.each("evidence", _evidence),
        block=table.positive("block", "m", "50 km"),
        folds=table.whole("folds", 5, least=2),
        background=table.whole("background", 10_000, least=5),
        allow_leakage=table.flag("allow_leakage", default=False),
        source=table.text("source"),
        line=table.line,
    )
    if not spec.evidence:
        table.document.report(table.path, "a model needs evidence: [[prospectivity.evidence]]")
    table.document.unique([(item.id, item.line) for item in spec.evidence], "evidence")
    _check(table, spec)
    return spec


def _evidence(table: Table) -> EvidenceSpec:
    free = [name for name, one in MEASURES.items() if one.spatial and one.needs is None]
    measure, unit = measure_of(table, table.choice("measure", free))
    breaks = table.take("breaks", [])
    cuts = [table.convert("breaks", one, unit) for one in breaks if isinstance(breaks, list)]
    if cuts != sorted(set(cuts)) or any(math.isnan(cut) for cut in cuts):
        table.report("breaks", f"breaks must rise, found {breaks}")
    return EvidenceSpec(
        id=table.slug("id"),
        title=table.text("title"),
        measure=measure,
        unit=unit,
        breaks=tuple(cuts),
        favours=table.choice("favours", ("low", "high"), "low"),
        source=table.text("source"),
        line=table.line,
    )


def _check(table: Table, spec: ProspectivitySpec) -> None:
    for item in spec.evidence:
        if spec.method == METHODS[0] and not item.breaks:
            said = f"evidence {item.id!r} needs breaks: weights of evidence compare classes"
            table.document.problems.append((item.line, said))
        if item.measure.layer == spec.layer and not spec.allow_leakage:
            said = (
                f"evidence {item.id!r} is made from the deposits themselves and would foretell "
                "only what is known: take another layer, or say allow_leakage = true"
            )
            table.document.problems.append((item.line, said))
