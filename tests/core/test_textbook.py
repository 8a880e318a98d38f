"""The textbook is the oracle: whatever a config asks for, every engine takes the same steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annscope.core.engines.chunked
import annscope.core.engines.partition
from annscope.core import textbook
from annscope.core.config import PURE_PYTHON_CAN, RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.bias_trick import BiasTrickSteps
from annscope.core.engines.choice import engine_for
from annscope.core.engines.chunked import ChunkedSteps
from annscope.core.engines.engine import Engine
from annscope.core.engines.inference import Inference
from annscope.core.engines.numpy_engine import NumpyEngine, strategy_for
from annscope.core.engines.online import OnlineEngine
from annscope.core.engines.parallel import ParallelSteps
from annscope.core.engines.serial import SerialSteps
from annscope.core.engines.strategy import Workload
from annscope.core.engines.workers import SINGLE, SequentialWorkers, Workers
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.initializers import INITIALIZERS
from annscope.core.functions.losses import LOSSES, SOFTMAX_DERIVATIVES, FusedLoss
from annscope.core.functions.optimizers import OPTIMIZERS, Moments, Optimizer
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.functions.schedules import SCHEDULES
from annscope.core.network import Network, Parameters, initial_parameters
from tests.core.conftest import make_dataset

N_FEATURES, N_STEPS = 6, 5


def dataset_for(output: str, n_train: int = 23) -> Dataset:
    """Two classes for one output unit, three for several; a feature that is always 0, as the edge of an image is."""
    dataset = make_dataset(n_train=n_train, n_features=N_FEATURES, n_classes=2 if OUTPUTS[output].is_binary else 3)
    x = dataset.x_train.copy()
    x[:, 2] = 0
    return replace(dataset, x_train=x)


ENTRIES = [
    (option, name)
    for option, registry in {
        "activation": ACTIVATIONS, "output": OUTPUTS, "loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES,
        "initializer": INITIALIZERS,
    }.items()
    for name in registry
]  # fmt: skip


@st.composite
def configs(draw: st.DrawFn, **fixed: Any) -> RunConfig:
    """A config that asks for anything at all, but for the settings that are `fixed`."""
    choose = {
        "activation": st.sampled_from(sorted(ACTIVATIONS)),
        "output": st.sampled_from(sorted(OUTPUTS)),
        "loss": st.sampled_from(sorted(LOSSES)),
        "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
        "softmax-derivative": st.sampled_from(SOFTMAX_DERIVATIVES),
        "hidden": st.lists(st.integers(1, 5), max_size=2),
        "batch-size": st.sampled_from([1, 4, 8, "full"]),
        "batch-norm": st.booleans(),
        "bias": st.booleans(),
        "constant-input": st.booleans(),
        "dropout": st.sampled_from([0.0, 0.3]),
        "l1": st.sampled_from([0.0, 0.01]),
        "l2": st.sampled_from([0.0, 0.1]),
        "weight-decay": st.sampled_from([0.0, 0.1]),
        "clip-norm": st.sampled_from([0.0, 0.1]),
        "label-smoothing": st.sampled_from([0.0, 0.2]),
        "class-weight": st.sampled_from(["none", "balanced"]),
        "delta-weights": st.sampled_from(["current", "updated"]),
        "schedule": st.sampled_from(sorted(SCHEDULES)),
        "initializer": st.sampled_from(sorted(INITIALIZERS)),
    } | {option: st.just(value) for option, value in fixed.items()}  # fmt: skip
    values: dict[str, Any] = {option: draw(strategy) for option, strategy in choose.items()}
    values |= {"dtype": "float64", "learning-rate": 0.05, "seed": draw(st.integers(0, 99))}
    if values["delta-weights"] == "updated" and "optimizer" not in fixed:
        values |= {"optimizer": "sgd", "l1": 0.0, "l2": 0.0, "clip-norm": 0.0}
    return RunConfig().with_values(values)


def after(engine: Engine, config: RunConfig, n_steps: int = N_STEPS) -> list[np.ndarray]:
    """What an engine has once it took some steps: parameters, those before the last step, its gradient, the rest."""
    rate = config.training.learning_rate
    engine.advance(0, n_steps, lambda step: rate * config.training.rate_factor(step, 4))
    running = [part for part in engine.parameters.running if part is not None]
    losses = np.array(engine.batch_losses.take())
    return [engine.parameters.flat, engine.before, engine.gradient.flat, losses, *running]


def same_as_the_textbook(dataset: Dataset, config: RunConfig, workers: Workers = SINGLE) -> None:
    """Whatever takes the steps of this config, it arrives where the textbook does."""
    x = dataset.x_train
    fast = after(engine_for(dataset, config, x, workers), config)
    slow = after(engine_for(dataset, config.with_values({"engine": "textbook"}), x), config)
    for mine, theirs in zip(fast, slow, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)


def _lion(g: np.ndarray, moments: Moments, t: int, rate: float, *, momentum: float) -> np.ndarray:
    step = np.sign(momentum * moments["mean"] + (1 - momentum) * g)
    moments["mean"] = 0.99 * moments["mean"] + 0.01 * g
    return rate * step / t


LION = Optimizer("lion", "Lion", "", _lion, ("mean",), ("momentum",), decays_weights=True)


@pytest.mark.parametrize("batch_size", [16, "full"])
@pytest.mark.parametrize("hidden", [(5, 4), (40,)], ids=str)
def test_an_optimizer_without_a_fast_form_takes_the_same_steps(
    monkeypatch: pytest.MonkeyPatch, hidden: tuple[int, ...], batch_size: int | str
) -> None:
    """Its entry in the table is all there is to it: every engine applies its `update`, with weight decay."""
    monkeypatch.setitem(OPTIMIZERS, "adamw", LION)
    dataset = make_dataset()
    options = {"hidden": hidden, "batch-size": batch_size, "dtype": "float64", "weight-decay": 0.1}
    same_as_the_textbook(dataset, RunConfig().with_values({"optimizer": "adamw", **options}))


@settings(max_examples=40)
@given(configs())
def test_every_engine_takes_the_steps_of_the_textbook(config: RunConfig) -> None:
    """Every activation, output, loss, optimizer, penalty and normalisation, alone and with workers."""
    dataset = dataset_for(config.network.output)
    same_as_the_textbook(dataset, config)
    same_as_the_textbook(replace(dataset, weights_train=np.geomspace(0.1, 10, len(dataset.x_train))), config)


@pytest.mark.parametrize(("option", "name"), ENTRIES)
@settings(max_examples=8)
@given(data=st.data())
def test_every_entry_of_the_registries_is_what_the_textbook_takes_it_for(
    option: str, name: str, data: st.DataObject
) -> None:
    """None of them is left to chance."""
    fixed = {option: name} | ({"delta-weights": "current"} if option == "optimizer" else {})
    config = data.draw(configs(**fixed))
    same_as_the_textbook(dataset_for(config.network.output), config)


def test_a_loss_without_a_fast_gradient_is_trained_by_its_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new loss is one entry of its registry; a fast form may follow."""
    plain = LOSSES["squared_error"].softmax
    slow = FusedLoss(plain.values, lambda p, targets: plain.gradient(p, targets))
    monkeypatch.setitem(LOSSES, "squared_error", replace(LOSSES["squared_error"], softmax=slow))
    options = {"loss": "squared_error", "hidden": (4,), "batch-size": 8, "dtype": "float64", "learning-rate": 0.5}
    config = RunConfig().with_values(options)
    same_as_the_textbook(dataset_for("softmax"), config)
    assert (
        np.abs(after(engine_for(dataset_for("softmax"), config, dataset_for("softmax").x_train), config)[2]).max() > 0
    )


