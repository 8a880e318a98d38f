"""One step of training, taken apart: the loss on its batch before and after it, and the weights that it moved most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.examples import batch_of
from annscope.core.evaluation.metrics import evaluate
from annscope.core.network import Network
from annscope.core.snapshot import LayerParameters

N_MOVED = 8


@dataclass(frozen=True)
class MovedWeight:
    """The weight from input number `input` of a layer to its neuron `unit`, before and after; layers count from 0."""

    layer: int
    input: int
    unit: int
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class StepBatch:
    """The training examples of one step as it met them, by their indices, with the mean loss on them.

    The loss is that of the whole network, without dropout, penalties, label smoothing or weights of examples.
    """

    indices: Int[ndarray, " batch"]
    x: Float[ndarray, "batch n_features"]
    loss_before: float
    loss_after: float


def step_batch(dataset: Dataset, config: RunConfig, step: int, before: Network, after: Network) -> StepBatch:
    """The batch of step number `step` (from 0), which led from one network to the other."""
    indices, x = batch_of(dataset, config.training, step)
    y, loss = dataset.y_train[indices], config.training.loss
    return StepBatch(indices, x, evaluate(before, x, y, loss).loss, evaluate(after, x, y, loss).loss)


def most_moved(
    before: Sequence[LayerParameters], after: Sequence[LayerParameters], n: int = N_MOVED
) -> list[MovedWeight]:
    """The `n` weights that differ most, the one that moved furthest first; those that did not move are none of them."""
    moved: list[MovedWeight] = []
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        change = np.abs(new.trained_weight - old.trained_weight)
        furthest = np.argsort(-change, axis=None, kind="stable")[:n]
        for row, column in zip(*np.unravel_index(furthest, change.shape), strict=True):
            weights = (float(layer.trained_weight[row, column]) for layer in (old, new))
            moved.append(MovedWeight(i, int(row), int(column), *weights))
    moved.sort(key=lambda each: -abs(each.after - each.before))
    return [each for each in moved[:n] if each.after != each.before]
