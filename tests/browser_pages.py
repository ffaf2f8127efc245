"""Pages in Debian's Chromium, with the network cut off, for the tests that look at the web map."""

import dataclasses
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.publish.content import Content, MethodView, ThemeView
from geo.scoring.combination import Combination
from geo.scoring.unknowns import UNKNOWN, score_places

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.violations.push(e.violatedDirective + e.blockedURI));
window.broken = [];
window.addEventListener("error", (e) =>
  window.broken.push(String(e.message || e.target.src)), true);
"""


class Visit:
    """One page, and all that it asked for and complained about."""

    def __init__(self, browser: Any, path: Path, options: dict[str, Any]) -> None:
        self.requests: list[str] = []
        self.console: list[str] = []
        context = browser.new_context(**options)
        context.set_offline(True)
        self.page = context.new_page()
        self.page.add_init_script(VIOLATIONS)
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.console.append(m.text))
        self.page.on("pageerror", lambda e: self.console.append(str(e)))
        self.page.on("dialog", lambda d: (self.console.append("dialog"), d.dismiss()))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".site-mark, .count, .pad", state="attached")

    def is_quiet(self, path: Path) -> None:
        fetched = [u for u in self.requests if u != path.as_uri() and not u.startswith("data:")]
        assert fetched == []
        assert self.console == []
        assert self.page.evaluate("window.violations") == []
        assert self.page.evaluate("window.broken") == []
        missing = "[...document.images].filter((i) => !i.complete || !i.naturalWidth).length"
        assert self.page.evaluate(missing) == 0


def summed(content: Content) -> Content:
    """The sample with scores that are the sums of their contributions, as a study's are."""
    themes = []
    for theme in content.themes:
        known = theme.criteria_table.copy()
        known["value_score"] = [
            None if q == "unknown" else 0.95 - 0.03 * (n % 30)
            for n, q in enumerate(known["quality"])
        ]
        known["value_score"] = known["value_score"].astype(float)
        known["contribution"] = known["value_score"] * known["weight"]
        sums = known.groupby("site_id")["contribution"].sum()
        sites = theme.sites.copy()
        sites["score"] = sites["site_id"].map(sums).where(sites["status"] == "ranked")
        sites["rank"] = sites["score"].rank(ascending=False, method="first")
        themes.append(dataclasses.replace(theme, sites=sites, criteria_table=known))
    return dataclasses.replace(content, themes=tuple(themes))


def scored_theme(
    like: ThemeView,
    name: str,
    method: str = "weighted-sum",
    unknown: str = "lower",
    *,
    sites: int = 30,
    criteria: int = 5,
    seed: int = 1,
    **options: object,
) -> ThemeView:
    """A theme whose sites are scored by `geo.scoring` from values drawn at random, some unknown."""
    draw = np.random.default_rng(seed)
    known = np.round(draw.random((sites, criteria)), 6)
    known[draw.random(known.shape) < 0.15] = np.nan
    known[0], known[1] = 0.5, [0.0] + [0.9] * (criteria - 1)
    weights = np.round(draw.random(criteria) + 0.05, 3)
    combination = Combination(method, options)
    shares = combination.shares(weights)
    found = score_places(known, shares, combination, unknown=unknown)
    ids = [f"{name}-{k}" for k in range(sites)]
    ranked = ~np.isnan(found.score)
    frame = gpd.GeoDataFrame(
        {
            "rank": pd.array(np.where(ranked, found.rank, np.nan), dtype="Float64"),
            "site_id": ids,
            "name": [f"Site {k} of {name}" for k in range(sites)],
            "lon": np.round(100.5 + 9.5 * draw.random(sites), 5),
            "lat": np.round(44.5 + 4.0 * draw.random(sites), 5),
            "status": np.where(ranked, "ranked", "unknown"),
            "excluded_by": None,
            "score": found.score,
            "warnings": "",
            "province": "Somewhere",
        },
    )
    frame = frame.set_geometry(gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)
    columns = [
        dataclasses.replace(
            like.criteria[0], id=f"c{k}", title=f"Criterion {k}", unit="km", weight=float(share),
            worst="1000 km", best="0 km", spatial=False,
        )
        for k, share in enumerate(shares)
    ]  # fmt: skip
    table = pd.DataFrame(
        {
            "site_id": np.repeat(ids, criteria),
            "criterion": [c.id for c in columns] * sites,
            "value": 1000.0 * (1 - known.ravel()),
            "unit": "km",
            "value_score": known.ravel(),
            "weight": np.tile(shares, sites),
            "contribution": found.contributions.ravel(),
            "quality": np.where(np.isnan(known.ravel()), "unknown", "measured"),
            "source": "drawn at random",
        }
    )
    about = combination.about
    return dataclasses.replace(
        like,
        id=name,
        title=name,
        criteria=tuple(columns),
        omitted=(),
        exclusions=(),
        sites=frame,
        criteria_table=table,
        method=MethodView(
            method, about.title, about.says, unknown, UNKNOWN[unknown], "", about.weighted,
            about.local and about.weighted, about.adds_up, (), options,
        ),
    )  # fmt: skip
