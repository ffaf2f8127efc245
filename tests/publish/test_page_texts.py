"""Every word of the page stands in one file, and every key that the script asks for is there."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from sample_content import sample_content

from geo.errors import DataError, OutputError
from geo.publish.application import MODULES, script
from geo.publish.basemap import extent_of
from geo.publish.labels import labels_of, labels_used
from geo.publish.payload import payload
from geo.publish.report import report
from geo.publish.texts import languages_of, missing, page_texts, texts
from geo.publish.vendored import asset

KEYS = page_texts("en")
LITERAL = re.compile(r'"([a-z][a-z0-9]*(?:[.-][a-zA-Z0-9-]+)*)"')


def test_every_key_in_the_script_has_a_text() -> None:
    asked = set(re.findall(r'\bt\("([^"]+)"[,)]', script()))
    assert len(asked) > 120
    assert sorted(asked - set(KEYS)) == []


def test_keys_that_are_put_together_have_all_their_texts() -> None:
    stems = set(re.findall(r'\bt\("([^"]+)" \+', script()))
    for stem in stems:
        assert any(key.startswith(stem) for key in KEYS), stem
    for kind in ("truck", "rail", "sea", "gauge", "border", "port", "transfer"):
        assert f"mode.{kind}" in KEYS
    for what in ("border", "port", "line"):
        assert f"trade.{what}" in KEYS
    for level in ("repair", "warning"):
        assert f"level.{level}" in KEYS


def test_no_text_is_left_that_nobody_asks_for() -> None:
    literals = set(LITERAL.findall(script()))
    stems = set(re.findall(r'\bt\("([^"]+)" \+', script()))
    unused = [
        key
        for key in KEYS
        if key not in literals and not any(key.startswith(stem) for stem in stems)
    ]
    assert unused == []


def test_no_words_stand_in_the_script_itself() -> None:
    for name in MODULES:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", asset(f"app/{name}.js"), flags=re.DOTALL)
        said = re.findall(r'el\("\w+", (?:"[^"]*"|null), "([^"]*[A-Za-z]{2}[^"]*)"', code)
        said += re.findall(
            r'(?:words\(|textContent = |ariaLabel = |title = )"([^"]*[A-Za-z]{2})', code
        )
        said += re.findall(r'(?:button|link)\((?:"[^"]*", )?"([A-Z][^"]+)"', code)
        said += re.findall(r'"aria-label", "([^"]+)"', code)
        # Units and hashes are the same in every language.
        assert set(said) <= {"sha256 ", "GW", "TWh/a", "USD/MWh"}, name


def test_modules_do_not_declare_a_name_twice() -> None:
    code = "\n".join(asset(f"app/{name}.js") for name in MODULES)
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", code, flags=re.MULTILINE)
    assert len(names) > 100
    assert len(names) == len(set(names))


def test_only_languages_with_texts_are_offered() -> None:
    assert languages_of(["tlh"]) == ("en",)
    assert missing("en") == ()
    with pytest.raises(OutputError, match="no words in 'tlh'"):
        texts("tlh")


def test_the_script_of_the_page_has_lost_its_comments_only() -> None:
    code = script()
    assert "/*" not in code
    assert "\n//" not in code
    assert '"http://www.w3.org/2000/svg"' in code
    for name in MODULES:
        for line in asset(f"app/{name}.js").splitlines():
            if line.startswith(("function ", "const ", "let ", "  return ")):
                assert line.strip() in code


def test_labels_that_the_page_has_a_use_for_go_with_it() -> None:
    content = sample_content()
    title = content.themes[0].title
    labels = {"ko": {title.upper(): "구리 주제", "Nowhere at all": "없음"}, "ja": {title: "銅"}}
    told = replace(content, languages=("en", "ko"), labels=labels)
    data = payload(told, extent_of(told))
    # Spelt as on the page, whatever the capitals of the table; no word that nobody needs.
    assert set(data["labels"]) == {"ko"}
    assert data["labels"]["ko"][title] == "구리 주제"
    assert {word.casefold() for word in data["labels"]["ko"]} == {title.casefold()}
    assert payload(content, extent_of(content))["labels"] == {}


def test_the_report_has_the_labels_of_its_language() -> None:
    content = sample_content()
    theme = content.themes[0]
    province = str(theme.sites.sort_values("rank")["province"].iloc[0])
    labels = {"ko": {theme.title: "구리 & 주제", province: "어느 도"}}
    told = replace(content, labels=labels)
    korean, english = report(told, language="ko"), report(told)
    assert "구리 &amp; 주제" in korean
    assert "어느 도" in korean
    assert "구리" not in english
    assert "어느 도" not in english


def test_labels_are_read_by_language_and_an_empty_cell_is_none() -> None:
    table = pd.DataFrame(
        {"key": ["a", "b"], "en": ["Copper", "Tin"], "ja": ["銅", None], "ko": ["구리", "주석"]}
    )
    assert labels_of(table, ["en", "ja", "tlh"]) == {"ja": {"Copper": "銅"}}
    assert labels_used(labels_of(table, ["ko"]), ["ko"], {"x": ["TIN (metal)"]}) == {
        "ko": {"TIN": "주석"}
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"english": ["Tin"]}, "no column 'en'"),
        ({"en": ["Tin", "tin"], "ko": ["주석", "깡통"]}, "'tin' twice"),
    ],
)
def test_a_table_of_labels_that_cannot_be_used_is_refused(table: dict, said: str) -> None:
    with pytest.raises(DataError, match=said):
        labels_of(pd.DataFrame(table), ["ko"])
