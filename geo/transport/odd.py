"""What looks odd about a network but can be used: told, not raised."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from geo.transport.tables import geodesic_km

__all__ = ["CHECKS", "crow_km", "oddities"]

CHECKS = ("short", "drawn", "published", "dates", "gauges", "parts", "assumed")
"""Charged for less than the straight line; drawn much longer or shorter than charged; other
than the published length; dates that gainsay the status; gauges that meet without a yard; parts
that nothing joins; assumed."""

_DRAWN_SHARE = 0.25
_PUBLISHED_SHARE = 0.01
# Ways over the sea depend on the strait and the berth.
_SEA_SHARE, _SEA_KM = 0.05, 60.0
_NAMED = 8


def oddities(nodes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """List what looks odd.

    Parameters
    ----------
    nodes, links : DataFrame
        Of a `geo.transport.network.Network`.

    Returns
    -------
    DataFrame
        ``check`` (one of `CHECKS`), ``where`` (a link, a place or several) and ``says``, in the
        order of the checks.
    """
    found = [
        *_short(nodes, links),
        *_differs(links, "drawn", "geometry_km", _drawn_otherwise(links), "drawn over"),
        *_differs(links, "published", "published_km", _not_as_published(links), "published as"),
        *_dates(links),
        *_joins(nodes, links),
        *_parts(nodes, links),
        *_assumed(links),
    ]
    return pd.DataFrame(found, columns=["check", "where", "says"])


def crow_km(nodes: pd.DataFrame, links: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Great-circle distance between the ends of links [km], on the ellipsoid."""
    a, b = (nodes.index.get_indexer(pd.Index(links[end])) for end in ("from", "to"))
    places = nodes[["lon", "lat"]].to_numpy(np.float64)
    return geodesic_km(places[a], places[b])


Finding = tuple[str, str, str]


def _named(link: dict[str, object]) -> str:
    return f"{link['from']}-{link['to']} ({link['mode']})"


def _rows(links: pd.DataFrame, odd: "npt.NDArray[np.bool_]") -> Iterator[dict[str, object]]:
    for row in np.flatnonzero(odd):
        yield {str(key): value for key, value in links.iloc[row].to_dict().items()}


def _short(nodes: pd.DataFrame, links: pd.DataFrame) -> Iterator[Finding]:
    apart = crow_km(nodes, links)
    odd = links["tariff_km"].to_numpy() < apart
    for link, km in zip(_rows(links, odd), apart[odd], strict=True):
        yield (
            "short",
            _named(link),
            f"link {_named(link)} is charged for {link['tariff_km']:g} km, its ends lie "
            f"{km:.1f} km apart",
        )


def _drawn_otherwise(links: pd.DataFrame) -> "npt.NDArray[np.bool_]":
    share = links["geometry_km"].to_numpy() / links["tariff_km"].to_numpy() - 1
    return np.asarray(np.abs(share) > _DRAWN_SHARE)


def _not_as_published(links: pd.DataFrame) -> "npt.NDArray[np.bool_]":
    """Lengths off the published one: to 1 % on land, at sea by more than 5 % and 60 km."""
    published, sea = links["published_km"].to_numpy(), (links["mode"] == "sea").to_numpy()
    off = np.abs(links["tariff_km"].to_numpy() - published)
    far = off > np.where(sea, _SEA_SHARE, _PUBLISHED_SHARE) * published
    return np.asarray(far & (~sea | (off > _SEA_KM)))


def _dates(links: pd.DataFrame) -> Iterator[Finding]:
    """Links in operation that are yet to open, and those not built that have been opened."""
    runs = links["status"] == "operating"
    unbuilt = links["status"].isin(["planned", "under construction"])
    odd = (runs & (links["due"] != "")) | (unbuilt & (links["opened"] != ""))
    for link in _rows(links, odd.to_numpy(np.bool_)):
        said = f"due in {link['due']}" if link["due"] else f"opened in {link['opened']}"
        yield "dates", _named(link), f"link {_named(link)} is {link['status']} and was {said}"


def _differs(
    links: pd.DataFrame, check: str, column: str, odd: "npt.NDArray[np.bool_]", says: str
) -> Iterator[Finding]:
    """Links whose length in a column is off the charged one."""
    for link in _rows(links, odd):
        yield (
            check,
            _named(link),
            f"link {_named(link)} is {says} {link[column]:g} km and charged for "
            f"{link['tariff_km']:g} km",
        )


def _joins(nodes: pd.DataFrame, links: pd.DataFrame) -> Iterator[Finding]:
    """Places where railways without a common gauge meet and no yard changes them."""
    rail = links[(links["mode"] == "rail") & links["open"]]
    meeting = pd.concat(
        [rail[["from", "gauges"]].rename(columns={"from": "at"}),
         rail[["to", "gauges"]].rename(columns={"to": "at"})]
    ).drop_duplicates()  # fmt: skip
    several = meeting[meeting["at"].duplicated(keep=False)]
    yards = dict(zip(nodes.index, nodes["gauges"], strict=True)) if len(several) else {}
    for place, own in several.groupby("at", sort=False)["gauges"]:
        sets = [set(gauges) for gauges in own]
        every = set[int]().union(*sets)
        if not set.intersection(*sets) and not every <= set(yards[place]):
            text = " and ".join(str(gauge) for gauge in sorted(every, reverse=True))
            yield (
                "gauges",
                str(place),
                f"gauges {text} mm meet at {place}, which has no yard for both",
            )


def _parts(nodes: pd.DataFrame, links: pd.DataFrame) -> Iterator[Finding]:
    used = links[links["open"]]
    tail, head = (nodes.index.get_indexer(pd.Index(used[end])) for end in ("from", "to"))
    size = len(nodes)
    matrix = scipy.sparse.coo_array((np.ones(len(used), np.int8), (tail, head)), shape=(size, size))
    _, part = scipy.sparse.csgraph.connected_components(matrix, directed=False)
    count = np.bincount(part)
    # The largest part is the network, of equal ones the last.
    main = len(count) - 1 - int(np.argmax(count[::-1]))
    order = np.argsort(part, kind="stable")
    begins = np.concatenate([[0], np.cumsum(count)])
    apart = [k for k in np.argsort(count, kind="stable") if k != main]
    for k in apart:
        yield "parts", *_apart([str(n) for n in nodes.index[order[begins[k] : begins[k + 1]]]])


def _apart(names: Sequence[str]) -> tuple[str, str]:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    text = f"{', '.join(names[:_NAMED])}{more}"
    return text, f"not joined to the rest by open links: {text}"


def _assumed(links: pd.DataFrame) -> Iterator[Finding]:
    for link in _rows(links, links["assumed"].to_numpy(np.bool_)):
        yield (
            "assumed",
            _named(link),
            f"road {link['from']}-{link['to']} is assumed: {link['source']}",
        )
