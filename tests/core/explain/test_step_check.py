"""The step of a run is judged by the engine that takes it, with all that the run asks for; a broken engine is found."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import annscope.core.engines.bias_trick
import annscope.core.engines.chunked
import annscope.core.engines.examples
import annscope.core.engines.numpy_engine
import annscope.core.engines.online
import annscope.core.engines.partition
import annscope.core.engines.strategy
import annscope.core.explain.gradient_check
from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.bias_trick import BiasTrickSteps, QuickSoftmax
from annscope.core.engines.choice import engine_for
from annscope.core.engines.chunked import LARGE_BYTES, ChunkedSteps
from annscope.core.engines.engine import Engine
from annscope.core.engines.examples import batch_of
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.online import OnlineEngine
from annscope.core.engines.parallel import ParallelSteps
from annscope.core.engines.pure_python import PurePythonEngine
from annscope.core.engines.serial import SerialSteps
from annscope.core.engines.used_features import UsedFeatures
from annscope.core.engines.workers import SINGLE, Operation, SequentialWorkers, Workers
from annscope.core.explain.gradient_check import TOLERANCE, StepCheck, check_step, gradient_check
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.network import Network, Parameters, initial_parameters, layer_sizes
from annscope.core.pure_python import NeuronNetwork
from tests.configs import make_config
from tests.core.conftest import make_dataset

BIAS_TRICK, SERIAL = {"hidden": (7, 5)}, {"hidden": (7, 5), "batch_norm": True}
ONE_BY_ONE = {"batch_size": 1, "optimizer": "sgd"}
PURE_PYTHON = {"engine": "pure_python", "optimizer": "sgd", "dtype": "float64"}


def config_of(**options: Any) -> RunConfig:
    return make_config(**{"hidden": (7, 5), "batch_size": 16, "activation": "tanh", "learning_rate": 0.1} | options)


def parameters_of(dataset: Dataset, config: RunConfig) -> Parameters:
    """Random parameters in float64, none of them 0, that float32 holds exactly."""
    sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
    parameters = initial_parameters(config.network, sizes, "float64", 3)
    parameters.flat += 0.1 * np.random.default_rng(3).normal(size=parameters.flat.shape)
    parameters.flat[...] = parameters.flat.astype("float32")
    return parameters


def step_of(dataset: Dataset, config: RunConfig, workers: Workers = SINGLE) -> StepCheck:
    """The check at random parameters, none of them 0."""
    parameters = parameters_of(dataset, config)
    return check_step(dataset, config, parameters, n_checked=40 if dataset.n_features > 100 else 200, workers=workers)


def strategy_of(dataset: Dataset, config: RunConfig, workers: Workers = SINGLE) -> type:
    """What takes the steps of a run."""
    engine: Engine = engine_for(
        dataset, config, dataset.x_train.astype(config.training.dtype), workers, optimizer=OPTIMIZERS["sgd"]
    )
    return type(engine.strategy) if isinstance(engine, NumpyEngine) else type(engine)


def images() -> Dataset:
    """So many numbers that a whole batch is taken in chunks, many of them 0 in sparsity order, some in all."""
    data = make_dataset(n_train=3000, n_features=800)
    x = data.x_train.astype("float32")
    x[:, :40] = 0
    x[:2000, 40:400] = 0
    return replace(data, x_train=x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("options", "strategy"),
    [
        (BIAS_TRICK, BiasTrickSteps),
        ({**BIAS_TRICK, "optimizer": "adam", "batch_size": 1}, BiasTrickSteps),
        ({**BIAS_TRICK, "loss": "squared_error", "output": "sigmoid"}, BiasTrickSteps),
        ({**BIAS_TRICK, "dropout": 0.4}, BiasTrickSteps),
        ({**BIAS_TRICK, "label_smoothing": 0.2}, BiasTrickSteps),
        ({**BIAS_TRICK, "class_weight": "balanced"}, BiasTrickSteps),
        ({**BIAS_TRICK, "clip_norm": 0.01}, BiasTrickSteps),
        ({**BIAS_TRICK, "batch_size": 50}, BiasTrickSteps),
        (SERIAL, SerialSteps),
        ({**SERIAL, "l1": 0.01, "l2": 0.1, "clip_norm": 0.2, "label_smoothing": 0.1, "dropout": 0.2}, SerialSteps),
        ({"optimizer": "adamw", "weight_decay": 0.3}, SerialSteps),
        ({"bias": False, "l2": 0.3}, SerialSteps),
        (ONE_BY_ONE, OnlineEngine),
        ({**ONE_BY_ONE, "label_smoothing": 0.1, "loss": "squared_error"}, OnlineEngine),
        (PURE_PYTHON, PurePythonEngine),
        ({**PURE_PYTHON, "batch_size": 1, "label_smoothing": 0.1}, PurePythonEngine),
    ],
    ids=str,
)
def test_a_right_step_is_found_right(options: dict[str, Any], strategy: type, dtype: str) -> None:
    """Every engine, in both number types, with everything that shapes a gradient."""
    dataset, config = make_dataset(), config_of(**{"dtype": dtype} | options)
    assert strategy_of(dataset, config) is strategy
    check = step_of(dataset, config)
    assert check.own.is_right is True
    assert check.exact.is_right is True
    assert check.own.error < (1e-6 if config.training.dtype == "float64" else 1e-4)
    assert check.n_examples >= 10


def test_weights_of_examples_count() -> None:
    """Some count a hundred times as much as others, and the measured slope knows."""
    dataset = make_dataset()
    weighted = replace(dataset, weights_train=np.geomspace(0.1, 10, len(dataset.y_train)))
    for options in (BIAS_TRICK, SERIAL):
        even, uneven = (step_of(data, config_of(**options)) for data in (dataset, weighted))
        assert even.own.is_right is uneven.own.is_right is True
        assert np.abs(even.own.analytic - uneven.own.analytic).max() > 1e-2


@pytest.mark.parametrize("workers", [SINGLE, SequentialWorkers(3)], ids=["alone", "three"])
def test_a_large_batch_is_judged_by_the_chunks_it_is_taken_in(workers: Workers) -> None:
    """All examples at once are sparsity-ordered; a batch of some thousand is not."""
    data = images()
    for batch_size in ("full", 2500):
        config = config_of(hidden=(8,), batch_size=batch_size, clip_norm=0.05)
        assert strategy_of(data, config, workers) is ChunkedSteps
        assert step_of(data, config, workers).own.is_right is True


def test_shared_steps_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """With weights and dropout, and features that no example has."""
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 6)
    data = make_dataset(n_features=20)
    x = data.x_train.copy()
    x[:, 3:7] = 0
    data = replace(data, x_train=x, weights_train=np.geomspace(0.1, 10, len(x)))
    config = config_of(dropout=0.2, label_smoothing=0.1)
    assert strategy_of(data, config, SequentialWorkers(3)) is ParallelSteps
    assert step_of(data, config, SequentialWorkers(3)).own.is_right is True


def test_the_mistakes_of_a_recipe_are_found_in_its_steps() -> None:
    """The diagonal of softmax' is no gradient, and errors through updated weights are off by the step."""
    for options in (ONE_BY_ONE, {"optimizer": "sgd"}):
        exact = config_of(**options, loss="squared_error", learning_rate=0.5)
        assert step_of(make_dataset(), exact).own.is_right is True
        for mistake in ({"softmax-derivative": "diagonal"}, {"delta-weights": "updated"}):
            check = step_of(make_dataset(), exact.with_values(mistake))
            assert check.own.is_right is False
            assert check.exact.is_right is True


