"""What is odd about the network of a study, among the findings of its layers."""

from collections.abc import Mapping

import pandas as pd

from geo.catalogue.findings import Finding
from geo.study.ground import ground_of
from geo.study.trade import network_of
from geo.study.workbench import Workbench
from geo.transport.odd import CHECKS, oddities

__all__ = ["network_findings"]

_SAID: Mapping[str, str] = {
    "short": "charged for less than the straight line",
    "drawn": "drawn more than a quarter longer or shorter than charged",
    "published": "charged for another length than published",
    "dates": "with dates that gainsay the status",
    "gauges": "where gauges meet without a yard",
    "parts": "not joined to the rest by open links",
    "assumed": "assumed",
}


def network_findings(bench: Workbench) -> tuple[Finding, ...]:
    """Count what looks odd about the network, a warning for each check that found something.

    Parameters
    ----------
    bench : Workbench

    Returns
    -------
    tuple of Finding
        Of the layer of links; none without a network.
    """
    spec = bench.recipe.transport
    if spec is None:
        return ()
    key = bench.key(__name__, bench.recipe.layer_ids(), ground_of(bench.recipe))
    found = bench.once(key, lambda: _oddities(bench))
    file = bench.catalogue[spec.links].path.name
    return tuple(
        Finding(
            spec.links,
            "warning",
            f"{file}: {len(own)} {_SAID[check]} ({own['where'].iloc[0]}"
            f"{' and others' if len(own) > 1 else ''})",
            code=f"network-{check}",
            fix="lodemap network tells of each",
            count=len(own),
        )
        for check in CHECKS
        if len(own := found[found["check"] == check])
    )


def _oddities(bench: Workbench) -> pd.DataFrame:
    network = network_of(bench)
    return oddities(network.nodes, network.links)
