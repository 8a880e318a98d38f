"""What a person looks at on Inspect: read from the address, put back into it by every click."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from annscope.core.errors import did_you_mean
from annscope.dashboard import state
from annscope.dashboard.queries.matrices import MODES, Mode
from annscope.dashboard.queries.selections import ORDERS, Order, Selection, parse_selection

View = Literal["matrix", "classes", "pairs", "thresholds", "calibration", "epochs"]
VIEWS: dict[View, str] = {
    "matrix": "Confusion matrix",
    "classes": "Classes",
    "pairs": "Confused pairs",
    "thresholds": "Thresholds",
    "calibration": "Calibration",
    "epochs": "Over the epochs",
}
Figure = Literal["precision", "recall", "f1", "specificity"]
FIGURES: dict[Figure, str] = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "specificity": "Specificity",
}


def views_of(*, is_multilabel: bool) -> dict[View, str]:
    """The views that mean something; where an example carries several labels, none is taken for another."""
    if not is_multilabel:
        return VIEWS
    named: dict[View, str] = VIEWS | {"matrix": "Confusion by label", "classes": "Labels"}
    named.pop("pairs")
    return named


@dataclass(frozen=True)
class Looking:
    """One link to Inspect, understood: every choice is possible, and `complaints` say what was not.

    `against` is a snapshot's number or another run's id; `sample` a place in the split.
    """

    run: str
    number: int
    split: str
    view: View = "matrix"
    matrix: Mode = "counts"
    against: str | None = None
    label: int = 0
    figure: Figure = "f1"
    threshold: float = 0.5
    selection: Selection = field(default_factory=Selection)
    order: Order = "sure"
    sheet: int = 0
    sample: int | None = None
    complaints: list[str] = field(default_factory=list)


def understand(
    parameters: Mapping[str, str],
    run: str,
    *,
    n_snapshots: int,
    splits: Mapping[str, int],
    class_names: tuple[str, ...],
    is_multilabel: bool = False,
) -> Looking:
    """What the address asks for; whatever is missing or impossible takes its default, the latter with a sentence.

    `splits` are those that hold examples, with how many, the default first.
    """
    complaints: list[str] = []

    def one(name: str, known: Mapping[str, object] | tuple[str, ...], default: str) -> str:
        text = parameters.get(name)
        if text is None or text in known:
            return text or default
        complaints.append(state.must_be(name, f"one of {', '.join(known)}", text, did_you_mean(text, known)))
        return default

    def number(name: str, end: int, default: int) -> int:
        text = parameters.get(name)
        if text is None:
            return default
        found = state.whole_number(text)
        if found is not None and found < end:
            return found
        complaints.append(state.must_be(name, f"a whole number from 0 to {end - 1}", text))
        return default

    of_sample = parameters.get(state.SAMPLE, "").partition("-")[0]  # a link with a sample alone means its split
    split = one(state.SUBSET, splits, of_sample if of_sample in splits else next(iter(splits)))
    n_classes = len(class_names)
    label = class_names.index(name) if (name := parameters.get(state.CLASS)) in class_names else 0
    if name is not None and name not in class_names:
        complaints.append(state.must_be(state.CLASS, "the name of a class", name, did_you_mean(name, class_names)))
    shown = parameters.get(state.SHOW, "wrong")
    selection = parse_selection(shown, n_classes, is_multilabel=is_multilabel)
    if selection is None:
        such = "tp-1, fn-1, true-1" if is_multilabel else "3-5, true-3, predicted-5"
        complaints.append(state.must_be(state.SHOW, f"such as {such}, wrong or all", shown))
    threshold = _share(parameters.get(state.THRESHOLD, "0.5"))
    if threshold is None:
        wrong = parameters[state.THRESHOLD]
        complaints.append(state.must_be(state.THRESHOLD, "a number from 0 to 1", wrong))
    sample = _sample(parameters.get(state.SAMPLE), split, splits[split])
    if sample is None and state.SAMPLE in parameters:
        rule = f"such as {split}-0, up to {split}-{splits[split] - 1}"
        complaints.append(state.must_be(state.SAMPLE, rule, parameters[state.SAMPLE]))
    complaints += state.not_numbers(parameters, (state.SHEET,))
    return Looking(
        run=run,
        number=number(state.SNAPSHOT, n_snapshots, n_snapshots - 1),
        split=split,
        view=cast(View, one(state.VIEW, tuple(views_of(is_multilabel=is_multilabel)), "matrix")),
        matrix=cast(Mode, one(state.MATRIX, MODES, "counts")),
        against=parameters.get(state.AGAINST),
        label=label,
        figure=cast(Figure, one(state.FIGURE, get_args(Figure), "f1")),
        threshold=0.5 if threshold is None else threshold,
        selection=selection or Selection(),
        order=cast(Order, one(state.ORDER, tuple(ORDERS), "sure")),
        sheet=state.whole_number(parameters.get(state.SHEET, "0")) or 0,
        sample=sample,
        complaints=complaints,
    )


def _sample(text: str | None, split: str, n: int) -> int | None:
    """The place that a text such as test-17 names in this split; None when it names none."""
    named, _, place = (text or "").partition("-")
    found = state.whole_number(place)
    return found if named == split and found is not None and found < n else None


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= 1 else None
