"""How well a network does, and what its layers are doing, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.core.engines.inference import Inference
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.functions.losses import fused_loss
from annscope.core.network import Network
from annscope.core.snapshot import Confusion

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
    """Mean loss without penalties, accuracy and confusion matrix; NaN without examples.

    With several labels a prediction is right if every label is: the subset accuracy.
    """

    loss: float
    accuracy: float
    confusion: Confusion


def confusion_matrix(labels: Labels, predictions: Labels, n_classes: int) -> Confusion:
    """How often each true class (row) was predicted as each class (column); with several labels, of each by itself."""
    if labels.ndim == 2:
        pairs = 4 * np.arange(n_classes) + 2 * labels.astype(np.int64) + predictions
        return np.bincount(pairs.ravel(), minlength=4 * n_classes).reshape(n_classes, 2, 2)
    pairs = labels.astype(np.int64) * n_classes + predictions
    return np.bincount(pairs, minlength=n_classes * n_classes).reshape(n_classes, n_classes)


def each_by_itself(confusion: Confusion) -> Int[ndarray, "n_classes 2 2"]:
    """Each class or label against all others: [[tn, fp], [fn, tp]], as scikit-learn's multilabel_confusion_matrix."""
    if confusion.ndim == 3:
        return confusion
    right, support, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    rest = confusion.sum() - support - predicted + right
    return np.stack([rest, predicted - right, support - right, right], axis=1).reshape(-1, 2, 2)


def class_metrics(confusion: Confusion) -> ClassMetrics:
    """The figures of each class or label."""
    counts = each_by_itself(confusion)
    right = counts[:, 1, 1].astype(np.float64)
    support, predicted = counts[:, 1].sum(axis=1), counts[:, :, 1].sum(axis=1)
    with np.errstate(invalid="ignore"):  # 0 / 0 is undefined, hence NaN
        return ClassMetrics(right / predicted, right / support, 2 * right / (support + predicted), support)


def evaluate(
    network: Network,
    x: Float[ndarray, "n n_features"],
    y: Labels,
    loss: str,
    *,
    first_logits: Float[ndarray, "n_first n_outputs"] | None = None,
    workers: Workers = SINGLE,
) -> Evaluation:
    """Loss (a name of `core.functions.losses`), accuracy and confusion matrix of a network on labelled examples.

    `first_logits` are those of the first `EVALUATION_BLOCK` examples, or all `evaluated_logits`, where they are known.
    """
    total = 0.0
    logits = evaluated_logits(network, x, first_logits, workers=workers)
    values = fused_loss(loss, network.config.output).values
    for start in range(0, len(y), EVALUATION_BLOCK):
        block = slice(start, start + EVALUATION_BLOCK)
        targets = network.output.targets(y[block], network.n_classes, logits.dtype)
        total += float(values(logits[block], targets).sum(dtype=np.float64))
    predictions = network.predictions(logits, is_multilabel=y.ndim == 2)
    n_right = int(is_right(y, predictions).sum())
    confusion = confusion_matrix(y, predictions, network.n_classes)
    if not len(y):
        return Evaluation(float("nan"), float("nan"), confusion)
    return Evaluation(total / len(y), n_right / len(y), confusion)


def is_right(labels: Labels, predictions: Labels) -> Bool[ndarray, " n"]:
    """Which examples are predicted correctly; with several labels, those with every label right."""
    same: Any = labels == predictions
    right: ndarray = same.all(axis=1) if labels.ndim == 2 else same
    return right


def evaluated_logits(
    network: Network,
    x: Float[ndarray, "n n_features"],
    first: Float[ndarray, "n_first n_outputs"] | None = None,
    *,
    workers: Workers = SINGLE,
) -> Float[ndarray, "n n_outputs"]:
    """The logits that `evaluate` judges, to the bit: those of the first `EVALUATION_BLOCK` examples by themselves."""
    inference = Inference(network, workers)
    if first is None:
        first = inference.logits(x[:EVALUATION_BLOCK])
    return np.concatenate([first, inference.logits(x[len(first) :])]) if len(first) < len(x) else first


class Bins:
    """Histogram bins about 0: narrow near 0, wide far away, the negative ones the mirror image of the others.

    The edges are even in arcsinh(value / unit), rounded to five binary digits. So which bin a number
    is in can be told from the first of its bits, sign, exponent and four digits after the leading one:
    these are counted, and each bin is one or two runs of them. A bin holds the numbers whose magnitude is at least
    that of its edge nearer to 0 and less than that of the other; the first and the last bin also take
    what lies beyond `end`, and 0 belongs to the positive ones.
    """

    def __init__(self, unit: float, end: float) -> None:
        half = unit * np.sinh(np.linspace(0, np.arcsinh(end / unit), N_BINS // 2 + 1))
        fraction, exponent = np.frexp(half)
        half = np.ldexp(np.round(fraction * 32) / 32, exponent)
        self.edges: Float[ndarray, " 65"] = np.concatenate([-half[:0:-1], half])
        self._runs = {itemsize: self._runs_of_one_bin(itemsize, half[1:-1]) for itemsize in _FIRST_BITS}

    @staticmethod
    def _runs_of_one_bin(
        itemsize: int, inner: Float[ndarray, " 31"]
    ) -> tuple[Int[ndarray, " n_runs"], Int[ndarray, " n_runs"]]:
        """Where, among all first bits that numbers of so many bytes can have, another bin begins; and which."""
        first = np.arange(1 << _FIRST_BITS[itemsize], dtype=f"u{itemsize}")
        values = (first << (8 * itemsize - _FIRST_BITS[itemsize])).view(f"f{itemsize}")
        with np.errstate(invalid="ignore"):  # some of these bits spell NaN
            place = np.searchsorted(inner, np.abs(values), side="right")
        bins: ndarray = np.where(np.signbit(values) & (values != 0), N_BINS // 2 - 1 - place, N_BINS // 2 + place)
        starts = np.flatnonzero(np.diff(bins, prepend=-1))
        return starts, bins[starts]

    def count(self, values: Float[ndarray, "..."]) -> Int[ndarray, " 64"]:
        """How many of the values fall into each bin, as int32."""
        itemsize = values.dtype.itemsize
        bits = np.ascontiguousarray(values).reshape(-1).view(f"u{itemsize}")
        first = bits >> (8 * itemsize - _FIRST_BITS[itemsize])
        seen = np.bincount(first.astype(np.intp), minlength=1 << _FIRST_BITS[itemsize])
        starts, bins = self._runs[itemsize]
        return np.bincount(bins, weights=np.add.reduceat(seen, starts), minlength=N_BINS).astype(np.int32)


_FIRST_BITS = {4: 1 + 8 + 4, 8: 1 + 11 + 4}
"""Sign, exponent and four binary digits of a float32 and a float64, by its size in bytes."""
WEIGHT_BINS = Bins(unit=0.01, end=10.0)
GRADIENT_BINS = Bins(unit=1e-6, end=10.0)
ACTIVATION_BINS = Bins(unit=0.05, end=50.0)
UPDATE_BINS = Bins(unit=1e-7, end=1.0)
HISTOGRAM_EDGES: dict[str, Float[ndarray, " 65"]] = {
    "weight": WEIGHT_BINS.edges,
    "gradient": GRADIENT_BINS.edges,
    "activation": ACTIVATION_BINS.edges,
    "update": UPDATE_BINS.edges,
}
"""The edges of each histogram of a layer's statistics."""
