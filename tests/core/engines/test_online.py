"""The online engine, with deferred updates of the first weights: the same mathematics, whenever snapshots are taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.online import BLOCK, OnlineEngine
from annscope.core.training import Trainer
from tests.configs import make_config

N = 2 * BLOCK + 9


@pytest.fixture
def dataset() -> Dataset:
    """Two blocks and a bit of random examples of three classes."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(N + 30, 6)), rng.integers(0, 3, N + 30)
    return Dataset(
        name="random", x_train=x[:N], y_train=y[:N], x_val=x[N:], y_val=y[N:], x_test=x[:0], y_test=y[:0],
        class_names=("a", "b", "c"),
    )  # fmt: skip


def config(**options: Any) -> RunConfig:
    """Gradient descent on single examples, in float64."""
    settings = {"hidden": (7, 5), "optimizer": "sgd", "learning_rate": 0.05, "batch_size": 1, "epochs": 2}
    return make_config(**settings | {"dtype": "float64"} | options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden": ()},
        {"hidden": (7,), "activation": "gelu"},
        {"activation": "tanh", "loss": "squared_error", "schedule": "inverse_time", "schedule_decay": 0.01},
        {"output": "sigmoid", "bias": False, "shuffle": False, "label_smoothing": 0.1},
        {"loss": "squared_error", "softmax_derivative": "diagonal", "delta_weights": "updated"},
        {"output": "binary", "label_smoothing": 0.1},
    ],
)
def test_it_agrees_with_the_steps_of_ordinary_backpropagation(dataset: Dataset, options: dict[str, Any]) -> None:
    """Deferring updates changes nothing but the order of the sums."""
    settings = config(**options)
    if settings.network.output == "binary":
        labels = np.minimum(dataset.y_train, 1), np.minimum(dataset.y_val, 1)
        dataset = replace(dataset, y_train=labels[0], y_val=labels[1], class_names=("a", "b"))
    held, plain = OnlineEngine(dataset, settings, dataset.x_train), NumpyEngine(dataset, settings, dataset.x_train)
    start = 0
    for end in (1, 2, 17, BLOCK, BLOCK + 1, 2 * BLOCK + 3, N, N + 5):
        for engine in (held, plain):
            engine.advance(start, end, lambda step: 0.05 / (1 + step / 100))
        np.testing.assert_allclose(held.parameters.flat, plain.parameters.flat, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(held.gradient.flat, plain.gradient.flat, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(held.before, plain.before, rtol=1e-10, atol=1e-12)
        start = end


def test_snapshots_and_resuming_within_a_block_change_no_bit(dataset: Dataset) -> None:
    """A run with a snapshot at every step, and one resumed within a block, end like an undisturbed one."""
    settings = config(dtype="float32")
    undisturbed, observed, resumed = (Trainer(dataset, settings) for _ in range(3))
    while undisturbed.advance(1000):
        undisturbed.snapshot()
    while observed.advance(1):
        observed.snapshot()
        observed.checkpoint()
    while resumed.advance(23):
        resumed = Trainer(dataset, settings, checkpoint=resumed.checkpoint())
    ends = [trainer.snapshot() for trainer in (undisturbed, observed, resumed)]
    for end in ends[1:]:
        assert all((a.weight == b.weight).all() for a, b in zip(end.parameters, ends[0].parameters, strict=True))
        assert end.layers[0].update_ratio == ends[0].layers[0].update_ratio
        assert end.layers[0].gradient_norm == ends[0].layers[0].gradient_norm


@pytest.mark.parametrize(
    "options", [{"batch_size": 2}, {"optimizer": "momentum"}, {"l2": 0.1}, {"dropout": 0.5}, {"batch_norm": True}]
)
def test_everything_else_uses_another_engine(dataset: Dataset, options: dict[str, Any]) -> None:
    """Only plain gradient descent on single examples uses this engine."""
    assert OnlineEngine.suits(dataset, config())
    assert not OnlineEngine.suits(dataset, config(**options))
