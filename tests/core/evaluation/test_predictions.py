"""What follows from the predictions of one network: the weakest class, what it is taken for, and every figure."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray
from sklearn import metrics as sklearn_metrics

from annscope.core.config import RunConfig
from annscope.core.evaluation.intervals import FEW, wilson
from annscope.core.evaluation.predictions import Predictions, predict
from annscope.core.network import Network, initial_parameters, layer_sizes

RNG = np.random.default_rng(5)


def predictions(labels: ndarray, predicted: ndarray, probabilities: ndarray | None = None) -> Predictions:
    """Predictions of a split with so many classes as there are labels, or columns."""
    n_classes = labels.shape[1] if labels.ndim == 2 else int(max(labels.max(), predicted.max())) + 1
    if probabilities is None:
        probabilities = np.full((len(labels), n_classes), 1 / n_classes)
    names = tuple(map(str, range(n_classes)))
    return Predictions("run", 0, "test", names, labels, predicted, probabilities)


def of_counts(confusion: list[list[int]]) -> Predictions:
    """Predictions that have this confusion matrix."""
    counts = np.array(confusion)
    true, guessed = np.indices(counts.shape).reshape(2, -1)
    return predictions(np.repeat(true, counts.ravel()), np.repeat(guessed, counts.ravel()))


def initial_network(output: str) -> Network:
    """A network of 4 features and 3 classes as it is before training."""
    config = RunConfig().with_values({"hidden": (5,), "output": output}).network
    parameters = initial_parameters(config, layer_sizes(config, 4, 3), np.dtype("float32"), 0)
    return Network(config, 4, 3, parameters.layers)


def test_the_weakest_class_is_the_one_of_least_recall_that_has_enough_examples() -> None:
    """Of two with the same recall it is the one with more examples; one with a few mistakes is not judged."""
    few = FEW - 1
    found = of_counts([[0, few, 0, 0], [0, 30, 10, 0], [20, 0, 60, 0], [0, 0, 0, 50]])
    assert found.weakest == 2
    assert found.weakest_first == [0, 2, 1, 3]
    assert of_counts([[FEW - 2, 2], [0, 5]]).weakest == (1 if FEW <= 5 else 0)
    assert of_counts([[3, 0], [0, 4]]).weakest is None
    exactly = of_counts([[FEW - 1, 1], [0, 2 * FEW]])
    assert exactly.weakest == 0


def test_a_class_without_examples_is_not_the_weakest() -> None:
    """Nothing is known of its recall, so it comes last; where no class has enough, the one with any is judged."""
    found = of_counts([[0, 0, 0], [0, 1, 2], [0, 0, 2]])
    assert found.weakest == 1
    assert found.weakest_first == [1, 2, 0]


def test_what_a_class_is_taken_for_is_the_largest_of_its_mistakes() -> None:
    """However many of its examples are right; a class without mistakes is taken for none."""
    found = of_counts([[50, 2, 3], [1, 0, 0], [0, 0, 9]])
    assert [found.taken_for(c) for c in range(3)] == [2, 0, None]
    rows = np.array([[1, 0], [0, 1], [1, 1]])
    assert predictions(rows, 1 - rows).taken_for(0) is None


def test_figures_of_classes_are_scikit_learns() -> None:
    """Accuracy, confidence, areas, average precision and calibration of the predicted classes."""
    probabilities = RNG.dirichlet([1, 1, 1], 200)
    labels = RNG.integers(0, 3, 200)
    guessed = probabilities.argmax(axis=1)
    found = predictions(labels, guessed, probabilities)
    assert found.accuracy == pytest.approx(sklearn_metrics.accuracy_score(labels, guessed))
    np.testing.assert_array_equal(found.confidence, probabilities.max(axis=1))
    areas, averages = found.roc_areas
    assert averages.macro == pytest.approx(sklearn_metrics.roc_auc_score(labels, probabilities, multi_class="ovr"))
    precisions, _ = found.average_precisions
    for c in range(3):
        assert areas[c] == pytest.approx(sklearn_metrics.roc_auc_score(labels == c, probabilities[:, c]))
        assert precisions[c] == pytest.approx(sklearn_metrics.average_precision_score(labels == c, probabilities[:, c]))
        assert found.roc_curves[c].area == pytest.approx(areas[c])
        assert found.calibration_of(c).expected_error > 0
        (roc_low, roc_high), (precision_low, precision_high) = found.area_intervals(c)
        assert roc_low < areas[c] < roc_high
        assert precision_low < precisions[c] < precision_high
    assert found.calibration_interval[0] <= found.calibration.expected_error * 1.5
    assert found.accuracy_interval[0] < found.accuracy < found.accuracy_interval[1]
    for name, intervals in found.average_intervals.items():
        for how, (low, high) in intervals.items():
            assert low <= getattr(found.averages[name], how) <= high, (name, how)


def test_every_figure_of_a_class_has_an_interval() -> None:
    """Those of proportions are Wilson's, that of F1 is the bootstrap's; each holds the figure."""
    found = of_counts([[8, 2, 0], [1, 9, 0], [3, 0, 17]])
    figures = {
        "precision": found.classes.precision, "recall": found.classes.recall, "f1": found.classes.f1,
        "specificity": found.specificity,
    }  # fmt: skip
    assert found.intervals.keys() == figures.keys()
    for name, (low, high) in ((name, ends.T) for name, ends in found.intervals.items()):
        assert (low <= figures[name]).all(), name
        assert (figures[name] <= high).all(), name
        assert (low < high).all(), name
    np.testing.assert_allclose(found.intervals["recall"], wilson(np.array([8, 9, 17]), np.array([10, 10, 20])))
    np.testing.assert_allclose(found.intervals["precision"], wilson(np.array([8, 9, 17]), np.array([12, 11, 17])))
    np.testing.assert_allclose(found.intervals["specificity"], wilson(np.array([26, 28, 20]), np.array([30, 30, 20])))


def test_a_network_predicts_a_class_or_labels() -> None:
    """Classes unless several labels an example are asked for, with the probabilities of its output."""
    network = initial_network("softmax")
    x = RNG.normal(size=(9, 4)).astype(np.float32)
    classes, probabilities = predict(network, x)
    assert classes.tolist() == probabilities.argmax(axis=1).tolist()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    rows, each = predict(initial_network("sigmoid"), x, is_multilabel=True)
    np.testing.assert_array_equal(rows, each >= 0.5)


def test_figures_of_labels_are_scikit_learns() -> None:
    """With several labels an example: all of them at once, each of them, and each example's own."""
    rows = RNG.integers(0, 2, (100, 3))
    probabilities = np.clip(rows * 0.4 + 0.6 * RNG.random((100, 3)), 0, 1)
    guessed = (probabilities > 0.5).astype(int)
    found = predictions(rows, guessed, probabilities)
    assert found.accuracy == pytest.approx(sklearn_metrics.accuracy_score(rows, guessed))
    assert found.hamming_loss == pytest.approx(sklearn_metrics.hamming_loss(rows, guessed))
    of_labels = np.where(guessed == 1, probabilities, 1 - probabilities).prod(axis=1)
    np.testing.assert_allclose(found.confidence, of_labels)
    about = {"average": "samples", "zero_division": np.nan}
    assert found.sample_averages["f1"] == pytest.approx(sklearn_metrics.f1_score(rows, guessed, **about))
    np.testing.assert_array_equal(found.is_class(1), rows[:, 1] == 1)
    np.testing.assert_array_equal(found.is_predicted(1), guessed[:, 1] == 1)


def test_without_examples_nothing_is_defined() -> None:
    """An empty split has no accuracy and no weakest class."""
    empty = predictions(np.array([0, 1]), np.array([0, 1]))
    nothing = Predictions("run", 0, "test", ("0", "1"), empty.labels[:0], empty.predicted[:0], empty.probabilities[:0])
    assert np.isnan(nothing.accuracy)
    assert nothing.weakest is None
