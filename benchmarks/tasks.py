"""Benchmark tasks: the networks and the images that every contestant is timed on."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


@dataclass(frozen=True)
class Task:
    """One network and one way of training it; `batch_size` 0 takes all examples at once.

    A pass goes once over `n_examples`, with `shuffle` in a new random order, except for a full batch.
    `inference` times predictions instead of training.
    """

    name: str
    sizes: tuple[int, ...]
    batch_size: int
    optimizer: str
    learning_rate: float
    n_examples: int
    inference: bool = False
    shuffle: bool = True

    @property
    def shuffles(self) -> bool:
        """Whether each pass has a new order."""
        return self.shuffle and self.batch_size > 0

    @property
    def batch(self) -> int:
        """Number of examples per step."""
        return self.batch_size or self.n_examples

    @property
    def label(self) -> str:
        """Its name in the table."""
        shape = "-".join(map(str, self.sizes))
        if self.inference:
            return f"{self.name} {shape}, inference, {self.n_examples:,} images"
        batch = {0: f"full batch of {self.n_examples:,}", 1: "one by one"}.get(
            self.batch_size, f"batch {self.batch_size}"
        )
        return f"{self.name} {shape}, {batch}, {self.optimizer}"


TASKS = {
    task.name: task
    for task in (
        Task("T1", (784, 128, 64, 10), 64, "adam", 1e-3, 12_800),
        Task("T2", (784, 128, 64, 10), 32, "sgd", 1e-2, 12_800),
        Task("T3", (784, 512, 256, 10), 128, "adam", 1e-3, 6_400),
        Task("T4", (784, 256, 32, 10), 1, "sgd", 1e-3, 1_000),
        Task("T5", (784, 45, 10), 0, "sgd", 1e-2, 5_000),
        Task("T6", (784, 128, 64, 10), 0, "sgd", 1e-3, 10_000, inference=True),
        Task("T7", (64, 32, 10), 32, "sgd", 1e-2, 12_800),
        Task("W1", (784, 1024, 1024, 10), 128, "adam", 1e-3, 6_400),
        Task("W2", (784, 2048, 2048, 10), 256, "adam", 1e-3, 6_400),
        Task("W3", (784, *(256,) * 8, 10), 128, "adam", 1e-3, 6_400),
        Task("W4", (784, 128, 10), 1024, "adam", 1e-3, 10_240),
        Task("W5", (2, 8, 8, 3), 10, "adam", 1e-2, 1_000),
        Task("W6", (784, 512, 256, 10), 0, "sgd", 1e-3, 10_000, inference=True),
    )
}


def examples(task: Task) -> tuple[Float[ndarray, "n n_features"], Int[ndarray, " n"]]:
    """float32 features in 0..1 and int64 labels: MNIST if its folder is set, else noise of the same shape."""
    if task.sizes[0] == 784 and os.environ.get("ANNSCOPE_MNIST_DIR"):
        from annscope.core.config import DataConfig
        from annscope.data.datasets import load_dataset

        dataset = load_dataset(DataConfig(name="mnist"))
        return dataset.x_train[: task.n_examples], dataset.y_train[: task.n_examples]
    generator = np.random.default_rng(0)
    x = generator.random((task.n_examples, task.sizes[0]), dtype=np.float32)
    return x, generator.integers(task.sizes[-1], size=task.n_examples)