def test_a_part_stands_for_a_batch_that_is_too_large_to_measure() -> None:
    """It is taken by the same engine, and keeps each feature that any example uses."""
    data = make_dataset(n_train=6000, n_features=900)
    x = data.x_train.astype("float32")
    x[:, 5] = 0
    x[4321, 5] = 1
    data = replace(data, x_train=x)
    config = config_of(hidden=(4,), batch_size="full")
    assert strategy_of(data, config) is ChunkedSteps
    check = step_of(data, config)
    assert check.own.is_right is True
    part = math.ceil(1.25 * LARGE_BYTES / (900 * 4))
    assert check.n_examples == part + 1, "all of the part, and the one that has feature 5"


def test_a_batch_that_is_small_enough_is_judged_as_it_is() -> None:
    """However many examples there are beside it."""
    assert step_of(make_dataset(n_train=6000), config_of(batch_size=1500)).n_examples == 1500


def test_the_work_of_a_check_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two passes over all examples and parameters for each parameter that is checked; two for each layer at least."""
    dataset, config = make_dataset(), config_of(dtype="float64")
    sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
    parameters = initial_parameters(config.network, sizes, "float64", 0)
    n_examples = check_step(dataset, config, parameters, n_checked=8).n_examples
    for work, n_checked in ((2 * n_examples * len(parameters.flat) * 11.5, 11), (1.0, 2 * len(sizes))):
        monkeypatch.setattr(annscope.core.explain.gradient_check, "MOST_WORK", work)
        assert len(check_step(dataset, config, parameters, n_checked=40).own.numeric) == n_checked


class Climbing(QuickSoftmax):
    """The errors of a small network, with the wrong sign."""

    def __init__(self, logits: Any, *others: Any) -> None:
        super().__init__(logits, *others)
        self.flip: Operation = partial(np.negative, logits, logits)

    def errors(self, shares: Any) -> tuple[list[Operation], list[Operation]]:
        quick, careful = super().errors(shares)
        return [*quick, self.flip], [*careful, self.flip]


def flipped_errors(patch: pytest.MonkeyPatch) -> None:
    """The small network climbs."""
    patch.setattr(annscope.core.engines.bias_trick, "QuickSoftmax", Climbing)


def forgotten_weights(patch: pytest.MonkeyPatch) -> None:
    """All examples count the same."""
    patch.setattr(annscope.core.engines.numpy_engine, "weights_of", lambda *_: None)


def unsmoothed(module: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Labels are 0 and 1."""
    right = annscope.core.engines.examples.targets_of

    def targets_of(dataset: Dataset, config: RunConfig, dtype: np.dtype) -> Any:
        return right(dataset, config.with_values({"label-smoothing": 0.0}), dtype)

    return lambda patch: patch.setattr(module, "targets_of", targets_of)


