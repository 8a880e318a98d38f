"""Which examples are looked at: a choice that fits into the address, and the examples it means.

3-5          truly class 3, taken for class 5: one cell of the confusion matrix
true-3       everything that truly is class 3: a row
predicted-5  everything taken for class 5: a column
either-3     what is class 3 or was taken for it: what its F1 is about
other-3      everything that truly is not class 3: what its specificity is about
called-3     what a threshold on the probability of class 3 calls class 3
missed-3     what truly is class 3 and falls below the threshold
bin-7        what was predicted with a confidence in bin 7 of the calibration curve
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

from core.curves import N_BINS
from dashboard.derived import Answers

Kind = Literal["cell", "true", "predicted", "either", "other", "called", "missed", "bin", "wrong", "all"]
Order = Literal["sure", "unsure"]
OF_FIGURE: dict[str, Kind] = {"precision": "predicted", "recall": "true", "f1": "either", "specificity": "other"}
"""Which examples a figure of a class is counted on."""
ORDERS: dict[Order, str] = {"sure": "Surest first", "unsure": "Least sure first"}


@dataclass(frozen=True)
class Selection:
    """Some examples of a split; `first` and `second` are classes, or the number of a bin."""

    kind: Kind = "wrong"
    first: int = 0
    second: int = 0

    def format(self) -> str:
        """As the address spells it."""
        if self.kind == "cell":
            return f"{self.first}-{self.second}"
        return self.kind if self.kind in {"wrong", "all"} else f"{self.kind}-{self.first}"


def parse_selection(text: str, n_classes: int) -> Selection | None:
    """The selection that a text spells; None when it spells none that is possible with so many classes."""
    if text in {"wrong", "all"}:
        return Selection("wrong" if text == "wrong" else "all")
    found = re.fullmatch(
        r"(?:(true|predicted|either|other|called|missed|bin)|([0-9]{1,4}))-([0-9]{1,4})", text, re.ASCII
    )
    if found is None:
        return None
    word, row, last = found.groups()
    if word is None:
        selection = Selection("cell", int(row), int(last))
        return selection if max(selection.first, selection.second) < n_classes else None
    return Selection(cast(Kind, word), int(last)) if int(last) < (N_BINS if word == "bin" else n_classes) else None


def is_selected(selection: Selection, answers: Answers, threshold: float) -> Bool[ndarray, " n"]:
    """Which examples a selection means."""
    labels, predictions = answers.labels, answers.predictions
    first = selection.first
    chosen: ndarray
    if selection.kind == "cell":
        chosen = (labels == first) & (predictions == selection.second)
    elif selection.kind == "true":
        chosen = labels == first
    elif selection.kind == "predicted":
        chosen = predictions == first
    elif selection.kind == "either":
        chosen = (labels == first) | (predictions == first)
    elif selection.kind == "other":
        chosen = labels != first
    elif selection.kind in {"called", "missed"}:
        called = answers.probabilities[:, first].astype(np.float64) >= threshold
        chosen = called if selection.kind == "called" else (labels == first) & ~called
    elif selection.kind == "bin":
        chosen = bins_of(answers) == first
    else:
        chosen = ~answers.right if selection.kind == "wrong" else np.ones(len(labels), bool)
    return chosen


def bins_of(answers: Answers) -> Int[ndarray, " n"]:
    """The bin of the calibration curve that each example is in."""
    return np.searchsorted(answers.calibration.edges[1:-1], answers.confidence.astype(np.float64))


def judged_class(selection: Selection) -> int | None:
    """The class whose probability a selection is about; None for that of each prediction."""
    return selection.first if selection.kind in {"called", "missed"} else None


def select(selection: Selection, answers: Answers, threshold: float, order: Order) -> Int[ndarray, " n_selected"]:
    """The places in the split of the selected examples, by the probability that the selection is about.

    Examples of equal probability stay in the order of the split.
    """
    places = np.flatnonzero(is_selected(selection, answers, threshold))
    label = judged_class(selection)
    sure = answers.confidence[places] if label is None else answers.probabilities[places, label]
    return places[np.argsort(-sure if order == "sure" else sure, kind="stable")]


def describe(selection: Selection, class_names: tuple[str, ...], threshold: float) -> str:
    """What a selection means, in a few words."""
    first = selection.first
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
    if selection.kind == "other":
        return f"Truly not {class_names[first]}"
    if selection.kind == "called":
        return f"p({class_names[first]}) at least {threshold:.4g}"
    if selection.kind == "missed":
        return f"{class_names[first]} with p below {threshold:.4g}"
    if selection.kind == "bin":
        return f"Confidence {first / N_BINS:.1f} to {(first + 1) / N_BINS:.1f}"
    return "Every mistake" if selection.kind == "wrong" else "Every example"
