import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from geo.compute.forest import Trees, mean_of_trees
from geo.errors import DataError
from geo.minerals.generalise import generalise, pool, weights_on_cells
from geo.minerals.learning import learn
from geo.minerals.prospectivity import success_rate, weights_of_evidence
from geo.minerals.validation import (
    area_of_counts,
    area_of_success_rate,
    area_under_curve,
    beyond,
    block_folds,
    boyce_index,
    cluster_folds,
)

SIDE = 60


def smooth(draw: np.random.Generator, reach: float) -> np.ndarray:
    """A field that is alike over some cells, of variance one."""
    field = gaussian_filter(draw.normal(size=(SIDE, SIDE)), reach, mode="wrap")
    return field / field.std()


def folds(size: int = 12) -> np.ndarray:
    rows, columns = np.indices((SIDE, SIDE))
    return block_folds(columns.ravel(), rows.ravel(), size=size, folds=5).reshape(SIDE, SIDE)


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(8)
    copper, noise = smooth(draw, 2), smooth(draw, 2)
    chance = 0.12 / (1 + np.exp(-2.5 * (copper - 1)))
    return {
        "copper": copper,
        "noise": noise,
        "chance": chance,
        "deposits": draw.random((SIDE, SIDE)) < chance,
    }


def test_a_model_finds_the_evidence_that_matters_and_the_true_chance(truth):
    evidence = {"copper": truth["copper"], "noise": truth["noise"]}
    found = learn(evidence, truth["deposits"], folds())
    assert found.skill.area > 0.7
    assert found.importance["copper"] > 0.1 > abs(found.importance["noise"])
    given = found.probability(list(evidence.values()))
    # As many deposits as there are, and cells in the order of the surface they were drawn from.
    assert given.sum() == pytest.approx(truth["deposits"].sum(), rel=0.05)
    assert spearmanr(given, truth["chance"], axis=None).statistic > 0.95


def test_random_folds_overstate_the_skill_of_evidence_without_any():
    """Deposits in clusters and unrelated smooth evidence: a forest learns places by heart."""
    draw = np.random.default_rng(4)
    deposits = np.zeros((SIDE, SIDE), dtype=bool)
    for row, column in draw.integers(3, SIDE - 3, (12, 2)):
        deposits[row - 1 : row + 2, column - 1 : column + 2] = True
    evidence = {name: smooth(draw, 5) for name in ("one", "two", "three", "four")}
    found = learn(evidence, deposits, folds(20), model="forest", background=1500)
    assert found.random_skill.area > 0.85
    assert found.skill.area < 0.7
    assert found.card()["flattery_of_random_folds"] > 0.15


def rare(seed: int = 3) -> dict[str, np.ndarray]:
    """40 deposits, drawn by one of two layers of evidence, among 40 million barren cells."""
    draw = np.random.default_rng(seed)
    copper, noise = draw.normal(size=(2, 20_000))
    chance = np.exp(1.5 * copper)
    deposits = np.zeros(20_000, dtype=bool)
    deposits[draw.choice(20_000, 40, replace=False, p=chance / chance.sum())] = True
    return {"copper": copper, "noise": noise, "deposits": deposits, "folds": np.arange(20_000) % 5}


@pytest.mark.parametrize("model", ["logistic", "forest", "boosting"])
def test_few_deposits_are_not_drowned_by_millions_of_barren_cells(model):
    made = rare()
    evidence = {name: made[name] for name in ("copper", "noise")}
    found = learn(
        evidence,
        made["deposits"],
        made["folds"],
        model=model,
        background=3000,
        barren=40_000_000,
    )
    assert found.skill.area > 0.75
    assert found.importance["copper"] > 3 * abs(found.importance["noise"])
    # Probabilities are those of a cell: 40 deposits in 40 million.
    assert found.probability(list(evidence.values())).mean() == pytest.approx(1e-6, rel=0.2)


def test_bagging_and_a_known_share_of_the_deposits():
    made = rare()
    evidence = {name: made[name] for name in ("copper", "noise")}
    plain = learn(evidence, made["deposits"], made["folds"], unlabelled="bagging")
    half = learn(evidence, made["deposits"], made["folds"], unlabelled="bagging", known_share=0.5)
    given = list(evidence.values())
    assert plain.skill.area == half.skill.area > 0.75
    np.testing.assert_allclose(half.probability(given), 2 * plain.probability(given), rtol=1e-12)
    assert half.card()["known_share"] == 0.5
    certain = learn(evidence, made["deposits"], made["folds"], known_share=1e-6)
    assert certain.probability(given).max() == 1


