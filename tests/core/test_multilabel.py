"""Several labels an example: every figure is scikit-learn's, the loss PyTorch's summed over the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy import ndarray
from sklearn import metrics as sklearn_metrics
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import ConfigError
from annscope.core.evaluation.curves import (
    area_under_roc,
    average_precision,
    averaged_over_classes,
    averages,
    hamming_loss,
    sample_averages,
    specificity,
)
from annscope.core.evaluation.metrics import class_metrics, confusion_matrix, each_by_itself, evaluate
from annscope.core.explain.gradient_check import gradient_check
from annscope.core.explain.range_test import range_test, suggest
from annscope.core.functions.losses import LOSSES
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.network import Network, initial_parameters, layer_sizes
from annscope.core.training import Trainer, train

EXACT = {"rtol": 0, "atol": 1e-12}
UNDEFINED = {"zero_division": np.nan}
N_LABELS = 3


def labelled(n_train: int = 60, n_val: int = 20, seed: int = 1, n_features: int = 5) -> Dataset:
    """Points with three labels, each true on one side of a plane of its own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_train + n_val, n_features))
    y = (x @ rng.normal(size=(n_features, N_LABELS)) > [0.0, 1.0, -1.0]).astype(np.int64)
    return Dataset(
        name="sides", x_train=x[:n_train], y_train=y[:n_train], x_val=x[n_train:], y_val=y[n_train:],
        x_test=x[:0], y_test=y[:0], class_names=("one", "two", "three"),
    )  # fmt: skip


@st.composite
def judged(draw: st.DrawFn) -> tuple[ndarray, ndarray]:
    """True and predicted labels; rows without any, and labels that nobody has, among them."""
    shape = draw(st.tuples(st.integers(1, 25), st.integers(2, 5)))
    rows = arrays(np.int64, shape, elements=st.integers(0, 1))
    return draw(rows), draw(rows)


@given(judged())
@settings(max_examples=60, deadline=None)
def test_every_figure_is_scikit_learns(drawn: tuple[ndarray, ndarray]) -> None:
    """Counts, figures of each label, the four averages, subset accuracy and Hamming loss, to 1e-12."""
    labels, predictions = drawn
    confusion = confusion_matrix(labels, predictions, labels.shape[1])
    np.testing.assert_array_equal(confusion, sklearn_metrics.multilabel_confusion_matrix(labels, predictions))
    found, of_all, of_samples = class_metrics(confusion), averages(confusion), sample_averages(labels, predictions)
    for how in (None, "macro", "micro", "weighted", "samples"):
        figures = sklearn_metrics.precision_recall_fscore_support(labels, predictions, average=how, **UNDEFINED)
        for name, theirs in zip(("precision", "recall", "f1"), figures, strict=False):
            if how is None:
                np.testing.assert_allclose(getattr(found, name), theirs, **EXACT)
            else:
                mine = of_samples[name] if how == "samples" else getattr(of_all[name], how)
                if how == "weighted" and not found.support[~np.isnan(getattr(found, name))].any():
                    theirs = np.nan  # what is defined has no weight, and scikit-learn gives 0
                np.testing.assert_allclose(mine, theirs, **EXACT)
    np.testing.assert_array_equal(found.support, labels.sum(axis=0))
    np.testing.assert_allclose(hamming_loss(confusion), sklearn_metrics.hamming_loss(labels, predictions), **EXACT)
    others = 1 - labels
    recall_of_others = sklearn_metrics.recall_score(others, 1 - predictions, average=None, **UNDEFINED)
    np.testing.assert_allclose(specificity(confusion), recall_of_others, **EXACT)


