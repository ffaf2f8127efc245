"""Freight in the data of the page: how sure, by which borders, what closes it, what else."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.publish.content import TradeView
from geo.publish.safetext import plain

__all__ = ["trade_block"]

Json = dict[str, Any]

_WORST = 5


def trade_block(trade: TradeView) -> Json:
    """The block ``trade`` of the page's data.

    Parameters
    ----------
    trade : TradeView

    Returns
    -------
    dict
        ``reference`` (title of the reference market, or empty), ``words`` (titles of what can
        close) and ``sites``: by theme, site and country

        * ``range``: 5, 50 and 95 % quantiles of the drawn freight [USD per wet tonne],
        * ``dry``, ``payable``: per dry tonne and per tonne of payable content [USD/t],
        * ``share``: of the product's value [%],
        * ``near``, ``premium``, ``premiumShare``: freight to the reference market [USD/t], what a
          buyer must pay above the price there [USD/t] and [%],
        * ``kg``: CO2e of the hauls [kg per wet tonne],
        * ``borders``, ``ports``: texts with the share of the draws that goes by each,
        * ``closed``: the worst closures, ``[number of the title in words, kind, change in
          USD/t]``, the change null where no way is left,
        * ``missing``: why no way leads there, or empty.

        Unknown numbers are null.
    """
    if trade.freight.empty:
        return {"reference": "", "words": [], "sites": {}}
    words: dict[str, int] = {}
    closed = _worst(trade.closures, words)
    sites: Json = {}
    for row in trade.freight.to_dict("records"):
        theme, site, country = (plain(row[key]) for key in ("theme", "site_id", "country"))
        entry = _entry(row, closed.get((theme, site, country), []))
        sites.setdefault(theme, {}).setdefault(site, {})[country] = entry
    return {"reference": plain(trade.reference), "words": list(words), "sites": sites}


def _entry(row: Mapping[Any, Any], closed: list[list[Any]]) -> Json:
    return {
        "range": [_number(row[f"usd_per_t_{level}"]) for level in ("p05", "p50", "p95")],
        "dry": _number(row["usd_per_dry_t"]),
        "payable": _number(row["usd_per_payable_t"]),
        "share": _number(row["share_of_value_percent"]),
        "near": _number(row["reference_usd_per_t"]),
        "premium": _number(row["premium_usd_per_t"]),
        "premiumShare": _number(row["premium_percent"]),
        "kg": _number(row["kg_co2e_per_t"]),
        "borders": plain(row["borders"]),
        "ports": plain(row["ports"]),
        "closed": closed,
        "missing": plain(row["unreachable"]),
    }


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 2)


def _worst(
    closures: pd.DataFrame, words: dict[str, int]
) -> dict[tuple[str, str, str], list[list[Any]]]:
    """Worst closures of borders and ports, then of lines, by theme, site and country."""
    found: dict[tuple[str, str, str], list[list[Any]]] = {}
    for row in closures.to_dict("records"):
        key = (plain(row["theme"]), plain(row["site_id"]), plain(row["country"]))
        own = found.setdefault(key, [])
        if len(own) < _WORST:
            change = _number(row["change_usd_per_t"])
            title = words.setdefault(plain(row["title"]), len(words))
            own.append([title, plain(row["kind"]), change])
    return found
