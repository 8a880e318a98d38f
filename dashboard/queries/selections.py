"""Selections of examples, as the address spells them:

3-5          true class 3, predicted class 5: one cell of the confusion matrix
true-3       true class 3: a row of the matrix, the examples of the recall
predicted-5  predicted class 5: a column of the matrix, the examples of the precision
either-3     true or predicted class 3: the examples of the F1
without-3    true class not 3: the examples of the specificity
called-3     probability of class 3 at least the threshold
missed-3     true class 3, but probability below the threshold
bin-7        confidence in bin 7 of the calibration curve

In multi-label data:

tp-3, fp-3   true positives and false positives of label 3
fn-3, tn-3   false negatives and true negatives of label 3
true-3       label 3 is true; without-3: it is not
predicted-3  label 3 is predicted; unpredicted-3: it is not
either-3     label 3 is true or predicted
called-3, missed-3  as above
pbin-3-7     probability of label 3 in bin 7 of its calibration curve

all          every example

Beside another network, of all or within a class or label (fixed-3):

fixed, broken        what the other gets wrong and this one right; the other way round
bothwrong, bothright what both get wrong, or right
differ-3             true class 3, predicted differently
ab-3-5               true class 3, predicted class 5 by one of the two

Of any of these all are shown, or the mistakes, or those that are right (`Only`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from annscope.core.evaluation.comparison import Comparison, Outcome
from annscope.core.evaluation.curves import N_BINS
from annscope.core.evaluation.predictions import Predictions

Kind = Literal[
    "cell", "true", "without", "predicted", "either", "called", "missed", "bin", "all",
    "tp", "fp", "fn", "tn", "unpredicted", "pbin",
    "fixed", "broken", "bothwrong", "bothright", "differ", "ab",
]  # fmt: skip
OF_CLASSES = ("true", "without", "predicted", "either", "called", "missed", "bin")
OF_LABELS = ("tp", "fp", "fn", "tn", "true", "without", "predicted", "unpredicted", "either", "called", "missed")
COMPARED: dict[str, str] = {
    "fixed": "Fixed: B wrong, A right", "broken": "Broken: B right, A wrong", "bothwrong": "Both wrong",
    "bothright": "Both right", "differ": "Predicted differently", "ab": "A or B",
}  # fmt: skip
"""The selections that need another network, with their titles."""
Order = Literal["sure", "unsure"]
Only = Literal["all", "wrong", "right"]
ONLY: dict[Only, str] = {"all": "All", "wrong": "Mistakes", "right": "Right"}
EXAMPLES_OF: dict[str, Kind] = {"precision": "predicted", "recall": "true", "f1": "either", "specificity": "without"}
"""Which examples a metric of a class or label is computed from."""
ORDERS: dict[Order, str] = {"sure": "Most confident first", "unsure": "Least confident first"}


@dataclass(frozen=True)
class Selection:
    """Some examples of a split; `first` and `second` are classes or labels, or the number of a bin."""

    kind: Kind = "all"
    first: int = 0
    second: int = 0
    is_of_all: bool = False
    """Whether an outcome of a comparison is that of all examples."""

    def format(self) -> str:
        """The selection as text, for the address."""
        if self.kind == "cell":
            return f"{self.first}-{self.second}"
        if self.kind in {"pbin", "ab"}:
            return f"{self.kind}-{self.first}-{self.second}"
        return self.kind if self.kind == "all" or self.is_of_all else f"{self.kind}-{self.first}"


def parse_selection(text: str, n_classes: int, *, is_multilabel: bool = False) -> Selection | None:
    """The selection in a text; None if it is not valid for this number of classes or labels."""
    if text == "all":
        return Selection()
    found = re.fullmatch(r"(fixed|broken|bothwrong|bothright|differ|ab)(?:-([0-9]{1,4}))?(?:-([0-9]{1,4}))?", text)
    if found is not None:
        kind, *spelled = found.groups()
        return _of_two(cast(Kind, kind), [int(each) for each in spelled if each is not None], n_classes)
    if is_multilabel:
        return _of_labels(text, n_classes)
    found = re.fullmatch(rf"(?:({'|'.join(OF_CLASSES)})|([0-9]{{1,4}}))-([0-9]{{1,4}})", text, re.ASCII)
    if found is None:
        return None
    word, row, last = found.groups()
    if word is None:
        selection = Selection("cell", int(row), int(last))
        return selection if max(selection.first, selection.second) < n_classes else None
    return Selection(cast(Kind, word), int(last)) if int(last) < (N_BINS if word == "bin" else n_classes) else None


def _of_two(kind: Kind, classes: list[int], n_classes: int) -> Selection | None:
    if any(each >= n_classes for each in classes) or (len(classes) == 2) != (kind == "ab"):
        return None
    first, second = [*classes, 0, 0][:2]
    return Selection(kind, first, second, is_of_all=not classes)


def _of_labels(text: str, n_labels: int) -> Selection | None:
    found = re.fullmatch(rf"({'|'.join(OF_LABELS)})-([0-9]{{1,4}})", text, re.ASCII)
    if found is not None:
        return Selection(cast(Kind, found[1]), int(found[2])) if int(found[2]) < n_labels else None
    found = re.fullmatch(r"pbin-([0-9]{1,4})-([0-9]{1,4})", text, re.ASCII)
    if found is None or int(found[1]) >= n_labels or int(found[2]) >= N_BINS:
        return None
    return Selection("pbin", int(found[1]), int(found[2]))


def is_selected(
    selection: Selection, predictions: Predictions, threshold: float, compared: Comparison | None = None
) -> Bool[ndarray, " n"]:
    """Which examples are selected; of those that need another network none without a comparison."""
    first, kind = selection.first, selection.kind
    chosen: ndarray
    if kind in COMPARED:
        return _is_compared(selection, compared) if compared else np.zeros(len(predictions.labels), bool)
    if kind == "cell":
        chosen = (predictions.labels == first) & (predictions.predicted == selection.second)
    elif kind in {"called", "missed"}:
        called = is_called(predictions, first, threshold)
        chosen = called if kind == "called" else predictions.is_class(first) & ~called
    elif kind in OF_LABELS:
        is_true, is_predicted = predictions.is_class(first), predictions.is_predicted(first)
        chosen = {
            "true": is_true, "without": ~is_true, "predicted": is_predicted, "unpredicted": ~is_predicted,
            "either": is_true | is_predicted,
            "tp": is_true & is_predicted, "fp": ~is_true & is_predicted,
            "fn": is_true & ~is_predicted, "tn": ~is_true & ~is_predicted,
        }[kind]  # fmt: skip
    elif kind == "pbin":
        bins = predictions.calibration_of(first).bin_of(predictions.probabilities[:, first])
        chosen = bins == selection.second
    elif kind == "bin":
        chosen = predictions.calibration.bin_of(predictions.confidence) == first
    else:
        chosen = np.ones(len(predictions.labels), bool)
    return chosen


def is_called(predictions: Predictions, label: int, threshold: float) -> Bool[ndarray, " n"]:
    """Which examples are predicted as a class, or with a label, by a threshold for its probability."""
    called: ndarray = predictions.probabilities[:, label].astype(np.float64) >= threshold
    return called


def called_by_threshold(selection: Selection, predictions: Predictions, threshold: float) -> Bool[ndarray, " n"] | None:
    """The predictions that judge the examples of a selection made by the threshold; None for every other selection."""
    return is_called(predictions, selection.first, threshold) if selection.kind in {"called", "missed"} else None


def _is_compared(selection: Selection, compared: Comparison) -> Bool[ndarray, " n"]:
    label, one, other = None if selection.is_of_all else selection.first, compared.first, compared.second
    if selection.kind == "ab":
        second = selection.second
        either: ndarray = one.is_predicted(second) | other.is_predicted(second)
        either &= one.is_class(selection.first)
        return either
    if selection.kind != "differ":
        return compared.outcome(cast(Outcome, selection.kind), label)
    differs: ndarray = np.not_equal(one.predicted, other.predicted)
    if one.is_multilabel:
        differs = np.asarray(differs.any(axis=1) if label is None else differs[:, label])
    elif label is not None:
        differs &= one.is_class(label)
    return differs


def are_right(selection: Selection, predictions: Predictions, threshold: float) -> Bool[ndarray, " n"]:
    """Which examples are right in what the selection is about.

    That is the threshold where it is about one, the label where it is about one of several, else the prediction.
    """
    first, kind = selection.first, selection.kind
    if kind in {"called", "missed"}:
        at_threshold: ndarray = is_called(predictions, first, threshold) == predictions.is_class(first)
        return at_threshold
    if predictions.is_multilabel and kind != "all" and not selection.is_of_all:
        of_label: ndarray = predictions.is_class(first) == predictions.is_predicted(first)
        return of_label
    return predictions.right


def scored_class(selection: Selection, *, is_multilabel: bool = False) -> int | None:
    """The class or label whose probability orders a selection; None for that of each predicted class."""
    of_one = {*OF_LABELS, "pbin"} if is_multilabel else {"called", "missed"}
    return selection.first if selection.kind in of_one else None


def select(
    selection: Selection,
    predictions: Predictions,
    threshold: float,
    order: Order,
    only: Only = "all",
    compared: Comparison | None = None,
) -> Int[ndarray, " n_selected"]:
    """The indices in the split of the selected examples, ordered by the probability of the `scored_class`.

    Examples of equal probability stay in the order of the split.
    """
    chosen = is_selected(selection, predictions, threshold, compared)
    if only != "all":
        chosen &= are_right(selection, predictions, threshold) == (only == "right")
    places = np.flatnonzero(chosen)
    label = scored_class(selection, is_multilabel=predictions.is_multilabel)
    scores = predictions.confidence[places] if label is None else predictions.probabilities[places, label]
    return places[np.argsort(-scores if order == "sure" else scores, kind="stable")]


def describe(selection: Selection, class_names: tuple[str, ...], threshold: float, only: Only = "all") -> str:
    """A short description of a selection."""
    if selection.kind == "all":
        return {"all": "Every example", "wrong": "Every mistake", "right": "Every right prediction"}[only]
    return _named(selection, class_names, threshold) + {"all": "", "wrong": ": mistakes", "right": ": right"}[only]


def _named(selection: Selection, class_names: tuple[str, ...], threshold: float) -> str:
    first = selection.first
    if selection.kind in COMPARED:
        title = COMPARED[selection.kind]
        if selection.kind == "ab":
            return f"{class_names[first]} predicted as {class_names[selection.second]} by A or B"
        return title if selection.is_of_all else f"{title}, of {class_names[first]}"
    name = class_names[first] if selection.kind != "bin" else ""
    of_label = {
        "tp": f"True positives: {name}", "fp": f"False positives: {name}", "fn": f"False negatives: {name}",
        "tn": f"True negatives: {name}", "without": f"True class: not {name}", "unpredicted": f"Predicted: not {name}",
    }  # fmt: skip
    if selection.kind in of_label:
        return of_label[selection.kind]
    if selection.kind == "pbin":
        return f"p({name}) from {selection.second / N_BINS:.1f} to {(selection.second + 1) / N_BINS:.1f}"
    if selection.kind == "cell":
        second = class_names[selection.second]
        if first == selection.second:
            return f"{class_names[first]}, correctly predicted"
        return f"{class_names[first]} predicted as {second}"
    if selection.kind == "true":
        return f"True class: {class_names[first]}"
    if selection.kind == "predicted":
        return f"Predicted: {class_names[first]}"
    if selection.kind == "either":
        return f"True or predicted: {class_names[first]}"
    if selection.kind == "called":
        return f"p({class_names[first]}) at least {threshold:.4g}"
    if selection.kind == "missed":
        return f"{class_names[first]} with p below {threshold:.4g}"
    return f"Confidence {first / N_BINS:.1f} to {(first + 1) / N_BINS:.1f}"
