"""The repair of geometries over the cases of GEOS' and JTS' own tests of validity."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import shapely
from corpus_table import cases, corpus_folder

from geo.catalogue.geometries import repair


def geometries(path):
    """Geometries of a case file, and which its tests call valid (by place)."""
    found, valid = [], {}
    for case in ET.parse(path).getroot().iter("case"):
        places = {}
        for name in ("a", "b"):
            text = case.findtext(name)
            shape = None if text is None else _shape(text)
            if shape is not None:
                places[name] = len(found)
                found.append(shape)
        for test in case.iter("op"):
            if test.get("name") == "isValid" and test.get("arg1", "A").lower() in places:
                valid[places[test.get("arg1", "A").lower()]] = (test.text or "").strip() == "true"
    return found, valid


def _shape(text):
    text = " ".join(text.split())
    if set(text) <= set("0123456789ABCDEFabcdef"):
        return shapely.from_wkb(text, on_invalid="ignore")
    with np.errstate(invalid="ignore"):
        return shapely.from_wkt(text, on_invalid="ignore")


@pytest.mark.skipif(corpus_folder() is None, reason="the corpus of bad files is not here")
def test_what_geos_calls_invalid_is_mended_and_nothing_else():
    seen = mended = agreed = 0
    for case in cases("wkt-xml"):
        shapes, valid = geometries(case.path)
        found = repair(shapes)
        changed = set(found.ids.tolist())
        whole = np.setdiff1d(np.arange(len(shapes)), found.lost)
        assert shapely.is_valid(found.geometries[whole]).all(), case.file
        assert shapely.is_missing(found.geometries[found.lost]).all()
        for i in range(len(shapes)):
            if i in valid:
                assert (i not in changed) == valid[i], (case.file, i)
                agreed += 1
            if i not in changed:
                assert found.geometries[i] is shapes[i]
        seen += len(shapes)
        mended += found.count
    assert seen > 500
    assert mended > 20
    assert agreed > 50
