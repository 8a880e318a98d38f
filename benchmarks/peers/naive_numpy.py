"""The network as a textbook writes it in NumPy: new arrays at every step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray

from benchmarks.tasks import Task


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """One pass of plain backpropagation with Adam or gradient descent."""
    generator = np.random.default_rng(0)
    weights = [
        (generator.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)).astype(np.float32)
        for n_in, n_out in zip(task.sizes, task.sizes[1:], strict=False)
    ]
    biases = [np.zeros(n_out, np.float32) for n_out in task.sizes[1:]]
    parameters = weights + biases
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    targets = np.eye(task.sizes[-1], dtype=np.float32)[y]
    step = 0

    def forward(batch: ndarray) -> list[ndarray]:
        activations = [batch]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(np.maximum(activations[-1] @ weight + bias, 0))
        logits = activations[-1] @ weights[-1] + biases[-1]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        activations.append(exponentials / exponentials.sum(axis=1, keepdims=True))
        return activations

    def update(gradients: list[ndarray]) -> None:
        nonlocal step
        step += 1
        for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
            if task.optimizer == "sgd":
                p -= task.learning_rate * g
                continue
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g * g
            p -= task.learning_rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)

    def train() -> None:
        order = generator.permutation(len(x)) if task.shuffles else slice(None)
        inputs, wanted = x[order], targets[order]
        for start in range(0, len(x), task.batch):
            batch, target = inputs[start : start + task.batch], wanted[start : start + task.batch]
            activations = forward(batch)
            delta = (activations[-1] - target) / len(batch)
            weight_gradients: list[ndarray] = []
            bias_gradients: list[ndarray] = []
            for layer in reversed(range(len(weights))):
                weight_gradients.insert(0, activations[layer].T @ delta)
                bias_gradients.insert(0, delta.sum(axis=0))
                if layer:
                    delta = (delta @ weights[layer].T) * (activations[layer] > 0)
            update(weight_gradients + bias_gradients)

    def predict() -> None:
        forward(x)[-1].argmax(axis=1)

    return predict if task.inference else train
