from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo.compute import corridors, kernels, sweeps
from geo.errors import DataError

shapes = st.shared(st.tuples(st.integers(1, 9), st.integers(1, 9)), key="shape")
rough = arrays(
    np.float64,
    shapes,
    elements=st.sampled_from([0.0, 1.0, 2.0, 5.0, 0.3, 1e6, 1e15, np.inf, np.nan, np.nan]),
)
starts = arrays(
    np.float64, shapes, elements=st.sampled_from([np.nan, np.nan, np.nan, np.nan, 0.0, 3.0, 700.0])
)
sides = st.tuples(st.sampled_from([1.0, 500.0, 30.0]), st.sampled_from([1.0, 250.0, 90.0]))


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Tiles of four cells, so that small rasters have many and costs must cross them."""
    monkeypatch.setattr(sweeps, "_TILE", 4)


def edges(friction, cell_size):
    """Every step between passable neighbours, with its cost."""
    rows, columns = friction.shape
    for i, j in np.argwhere(np.isfinite(friction)):
        for down in (-1, 0, 1):
            for along in (-1, 0, 1):
                a, b = i + down, j + along
                if (down or along) and 0 <= a < rows and 0 <= b < columns:
                    length = np.hypot(down * cell_size[0], along * cell_size[1])
                    mean = (friction[i, j] + friction[a, b]) / 2
                    if np.isfinite(mean):
                        yield i * columns + j, a * columns + b, length * mean


def by_dijkstra(friction, start, cell_size):
    """Independent answer: a graph with one node more, from which all sources start."""
    size = friction.size
    steps = list(edges(friction, cell_size))
    open_ = np.isfinite(friction.ravel()) & ~np.isnan(start.ravel())
    steps += [(size, n, start.flat[n]) for n in np.flatnonzero(open_)]
    if not steps:
        return np.full(friction.shape, np.nan)
    tail, head, cost = zip(*steps, strict=True)
    graph = csr_matrix((cost, (tail, head)), shape=(size + 1, size + 1))
    found = dijkstra(graph, indices=size)[:size].reshape(friction.shape)
    return np.where(np.isinf(found), np.nan, found)


def cost_along(friction, cells, cell_size, begin):
    total = begin
    for one, other in pairwise(cells):
        length = np.hypot(*((other - one) * cell_size))
        total += length * (friction[tuple(one)] + friction[tuple(other)]) / 2
    return total


def test_a_step_costs_its_length_times_the_mean_friction():
    friction = np.array([[1.0, 3.0], [5.0, 7.0]])
    source = np.array([[True, False], [False, False]])
    found = kernels.accumulated_cost(friction, source, (30.0, 40.0))
    np.testing.assert_allclose(found, [[0, 80], [90, 200]])


def test_the_way_goes_round_a_barrier_and_over_free_ground():
    friction = np.array([[1.0, np.nan, 1.0], [0.0, 0.0, 0.0]])
    source = np.array([[True, False, False], [False, False, False]])
    found = kernels.accumulated_cost(friction, source, (10.0, 10.0))
    np.testing.assert_allclose(found, [[0, np.nan, 10], [5, 5, 5]])


@settings(max_examples=250, deadline=None)
@given(rough, starts, sides)
@example(np.zeros((6, 7)), np.full((6, 7), np.nan), (1.0, 1.0))
@example(np.arange(30.0).reshape(1, 30), np.eye(1, 30) * 3, (500.0, 90.0))
@example(np.arange(30.0).reshape(30, 1), np.eye(30, 1) * 3, (500.0, 90.0))
def test_equals_dijkstra_with_holes_islands_free_ground_and_uneven_cells(
    friction, start, cell_size
):
    expected = by_dijkstra(friction, start, cell_size)
    found = kernels.accumulated_cost(friction, start, cell_size)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=150, deadline=None)
@given(rough, starts, sides)
def test_the_back_links_lead_to_the_allotted_source_at_the_cost_given(friction, start, cell_size):
    found = kernels.accumulated_cost_allocation(friction, start, cell_size)
    np.testing.assert_array_equal(found.cost, kernels.accumulated_cost(friction, start, cell_size))
    sources = np.argwhere(~np.isnan(start))
    reached = ~np.isnan(found.cost)
    assert ((found.backlink >= 0) == reached).all()
    assert ((found.allocation >= 0) == reached).all()
    for cell in np.argwhere(reached):
        way = kernels.trace_back(found.backlink, tuple(cell))
        assert (way[0] == cell).all()
        assert (way[-1] == sources[found.allocation[tuple(cell)]]).all()
        total = cost_along(friction, way[::-1], cell_size, start[tuple(way[-1])])
        assert total == pytest.approx(found.cost[tuple(cell)], rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(rough, starts, sides, st.integers(1, 11))
def test_tiles_of_any_size_give_the_same_bits(friction, start, cell_size, tile):
    expected = kernels.accumulated_cost(friction, start, cell_size)
    before, sweeps._TILE = sweeps._TILE, tile
    try:
        found = kernels.accumulated_cost(friction, start, cell_size)
    finally:
        sweeps._TILE = before
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=60, deadline=None)
@given(rough, starts, sides, st.sampled_from([0.0, 3.0, 400.0, 1e4]))
def test_beyond_the_largest_cost_is_unknown_and_below_it_nothing_changes(
    friction, start, cell_size, limit
):
    whole = kernels.accumulated_cost(friction, start, cell_size)
    found = kernels.accumulated_cost(friction, start, cell_size, max_cost=limit)
    np.testing.assert_array_equal(found, np.where(whole <= limit, whole, np.nan))


@settings(max_examples=60, deadline=None)
@given(rough, starts, sides)
def test_dearer_ground_never_makes_a_way_cheaper(friction, start, cell_size):
    dearer = friction + 1.0
    before = kernels.accumulated_cost(friction, start, cell_size)
    after = kernels.accumulated_cost(dearer, start, cell_size)
    assert (np.isnan(before) == np.isnan(after)).all()
    assert (np.isnan(before) | (after >= before)).all()


@settings(max_examples=40, deadline=None)
@given(rough, starts, sides)
def test_a_mirror_image_has_mirrored_costs(friction, start, cell_size):
    plain = kernels.accumulated_cost(friction, start, cell_size)
    mirrored = kernels.accumulated_cost(friction[::-1, ::-1], start[::-1, ::-1], cell_size)
    np.testing.assert_allclose(mirrored[::-1, ::-1], plain, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(rough, starts, sides, st.integers(0, 4), st.integers(0, 4))
def test_barriers_on_any_side_move_costs_and_change_none(friction, start, cell_size, down, along):
    rows, columns = friction.shape
    border = ((down, 2), (along, 1))
    wide, begun = (np.pad(one, border, constant_values=np.nan) for one in (friction, start))
    moved = kernels.accumulated_cost(wide, begun, cell_size)
    moved = moved[down : down + rows, along : along + columns]
    # Other tiles may find another of several ways that cost the same but for rounding.
    expected = kernels.accumulated_cost(friction, start, cell_size)
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(rough, starts, sides, st.data())
def test_one_more_source_never_makes_a_way_dearer(friction, start, cell_size, data):
    before = kernels.accumulated_cost(friction, start, cell_size)
    row, column = (data.draw(st.integers(0, side - 1)) for side in friction.shape)
    more = start.copy()
    more[row, column] = np.fmin(more[row, column], data.draw(st.sampled_from([0.0, 3.0, 700.0])))
    after = kernels.accumulated_cost(friction, more, cell_size)
    assert (np.isnan(before) | (after <= before * (1 + 1e-12))).all()


@settings(max_examples=50, deadline=None)
@given(rough, starts, sides)
def test_no_neighbour_costs_more_than_the_step_to_it(friction, start, cell_size):
    found = kernels.accumulated_cost(friction, start, cell_size).ravel()
    for tail, head, cost in edges(friction, cell_size):
        if not np.isnan(found[tail]):
            assert found[head] <= (found[tail] + cost) * (1 + 1e-12)


@settings(max_examples=50, deadline=None)
@given(rough, sides, st.data())
def test_there_is_as_dear_as_back_and_a_detour_is_never_cheaper(friction, cell_size, data):
    open_ = np.argwhere(np.isfinite(friction))
    if len(open_) == 0:
        return
    cells = [tuple(open_[data.draw(st.integers(0, len(open_) - 1))]) for _ in range(3)]
    costs = []
    for cell in cells:
        source = np.zeros(friction.shape, dtype=bool)
        source[cell] = True
        costs.append(kernels.accumulated_cost(friction, source, cell_size))
    (first, second, _), (a, b, c) = costs, cells
    np.testing.assert_allclose(first[b], second[a], rtol=1e-9)
    if not np.isnan(first[b] + second[c]):
        assert first[c] <= (first[b] + second[c]) * (1 + 1e-9)


def test_on_free_ground_the_links_still_lead_to_the_source():
    source = np.zeros((6, 90), dtype=bool)
    source[2, 86] = True
    found = kernels.accumulated_cost_allocation(np.zeros(source.shape), source, (1.0, 1.0))
    assert (found.cost == 0).all()
    assert (found.allocation == 0).all()
    # Ring by ring: no way is longer than the number of king's moves.
    assert len(kernels.trace_back(found.backlink, (5, 0))) == 87


def serpentine(rows, columns, width):
    """One way back and forth, so many cells wide."""
    open_ = np.ones((rows, columns), dtype=bool)
    for number, row in enumerate(range(width, rows - 1, width + 1)):
        open_[row] = False
        open_[row, slice(0, width) if number % 2 else slice(columns - width, None)] = True
    return open_


def spiral(side, width):
    """One way from the corner inwards, so many cells wide."""
    open_ = np.zeros((side, side), dtype=bool)
    for lead in range(0, side // 2 - 2 * width, width + 1):
        ring = slice(lead, side - lead)
        within = slice(lead + width, side - lead - width)
        open_[ring, ring] = True
        open_[within, within] = False
        # Cut the ring below its corner, and lead on from there to the next one.
        cut = lead + width
        open_[cut, lead:cut] = False
        open_[cut + 1 : cut + 1 + width, cut] = True
    return open_


def maze(side, seed, extra):
    """Passages dug at random from room to room, with some share of the other walls open too."""
    rng = np.random.default_rng(seed)
    open_ = np.zeros((2 * side + 1, 2 * side + 1), dtype=bool)
    ways, seen = [(0, 0)], {(0, 0)}
    while ways:
        i, j = ways[-1]
        rooms = [(i + a, j + b) for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        rooms = [(a, b) for a, b in rooms if 0 <= a < side and 0 <= b < side]
        new = [room for room in rooms if room not in seen]
        open_[2 * i + 1, 2 * j + 1] = True
        if not new:
            ways.pop()
            continue
        a, b = new[rng.integers(len(new))]
        open_[i + a + 1, j + b + 1] = True
        seen.add((a, b))
        ways.append((a, b))
    inner = open_[1:-1, 1:-1]
    inner |= rng.random(inner.shape) < extra
    return open_


LABYRINTHS = {
    **{f"serpentine {width} wide": serpentine(37, 45, width) for width in (1, 2, 5)},
    **{f"spiral {width} wide": spiral(41, width) for width in (1, 2, 5)},
    "perfect maze": maze(20, 1, 0.0),
    "braided maze": maze(20, 2, 0.1),
    "scattered barriers": np.random.default_rng(3).random((40, 40)) < 0.6,
}


@pytest.mark.parametrize("tile", [4, 64])
@pytest.mark.parametrize("ground", ["level", "rough"])
@pytest.mark.parametrize("name", LABYRINTHS)
def test_labyrinths_equal_dijkstra(name, ground, tile, monkeypatch):
    monkeypatch.setattr(sweeps, "_TILE", tile)
    open_ = LABYRINTHS[name]
    rough = np.random.default_rng(5).uniform(0.2, 5, open_.shape)
    friction = np.where(open_, 1.0 if ground == "level" else rough, np.nan)
    source = np.zeros(open_.shape, dtype=bool)
    source[tuple(np.argwhere(open_)[0])] = True
    found = kernels.accumulated_cost(friction, source, (3.0, 2.0))
    expected = by_dijkstra(friction, np.where(source, 0.0, np.nan), (3.0, 2.0))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(rough, starts, sides, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 1.0]))
def test_swept_or_followed_the_bits_are_the_same(friction, start, cell_size, seed, share):
    expected = kernels.accumulated_cost(friction, start, cell_size)

    def any_tiles(friction, tile):
        tiles = -(-friction.shape[0] // tile), -(-friction.shape[1] // tile)
        return np.random.default_rng(seed).random(tiles) < share

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corridors, "corridor_tiles", any_tiles)
        found = kernels.accumulated_cost(friction, start, cell_size)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["braided maze", "scattered barriers", "spiral 5 wide"])
def test_a_front_for_which_there_is_no_room_waits_in_its_tiles(name, monkeypatch):
    open_ = LABYRINTHS[name]
    rng = np.random.default_rng(6)
    friction = np.where(open_, rng.uniform(0.2, 5, open_.shape), np.nan)
    start = np.where(rng.random(open_.shape) < 0.1, rng.uniform(0, 9, open_.shape), np.nan)
    expected = kernels.accumulated_cost(friction, start, (3.0, 2.0))
    assert np.isfinite(expected).any()
    # One tile of four cells with its ring is 36 cells.
    monkeypatch.setattr(corridors, "_ROOM", 37)
    monkeypatch.setattr(corridors, "_SHORT", 8)
    tight = corridors.Front(friction, sweeps.step_lengths(3.0, 2.0), 4)
    assert tight._costs.shape[1] < 200
    found = kernels.accumulated_cost(friction, start, (3.0, 2.0))
    np.testing.assert_array_equal(found, expected)


def test_corrections_do_not_follow_one_another_through_a_long_corridor(monkeypatch):
    monkeypatch.setattr(sweeps, "_TILE", 16)
    monkeypatch.setattr(sweeps, "_PATIENCE", 10**6)
    plain, swept = sweeps.settle_tile, []
    monkeypatch.setattr(sweeps, "settle_tile", lambda *call: (swept.append(1), plain(*call)))
    open_ = serpentine(160, 160, 5)
    rough = np.random.default_rng(4).uniform(0.5, 2, open_.shape)
    source = np.zeros(open_.shape, dtype=bool)
    source[0, 0] = True
    found = kernels.accumulated_cost(np.where(open_, rough, np.nan), source, (1.0, 1.0))
    assert np.isfinite(found[-1]).all()
    # Some four visits to each of a hundred tiles; every wave of corrections would add as many.
    assert 300 < len(swept) < 700


def test_narrow_ways_are_told_from_open_ground():
    friction = np.ones((64, 192))
    friction[1::2, :64] = np.nan
    friction[:, 64:128] = np.where(serpentine(64, 64, 2), 1.0, np.inf)
    assert corridors.corridor_tiles(friction, 64).tolist() == [[True, True, False]]
    # A single narrow tile in a wide open country is not worth a second way of working.
    wide = np.ones((640, 640))
    wide[:64, :64] = np.nan
    wide[0, :64] = 1.0
    assert not corridors.corridor_tiles(wide, 64).any()


def test_equals_scikit_image_on_real_valued_friction():
    graph = pytest.importorskip("skimage.graph")
    friction = np.random.default_rng(7).uniform(0.1, 10, (25, 30))
    source = np.zeros(friction.shape, dtype=bool)
    source[[3, 20], [4, 25]] = True
    theirs, _ = graph.MCP_Geometric(friction, sampling=(500.0, 300.0)).find_costs(
        np.argwhere(source)
    )
    ours = kernels.accumulated_cost(friction, source, (500.0, 300.0))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_float32_friction_gives_what_its_exact_values_give():
    friction = np.random.default_rng(1).uniform(0.1, 10, (9, 9)).astype(np.float32)
    source = np.eye(9, dtype=bool) & (np.arange(9) == 4)
    np.testing.assert_array_equal(
        kernels.accumulated_cost(friction, source, (3.0, 2.0)),
        kernels.accumulated_cost(friction.astype(np.float64), source, (3.0, 2.0)),
    )


def test_no_source_and_a_source_on_a_barrier_reach_nothing():
    friction = np.array([[np.nan, 1.0]])
    for source in ([[False, False]], [[True, False]]):
        assert np.isnan(kernels.accumulated_cost(friction, np.array(source), (1, 1))).all()


def test_the_allocation_counts_sources_on_barriers_too():
    friction = np.array([[np.nan, 1.0, 1.0]])
    found = kernels.accumulated_cost_allocation(friction, np.array([[True, False, True]]), (1, 1))
    assert found.allocation.tolist() == [[-1, 1, 1]]


def test_a_dear_source_can_be_undercut_by_a_way_from_a_cheap_one():
    start = np.array([[0.0, np.nan, 9.0]])
    found = kernels.accumulated_cost_allocation(np.ones((1, 3)), start, (1.0, 1.0))
    assert found.cost.tolist() == [[0.0, 1.0, 2.0]]
    assert found.allocation.tolist() == [[0, 0, 0]]
    assert found.backlink.tolist() == [[0, 7, 7]]


def test_the_threads_do_not_change_a_bit(monkeypatch):
    from geo.compute import blocks

    friction = np.random.default_rng(2).uniform(0, 5, (40, 40))
    source = np.zeros(friction.shape, dtype=bool)
    source[[5, 33], [6, 20]] = True
    one = kernels.accumulated_cost_allocation(friction, source, (3.0, 2.0))
    for count in (1, 4):
        monkeypatch.setattr(blocks, "threads", lambda count=count: count)
        monkeypatch.setattr(sweeps, "threads", lambda count=count: count)
        other = kernels.accumulated_cost_allocation(friction, source, (3.0, 2.0))
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_path_is_the_cheapest_and_holds_both_ends():
    friction = np.array([[1.0, 9.0, 1.0], [1.0, 9.0, 1.0], [1.0, 1.0, 1.0]])
    way = kernels.least_cost_path(friction, (0, 0), (0, 2), (1.0, 1.0))
    assert way.tolist() == [[0, 0], [1, 0], [2, 1], [1, 2], [0, 2]]
    alone = kernels.least_cost_path(friction, (1, 1), (1, 1), (1.0, 1.0))
    assert alone.tolist() == [[1, 1]]


@settings(max_examples=60, deadline=None)
@given(rough, sides, st.data())
def test_the_path_costs_what_the_surface_says(friction, cell_size, data):
    open_ = np.argwhere(np.isfinite(friction))
    if len(open_) == 0:
        return
    start, goal = (tuple(open_[data.draw(st.integers(0, len(open_) - 1))]) for _ in range(2))
    source = np.zeros(friction.shape, dtype=bool)
    source[start] = True
    surface = kernels.accumulated_cost(friction, source, cell_size)
    if np.isnan(surface[goal]):
        with pytest.raises(DataError, match="no way leads"):
            kernels.least_cost_path(friction, start, goal, cell_size)
        return
    way = kernels.least_cost_path(friction, start, goal, cell_size)
    assert tuple(way[0]) == start
    assert tuple(way[-1]) == goal
    assert np.abs(np.diff(way, axis=0)).max(initial=0) <= 1
    assert cost_along(friction, way, cell_size, 0.0) == pytest.approx(surface[goal], rel=1e-9)


@settings(max_examples=60)
@given(rough, sides, st.data())
def test_the_corridor_is_lowest_along_the_path_and_costs_what_the_path_costs(
    friction, cell_size, data
):
    open_ = np.argwhere(np.isfinite(friction))
    if len(open_) == 0:
        return
    start, goal = (tuple(open_[data.draw(st.integers(0, len(open_) - 1))]) for _ in range(2))
    try:
        way = kernels.least_cost_path(friction, start, goal, cell_size)
    except DataError:
        with pytest.raises(DataError, match="no way leads"):
            kernels.least_cost_corridor(friction, start, goal, cell_size)
        return
    corridor = kernels.least_cost_corridor(friction, start, goal, cell_size)
    lowest = corridor[start]
    assert lowest == pytest.approx(cost_along(friction, way, cell_size, 0.0), rel=1e-9)
    np.testing.assert_allclose(corridor[tuple(way.T)], lowest, rtol=1e-9)
    assert np.nanmin(corridor) >= lowest * (1 - 1e-9)


def test_the_corridor_of_a_detour_by_hand():
    found = kernels.least_cost_corridor(np.ones((2, 3)), (0, 0), (0, 2), (3.0, 4.0))
    np.testing.assert_allclose(found, [[8, 8, 8], [12, 10, 12]])


SQUARE = np.ones((2, 2))
NONE = np.zeros((2, 2), dtype=bool)


@pytest.mark.parametrize(
    ("friction", "sources", "options", "says"),
    [
        (np.array([[1.0, -2.0]]), NONE[:1], {}, r"negative \(-2.0\) in cell \(0, 1\)"),
        (SQUARE, NONE[:1], {}, "shape"),
        (SQUARE, np.full((2, 2), -1.0), {}, "start cost -1.0"),
        (SQUARE, NONE, {"max_cost": -1.0}, "max_cost is -1.0"),
        (SQUARE, NONE, {"max_cost": float("nan")}, "max_cost is nan"),
        (np.ones(3), NONE, {}, "rows and columns"),
        (np.ones((0, 3)), NONE, {}, "rows and columns"),
    ],
)
def test_refuses_bad_friction_and_sources(friction, sources, options, says):
    for function in (kernels.accumulated_cost, kernels.accumulated_cost_allocation):
        with pytest.raises(DataError, match=says):
            function(friction, sources, (1, 1), **options)


@pytest.mark.parametrize(
    ("start", "goal", "says"),
    [
        ((0, 0), (0, 5), "goal .* outside"),
        ((-1, 0), (0, 1), "start .* outside"),
        ((0, 2), (0, 1), "start .* barrier"),
        ((0, 0), (0, 3), "no way leads"),
    ],
)
def test_refuses_a_path_that_cannot_be(start, goal, says):
    friction = np.array([[1, 1, np.nan, 1]])
    for function in (kernels.least_cost_path, kernels.least_cost_corridor):
        with pytest.raises(DataError, match=says):
            function(friction, start, goal, (1, 1))


def test_integer_friction_is_taken_as_numbers():
    found = kernels.accumulated_cost(np.array([[1, 3]]), np.array([[True, False]]), (1, 1))
    assert found.tolist() == [[0.0, 2.0]]


def test_refuses_to_trace_from_nowhere_or_in_circles():
    with pytest.raises(DataError, match="no source reaches"):
        kernels.trace_back(np.array([[-1]], dtype=np.int8), (0, 0))
    with pytest.raises(DataError, match="circle"):
        kernels.trace_back(np.array([[3, 7]], dtype=np.int8), (0, 0))
    with pytest.raises(DataError, match="outside"):
        kernels.trace_back(np.array([[0]], dtype=np.int8), (1, 0))