@given(st.integers(2, 5), st.lists(st.integers(0, 24), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_a_matrix_of_classes_says_the_same_of_each_class_by_itself(n_classes: int, pairs: list[int]) -> None:
    """One matrix of all classes holds what scikit-learn's multilabel_confusion_matrix counts."""
    labels, predictions = np.array([(pair // 5 % n_classes, pair % 5 % n_classes) for pair in pairs]).T
    theirs = sklearn_metrics.multilabel_confusion_matrix(labels, predictions, labels=list(range(n_classes)))
    np.testing.assert_array_equal(each_by_itself(confusion_matrix(labels, predictions, n_classes)), theirs)


def test_areas_are_scikit_learns() -> None:
    """Of each label, and averaged the three ways."""
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, (40, 4)), np.round(rng.random((40, 4)), 2)
    for mine, theirs in (
        (area_under_roc, sklearn_metrics.roc_auc_score),
        (average_precision, sklearn_metrics.average_precision_score),
    ):
        values, mean = averaged_over_classes(mine, labels, scores)
        np.testing.assert_allclose(values, theirs(labels, scores, average=None), **EXACT)
        for how in ("macro", "micro", "weighted"):
            np.testing.assert_allclose(getattr(mean, how), theirs(labels, scores, average=how), **EXACT)


def network_of(output: str = "sigmoid", seed: int = 0) -> Network:
    """A network of three outputs as it begins."""
    config = RunConfig().with_values({"hidden": (4,), "output": output, "bias-initializer": "same"}).network
    parameters = initial_parameters(config, layer_sizes(config, 5, N_LABELS), "float64", seed)
    return Network(config, 5, N_LABELS, parameters.copy_layers())


def test_an_evaluation_is_the_definition() -> None:
    """Loss: the mean over examples of the sum over labels, scikit-learn's; accuracy: of all labels of an example."""
    dataset, network = labelled(), network_of()
    x, y = dataset.split("train")
    p = network.predict_proba(x)
    found = evaluate(network, x, y, "cross_entropy")
    each = [sklearn_metrics.log_loss(y[:, k], p[:, k], labels=[0, 1]) for k in range(N_LABELS)]
    assert found.loss == pytest.approx(sum(each), rel=1e-12)
    assert evaluate(network, x, y, "squared_error").loss == pytest.approx(np.square(p - y).sum(axis=1).mean() / 2)
    assert found.accuracy == sklearn_metrics.accuracy_score(y, p >= 0.5)
    np.testing.assert_array_equal(found.confusion, sklearn_metrics.multilabel_confusion_matrix(y, p >= 0.5))
    reference = MLPClassifier((4,), max_iter=1, random_state=0, alpha=0.0, batch_size=len(x), learning_rate_init=1e-12)
    with pytest.warns(ConvergenceWarning):
        reference.fit(x, y)
    theirs = Network(network.config, 5, N_LABELS, [
        replace(layer, weight=weight, bias=bias)
        for layer, weight, bias in zip(network.parameters, reference.coefs_, reference.intercepts_, strict=True)
    ])  # fmt: skip
    assert evaluate(theirs, x, y, "cross_entropy").loss == pytest.approx(reference.loss_, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", [{}, {"l1": 0.02, "l2": 0.05}], ids=str)
def test_the_gradient_is_right(configure: Callable[..., RunConfig], loss: str, penalty: dict[str, float]) -> None:
    """Central differences agree to 1e-6."""
    config = configure(activation="tanh", loss=loss, output="sigmoid", dtype="float64", **penalty)
    dataset = labelled(9)
    parameters = initial_parameters(config.network, layer_sizes(config.network, 5, N_LABELS), "float64", 0)
    parameters.flat += 0.3 * np.random.default_rng(0).normal(size=parameters.flat.shape)
    assert gradient_check(config, parameters, *dataset.split("train"), N_LABELS).error < 1e-6


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "options",
    [{}, {"batch_size": 1, "optimizer": "sgd"}, {"label_smoothing": 0.1},
     {"engine": "pure_python", "optimizer": "sgd", "dtype": "float64", "learning_rate": 0.5}],
    ids=str,
)  # fmt: skip
def test_it_learns(configure: Callable[..., RunConfig], loss: str, options: dict[str, Any]) -> None:
    """With either loss and every engine most labels end up right; a snapshot holds a matrix for each label."""
    config = configure(**{"output": "sigmoid", "loss": loss, "epochs": 40, "learning_rate": 0.05, **options})
    first, *_, last = train(labelled(), config)
    assert hamming_loss(last.confusion) < 0.2
    assert last.heldout.loss < first.heldout.loss
    assert last.confusion.shape == (N_LABELS, 2, 2)
    assert last.heldout.accuracy <= 1 - hamming_loss(last.confusion)


def test_the_probe_has_every_label_and_different_combinations(configure: Callable[..., RunConfig]) -> None:
    """The probe has each held-out label, and each combination of labels once before any twice."""
    dataset = labelled(40, 60)
    probe = Trainer(dataset, configure(output="sigmoid")).probe
    assert len(probe.indices) == 20
    assert probe.y.any(axis=0).all()
    held_out = {tuple(row) for row in dataset.y_val.tolist()}
    assert {tuple(row) for row in probe.y.tolist()} == held_out
    np.testing.assert_array_equal(dataset.y_val[probe.indices], probe.y)


@pytest.mark.parametrize("output", [output for output in OUTPUTS if output != "sigmoid"])
def test_other_outputs_are_refused(configure: Callable[..., RunConfig], output: str) -> None:
    """One sentence names the output that suits, and so it is with weights of classes."""
    with pytest.raises(ConfigError, match=r"data set sides.*output must be 'sigmoid', one unit per label"):
        Trainer(labelled(), configure(output=output))
    with pytest.raises(ConfigError, match="class_weight must be 'none'"):
        Trainer(labelled(), configure(output="sigmoid", class_weight="balanced"))


def test_a_run_goes_on_bit_for_bit_and_finds_a_learning_rate(configure: Callable[..., RunConfig]) -> None:
    """A checkpoint and the range test are those of any run."""
    config = configure(output="sigmoid")
    whole, first = Trainer(labelled(), config), Trainer(labelled(), config)
    whole.advance(4)
    first.advance(3)
    second = Trainer(labelled(), config, checkpoint=first.checkpoint())
    second.advance(1)
    for name, array in whole.checkpoint().arrays.items():
        np.testing.assert_array_equal(second.checkpoint().arrays[name], array)
    assert suggest(list(range_test(labelled(), config, n_steps=60))).learning_rate is not None
