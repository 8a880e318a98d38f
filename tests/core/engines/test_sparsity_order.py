"""Sparsity order: a batch of all examples without most of its zeros, with the same result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy import ndarray

import annscope.core.engines.bias_trick
from annscope.core.dataset import Dataset
from annscope.core.engines.choice import engine_for
from annscope.core.engines.chunked import ChunkedSteps
from annscope.core.engines.serial import SerialSteps
from annscope.core.engines.sparsity_order import sparsity_order_of
from annscope.core.engines.workers import SINGLE
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset
from tests.core.engines.test_resuming import bits, snapshots_to_the_end, through_a_file
from tests.core.engines.test_workers import Backwards, config_of, engine_of, small_chunks


def inked(n_train: int = 90) -> Dataset:
    """Examples like images: features used by none, few or all examples, and examples that are 0."""
    clouds = make_dataset(n_train=n_train, n_features=12)
    generator = np.random.default_rng(3)
    x = clouds.x_train * (generator.random(clouds.x_train.shape) < np.linspace(0, 0.5, 12))
    x[:, 11] = 1
    x[[4, n_train // 2]] = 0
    return replace(clouds, x_train=x[:, generator.permutation(12)])


@given(
    x=arrays.arrays(
        float,
        arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
        elements=st.sampled_from([0.0, 0.0, 1.0, -0.5]),
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_left_out_but_zeros(x: ndarray) -> None:
    """Every feature and every example has one place, and what the widths leave out of any chunk is 0."""
    ordered_chunks = sparsity_order_of(x)
    n, n_features = x.shape
    np.testing.assert_array_equal(np.sort(ordered_chunks.features), np.arange(n_features))
    np.testing.assert_array_equal(np.sort(ordered_chunks.examples), np.arange(n))
    ordered = x[np.ix_(ordered_chunks.examples, ordered_chunks.features)]
    for i, width in enumerate(ordered_chunks.widths):
        assert not ordered[i:, : n_features - width].any()
        assert width == 0 or ordered[i, n_features - width], "no width is more than its example needs"


def test_the_rarest_come_first() -> None:
    """Unused features come first, one that all examples use comes last, and examples that are 0 come last."""
    data = inked()
    ordered_chunks = sparsity_order_of(data.x_train)
    counts = (data.x_train[:, ordered_chunks.features] != 0).sum(axis=0)
    assert not counts[0]
    assert counts[-1] == 88
    assert {4, 45} == set(ordered_chunks.examples[-2:])
    assert ordered_chunks.widths[-3:].tolist() == [1, 0, 0]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_it_learns_what_the_textbook_learns(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters after some steps are those of the textbook, whatever is 0 and with any number of workers."""
    data = inked()
    config = config_of(hidden=(7,), batch_size="full", optimizer="sgd", learning_rate=0.3, activation="relu")
    small_chunks(monkeypatch)
    engine = engine_of(data, config, Backwards(size))
    assert isinstance(engine.strategy, ChunkedSteps)
    start = engine.parameters.flat.copy()
    textbook = engine_for(data, config.with_values({"engine": "textbook"}), data.x_train)
    for each in (engine, textbook):
        each.advance(0, 20, lambda _: 0.3)
    np.testing.assert_allclose(engine.parameters.flat, textbook.parameters.flat, rtol=0, atol=1e-12)
    assert np.abs(textbook.parameters.flat - start).max() > 0.1, "it learned something"


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "adam"},
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"optimizer": "momentum", "l2": 0.1, "l1": 0.01, "clip_norm": 0.01},
        {"bias": False, "activation": "sigmoid"},
        {"hidden": ()},
        {"hidden": (17, 3)},
        {"batch_size": 40},
    ],
)
def test_it_takes_the_steps_of_the_serial_strategy(
    options: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With any optimizer, penalty or shape, parameters, gradient and moments are what one pass over all would give."""
    data, config = inked(), config_of(**{"batch_size": "full"} | options)
    monkeypatch.setattr(annscope.core.engines.bias_trick, "MOST_NUMBERS", 0)
    plain = engine_of(data, config, SINGLE)
    assert isinstance(plain.strategy, SerialSteps)
    small_chunks(monkeypatch)
    chunked = engine_of(data, config, Backwards(size))
    assert isinstance(chunked.strategy, ChunkedSteps)
    for engine in (plain, chunked):
        engine.advance(0, 9, lambda step: 0.01 / (1 + step))
    for name, expected in plain.arrays().items():
        np.testing.assert_allclose(chunked.arrays()[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("options", [{"optimizer": "adam"}, {"l2": 0.1}])
def test_it_resumes_to_the_bit(options: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped, saved and resumed, it equals an undisturbed run."""
    small_chunks(monkeypatch)
    data, config, workers = inked(), config_of(batch_size="full", epochs=6, **options), Backwards(size)
    expected = snapshots_to_the_end(Trainer(data, config, workers=workers))
    first = Trainer(data, config, workers=workers)
    while first.step < 3:
        first.advance(1)
    second = Trainer(data, config, checkpoint=through_a_file(first.checkpoint()), workers=workers)
    assert bits(tuple(snapshots_to_the_end(second))) == bits(tuple(expected[3:]))


@pytest.mark.parametrize("size", [2, 3])
def test_workers_have_equal_loads(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker multiplies as many numbers, in total fewer than there are: zeros are left out."""
    small_chunks(monkeypatch)
    data = inked(n_train=600)
    engine = engine_of(data, config_of(batch_size="full"), Backwards(size))
    assert isinstance(engine.strategy, ChunkedSteps)
    x = data.x_train[:, data.x_train.any(axis=0)]
    numbers = [sum(part.size for part, _ in chunks) for chunks in engine.strategy.ordered_chunks(sparsity_order_of(x))]
    assert max(numbers) < 1.02 * min(numbers)
    assert sum(numbers) < 0.9 * x.size


def test_fewer_examples_than_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker without examples adds nothing to the gradient."""
    data, config = inked(n_train=5), config_of(batch_size="full", hidden=(300,))
    plain = engine_of(data, config, SINGLE)
    monkeypatch.setattr("annscope.core.engines.chunked.LARGE_BYTES", 1)
    chunked = engine_of(data, config, Backwards(7))
    assert isinstance(chunked.strategy, ChunkedSteps)
    for engine in (plain, chunked):
        engine.advance(0, 5, lambda _: 0.01)
    np.testing.assert_allclose(chunked.parameters.flat, plain.parameters.flat, rtol=1e-9, atol=1e-12)


def test_examples_without_zeros_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without zeros to leave out, the examples are not copied."""
    small_chunks(monkeypatch)
    dealt = []
    ordered_chunks = ChunkedSteps.ordered_chunks

    def watched(*given: Any) -> Any:
        dealt.append(given)
        return ordered_chunks(*given)

    monkeypatch.setattr(ChunkedSteps, "ordered_chunks", watched)
    for data, is_ordered in ((make_dataset(n_train=90), False), (inked(), True)):
        engine_of(data, config_of(batch_size="full"), SINGLE).advance(0, 1, lambda _: 0.01)
        assert bool(dealt) is is_ordered
