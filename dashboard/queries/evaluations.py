"""What follows from a record: the answers of any snapshot's network on any split, computed by `core` when asked.

Nothing of this is stored with the run: parameters and data give it again, bit for bit. What was
asked last is kept in memory, so that a second look costs nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from annscope.core.dataset import SPLITS, Dataset, Labels
from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.curves import (
    Averages,
    Calibration,
    PrecisionRecallCurve,
    RocCurve,
    area_under_roc,
    average_precision,
    averaged_over_classes,
    averages,
    calibration,
    hamming_loss,
    precision_recall_curve,
    roc_curve,
    sample_averages,
    specificity,
)
from annscope.core.evaluation.metrics import ClassMetrics, class_metrics, confusion_matrix, evaluated_logits, is_right
from annscope.core.network import Network
from annscope.core.snapshot import Confusion
from annscope.dashboard.queries.examples import source_of
from annscope.dashboard.queries.live_runs import follow
from annscope.data.errors import DataError
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader

KEPT_ANSWERS = 8
KEPT_CONFUSIONS = 2000

Key = TypeVar("Key")
Value = TypeVar("Value")


class DerivedError(AnnscopeError):
    """Something that cannot be computed from a record: the text says why."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What one network answered on every example of one split.

    `predictions` are the classes of the largest logits, as the worker counts them; `probabilities`
    are as the output layer gives them, with a sigmoid each for itself. Examples are in the split's order.
    Where an example carries any number of labels, labels and predictions are rows of 0 and 1.
    """

    run: str
    number: int
    split: str
    class_names: tuple[str, ...]
    labels: Labels
    predictions: Labels
    probabilities: Float[ndarray, "n n_classes"]

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def is_multilabel(self) -> bool:
        """Whether an example may carry any number of labels."""
        return self.labels.ndim == 2

    @cached_property
    def confusion(self) -> Confusion:
        """How often each true class (row) was taken for each class (column); or of each label by itself."""
        return confusion_matrix(self.labels, self.predictions, self.n_classes)

    @cached_property
    def confidence(self) -> Float[ndarray, " n"]:
        """The probability of each prediction; of several labels that all of them are right, if they are independent."""
        if self.is_multilabel:
            of_all: ndarray = np.maximum(self.probabilities, 1 - self.probabilities).prod(axis=1)
            return of_all
        chosen: ndarray = self.probabilities[np.arange(len(self.labels)), self.predictions]
        return chosen

    @cached_property
    def right(self) -> Bool[ndarray, " n"]:
        """Which predictions are the true class; or all the true labels and no other."""
        return is_right(self.labels, self.predictions)

    @cached_property
    def accuracy(self) -> float:
        """The share of right predictions (of labels the subset accuracy); NaN without examples."""
        return float(self.right.mean()) if len(self.right) else float("nan")

    @cached_property
    def classes(self) -> ClassMetrics:
        """Precision, recall, F1 and support of each class."""
        return class_metrics(self.confusion)

    @cached_property
    def specificity(self) -> Float[ndarray, " n_classes"]:
        """The specificity of each class."""
        return specificity(self.confusion)

    @cached_property
    def averages(self) -> dict[str, Averages]:
        """Precision, recall, F1 and specificity of all classes."""
        return averages(self.confusion)

    @cached_property
    def roc_areas(self) -> tuple[Float[ndarray, " n_classes"], Averages]:
        """The area under each class's ROC curve, and on average."""
        return averaged_over_classes(area_under_roc, self.labels, self.probabilities)

    @cached_property
    def average_precisions(self) -> tuple[Float[ndarray, " n_classes"], Averages]:
        """The average precision of each class, and on average."""
        return averaged_over_classes(average_precision, self.labels, self.probabilities)

    @cached_property
    def roc_curves(self) -> tuple[RocCurve, ...]:
        """Each class against all others."""
        return tuple(roc_curve(self.is_class(c), self.probabilities[:, c]) for c in range(self.n_classes))

    @cached_property
    def precision_recall_curves(self) -> tuple[PrecisionRecallCurve, ...]:
        """Each class against all others."""
        return tuple(precision_recall_curve(self.is_class(c), self.probabilities[:, c]) for c in range(self.n_classes))

    @cached_property
    def calibration(self) -> Calibration:
        """How often predictions of a certain confidence are right."""
        return calibration(self.right, self.confidence)

    def calibration_of(self, label: int) -> Calibration:
        """How often examples to which a certain probability of a label was given carry it."""
        return calibration(self.is_class(label), self.probabilities[:, label])

    @cached_property
    def sample_averages(self) -> dict[str, float]:
        """Precision, recall and F1 of the labels of each example, on average; of labels alone."""
        return sample_averages(self.labels, self.predictions)

    @cached_property
    def hamming_loss(self) -> float:
        """The share of wrong among all answers, one a label; of labels alone."""
        return hamming_loss(self.confusion)

    def is_predicted(self, label: int) -> Bool[ndarray, " n"]:
        """Which examples were taken for a class, or given a label."""
        said: ndarray = self.predictions[:, label] == 1 if self.is_multilabel else self.predictions == label
        return said

    def is_class(self, label: int) -> Bool[ndarray, " n"]:
        """Which examples truly are of a class, or carry a label."""
        of_class: ndarray = self.labels[:, label] == 1 if self.is_multilabel else self.labels == label
        return of_class