def test_a_forest_says_what_scikit_learn_says():
    draw = np.random.default_rng(4)
    table = draw.normal(size=(600, 4)).astype(np.float32)
    holds = draw.random(600) < 1 / (1 + np.exp(-2 * table[:, 0]))
    fitted = RandomForestClassifier(40, min_samples_leaf=3, random_state=1).fit(table, holds)
    trees = Trees.of(tree.tree_ for tree in fitted.estimators_)
    # Places on the thresholds too, where one digit decides.
    edges = np.resize(trees.threshold[np.isfinite(trees.threshold)], (500, 4))
    for places in (table, edges, draw.normal(size=(5000, 4)).astype(np.float32)):
        expected = fitted.predict_proba(places)[:, 1]
        np.testing.assert_array_equal(mean_of_trees(places, trees), expected)
    assert np.isnan(mean_of_trees(np.float32([[np.nan, 0, 0, 0]]), trees)).all()


def test_classed_evidence_is_answered_once_a_pattern(truth):
    classes = [
        np.digitize(truth[name], [-1, 0, 1]).astype(np.uint8) for name in ("copper", "noise")
    ]
    found = learn(
        dict(zip(("copper", "noise"), classes, strict=True)),
        truth["deposits"],
        folds(),
        model="forest",
        background=400,
    )
    floats = [one.astype(float) for one in classes]
    np.testing.assert_array_equal(found.probability(classes), found.probability(floats))
    np.testing.assert_array_equal(found.applicable(classes), found.applicable(floats))
    shifted = [one.astype(np.int64) * 10**6 for one in classes]
    assert found.probability(shifted).shape == (SIDE, SIDE)


def test_a_buffer_keeps_near_cells_out_of_training():
    x = np.arange(10.0)
    kept = x >= 7
    assert beyond(x, 0 * x, kept, distance=0).tolist() == [True] * 7 + [False] * 3
    assert beyond(x, 0 * x, kept, distance=2).tolist() == [True] * 5 + [False] * 5


@given(st.integers(0, 500), st.floats(0, 3))
def test_beyond_a_buffer_no_place_is_near_a_kept_one(seed, distance):
    draw = np.random.default_rng(seed)
    x, y = draw.random((2, 30)) * 10
    kept = draw.random(30) < 0.3
    trained = beyond(x, y, kept, distance=distance)
    gaps = np.hypot(x[:, None] - x[kept], y[:, None] - y[kept])
    nearest = gaps.min(axis=1) if kept.any() else np.full(30, np.inf)
    np.testing.assert_array_equal(trained, ~kept & ((nearest > distance) | (distance == 0)))


def test_buffered_folds_claim_no_more_than_plain_blocks():
    """Deposits in clusters, unrelated evidence: what is left of the skill comes over the edges."""
    plain, buffered = [], []
    rows, columns = np.indices((SIDE, SIDE))
    for seed in range(3):
        draw = np.random.default_rng(seed)
        evidence = {"a": smooth(draw, 4), "b": smooth(draw, 4)}
        deposits = draw.random((SIDE, SIDE)) < 0.2 * (smooth(draw, 4) > 1.2)
        for kept, buffer in ((plain, 0.0), (buffered, 8.0)):
            found = learn(
                evidence,
                deposits,
                folds(),
                model="boosting",
                background=800,
                places=(columns, rows),
                buffer=buffer,
            )
            kept.append(found.skill.area)
    assert np.mean(buffered) < np.mean(plain) + 0.02
    assert np.mean(buffered) < 0.62


def test_the_map_is_silent_where_the_model_has_seen_nothing_alike(truth):
    evidence = {"copper": truth["copper"], "noise": truth["noise"]}
    found = learn(evidence, truth["deposits"], folds())
    inside = found.applicable(list(evidence.values()))
    assert inside.mean() > 0.95
    far = found.applicable([np.array([0.0, 30.0, np.nan]), np.array([0.0, 0.0, 0.0])])
    assert far[:2].tolist() == [1, 0]
    assert np.isnan(far[2])


