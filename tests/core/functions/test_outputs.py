"""Binary output: the same predictions as a softmax of two units, and everything downstream works with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import log_loss

from annscope.core.config import RunConfig
from annscope.core.errors import ConfigError
from annscope.core.evaluation.metrics import evaluate
from annscope.core.explain.range_test import range_test, suggest
from annscope.core.explain.saliency import input_gradient, occlusion
from annscope.core.functions.losses import LOSSES
from annscope.core.network import Network, initial_parameters, layer_sizes
from annscope.core.snapshot import LayerParameters
from annscope.core.training import Trainer, train
from tests.core.conftest import make_dataset

BINARY = make_dataset(n_classes=2)


def binary_network(seed: int, n_features: int = 6) -> Network:
    """A network with one output unit, as it begins, with biases."""
    config = RunConfig().with_values({"hidden": (5,), "output": "binary", "bias-initializer": "same"}).network
    parameters = initial_parameters(config, layer_sizes(config, n_features, 2), "float64", seed)
    return Network(config, n_features, 2, parameters.copy_layers())


@given(seed=st.integers(0, 2**16))
@settings(max_examples=20, deadline=None)
def test_it_answers_as_a_softmax_over_zero_and_its_logit(seed: int) -> None:
    """Two classes get [1 - p, p], the numbers of a softmax whose first logit is 0, and so the same loss."""
    one = binary_network(seed)
    last = one.parameters[-1]
    assert last.bias is not None
    twice = LayerParameters(np.c_[0 * last.weight, last.weight], np.concatenate([[0.0], last.bias]))
    config = RunConfig().with_values({"hidden": (5,)}).network
    two = Network(config, 6, 2, (*one.parameters[:-1], twice))
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(30, 6)), rng.integers(0, 2, 30)
    np.testing.assert_allclose(one.predict_proba(x), two.predict_proba(x), rtol=0, atol=1e-14)
    mine, theirs = (evaluate(network, x, y, "cross_entropy") for network in (one, two))
    assert mine.loss == pytest.approx(theirs.loss, rel=1e-12)
    # 1 - p is rounded to multiples of 1e-16, so a small probability has a logarithm that is off by its share of that.
    probabilities = one.predict_proba(x)
    rounding = 4 * np.finfo("float64").eps * (1 / probabilities[np.arange(len(y)), y]).mean()
    assert mine.loss == pytest.approx(log_loss(y, probabilities, labels=[0, 1]), rel=1e-12, abs=rounding)
    assert mine.accuracy == theirs.accuracy
    np.testing.assert_array_equal(mine.confusion, sklearn_confusion(y, one.predict_proba(x)[:, 1] >= 0.5))
    # Squared error is that of the one probability.
    half = evaluate(one, x, y, "squared_error").loss
    assert half == pytest.approx(np.square(one.predict_proba(x)[:, 1] - y).mean() / 2, rel=1e-12)


def test_even_odds_are_the_second_class() -> None:
    """From p = 0.5 on the second class is predicted, as with a threshold of 0.5."""
    network = binary_network(0)
    logits = np.array([[-1e-3], [0.0], [1e-3], [-1e4], [1e4]])
    assert network.predictions(logits).tolist() == [0, 1, 1, 0, 1]
    np.testing.assert_array_equal(network.predictions(logits), network.probabilities(logits)[:, 1] >= 0.5)
    assert network.probabilities(logits)[3:].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "options",
    [{}, {"batch_size": 1, "optimizer": "sgd"}, {"label_smoothing": 0.1, "class_weight": "balanced"},
     {"engine": "pure_python", "optimizer": "sgd", "dtype": "float64"}, {"batch_norm": True, "dropout": 0.2}],
    ids=str,
)  # fmt: skip
def test_it_learns(configure: Callable[..., RunConfig], loss: str, options: dict[str, Any]) -> None:
    """With either loss and with every engine the held-out examples end up right; a snapshot holds one output."""
    config = configure(**{"output": "binary", "loss": loss, "epochs": 30, "learning_rate": 0.05, **options})
    first, *_, last = train(BINARY, config)
    assert last.heldout.accuracy >= 0.9
    assert last.heldout.loss < first.heldout.loss
    assert last.confusion.shape == (2, 2)
    assert last.probe_activations[-1].shape[1] == 1
    assert last.parameters[-1].weight.shape == (5, 1)


@pytest.mark.parametrize(("output", "n_classes"), [("binary", 3), ("binary", 1)])
def test_other_numbers_of_classes_are_refused(configure: Callable[..., RunConfig], output: str, n_classes: int) -> None:
    """One sentence names the data set, how many classes it has, and what to take."""
    with pytest.raises(ConfigError, match=rf"two classes.*data set clouds has {n_classes}; use softmax"):
        Trainer(make_dataset(n_classes=n_classes), configure(output=output))


def test_the_range_test_takes_it(configure: Callable[..., RunConfig]) -> None:
    """A learning rate is found for it as for any other."""
    found = suggest(list(range_test(BINARY, configure(output="binary"), n_steps=60)))
    assert found.learning_rate is not None


def test_what_speaks_for_one_class_speaks_against_the_other() -> None:
    """The maps of the two classes are mirror images, and the gradient is the slope of the log-odds."""
    network, x = binary_network(4, n_features=9), np.random.default_rng(1).normal(size=9)
    for_second = input_gradient(network, x, 1)
    np.testing.assert_array_equal(input_gradient(network, x, 0), -for_second)
    numeric = [(network.logits((x + e)[None]) - network.logits((x - e)[None]))[0, 0] / 2e-6 for e in 1e-6 * np.eye(9)]
    np.testing.assert_allclose(for_second, numeric, rtol=1e-6, atol=1e-9)
    image = x.reshape(3, 3)
    np.testing.assert_allclose(occlusion(network, image, 0), -occlusion(network, image, 1), rtol=0, atol=1e-15)
