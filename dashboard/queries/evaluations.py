"""Evaluations: the predictions of any snapshot's network on any split, and what follows from them, computed on demand.

None of it is stored with the run: parameters and data reproduce it bit for bit. The most recent results are cached
in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

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
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.lru_cache import Cache
from annscope.data.errors import DataError
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader

CACHED_PREDICTIONS = 8
CACHED_CONFUSIONS = 2000


class DerivedError(AnnscopeError):
    """Something that cannot be computed from a record; the message is the reason."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of one network for every example of one split, in the split's order.

    `predicted` are the classes of the largest logits, as the worker counts them; `probabilities` are the outputs of
    the last layer (softmax, or an independent sigmoid for each class). In multi-label data, `labels` and `predicted`
    are rows of 0 and 1.
    """

    run: str
    number: int
    split: str
    class_names: tuple[str, ...]
    labels: Labels
    predicted: Labels
    probabilities: Float[ndarray, "n n_classes"]

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def is_multilabel(self) -> bool:
        """Whether an example may have any number of labels."""
        return self.labels.ndim == 2

    @cached_property
    def confusion(self) -> Confusion:
        """The confusion matrix: rows true, columns predicted; in multi-label data a 2x2 matrix for each label."""
        return confusion_matrix(self.labels, self.predicted, self.n_classes)

    @cached_property
    def confidence(self) -> Float[ndarray, " n"]:
        """The probability of each prediction; in multi-label data, of all labels, as if independent."""
        if self.is_multilabel:
            of_all: ndarray = np.maximum(self.probabilities, 1 - self.probabilities).prod(axis=1)
            return of_all
        of_predicted: ndarray = self.probabilities[np.arange(len(self.labels)), self.predicted]
        return of_predicted

    @cached_property
    def right(self) -> Bool[ndarray, " n"]:
        """Which predictions are right: the true class; or exactly the true labels."""
        return is_right(self.labels, self.predicted)

    @cached_property
    def accuracy(self) -> float:
        """The accuracy (in multi-label data the subset accuracy); NaN without examples."""
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
        """The area under the ROC curve of each class, and its averages."""
        return averaged_over_classes(area_under_roc, self.labels, self.probabilities)

    @cached_property
    def average_precisions(self) -> tuple[Float[ndarray, " n_classes"], Averages]:
        """The average precision of each class, and its averages."""
        return averaged_over_classes(average_precision, self.labels, self.probabilities)

    @cached_property
    def roc_curves(self) -> tuple[RocCurve, ...]:
        """The ROC curve of each class, one vs. rest."""
        return tuple(roc_curve(self.is_class(c), self.probabilities[:, c]) for c in range(self.n_classes))

    @cached_property
    def precision_recall_curves(self) -> tuple[PrecisionRecallCurve, ...]:
        """The precision-recall curve of each class, one vs. rest."""
        return tuple(precision_recall_curve(self.is_class(c), self.probabilities[:, c]) for c in range(self.n_classes))

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration curve: accuracy by confidence."""
        return calibration(self.right, self.confidence)

    def calibration_of(self, label: int) -> Calibration:
        """The calibration curve of one class or label: how often it is true, by its predicted probability."""
        return calibration(self.is_class(label), self.probabilities[:, label])

    @cached_property
    def sample_averages(self) -> dict[str, float]:
        """Precision, recall and F1 averaged over the examples; multi-label data only."""
        return sample_averages(self.labels, self.predicted)

    @cached_property
    def hamming_loss(self) -> float:
        """The Hamming loss: the fraction of wrong labels; multi-label data only."""
        return hamming_loss(self.confusion)

    def is_predicted(self, label: int) -> Bool[ndarray, " n"]:
        """Which examples are predicted as a class, or with a label."""
        as_class: ndarray = self.predicted[:, label] == 1 if self.is_multilabel else self.predicted == label
        return as_class

    def is_class(self, label: int) -> Bool[ndarray, " n"]:
        """Which examples belong to a class, or have a label."""
        of_class: ndarray = self.labels[:, label] == 1 if self.is_multilabel else self.labels == label
        return of_class


