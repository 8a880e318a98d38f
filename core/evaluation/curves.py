"""How well probabilities tell classes apart, threshold by threshold, and how far they can be believed.

Every curve here judges one class against all others: `positive` marks the examples that are of the
class, `scores` what the network gave for it. A figure that is undefined, for want of examples, is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.core.evaluation.intervals import wilson
from annscope.core.evaluation.metrics import class_metrics, each_by_itself
from annscope.core.snapshot import Confusion

N_BINS = 10
"""Into how many bins of equal width a calibration curve sorts confidences, if not told otherwise."""


@dataclass(frozen=True, eq=False)
class RocCurve:
    """False positive rate fp / (fp + tn) against true positive rate tp / (tp + fn).

    One point for each distinct score, from the highest down: an example is called positive when its
    score is at least the threshold. The first threshold is infinite, which calls nothing positive.
    Without negatives the false positive rate is NaN, without positives the true positive rate.
    """

    false_positive_rate: Float[ndarray, " n_points"]
    true_positive_rate: Float[ndarray, " n_points"]
    thresholds: Float[ndarray, " n_points"]

    @property
    def area(self) -> float:
        """The area under the curve by the trapezoid rule: 1 is perfect, 0.5 is chance.

        It is the chance that a random positive scores higher than a random negative, ties counting half.
        """
        if np.isnan(self.true_positive_rate[-1]) or np.isnan(self.false_positive_rate[-1]):
            return float("nan")
        return float(np.trapezoid(self.true_positive_rate, self.false_positive_rate))


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Precision tp / (tp + fp) against recall tp / (tp + fn).

    One point for each distinct score, from the highest down, after the point of an infinite threshold:
    nothing is called positive there, recall is 0 and precision, undefined, is drawn as 1 as usual.
    Without positives recall is NaN.
    """

    precision: Float[ndarray, " n_points"]
    recall: Float[ndarray, " n_points"]
    thresholds: Float[ndarray, " n_points"]

    @property
    def average_precision(self) -> float:
        """The sum over points of (recall_k - recall_(k-1)) * precision_k: steps, not trapezoids.

        A straight line between two points would promise a precision that no threshold gives
        (Davis & Goadrich 2006).
        """
        if np.isnan(self.recall[-1]):
            return float("nan")
        return float(np.sum(np.diff(self.recall) * self.precision[1:]))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Accuracy of predictions by their confidence.

    Bin b of n holds confidences above b / n and at most (b + 1) / n; the first also holds 0. Of each
    bin, `count` examples: their mean `confidence` and the share of `accuracy` among them, NaN where
    the bin is empty.
    """

    edges: Float[ndarray, " n_edges"]
    count: Int[ndarray, " n_bins"]
    confidence: Float[ndarray, " n_bins"]
    accuracy: Float[ndarray, " n_bins"]

    def bin_of(self, confidence: Float[ndarray, " n"]) -> Int[ndarray, " n"]:
        """The number of the bin that each confidence is in."""
        return np.searchsorted(self.edges[1:-1], confidence.astype(np.float64))

    @property
    def intervals(self) -> Float[ndarray, "n_bins 2"]:
        """The interval of the accuracy of each bin."""
        return wilson(np.rint(np.nan_to_num(self.accuracy) * self.count).astype(int), self.count)

    @property
    def expected_error(self) -> float:
        """Expected calibration error: sum over bins of count / n * |accuracy - confidence| (Naeini et al. 2015)."""
        held = self.count > 0
        if not held.any():
            return float("nan")
        gaps = np.abs(self.accuracy[held] - self.confidence[held])
        return float(np.sum(self.count[held] * gaps) / self.count.sum())

    @property
    def largest_error(self) -> float:
        """Maximum calibration error: the largest |accuracy - confidence| of a bin that holds anything."""
        gaps = np.abs(self.accuracy - self.confidence)[self.count > 0]
        return float(gaps.max()) if len(gaps) else float("nan")


@dataclass(frozen=True)
class AtThreshold:
    """The four counts of one class at one threshold, and their rates (NaN where undefined)."""

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """tp / (tp + fp): how many of those called positive are."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """tp / (tp + fn): how many of the positives are found; the true positive rate."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> float:
        """fp / (fp + tn): how many of the others are called positive."""
        return _ratio(self.false_positives, self.false_positives + self.true_negatives)

    def interval(self, rate: str) -> Float[ndarray, " 2"]:
        """The interval of a rate: precision, recall or false_positive_rate."""
        others = self.false_positives + self.true_negatives
        right, n = {
            "precision": (self.true_positives, self.true_positives + self.false_positives),
            "recall": (self.true_positives, self.true_positives + self.false_negatives),
            "false_positive_rate": (self.false_positives, others),
        }[rate]
        return wilson(right, n)

    @property
    def f1(self) -> float:
        """2 tp / (2 tp + fp + fn)."""
        twice = 2 * self.true_positives
        return _ratio(twice, twice + self.false_positives + self.false_negatives)