def forgotten_penalties(patch: pytest.MonkeyPatch) -> None:
    """Weights are free."""
    patch.setattr(annscope.core.engines.strategy, "add_penalties", lambda *_, **__: None)


def lost_examples(patch: pytest.MonkeyPatch) -> None:
    """A tenth of the sparsity-ordered rows is another row."""
    right = annscope.core.engines.chunked.sparsity_order_of

    def sparsity_order_of(x: Any) -> Any:
        stairs = right(x)
        examples = stairs.examples.copy()
        examples[::10] = examples[0]
        return replace(stairs, examples=examples)

    patch.setattr(annscope.core.engines.chunked, "sparsity_order_of", sparsity_order_of)


def displaced_features(patch: pytest.MonkeyPatch) -> None:
    """What was learned of one feature goes to its neighbour."""
    right = UsedFeatures.widen

    def widen(self: UsedFeatures, narrow: Any, wide: Any) -> None:
        right(replace(self, columns=np.roll(self.columns, 1)), narrow, wide)

    patch.setattr(UsedFeatures, "widen", widen)


def climbing_neurons(patch: pytest.MonkeyPatch) -> None:
    """Each neuron steps up."""
    right = NeuronNetwork.step
    patch.setattr(NeuronNetwork, "step", lambda self, rate: right(self, -rate))


