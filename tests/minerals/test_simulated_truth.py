"""Deposits drawn from a known surface over the real relief and rivers."""

import runpy
from pathlib import Path

import pytest

SIMULATED = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "simulated_prospectivity.py"))


def test_true_contrasts_lie_in_their_intervals():
    held = SIMULATED["coverage"](cell=10_000)
    contrasts = {name: count for name, count in held.items() if "contrast" in name}
    assert len(contrasts) == 2
    assert all(90 <= count <= 98 for count in contrasts.values())
    # Single weights are on the safe side.
    assert min(held.values()) >= 90


def test_two_maps_of_one_thing_are_told_and_independent_ones_are_not():
    found = SIMULATED["rejections"](cell=10_000)
    assert found["dependent"] >= 95
    assert found["independent"] <= 10


def test_random_folds_overstate_the_skill_and_buffered_blocks_do_not():
    random, blocks, true = SIMULATED["skills"](worlds=3, model="logistic", buffer=3.0).mean(axis=0)
    assert random > true + 0.05
    assert blocks < true + 0.05
    assert true == pytest.approx(0.5, abs=0.1)
