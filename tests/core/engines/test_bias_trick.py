"""The bias trick: fewer calls per step, with the same result as the general strategy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import annscope.core.engines.bias_trick
from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import Batches
from annscope.core.engines.bias_trick import BiasTrickSteps, QuickSoftmax
from annscope.core.engines.kernels import least_probability
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.serial import SerialSteps
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.errors import DivergedError
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset
from tests.core.engines.test_resuming import bits, snapshots_to_the_end, through_a_file
from tests.core.engines.test_workers import Backwards, config_of


@pytest.fixture(autouse=True)
def small_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers share the batches of the smallest networks, where there are workers."""
    monkeypatch.setattr(annscope.core.engines.bias_trick, "LEAST_WORK", 0)


def engine_of(dataset: Dataset, config: RunConfig, workers: Workers = SINGLE) -> NumpyEngine:
    return NumpyEngine(dataset, config, dataset.x_train.astype(config.training.dtype), workers)


@contextmanager
def without_the_bias_trick() -> Iterator[None]:
    """Engines that are made here do not use the bias trick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(annscope.core.engines.bias_trick, "MOST_NUMBERS", 0)
        yield


def plain_engine_of(dataset: Dataset, config: RunConfig) -> NumpyEngine:
    """An engine without the bias trick."""
    with without_the_bias_trick():
        engine = engine_of(dataset, config)
    assert isinstance(engine.strategy, SerialSteps)
    return engine


@pytest.mark.parametrize(("largest", "is_in_order"), [(30.0, True), (88.0, False), (-95.0, False)])
def test_a_quick_softmax_shows_when_it_is_not_in_order(largest: float, *, is_in_order: bool) -> None:
    """In float32 e^88 is finite, and 64 times as much is not: then the squares of its sums are not finite."""
    n, n_classes = 64, 3
    logits = np.full((n_classes, n), largest - 1, "float32")
    logits[0] = largest
    sums = np.zeros((2, n * n_classes), "float32")
    softmax = QuickSoftmax(logits, sums, n, n)
    exact = np.exp(logits.astype("float64") - largest)
    exact /= n * exact.sum(axis=0)
    with np.errstate(all="ignore"):
        for operation in softmax.errors(np.zeros((n, n_classes), "float32"))[0]:
            operation()
        assert np.isfinite(sums.ravel().dot(sums.ravel())) == is_in_order
    assert np.allclose(logits, exact, rtol=1e-5) == is_in_order


def test_a_quick_softmax_leaves_no_class_without_probability() -> None:
    """The error of a class whose probability is too small for its type is the least probability, as in any softmax."""
    targets = np.array([[1.0, 0.0]], "float32")
    logits, sums = np.array([[0.0], [-200.0]], "float32"), np.zeros((2, 2), "float32")
    quick, _ = QuickSoftmax(logits, sums, 1, 1).errors(QuickSoftmax.shares(targets, 1))
    for operation in quick:
        operation()
    np.testing.assert_allclose(logits[1], least_probability(logits.dtype))


def advance_to_the_end(trainer: Trainer) -> None:
    while trainer.advance(10):
        pass


def check_same(dataset: Dataset, config: RunConfig, *, ends: tuple[int, ...] = (1, 3, 4, 9, 14)) -> None:
    """Compare both strategies, this one alone and with workers, at each of these steps."""
    tricked = [engine_of(dataset, config, workers) for workers in (SINGLE, Backwards(2), Backwards(5))]
    plain = plain_engine_of(dataset, config)
    assert all(isinstance(engine.strategy, BiasTrickSteps) for engine in tricked)
    start = 0
    for end in ends:
        for engine in (*tricked, plain):
            engine.advance(start, end, lambda step: 0.02 / (1 + step))
        start = end
        for name, expected in plain.arrays().items():
            tolerance = 1e-12 * max(1.0, np.abs(expected).max())
            for engine in tricked:
                np.testing.assert_allclose(engine.arrays()[name], expected, rtol=0, atol=tolerance, err_msg=name)
        assert all(engine.state() == plain.state() for engine in tricked)
        noted = plain.batch_losses.take()
        for engine in tricked:
            np.testing.assert_allclose(engine.batch_losses.take(), noted, rtol=1e-9)


@pytest.mark.parametrize(
    "options",
    [
        *({"activation": name} for name in ACTIVATIONS),
        *({"optimizer": name, "weight_decay": 0.0} for name in OPTIMIZERS),
        *(
            {"loss": loss, "output": output}
            for loss in ("cross_entropy", "squared_error")
            for output in ("softmax", "sigmoid")
        ),
        {"loss": "squared_error", "softmax_derivative": "diagonal"},
        {"activation": ("relu", "gelu"), "dropout": 0.4},
        {"activation": "tanh", "dropout": 0.4},
        {"label_smoothing": 0.1, "clip_norm": 0.05},
        {"class_weight": "balanced"},
        {"hidden": ()},
        {"hidden": (9,), "shuffle": False},
        {"batch_size": "full"},
        {"batch_size": 48, "bias_initializer": "same"},
        {"batch_size": 3, "optimizer": "adam"},
        {"batch_size": 1, "optimizer": "adam"},
    ],
    ids=str,
)
def test_it_takes_the_steps_of_every_network(options: dict[str, Any]) -> None:
    """With any settings, a small network is trained with the same result as by the general strategy."""
    check_same(make_dataset(), config_of(**({"optimizer": "sgd"} | options)))


def test_two_classes_and_a_single_unit() -> None:
    """Binary output is trained the same way."""
    check_same(make_dataset(n_classes=2), config_of(output="binary"))


def test_weights_of_examples() -> None:
    """Examples are weighted by their weights."""
    dataset = make_dataset()
    check_same(replace(dataset, weights_train=np.linspace(0, 2, len(dataset.y_train))), config_of())


def test_features_that_are_never_used() -> None:
    """Features that are 0 in every example keep their weights."""
    dataset = make_dataset()
    for x in (dataset.x_train, dataset.x_val, dataset.x_test):
        x[:, 2] = 0
    check_same(dataset, config_of(optimizer="momentum"))


@pytest.mark.parametrize(
    "options",
    [
        {"l2": 0.1},
        {"l1": 0.1},
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"batch_norm": True},
        {"bias": False},
        {"bias": False, "constant_input": True},
        {"delta_weights": "updated", "optimizer": "sgd"},
        {"hidden": (400, 300)},
    ],
    ids=str,
)
def test_settings_that_treat_biases_differently_exclude_the_bias_trick(options: dict[str, Any]) -> None:
    """Penalties and decay do not apply to biases, so networks with them use the general strategy, as large ones do."""
    assert isinstance(engine_of(make_dataset(), config_of(**options)).strategy, SerialSteps)


def test_large_batches_do_not_use_the_bias_trick() -> None:
    """Where the arithmetic takes longer than the calls, the general strategy is used."""
    dataset = make_dataset(n_train=15_000)
    assert isinstance(engine_of(dataset, config_of(batch_size=2000)).strategy, BiasTrickSteps)
    assert isinstance(engine_of(dataset, config_of(batch_size="full")).strategy, SerialSteps)


@pytest.mark.parametrize("factor", [1.0, 60.0, 1e4])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_logits_are_too_large(factor: float, sign: float, dtype: str) -> None:
    """Logits of hundreds and thousands, of either sign, for all examples or some, overflow nowhere."""
    dataset, config = make_dataset(n_features=6), config_of(optimizer="sgd", hidden=(), dtype=dtype)
    engines = engine_of(dataset, config), engine_of(dataset, config, Backwards(2)), plain_engine_of(dataset, config)
    for engine in engines:
        engine.parameters.biases[0][...] = sign * factor * np.array([1.0, 0.9, 1.1])
        engine.parameters.weights[0][0] = factor
        for step in range(8):
            engine.advance(step, step + 1, lambda _: 0.01)
    tolerance = (1e-5 if dtype == "float32" else 1e-12) * factor
    for name, expected in engines[-1].arrays().items():
        for engine in engines[:-1]:
            np.testing.assert_allclose(engine.arrays()[name], expected, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("workers", [SINGLE, Backwards(2)], ids=["alone", "shared"])
@pytest.mark.parametrize(("options", "steps"), [({"optimizer": "adam", "dropout": 0.3}, 7), ({"optimizer": "sgd"}, 4)])
def test_resuming_is_the_same_bit_for_bit(options: dict[str, Any], steps: int, workers: Workers) -> None:
    """A run that is interrupted anywhere, with extra snapshots, continues with the same bits."""
    dataset, config = make_dataset(), config_of(dtype="float32", **options)
    whole = Trainer(dataset, config, workers=workers)
    expected = [bits(snapshot) for snapshot in snapshots_to_the_end(whole)]
    halved = Trainer(dataset, config, workers=workers)
    for _ in range(steps):
        halved.advance(1)
    halved = Trainer(dataset, config, checkpoint=through_a_file(halved.checkpoint()), workers=workers)
    found = [bits(snapshot) for snapshot in snapshots_to_the_end(halved)]
    assert found == expected[-len(found) :]


@pytest.mark.parametrize("rate", [1e9, 1e18, 1e37])
@pytest.mark.parametrize("options", [{}, {"output": "sigmoid"}, {"hidden": (9,), "dropout": 0.2}], ids=str)
def test_it_names_what_is_not_finite(rate: float, options: dict[str, Any]) -> None:
    """An overflow is reported with step, layer and quantity, as in a large network."""
    dataset = make_dataset()
    config = config_of(optimizer="momentum", dtype="float32", epochs=30, **options)
    found = []
    for context, workers in (
        (nullcontext(), SINGLE),
        (nullcontext(), Backwards(2)),
        (without_the_bias_trick(), SINGLE),
    ):
        with context:
            trainer = Trainer(dataset, config, workers=workers)
        trainer.change_learning_rate(rate)
        with pytest.raises(DivergedError) as error:
            advance_to_the_end(trainer)
        found.append((error.value.step, error.value.layer, error.value.quantity))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(("batch_size", "n"), [(16, 50), (25, 50), (50, 50), (1, 7), (3, 1000)])
def test_visits_are_the_batches_in_their_slots(batch_size: int, n: int) -> None:
    """Wherever one begins and ends, each batch lies in its slot when its turn comes."""
    x = np.arange(n, dtype=np.float32)[:, None]
    one, other = (Batches(x, x, None, batch_size, seed=3) for _ in range(2))
    expected, slots = list(one.slots()), list(other.slots())
    for start, end in ((0, 3), (3, 3), (3, 700), (700, 701)):
        for step, slot in zip(range(start, end), other.visits(start, end), strict=True):
            assert slot == one.fill(step)
            np.testing.assert_array_equal(slots[slot][0], expected[slot][0])
