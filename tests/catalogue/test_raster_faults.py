"""What is wrong with a raster file is said in one sentence, and what is right is left alone."""

import numpy as np
import pytest
from raster_faults import CASES, Case

from geo.catalogue.inspection import inspect_file

STATUS = {None: "ok", "warning": "warning", "repair": "repaired", "error": "refused"}


def test_the_table_is_large_enough_and_its_names_differ():
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_gets_the_finding_that_it_deserves(case: Case, tmp_path):
    path = tmp_path / case.name
    case.make(path)
    found = inspect_file(path)
    said = [(one.level, one.code, one.message) for one in found.findings]
    assert found.status == STATUS[case.level], said
    assert "unreadable" not in {one.code for one in found.findings}, said
    if case.code:
        assert case.code in {one.code for one in found.findings}, said
    for one in found.findings:
        assert case.name in one.message
        assert one.fix
        assert "\n" not in one.message
        assert one.count >= 1
    if case.level != "error":
        assert found.preview is not None
        assert np.isfinite(found.preview).any()