def test_blocks_give_what_the_whole_gives(truth):
    evidence = {"copper": truth["copper"], "noise": truth["noise"]}
    found = learn(evidence, truth["deposits"], folds(), model="boosting", background=800)
    layers = list(evidence.values())
    whole = found.probability(layers)
    part = found.probability([layer[7:19, 3:40] for layer in layers])
    assert np.array_equal(part, whole[7:19, 3:40])


def test_alike_layers_are_one_group(truth):
    copy = truth["copper"] * 2 + 1
    evidence = {"copper": truth["copper"], "copy": copy, "noise": truth["noise"]}
    found = learn(evidence, truth["deposits"], folds())
    assert set(found.importance) == {"copper + copy", "noise"}


def test_evidence_made_from_the_deposits_is_refused(truth):
    leak = distance_transform_edt(~truth["deposits"])
    evidence = {"copper": truth["copper"], "distance": leak}
    with pytest.raises(DataError, match="'distance' alone tells all deposits apart"):
        learn(evidence, truth["deposits"], folds())
    allowed = learn(evidence, truth["deposits"], folds(), allow_leakage=True)
    assert allowed.skill.area > 0.99


@given(st.integers(0, 10_000))
def test_area_under_the_curve_equals_scikit_learn(seed):
    draw = np.random.default_rng(seed)
    values = draw.integers(0, 6, 40).astype(float)
    deposits = draw.random(40) < 0.4
    if not 2 <= deposits.sum() <= 38:
        return
    found = area_under_curve(values, deposits)
    assert found.area == pytest.approx(roc_auc_score(deposits, values))
    assert 0 <= found.low <= found.area <= found.high <= 1


@given(st.integers(0, 10**6))
def test_the_area_of_a_success_rate_is_that_of_its_rows(seed):
    draw = np.random.default_rng(seed)
    values = draw.integers(0, 8, 60) / 8
    deposits = np.arange(60) % 7 < 2
    table = success_rate(values, deposits)
    area = np.r_[0, table["area_share"]]
    caught = np.r_[0, table["deposit_share"]]
    found = area_of_success_rate(values, deposits)
    assert found.area == pytest.approx(np.trapezoid(caught, area))
    names = np.unique(values)
    counts = [[(values[one] == name).sum() for name in names] for one in (deposits, ~deposits)]
    assert vars(area_of_counts(names, *counts)) == vars(area_under_curve(values, deposits))


def test_the_interval_of_the_area_covers_the_true_one():
    # Normal scores one standard deviation apart: the area is Phi(1 / sqrt 2) = 0.7602.
    draw = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        values = np.r_[draw.normal(1, 1, 40), draw.normal(0, 1, 200)]
        found = area_under_curve(values, np.r_[np.ones(40), np.zeros(200)])
        covered += found.low <= 0.7602499 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_boyce_index_is_one_when_deposits_grow_denser_and_minus_one_when_thinner():
    draw = np.random.default_rng(6)
    values = draw.random(20_000)
    assert boyce_index(values, draw.random(20_000) < values) > 0.98
    assert boyce_index(values, draw.random(20_000) < 1 - values) < -0.98


@given(st.integers(2, 60), st.integers(2, 4), st.floats(1, 50))
def test_places_of_one_block_share_a_fold(count, parts, size):
    draw = np.random.default_rng(count)
    x, y = draw.uniform(0, 300, (2, count))
    blocks = {(np.floor(a / size), np.floor(b / size)) for a, b in zip(x, y, strict=True)}
    if len(blocks) < parts:
        with pytest.raises(DataError, match="smaller blocks"):
            block_folds(x, y, size=size, folds=parts)
        return
    fold = block_folds(x, y, size=size, folds=parts)
    assert set(fold) == set(range(parts))
    held: dict[tuple[float, float], int] = {}
    for a, b, one in zip(x, y, fold, strict=True):
        assert held.setdefault((np.floor(a / size), np.floor(b / size)), one) == one


