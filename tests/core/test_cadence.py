"""When snapshots are taken: close together where a network changes most, and at the end of every epoch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annscope.core.cadence import N_SNAPSHOTS, cadence_of
from annscope.core.config import RunConfig, TrainingConfig
from annscope.core.dataset import Dataset
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset


def steps(every: int | str, steps_per_epoch: int, n_epochs: int) -> list[int]:
    """Every step of a run with a snapshot, step 0 first."""
    cadence = cadence_of(TrainingConfig(snapshot_every=every, n_epochs=n_epochs), steps_per_epoch)
    found = [0]
    while found[-1] < steps_per_epoch * n_epochs:
        found.append(cadence.next_after(found[-1]))
    return found


def test_auto_begins_with_the_first_steps() -> None:
    """In the first epoch, Fibonacci numbers until even steps are closer; a third of all are there."""
    found = steps("auto", 844, 10)
    assert found[:10] == [0, 1, 2, 3, 5, 8, 13, 21, 34, 51]
    assert {b - a for a, b in itertools.pairwise(found[9:]) if b <= 844} == {16, 17}
    assert len([step for step in found if step <= 844]) == pytest.approx(N_SNAPSHOTS / 3, rel=0.2)


@given(st.integers(1, 3000), st.integers(1, 400))
def test_auto_has_every_epoch_and_about_150_snapshots(steps_per_epoch: int, n_epochs: int) -> None:
    """Whatever the length of an epoch, its end is among them, and the whole run has about 150, or one an epoch."""
    found = steps("auto", steps_per_epoch, n_epochs)
    assert {epoch * steps_per_epoch for epoch in range(n_epochs + 1)} <= set(found)
    assert found == sorted(set(found))
    most = max(1.5 * N_SNAPSHOTS + 20, n_epochs + 1.2 * N_SNAPSHOTS / 3 + 20)
    assert min(0.6 * N_SNAPSHOTS, steps_per_epoch * n_epochs) <= len(found) <= most


@given(st.sampled_from(["auto", "epoch", 1, 7, 40]), st.integers(1, 30), st.integers(1, 5))
def test_due_steps_are_those_that_come_next(every: int | str, steps_per_epoch: int, n_epochs: int) -> None:
    """A step is due exactly if the one before it leads to it."""
    cadence = cadence_of(TrainingConfig(snapshot_every=every, n_epochs=n_epochs), steps_per_epoch)
    found = steps(every, steps_per_epoch, n_epochs)
    assert [step for step in range(found[-1] + 1) if cadence.is_scheduled(step)] == found


@pytest.mark.parametrize("rule", [{"patience": 2}, {"target_accuracy": 0.9}, {"stop_when_all_right": True}])
def test_a_run_ends_where_it_ends_without_snapshots_in_between(
    configure: Callable[..., RunConfig], rule: dict[str, Any]
) -> None:
    """The stopping rules go by epochs: "auto" ends a run at the same step as "epoch", with the same best one."""

    def ended(dataset: Dataset, every: str) -> tuple[int, int | None, str | None]:
        config = configure(epochs=40, learning_rate=0.05, snapshot_every=every, **rule)
        trainer = Trainer(dataset, config)
        trainer.snapshot()
        while trainer.advance(1000):
            trainer.snapshot()
        return trainer.step, trainer.best_step, trainer.stop_reason

    dataset = make_dataset(n_train=60, n_val=40)
    assert ended(dataset, "auto") == ended(dataset, "epoch")
    assert ended(dataset, "auto")[2] is not None
