"""Worker processes of a run: they take the same steps as threads, and end as soon as they are not needed."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
import pytest
from numpy import ndarray

import annscope.core.engines.bias_trick
import annscope.core.engines.partition
from annscope.core.engines.bias_trick import BiasTrickSteps
from annscope.core.engines.chunked import ChunkedSteps
from annscope.core.engines.engine import NotFiniteError
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.parallel import ParallelSteps
from annscope.core.engines.workers import Workers
from annscope.core.training import Trainer
from annscope.runs.process_workers import ProcessWorkers, WorkerPoolError, can_fork
from annscope.runs.thread_workers import ThreadWorkers
from tests.core.conftest import make_dataset
from tests.core.engines.test_resuming import bits, snapshots_to_the_end, through_a_file
from tests.core.engines.test_workers import config_of, small_chunks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are split on Linux alone")
FLOAT = np.dtype(np.float64)


class Threads(ThreadWorkers):
    """Threads for everything, the steps included."""

    def persistent(self) -> Workers:
        return self


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of a few neurons are worth sharing."""
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 6)


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """No process is left behind once the workers are dropped."""
    before = set(psutil.Process().children())
    yield
    gc.collect()
    assert not set(psutil.Process().children()) - before


def workers_of(size: int) -> tuple[ProcessWorkers, ndarray]:
    workers = ProcessWorkers(size)
    return workers, workers.zeros((size, 3), FLOAT)


def wait_for_the_end_of(pid: int) -> None:
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid_of(workers: ProcessWorkers) -> int:
    """The process of the second worker."""
    place = workers.zeros(1, np.dtype(np.int64))
    workers.parallel([lambda: None, lambda: place.fill(os.getpid())])()
    return int(place[0])


def test_a_run_of_two_threads_takes_its_steps_in_two_processes() -> None:
    """Threads run one-time operations, processes the operations of every step; a single worker needs neither."""
    assert can_fork()
    assert isinstance(ThreadWorkers(2).persistent(), ProcessWorkers)
    assert not isinstance(ThreadWorkers(1).persistent(), ProcessWorkers)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_every_part_is_done_each_time(size: int) -> None:
    """What the workers wrote is there when the operation ends."""
    workers, out = workers_of(size)
    run_all = workers.parallel([lambda i=i: np.add(out[i], i + 1, out=out[i]) for i in range(size)])
    for n in range(1, 200):
        run_all()
        assert (out == n * np.arange(1, size + 1)[:, None]).all()


