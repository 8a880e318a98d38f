"""annscope: the trainer that a run uses, without snapshots; for inference the network of a snapshot."""

from __future__ import annotations

from collections.abc import Callable

from numpy import ndarray

from annscope.core.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.inference import Inference
from annscope.core.network import Network
from annscope.core.training import Trainer
from annscope.runs.thread_workers import ThreadWorkers
from benchmarks import threads
from benchmarks.tasks import Task

NEVER = 1_000_000_000


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], object]:
    """One epoch of the trainer, or one prediction of all examples, as in a run."""
    return _with_threads(task, x, y, threads.from_environment())


def build_one_thread(task: Task, x: ndarray, y: ndarray) -> Callable[[], object] | None:
    """The same with one thread, which leaves a second core to the dashboard."""
    return None if threads.from_environment() == 1 else _with_threads(task, x, y, 1)


def _with_threads(task: Task, x: ndarray, y: ndarray, n_threads: int) -> Callable[[], object]:
    workers = ThreadWorkers(n_threads)
    trainer = Trainer(dataset_of(task, x, y), config_of(task), workers=workers)
    return _predict(task, trainer, x, workers) if task.inference else _train(trainer)


def _train(trainer: Trainer) -> Callable[[], object]:
    def train() -> None:
        left = trainer.steps_per_epoch
        while left:
            left -= trainer.advance(left)

    return train


def _predict(task: Task, trainer: Trainer, x: ndarray, workers: ThreadWorkers) -> Callable[[], object]:
    parameters = trainer.snapshot().parameters
    network = Network(config_of(task).network, task.sizes[0], task.sizes[-1], parameters)
    inference = Inference(network, workers)
    return lambda: inference.predict(x)


def dataset_of(task: Task, x: ndarray, y: ndarray) -> Dataset:
    """The examples as a `Dataset`, with the first hundred as held-out split."""
    return Dataset(
        name="benchmark",
        x_train=x,
        y_train=y,
        x_val=x[:100],
        y_val=y[:100],
        x_test=x[:0],
        y_test=y[:0],
        class_names=tuple(str(label) for label in range(task.sizes[-1])),
        image_shape=(28, 28) if task.sizes[0] == 784 else (8, 8) if task.sizes[0] == 64 else None,
    )


def config_of(task: Task) -> RunConfig:
    """The task as a run's settings, without an end and without snapshots."""
    return RunConfig(
        data=DataConfig(name="benchmark", split=0.0),
        network=NetworkConfig(hidden_sizes=task.sizes[1:-1]),
        training=TrainingConfig(
            optimizer=task.optimizer,
            learning_rate=task.learning_rate,
            batch_size=task.batch_size or "full",
            n_epochs=1_000_000,
            shuffle=task.shuffle,
            snapshot_every=NEVER,
        ),
    )
