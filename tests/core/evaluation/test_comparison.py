"""Two networks on the same examples: their outcomes, and every difference with the interval of a paired bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray
from sklearn import metrics as sklearn_metrics

from annscope.core.evaluation.comparison import Comparison
from annscope.core.evaluation.predictions import Predictions

RNG = np.random.default_rng(8)
LABELS = RNG.integers(0, 3, 300)


def guesses(share: float) -> Predictions:
    """The predictions of a network that gives so many examples their class, and draws the others'."""
    probabilities = RNG.dirichlet([1, 1, 1], len(LABELS))
    right = RNG.random(len(LABELS)) < share
    probabilities[right] = 0.2 * probabilities[right] + 0.8 * np.eye(3)[LABELS[right]]
    predicted = probabilities.argmax(axis=1)
    return Predictions("run", 0, "test", ("a", "b", "c"), LABELS, predicted, probabilities)


A, B = guesses(0.9), guesses(0.5)


def test_every_example_has_one_of_four_outcomes() -> None:
    """Fixed is what A gets right and B wrong; within a class only its examples count."""
    compared = Comparison(A, B)
    names = ("fixed", "broken", "bothwrong", "bothright")
    assert sum(compared.outcome(name).astype(int) for name in names).tolist() == [1] * len(LABELS)
    np.testing.assert_array_equal(compared.outcome("fixed"), (A.predicted == LABELS) & (B.predicted != LABELS))
    np.testing.assert_array_equal(compared.outcome("fixed", 1), compared.outcome("fixed") & (LABELS == 1))
    counts = compared.paired()
    assert (counts.only_second, counts.only_first) == (
        compared.outcome("fixed").sum(),
        compared.outcome("broken").sum(),
    )
    assert counts.difference == pytest.approx(A.accuracy - B.accuracy)
    recall = A.classes.recall - B.classes.recall
    assert [compared.paired(c).difference for c in range(3)] == pytest.approx(recall.tolist())


def test_differences_have_the_intervals_of_a_bootstrap_that_draws_the_same_examples_for_both() -> None:
    """Those of the averages are scikit-learn's, and the wider the fewer examples there are."""
    oracles = {
        "Accuracy": sklearn_metrics.accuracy_score,
        "Macro precision": lambda y, p: sklearn_metrics.precision_score(y, p, average="macro"),
        "Macro recall": lambda y, p: sklearn_metrics.recall_score(y, p, average="macro"),
        "Macro F1": lambda y, p: sklearn_metrics.f1_score(y, p, average="macro"),
    }
    found = {each.name: each for each in Comparison(A, B).differences}
    drawn = [RNG.integers(0, len(LABELS), len(LABELS)) for _ in range(200)]
    for name, figure in oracles.items():
        each = found[name]
        assert (each.first, each.second) == pytest.approx((figure(LABELS, A.predicted), figure(LABELS, B.predicted)))
        assert each.difference == pytest.approx(each.first - each.second)
        expected = [figure(LABELS[d], A.predicted[d]) - figure(LABELS[d], B.predicted[d]) for d in drawn]
        assert list(each.interval) == pytest.approx(np.percentile(expected, [2.5, 97.5]), abs=0.03), name
    areas = {
        "Macro area under ROC": sklearn_metrics.roc_auc_score,
        "Macro average precision": sklearn_metrics.average_precision_score,
    }
    is_class = LABELS[:, None] == np.arange(3)
    for name, figure in areas.items():
        each = found[name]
        one, other = (network.probabilities for network in (A, B))
        assert (each.first, each.second) == pytest.approx((figure(is_class, one), figure(is_class, other)))
        expected = [figure(is_class[d], one[d]) - figure(is_class[d], other[d]) for d in drawn]
        assert list(each.interval) == pytest.approx(np.percentile(expected, [2.5, 97.5]), abs=0.02), name
    error = found["Expected calibration error"]
    assert (error.first, error.second) == (A.calibration.expected_error, B.calibration.expected_error)
    assert error.interval[0] < error.difference < error.interval[1]


def test_a_network_does_not_differ_from_itself() -> None:
    """All its differences are 0; that of the accuracy, which the counts give, could be so in another sample too."""
    accuracy, *others = Comparison(A, A).differences
    assert accuracy.difference == 0
    assert -0.02 < accuracy.interval[0] < 0 < accuracy.interval[1] < 0.02
    for each in others:
        assert each.difference == 0
        assert list(each.interval) == pytest.approx([0, 0], abs=1e-12)


def _rows(predicted: ndarray, labels: ndarray) -> Predictions:
    return Predictions("run", 0, "test", ("x", "y"), labels, predicted, np.where(predicted == 1, 0.8, 0.2))


def test_labels_are_compared_each_by_itself() -> None:
    """Within a label all examples count, each by that label alone."""
    labels = RNG.integers(0, 2, (60, 2))
    first, second = (_rows(np.where(RNG.random((60, 2)) < 0.8, labels, 1 - labels), labels) for _ in range(2))
    compared = Comparison(first, second)
    counts = compared.paired(1)
    assert counts.both_right == ((first.predicted == labels) & (second.predicted == labels))[:, 1].sum()
    assert counts.n == 60
    assert compared.differences[0].name == "Subset accuracy"
