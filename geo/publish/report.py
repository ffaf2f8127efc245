"""The report that goes to a committee: printable A4, a page a site, nothing from the network.

Text goes in escaped and the page runs no script; maps and charts are inline SVG with the
colours that the web map and QGIS have. The base map is drawn once and shown on every page.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from geo.publish import basemap
from geo.publish.basemap import Shape, extent_of
from geo.publish.content import Content, CriterionView, ProjectView, ThemeView
from geo.publish.labels import translator
from geo.publish.payload import countries_of, sites_of
from geo.publish.safetext import as_html, known, number, plain
from geo.publish.stillmap import StillMap, mode_kind
from geo.publish.texts import LANGUAGE, texts
from geo.publish.tokens import LIGHT, ROUTES
from geo.publish.vendored import asset

__all__ = ["report"]

Row = Mapping[Any, Any]

_FIRST = 5
_BAR = 180
_IN_PER_CENT = ("rate", "capacity_factor", "grant")
_FACTS = (
    ("quantity", "resource_mt", " Mt"),
    ("grade", "grade", ""),
    ("contained", "contained_kt", " kt"),
    ("category", "category", ""),
    ("year", "year", ""),
    ("status", "stage", ""),
    ("type", "deposit_type", ""),
    ("operator", "operator", ""),
    ("source", "source", ""),
)


def report(
    content: Content,
    *,
    language: str = LANGUAGE,
    sites: int = 3,
    shapes: Sequence[Shape] | None = None,
) -> str:
    """Write the report of a study as one HTML page for print.

    Parameters
    ----------
    content : Content
        A finished study.
    language : str, optional
        Of the report's own words, and of those of the study's that it has labels for.
    sites : int, optional
        How many sites of each theme get a page of their own.
    shapes : sequence of Shape, optional
        The map's base, where it is at hand.

    Returns
    -------
    str
        The page, without scripts and addresses.

    Raises
    ------
    OutputError
        If there are no texts of the language.
    """
    words = _Words(texts(language, "report"), texts(LANGUAGE, "report"))
    extent = extent_of(content)
    if shapes is None:
        shapes = content.once(
            basemap.__name__, ("shapes", extent), lambda: basemap.shapes(content, extent)
        )
    made = _Report(content, words, StillMap(shapes, extent), content.labels.get(language, {}))
    pages = [made.summary(), *(made.ranking(theme) for theme in content.themes)]
    for theme in content.themes:
        pages += [made.site(theme, row) for row in _ranked(theme).head(sites).to_dict("records")]
    pages += [made.method(), made.sources()]
    body = "".join(f'<section class="page">{page}</section>' for page in pages)
    style = f"{_tokens(content)}{asset('report.css')}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    return (
        f'<!DOCTYPE html><html lang="{as_html(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{as_html(content.title)}</title><style>{style}</style>"
        f"</head><body>{made.base()}<main>{body}</main></body></html>"
    )


class _Words:
    """Texts of a language, English where it lacks one."""

    def __init__(self, own: Mapping[str, Any], english: Mapping[str, Any]) -> None:
        self._own = {**english, **own}

    def __call__(self, key: str, **given: object) -> str:
        text = str(self._own[key])
        for name, value in given.items():
            text = text.replace(f"{{{name}}}", plain(value))
        return as_html(text)


class _Report:
    def __init__(
        self, content: Content, words: _Words, still: StillMap, labels: Mapping[str, str]
    ) -> None:
        self.content, self.words, self.still = content, words, still
        self.said = translator(labels)
        names = countries_of(content)
        self.countries = {code: self.said(name) for code, name in names.items()}

    def base(self) -> str:
        """The base map, once, for all pages to show."""
        base = self.still.kept_base(self.content)
        return (
            '<svg class="hidden" aria-hidden="true"><defs>'
            f'<symbol id="base" viewBox="{self.still.frame}">{base}</symbol>'
            "</defs></svg>"
        )

    def map(self, title: str, inner: str) -> str:
        width, height = self.still.frame.split()[2:]
        return (
            f'<svg class="map" viewBox="{self.still.frame}" role="img" aria-label="{title}">'
            f'<use href="#base" width="{width}" height="{height}"/>{inner}</svg>'
        )

    def summary(self) -> str:
        content = self.content
        parts = [
            f"<h1>{as_html(content.title)}</h1><p class='lead'>{as_html(content.subtitle)}</p>",
            f"<p class='claim'>{as_html(content.disclaimer)}</p>",
        ]
        if content.themes:
            theme = content.themes[0]
            rows = _ranked(theme).head(2 * _FIRST).to_dict("records")
            legs = content.routes[content.routes["site_id"].isin([r["site_id"] for r in rows[:1]])]
            marks = "".join(self.still.marker(row, theme.accent) for row in reversed(rows))
            said = self.words("map-of", theme=self.said(theme.title))
            parts.append(self.map(said, self.still.routes(legs) + marks))
            parts.append(f"<p class='caption'>{said}</p>")
        parts.append(f"<p class='credit'>{self._made()}</p>")
        return "".join(parts)

    def ranking(self, theme: ThemeView) -> str:
        words, rows = self.words, _ranked(theme).head(2 * _FIRST)
        head = f"<h2>{words('sites-of', theme=self.said(theme.title))}</h2>"
        if rows.empty:
            return f"{head}<p>{words('no-sites')}</p>"
        codes = [code for code in self.countries if f"freight_{code}" in rows.columns]
        titles = [words("rank"), words("site"), words("province"), words("score"), ""]
        titles += [words("freight-to", country=self.countries[code]) for code in codes]
        titles += [words("power")] if "power_usd_mwh" in rows.columns else []
        lines = []
        for row in rows.to_dict("records"):
            cells = [_digits(row["rank"]), self._text(row["name"]), self._text(row.get("province"))]
            cells += [_two(row["score"]), _interval(row, theme.accent)]
            cells += [self._money(row, f"freight_{code}") for code in codes]
            cells += (
                [self._money(row, "power_usd_mwh", "power")] if len(titles) > len(cells) else []
            )
            lines.append(cells)
        return head + _table(titles, lines, figures=(0, 3, *range(5, len(titles))))

    def site(self, theme: ThemeView, row: Row) -> str:
        words, site = self.words, plain(row["site_id"])
        routes = self.content.routes
        legs = routes[(routes["site_id"] == row["site_id"])] if len(routes) else routes
        marks = self.still.routes(legs) + self.still.marker(row, theme.accent)
        parts = [
            f"<p class='over t{self.content.themes.index(theme)}'>"
            f"{words('page-of', theme=self.said(theme.title), rank=_digits(row['rank']))}</p>"
            f"<h2 class='name'>{self._text(row['name'])}</h2>",
            f"<p class='lead'>{self._place(row)}</p>",
            f"<p>{self._range(row)}</p>",
            "<div class='two'><div>",
            self.map(words("where"), marks),
            "</div><div>",
            self._facts(row),
            "</div></div>",
            f"<h3>{words('why')}</h3>",
            self._reasons(theme, site),
            *(self._way(part) for _, part in legs.groupby("country", sort=True)),
            *(self._project(view, theme, site) for view in self.content.projects),
            self._doubts(row),
        ]
        return "".join(parts)

    def method(self) -> str:
        words = self.words
        parts = [f"<h2>{words('method')}</h2><p>{words('method-text')}</p>"]
        parts += [self._criteria(theme) for theme in self.content.themes]
        if self.content.notes:
            notes = "".join(f"<li>{as_html(note)}</li>" for note in self.content.notes)
            parts.append(f"<h3>{words('notes')}</h3><ul>{notes}</ul>")
        return "".join(parts)

    def sources(self) -> str:
        words = self.words
        titles = [words(key) for key in ("layer", "source", "licence", "retrieved", "quality")]
        rows = [
            [
                self._text(record.title),
                self._text(record.attribution),
                self._text(record.licence),
                record.retrieved.isoformat(),
                self._text(record.quality),
            ]
            for record in self.content.records
        ]
        return (
            f"<h2>{words('sources')}</h2>{_table(titles, rows)}<p class='credit'>{self._made()}</p>"
        )

    def _made(self) -> str:
        content = self.content
        return self.words("made", version=content.version, recipe=content.recipe_sha256[:12])

    def _text(self, value: object) -> str:
        return as_html(self.said(plain(value))) or self.words("unknown")

    def _money(self, row: Row, middle: str, stem: str = "") -> str:
        value = row.get(middle)
        if number(value) is None:
            return self.words("unknown")
        low, high = (row.get(f"{stem or middle}_{end}") for end in ("low", "high"))
        if number(low) is None or number(high) is None:
            return _known(value)
        return f"{_known(value)} <small>{_known(low)}–{_known(high)}</small>"

    def _place(self, row: Row) -> str:
        said = {
            "province": self.said(plain(row.get("province"))),
            "lat": f"{float(row['lat']):.2f}",
            "lon": f"{float(row['lon']):.2f}",
        }
        km = number(row.get("precision_km"))
        if km is None:
            return self.words("place-exact", **said)
        return self.words("place", **said, km=f"{km:g}")

    def _range(self, row: Row) -> str:
        ends = {"low": _two(row.get("score_low")), "high": _two(row.get("score_high"))}
        ranks = {"best": _digits(row.get("rank_best")), "worst": _digits(row.get("rank_worst"))}
        return self.words("interval", score=_two(row["score"]), **ends, **ranks)

    def _facts(self, row: Row) -> str:
        shown = []
        for key, column, unit in _FACTS:
            value = row.get(column)
            if not plain(value):
                continue
            text = (
                as_html(self.said(plain(value))) if number(value) is None else _known(value) + unit
            )
            if column == "year":
                text = _digits(value)
            if column == "grade":
                text = f"{_known(value)} {as_html(plain(row.get('grade_unit')))}"
            shown.append(f"<dt>{self.words(key)}</dt><dd>{text}</dd>")
        return f"<h3>{self.words('facts')}</h3><dl>{''.join(shown)}</dl>" if shown else ""

    def _reasons(self, theme: ThemeView, site: str) -> str:
        words, table = self.words, theme.criteria_table
        own = table[table["site_id"].map(plain) == site].set_index("criterion")
        titles = [words(key) for key in ("criterion", "value", "points", "weight", "swing", "adds")]
        shown = [view for view in theme.criteria if view.id in own.index]
        rows = [self._reason(view, own.loc[view.id].to_dict(), theme.accent) for view in shown]
        total = pd.to_numeric(own["contribution"], errors="coerce").sum()
        rows.append([f"<b>{words('sum')}</b>", "", "", "", "", f"<b>{_two(total)}</b>"])
        return _table(titles, rows, figures=(1, 2, 3))

    def _reason(self, view: CriterionView, row: Row, accent: str) -> list[str]:
        value = number(row["value"])
        measured = (
            self._text(row["value"]) if value is None else f"{_known(value)} {as_html(view.unit)}"
        )
        points = number(row["value_score"])
        adds = number(row["contribution"])
        return [
            as_html(self.said(view.title)),
            measured,
            self.words("unknown") if points is None else _two(points),
            _two(view.weight),
            f"<small>{as_html(view.worst)} → {as_html(view.best)}</small>",
            self.words("unknown")
            if adds is None
            else f"<span class='line'>{_bar(adds, view.weight, accent)} {_two(adds)}</span>",
        ]

    def _way(self, legs: pd.DataFrame) -> str:
        words = self.words
        last = legs.iloc[-1]
        titles = [words("leg"), words("distance"), words("cost"), ""]
        most = float(legs["usd_per_t"].max()) or 1.0
        rows = []
        for leg in legs.to_dict("records"):
            ends = [self._text(leg[end]) for end in ("from", "to")]
            colour = ROUTES[mode_kind(leg["mode"])]
            bar = _bar(float(leg["usd_per_t"]), most, colour)
            cost = self._money(leg, "usd_per_t")
            named = f"{self._mode(leg['mode'])}: {' – '.join(dict.fromkeys(ends))}"
            rows.append([named, _known(leg["km"]), cost, bar])
        sums = {name: legs[f"usd_per_t{name}"].sum() for name in ("", "_low", "_high")}
        span = f"{_known(sums['_low'])}–{_known(sums['_high'])}"
        total = f"<b>{_known(sums[''])}</b> <small>{span}</small>"
        rows.append([f"<b>{words('total')}</b>", _known(legs["km"].sum()), total, ""])
        place = self.said(plain(last["to"]))
        return f"<h3>{words('way', place=place)}</h3>{_table(titles, rows, figures=(1, 2))}"

    def _project(self, view: ProjectView, theme: ThemeView, site: str) -> str:
        """Whether a plant pays at a site; nothing where it is not asked."""
        words = self.words
        rows, swings, terms = (
            _of_site(table, theme.id, site) for table in (view.table, view.tornado, view.terms)
        )
        if not rows:
            return ""
        about = words("project-about", mw=f"{view.capacity_mw:g}", year=view.currency_year)
        head = f"<h3>{words('project', title=self.said(view.title))}</h3>"
        parts = [head, f"<p>{about} {words(view.basis)}.</p>", self._worth(view, rows[0])]
        if swings:
            titles = [words(key) for key in ("moves", "from-to", "cost-from-to")]
            most = max(float(row["swing"]) for row in swings)
            lines = [self._swing(row, most, theme.accent) for row in swings]
            parts.append(_table([*titles, ""], lines, figures=(1, 2)))
        if terms and view.target is not None:
            wanted = words("needed-for", price=f"{view.target:g}")
            parts.append(
                _table([wanted, words("now"), words("needed")], [self._term(row) for row in terms],
                       figures=(1, 2))
            )  # fmt: skip
        return "".join(parts)

    def _worth(self, view: ProjectView, row: Row) -> str:
        keys = ["lcoe", "price", "npv", "irr", "equity-irr", "payback", "dscr"]
        cells = [
            self._money(row, "cost"),
            "–" if view.price is None else f"{view.price:g}",
            _known(_scaled(row["npv"], 1e-6)),
            *(_known(_scaled(row[name], 100)) for name in ("irr", "equity_irr")),
            _known(row["payback"]),
            _two(row["dscr_min"]),
        ]
        return _table([self.words(key) for key in keys], [cells], figures=range(len(keys)))

    def _swing(self, row: Row, most: float, accent: str) -> list[str]:
        ends = (_known(_shown(row["factor"], row[end])) for end in ("low", "high"))
        costs = (_known(row[f"cost_{end}"]) for end in ("low", "high"))
        bar = _bar(float(row["swing"]), most, accent)
        return [self.words(f"term-{row['factor']}"), " → ".join(ends), " → ".join(costs), bar]

    def _term(self, row: Row) -> list[str]:
        term, needed = str(row["term"]), _shown(row["term"], row["needed"])
        reached = self.words("none-reaches") if number(needed) is None else _known(needed)
        return [self.words(f"term-{term}"), _known(_shown(term, row["now"])), reached]

    def _mode(self, mode: object) -> str:
        known = {"truck", "rail", "sea", "border", "port", "transfer", "gauge-change"}
        return self.words(f"mode-{mode}") if mode in known else self._text(mode)

    def _doubts(self, row: Row) -> str:
        said = [plain(row.get(name)) for name in ("warnings", "note", "flags")]
        items = "".join(f"<li>{as_html(text)}</li>" for text in said if text)
        return f"<h3>{self.words('doubts')}</h3><ul>{items}</ul>" if items else ""

    def _criteria(self, theme: ThemeView) -> str:
        words = self.words
        titles = [words(key) for key in ("criterion", "weight", "swing", "source")]
        rows = [
            [
                as_html(self.said(view.title)),
                _two(view.weight),
                f"{as_html(view.worst)} → {as_html(view.best)}",
                f"<small>{as_html(view.source)}</small>",
            ]
            for view in theme.criteria
        ]
        head = words("criteria-of", theme=self.said(theme.title))
        return f"<h3>{head}</h3>{_table(titles, rows, figures=(1,))}"


def _ranked(theme: ThemeView) -> pd.DataFrame:
    sites = sites_of(theme)
    return pd.DataFrame(sites[sites["status"] == "ranked"].drop(columns=sites.geometry.name))


def _of_site(table: pd.DataFrame, theme: str, site: str) -> list[dict[Any, Any]]:
    if table.empty:
        return []
    own = table[table["theme"] == theme]
    return own[own["site_id"].map(plain) == site].to_dict("records")


def _scaled(value: object, factor: float) -> float | None:
    found = number(value)
    return None if found is None else factor * found


def _shown(term: object, value: object) -> float | None:
    """A term of a project as it is read: shares in per cent."""
    return _scaled(value, 100 if term in _IN_PER_CENT else 1)


def _table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[int] = ()
) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        kind = ' class="figure"' if place in figures else ""
        return f"<{tag}{kind}>{text}</{tag}>"

    head = "".join(map(partial(cell, "th"), range(len(titles)), titles))
    body = "".join(
        f"<tr>{''.join(map(partial(cell, 'td'), range(len(row)), row))}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _bar(value: float, most: float, colour: str) -> str:
    """A bar in a frame as wide as the most that it could be."""
    full = 60.0
    width = 0.0 if most <= 0 else full * min(1.0, max(0.0, value / most))
    return (
        f'<svg class="bar" viewBox="0 0 {full:g} 8" width="{full:g}" height="8" aria-hidden="true">'
        f'<rect width="{full:g}" height="8" fill="{LIGHT["rule"]}"/>'
        f'<rect width="{width:.1f}" height="8" fill="{as_html(colour)}"/></svg>'
    )


def _interval(row: Row, accent: str) -> str:
    """The score as a dot on the range of its draws, from 0 to 1."""
    score, low, high = (number(row.get(key)) for key in ("score", "score_low", "score_high"))
    if score is None:
        return ""
    ends = [
        _BAR * float(value)
        for value in (score if low is None else low, score if high is None else high)
    ]
    return (
        f'<svg class="bar" viewBox="0 0 {_BAR} 10" width="{_BAR // 2}" height="10" '
        'aria-hidden="true">'
        f'<rect y="3" width="{_BAR}" height="4" fill="{LIGHT["rule"]}"/>'
        f'<rect x="{ends[0]:.1f}" y="3" width="{max(1.0, ends[1] - ends[0]):.1f}" height="4" '
        f'fill="{LIGHT["unknown"]}"/>'
        f'<circle cx="{_BAR * float(score):.1f}" cy="5" r="5" fill="{as_html(accent)}"/></svg>'
    )


def _digits(value: object) -> str:
    found = number(value)
    return "–" if found is None else f"{found:.0f}"


def _two(value: object) -> str:
    found = number(value)
    return "–" if found is None else f"{found:.2f}"


def _known(value: object) -> str:
    found = known(value)
    return "–" if found is None else f"{found:,.10g}"


def _tokens(content: Content) -> str:
    names = ("ink", "ink-soft", "rule", "panel", "warn", "land")
    accents = (f".t{n}{{--accent:{as_html(t.accent)}}}" for n, t in enumerate(content.themes))
    return ":root{" + "".join(f"--{name}:{LIGHT[name]};" for name in names) + "}" + "".join(accents)