@dataclass(frozen=True)
class Averages:
    """One figure of all classes as a single number, three ways.

    `macro` is the plain mean over the classes for which the figure is defined: each class counts the
    same. `weighted` is the mean weighted by support: each example counts the same. `micro` pools the
    counts of all classes before dividing. NaN where no class has the figure.
    """

    macro: float
    micro: float
    weighted: float


def roc_curve(positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"]) -> RocCurve:
    """The receiver operating characteristic of one class (Fawcett 2006, algorithm 1)."""
    thresholds, true_positives, false_positives = _counts_by_threshold(positive, scores)
    return RocCurve(
        false_positive_rate=_ratios(false_positives, int(np.count_nonzero(~positive))),
        true_positive_rate=_ratios(true_positives, int(np.count_nonzero(positive))),
        thresholds=thresholds,
    )


def precision_recall_curve(positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"]) -> PrecisionRecallCurve:
    """Precision and recall of one class at every threshold that makes a difference."""
    thresholds, true_positives, false_positives = _counts_by_threshold(positive, scores)
    called = true_positives + false_positives
    precision = np.divide(true_positives, called, out=np.ones(len(called)), where=called > 0)
    return PrecisionRecallCurve(
        precision=precision, recall=_ratios(true_positives, int(np.count_nonzero(positive))), thresholds=thresholds
    )


def at_threshold(positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"], threshold: float) -> AtThreshold:
    """What becomes of one class when every example that scores at least `threshold` is called positive."""
    called = scores.astype(np.float64) >= threshold
    true_positives = int(np.count_nonzero(called & positive))
    false_positives = int(np.count_nonzero(called)) - true_positives
    n_positive = int(np.count_nonzero(positive))
    return AtThreshold(
        threshold=threshold,
        true_positives=true_positives,
        false_positives=false_positives,
        false_negatives=n_positive - true_positives,
        true_negatives=len(positive) - n_positive - false_positives,
    )


def calibration(right: Bool[ndarray, " n"], confidence: Float[ndarray, " n"], n_bins: int = N_BINS) -> Calibration:
    """Accuracy of predictions by their confidence, in `n_bins` bins of equal width from 0 to 1.

    For the calibration of a whole classifier, `confidence` is the probability of the predicted class
    and `right` whether it is the true one (top-label calibration).
    """
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    values = confidence.astype(np.float64)
    bins = np.searchsorted(edges[1:-1], values)
    count = np.bincount(bins, minlength=n_bins)
    return Calibration(
        edges=edges,
        count=count,
        confidence=_ratios(np.bincount(bins, weights=values, minlength=n_bins), count),
        accuracy=_ratios(np.bincount(bins, weights=right, minlength=n_bins), count),
    )


def row_shares(confusion: Int[ndarray, "n_classes n_classes"]) -> Float[ndarray, "n_classes n_classes"]:
    """Each count as a share of its true class, so that the diagonal is the recall; NaN for a class without examples."""
    return _ratios(confusion, confusion.sum(axis=1, keepdims=True))


def column_shares(confusion: Int[ndarray, "n_classes n_classes"]) -> Float[ndarray, "n_classes n_classes"]:
    """Each count as a share of its predicted class, so that the diagonal is the precision; NaN if never predicted."""
    return _ratios(confusion, confusion.sum(axis=0, keepdims=True))


def specificity(confusion: Confusion) -> Float[ndarray, " n_classes"]:
    """tn / (tn + fp) of each class: how many of the others were not taken for it; NaN without others."""
    others = each_by_itself(confusion)[:, 0]
    return _ratios(others[:, 0], others.sum(axis=1))


def averages(confusion: Confusion) -> dict[str, Averages]:
    """Precision, recall, F1 and specificity, by these names, as single figures for all classes.

    A class for which a figure is undefined is left out of the two means; the weighted one counts
    only the support of the others. With one label per example, micro precision, recall and F1 all
    equal the accuracy; with several labels they do not.
    """
    counts = each_by_itself(confusion)
    right = counts[:, 1, 1].astype(np.float64)
    support, predicted = counts[:, 1].sum(axis=1), counts[:, :, 1].sum(axis=1)
    true_negatives, others = counts[:, 0, 0], counts[:, 0].sum(axis=1)
    parts = {
        "precision": (right, predicted),
        "recall": (right, support),
        "f1": (2 * right, support + predicted),
        "specificity": (true_negatives, others),
    }
    return {name: _averages(above, below, support) for name, (above, below) in parts.items()}


def macro_with_zeros(confusion: Confusion) -> dict[str, float]:
    """The macro averages of precision, recall and F1 with 0 where the figure of a class is undefined.

    As scikit-learn with zero_division=0: over the classes that occur among the true or the predicted ones; labels all.
    """
    found, counts = class_metrics(confusion), each_by_itself(confusion)
    occurs = (counts[:, 1].sum(axis=1) + counts[:, 0, 1] > 0) | (confusion.ndim == 3)
    return {name: _mean(np.nan_to_num(getattr(found, name))[occurs]) for name in ("precision", "recall", "f1")}


def sample_averages(labels: Int[ndarray, "n k"], predictions: Int[ndarray, "n k"]) -> dict[str, float]:
    """Precision, recall and F1 of the labels of each example, and their means over the examples (by these names).

    An example for which a figure is undefined (nothing predicted, nothing true, or neither) is left out.
    """
    right = (labels * predictions).sum(axis=1)
    true, called = labels.sum(axis=1), predictions.sum(axis=1)
    parts = {"precision": (right, called), "recall": (right, true), "f1": (2 * right, true + called)}
    return {name: _mean(_ratios(above, below)) for name, (above, below) in parts.items()}


def hamming_loss(confusion: Int[ndarray, "n_labels 2 2"]) -> float:
    """The fraction of wrong predictions, one for each label of each example: (fp + fn) / all."""
    return _ratio(float(confusion[:, 0, 1].sum() + confusion[:, 1, 0].sum()), float(confusion.sum()))


def averaged_over_classes(
    figure: Callable[[Bool[ndarray, " n"], Float[ndarray, " n"]], float],
    labels: Labels,
    probabilities: Float[ndarray, "n n_classes"],
) -> tuple[Float[ndarray, " n_classes"], Averages]:
    """A figure of a curve (an area, an average precision) for each class against the others, and on average.

    The micro average takes every probability of every example as one score of one large two-class problem.
    """
    classes = np.arange(probabilities.shape[1])
    is_class = labels.astype(bool) if labels.ndim == 2 else labels[:, None] == classes
    values = np.array([figure(is_class[:, c], probabilities[:, c]) for c in classes], np.float64)
    support = is_class.sum(axis=0)
    micro = figure(is_class.ravel(), probabilities.ravel())
    return values, Averages(macro=_mean(values), micro=micro, weighted=_mean(values, support))


def area_under_roc(positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"]) -> float:
    """The area under the ROC curve of one class."""
    return roc_curve(positive, scores).area


def average_precision(positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"]) -> float:
    """The average precision of one class."""
    return precision_recall_curve(positive, scores).average_precision


def _counts_by_threshold(
    positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"]
) -> tuple[Float[ndarray, " n_points"], Float[ndarray, " n_points"], Float[ndarray, " n_points"]]:
    """Each distinct score from the highest down, after infinity, with the true and false positives it gives."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order].astype(np.float64)
    last_of_ties = np.flatnonzero(np.append(np.diff(ordered) != 0, len(ordered) > 0))
    true_positives = np.cumsum(positive[order], dtype=np.float64)[last_of_ties]
    false_positives = last_of_ties + 1 - true_positives
    return (
        np.concatenate([[np.inf], ordered[last_of_ties]]),
        np.concatenate([[0.0], true_positives]),
        np.concatenate([[0.0], false_positives]),
    )


def _averages(above: ndarray, below: ndarray, support: ndarray) -> Averages:
    values = _ratios(above, below)
    return Averages(
        macro=_mean(values), micro=_ratio(float(above.sum()), float(below.sum())), weighted=_mean(values, support)
    )


def _mean(values: Float[ndarray, " n"], weights: Int[ndarray, " n"] | None = None) -> float:
    """The mean of the values that are defined; NaN when there are none, or none has any weight."""
    known = ~np.isnan(values)
    shares = np.ones(len(values)) if weights is None else weights.astype(np.float64)
    return _ratio(float(np.sum(values[known] * shares[known])), float(shares[known].sum()))


def _ratios(above: ndarray, below: ndarray | int) -> Float[ndarray, "..."]:
    with np.errstate(invalid="ignore"):  # 0 / 0 is undefined, hence NaN
        ratios: ndarray = np.true_divide(above, np.asarray(below, np.float64))
    return ratios


def _ratio(above: float | int, below: float | int) -> float:
    return above / below if below else float("nan")
