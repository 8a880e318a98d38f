"""Which examples a choice means, and what an address asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annscope.core.evaluation.curves import at_threshold
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard.address import METRICS, VIEWS, Query, parse_query, views_of
from annscope.dashboard.queries.selections import (
    COMPARED,
    EXAMPLES_OF,
    OF_CLASSES,
    OF_LABELS,
    ONLY,
    Kind,
    Selection,
    called_by_threshold,
    describe,
    is_selected,
    parse_selection,
    scored_class,
    select,
)
from annscope.dashboard.queries.snapshots import class_metric

NAMES = ("cat", "dog", "owl")
RNG = np.random.default_rng(5)
PROBABILITIES = RNG.dirichlet([0.4, 0.4, 0.4], 200).astype(np.float32).round(2)
"""Rounded, so that there are ties."""
PREDICTIONS = Predictions(
    "run", 0, "test", NAMES, RNG.integers(0, 3, 200), PROBABILITIES.argmax(axis=1), PROBABILITIES
)  # fmt: skip


def n_selected(text: str, threshold: float = 0.5) -> int:
    """How many examples the selection of a text means."""
    selection = parse_selection(text, 3)
    assert selection is not None
    return int(is_selected(selection, PREDICTIONS, threshold).sum())


SINGLE = ("all",)


COMPARED_WITH_CLASSES = ("fixed-1", "broken-2", "bothwrong", "differ-0", "differ", "ab-1-2")


@pytest.mark.parametrize("text", COMPARED_WITH_CLASSES)
def test_an_address_holds_the_outcomes_of_a_comparison(text: str) -> None:
    """Of all examples or within a class."""
    for is_multilabel in (False, True):
        selection = parse_selection(text, 3, is_multilabel=is_multilabel)
        assert selection is not None
        assert selection.format() == text
    assert parse_selection("ab-1", 3) is None
    assert parse_selection("fixed-3", 3) is None


def test_every_kind_is_one_of_classes_or_of_labels() -> None:
    """A new kind cannot be forgotten by these tests."""
    assert {*OF_CLASSES, "cell", *SINGLE, *OF_LABELS, "pbin", *COMPARED} == set(get_args(Kind))


@pytest.mark.parametrize("kind", [*OF_CLASSES, "cell", *SINGLE])
def test_an_address_holds_the_selection(kind: Kind) -> None:
    """Every kind of selection survives being spelled in the address."""
    selection = Selection(kind, 0 if kind in SINGLE else 1, 2 if kind == "cell" else 0)
    assert parse_selection(selection.format(), 3) == selection


@pytest.mark.parametrize("kind", [*OF_LABELS, "pbin", *SINGLE])
def test_an_address_holds_the_selection_of_labels(kind: Kind) -> None:
    """So it is where an example carries any number of labels; what speaks of one class for another means nothing."""
    selection = Selection(kind, 0 if kind in SINGLE else 1, 2 if kind == "pbin" else 0)
    assert parse_selection(selection.format(), 3, is_multilabel=True) == selection
    for text in ("0-1", "bin-3", "tp-3", "pbin-3-0", "pbin-0-10", "tp", "fn-1-1"):
        assert parse_selection(text, 3, is_multilabel=True) is None


@pytest.mark.parametrize("text", ["", "3-0", "0-3", "true-3", "bin-10", "true", "1-", "-1", "1-2-3", "١-٢", "all-1"])
def test_nonsense_is_no_selection(text: str) -> None:
    """A class or a bin that is not there cannot be selected."""
    assert parse_selection(text, 3) is None


def test_a_gallery_holds_as_many_as_the_number_that_was_clicked() -> None:
    """Cells, rows, columns, bins and threshold counts are exactly the sizes of their selections."""
    confusion = PREDICTIONS.confusion
    assert [[n_selected(f"{i}-{j}") for j in range(3)] for i in range(3)] == confusion.tolist()
    assert [n_selected(f"true-{i}") for i in range(3)] == confusion.sum(axis=1).tolist()
    assert [n_selected(f"predicted-{j}") for j in range(3)] == confusion.sum(axis=0).tolist()
    assert [n_selected(f"bin-{b}") for b in range(10)] == PREDICTIONS.calibration.count.tolist()
    for i in range(3):
        assert n_selected(f"either-{i}") == confusion[i].sum() + confusion[:, i].sum() - confusion[i, i]
        assert n_selected(f"without-{i}") == confusion.sum() - confusion[i].sum()
    assert n_selected("all") == len(PREDICTIONS.labels)
    curve = PREDICTIONS.roc_curves[1]
    for threshold in curve.thresholds[1:]:
        at = at_threshold(PREDICTIONS.is_class(1), PROBABILITIES[:, 1], float(threshold))
        assert n_selected("called-1", float(threshold)) == at.true_positives + at.false_positives
        assert n_selected("missed-1", float(threshold)) == at.false_negatives


@given(st.sampled_from(["all", "true-1", "called-2", "bin-5"]), st.sampled_from(["sure", "unsure"]))
def test_examples_are_sorted_by_what_the_selection_is_about(text: str, order: str) -> None:
    """The most confident come first or last, by the probability shown under each; none is lost or repeated."""
    selection = parse_selection(text, 3)
    assert selection is not None
    places = select(selection, PREDICTIONS, 0.25, order)  # type: ignore[arg-type]
    label = scored_class(selection)
    sure = PREDICTIONS.confidence[places] if label is None else PROBABILITIES[places, label]
    change = np.diff(sure)
    assert (change <= 0).all() if order == "sure" else (change >= 0).all()
    np.testing.assert_array_equal(np.sort(places), np.flatnonzero(is_selected(selection, PREDICTIONS, 0.25)))


def test_selections_are_described_in_words() -> None:
    """The heading of the gallery describes the selection."""
    words = {text: describe(parse_selection(text, 3) or Selection(), NAMES, 0.25) for text in
             ("0-1", "1-1", "true-2", "predicted-2", "either-2", "without-2", "called-0", "missed-0", "bin-3",
              "all")}  # fmt: skip
    assert words["0-1"] == "cat predicted as dog"
    assert words["1-1"] == "dog, correctly predicted"
    assert words["bin-3"] == "Confidence 0.3 to 0.4"
    assert "0.25" in words["called-0"]
    assert len(set(words.values())) == len(words)


@given(
    st.sampled_from(["all", "0-1", "1-1", "true-1", "predicted-2", "called-2", "missed-0", "bin-5"]),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_mistakes_and_what_is_right_are_all(text: str, threshold: float) -> None:
    """Whatever is selected falls into mistakes and what is right; of a threshold they are judged by it."""
    selection = parse_selection(text, 3)
    assert selection is not None
    every, wrong, right = (select(selection, PREDICTIONS, threshold, "sure", only) for only in ONLY)
    np.testing.assert_array_equal(np.sort(every), np.sort(np.concatenate([wrong, right])))
    if selection.kind == "called":
        called = PREDICTIONS.probabilities[wrong, selection.first] >= threshold
        assert (called != PREDICTIONS.is_class(selection.first)[wrong]).all()
    elif selection.kind == "missed":
        assert not len(right)
    else:
        assert not PREDICTIONS.right[wrong].any()
        assert PREDICTIONS.right[right].all()
    titles = {describe(selection, NAMES, threshold, only) for only in ONLY}
    assert len(titles) == 3


def ask(**parameters: str) -> Query:
    """The query in an address, for a run of six snapshots."""
    return parse_query(
        parameters, "run", n_snapshots=6, splits={"validation": 20, "test": 9}, class_names=NAMES, has_columns=True
    )


def test_an_empty_address_shows_the_mistakes_of_the_last_snapshot() -> None:
    """The default is what most people come for."""
    query = ask()
    assert (query.number, query.split, query.view, query.selection) == (5, "validation", "matrix", Selection())
    assert (query.only, ask(show="all").only, ask(show="true-1").only) == ("wrong", "all", "all")
    assert query.sample is None
    assert query.warnings == []


@given(
    st.fixed_dictionaries(
        {
            "snapshot": st.integers(0, 5).map(str), "subset": st.sampled_from(["validation", "test"]),
            "view": st.sampled_from(list(VIEWS)), "class": st.sampled_from(NAMES),
            "threshold": st.floats(0, 1).map(repr),
            "figure": st.sampled_from(list(METRICS)), "show": st.sampled_from(["0-1", "true-2", "bin-9", "all"]),
            "only": st.sampled_from(list(ONLY)),
            "matrix": st.sampled_from(["counts", "recall"]),
            "order": st.sampled_from(["sure", "unsure"]), "sheet": st.integers(0, 3).map(str),
        }
    )
)  # fmt: skip
def test_a_link_is_understood_in_full(parameters: dict[str, str]) -> None:
    """Everything that a click puts into the address is read back as it was."""
    query = ask(**parameters)
    assert query.warnings == []
    assert {
        "snapshot": str(query.number), "subset": query.split, "view": query.view,
        "class": NAMES[query.label], "threshold": repr(query.threshold), "figure": query.metric,
        "show": query.selection.format(), "matrix": query.matrix,
        "only": query.only, "order": query.order, "sheet": str(query.sheet),
    } == parameters  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [("snapshot", "6"), ("subset", "tets"), ("view", "matrx"), ("class", "dgo"), ("threshold", "nan"),
     ("threshold", "2"), ("show", "9-9"), ("sample", "validation-20"),
     ("sample", "7"), ("figure", "recal"), ("order", "-"), ("only", "rong"), ("matrix", "x")],
)  # fmt: skip
def test_what_cannot_be_shown_is_one_sentence(name: str, text: str) -> None:
    """An invalid link gives the default and a warning about the parameter."""
    query = ask(**{name: text})
    assert len(query.warnings) == 1
    assert query.warnings[0].startswith(f"In the address, {name} must be ")
    assert repr(text) in query.warnings[0]
    assert replace(query, warnings=[]) == ask()


@pytest.mark.parametrize(("parameters", "expected"), [
    ({"sample": "test-8"}, ("test", 8)),
    ({"sample": "validation-19"}, ("validation", 19)),
    ({"subset": "test", "sample": "test-0"}, ("test", 0)),
])  # fmt: skip
def test_a_sample_brings_its_split_along(parameters: dict[str, str], expected: tuple[str, int]) -> None:
    """A link that names only an example selects its split."""
    query = ask(**parameters)
    assert (query.split, query.sample) == expected
    assert query.warnings == []


SCORES = RNG.random((200, 3)).round(2)
SEVERAL = Predictions("run", 0, "test", NAMES, RNG.integers(0, 2, (200, 3)), (SCORES >= 0.5).astype(int), SCORES)


def test_a_gallery_of_labels_holds_as_many_as_the_number_that_was_clicked() -> None:
    """Each cell, row, column and bin of each label, and every mistake, is exactly the size of its selection."""

    def n(text: str, threshold: float = 0.5) -> int:
        selection = parse_selection(text, 3, is_multilabel=True)
        assert selection is not None
        places = select(selection, SEVERAL, threshold, "sure")
        judged = scored_class(selection, is_multilabel=True)
        shown = SEVERAL.confidence[places] if judged is None else SEVERAL.probabilities[places, judged]
        assert (np.diff(shown) <= 0).all()
        return len(places)

    for k in range(3):
        confusion = SEVERAL.confusion[k]
        assert [[n(f"tn-{k}"), n(f"fp-{k}")], [n(f"fn-{k}"), n(f"tp-{k}")]] == confusion.tolist()
        assert [n(f"without-{k}"), n(f"true-{k}")] == confusion.sum(axis=1).tolist()
        assert [n(f"unpredicted-{k}"), n(f"predicted-{k}")] == confusion.sum(axis=0).tolist()
        assert n(f"either-{k}") == confusion.sum() - confusion[0, 0]
        assert [n(f"pbin-{k}-{b}") for b in range(10)] == SEVERAL.calibration_of(k).count.tolist()
        at = at_threshold(SEVERAL.is_class(k), SEVERAL.probabilities[:, k], 0.3)
        assert n(f"called-{k}", 0.3) == at.true_positives + at.false_positives
        assert n(f"missed-{k}", 0.3) == at.false_negatives
    right = (SEVERAL.labels == SEVERAL.predicted).all(axis=1)
    assert len(select(Selection(), SEVERAL, 0.5, "sure", "wrong")) == (~right).sum()
    assert len(select(Selection("true", 1), SEVERAL, 0.5, "sure", "wrong")) == SEVERAL.confusion[1, 1, 0]
    assert SEVERAL.accuracy == right.mean()
    assert n("all") == 200
    words = [describe(Selection(kind, 1), NAMES, 0.25) for kind in (*OF_LABELS, "pbin")]
    assert len(set(words)) == len(words)


def test_of_labels_no_pair_is_confused() -> None:
    """The view of confused pairs is not offered, and a link to it gives a warning."""
    assert "pairs" not in views_of(is_multilabel=True, has_columns=True)
    splits = {"validation": 20}
    found = parse_query({"view": "pairs", "show": "0-1"}, "run", n_snapshots=6, splits=splits, class_names=NAMES,
                       is_multilabel=True)  # fmt: skip
    assert (found.view, found.selection) == ("matrix", Selection())
    assert len(found.warnings) == 2


def test_images_have_no_columns_to_shuffle() -> None:
    """The importance of columns is not offered for images, and a link to it gives a warning."""
    assert "importance" not in views_of(is_multilabel=False, has_columns=False)
    found = parse_query({"view": "importance"}, "run", n_snapshots=6, splits={"test": 9}, class_names=NAMES)
    assert (found.view, len(found.warnings)) == ("matrix", 1)


@pytest.mark.parametrize("predictions", [PREDICTIONS, SEVERAL], ids=["classes", "labels"])
@pytest.mark.parametrize("figure", METRICS)
def test_the_examples_of_a_metric_give_the_metric(figure: str, predictions: Predictions) -> None:
    """Precision, recall, F1 and specificity of a class or label are shares of what a click on them shows."""
    for label in range(3):
        chosen = is_selected(Selection(EXAMPLES_OF[figure], label), predictions, 0.5)
        is_true, is_predicted = predictions.is_class(label)[chosen], predictions.is_predicted(label)[chosen]
        shares = {
            "precision": is_true.mean(),
            "recall": is_predicted.mean(),
            "f1": 2 * (is_true & is_predicted).sum() / (is_true.sum() + is_predicted.sum()),
            "specificity": (~is_predicted).mean(),
        }
        assert class_metric(predictions.confusion, figure)[label] == pytest.approx(shares[figure], abs=1e-12)


def test_a_selection_of_a_threshold_is_judged_by_it() -> None:
    """Of those predicted by a threshold as many are right as its point on the curves says."""
    for label, threshold in ((0, 0.2), (1, 0.5), (2, 0.9)):
        point = at_threshold(PREDICTIONS.is_class(label), PREDICTIONS.probabilities[:, label], threshold)
        for kind, n_right, n_wrong in (
            ("called", point.true_positives, point.false_positives), ("missed", 0, point.false_negatives),
        ):  # fmt: skip
            selection = parse_selection(f"{kind}-{label}", 3)
            assert selection is not None
            called = called_by_threshold(selection, PREDICTIONS, threshold)
            assert called is not None
            places = select(selection, PREDICTIONS, threshold, "sure")
            right = (called == PREDICTIONS.is_class(label))[places]
            assert (int(right.sum()), int((~right).sum())) == (n_right, n_wrong)
    assert called_by_threshold(Selection("wrong"), PREDICTIONS, 0.5) is None
