"""Curves, areas, averages and calibration equal scikit-learn's; what is undefined is NaN."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve

from annscope.core.evaluation.curves import (
    area_under_roc,
    at_threshold,
    average_precision,
    averaged_over_classes,
    averages,
    calibration,
    column_shares,
    macro_with_zeros,
    precision_recall_curve,
    roc_curve,
    row_shares,
    specificity,
)
from annscope.core.evaluation.metrics import class_metrics, confusion_matrix

EXACT = {"rel": 0, "abs": 1e-9, "nan_ok": True}
SCORES = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.999, 1.0]), st.floats(0, 1))
"""Ties are common, as they are where a softmax has run into 0 and 1; bin edges are met exactly."""


class Judged(NamedTuple):
    """Examples of several classes with a score for each; some classes may be absent or never predicted."""

    labels: ndarray
    scores: ndarray


@st.composite
def judged(draw: Callable[..., Any]) -> Judged:
    n, n_classes = draw(st.integers(1, 40)), draw(st.integers(2, 5))
    among = draw(st.integers(1, n_classes))
    labels = draw(st.lists(st.integers(0, among - 1), min_size=n, max_size=n))
    scores = draw(st.lists(SCORES, min_size=n * n_classes, max_size=n * n_classes))
    return Judged(np.array(labels, np.int64), np.array(scores, np.float64).reshape(n, n_classes))


@given(judged())
@settings(deadline=None)
def test_macro_averages_with_zeros_are_scikit_learns(sample: Judged) -> None:
    """Where a class is never predicted, scikit-learn's averages with zero_division=0 are shown beside ours."""
    predicted = sample.scores.argmax(axis=1)
    found = macro_with_zeros(confusion_matrix(sample.labels, predicted, sample.scores.shape[1]))
    expected = sklearn_metrics.precision_recall_fscore_support(
        sample.labels, predicted, average="macro", zero_division=0
    )
    assert [found["precision"], found["recall"], found["f1"]] == pytest.approx(expected[:3], **EXACT)


@given(judged())
@settings(deadline=None)
def test_areas_and_average_precision_are_scikit_learns(sample: Judged) -> None:
    """The area under a ROC curve and the average precision of every class are the ones the field computes."""
    for c in range(sample.scores.shape[1]):
        positive, scores = sample.labels == c, sample.scores[:, c]
        area, precision = area_under_roc(positive, scores), average_precision(positive, scores)
        if positive.any() and not positive.all():
            assert area == pytest.approx(sklearn_metrics.roc_auc_score(positive, scores), **EXACT)
        else:
            assert math.isnan(area)
        if positive.any():
            assert precision == pytest.approx(sklearn_metrics.average_precision_score(positive, scores), **EXACT)
        else:
            assert math.isnan(precision)


