"""Two networks on the same examples, one by one: which of them each predicts correctly, and whether it is chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from annscope.core.evaluation.curves import N_BINS
from annscope.core.evaluation.intervals import (
    Paired,
    paired,
    percentile_interval,
    resampled_areas_of_classes,
    resampled_calibration_errors,
    resampled_counts,
)
from annscope.core.evaluation.predictions import Predictions

Outcome = Literal["fixed", "broken", "bothwrong", "bothright"]


@dataclass(frozen=True)
class Difference:
    """A figure of both networks, and that of the first less that of the second with its interval."""

    name: str
    first: float
    second: float
    interval: Float[ndarray, " 2"]

    @property
    def difference(self) -> float:
        return self.first - self.second


@dataclass(frozen=True, eq=False)
class Comparison:
    """The predictions of a network (`first`, A) beside those of another (`second`, B) for the same examples.

    Fixed is what B gets wrong and A right, broken the other way round. Within a class only its examples count; within
    a label all of them, each by that label alone.
    """

    first: Predictions
    second: Predictions

    def outcome(self, name: Outcome, label: int | None = None) -> Bool[ndarray, " n"]:
        """Which examples have an outcome, of all or within a class or label."""
        one, other, counted = self._right(label)
        chosen: ndarray = {
            "fixed": one & ~other, "broken": ~one & other, "bothwrong": ~one & ~other, "bothright": one & other,
        }[name]  # fmt: skip
        both: ndarray = chosen & counted
        return both

    def paired(self, label: int | None = None) -> Paired:
        """The outcomes counted; its difference is that of the accuracies, within a class of the recalls, A less B."""
        one, other, counted = self._right(label)
        return paired(other[counted], one[counted])

    def _right(self, label: int | None) -> tuple[ndarray, ndarray, ndarray]:
        if label is None:
            return self.first.right, self.second.right, np.ones(len(self.first.labels), bool)
        is_class = self.first.is_class(label)
        if self.first.is_multilabel:
            one, other = (is_class == each.is_predicted(label) for each in (self.first, self.second))
            return one, other, np.ones(len(is_class), bool)
        return self.first.right, self.second.right, is_class

    @cached_property
    def differences(self) -> list[Difference]:
        """The accuracy, the macro averages and the calibration error of both, with intervals of the differences.

        Those of all but the accuracy are of a bootstrap that draws the same examples for both networks.
        """
        both = (self.first, self.second)
        one, other = resampled_counts(self.first.labels, [each.predicted for each in both], self.first.n_classes)
        accuracy = "Subset accuracy" if self.first.is_multilabel else "Accuracy"
        found = [Difference(accuracy, self.first.accuracy, self.second.accuracy, self.paired().interval)]
        for name, words in (("precision", "Macro precision"), ("recall", "Macro recall"), ("f1", "Macro F1")):
            interval = percentile_interval(one.averages(name)["macro"] - other.averages(name)["macro"])
            found.append(Difference(words, both[0].averages[name].macro, both[1].averages[name].macro, interval))
        areas = resampled_areas_of_classes(both[0].is_of_class, [each.probabilities for each in both])
        (one_roc, one_precision), (other_roc, other_precision) = (each.averages["macro"] for each in areas)
        (_, roc), (_, other_area) = (each.roc_areas for each in both)
        (_, precision), (_, other_mean) = (each.average_precisions for each in both)
        found += [
            Difference("Macro area under ROC", roc.macro, other_area.macro, percentile_interval(one_roc - other_roc)),
            Difference("Macro average precision", precision.macro, other_mean.macro,
                       percentile_interval(one_precision - other_precision)),
        ]  # fmt: skip
        errors = [
            resampled_calibration_errors(each.right, each.confidence, each.calibration.bin_of(each.confidence), N_BINS)
            for each in both
        ]
        interval = percentile_interval(errors[0] - errors[1])
        first, second = (each.calibration.expected_error for each in both)
        return [*found, Difference("Expected calibration error", first, second, interval)]
