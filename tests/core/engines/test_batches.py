"""Batches: each example once per epoch, in an order that depends on seed and epoch only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annscope.core.engines.batches
from annscope.core.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig
from annscope.core.engines.batches import Batches, epoch_order
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset
from tests.core.engines.test_resuming import bits


def batches_of(n: int, batch_size: int, *, seed: int = 0, shuffle: bool = True, width: int = 1) -> Batches:
    """Batches of `n` examples: features, targets and weights all carry the example's number."""
    numbers = np.arange(n, dtype=float)
    return Batches(
        np.repeat(numbers[:, None], width, axis=1), numbers[:, None], numbers, batch_size, seed=seed, shuffle=shuffle
    )


def met(batches: Batches, steps: range) -> list[list[int]]:
    """The numbers of the examples that each of these steps meets."""
    slots, found = list(batches.slots()), []
    for step in steps:
        x, targets, weights = slots[batches.fill(step)]
        assert (x[:, :1] == targets).all(), "features and targets stay aligned"
        assert weights is not None
        assert (x[:, 0] == weights).all(), "and so do weights"
        found.append(x[:, 0].astype(int).tolist())
    return found


@given(
    n=st.integers(1, 400),
    batch_size=st.integers(1, 60),
    width=st.sampled_from([1, 3000]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_every_epoch_is_a_permutation(n: int, batch_size: int, width: int, seed: int) -> None:
    """Every example comes once per epoch, with any block size; only the last batch may be smaller."""
    batches = batches_of(n, batch_size, seed=seed, width=width)
    for epoch in range(2):
        found = met(batches, range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch))
        assert sorted(number for batch in found for number in batch) == list(range(n))
        assert all(len(batch) == min(batch_size, n) for batch in found[:-1])
        assert len(found[-1]) == (n % batch_size or min(batch_size, n))


@given(
    n=st.integers(2, 300),
    batch_size=st.integers(1, 40),
    width=st.sampled_from([1, 3000]),
    jumps=st.lists(st.integers(0, 900), min_size=1, max_size=6),
)
@settings(max_examples=30, deadline=None)
def test_a_batch_depends_on_its_step_alone(n: int, batch_size: int, width: int, jumps: list[int]) -> None:
    """A run that resumes at any step, or goes back, has the batches of an uninterrupted run."""
    through = met(batches_of(n, batch_size, width=width), range(901))
    jumping = batches_of(n, batch_size, width=width)
    assert [met(jumping, range(step, step + 1))[0] for step in jumps] == [through[step] for step in jumps]


def test_the_seed_and_the_epoch_decide_the_order() -> None:
    """The same seed gives the same order; another seed or another epoch gives another."""
    first = met(batches_of(50, 10, seed=3), range(10))
    assert first == met(batches_of(50, 10, seed=3), range(10))
    assert first != met(batches_of(50, 10, seed=4), range(10))
    assert first[:5] != first[5:]


@pytest.mark.parametrize("batch_size", [1, 7, 20])
@pytest.mark.parametrize("most_in_place", [0, annscope.core.engines.batches.MOST_IN_PLACE])
def test_file_order_when_asked(monkeypatch: pytest.MonkeyPatch, most_in_place: int, batch_size: int) -> None:
    """Without shuffling every epoch goes through the examples as they stand, gathered or where they lie."""
    monkeypatch.setattr(annscope.core.engines.batches, "MOST_IN_PLACE", most_in_place)
    batches = batches_of(20, batch_size, shuffle=False)
    slots = list(batches.slots())
    for epoch in range(2):
        found = met(batches, range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch))
        assert [number for batch in found for number in batch] == list(range(20))
        visited = [slots[slot][0][:, 0].astype(int).tolist() for slot in batches.visits(0, batches.per_epoch)]
        assert visited == found


@pytest.mark.parametrize("batch_size", [20, 64])
def test_a_full_batch_is_the_examples_themselves(batch_size: int) -> None:
    """With one batch an epoch nothing is shuffled or copied."""
    x = np.arange(20.0)[:, None]
    batches = Batches(x, x, None, batch_size, seed=0)
    ((features, _, weights),) = batches.slots()
    assert batches.per_epoch == 1
    assert batches.batch_size == 20
    assert weights is None
    assert np.shares_memory(features, x)
    assert met(batches_of(20, batch_size), range(3)) == [list(range(20))] * 3


def test_an_order_is_part_of_no_other() -> None:
    """Orders of different epochs are no shifts of each other."""
    orders = {tuple(epoch_order(6, 0, epoch).tolist()) for epoch in range(50)}
    assert len(orders) > 40


def test_examples_that_stay_in_their_order_are_not_copied() -> None:
    """The batches of an unshuffled run are the examples themselves."""
    x, targets = np.zeros((23, 4)), np.zeros((23, 2))
    for features, labels, _ in Batches(x, targets, None, 5, seed=0, shuffle=False).slots():
        assert np.shares_memory(features, x)
        assert np.shares_memory(labels, targets)


@pytest.mark.parametrize(("hidden", "more"), [((8,), {}), ((8,), {"optimizer": "adam", "l2": 0.01}), ((300, 90), {})])
def test_training_is_the_same_where_batches_are_not_gathered(
    monkeypatch: pytest.MonkeyPatch, hidden: tuple[int, ...], more: dict[str, Any]
) -> None:
    """Not a bit of the network differs, whichever way its steps are taken."""
    config = RunConfig(
        data=DataConfig(name="toy"),
        network=NetworkConfig(hidden_sizes=hidden),
        training=TrainingConfig(batch_size=8, n_epochs=3, shuffle=False, **more),
    )
    found = []
    for most_in_place in (0, annscope.core.engines.batches.MOST_IN_PLACE):
        monkeypatch.setattr(annscope.core.engines.batches, "MOST_IN_PLACE", most_in_place)
        trainer = Trainer(make_dataset(n_train=53), config)
        while not trainer.finished:
            trainer.advance(100)
        found.append(bits(trainer.snapshot()))
    assert found[0] == found[1]
