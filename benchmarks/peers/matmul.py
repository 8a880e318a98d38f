"""Baseline of bare matrix multiplications: those of a step, on the same batches, and nothing else.

For each layer `x @ W`; in training also `x.T @ d` for the weights and, above the first layer, `d @ W.T`
for the layer below. All write into preallocated arrays.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray

from benchmarks.tasks import Task


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:  # noqa: ARG001
    """One pass of bare multiplications."""
    generator = np.random.default_rng(0)
    pairs = list(zip(task.sizes, task.sizes[1:], strict=False))
    weights = [generator.standard_normal(pair, dtype=np.float32) for pair in pairs]
    gradients = [np.empty_like(weight) for weight in weights]
    outputs = [np.empty((task.batch, n_out), np.float32) for _, n_out in pairs]
    deltas = [generator.standard_normal((task.batch, n_out), dtype=np.float32) for _, n_out in pairs]
    inputs = [generator.random((task.batch, n_in), dtype=np.float32) for n_in, _ in pairs]
    below = [np.empty_like(each) for each in inputs]
    last = len(x) - task.batch + 1

    def forward() -> None:
        for layer, weight in enumerate(weights):
            np.matmul(inputs[layer], weight, out=outputs[layer])

    def train() -> None:
        for start in range(0, last, task.batch):
            inputs[0] = x[start : start + task.batch]
            forward()
            for layer in reversed(range(len(weights))):
                np.matmul(inputs[layer].T, deltas[layer], out=gradients[layer])
                if layer:
                    np.matmul(deltas[layer], weights[layer].T, out=below[layer])

    def predict() -> None:
        inputs[0] = x
        forward()

    return predict if task.inference else train
