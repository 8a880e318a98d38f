"""The neurons in plain Python: checked by hand, by central differences, and against the NumPy core to 1e-12."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annscope.core.pure_python
from annscope.core.config import PURE_PYTHON_CAN, RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import ConfigError, DivergedError
from annscope.core.pure_python import ACTIVATIONS, OUTPUT_DELTAS, OUTPUTS, Neuron, NeuronNetwork
from annscope.core.snapshot import Snapshot
from annscope.core.training import Trainer
from tests.configs import make_config
from tests.core.conftest import make_dataset

TOLERANCE = 1e-12


def config(**options: Any) -> RunConfig:
    """Two epochs of gradient descent by neurons."""
    settings = {
        "engine": "pure_python", "optimizer": "sgd", "dtype": "float64", "learning_rate": 0.05,
        "batch_size": 16, "hidden": (7, 5), "epochs": 2,
    }  # fmt: skip
    return make_config(**settings | options)


def assert_same(one: Snapshot, other: Snapshot) -> None:
    """Two snapshots are equal to rounding."""
    assert (one.step, one.samples_seen, one.learning_rate) == (other.step, other.samples_seen, other.learning_rate)
    for a, b in zip(one.parameters, other.parameters, strict=True):
        np.testing.assert_allclose(a.weight, b.weight, rtol=0, atol=TOLERANCE)
        assert (a.bias is None) == (b.bias is None)
        if a.bias is not None and b.bias is not None:
            np.testing.assert_allclose(a.bias, b.bias, rtol=0, atol=TOLERANCE)
    for left, right in ((one.train, other.train), (one.heldout, other.heldout)):
        assert left.loss == pytest.approx(right.loss, abs=TOLERANCE)
        assert left.accuracy == right.accuracy
    assert (one.confusion == other.confusion).all()
    for mine, theirs in zip(one.layers, other.layers, strict=True):
        assert mine.gradient_norm == pytest.approx(theirs.gradient_norm, abs=TOLERANCE)
        assert mine.update_ratio == pytest.approx(theirs.update_ratio, abs=TOLERANCE)


def compare(dataset: Dataset, chosen: RunConfig) -> None:
    """Train with both engines, take a snapshot of both wherever one is scheduled."""
    neurons, arrays = Trainer(dataset, chosen), Trainer(dataset, chosen.with_values({"engine": "numpy"}))
    assert_same(neurons.snapshot(), arrays.snapshot())
    while not arrays.finished:
        arrays.advance(1000)
        neurons.advance(1000)
        assert_same(neurons.snapshot(), arrays.snapshot())
    assert neurons.finished


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 1, "activation": "tanh"},
        {"batch_size": "full", "learning_rate": 0.5},
        {"hidden": ()},
        {"activation": ("sigmoid", "leaky_relu"), "initializer": "glorot"},
        {"output": "sigmoid", "bias": False},
        {"output": "sigmoid", "loss": "squared_error", "bias": False, "constant_input": True},
        {"loss": "squared_error", "bias_initializer": "same", "shuffle": False},
        {"label_smoothing": 0.1, "schedule": "cosine", "warmup_epochs": 0.5, "batch_size": 7},
        {"snapshot_every": 3, "patience": 1, "batch_size": 5},
    ],
)
def test_it_agrees_with_numpy_after_training(dataset: Dataset, options: dict[str, Any]) -> None:
    """Every weight, bias, loss, gradient norm and confusion matrix, at every snapshot, to 1e-12."""
    compare(dataset, config(**options))


@given(
    hidden=st.lists(st.integers(1, 6), max_size=3),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    kind=st.sampled_from(sorted(OUTPUT_DELTAS)),
    batch_size=st.integers(1, 25),
    n_train=st.integers(4, 24),
    bias=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_it_agrees_with_numpy_whatever_the_shape(
    hidden: list[int], activation: str, kind: tuple[str, str], batch_size: int, n_train: int, bias: bool, seed: int
) -> None:
    """Any sizes, any batch size, any seed."""
    loss, output = kind
    chosen = config(
        hidden=hidden, activation=activation, loss=loss, output=output, batch_size=batch_size, bias=bias, seed=seed
    )
    n_classes = 2 if output == "binary" else 3
    compare(make_dataset(n_train=n_train, n_val=9, n_features=4, n_classes=n_classes), chosen)


def test_one_neuron_by_hand() -> None:
    """z = 2 * 3 - 1 * 4 + 0.5 = 2.5; with delta 0.1 the gradient is 0.3, 0.4 and 0.1; a step of rate 10 follows."""
    neuron = Neuron([2.0, -1.0], bias=0.5)
    assert neuron.weighted_sum([3.0, 4.0]) == 2.5
    neuron.add_gradient(0.1, [3.0, 4.0])
    assert neuron.d_weights == pytest.approx([0.3, 0.4])
    assert neuron.d_bias == 0.1
    neuron.step(learning_rate=10.0)
    assert neuron.weights == pytest.approx([-1.0, -5.0])
    assert neuron.bias == pytest.approx(-0.5)


def test_a_chain_of_two_neurons_by_hand() -> None:
    """The chain rule link by link: x = 2, tanh(0.5 x), then sigmoid(-3 a + 1) and half the squared error to 1."""
    first, second = Neuron([0.5], bias=0.0), Neuron([-3.0], bias=1.0)
    network = NeuronNetwork([[first], [second]], ["tanh"], "sigmoid", "squared_error")
    a = math.tanh(1.0)
    p = 1 / (1 + math.exp(3 * a - 1))
    assert network.predict([2.0]) == pytest.approx([p])
    network.measure_gradient([[2.0]], [[1.0]])
    delta = (p - 1) * p * (1 - p)
    assert second.d_weights == pytest.approx([delta * a])
    assert second.d_bias == pytest.approx(delta)
    assert first.d_weights == pytest.approx([delta * -3.0 * (1 - a * a) * 2.0])
    assert first.d_bias == pytest.approx(delta * -3.0 * (1 - a * a))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("z", [-2.0, -0.3, 0.4, 3.0])
def test_derivatives_are_those_of_the_functions(name: str, z: float) -> None:
    """Each derivative, at the sum z, is the slope of its function there."""
    function, derivative = ACTIVATIONS[name]
    assert derivative(z) == pytest.approx((function(z + 1e-6) - function(z - 1e-6)) / 2e-6, abs=1e-8)


def loss_value(loss: str, output: str, p: Sequence[float], t: Sequence[float]) -> float:
    """The losses as the formulas beside `OUTPUT_DELTAS` have them."""
    if loss == "squared_error":
        return sum((p_k - t_k) ** 2 for p_k, t_k in zip(p, t, strict=True)) / 2
    right = -sum(t_k * math.log(p_k) for p_k, t_k in zip(p, t, strict=True))
    wrong = -sum((1 - t_k) * math.log(1 - p_k) for p_k, t_k in zip(p, t, strict=True))
    return right if output == "softmax" else right + wrong


@pytest.mark.parametrize(("loss", "output"), OUTPUT_DELTAS)
def test_output_deltas_are_the_slopes_of_the_loss(loss: str, output: str) -> None:
    """The delta of a sum is the derivative of the loss."""
    z, t = [0.3, -1.2, 0.8], [0.0, 0.0, 1.0]
    deltas = OUTPUT_DELTAS[loss, output](OUTPUTS[output](z), t)
    for k, delta in enumerate(deltas):
        up, down = ([value + step * (i == k) for i, value in enumerate(z)] for step in (1e-6, -1e-6))
        above, below = (loss_value(loss, output, OUTPUTS[output](sums), t) for sums in (up, down))
        assert delta == pytest.approx((above - below) / 2e-6, abs=1e-8)


def test_it_learns_xor() -> None:
    """Four neurons learn the truth table that none can alone, with no array in sight."""
    corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    targets = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    hidden = [Neuron([1.0, 0.9], 0.1), Neuron([-0.8, 1.0], -0.2), Neuron([0.7, -1.0], 0.3), Neuron([-0.9, -0.6], 0.0)]
    above = [Neuron([0.1, -0.2, 0.3, 0.4], 0.0), Neuron([-0.3, 0.2, 0.1, -0.1], 0.0)]
    network = NeuronNetwork([hidden, above], ["tanh"], "softmax", "cross_entropy")
    for _ in range(1000):
        network.learn(corners, targets, learning_rate=0.5)
    for corner, target in zip(corners, targets, strict=True):
        assert network.predict(corner) == pytest.approx(target, abs=0.1)


def test_snapshots_and_resuming_change_no_bit(dataset: Dataset) -> None:
    """A run with a snapshot at every step, and one that went through checkpoints, end like an undisturbed one."""
    chosen = config(batch_size=3)
    undisturbed, observed, resumed = (Trainer(dataset, chosen) for _ in range(3))
    while undisturbed.advance(1000):
        undisturbed.snapshot()
    while observed.advance(1):
        observed.snapshot()
        observed.checkpoint()
    while resumed.advance(5):
        resumed = Trainer(dataset, chosen, checkpoint=resumed.checkpoint())
    ends = [trainer.checkpoint().arrays for trainer in (undisturbed, observed, resumed)]
    for end in ends[1:]:
        assert all((end[name] == array).all() for name, array in ends[0].items())


def test_a_checkpoint_goes_from_one_shape_to_no_other(dataset: Dataset) -> None:
    """A checkpoint of another shape is rejected with an error."""
    checkpoint = Trainer(dataset, config()).checkpoint()
    with pytest.raises(ConfigError, match="the checkpoint of step 0 does not belong to this config"):
        Trainer(dataset, config(hidden=(8,)), checkpoint=checkpoint)


def watch(trainer: Trainer) -> None:
    """Train to the end, with every scheduled snapshot."""
    while trainer.advance(1000):
        trainer.snapshot()


def test_it_diverges_in_the_same_words(dataset: Dataset) -> None:
    """Divergence ends both engines at the same step, with the same sentence."""
    chosen = config(learning_rate=1000.0, loss="cross_entropy", activation="leaky_relu", output="sigmoid", epochs=200)
    ends = []
    for engine in ("pure_python", "numpy"):
        trainer = Trainer(dataset, chosen.with_values({"engine": engine, "initializer-scale": 100.0}))
        with pytest.raises(DivergedError) as caught:
            watch(trainer)
        ends.append((caught.value.step, str(caught.value)))
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"optimizer": "adam"}, "engine 'pure_python' needs optimizer sgd; got optimizer adam"),
        ({"dtype": "float32", "l2": 0.1}, "needs l2 0.0, dtype float64; got l2 0.1, dtype float32"),
        ({"activation": ("relu", "gelu")}, "needs activation relu or leaky_relu or sigmoid or tanh; got .* relu,gelu"),
        ({"dropout": 0.5}, "needs dropout 0.0; got dropout 0.5"),
        ({"batch_norm": True}, "needs batch_norm false; got batch_norm true"),
        ({"loss": "squared_error", "softmax_derivative": "diagonal"}, "needs softmax_derivative exact"),
        ({"class_weight": "balanced"}, "needs class_weight none"),
    ],
)
def test_unsupported_settings_are_named(options: dict[str, Any], sentence: str) -> None:
    """Unsupported settings are rejected when the config is made, all in one sentence."""
    with pytest.raises(ConfigError, match=sentence):
        config(**options)


def test_weighted_examples_are_rejected(dataset: Dataset) -> None:
    """A data set whose examples weigh differently is not silently taken for one whose examples do not."""
    weighted = replace(dataset, weights_train=np.ones(len(dataset.y_train)))
    with pytest.raises(ConfigError, match="examples all count the same"):
        Trainer(weighted, config())


def test_its_activations_are_those_that_the_config_allows() -> None:
    """The table of functions and what the config lets through cannot drift apart."""
    assert set(PURE_PYTHON_CAN["activation"]) == set(ACTIVATIONS)


def test_the_neurons_know_no_arrays() -> None:
    """The reference imports nothing but the standard library."""
    tree = ast.parse(Path(annscope.core.pure_python.__file__).read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert names == {"__future__", "collections.abc", "math", "operator", "typing"}


def test_softmax_of_large_sums_does_not_overflow() -> None:
    """Only their differences count, however large they are."""
    assert OUTPUTS["softmax"]([2000.0, 2000.0, -2000.0]) == [0.5, 0.5, 0.0]
