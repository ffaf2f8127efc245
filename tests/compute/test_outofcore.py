import errno
import resource
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.compute import kernels, outofcore, sweeps
from geo.errors import DataError, OutputError

shapes = st.shared(st.tuples(st.integers(1, 23), st.integers(1, 9)), key="shape")
masks = arrays(np.bool_, shapes, elements=st.sampled_from([False, False, False, True]))
rough = arrays(
    np.float64, shapes, elements=st.sampled_from([0.0, 1.0, 2.0, 0.3, 1e6, np.inf, np.nan, np.nan])
)
starts = arrays(np.float64, shapes, elements=st.sampled_from([np.nan] * 8 + [0.0, 3.0, 700.0]))
sides = st.tuples(st.sampled_from([1.0, 500.0, 30.0]), st.sampled_from([1.0, 250.0, 90.0]))
heights = st.integers(1, 23)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(sweeps, "_TILE", 4)
    monkeypatch.setattr(outofcore, "_LEAST_COST_ROWS", 1)


def budget(height, columns, cell):
    """Bytes that make blocks of a height."""
    return columns * (outofcore._COLUMN_BYTES * (1 + outofcore.threads()) + height * cell)


class Reader:
    """Reads rows of an array and remembers which."""

    def __init__(self, array):
        self.array = array
        self.asked = []

    def __call__(self, first, last):
        self.asked.append((first, last))
        return self.array[first:last]


def together(surface):
    return [surface.read(first, last) for first, last in surface.blocks]


@settings(max_examples=60)
@given(masks, sides, heights)
def test_distances_in_blocks_of_any_height_are_the_same_bits(mask, cell_size, height):
    memory = budget(height, mask.shape[1], outofcore._DISTANCE_BYTES)
    with outofcore.euclidean_distance(Reader(mask), mask.shape, cell_size, memory=memory) as found:
        assert found.blocks[0] == (0, min(height, len(mask)))
        blocks = np.concatenate(together(found))
    np.testing.assert_array_equal(blocks, kernels.euclidean_distance(mask, cell_size))


@settings(max_examples=60)
@given(masks, sides, heights)
def test_nearest_targets_in_blocks_of_any_height_are_the_same(mask, cell_size, height):
    memory = budget(height, mask.shape[1], outofcore._NEAREST_BYTES)
    with outofcore.nearest(Reader(mask), mask.shape, cell_size, memory=memory) as found:
        blocks = [np.concatenate(part) for part in zip(*together(found), strict=True)]
    for one, other in zip(blocks, kernels.nearest(mask, cell_size), strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=80)
@given(rough, starts, sides, heights, st.sampled_from([None, 0.0, 400.0]))
def test_costs_in_blocks_of_any_height_are_the_same_bits(friction, start, cell_size, height, limit):
    memory = budget(height, friction.shape[1], outofcore._COST_BYTES)
    with outofcore.accumulated_cost(
        Reader(friction), Reader(start), friction.shape, cell_size, memory=memory, max_cost=limit
    ) as found:
        blocks = np.concatenate(together(found))
    expected = kernels.accumulated_cost(friction, start, cell_size, max_cost=limit)
    np.testing.assert_array_equal(blocks, expected)


def test_a_way_that_winds_through_all_blocks_is_found():
    friction = np.ones((24, 13))
    friction[:-1, 1::4] = np.nan
    friction[1:, 3::4] = np.nan
    sources = np.zeros(friction.shape, dtype=bool)
    sources[0, 0] = True
    memory = budget(4, 13, outofcore._COST_BYTES)
    with outofcore.accumulated_cost(
        Reader(friction), Reader(sources), friction.shape, (1.0, 1.0), memory=memory
    ) as found:
        assert len(found.blocks) == 6
        last = found.read(23, 24)[0, 12]
    assert last == kernels.accumulated_cost(friction, sources, (1.0, 1.0))[23, 12] > 140


def test_every_row_is_asked_for_once_from_the_top():
    mask = Reader(np.eye(9, dtype=bool))
    with outofcore.euclidean_distance(
        mask, (9, 9), (1.0, 1.0), memory=budget(2, 9, outofcore._DISTANCE_BYTES)
    ) as found:
        together(found)
        together(found)
    assert mask.asked == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 9)]
    friction, sources = Reader(np.ones((9, 9))), Reader(mask.array)
    with outofcore.accumulated_cost(
        friction, sources, (9, 9), (1.0, 1.0), memory=budget(4, 9, outofcore._COST_BYTES)
    ):
        assert friction.asked == sources.asked == [(0, 4), (4, 8), (8, 9)]


def test_any_rows_can_be_read():
    mask = np.eye(9, dtype=bool)
    whole = kernels.euclidean_distance(mask, (1.0, 2.0))
    with outofcore.euclidean_distance(
        Reader(mask), (9, 9), (1.0, 2.0), memory=budget(2, 9, outofcore._DISTANCE_BYTES)
    ) as found:
        np.testing.assert_array_equal(found.read(3, 8), whole[3:8])
        np.testing.assert_array_equal(found.read(0, 1), whole[:1])
        for first, last in ((-1, 2), (3, 3), (5, 10)):
            with pytest.raises(DataError, match="the surface has 9"):
                found.read(first, last)


