"""The predictions of one network for every example of a split, and every figure that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.core.evaluation.curves import (
    N_BINS,
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
from annscope.core.evaluation.intervals import (
    FEW,
    ResampledCounts,
    class_intervals,
    percentile_interval,
    resampled_areas,
    resampled_areas_of_classes,
    resampled_calibration_errors,
    resampled_counts,
    wilson,
)
from annscope.core.evaluation.metrics import ClassMetrics, class_metrics, confusion_matrix, evaluated_logits, is_right
from annscope.core.network import Network
from annscope.core.snapshot import Confusion


def predict(
    network: Network, x: Float[ndarray, "n n_features"], *, is_multilabel: bool = False
) -> tuple[Labels, Float[ndarray, "n n_classes"]]:
    """Predicted classes and probabilities, from the same logits as the evaluation of a snapshot: bit for bit."""
    logits = evaluated_logits(network, x)
    return network.predictions(logits, is_multilabel=is_multilabel), network.probabilities(logits)


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

    @cached_property
    def accuracy_interval(self) -> Float[ndarray, " 2"]:
        """The interval of the accuracy."""
        return wilson(int(self.right.sum()), len(self.right))

    @cached_property
    def resampled(self) -> ResampledCounts:
        """The counts of each class in samples of the examples."""
        return resampled_counts(self.labels, [self.predicted], self.n_classes)[0]

    @cached_property
    def intervals(self) -> dict[str, Float[ndarray, "n_classes 2"]]:
        """The intervals of precision, recall, F1 and specificity of each class, by these names."""
        return class_intervals(self.confusion) | {"f1": percentile_interval(self.resampled.f1)}

    @cached_property
    def average_intervals(self) -> dict[str, dict[str, Float[ndarray, " 2"]]]:
        """The intervals of `averages`: of each figure the macro, micro and weighted one."""
        return {
            name: {how: percentile_interval(values) for how, values in self.resampled.averages(name).items()}
            for name in self.averages
        }

    def area_intervals(self, label: int) -> tuple[Float[ndarray, " 2"], Float[ndarray, " 2"]]:
        """The intervals of the area under the ROC curve of one class, and of its average precision."""
        if label not in self._area_intervals:
            roc, precision = resampled_areas(self.is_class(label), self.probabilities[:, label])
            self._area_intervals[label] = percentile_interval(roc), percentile_interval(precision)
        return self._area_intervals[label]

    @cached_property
    def _area_intervals(self) -> dict[int, tuple[ndarray, ndarray]]:
        return {}

    @cached_property
    def is_of_class(self) -> Bool[ndarray, "n n_classes"]:
        """Whether each example belongs to each class, or has each label."""
        return np.stack([self.is_class(c) for c in range(self.n_classes)], axis=1)

    @cached_property
    def area_average_intervals(self) -> dict[str, tuple[Float[ndarray, " 2"], Float[ndarray, " 2"]]]:
        """The intervals of the macro and the weighted average of both areas; NaN where there are too many scores."""
        (areas,) = resampled_areas_of_classes(self.is_of_class, [self.probabilities])
        return {
            how: (percentile_interval(roc), percentile_interval(precision))
            for how, (roc, precision) in areas.averages.items()
        }

    @cached_property
    def calibration_interval(self) -> Float[ndarray, " 2"]:
        """The interval of the expected calibration error."""
        bins = self.calibration.bin_of(self.confidence)
        return percentile_interval(resampled_calibration_errors(self.right, self.confidence, bins, N_BINS))

    @cached_property
    def weakest(self) -> int | None:
        """The class with the lowest recall among those with `FEW` examples, or of all; None if nothing is wrong."""
        recall, support = self.classes.recall, self.classes.support
        enough = (support >= FEW) if (support >= FEW).any() else support > 0
        order = [c for c in np.lexsort((-support, recall)).tolist() if enough[c] and recall[c] < 1]
        return order[0] if order else None

    @cached_property
    def weakest_first(self) -> list[int]:
        """The classes by their recall, from the lowest on; those without examples come last."""
        return [int(c) for c in np.lexsort((-self.classes.support, self.classes.recall))]

    def taken_for(self, label: int) -> int | None:
        """What the mistakes of a class are predicted as most often; None without one, and in multi-label data."""
        if self.is_multilabel:
            return None
        wrong = self.confusion[label].copy()
        wrong[label] = 0
        return int(wrong.argmax()) if wrong.any() else None

    def is_predicted(self, label: int) -> Bool[ndarray, " n"]:
        """Which examples are predicted as a class, or with a label."""
        as_class: ndarray = self.predicted[:, label] == 1 if self.is_multilabel else self.predicted == label
        return as_class

    def is_class(self, label: int) -> Bool[ndarray, " n"]:
        """Which examples belong to a class, or have a label."""
        of_class: ndarray = self.labels[:, label] == 1 if self.is_multilabel else self.labels == label
        return of_class