def test_an_operation_that_is_made_later_is_known_as_well() -> None:
    """Workers that have already run can be given more operations, and continue from what they have written."""
    workers, out = workers_of(2)
    first = workers.parallel([lambda: None, lambda: np.add(out[1], 1, out=out[1])])
    first()
    second = workers.parallel([lambda: None, lambda: np.multiply(out[1], 10, out=out[1])])
    second()
    first()
    assert out[1].tolist() == [11, 11, 11]


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "adam"},
        {"optimizer": "sgd", "bias": False},
        {"optimizer": "momentum", "schedule": "inverse_time", "schedule_decay": 0.1},
        {"optimizer": "adamw", "weight_decay": 0.1, "activation": "gelu"},
        {"optimizer": "rmsprop", "activation": "sigmoid", "output": "sigmoid"},
        {"dropout": 0.3, "batch_norm": True},
        {"dropout": 0.3, "activation": "silu", "label_smoothing": 0.1},
        {"class_weight": "balanced", "hidden": (9,)},
        {"hidden": ()},
        {"batch_size": "full", "optimizer": "nesterov"},
    ],
)
def test_processes_take_the_steps_of_threads(options: dict[str, Any], size: int) -> None:
    """Whether threads or processes share the work, training is the same to the bit."""
    dataset, config = make_dataset(), config_of(**options)
    x = dataset.x_train.astype(config.training.dtype)
    threads, processes = (NumpyEngine(dataset, config, x, workers(size)) for workers in (Threads, ThreadWorkers))
    assert isinstance(processes.strategy, ParallelSteps)
    for engine in (threads, processes):
        for start in (0, 5):
            engine.advance(start, start + 5 + start, lambda step: 0.01 / (1 + step))
    assert psutil.Process().children(), "nobody else took part"
    for name, expected in threads.arrays().items():
        np.testing.assert_array_equal(processes.arrays()[name], expected, err_msg=name)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_processes_take_the_steps_of_small_networks_as_threads_do(
    optimizer: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch whose examples are shared: processes take part, and the bits are those of one thread that does all."""
    monkeypatch.undo()  # no layer is large
    monkeypatch.setattr(annscope.core.engines.bias_trick, "LEAST_WORK", 0)
    dataset, config = make_dataset(), config_of(optimizer=optimizer)
    x = dataset.x_train.astype(config.training.dtype)
    threads, processes = (NumpyEngine(dataset, config, x, workers(size)) for workers in (Threads, ThreadWorkers))
    assert isinstance(processes.strategy, BiasTrickSteps)
    for engine in (threads, processes):
        engine.advance(0, 15, lambda step: 0.01 / (1 + step))
    assert psutil.Process().children(), "nobody else took part"
    for name, expected in threads.arrays().items():
        np.testing.assert_array_equal(processes.arrays()[name], expected, err_msg=name)
    assert processes.batch_losses.take() == threads.batch_losses.take()


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("batch_size", ["full", 40])
def test_processes_take_large_batches_as_threads_do(
    batch_size: int | str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of all examples is shared by processes, other large ones by threads: the bits are the same."""
    small_chunks(monkeypatch)
    dataset, config = make_dataset(), config_of(batch_size=batch_size, l2=0.1, clip_norm=0.5)
    x = dataset.x_train.astype(config.training.dtype)
    x[np.random.default_rng(0).random(x.shape) < 0.7] = 0
    threads, processes = (NumpyEngine(dataset, config, x, workers(size)) for workers in (Threads, ThreadWorkers))
    assert isinstance(processes.strategy, ChunkedSteps)
    for engine in (threads, processes):
        engine.advance(0, 5, lambda _: 0.01)
    assert bool(psutil.Process().children()) == (batch_size == "full")
    for name, expected in threads.arrays().items():
        np.testing.assert_array_equal(processes.arrays()[name], expected, err_msg=name)


def test_a_run_resumes_to_the_bit() -> None:
    """Interrupted after any step and resumed by new processes, a run ends with the bits of one that was not."""
    dataset, config = make_dataset(), config_of(optimizer="adam", dropout=0.2)
    config = replace(config, training=replace(config.training, snapshot_every=5))
    whole = Trainer(dataset, config, workers=ThreadWorkers(2))
    expected = bits(snapshots_to_the_end(whole)[-1])
    first = Trainer(dataset, config, workers=ThreadWorkers(2))
    first.advance(3)
    checkpoint = through_a_file(first.checkpoint())
    second = Trainer(dataset, config, workers=ThreadWorkers(2), checkpoint=checkpoint)
    assert bits(snapshots_to_the_end(second)[-1]) == expected


def test_a_part_that_fails_is_named_once_and_the_workers_continue() -> None:
    """The message of an error reaches the caller."""
    workers, out = workers_of(2)

    def fail_at_first() -> None:
        out[1] += 1
        if out[1, 0] == 1:
            raise ValueError("no such row")

    run_all = workers.parallel([lambda: None, fail_at_first])
    with pytest.raises(WorkerPoolError, match=r"^A part of a step failed: ValueError: no such row\.$"):
        run_all()
    run_all()
    assert out[1].tolist() == [2, 2, 2]


def test_a_process_that_is_killed_is_missed() -> None:
    """Waiting for a process that has ended raises an error, and does not block forever."""
    workers, out = workers_of(2)
    run_all = workers.parallel([lambda: None, lambda: out[1].fill(7)])
    pid = pid_of(workers)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerPoolError, match=r"has ended, perhaps because memory ran out; resuming continues"):
        run_all()


def test_an_interrupted_operation_puts_nobody_out_of_step() -> None:
    """After a caught Ctrl-C in the middle of a step, every later step is still complete when it returns."""
    workers, out = workers_of(2)

    def slowly() -> None:
        time.sleep(0.3)
        out[1] += 1

    run_all = workers.parallel([lambda: None, slowly])
    run_all()
    interrupting = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        run_all()
    interrupting.join()
    before = out[1, 0]
    run_all()
    assert out[1, 0] == before + 1


