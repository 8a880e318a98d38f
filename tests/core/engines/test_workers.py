"""Workers take the same steps as one alone, to rounding, and the same bits every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import annscope.core.engines.chunked
import annscope.core.engines.partition
from annscope.core.config import NetworkConfig, RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.chunked import ChunkedSteps
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.parallel import ParallelSteps
from annscope.core.engines.partition import row_shares, vector_shares
from annscope.core.engines.serial import SerialSteps
from annscope.core.engines.workers import SINGLE, Operation, Workers, sequence
from annscope.core.errors import DivergedError
from annscope.core.network import Parameters
from annscope.core.training import Trainer
from tests.configs import make_config
from tests.core.conftest import make_dataset
from tests.core.engines.test_resuming import bits, snapshots_to_the_end, through_a_file


class Backwards(Workers):
    """Workers whose last one always finishes first."""

    def __init__(self, size: int) -> None:
        self.size = size

    def parallel(self, parts: Sequence[Operation]) -> Operation:
        assert len(parts) <= self.size
        return sequence(parts[::-1])


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of a few neurons are divided among workers."""
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 6)


def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of some dozens of examples is too large for the cache."""
    monkeypatch.setattr(annscope.core.engines.chunked, "LARGE_BYTES", 1600)
    monkeypatch.setattr(annscope.core.engines.chunked, "CHUNK_BYTES", 800)


def config_of(**options: Any) -> RunConfig:
    """Three epochs of a small network in float64."""
    settings = {"hidden": (7, 5), "batch_size": 16, "epochs": 3, "learning_rate": 0.01, "dtype": "float64"}
    return make_config(**settings | options)


def engine_of(dataset: Dataset, config: RunConfig, workers: Workers) -> NumpyEngine:
    return NumpyEngine(dataset, config, dataset.x_train.astype(config.training.dtype), workers)


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize(
    ("options", "strategy"),
    [
        ({"optimizer": "adam"}, ParallelSteps),
        ({"optimizer": "sgd", "bias": False}, ParallelSteps),
        ({"optimizer": "adamw", "weight_decay": 0.1, "activation": "gelu"}, ParallelSteps),
        ({"dropout": 0.3, "batch_norm": True}, ParallelSteps),
        ({"class_weight": "balanced", "hidden": (9,)}, ParallelSteps),
        ({"hidden": ()}, ParallelSteps),
        ({"batch_size": "full", "optimizer": "nesterov"}, ParallelSteps),
        ({"l2": 0.1, "clip_norm": 0.01, "l1": 0.01}, SerialSteps),
        ({"delta_weights": "updated", "optimizer": "sgd"}, SerialSteps),
    ],
)
def test_workers_take_the_steps_of_one_alone(options: dict[str, Any], strategy: type, size: int) -> None:
    """With any number of threads, training is the same to rounding."""
    dataset, config = make_dataset(), config_of(**options)
    alone, workers = (engine_of(dataset, config, workers) for workers in (SINGLE, Backwards(size)))
    assert isinstance(workers.strategy, strategy)
    for engine in (alone, workers):
        engine.advance(0, 9, lambda step: 0.01 / (1 + step))
    for name, expected in alone.arrays().items():
        np.testing.assert_allclose(workers.arrays()[name], expected, rtol=1e-9, atol=1e-11, err_msg=name)


def test_a_layer_above_may_have_more_workers() -> None:
    """With two features the first layer has two workers, and the second one all five."""
    narrow = make_dataset(n_features=2)
    alone, workers = (engine_of(narrow, config_of(hidden=(9, 8)), workers) for workers in (SINGLE, Backwards(5)))
    assert isinstance(workers.strategy, ParallelSteps)
    for engine in (alone, workers):
        engine.advance(0, 9, lambda _: 0.01)
    np.testing.assert_allclose(workers.parameters.flat, alone.parameters.flat, rtol=1e-9, atol=1e-11)


def test_it_shares_the_layers_above_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each parameter of a shared layer is updated by exactly one worker."""
    assert row_shares(784, 128, 2) == [slice(392, 784), slice(0, 392)]
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 16_384)
    assert row_shares(128, 64, 4) == [slice(0, 128)], "too small to be shared"
    assert row_shares(784, 128, 2, extra=128 * 84) == [slice(434, 784), slice(0, 434)], "fewer rows, more besides"
    assert row_shares(40_002, 1, 2) == [slice(20_001, 40_002), slice(0, 20_001)], "nothing besides, nothing less"
    assert row_shares(784, 128, 3, extra=10**9) == [slice(783, 784), slice(391, 783), slice(0, 391)]
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 6)
    parameters = engine_of(make_dataset(), config_of(), SINGLE).parameters
    owned = np.concatenate(
        [np.arange(len(parameters.flat))[part] for worker in vector_shares(parameters, 3) for part in worker]
    )
    np.testing.assert_array_equal(np.sort(owned), np.arange(len(parameters.flat)))