@settings(max_examples=40)
@given(configs())
def test_parallel_steps_are_those_of_the_textbook(config: RunConfig) -> None:
    """However the rows of the first layer are shared."""
    with small(annscope.core.engines.partition, "LEAST_SHARE", 2):
        same_as_the_textbook(dataset_for(config.network.output), config, SequentialWorkers(3))


@settings(max_examples=40)
@given(configs())
def test_chunked_steps_are_those_of_the_textbook(config: RunConfig) -> None:
    """Sparsity-ordered or not, with a worker or several."""
    with small(annscope.core.engines.chunked, "LARGE_BYTES", 1):
        for workers in (SINGLE, SequentialWorkers(2)):
            same_as_the_textbook(dataset_for(config.network.output), config, workers)


@settings(max_examples=40)
@given(configs())
def test_plain_python_takes_the_steps_of_the_textbook(config: RunConfig) -> None:
    """As far as it can: neuron by neuron."""
    for option, values in PURE_PYTHON_CAN.items():
        config = config.with_values({option: values[0]})
    dataset, x = dataset_for(config.network.output), dataset_for(config.network.output).x_train
    plain, slow = (
        after(engine_for(dataset, config.with_values({"engine": engine}), x), config)
        for engine in ("pure_python", "textbook")
    )
    for mine, theirs in zip(plain, slow, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("what", ["parameters", "before", "gradient"])
@pytest.mark.parametrize("options", [{"batch-size": 1}, {"engine": "pure_python", "batch-size": 8}], ids=str)
def test_what_an_engine_has_is_up_to_date_whichever_is_asked_for_first(what: str, options: dict[str, Any]) -> None:
    """Engines compute it when they are asked."""
    dataset = dataset_for("softmax")
    plain = {"optimizer": "sgd", "hidden": (4,), "dtype": "float64", "learning-rate": 0.05}
    config = RunConfig().with_values(plain | options)
    found = []
    for each in (config, config.with_values({"engine": "textbook"})):
        engine = engine_for(dataset, each, dataset.x_train)
        engine.advance(0, N_STEPS, lambda _: 0.05)
        asked = getattr(engine, what)
        found.append(asked if what == "before" else asked.flat)
    np.testing.assert_allclose(*found, rtol=1e-10, atol=1e-12)


@settings(max_examples=40)
@given(configs())
def test_inference_is_the_forward_pass_of_the_textbook(config: RunConfig) -> None:
    """After training too, when batch normalisation goes by what it has seen."""
    dataset = dataset_for(config.network.output)
    engine = engine_for(dataset, config, dataset.x_train)
    engine.advance(0, N_STEPS, lambda _: 0.05)
    passes = textbook.forward(config.network, engine.parameters, dataset.x_val, training=False)
    network = Network(config.network, dataset.n_features, dataset.n_classes, engine.parameters.layers)
    for found in (Inference(network).activations(dataset.x_val), network.forward(dataset.x_val)[1]):
        for mine, layer in zip(found, passes, strict=True):
            np.testing.assert_allclose(mine, layer.a, rtol=1e-10, atol=1e-12)


@settings(max_examples=40)
@given(configs(), st.integers(0, 10_000))
def test_the_gradient_of_the_textbook_is_the_slope_of_its_loss(config: RunConfig, seed: int) -> None:
    """Central differences: the oracle itself is right."""
    config = config.with_values({"softmax-derivative": "exact", "delta-weights": "current", "activation": "tanh"})
    rng = np.random.default_rng(seed)
    dataset = dataset_for(config.network.output)
    x, y = dataset.x_train, dataset.y_train
    targets = OUTPUTS[config.network.output].targets(y, dataset.n_classes, "float64")
    weights = rng.random(len(x))
    sizes = (N_FEATURES, *config.network.hidden_sizes, targets.shape[1])
    parameters = initial_parameters(config.network, sizes, "float64", seed)
    masks = textbook.dropout_masks(config.network, len(x), rng, np.dtype("float64"))
    direction = rng.normal(size=parameters.flat.shape)

    def loss(at: np.ndarray) -> float:
        moved = Parameters(config.network, sizes, "float64")
        moved.flat[...] = at
        passes = textbook.forward(config.network, moved, x, masks)
        return textbook.loss(config, passes[-1].z, targets, weights)

    passes = textbook.forward(config.network, parameters, x, masks)
    gradient = textbook.backward(config, parameters, passes, targets, weights, masks)
    step = 1e-6 * direction
    slope = (loss(parameters.flat + step) - loss(parameters.flat - step)) / 2e-6
    assert gradient.flat @ direction == pytest.approx(slope, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("strategy", "options", "n_workers"),
    [
        (BiasTrickSteps, {}, 1), (SerialSteps, {"batch-norm": True}, 1), (ParallelSteps, {"hidden": (400,)}, 2),
        (ChunkedSteps, {"batch-size": "full"}, 1),
    ],
)  # fmt: skip
def test_a_strategy_is_chosen_by_what_it_requires(strategy: type, options: dict[str, Any], n_workers: int) -> None:
    """Each kind of run has the way of taking steps that is made for it."""
    config = RunConfig().with_values({"hidden": (8,), "batch-size": 16} | options)
    sizes = (784, *config.network.hidden_sizes, 10)
    small_sizes = (20, *config.network.hidden_sizes, 10)
    batch = 5000 if config.training.batch_size == "full" else 16
    workload = Workload(config, small_sizes if strategy is BiasTrickSteps else sizes, batch, n_workers, False)
    assert strategy_for(workload) is strategy


def test_online_steps_are_chosen_for_plain_gradient_descent() -> None:
    """On single examples; with a penalty or optimizer moments another engine is used."""
    dataset = dataset_for("softmax")
    online = RunConfig().with_values({"hidden": (4,), "batch-size": 1, "optimizer": "sgd"})
    assert isinstance(engine_for(dataset, online, dataset.x_train), OnlineEngine)
    for options in ({"l2": 0.1}, {"optimizer": "momentum"}, {"class-weight": "balanced"}, {"dropout": 0.1}):
        assert isinstance(engine_for(dataset, online.with_values(options), dataset.x_train), NumpyEngine)


class small:  # noqa: N801
    """A constant of a module made small enough for small tests."""

    def __init__(self, module: Any, name: str, value: int) -> None:
        self._module, self._name, self._value = module, name, value

    def __enter__(self) -> None:
        self._before = getattr(self._module, self._name)
        setattr(self._module, self._name, self._value)

    def __exit__(self, *_: object) -> None:
        setattr(self._module, self._name, self._before)
