"""One step taken apart: its batch is the one that was trained on, and what moved is what differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.explain.one_step import most_moved, step_batch
from annscope.core.network import Network
from annscope.core.snapshot import LayerParameters
from annscope.core.training import Trainer
from tests.configs import make_config
from tests.core.conftest import make_dataset


def networks_around(config: RunConfig, step: int) -> tuple[Network, Network]:
    """The network before and after a step."""
    dataset = make_dataset()
    trainer = Trainer(dataset, config)
    found = []
    while len(found) < 2:
        if trainer.step in {step, step + 1}:
            parameters = trainer.snapshot().parameters
            found.append(Network(config.network, dataset.n_features, dataset.n_classes, parameters))
        trainer.advance(1)
    return found[0], found[1]


@pytest.mark.parametrize("more", [{}, {"engine": "textbook"}, {"batch_size": "full"}, {"shuffle": False}], ids=str)
def test_a_small_step_lowers_the_loss_on_its_batch_as_the_gradient_says(more: dict[str, Any]) -> None:
    """Plain descent by a small rate lowers the loss of exactly these examples by rate x squared gradient norm."""
    rate = 1e-4
    options = {"hidden": (5,), "batch_size": 16, "optimizer": "sgd", "learning_rate": rate, "dtype": "float64"}
    config, step = make_config(**(options | {"activation": "tanh"} | more)), 6
    before, after = networks_around(config, step)
    batch = step_batch(make_dataset(), config, step, before, after)
    squared = sum(
        float(((getattr(new, part) - getattr(old, part)) ** 2).sum())
        for old, new in zip(before.parameters, after.parameters, strict=True)
        for part in ("weight", "bias")
    )
    assert batch.loss_before - batch.loss_after == pytest.approx(squared / rate, rel=1e-3)
    assert len(set(batch.indices.tolist())) == len(batch.indices) == len(batch.x)


def test_the_weights_that_moved_most_come_first() -> None:
    """Over all layers, by how far they went, with where they were before; what stood still is not among them."""
    before = [LayerParameters(np.zeros((3, 2)), None), LayerParameters(np.ones((2, 2)), None)]
    after = [LayerParameters(layer.weight.copy(), None) for layer in before]
    after[0].weight[2, 1], after[0].weight[0, 0], after[1].weight[1, 0] = -0.5, 0.1, 1.3
    found = [(each.layer, each.input, each.unit, each.before, each.after) for each in most_moved(before, after)]
    assert found == [(0, 2, 1, 0.0, -0.5), (1, 1, 0, 1.0, 1.3), (0, 0, 0, 0.0, 0.1)]
    assert len(most_moved(before, after, 2)) == 2