def test_float32_friction_is_kept_as_it_is_and_gives_the_same_bits():
    friction = np.random.default_rng(4).uniform(0.1, 9, (30, 20)).astype(np.float32)
    sources = friction == friction.max()
    with outofcore.accumulated_cost(
        Reader(friction),
        Reader(sources),
        (30, 20),
        (3.0, 2.0),
        memory=budget(9, 20, outofcore._COST_BYTES),
    ) as found:
        blocks = np.concatenate(together(found))
    np.testing.assert_array_equal(blocks, kernels.accumulated_cost(friction, sources, (3.0, 2.0)))


@pytest.mark.parametrize("name", ["distance", "nearest", "cost"])
@pytest.mark.compiled
def test_the_budget_is_kept(name, monkeypatch, tmp_path):
    monkeypatch.setattr(sweeps, "_TILE", 96)
    rng = np.random.default_rng(8)
    shape, memory = (3000, 400), 6_000_000
    targets = rng.random(shape) < 0.001

    def read(first, last):
        return targets[first:last]

    def ground(first, last):
        return np.ones((last - first, shape[1]), dtype=np.float32)

    def run():
        if name == "cost":
            return outofcore.accumulated_cost(
                ground, read, shape, (1.0, 1.0), memory=memory, scratch=tmp_path
            )
        make = outofcore.nearest if name == "nearest" else outofcore.euclidean_distance
        return make(read, shape, (1.0, 1.0), memory=memory, scratch=tmp_path)

    # Compile before memory is counted.
    run().close()
    tracemalloc.start()
    try:
        with run() as found:
            for first, last in found.blocks:
                found.read(first, last)
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found.blocks) > 3
    assert memory / 4 < peak < memory
    assert not list(tmp_path.iterdir())


def test_a_full_scratch_folder_is_told_and_nothing_is_left(tmp_path):
    friction, sources = np.ones((400, 50)), np.zeros((400, 50), dtype=bool)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        with pytest.raises(
            OutputError, match=r"scratch folder cannot be written .* free space"
        ) as caught:
            outofcore.accumulated_cost(
                Reader(friction),
                Reader(sources),
                friction.shape,
                (1.0, 1.0),
                memory=100_000,
                scratch=tmp_path,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(tmp_path) in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_disk_without_space_is_told(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("geo.compute.stored.os.pwrite", full)
    mask = Reader(np.eye(3, dtype=bool))
    with pytest.raises(OutputError, match="No space left"):
        outofcore.euclidean_distance(mask, (3, 3), (1, 1), memory=100_000, scratch=tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_error_while_reading_leaves_nothing(tmp_path):
    def read(first, _last):
        if first > 0:
            raise KeyboardInterrupt
        return np.zeros((1, 9), dtype=bool)

    memory = budget(1, 9, outofcore._DISTANCE_BYTES)
    with pytest.raises(KeyboardInterrupt):
        outofcore.euclidean_distance(read, (9, 9), (1, 1), memory=memory, scratch=tmp_path)
    assert not list(tmp_path.iterdir())


EYE = Reader(np.eye(9, dtype=bool))
GROUND = Reader(np.ones((9, 9)))
COSTLY = Reader(np.where(np.eye(9), -1.0, 1.0)[::-1])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: outofcore.euclidean_distance(EYE, (9, 9), (1, 1), memory=10), "holds no block"),
        (lambda: outofcore.nearest(EYE, (9, 9), (1, 1), memory=10), "holds no block"),
        (
            lambda: outofcore.accumulated_cost(GROUND, EYE, (9, 9), (1, 1), memory=10),
            "allow .* MB or more",
        ),
        (lambda: outofcore.euclidean_distance(GROUND, (9, 9), (1, 1), memory=999_999), "boolean"),
        (
            lambda: outofcore.euclidean_distance(EYE, (9, 8), (1, 1), memory=999_999),
            "rows asked for",
        ),
        (lambda: outofcore.euclidean_distance(EYE, (9, 9), (0, 1), memory=999_999), "two positive"),
        (
            lambda: outofcore.accumulated_cost(COSTLY, EYE, (9, 9), (1, 1), memory=999_999),
            r"negative \(-1.0\) in cell \(0, 8\)",
        ),
        (
            lambda: outofcore.accumulated_cost(
                GROUND, Reader(-np.ones((9, 9))), (9, 9), (1, 1), memory=999_999
            ),
            "start cost -1.0",
        ),
        (
            lambda: outofcore.euclidean_distance(
                EYE, (9, 9), (1, 1), memory=999_999, scratch="no/such/folder"
            ),
            "no scratch folder can be made",
        ),
    ],
)
def test_refuses_and_says_what_to_do(call, says):
    with pytest.raises((DataError, OutputError), match=says):
        call()
