"""Dropout, worked out from a single step on a single example."""

from __future__ import annotations

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.network import Network
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset

N_HIDDEN, RATE = 2000, 0.1


def config_of(share: float) -> RunConfig:
    """One wide hidden layer whose outputs are never 0 by themselves."""
    return RunConfig().with_values(
        {"hidden": (N_HIDDEN,), "activation": "sigmoid", "dropout": share, "optimizer": "sgd", "learning-rate": RATE,
         "batch-size": "full", "epochs": 3, "dtype": "float64"}
    )  # fmt: skip


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_step_is_that_of_the_thinned_network(share: float) -> None:
    """A dropped neuron has no output and no gradient; the others are scaled by 1 / (1 - share)."""
    data, config = make_dataset(n_train=1), config_of(share)
    trainer = Trainer(data, config)
    before = trainer.snapshot().parameters
    trainer.advance(1)
    after = trainer.snapshot().parameters
    steps = [(new.weight - old.weight, new.bias - old.bias) for new, old in zip(after, before, strict=True)
             if new.bias is not None and old.bias is not None]  # fmt: skip
    (first_weight, first_bias), (last_weight, last_bias) = steps
    is_on = (last_weight != 0).any(axis=1)
    assert is_on.mean() == pytest.approx(1 - share, abs=0.04)
    assert not first_weight[:, ~is_on].any()
    assert not first_bias[~is_on].any()

    a, _ = Network(config.network, data.n_features, data.n_classes, before).activations(data.x_train)
    a = a[0] * is_on / (1 - share)
    logits = a @ before[1].weight
    p = np.exp(logits - logits.max())
    delta = p / p.sum() - np.eye(3)[data.y_train[0]]
    slope = a * (1 - a * (1 - share))  # of the thinned sigmoid s / (1 - share), 0 where it is off
    hidden_delta = (before[1].weight @ delta) * slope
    np.testing.assert_allclose(last_bias, -RATE * delta, atol=1e-12)
    np.testing.assert_allclose(last_weight, -RATE * np.outer(a, delta), atol=1e-12)
    np.testing.assert_allclose(first_bias, -RATE * hidden_delta, atol=1e-12)
    np.testing.assert_allclose(first_weight, -RATE * np.outer(data.x_train[0], hidden_delta), atol=1e-12)


def test_every_step_switches_off_others() -> None:
    """The draw is new for each step and each example, and follows the seed."""
    offs = []
    for seed in (0, 0, 1):
        trainer = Trainer(make_dataset(n_train=1), config_of(0.5).with_values({"seed": seed, "snapshot-every": 1}))
        last = trainer.snapshot().parameters[1].weight
        for _ in range(2):
            trainer.advance(1)
            now = trainer.snapshot().parameters[1].weight
            offs.append((now == last).all(axis=1).tobytes())
            last = now
    assert offs[:2] == offs[2:4]
    assert len(set(offs)) == 4


def test_a_snapshot_has_no_dropout() -> None:
    """A snapshot is evaluated without dropout."""
    data = make_dataset()
    thinned, whole = (Trainer(data, config_of(share)).snapshot() for share in (0.8, 0.0))
    assert thinned.heldout == whole.heldout
    np.testing.assert_array_equal(thinned.probe_activations[0], whole.probe_activations[0])
