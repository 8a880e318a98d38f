"""Which examples are looked at: a choice that fits into the address, and the examples it means.

3-5          truly class 3, taken for class 5: one cell of the confusion matrix
true-3       everything that truly is class 3: a row
predicted-5  everything taken for class 5: a column
either-3     what is class 3 or was taken for it: what its F1 is about
without-3    everything that truly is not class 3: what its specificity is about
called-3     what a threshold on the probability of class 3 calls class 3
missed-3     what truly is class 3 and falls below the threshold
bin-7        what was predicted with a confidence in bin 7 of the calibration curve

Where an example carries any number of labels:

tp-3, fp-3   carries label 3 and was given it; was given it wrongly
fn-3, tn-3   carries it and was not given it; rightly was not
true-3       carries label 3; without-3 does not
predicted-3  was given label 3; unpredicted-3 was not
either-3     carries label 3 or was given it
called-3, missed-3  as above
pbin-3-7     the probability of label 3 is in bin 7 of its calibration curve

wrong        every mistake
all          every example
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from annscope.core.evaluation.curves import N_BINS
from annscope.dashboard.queries.evaluations import Answers

Kind = Literal[
    "cell", "true", "without", "predicted", "either", "called", "missed", "bin", "wrong", "all",
    "tp", "fp", "fn", "tn", "unpredicted", "pbin",
]  # fmt: skip
OF_CLASSES = ("true", "without", "predicted", "either", "called", "missed", "bin")
OF_LABELS = ("tp", "fp", "fn", "tn", "true", "without", "predicted", "unpredicted", "either", "called", "missed")
Order = Literal["sure", "unsure"]
OF_FIGURE: dict[str, Kind] = {"precision": "predicted", "recall": "true", "f1": "either", "specificity": "without"}
"""Which examples a figure of a class or label is counted on."""
ORDERS: dict[Order, str] = {"sure": "Most confident first", "unsure": "Least confident first"}


@dataclass(frozen=True)
class Selection:
    """Some examples of a split; `first` and `second` are classes or labels, or the number of a bin."""

    kind: Kind = "wrong"
    first: int = 0
    second: int = 0

    def format(self) -> str:
        """As the address spells it."""
        if self.kind == "cell":
            return f"{self.first}-{self.second}"
        if self.kind == "pbin":
            return f"pbin-{self.first}-{self.second}"
        return self.kind if self.kind in {"wrong", "all"} else f"{self.kind}-{self.first}"


def parse_selection(text: str, n_classes: int, *, is_multilabel: bool = False) -> Selection | None:
    """The selection that a text spells; None when it spells none that is possible with so many classes or labels."""
    if text in {"wrong", "all"}:
        return Selection("wrong" if text == "wrong" else "all")
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


def _of_labels(text: str, n_labels: int) -> Selection | None:
    found = re.fullmatch(rf"({'|'.join(OF_LABELS)})-([0-9]{{1,4}})", text, re.ASCII)
    if found is not None:
        return Selection(cast(Kind, found[1]), int(found[2])) if int(found[2]) < n_labels else None
    found = re.fullmatch(r"pbin-([0-9]{1,4})-([0-9]{1,4})", text, re.ASCII)
    if found is None or int(found[1]) >= n_labels or int(found[2]) >= N_BINS:
        return None
    return Selection("pbin", int(found[1]), int(found[2]))


def is_selected(selection: Selection, answers: Answers, threshold: float) -> Bool[ndarray, " n"]:
    """Which examples a selection means."""
    first, kind = selection.first, selection.kind
    chosen: ndarray
    if kind == "cell":
        chosen = (answers.labels == first) & (answers.predictions == selection.second)
    elif kind in {"called", "missed"}:
        called = answers.probabilities[:, first].astype(np.float64) >= threshold
        chosen = called if kind == "called" else answers.is_class(first) & ~called
    elif kind in OF_LABELS:
        is_true, is_said = answers.is_class(first), answers.is_predicted(first)
        chosen = {
            "true": is_true, "without": ~is_true, "predicted": is_said, "unpredicted": ~is_said,
            "either": is_true | is_said,
            "tp": is_true & is_said, "fp": ~is_true & is_said, "fn": is_true & ~is_said, "tn": ~is_true & ~is_said,
        }[kind]  # fmt: skip
    elif kind == "pbin":
        edges = answers.calibration_of(first).edges
        chosen = np.searchsorted(edges[1:-1], answers.probabilities[:, first].astype(np.float64)) == selection.second
    elif kind == "bin":
        chosen = bins_of(answers) == first
    else:
        chosen = ~answers.right if kind == "wrong" else np.ones(len(answers.labels), bool)
    return chosen


def bins_of(answers: Answers) -> Int[ndarray, " n"]:
    """The bin of the calibration curve that each example is in."""
    return np.searchsorted(answers.calibration.edges[1:-1], answers.confidence.astype(np.float64))


def judged_class(selection: Selection, *, is_multilabel: bool = False) -> int | None:
    """The class or label whose probability a selection is about; None for that of each prediction."""
    of_one = {*OF_LABELS, "pbin"} if is_multilabel else {"called", "missed"}
    return selection.first if selection.kind in of_one else None


def select(selection: Selection, answers: Answers, threshold: float, order: Order) -> Int[ndarray, " n_selected"]:
    """The places in the split of the selected examples, by the probability that the selection is about.

    Examples of equal probability stay in the order of the split.
    """
    places = np.flatnonzero(is_selected(selection, answers, threshold))
    label = judged_class(selection, is_multilabel=answers.is_multilabel)
    sure = answers.confidence[places] if label is None else answers.probabilities[places, label]
    return places[np.argsort(-sure if order == "sure" else sure, kind="stable")]


def describe(selection: Selection, class_names: tuple[str, ...], threshold: float) -> str:
    """What a selection means, in a few words."""
    first = selection.first
    name = class_names[first] if selection.kind not in {"bin", "wrong", "all"} else ""
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
            return f"{class_names[first]}, recognised"
        return f"{class_names[first]} taken for {second}"
    if selection.kind == "true":
        return f"Truly {class_names[first]}"
    if selection.kind == "predicted":
        return f"Taken for {class_names[first]}"
    if selection.kind == "either":
        return f"Truly {class_names[first]}, or taken for it"
    if selection.kind == "called":
        return f"p({class_names[first]}) at least {threshold:.4g}"
    if selection.kind == "missed":
        return f"{class_names[first]} with p below {threshold:.4g}"
    if selection.kind == "bin":
        return f"Confidence {first / N_BINS:.1f} to {(first + 1) / N_BINS:.1f}"
    return "Every mistake" if selection.kind == "wrong" else "Every example"
