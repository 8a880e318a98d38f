"""How well a network does, and what its layers are doing, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.losses import LOSSES, one_hot
from core.network import Network

N_BINS = 64
EVALUATION_BLOCK = 1024
"""Examples that are evaluated at once: their activations stay in the cache."""


@dataclass(frozen=True, eq=False)
class ClassMetrics:
    """Precision, recall, F1 and support of each class; NaN where undefined.

    Precision is undefined for a class that was never predicted, recall for one without examples,
    and F1 = 2 tp / (2 tp + fp + fn) for one that is neither predicted nor there.
    """

    precision: Float[ndarray, " n_classes"]
    recall: Float[ndarray, " n_classes"]
    f1: Float[ndarray, " n_classes"]
    support: Int[ndarray, " n_classes"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Mean loss without penalties, share of right answers, and where each example went; NaN without examples."""

    loss: float
    accuracy: float
    confusion: Int[ndarray, "n_classes n_classes"]


def confusion_matrix(
    labels: Int[ndarray, " n"], predictions: Int[ndarray, " n"], n_classes: int
) -> Int[ndarray, "n_classes n_classes"]:
    """How often each true class (row) was predicted as each class (column)."""
    pairs = labels.astype(np.int64) * n_classes + predictions
    return np.bincount(pairs, minlength=n_classes * n_classes).reshape(n_classes, n_classes)


def class_metrics(confusion: Int[ndarray, "n_classes n_classes"]) -> ClassMetrics:
    """The figures of each class of a confusion matrix whose rows are the true classes."""
    right = np.diag(confusion).astype(np.float64)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0 / 0 is undefined, and NaN says so
        return ClassMetrics(right / predicted, right / support, 2 * right / (support + predicted), support)


def evaluate(network: Network, x: Float[ndarray, "n n_features"], y: Int[ndarray, " n"], loss: str) -> Evaluation:
    """Loss (a name of `core.config.LOSSES`), accuracy and confusion matrix of a network on labelled examples."""
    total = 0.0
    predictions = np.empty(len(y), np.int64)
    values = LOSSES[loss, network.config.output].values
    for start in range(0, len(y), EVALUATION_BLOCK):
        block = slice(start, start + EVALUATION_BLOCK)
        logits = network.logits(x[block])
        targets = one_hot(y[block], network.n_classes, logits.dtype)
        total += float(values(logits, targets, 1).sum(dtype=np.float64))
        predictions[block] = logits.argmax(axis=1)
    n_right = int((predictions == y).sum())
    confusion = confusion_matrix(y, predictions, network.n_classes)
    if not len(y):
        return Evaluation(float("nan"), float("nan"), confusion)
    return Evaluation(total / len(y), n_right / len(y), confusion)


@dataclass(frozen=True)
class Bins:
    """Histogram bins that are even in arcsinh(value / unit): fine near 0, wide far away, symmetric about 0.

    The first and the last bin also take what lies outside of [-end, end].
    """

    unit: float
    end: float

    @property
    def edges(self) -> Float[ndarray, " 65"]:
        """The `N_BINS` + 1 edges, rising."""
        top = np.arcsinh(self.end / self.unit)
        return self.unit * np.sinh(np.linspace(-top, top, N_BINS + 1))

    def count(self, values: Float[ndarray, "..."]) -> Int[ndarray, " 64"]:
        """How many of the values fall into each bin, as int32."""
        inner = self.edges[1:-1].astype(values.dtype)
        counts = np.bincount(inner.searchsorted(values.ravel(), side="right"), minlength=N_BINS)
        return counts.astype(np.int32)


WEIGHT_BINS = Bins(unit=0.01, end=10.0)
GRADIENT_BINS = Bins(unit=1e-6, end=10.0)
ACTIVATION_BINS = Bins(unit=0.05, end=50.0)
WEIGHT_EDGES, GRADIENT_EDGES, ACTIVATION_EDGES = WEIGHT_BINS.edges, GRADIENT_BINS.edges, ACTIVATION_BINS.edges
