"""The losses of the batches are those of the textbook's forward pass, and cost no bit of training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from annscope.core import textbook
from annscope.core.engines.batch_losses import MOST
from annscope.core.engines.examples import batch_of
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.training import Trainer
from tests.configs import make_config
from tests.core.conftest import make_dataset
from tests.core.test_multilabel import labelled

PLAIN = {"hidden": (7, 5), "batch_size": 16, "epochs": 3, "learning_rate": 0.05, "dtype": "float64"}


@pytest.mark.parametrize(
    "options",
    [
        {}, {"batch_size": "full"}, {"batch_size": 1, "optimizer": "sgd", "epochs": 1},
        {"delta_weights": "updated", "optimizer": "sgd"},
        {"loss": "squared_error", "output": "sigmoid"}, {"label_smoothing": 0.3}, {"class_weight": "balanced"},
        {"l2": 0.1, "optimizer": "sgd"}, {"engine": "textbook"}, {"engine": "pure_python", "optimizer": "sgd"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", ["classes", "binary", "labels"])
def test_a_loss_is_that_of_its_batch_by_the_parameters_before_the_step(options: dict[str, Any], kind: str) -> None:
    """The mean over the examples, of the true classes: without penalties, smoothing and weights."""
    dataset = {"classes": make_dataset(), "binary": make_dataset(n_classes=2), "labels": labelled()}[kind]
    output = {"classes": {}, "binary": {"output": "binary"}, "labels": {"output": "sigmoid"}}[kind]
    if kind == "labels" and "class_weight" in options:
        return
    config = make_config(**PLAIN | options | output)
    trainer = Trainer(dataset, config)
    found: dict[int, float] = {}
    expected: dict[int, float] = {}
    while not trainer.finished:
        step, parameters = trainer.step, trainer.snapshot().parameters
        indices, x = batch_of(dataset, config.training, step)
        z, layers = x, len(parameters)
        for i, layer in enumerate(parameters):
            z = z @ layer.weight + (0 if layer.bias is None else layer.bias)
            z = np.maximum(z, 0) if i < layers - 1 else z
        targets = OUTPUTS[config.network.output].targets(dataset.y_train[indices], dataset.n_classes, "float64")
        expected[step] = textbook.loss(config, z, targets)
        trainer.advance(1)
        found |= trainer.snapshot().batch_losses
    assert found.keys() == set(range(trainer.total_steps))
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_snapshot_has_the_losses_since_the_one_before_and_the_same_when_asked_again() -> None:
    """So a run's lines have each loss once."""
    trainer = Trainer(make_dataset(), make_config(**PLAIN))
    assert trainer.snapshot().batch_losses == ()
    trainer.advance(3)
    first = trainer.snapshot().batch_losses
    assert [step for step, _ in first] == [0, 1, 2]
    assert trainer.snapshot().batch_losses == first
    trainer.advance(1)
    assert [step for step, _ in trainer.snapshot().batch_losses] == [3]


def test_a_resumed_run_has_the_losses_since_its_last_snapshot() -> None:
    """Those that were not in a snapshot when it was interrupted are in its next one."""
    dataset, config = make_dataset(), make_config(**PLAIN)
    trainer = Trainer(dataset, config)
    trainer.advance(3)
    resumed = Trainer(dataset, config, checkpoint=trainer.checkpoint())
    for each in (trainer, resumed):
        each.advance(1)
    assert [step for step, _ in resumed.snapshot().batch_losses] == [0, 1, 2, 3]
    assert resumed.snapshot().batch_losses == trainer.snapshot().batch_losses


def test_looking_at_every_step_changes_no_loss_of_a_batch() -> None:
    """With dropout and batch normalisation, whose masks and means are those of the step itself."""
    config = make_config(**PLAIN | {"dropout": 0.3, "batch_norm": True})
    seen: list[tuple[int, float]] = []
    watched, alone = (Trainer(make_dataset(), config) for _ in range(2))
    while watched.advance(1):
        seen.extend(watched.snapshot().batch_losses)
    while alone.advance(1000):
        pass
    assert dict(seen) == pytest.approx(dict(alone.snapshot().batch_losses), rel=1e-9)
    assert len(seen) == watched.total_steps


@pytest.mark.parametrize("epochs", [1, 1000, 100_000])
def test_a_run_has_no_more_of_them_than_can_be_seen(epochs: int) -> None:
    """Every so many steps, whatever the length of the run."""
    trainer = Trainer(make_dataset(n_train=160), make_config(**PLAIN | {"epochs": epochs, "snapshot_every": 1_000_000}))
    n = min(trainer.total_steps, 30_000)
    left = n
    while left:
        left -= trainer.advance(left)
    assert len(trainer.snapshot().batch_losses) <= max(1, math.ceil(MOST * n / trainer.total_steps)) + 1
