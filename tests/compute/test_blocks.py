import time

import pytest

from geo.compute import blocks


def test_blocks_cover_every_row_once():
    for rows in range(1, 12):
        cut = blocks.row_blocks((rows, 5), 12)
        assert [i for first, last in cut for i in range(first, last)] == list(range(rows))


def test_a_row_wider_than_a_block_is_a_block():
    assert blocks.row_blocks((2, 100), 10) == [(0, 1), (1, 2)]


def test_an_error_in_a_thread_reaches_the_caller():
    def task(first, last):
        raise ZeroDivisionError(first)

    with pytest.raises(ZeroDivisionError):
        blocks.each(task, [(0, 1), (1, 2)])


def test_after_an_error_the_other_threads_stop(monkeypatch):
    monkeypatch.setattr(blocks, "threads", lambda: 2)
    done = []

    def task(first, _last):
        if first == 0:
            raise ZeroDivisionError
        done.append(first)
        time.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        blocks.each(task, [(n, n + 1) for n in range(300)])
    assert len(done) < 299


def test_every_block_is_done_once(monkeypatch):
    monkeypatch.setattr(blocks, "threads", lambda: 4)
    done = []
    blocks.each(lambda first, _last: done.append(first), [(n, n + 1) for n in range(1000)])
    assert sorted(done) == list(range(1000))


def test_where_the_system_does_not_say_all_processors_count(monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert blocks.threads() == 1