@given(judged())
@settings(deadline=None)
def test_every_point_of_the_curves_is_scikit_learns(sample: Judged) -> None:
    """Curves have scikit-learn's points and thresholds, and NaN where there is nothing to divide by."""
    positive, scores = sample.labels == 0, sample.scores[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rates = sklearn_metrics.roc_curve(positive, scores, drop_intermediate=False)
        precision, recall, thresholds = sklearn_metrics.precision_recall_curve(positive, scores)
    roc = roc_curve(positive, scores)
    np.testing.assert_allclose(roc.false_positive_rate, rates[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(roc.true_positive_rate, rates[1], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(roc.thresholds, rates[2])
    curve = precision_recall_curve(positive, scores)
    np.testing.assert_array_equal(curve.thresholds, np.append(thresholds, np.inf)[::-1])
    np.testing.assert_allclose(curve.precision, precision[::-1], rtol=0, atol=1e-12)
    if positive.any():
        np.testing.assert_allclose(curve.recall, recall[::-1], rtol=0, atol=1e-12)
    else:
        assert np.isnan(curve.recall).all()


@given(judged())
@settings(deadline=None)
def test_averages_of_areas_are_scikit_learns(sample: Judged) -> None:
    """Macro, micro and weighted areas agree with scikit-learn where it defines them."""
    n_classes = sample.scores.shape[1]
    is_class = sample.labels[:, None] == np.arange(n_classes)
    values, mean = averaged_over_classes(area_under_roc, sample.labels, sample.scores)
    assert mean.micro == pytest.approx(sklearn_metrics.roc_auc_score(is_class, sample.scores, average="micro"), **EXACT)
    if is_class.any(axis=0).all() and not is_class.all(axis=0).any():
        for name in ("macro", "weighted"):
            expected = sklearn_metrics.roc_auc_score(is_class, sample.scores, average=name)
            assert getattr(mean, name) == pytest.approx(expected, **EXACT)
    else:
        known = values[~np.isnan(values)]
        assert mean.macro == pytest.approx(known.mean() if len(known) else math.nan, **EXACT)


@given(judged(), st.integers(1, 20))
@settings(deadline=None)
def test_calibration_is_scikit_learns(sample: Judged, n_bins: int) -> None:
    """Every bin with predictions has scikit-learn's mean confidence and accuracy."""
    right, confidence = sample.scores.argmax(axis=1) == sample.labels, sample.scores.max(axis=1)
    found = calibration(right, confidence, n_bins)
    accuracy, mean = calibration_curve(right, confidence, n_bins=n_bins, strategy="uniform")
    held = found.count > 0
    np.testing.assert_allclose(found.accuracy[held], accuracy, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.confidence[held], mean, rtol=0, atol=1e-9)
    assert np.isnan(found.accuracy[~held]).all()
    assert np.isnan(found.confidence[~held]).all()
    assert found.count.sum() == len(right)
    assert found.expected_error == pytest.approx(
        float(np.average(np.abs(accuracy - mean), weights=found.count[held])), **EXACT
    )
    assert found.largest_error == pytest.approx(float(np.abs(accuracy - mean).max()), **EXACT)


@given(judged())
@settings(deadline=None)
def test_averages_of_the_table_are_scikit_learns(sample: Judged) -> None:
    """Precision, recall and F1 averaged three ways are scikit-learn's, undefined classes left out."""
    n_classes = sample.scores.shape[1]
    predictions = sample.scores.argmax(axis=1)
    confusion = confusion_matrix(sample.labels, predictions, n_classes)
    found = averages(confusion)
    for name in ("precision", "recall", "f1"):
        function = getattr(sklearn_metrics, f"{name}_score")
        assert found[name].micro == pytest.approx((predictions == sample.labels).mean(), **EXACT)
        known = ~np.isnan(getattr(class_metrics(confusion), name))
        for how in ("macro", "weighted"):
            if how == "weighted" and not confusion[known].any():
                assert math.isnan(found[name].weighted), "without any weight, where scikit-learn goes on without them"
                continue
            expected = function(
                sample.labels, predictions, labels=list(range(n_classes)), average=how, zero_division=np.nan
            )
            assert getattr(found[name], how) == pytest.approx(expected, **EXACT)


@given(judged())
@settings(deadline=None)
def test_specificity_is_the_recall_of_the_others(sample: Judged) -> None:
    """Specificity of a class is scikit-learn's recall of 'not this class'; undefined where all are of it."""
    predictions = sample.scores.argmax(axis=1)
    found = specificity(confusion_matrix(sample.labels, predictions, sample.scores.shape[1]))
    for c, value in enumerate(found):
        others = sample.labels != c
        expected = sklearn_metrics.recall_score(others, predictions != c) if others.any() else math.nan
        assert value == pytest.approx(expected, **EXACT)


@given(judged(), st.one_of(SCORES, st.just(2.0)))
@settings(deadline=None)
def test_a_threshold_lies_on_both_curves(sample: Judged, threshold: float) -> None:
    """The figures at a threshold are those of counting by hand, and the curves go through them."""
    positive, scores = sample.labels == 0, sample.scores[:, 0]
    found = at_threshold(positive, scores, threshold)
    called = scores >= threshold
    assert (found.true_positives, found.false_positives) == ((called & positive).sum(), (called & ~positive).sum())
    assert found.false_negatives == (~called & positive).sum()
    assert found.true_negatives == (~called & ~positive).sum()
    curve, rates = precision_recall_curve(positive, scores), roc_curve(positive, scores)
    at = int(np.flatnonzero(curve.thresholds >= threshold)[-1])
    assert found.recall == pytest.approx(curve.recall[at], **EXACT)
    assert found.recall == pytest.approx(rates.true_positive_rate[at], **EXACT)
    assert found.false_positive_rate == pytest.approx(rates.false_positive_rate[at], **EXACT)
    if called.any():
        assert found.precision == pytest.approx(curve.precision[at], **EXACT)
    else:
        assert math.isnan(found.precision)


def test_worked_by_hand() -> None:
    """Four examples whose areas fit on the back of an envelope (the example of scikit-learn's manual)."""
    positive, scores = np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8])
    assert area_under_roc(positive, scores) == 0.75
    assert average_precision(positive, scores) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert roc_curve(positive, scores).thresholds.tolist() == [np.inf, 0.8, 0.4, 0.35, 0.1]


def test_nothing_to_judge_is_undefined() -> None:
    """An empty split has no figure, and breaks nothing."""
    none, scores = np.zeros(0, bool), np.zeros(0)
    assert math.isnan(area_under_roc(none, scores))
    assert math.isnan(average_precision(none, scores))
    assert math.isnan(calibration(none, scores).expected_error)
    assert math.isnan(calibration(none, scores).largest_error)
    assert math.isnan(averages(np.zeros((3, 3), np.int64))["f1"].macro)
    assert np.isnan(specificity(np.zeros((2, 2), np.int64))).all()


def test_probabilities_of_float32_are_compared_as_they_are() -> None:
    """A threshold read off the curve of a float32 network gives back exactly that point."""
    scores = np.array([0.1, 0.2, 0.3, 0.7], np.float32)
    positive = np.array([False, True, False, True])
    curve = precision_recall_curve(positive, scores)
    for k in range(1, len(curve.thresholds)):
        assert at_threshold(positive, scores, float(curve.thresholds[k])).recall == curve.recall[k]


def test_one_kind_alone_has_no_curve() -> None:
    """Without positives, or without negatives, what would be divided by their number is NaN at every point."""
    scores = np.array([0.2, 0.9, 0.9, 0.4])
    for positive in (np.zeros(4, bool), np.ones(4, bool)):
        roc, precision_recall = roc_curve(positive, scores), precision_recall_curve(positive, scores)
        assert np.isnan(roc.true_positive_rate).all() == np.isnan(precision_recall.recall).all() == (not positive.any())
        assert np.isnan(roc.false_positive_rate).all() == positive.all()
        assert math.isnan(roc.area)
        assert math.isnan(precision_recall.average_precision) == (not positive.any())
    assert average_precision(np.ones(4, bool), scores) == 1


def test_shares_of_rows_and_columns_by_hand() -> None:
    """A row's shares are of its true class, a column's of what was predicted; NaN where there is nothing."""
    confusion = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    np.testing.assert_array_equal(row_shares(confusion), [[0.75, 0.25, 0], [0, 1, 0], [np.nan] * 3])
    np.testing.assert_array_equal(column_shares(confusion), [[1, 0.2, np.nan], [0, 0.8, np.nan], [0, 0, np.nan]])