def answer(network: Network, x: ndarray, *, is_multilabel: bool = False) -> tuple[ndarray, ndarray]:
    """Predictions and probabilities, from the logits that the worker judges: not a bit differs."""
    logits = evaluated_logits(network, x)
    return network.predictions(logits, is_multilabel=is_multilabel), network.probabilities(logits)


def answers_of(run: str, number: int, split: str) -> Answers:
    """What the network of a snapshot answers on a split.

    Raises AnnscopeError with one sentence: an empty split, data that is gone or not what it was, a damaged record.
    """
    return _answers.get((run, number, split), lambda: _compute(run, number, split))


def _compute(run: str, number: int, split: str) -> Answers:
    dataset = dataset_of(run)
    x, y = dataset.split(split)
    if not len(y):
        raise DerivedError(f"Run {run} has no {split} examples.")
    network = follow(run).reader.network(number)
    predictions, probabilities = answer(network, x, is_multilabel=dataset.is_multilabel)
    return Answers(run, number, split, dataset.class_names, y, predictions, probabilities)


def confusions_of(run: str, numbers: Sequence[int], split: str) -> tuple[dict[int, Confusion], list[AnnscopeError]]:
    """The confusion matrix of each of these snapshots on a split: recorded where that is the split that judged it.

    A snapshot that cannot be read is left out, and why comes second. Raises AnnscopeError when that is every one.
    """
    dataset = dataset_of(run)
    x, y = dataset.split(split)
    reader = follow(run).reader

    def compute(number: int) -> ndarray:
        if split == dataset.heldout:
            return np.asarray(reader.snapshot(number).confusion, np.int64)
        predictions = answer(reader.network(number), x, is_multilabel=dataset.is_multilabel)[0]
        return confusion_matrix(y, predictions, dataset.n_classes)

    found: dict[int, ndarray] = {}
    troubles: list[AnnscopeError] = []
    for number in numbers:
        try:
            found[number] = _confusions.get((run, number, split), partial(compute, number))
        except AnnscopeError as error:
            troubles.append(error)
    if not found and troubles:
        raise troubles[0]
    return found, troubles


def dataset_of(run: str) -> Dataset:
    """The data a run learned from, checked to be the same.

    Raises AnnscopeError, with one sentence, when it is gone, has changed or was never loaded.
    """
    try:
        return source_of(run).dataset
    except DataError as error:
        raise DerivedError(f"The data of run {run} cannot be read: {str(error).rstrip('.')}.") from error


def shown_features(run: str, split: str, places: Sequence[int] | None = None) -> Float[ndarray, "n n_features"]:
    """The features of these examples of a split (None: all) as a person knows them.

    Images from 0, paper, to 1, full ink; anything else in its own units.
    """
    source = source_of(run)
    x = source.dataset.split(split)[0]
    raw: ndarray = (x if places is None else x[places]) * source.divisor + source.offset
    return raw / source.white if source.dataset.image_shape is not None else raw


def splits_of(run: str) -> dict[str, int]:
    """The splits that hold examples, with how many, the one that judged the network first."""
    about: dict[str, Any] = RunReader(run_directory(run)).description["dataset"] or {}
    counts = {name: int(about.get(f"n_{name}", 0)) for name in SPLITS}
    order = ("validation", "test", "train")
    return {name: counts[name] for name in order if counts[name]}


class Kept(Generic[Key, Value]):
    """The values asked for last, computed once each; safe to use from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        """The value of a key; `compute` is called when it is not known, one call at a time."""
        with self._lock:
            if key not in self._values:
                self._values[key] = compute()
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()


_answers: Kept[tuple[str, int, str], Answers] = Kept(KEPT_ANSWERS)
_confusions: Kept[tuple[str, int, str], ndarray] = Kept(KEPT_CONFUSIONS)


def forget() -> None:
    """Drop everything that is kept; the next look computes it anew."""
    _answers.clear()
    _confusions.clear()
