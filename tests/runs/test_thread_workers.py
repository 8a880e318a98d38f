"""Worker threads: every part is run, in any order, and nothing is lost if a part fails."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from annscope.core.config import NetworkConfig
from annscope.core.engines.inference import Inference
from annscope.core.engines.workers import SINGLE, work_queue
from annscope.core.network import Network, initial_parameters, layer_sizes
from annscope.runs.thread_workers import ThreadWorkers


def test_parts_run_at_the_same_time() -> None:
    """Two parts that wait for each other both continue."""
    meeting = threading.Barrier(2, timeout=20)
    names: set[str] = set()

    def meet() -> None:
        meeting.wait()
        names.add(threading.current_thread().name)

    run_all = ThreadWorkers(2).parallel([meet, meet])
    for _ in range(3):
        run_all()
    assert len(names) == 2


@pytest.mark.parametrize("size", [1, 2, 4])
def test_it_ends_when_every_part_has_ended(size: int) -> None:
    """What the parts wrote is there, as often as it is asked for."""
    out = np.zeros((size, 1000))
    parts = [lambda i=i: np.add(out[i], i + 1, out=out[i]) for i in range(size)]
    run_all = ThreadWorkers(size).parallel(parts)
    for n in range(1, 200):
        run_all()
        assert (out == n * np.arange(1, size + 1)[:, None]).all()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_error_comes_to_whoever_asked(place: int) -> None:
    """The error of any part is raised, once, and the workers continue."""
    done = []

    def part(i: int) -> None:
        if i == place and len(done) < 3:
            raise ZeroDivisionError(f"part {i}")
        done.append(i)

    workers = ThreadWorkers(3)
    run_all = workers.parallel([lambda i=i: part(i) for i in range(3)])
    with pytest.raises(ZeroDivisionError, match=f"part {place}"):
        run_all()
    done += [9, 9, 9]
    run_all()
    assert sorted(done)[-3:] == [9, 9, 9]
    assert len(done) == 2 + 3 + 3


def test_overflow_is_no_warning_in_any_thread() -> None:
    """An overflow is reported by the engine, not printed by a thread."""
    big = np.full(1000, 1e30, np.float32)

    def overflow() -> None:
        np.multiply(big, big)

    ThreadWorkers(2).parallel([lambda: None, overflow])()


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_each_thing_is_taken_once(n: int) -> None:
    """Any free worker takes the next item of the queue: the first two are processed at the same time."""
    meeting = threading.Barrier(2, timeout=20)
    taken: list[tuple[str, int]] = []

    def take(thing: int) -> None:
        if n >= 2 and thing < 2:
            meeting.wait()
        taken.append((threading.current_thread().name, thing))

    work_queue(ThreadWorkers(2), range(n), [take, take])()
    assert sorted(thing for _, thing in taken) == list(range(n))
    assert len({name for name, _ in taken}) == (2 if n >= 2 else n)


def test_what_is_left_when_one_fails_is_not_taken() -> None:
    """The error reaches the caller, and the other workers finish their current item."""
    meeting = threading.Barrier(2, timeout=20)
    failed = threading.Event()
    taken: list[int] = []

    def take(thing: int) -> None:
        meeting.wait()
        if thing == 0:
            failed.set()
            raise ZeroDivisionError("the first")
        failed.wait(20)
        taken.append(thing)

    with pytest.raises(ZeroDivisionError, match="the first"):
        work_queue(ThreadWorkers(2), [0, 1], [take, take])()
    assert taken == [1]
    run_all = work_queue(SINGLE, [0, 1, 2], [lambda thing: 1 // thing])  # type: ignore[list-item, return-value]
    with pytest.raises(ZeroDivisionError):
        run_all()
    run_all()  # nothing is left


def test_threads_with_a_work_queue_give_the_same_predictions() -> None:
    """Every example gets a prediction, with the same bits, however the threads divide them."""
    config = NetworkConfig(hidden_sizes=(30, 20))
    parameters = initial_parameters(config, layer_sizes(config, 40, 5), "float32", 0).layers
    alone, workers = (Inference(Network(config, 40, 5, parameters), each) for each in (SINGLE, ThreadWorkers(3)))
    x = np.random.default_rng(0).normal(size=(30_011, 40)).astype("float32")
    labels, probabilities = alone.predict(x)
    for _ in range(20):
        for found, expected in zip(workers.predict(x), (labels, probabilities), strict=True):
            np.testing.assert_array_equal(found, expected)
