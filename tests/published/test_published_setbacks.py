"""Setbacks of NREL's reVX: the distances of its rules for the turbine of its tests.

``tests/test_setbacks.py`` and ``reVX/setbacks/regulations.py``: a hub at 135 m with a rotor of
200 m; a generic setback of a multiple of the tip height; ordinances in four kinds.
"""

import pytest

from geo.energy.setbacks import WIND_MULTIPLES, Machine, setback_distance

TURBINE = Machine(hub_height=135, rotor_diameter=200)


def test_revx_maximum_tip_height() -> None:
    assert TURBINE.tip_height == 235


@pytest.mark.parametrize(
    ("value", "kind", "metres"),
    [
        (3, "tip heights", 705.0),  # the generic multiplier of the tests
        (1.1, "tip heights", 258.5),
        (1.1, "rotor diameters", 220.0),
        (1.1, "hub heights", 148.5),
        (300, "metres", 300.0),
    ],
)
def test_revx_kinds_of_setback(value, kind, metres) -> None:
    assert setback_distance(value, kind, TURBINE) == pytest.approx(metres)


def test_revx_generic_multiples() -> None:
    assert dict(WIND_MULTIPLES) == {"high": 3, "moderate": 1.1}
