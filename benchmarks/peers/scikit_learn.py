"""scikit-learn's MLPClassifier, driven by `partial_fit` over the pass (its own inner loop over batches)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray
from sklearn.neural_network import MLPClassifier

from benchmarks.tasks import Task


def build(task: Task, x: ndarray, y: ndarray) -> Callable[[], None] | None:
    """One call of `partial_fit`: one pass in batches."""
    network = MLPClassifier(
        task.sizes[1:-1], solver=task.optimizer, batch_size=task.batch, alpha=0.0, shuffle=task.shuffles, momentum=0.0,
        learning_rate_init=task.learning_rate, random_state=0,
    )  # fmt: skip
    network.partial_fit(x, y, classes=np.arange(task.sizes[-1]))
    if task.inference:
        return lambda: network.predict(x)
    return lambda: network.partial_fit(x, y)