def predict(network: Network, x: ndarray, *, is_multilabel: bool = False) -> tuple[ndarray, ndarray]:
    """Predicted classes and probabilities, from the same logits as the worker's evaluation: bit for bit."""
    logits = evaluated_logits(network, x)
    return network.predictions(logits, is_multilabel=is_multilabel), network.probabilities(logits)


def predictions_of(run: str, number: int, split: str) -> Predictions:
    """The predictions of the network of a snapshot on a split.

    Raises AnnscopeError for an empty split, for data that is missing or has changed, and for a damaged record.
    """
    return _predictions.get((run, number, split), lambda: _compute(run, number, split))


def _compute(run: str, number: int, split: str) -> Predictions:
    dataset = dataset_of(run)
    x, y = dataset.split(split)
    if not len(y):
        raise DerivedError(f"Run {run} has no {split} examples.")
    network = get_live_run(run).reader.network(number)
    predicted, probabilities = predict(network, x, is_multilabel=dataset.is_multilabel)
    return Predictions(run, number, split, dataset.class_names, y, predicted, probabilities)


def confusions_of(run: str, numbers: Sequence[int], split: str) -> tuple[dict[int, Confusion], list[AnnscopeError]]:
    """The confusion matrix of each of these snapshots on a split: the recorded one where the split is the held-out one.

    A snapshot that cannot be read is omitted; the errors come second. Raises AnnscopeError if none can be read.
    """
    dataset = dataset_of(run)
    x, y = dataset.split(split)
    reader = get_live_run(run).reader

    def compute(number: int) -> ndarray:
        if split == dataset.heldout:
            return np.asarray(reader.snapshot(number).confusion, np.int64)
        predicted = predict(reader.network(number), x, is_multilabel=dataset.is_multilabel)[0]
        return confusion_matrix(y, predicted, dataset.n_classes)

    found: dict[int, ndarray] = {}
    errors: list[AnnscopeError] = []
    for number in numbers:
        try:
            found[number] = _confusions.get((run, number, split), partial(compute, number))
        except AnnscopeError as error:
            errors.append(error)
    if not found and errors:
        raise errors[0]
    return found, errors


def dataset_of(run: str) -> Dataset:
    """The data that a run was trained on, checked by its fingerprint.

    Raises AnnscopeError when it is missing, has changed or was never loaded.
    """
    try:
        return source_of(run).dataset
    except DataError as error:
        raise DerivedError(f"The data of run {run} cannot be read: {str(error).rstrip('.')}.") from error


def shown_features(run: str, split: str, places: Sequence[int] | None = None) -> Float[ndarray, "n n_features"]:
    """The features of these examples of a split (None: all) before scaling.

    Images from 0, background, to 1, full ink; anything else in its own units.
    """
    source = source_of(run)
    x = source.dataset.split(split)[0]
    raw: ndarray = (x if places is None else x[places]) * source.divisor + source.offset
    return raw / source.white if source.dataset.image_shape is not None else raw


def splits_of(run: str) -> dict[str, int]:
    """The splits that are not empty, with their sizes; the held-out split of the run comes first."""
    about: dict[str, Any] = RunReader(run_directory(run)).description["dataset"] or {}
    counts = {name: int(about.get(f"n_{name}", 0)) for name in SPLITS}
    order = ("validation", "test", "train")
    return {name: counts[name] for name in order if counts[name]}


_predictions: Cache[tuple[str, int, str], Predictions] = Cache(CACHED_PREDICTIONS)
_confusions: Cache[tuple[str, int, str], ndarray] = Cache(CACHED_CONFUSIONS)


def clear_cache() -> None:
    """Remove all cached results."""
    _predictions.clear()
    _confusions.clear()
