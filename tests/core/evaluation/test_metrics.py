"""Figures of classes equal scikit-learn's; histograms count everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from annscope.core.config import NetworkConfig
from annscope.core.evaluation.metrics import (
    ACTIVATION_BINS,
    EVALUATION_BLOCK,
    GRADIENT_BINS,
    WEIGHT_BINS,
    Bins,
    class_metrics,
    confusion_matrix,
    evaluate,
)
from annscope.core.network import Network, initial_parameters, layer_sizes

ALL_BINS = {"weight": WEIGHT_BINS, "gradient": GRADIENT_BINS, "activation": ACTIVATION_BINS}


@given(
    st.integers(2, 6).flatmap(
        lambda k: st.tuples(st.just(k), st.lists(st.tuples(*[st.integers(0, k - 1)] * 2), min_size=1, max_size=60))
    )
)
@settings(max_examples=60, deadline=None)
def test_they_equal_those_of_scikit_learn(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    """Confusion matrix, precision, recall, F1 and support, undefined where scikit-learn's are."""
    n_classes, pairs = drawn
    labels, predictions = np.array(pairs).T
    every = list(range(n_classes))
    confusion = confusion_matrix(labels, predictions, n_classes)
    np.testing.assert_array_equal(confusion, sklearn_metrics.confusion_matrix(labels, predictions, labels=every))
    ours = class_metrics(confusion)
    theirs = sklearn_metrics.precision_recall_fscore_support(labels, predictions, labels=every, zero_division=np.nan)
    for mine, expected in zip((ours.precision, ours.recall, ours.f1, ours.support), theirs, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-12)


def test_what_is_undefined_is_nan() -> None:
    """No precision for a class never predicted, no recall for one without examples."""
    found = class_metrics(np.array([[3, 0, 0], [2, 0, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(found.precision, [3 / 5, np.nan, np.nan])
    np.testing.assert_array_equal(found.recall, [1, 0, np.nan])
    np.testing.assert_array_equal(found.f1, [6 / 8, 0, np.nan])
    np.testing.assert_array_equal(found.support, [3, 2, 0])


@pytest.mark.parametrize("n", [0, 1, EVALUATION_BLOCK, EVALUATION_BLOCK + 7])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_an_evaluation_is_the_mean_over_all_examples(n: int, loss: str) -> None:
    """Blocks or not, loss and accuracy are means over every example; over none they are undefined."""
    config = NetworkConfig(hidden_sizes=(5,))
    parameters = initial_parameters(config, layer_sizes(config, 4, 3), "float64", 0)
    network = Network(config, 4, 3, parameters.layers)
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, 4)), rng.integers(0, 3, n)
    found = evaluate(network, x, y, loss)
    assert found.confusion.sum() == n
    if n == 0:
        assert np.isnan([found.loss, found.accuracy]).all()
        return
    p = network.predict_proba(x)
    expected = -np.log(p[np.arange(n), y]) if loss == "cross_entropy" else ((p - np.eye(3)[y]) ** 2).sum(1) / 2
    assert found.loss == pytest.approx(expected.mean(), rel=1e-12)
    assert found.accuracy == pytest.approx((p.argmax(1) == y).mean())
    first = network.logits(x[:EVALUATION_BLOCK])
    assert evaluate(network, x, y, loss, first_logits=first).loss == found.loss


@pytest.mark.parametrize("bins", ALL_BINS.values(), ids=ALL_BINS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_histogram_counts_every_number_where_it_lies(bins: Bins, dtype: str) -> None:
    """The table of first bits agrees with comparing each number with each edge."""
    rng = np.random.default_rng(0)
    values = (rng.normal(size=5000) * 10 ** rng.uniform(-9, 3, 5000)).astype(dtype)
    values[:9], values[9:12] = 0, -0.0
    found = bins.count(values)
    expected, _ = np.histogram(np.clip(values, bins.edges[0], bins.edges[-1]), bins.edges)
    np.testing.assert_array_equal(found, expected)
    assert found.sum() == values.size
    np.testing.assert_array_equal(bins.edges, -bins.edges[::-1])
    inner = bins.edges[32:-1].astype(dtype)
    assert (bins.count(inner)[32:] == 1).all(), "a number at an edge lies outwards of it"
    assert (bins.count(-inner[1:])[:31] == 1).all(), "and so does its mirror image"
