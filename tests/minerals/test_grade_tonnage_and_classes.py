from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import lognorm

from geo.errors import DataError
from geo.minerals.classify import classes_of, concentration_area, natural_breaks, quantile_breaks
from geo.minerals.gradetonnage import fit_lognormal, percentile_among, simulate_metal


def test_a_fit_without_limits_is_that_of_scipy():
    values = lognorm(1.3, scale=50).rvs(60, random_state=3)
    law = fit_lognormal(values)
    shape, _, scale = lognorm.fit(values, floc=0)
    assert law.median == pytest.approx(scale, rel=1e-5)
    assert law.deviation == pytest.approx(shape, rel=1e-5)


def test_a_floor_and_limits_are_taken_into_account():
    """True law known: median 50, deviation 1.3; under 20 nothing is tabled."""
    values = lognorm(1.3, scale=50).rvs(6000, random_state=4)
    tabled = values[values >= 20]
    naive, right = fit_lognormal(tabled), fit_lognormal(tabled, floor=20)
    assert right.median == pytest.approx(50, rel=0.15)
    assert right.deviation == pytest.approx(1.3, rel=0.1)
    assert naive.median > 80
    capped = np.minimum(values, 200)
    law = fit_lognormal(capped, at_least=values >= 200)
    assert law.median == pytest.approx(50, rel=0.1)
    assert law.deviation == pytest.approx(1.3, rel=0.05)


@given(st.floats(1, 99), st.sampled_from([0.0, 5.0]))
def test_percentile_and_quantile_are_inverse(percent, floor):
    law = fit_lognormal([6, 10, 30, 100, 300, 1000], floor=floor)
    assert law.percentile(law.quantile(percent)) == pytest.approx(percent)
    assert law.quantile(percent) >= floor


def test_percentile_by_hand():
    assert percentile_among(3, [1, 2, 3, 4]) == 62.5
    assert np.isnan(percentile_among(float("nan"), [1.0]))
    assert np.isnan(percentile_among(1.0, [float("nan")]))


def test_simulated_metal_has_the_moments_of_the_product():
    metal = np.log(simulate_metal((50, 200), (0.002, 0.008), correlation=-0.5, draws=200_000))
    one = np.log(4) / (2 * 1.6448536)
    assert metal.mean() == pytest.approx(np.log(100 * 0.004), abs=0.005)
    assert metal.var() == pytest.approx(2 * one**2 * (1 - 0.5), rel=0.02)


@given(hnp.arrays(np.float64, st.integers(4, 9), elements=st.integers(0, 20), unique=True))
def test_natural_breaks_are_the_best_of_all_partitions(values):
    ordered = np.sort(values)

    def spread(cuts: tuple[int, ...]) -> float:
        return sum(((part - part.mean()) ** 2).sum() for part in np.split(ordered, cuts))

    best = min(spread(cuts) for cuts in combinations(range(1, ordered.size), 2))
    found = natural_breaks(values, 3)
    cuts = tuple(int(np.searchsorted(ordered, limit, side="right")) for limit in found)
    assert spread(cuts) == pytest.approx(best, abs=1e-9)


@given(hnp.arrays(np.float64, st.integers(20, 80), elements=st.floats(0, 100), unique=True))
def test_quantile_classes_hold_about_as_many_each(values):
    classes = classes_of(values, quantile_breaks(values, 4))
    counts = np.bincount(classes.astype(int))[1:]
    assert counts.min() >= values.size // 4 - 1
    assert counts.max() <= values.size // 4 + 2


def test_the_fractal_threshold_is_where_the_power_changes():
    """A Pareto law of index 1 up to 10 and of index 4 beyond it."""
    share = np.arange(1, 20_001) / 20_000
    values = np.where(share > 0.1, 1 / share, 10 * (0.1 / share) ** 0.25)
    assert concentration_area(values) == pytest.approx([10], rel=0.1)
    three = np.where(values > 40, 40 * (values / 40) ** 0.3, values)
    assert concentration_area(three, 3)[0] == pytest.approx(10, rel=0.2)


def test_unknown_values_have_no_class():
    assert np.isnan(classes_of([np.nan, 1.0], [0.5])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: fit_lognormal([1, 2, 3]), "3 values are known"),
        (lambda: fit_lognormal([1, 2, 3, 0, 5]), "above zero"),
        (lambda: fit_lognormal([1, 2, 3, 4, 5], floor=2), "under the floor of 2"),
        (lambda: fit_lognormal([2, 2, 2, 2, 2]), "all values are 2"),
        (lambda: fit_lognormal([1, 2, 3, 4, 5], at_least=[True]), "1 limits for 5"),
        (lambda: simulate_metal((3, 2), (0.1, 0.2)), "tonnage reaches from 3 to 2"),
        (lambda: simulate_metal((1, 2), (1, 20)), "more than the whole ore"),
        (lambda: simulate_metal((1, 2), (0.1, 0.2), correlation=2), "outside -1 to 1"),
        (lambda: quantile_breaks([1, 1], 2), "fewer than two distinct"),
        (lambda: quantile_breaks([1, 2], 1), "two at least"),
        (lambda: natural_breaks([1, 2], 3), "2 distinct values"),
        (lambda: concentration_area(np.arange(1, 5)), "10 are needed"),
        (lambda: concentration_area(np.arange(1, 50), 5), "take 2 or 3"),
        (lambda: classes_of([1], [2, 1]), "do not rise"),
    ],
)
def test_refusals_say_what_to_do(call, said):
    with pytest.raises(DataError, match=said):
        call()
