"""The printed report: nothing from the network, no script, the numbers of the tables."""

import re
from dataclasses import replace

import pytest
from sample_content import HOSTILE, sample_content

from geo.errors import OutputError
from geo.publish.pdf import print_pdf
from geo.publish.report import report
from geo.publish.texts import missing, texts

LANGUAGES = ("en", "mn", "ja", "ko")


@pytest.fixture(scope="module")
def content():
    return sample_content()


@pytest.fixture(scope="module")
def page(content):
    return report(content)


def test_the_page_runs_nothing_and_calls_nobody(page):
    assert "<script" not in page
    assert not re.search(r'(?:href|src)="(?!#)', page)
    assert "http" not in re.sub(r"&[a-z]+;|http-equiv|https://example\.org", "", page)
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "style=" not in page


def test_hostile_text_stays_text(page):
    for text in HOSTILE:
        for tag in re.findall(r"<\w+|<!--", text):
            assert f"{tag}>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_each_of_the_first_sites_has_a_page_with_its_parts(content, page):
    theme = content.themes[0]
    ranked = theme.sites[theme.sites["status"] == "ranked"].sort_values("rank")
    first = ranked.iloc[0]
    own = theme.criteria_table[theme.criteria_table["site_id"] == first["site_id"]]
    section = next(
        s for s in page.split('<section class="page">') if f"rank {first['rank']:.0f}</p>" in s
    )
    assert f"{own['contribution'].sum():.2f}</b>" in section
    assert f"Score {first['score']:.2f}" in section
    assert page.count("<h3>Why it ranks there</h3>") == sum(
        min(3, int((theme.sites["status"] == "ranked").sum())) for theme in content.themes
    )


def test_the_number_of_site_pages_is_chosen(content):
    assert "Why it ranks there" not in report(content, sites=0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_and_its_places(language):
    english, own = texts("en", "report"), texts(language, "report")
    assert missing(language, "report") == ()
    assert set(own) == set(english)
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", own[key])) == sorted(re.findall(r"\{\w+\}", text)), key


def test_the_report_speaks_the_language(content):
    page = report(content, language="ko")
    assert '<html lang="ko">' in page
    assert "이 순위의 이유" in page
    assert "Why it ranks there" not in page


def test_an_unknown_language_is_refused(content):
    with pytest.raises(OutputError, match="'tlh'"):
        report(content, language="tlh")


def test_a_study_without_ranked_sites_says_so(content):
    nothing = tuple(
        replace(theme, sites=theme.sites.assign(status="excluded")) for theme in content.themes
    )
    assert "No site is ranked." in report(replace(content, themes=nothing))


@pytest.mark.browser
def test_chromium_prints_it(page, tmp_path):
    made = print_pdf(page, tmp_path / "report.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= page.count('<section class="page">')
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_without_a_browser_the_mend_is_said(page, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match="install it, or print the HTML"):
        print_pdf(page, tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())
