"""Registers as people download them, brought into one schema."""

from io import StringIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CrsError, DataError, EmptyLayerError, UnitError
from geo.minerals.licences import assign_licences, read_licences
from geo.minerals.registers import COLUMNS, Layout, read_register
from geo.minerals.resources import doubts, headline, statements
from geo.minerals.vocabulary import CATEGORIES, category, deposit_type, status

MRDS = """\
dep_id,url,mrds_id,mas_id,site_name,latitude,longitude,region,country,state,county,com_type,\
commod1,commod2,commod3,oper_type,dep_type,prod_size,dev_stat,ore,gangue,names
10001,https://example.org/1,M1,,"Oyu Tolgoi ",43.0,106.86,AS,Mongolia,Omnogovi,,M,\
"Copper, Gold",,Molybdenum,Surface,Porphyry Cu-Au,L,Producer,Chalcopyrite,,Turquoise Hill
10002,,M2,,Nowhere,0,0,AS,Mongolia,,,N,Fluorine-Fluorite,,,,,N,Past Producer,,,
10003,,M3,,Deren,46.2,109.0,AS,Mongolia,,,N,Fluorine-Fluorite,,,Unknown,Vein fluorite,N,Unknown,,,
"""
PORPHYRY = """\
rec_id,depname,country,stprov,latitude,longitude,agemy,oreton,cugrd,mogrd,augrd,aggrd,deptype
1,Erdenet,Mongolia,Orkhon,49.02,104.13,240,1780,0.62,0.025,,,21a
2,Shuteen,Mongolia,Omnogovi,43.9,106.9,,,,,,,17
"""
MINMOD = """\
commodity,ms,ms_name,ms_type,country,state_or_province,best_loc_centroid_epsg_4326,total_tonnage,\
total_grade,top1_deposit_name
Nickel,https://example.org/a,Rottok,NotSpecified,Finland,,POINT (25.1 63.2),12.5,0.4,Komatiite
Nickel,https://example.org/b,Nameless,,Finland,,,,,
"""


def read(text: str, register: str | Layout) -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame]:
    return read_register(pd.read_csv(StringIO(text)), register)


def test_mrds_becomes_records_in_the_words_of_the_schema() -> None:
    deposits, said, unplaced = read(MRDS, "usgs-mrds")
    assert [*deposits.columns] == [*COLUMNS, "geometry"]
    assert deposits.crs == "EPSG:4326"
    first = deposits.set_index("site_id").loc["usgs-mrds-10001"]
    assert (first["name"], first["other_names"]) == ("Oyu Tolgoi", "Turquoise Hill")
    assert (first["commodity"], first["co_products"], first["by_products"]) == (
        "copper",
        "gold",
        "molybdenum",
    )
    assert (first["deposit_type"], first["model"], first["status"]) == (
        "porphyry Cu-Au",
        "20c",
        "producing",
    )
    assert (first.geometry.x, first.geometry.y) == (106.86, 43.0)
    assert unplaced["site_name"].tolist() == ["Nowhere"]
    assert said.empty


def test_a_porphyry_register_states_each_metal_of_one_ore() -> None:
    deposits, said, _ = read(PORPHYRY, "usgs-porphyry-copper")
    assert deposits["deposit_type"].tolist() == ["porphyry Cu-Mo", "porphyry Cu"]
    erdenet = said[said["site_id"] == "usgs-porphyry-copper-1"].set_index("commodity")
    assert erdenet.loc["copper", "contained_kt"] == pytest.approx(1780 * 1000 * 0.0062)
    assert erdenet.loc["molybdenum", "grade_unit"] == "% Mo"
    assert set(said["site_id"]) == {"usgs-porphyry-copper-1"}
    assert set(said["category"]) == {"not stated"}


def test_minmod_gives_points_as_text_and_grades_of_the_commodity() -> None:
    deposits, said, unplaced = read(MINMOD, "minmod")
    assert deposits["name"].tolist() == ["Rottok"]
    assert deposits.geometry.iloc[0].coords[0] == (25.1, 63.2)
    assert deposits["status"].tolist() == [""]
    assert said["contained_kt"].tolist() == [pytest.approx(50.0)]
    assert len(unplaced) == 1