def test_clusters_are_chains_of_neighbours():
    assert cluster_folds([0, 4, 8, 50], [0, 0, 0, 0], distance=5).tolist() == [0, 0, 0, 1]
    with pytest.raises(DataError, match="smaller"):
        cluster_folds([0, 1], [0, 0], distance=5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "oracle"}, "logistic, forest, boosting"),
        ({"evidence": {}}, "0 layers"),
        ({"evidence": {"a": np.zeros((SIDE, SIDE))}}, "'a' is 0 in every cell"),
        ({"evidence": {"a": np.zeros((2, 2)), "b": np.zeros(3)}}, "put them on one grid"),
        ({"deposits": np.zeros((SIDE, SIDE), dtype=bool)}, "0 cells with"),
        ({"deposits": np.zeros(4, dtype=bool)}, "deposits have the shape"),
        ({"folds": np.zeros((SIDE, SIDE), dtype=int)}, "all deposits lie in one fold"),
    ],
)
def test_learning_refuses_and_says_what_to_do(truth, change, said):
    given = {
        "evidence": {"copper": truth["copper"]},
        "deposits": truth["deposits"],
        "folds": folds(),
        **change,
    }
    with pytest.raises(DataError, match=said):
        learn(
            given["evidence"],
            given["deposits"],
            given["folds"],
            model=given.get("model", "logistic"),
        )


CUMULATIVE = pd.DataFrame(
    {
        "class": np.arange(1.0, 10.0),
        "w_plus": [0.5059, 0.4387, 0.3942, 0.2571, 0.2877, 0.2683, 0.1722, 0.0608, -0.0314],
        "s_w_plus": [0.4083, 0.3015, 0.2426, 0.2236, 0.1961, 0.1826, 0.1796, 0.1796, 0.1796],
        "w_minus": [-0.0877, -0.1706, -0.3142, -0.3205, -0.7339, -1.5107, -1.7844, -1.0464, 9.4195],
        "s_w_minus": [0.1961, 0.2182, 0.2582, 0.2887, 0.4083, 0.7071, 1.0050, 1.0051, 1.4213],
        "contrast": [0.5936, 0.6093, 0.7084, 0.5777, 1.0216, 1.7790, 1.9566, 1.1072, -9.4509],
        "studentised": [1.3106, 1.6371, 1.9997, 1.5819, 2.2555, 2.4360, 1.9164, 1.0844, -6.5968],
    }
)


@pytest.mark.parametrize(
    ("rule", "threshold", "cut"),
    [
        ("max-contrast", 1, 6),
        ("max-contrast-if-feasible", 1, 6),
        ("max-feasible-contrast", 2, 5),
        ("max-studentised", 1, 5),
    ],
)
def test_eis_toolkit_cuts_of_cumulative_weights(rule, threshold, cut):
    """The table and the cuts of the toolkit's own tests."""
    found = generalise(CUMULATIVE, rule, threshold=threshold)
    assert found["part"].tolist() == [2] * (cut + 1) + [1] * (8 - cut)
    assert found["weight"].iloc[0] == CUMULATIVE["w_plus"][cut]
    assert found["weight"].iloc[-1] == CUMULATIVE["w_minus"][cut]
    assert found["s_weight"].iloc[-1] == CUMULATIVE["s_w_minus"][cut]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: generalise(CUMULATIVE, "max-contrast-if-feasible", threshold=2), "reaches"),
        (lambda: generalise(CUMULATIVE, "max-feasible-contrast", threshold=2.5), "reaches"),
        (lambda: generalise(CUMULATIVE.head(3), "max-contrast"), "must leave a class beyond"),
        (lambda: generalise(CUMULATIVE, "best"), "there is no rule 'best'"),
        (lambda: generalise(CUMULATIVE, cut=8), "must leave a class beyond"),
        (lambda: generalise(CUMULATIVE.drop(columns="contrast")), "lacks contrast"),
        (lambda: pool(CUMULATIVE), "lacks n, deposits"),
        (lambda: weights_on_cells([1], CUMULATIVE, "weight"), "lacks weight"),
    ],
)
def test_generalising_refuses_and_says_what_to_do(call, said):
    with pytest.raises(DataError, match=said):
        call()


def test_pooled_classes_weigh_as_one():
    kinds = np.repeat([1, 2, 3], [20, 40, 40])
    deposits = np.r_[
        np.repeat([1, 0], [6, 14]), np.repeat([1, 0], [2, 38]), np.repeat([1, 0], [2, 38])
    ]
    found = pool(weights_of_evidence(kinds, deposits), threshold=2)
    rest = weights_of_evidence(np.where(kinds == 1, 1, 9), deposits)
    assert found["weight"].tolist() == pytest.approx(
        [rest["w_plus"][0], rest["w_plus"][1], rest["w_plus"][1]]
    )
    on_cells = weights_on_cells(kinds, found)
    assert on_cells[0] == found["weight"][0]
    assert np.isnan(weights_on_cells([np.nan, 4], found)).all()