@pytest.mark.parametrize(
    ("breaks", "dataset", "options"),
    [
        (flipped_errors, make_dataset(), BIAS_TRICK),
        (flipped_errors, make_dataset(), {**BIAS_TRICK, "optimizer": "adam", "dropout": 0.1, "label_smoothing": 0.1}),
        (forgotten_weights, make_dataset(n_train=52), {**BIAS_TRICK, "class_weight": "balanced", "batch_size": 30}),
        (unsmoothed(annscope.core.engines.numpy_engine), make_dataset(), {**SERIAL, "label_smoothing": 0.02}),
        (unsmoothed(annscope.core.engines.online), make_dataset(), {**ONE_BY_ONE, "label_smoothing": 0.02}),
        (forgotten_penalties, make_dataset(), {**BIAS_TRICK, "l2": 0.01}),
        (lost_examples, images(), {"hidden": (8,), "batch_size": "full"}),
        (displaced_features, images(), {"hidden": (8,)}),
        (climbing_neurons, make_dataset(), PURE_PYTHON),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_engine_is_found_wrong(
    breaks: Callable[[pytest.MonkeyPatch], None],
    dataset: Dataset,
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the engine does wrong turns the verdict, and leaves that on backpropagation itself as it is."""
    config = config_of(**options)
    assert step_of(dataset, config).own.is_right is True
    breaks(monkeypatch)
    check = step_of(dataset, config)
    assert check.own.is_right is False
    assert check.exact.is_right is True


def test_a_small_gradient_is_judged_as_strictly_as_a_large_one() -> None:
    """Rounding in float32 is in proportion to the gradient: it excuses no more of a small one."""
    dataset = make_dataset()
    small = replace(dataset, x_train=dataset.x_train / 1000)
    own = step_of(small, config_of(hidden=(), bias=False)).own
    assert np.linalg.norm(own.analytic) < 1e-2
    assert own.is_right is True
    assert own.tolerance == TOLERANCE


def test_the_engine_may_round_more_than_backpropagation_in_float64() -> None:
    """What rounding excuses in a step of float32 is at least what it excuses in the differences themselves."""
    check = step_of(make_dataset(), config_of())
    assert check.own.rounding > check.exact.rounding > 0


def test_the_largest_logit_sets_the_rounding_of_the_differences() -> None:
    """A loss has the rounding of its largest logit, however small the others are."""
    dataset, config = make_dataset(), config_of(hidden=(), dtype="float64")
    parameters = initial_parameters(
        config.network, layer_sizes(config.network, dataset.n_features, dataset.n_classes), "float64", 0
    )
    parameters.weights[0][:, 0] *= 1e6
    largest = float(np.abs(dataset.x_train @ parameters.weights[0]).max())
    check = check_step(dataset, config, parameters, n_checked=20)
    assert check.exact.rounding > np.finfo("float64").eps * largest / 2 / check.epsilon


def test_the_step_of_a_tiny_gradient_is_neither_right_nor_wrong() -> None:
    """In float32 nothing can be told of a network that is certain of every example."""
    dataset = make_dataset()
    config = config_of(hidden=())
    sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
    parameters = initial_parameters(config.network, sizes, "float64", 0)
    means = np.stack([dataset.x_train[dataset.y_train == label].mean(axis=0) for label in range(3)])
    parameters.weights[0][...] = 8 * means.T
    parameters.biases[0][...] = -4 * np.square(means).sum(axis=1)
    parameters.flat[...] = parameters.flat.astype("float32")
    easy = replace(dataset, x_train=means[dataset.y_train])
    assert check_step(easy, config, parameters, n_checked=50).own.is_right is None


@pytest.mark.parametrize(
    ("n", "batch_size", "is_whole"), [(1024, 16, True), (1025, 16, False), (1200, 600, True), (1201, 600, False)]
)
def test_it_is_the_first_batch_of_the_run_that_is_judged(n: int, batch_size: int, is_whole: bool) -> None:
    """Of at most 1,024 examples or two batches; of more, a batch of as many that are spread over all of them."""
    dataset, config = make_dataset(n_train=n), config_of(hidden=(3,), batch_size=batch_size, dtype="float64")
    parameters = parameters_of(dataset, config)
    check = check_step(dataset, config, parameters, n_checked=12)
    rows, x = batch_of(dataset, config.training, 0)
    plain = gradient_check(config, parameters, x, dataset.y_train[rows], 3, indices=check.indices)
    assert check.n_examples == batch_size
    assert np.allclose(check.exact.analytic, plain.analytic, rtol=1e-9, atol=1e-12) is is_whole


@pytest.mark.parametrize(("batch_size", "clip_norm"), [("full", 0.05), (5, 0.0), (5, 0.05)])
def test_rounding_is_that_of_the_differences_the_parameters_and_ten_times_that_of_backpropagation(
    batch_size: int | str, clip_norm: float
) -> None:
    """On average over the steps until ten examples are seen, each clipped."""
    dataset, config = make_dataset(), config_of(hidden=(3,), batch_size=batch_size, clip_norm=clip_norm)
    parameters = parameters_of(dataset, config)
    check = check_step(dataset, config, parameters, n_checked=12)
    typed = Parameters(config.network, layer_sizes(config.network, 6, 3), "float32")
    typed.flat[...] = parameters.flat
    eps = float(np.finfo("float32").eps)
    n_steps = 1 if batch_size == "full" else 2
    of_differences = analytic = 0.0
    of_step = eps * float(np.linalg.norm(parameters.flat[check.indices])) / 2**24
    for step in range(n_steps):
        rows, x = batch_of(dataset, config.training, step)
        y = dataset.y_train[rows]
        whole = gradient_check(config, parameters, x, y, 3).analytic
        plain = gradient_check(config, typed, x, y, 3, indices=check.indices).analytic
        norm = float(np.linalg.norm(whole))
        clip = clip_norm / (norm + 1e-6) if clip_norm else 1.0
        exact = whole[check.indices]
        network = Network(config.network, 6, 3, parameters.layers)
        largest = max(1.0, float(np.abs(network.logits(x)).max()))
        of_differences += clip * np.finfo("float64").eps * largest / check.epsilon * math.sqrt(12) / n_steps
        of_step += 10 * clip * float(np.linalg.norm(plain - exact) + eps * np.linalg.norm(exact)) / n_steps
        analytic = analytic + clip * exact / n_steps
    np.testing.assert_allclose(check.exact.analytic, analytic, rtol=1e-9, atol=1e-12)
    assert check.exact.rounding == pytest.approx(of_differences, rel=1e-6)
    assert check.own.rounding == pytest.approx(of_differences + of_step, rel=1e-6)
    assert check.epsilon == 1e-5 / max(1.0, *(abs(each) for each in check.range))