def test_another_register_needs_only_its_layout() -> None:
    layout = Layout(
        "Own list", {"register_id": "no", "name": "mine", "commodity": "ore"}, ("x", "y"), 2.0
    )
    deposits, _, _ = read("NO,Mine,Ore,X,Y\n7,Тавт,Copper,101.0,50.1\n", layout)
    assert deposits["site_id"].tolist() == ["own-list-7"]
    assert deposits["precision_km"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("text", "register", "error", "words"),
    [
        (MRDS, "mrds2", DataError, "there are usgs-mrds"),
        (MRDS, "minmod", DataError, "no column 'ms_name'.*another register"),
        (MRDS.replace("10003", "10001"), "usgs-mrds", DataError, "stands twice"),
        (
            "dep_id,site_name,commod1,longitude,latitude\n1,a,Gold,0,0\n",
            "usgs-mrds",
            EmptyLayerError,
            "no row",
        ),
    ],
)
def test_refuses(text: str, register: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read(text, register)


def said(**columns: object) -> pd.DataFrame:
    return statements(pd.DataFrame({"site_id": "a", "commodity": "copper"} | columns))


def test_headline_prefers_the_latest_year_then_the_surest_category() -> None:
    table = said(
        resource_mt=[9.0, 80.0, 60.0, 500.0],
        year=[2010, 2015, 2015, np.nan],
        category=["Proven", "Inferred", "Indicated", "historical"],
    )
    chosen = headline(table)
    assert chosen[["category", "quantity_mt", "others"]].values.tolist() == [["indicated", 60.0, 3]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(CATEGORIES),
            st.floats(0, 1e4),
            st.one_of(st.none(), st.integers(1950, 2026)),
        ),
        min_size=1,
    )
)
def test_headline_shows_one_stated_quantity_and_never_a_sum(rows: list[tuple[object, ...]]) -> None:
    table = pd.DataFrame(rows, columns=["site_id", "category", "quantity_mt", "year"])
    table = table.assign(commodity="copper")
    chosen = headline(table)
    assert chosen["site_id"].tolist() == sorted(set(table["site_id"]))
    stated = {tuple(row) for row in table[["site_id", "category", "quantity_mt"]].to_numpy()}
    assert {
        tuple(row) for row in chosen[["site_id", "category", "quantity_mt"]].to_numpy()
    } <= stated
    again = headline(table.sample(frac=1, random_state=1))
    assert again["quantity_mt"].tolist() == chosen["quantity_mt"].tolist()


def test_a_unit_mistaken_is_doubted_and_an_impossible_one_refused() -> None:
    table = pd.DataFrame(
        {"grade": [0.6, 0.6, 1.2, 85.0], "grade_unit": ["% Cu", "ppm Cu", "g/t Au", "% Cu"]}
    )
    words = doubts(table)
    assert [bool(text) for text in words] == [False, True, False, True]
    assert "per cent" in words[1]
    with pytest.raises(DataError, match="ppm or g/t where per cent"):
        said(resource_mt=[10.0], grade=[6000.0], grade_unit=["% Cu"])
    with pytest.raises(UnitError, match="has no unit"):
        said(resource_mt=[10.0], grade=[0.6])
    with pytest.raises(DataError, match="negative"):
        said(resource_mt=[-1.0])
    with pytest.raises(DataError, match="not one of"):
        headline(said(resource_mt=[1.0]).assign(category="sure"))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Porphyry Cu / skarn", "porphyry Cu"),
        ("epithermal/vein fluorite", "fluorspar vein"),
        ("carbonatite REE-apatite-fluorite", "carbonatite"),
        ("VMS", "volcanogenic massive sulfide"),
        ("hydrothermal", ""),
        (None, ""),
    ],
)
def test_kinds(text: str | None, term: str) -> None:
    assert deposit_type(text).term == term


def test_every_category_and_stage_reads_itself() -> None:
    assert [category(term) for term in CATEGORIES] == list(CATEGORIES)
    assert [status(text) for text in ("Past Producer", "Plant", "хайгуул", "илрэл")] == [
        "past producer",
        "plant",
        "exploration",
        "occurrence",
    ]


def licence_register(area: float = 81_546_000.0) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "Тусгай зөвшөөрлийн дугаар": ["MV-1", "XV-2"],
            "Талбайн нэр": ["Цагаан толгой", "Их талбай"],
            "Эзэмшигч": ["Жишээ ХХК", "Өөр ХХК"],
            "Талбай": [area, area * 400 / 0.9],
        },
        geometry=[shapely.box(106, 43, 106.1, 43.09), shapely.box(105, 42, 107, 44)],
        crs=4326,
    )


@pytest.mark.parametrize(("area", "unit"), [(81_546_000.0, "m2"), (8154.6, "ha"), (81.5, "km2")])
def test_the_unit_of_areas_is_told_by_the_outlines(area: float, unit: str) -> None:
    table = licence_register(area).iloc[:1].to_crs(32648)
    licences = read_licences(table)
    assert licences.attrs["area_unit"] == unit
    assert licences["area_km2"].iloc[0] == pytest.approx(81.5, abs=0.2)
    assert licences["holder"].tolist() == ["Жишээ ХХК"]
    assert licences["name"].tolist() == ["Цагаан толгой"]


def test_a_deposit_lies_inside_a_licence_only_with_all_its_precision() -> None:
    licences = read_licences(licence_register().drop(columns="Талбай"))
    deposits = gpd.GeoDataFrame(
        {"precision_km": [1.0, 20.0, 1.0, np.nan]},
        geometry=gpd.points_from_xy([106.05, 106.05, 110.0, 105.5], [43.045, 43.045, 45.0, 42.5]),
        crs=4326,
    )
    held = assign_licences(deposits, licences)
    assert held["licence"].tolist() == ["MV-1", "MV-1", "", "XV-2"]
    assert held["licence_basis"].tolist() == ["inside", "possible", "", "inside"]


def test_licences_refuse_what_cannot_be_told() -> None:
    with pytest.raises(CrsError, match="no CRS"):
        read_licences(licence_register().set_crs(None, allow_override=True))
    with pytest.raises(DataError, match="licence's number"):
        read_licences(licence_register().drop(columns="Тусгай зөвшөөрлийн дугаар"))
    with pytest.raises(DataError, match="neither in m2, ha nor km2"):
        read_licences(licence_register(5.0))
    with pytest.raises(DataError, match="no column 'Код'"):
        read_licences(licence_register(), {"licence": "Код"})
    with pytest.raises(DataError, match="precision_km"):
        assign_licences(licence_register(), licence_register())
