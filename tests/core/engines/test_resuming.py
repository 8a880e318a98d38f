"""Stopped at any step, written to a file and taken up again, a run is the run that never stopped."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annscope.core.config import RunConfig
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.functions.losses import LOSSES
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.functions.schedules import SCHEDULES
from annscope.core.snapshot import Checkpoint, Snapshot
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset

DATASET = make_dataset(n_train=23, n_val=9)
TWO_CLASSES = make_dataset(n_train=23, n_val=9, n_classes=2)


def bits(value: Any) -> Any:
    """Everything a snapshot holds, as plain values that compare equal only bit for bit.

    Except for the losses of batches, which tell of the steps since the snapshot before, whenever that was.
    """
    if is_dataclass(value):
        return [bits(getattr(value, item.name)) for item in fields(value) if item.name != "batch_losses"]
    if isinstance(value, tuple):
        return [bits(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return value.hex() if isinstance(value, float) else value


def through_a_file(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint as other memory holds it after it was written and read."""
    arrays = {name: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)
              for name, array in checkpoint.arrays.items()}  # fmt: skip
    return Checkpoint(step=checkpoint.step, arrays=arrays, state=json.loads(json.dumps(checkpoint.state)))


def snapshots_to_the_end(trainer: Trainer) -> list[Snapshot]:
    """Every scheduled snapshot from here on."""
    found = [trainer.snapshot()] if trainer.should_snapshot else []
    while trainer.advance(10_000):
        found.append(trainer.snapshot())
    return found


@st.composite
def configs(draw: st.DrawFn) -> RunConfig:
    """Short runs of every kind."""
    hidden = tuple(draw(st.lists(st.integers(1, 6), max_size=2)))
    return RunConfig().with_values(
        {
            "hidden": hidden,
            "activation": draw(st.sampled_from(list(ACTIVATIONS))),
            "output": draw(st.sampled_from(list(OUTPUTS))),
            "loss": draw(st.sampled_from(list(LOSSES))),
            "optimizer": draw(st.sampled_from(list(OPTIMIZERS))),
            "schedule": draw(st.sampled_from(list(SCHEDULES))),
            "warmup-epochs": draw(st.sampled_from([0.0, 0.7])),
            "batch-size": draw(st.sampled_from([1, 4, 22, 23, 100, "full"])),
            "epochs": draw(st.integers(1, 3)),
            "learning-rate": 0.01,
            "l1": draw(st.sampled_from([0.0, 0.01])),
            "l2": draw(st.sampled_from([0.0, 0.01])),
            "clip-norm": draw(st.sampled_from([0.0, 0.1])),
            "dropout": draw(st.sampled_from([0.0, 0.4])),
            "batch-norm": draw(st.booleans()),
            "bias": draw(st.booleans()),
            "patience": draw(st.integers(0, 1)),
            "dtype": draw(st.sampled_from(["float32", "float64"])),
            "snapshot-every": draw(st.sampled_from(["epoch", 1, 2, 5])),
            "seed": draw(st.integers(0, 2**32 - 1)),
            "engine": draw(st.sampled_from(["numpy", "textbook"])),
        }
    )


@given(config=configs(), stop=st.integers(0, 70))
@settings(max_examples=25, deadline=None)
def test_a_run_resumed_at_any_step_is_the_same_run(config: RunConfig, stop: int) -> None:
    """Parameters, figures, statistics and the stopping rules go on bit for bit, whatever the settings."""
    data = TWO_CLASSES if config.network.output == "binary" else DATASET
    undisturbed = Trainer(data, config)
    expected = snapshots_to_the_end(undisturbed)
    first = Trainer(data, config)
    found = [first.snapshot()]
    while first.step < stop and first.advance(stop - first.step):
        if first.should_snapshot:
            found.append(first.snapshot())
    second = Trainer(data, config, checkpoint=through_a_file(first.checkpoint()))
    assert bits(second.snapshot()) == bits(first.snapshot()), "it stands where the first one stood"
    if second.should_snapshot:
        found.pop()  # the second one takes it again
    found += snapshots_to_the_end(second)
    assert bits(tuple(found)) == bits(tuple(expected))
    assert (second.step, second.stop_reason, second.best_step) == (
        undisturbed.step,
        undisturbed.stop_reason,
        undisturbed.best_step,
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_changed_learning_rate_survives(optimizer: str) -> None:
    """A rate changed by hand before the interruption is the rate after it."""
    config = RunConfig().with_values({"hidden": (4,), "optimizer": optimizer, "batch-size": 4, "epochs": 3})
    whole, first = Trainer(DATASET, config), Trainer(DATASET, config)
    for trainer in (whole, first):
        trainer.advance(3)
        trainer.change_learning_rate(0.03)
        trainer.advance(2)
    second = Trainer(DATASET, config, checkpoint=through_a_file(first.checkpoint()))
    assert second.learning_rate == 0.03
    assert bits(tuple(snapshots_to_the_end(second))) == bits(tuple(snapshots_to_the_end(whole)))


def test_patience_survives() -> None:
    """Interrupted after every epoch, a run keeps its best step and stops when it would have."""
    config = RunConfig().with_values(
        {"hidden": (20,), "batch-size": 4, "epochs": 200, "patience": 4, "learning-rate": 0.03}
    )
    noisy = make_dataset(n_train=23, n_val=20)
    noisy = replace(noisy, y_val=np.where(np.arange(20) % 4 == 0, 0, noisy.y_val))  # to be overfitted
    whole, parts = Trainer(noisy, config), Trainer(noisy, config)
    expected = snapshots_to_the_end(whole)
    parts.snapshot()
    while parts.advance(1000):
        parts.snapshot()
        parts = Trainer(noisy, config, checkpoint=through_a_file(parts.checkpoint()))
    assert whole.stop_reason is not None
    assert 0 < (whole.best_step or 0) < whole.step < whole.total_steps
    assert (parts.step, parts.best_step, parts.stop_reason) == (whole.step, whole.best_step, whole.stop_reason)
    assert bits(parts.snapshot()) == bits(expected[-1])


def test_a_checkpoint_is_a_copy() -> None:
    """Training on changes no checkpoint that was taken before."""
    trainer = Trainer(DATASET, RunConfig().with_values({"hidden": (4,), "batch-size": 4, "dropout": 0.2}))
    trainer.advance(2)
    checkpoint = trainer.checkpoint()
    before = bits(tuple(checkpoint.arrays.values())), json.dumps(checkpoint.state)
    trainer.advance(3)
    trainer.checkpoint()
    assert (bits(tuple(checkpoint.arrays.values())), json.dumps(checkpoint.state)) == before


@given(config=configs())
@settings(max_examples=8, deadline=None)
def test_a_snapshot_never_changes(config: RunConfig) -> None:
    """Every bit of a snapshot stays as it was while training goes on."""
    trainer = Trainer(TWO_CLASSES if config.network.output == "binary" else DATASET, config)
    taken = []
    while True:
        snapshot = trainer.snapshot()
        taken.append((snapshot, bits(snapshot)))
        if not trainer.advance(2):
            break
    assert all(bits(snapshot) == before for snapshot, before in taken)