def test_workers_update_equal_numbers_of_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker with the small layers and the biases has fewer rows of the first layer."""
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 16_384)
    parameters = Parameters(NetworkConfig(hidden_sizes=(128, 64)), (784, 128, 64, 10), "float32")
    for size in (2, 3):
        counts = [sum(part.stop - part.start for part in worker) for worker in vector_shares(parameters, size)]
        assert max(counts) - min(counts) <= 128, "no more than a row of the first layer"


@pytest.mark.parametrize("options", [{}, {"batch_norm": True, "dropout": 0.4}, {"l2": 0.1}, {"batch_size": "full"}])
@pytest.mark.parametrize("stop", [0, 1, 4, 7, 8])
def test_a_shared_run_resumes_to_the_bit(options: dict[str, Any], stop: int) -> None:
    """Stopped anywhere, with any number of snapshots, it equals an undisturbed run."""
    dataset, config, workers = make_dataset(), config_of(**options), Backwards(2)
    expected = snapshots_to_the_end(Trainer(dataset, config, workers=workers))
    first = Trainer(dataset, config, workers=workers)
    found = [first.snapshot()]
    while first.step < stop and first.advance(1):
        if first.should_snapshot:
            found.append(first.snapshot())
    second = Trainer(dataset, config, checkpoint=through_a_file(first.checkpoint()), workers=workers)
    if second.should_snapshot:
        found.pop()
    found += snapshots_to_the_end(second)
    assert bits(tuple(found)) == bits(tuple(expected))


@pytest.mark.parametrize("bias", [True, False])
def test_non_finite_values_are_found(bias: bool) -> None:
    """A run that diverges ends with layer and step, shared or not, and no parameter becomes non-finite."""
    data = make_dataset()
    endless = replace(data, x_train=np.where(data.x_train > 3, np.inf, data.x_train))
    errors = []
    for workers in (SINGLE, Backwards(2)):
        trainer = Trainer(endless, config_of(bias=bias), workers=workers)
        before = trainer.checkpoint().arrays["parameters"]
        with pytest.raises(DivergedError, match="gradient not finite in layer 1") as error:
            trainer.advance(5)
        errors.append((str(error.value), trainer.step))
        if trainer.step == 0:
            np.testing.assert_array_equal(trainer.checkpoint().arrays["parameters"], before)
    assert errors[0] == errors[1]


# Batches too large for the cache.


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": "full"},
        {"batch_size": 40, "activation": "sigmoid"},
        {"batch_size": "full", "l2": 0.1, "clip_norm": 0.01, "bias": False},
        {"batch_size": "full", "hidden": ()},
        {"batch_size": "full", "hidden": (17, 3), "activation": ("tanh", "elu")},
        {"batch_size": "full", "loss": "squared_error", "optimizer": "sgd"},
    ],
)
def test_a_batch_in_chunks_is_the_batch(options: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of a large batch is the sum over its chunks."""
    dataset, config = make_dataset(n_train=90), config_of(**options)
    whole = engine_of(dataset, config, SINGLE)
    assert not isinstance(whole.strategy, ChunkedSteps)
    small_chunks(monkeypatch)
    chunked = engine_of(dataset, config, Backwards(size))
    assert isinstance(chunked.strategy, ChunkedSteps)
    for engine in (whole, chunked):
        engine.advance(0, 7, lambda step: 0.01 / (1 + step))
    for name, expected in whole.arrays().items():
        np.testing.assert_allclose(chunked.arrays()[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("options", [{"batch_norm": True}, {"dropout": 0.1}, {"class_weight": "balanced"}])
def test_what_needs_the_whole_batch_gets_it(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics of a batch are those of all its examples."""
    small_chunks(monkeypatch)
    engine = engine_of(make_dataset(n_train=90), config_of(batch_size="full", **options), SINGLE)
    assert not isinstance(engine.strategy, ChunkedSteps)


# Features that are 0 in every example.


@pytest.mark.parametrize(
    "options",
    [{"optimizer": "adam"}, {"optimizer": "rmsprop"}, {"optimizer": "sgd", "batch_size": 1}, {"batch_norm": True},
     {"optimizer": "sgd", "batch_size": 1, "l2": 0.1}, {"optimizer": "adamw", "weight_decay": 0.3},
     {"batch_size": "full", "optimizer": "momentum"}],
)  # fmt: skip
def test_features_that_are_never_used_change_nothing(options: dict[str, Any]) -> None:
    """With empty features added, the other parameters are the same, and the weights of the empty ones only decay."""
    plain, config = make_dataset(), config_of(**options)
    places = [1, 2, 5, 6, 8, 9]

    def spread(x: np.ndarray) -> np.ndarray:
        wide = np.zeros((len(x), 11))
        wide[:, places] = x
        return wide

    empty = replace(plain, x_train=spread(plain.x_train), x_val=spread(plain.x_val), x_test=spread(plain.x_test))
    narrow, wide = Trainer(plain, config), Trainer(empty, config)
    begin = wide.checkpoint().arrays["parameters"]
    start = narrow.checkpoint()
    n_units = 7
    n_first, weights = 6 * n_units, begin[: 11 * n_units].reshape(11, n_units)
    same = np.concatenate([weights[places].ravel(), begin[11 * n_units :]])
    arrays = start.arrays | {"parameters": same} | ({"base": same} if "base" in start.arrays else {})
    narrow = Trainer(plain, config, checkpoint=replace(start, arrays=arrays))
    for trainer in (narrow, wide):
        while not trainer.finished:
            trainer.advance(3)
    found, expected = wide.checkpoint().arrays["parameters"], narrow.checkpoint().arrays["parameters"]
    learned = found[: 11 * n_units].reshape(11, n_units)
    np.testing.assert_allclose(learned[places].ravel(), expected[:n_first], rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(found[11 * n_units :], expected[n_first:], rtol=1e-8, atol=1e-11)
    unused = np.setdiff1d(np.arange(11), places)
    if "l2" in options or "weight_decay" in options:
        assert (np.abs(learned[unused]) < np.abs(weights[unused])).all()
    else:
        np.testing.assert_array_equal(learned[unused], weights[unused])
    gradient = wide.checkpoint().arrays["gradient"][: 11 * n_units].reshape(11, n_units)
    if "l2" not in options:
        assert not gradient[unused].any()


def test_predictions_do_not_depend_on_the_number_of_workers() -> None:
    """Predictions are the same bits for any number of workers, and for each example by itself to rounding."""
    dataset = make_dataset(n_train=3000, n_val=2500)
    alone, several = (Trainer(dataset, config_of(dtype="float32"), workers=each) for each in (SINGLE, Backwards(3)))
    assert bits(alone.snapshot()) == bits(several.snapshot())
