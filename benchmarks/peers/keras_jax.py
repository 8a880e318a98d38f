"""Keras on JAX: its own `fit` loop, compiled."""

from __future__ import annotations

import os
from collections.abc import Callable

from numpy import ndarray

from benchmarks.tasks import Task

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """One epoch of `fit`, or `predict`."""
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(width, activation="relu") for width in task.sizes[1:-1]]
    network = keras.Sequential([keras.Input((task.sizes[0],)), *hidden, keras.layers.Dense(task.sizes[-1])])
    optimizer = keras.optimizers.Adam if task.optimizer == "adam" else keras.optimizers.SGD
    network.compile(
        optimizer=optimizer(task.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=True,
        steps_per_execution=max(1, min(50, len(x) // task.batch)),
    )
    if task.inference:
        return lambda: network.predict(x, batch_size=len(x), verbose=0).argmax(axis=1)
    return lambda: network.fit(x, y, batch_size=task.batch, epochs=1, shuffle=task.shuffles, verbose=0)
