"""Example weights stay with their examples in every strategy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import annscope.core.engines.partition
from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.parallel import ParallelSteps
from annscope.core.engines.workers import SINGLE, SequentialWorkers, Workers
from tests.core.conftest import make_dataset


def weighted(order: np.ndarray | None = None) -> Dataset:
    """Examples of which the last counts ten thousand times as much as the first, in some order."""
    dataset = make_dataset()
    weights = np.geomspace(0.01, 100, len(dataset.y_train))
    return replace(dataset, weights_train=weights if order is None else weights[order])


def after_some_steps(dataset: Dataset, workers: Workers) -> np.ndarray:
    config = RunConfig().with_values({"hidden": (7, 5), "batch-size": 16, "dtype": "float64"})
    engine = NumpyEngine(dataset, config, dataset.x_train, workers)
    assert isinstance(engine.strategy, ParallelSteps) is (workers.size > 1)
    engine.advance(0, 9, lambda _: 0.05)
    return engine.parameters.flat.copy()


@pytest.mark.parametrize("size", [2, 3])
def test_shared_steps_weigh_each_example_by_its_own_weight(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over shuffled epochs with a smaller last batch, parallel steps equal serial ones."""
    monkeypatch.setattr(annscope.core.engines.partition, "LEAST_SHARE", 6)
    alone, shared = (after_some_steps(weighted(), workers) for workers in (SINGLE, SequentialWorkers(size)))
    np.testing.assert_allclose(shared, alone, rtol=1e-9, atol=1e-12)
    other = after_some_steps(weighted(np.arange(50)[::-1]), SequentialWorkers(size))
    assert np.abs(other - alone).max() > 1e-2


def test_a_batch_without_weight_changes_nothing() -> None:
    """Where every example of a batch weighs 0 there is no mean, and the gradient is 0."""
    dataset = make_dataset()
    dataset = replace(dataset, weights_train=np.zeros(len(dataset.y_train)))
    config = RunConfig().with_values({"hidden": (7,), "batch-size": 16, "dtype": "float64"})
    engine = NumpyEngine(dataset, config, dataset.x_train, SINGLE)
    before = engine.parameters.flat.copy()
    engine.advance(0, 3, lambda _: 0.05)
    assert not engine.gradient.flat.any()
    np.testing.assert_array_equal(engine.parameters.flat, before)