@pytest.mark.parametrize(
    "options", [{}, {"dropout": 0.3}, {"hidden": ()}, {"batch_size": "full"}, {"batch_norm": True}]
)
def test_processes_end_with_their_trainer(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropping a trainer ends its processes at once."""
    if options.get("batch_size") == "full":
        small_chunks(monkeypatch)
    trainer = Trainer(make_dataset(), config_of(**options), workers=ThreadWorkers(2))
    gc.collect()
    gc.disable()
    try:
        trainer.advance(2)
        assert psutil.Process().children()
        del trainer
        assert not psutil.Process().children()
    finally:
        gc.enable()


def test_a_copy_of_the_process_cannot_disturb_the_training() -> None:
    """Continuing in a fork of the trainer's process raises an error: the memory is not its own."""
    workers, out = workers_of(2)
    run_all = workers.parallel([lambda: None, lambda: np.add(out[1], 1, out=out[1])])
    run_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = os.fork()
    if not pid:
        try:
            run_all()
        except WorkerPoolError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    run_all()
    assert out[1].tolist() == [2, 2, 2]


@pytest.mark.parametrize("bias", [True, False])
def test_processes_restore_and_diverge_as_threads_do(bias: bool) -> None:
    """A running engine restores a checkpoint of another one; a later overflow gives the same error as with threads."""
    dataset, config = make_dataset(), config_of(dtype="float32", bias=bias)
    x = dataset.x_train.astype("float32")
    threads, processes = (NumpyEngine(dataset, config, x, workers(2)) for workers in (Threads, ThreadWorkers))
    threads.advance(0, 3, lambda _: 0.01)
    processes.advance(0, 6, lambda _: 0.02)
    processes.restore(3, {name: array.copy() for name, array in threads.arrays().items()}, threads.state())
    for engine in (threads, processes):
        engine.advance(3, 6, lambda _: 0.01)
    np.testing.assert_array_equal(processes.parameters.flat, threads.parameters.flat)
    named = []
    for engine in (threads, processes):
        with np.errstate(all="ignore"), pytest.raises(NotFiniteError) as found:
            engine.advance(6, 60, lambda _: 1e30)
        named.append((found.value.step, found.value.layer, found.value.quantity))
    assert named[0] == named[1]


def test_a_system_without_another_process_raises_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit of processes an error is raised, and the workers work once the limit allows it."""
    workers, out = workers_of(2)
    run_all = workers.parallel([lambda: None, lambda: np.add(out[1], 1, out=out[1])])

    def fail_to_fork() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fork", fail_to_fork)
        with pytest.raises(
            WorkerPoolError, match=r"^No further process can be started \(.+\); once that is possible again, resuming"
        ):
            run_all()
    run_all()
    assert out[1].tolist() == [1, 1, 1]


def test_signals_are_for_the_process_that_owns_the_workers() -> None:
    """Ctrl-C in a terminal reaches every process of it; the owner still writes its checkpoint with all its workers."""
    workers, out = workers_of(2)
    run_all = workers.parallel([lambda: None, lambda: np.add(out[1], 1, out=out[1])])
    pid = pid_of(workers)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    run_all()
    assert out[1].tolist() == [1, 1, 1]


OWNER = """
import os, sys, time
import numpy as np
from annscope.runs.process_workers import ProcessWorkers

workers = ProcessWorkers(2)
place = workers.zeros(1, np.dtype(np.int64))
workers.parallel([lambda: None, lambda: place.fill(os.getpid())])()
print(place[0], flush=True)
time.sleep(60)
"""


def test_a_process_ends_with_its_owner() -> None:
    """However a run is killed, none of its processes stays, and none holds its files or pipes."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert psutil.pid_exists(pid)
        assert not [file for file in os.listdir(f"/proc/{pid}/fd") if file in {"0", "1", "2"}]  # noqa: PTH208
        owner.kill()
        assert owner.stdout.read() == "", "its pipe ends with it"
    wait_for_the_end_of(pid)
