"""Steps worked by hand, and learning rates over time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from annscope.core.config import NetworkConfig, TrainingConfig
from annscope.core.engines.update_kernels import BLOCK, update_kernel
from annscope.core.functions.optimizers import OPTIMIZERS, add_penalties, penalties
from annscope.core.network import Parameters

RATE = 0.1
GRADIENTS = (2.0, -1.0)


def end_of(name: str, n: int = 1, **settings: Any) -> float:
    """Where a parameter that began at 1 is after two steps of gradients 2 and -1."""
    parameters, gradient = (Parameters(NetworkConfig(hidden_sizes=()), (n, 1), "float64") for _ in range(2))
    parameters.flat[...] = 1.0
    optimizer = update_kernel(OPTIMIZERS[name], TrainingConfig(optimizer=name, **settings), parameters, gradient)
    for value in GRADIENTS:
        gradient.flat[...] = value
        optimizer.step(RATE)
        assert (gradient.flat == value).all(), "the gradient is left as it is"
    assert len(set(parameters.weights[0].ravel().tolist())) == 1
    return float(parameters.weights[0][0, 0])


def adam(decay: float = 0.0) -> float:
    """Two steps of Adam as the paper writes them."""
    p, m, v = 1.0, 0.0, 0.0
    for t, g in enumerate(GRADIENTS, 1):
        p *= 1 - RATE * decay
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        p -= RATE * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return p


def rmsprop() -> float:
    """Two steps of RMSProp."""
    p, s = 1.0, 0.0
    for g in GRADIENTS:
        s = 0.99 * s + 0.01 * g * g
        p -= RATE * g / (math.sqrt(s) + 1e-8)
    return p


GOLDEN = [
    ("sgd", {}, 1 - 0.1 * 2 + 0.1 * 1),
    ("momentum", {"momentum": 0.9}, 1 - 0.1 * 2 - 0.1 * (0.9 * 2 - 1)),
    ("nesterov", {"momentum": 0.9}, 1 - 0.1 * (2 + 0.9 * 2) - 0.1 * (-1 + 0.9 * (0.9 * 2 - 1))),
    ("rmsprop", {}, rmsprop()),
    ("adam", {}, adam()),
    ("adamw", {"weight_decay": 0.3}, adam(0.3)),
]


def test_every_optimizer_is_worked_by_hand() -> None:
    """A new one takes the steps of its paper."""
    assert {name for name, *_ in GOLDEN} == set(OPTIMIZERS)


@pytest.mark.parametrize(("name", "settings", "end"), GOLDEN)
def test_two_steps_by_hand(name: str, settings: dict[str, Any], end: float) -> None:
    """Each optimizer takes the steps of its formula, in vectors of one block and of several."""
    assert end_of(name, **settings) == pytest.approx(end, rel=1e-12)
    assert end_of(name, n=2 * BLOCK + 3, **settings) == pytest.approx(end, rel=1e-12)


def test_decay_and_penalties_touch_weights_only() -> None:
    """Biases are neither decayed nor penalised."""
    parameters, gradient = (Parameters(NetworkConfig(hidden_sizes=()), (2, 1), "float64") for _ in range(2))
    parameters.flat[...] = 1.0
    config = TrainingConfig(optimizer="adamw", weight_decay=1.0)
    update_kernel(OPTIMIZERS["adamw"], config, parameters, gradient).step(RATE)
    assert parameters.weights[0].ravel().tolist() == pytest.approx([0.9, 0.9])
    assert parameters.biases[0] is not None
    assert parameters.biases[0].tolist() == [1.0]
    add_penalties(np.array([-3.0]), weights_gradient := np.array([0.0]), l1=0.5, l2=2.0)
    assert weights_gradient.tolist() == [2.0 * -3.0 - 0.5]
    assert penalties([np.array([-3.0, 1.0])], l1=0.5, l2=2.0) == pytest.approx(0.5 * 4 + 1.0 * 10)


def test_moments_do_not_creep_into_denormal_numbers() -> None:
    """A parameter whose gradient has become 0 stops costing time: its moments are 0 in the end."""
    parameters, gradient = (Parameters(NetworkConfig(hidden_sizes=()), (4, 1), "float32") for _ in range(2))
    optimizer = update_kernel(OPTIMIZERS["adam"], TrainingConfig(), parameters, gradient)
    gradient.flat[...] = 1e-3
    optimizer.step(RATE)
    gradient.flat[...] = 0
    for _ in range(1100):
        optimizer.step(RATE)
    mean = optimizer.moments["mean"]
    assert not ((mean != 0) & (np.abs(mean) < np.finfo("float32").tiny)).any()


@pytest.mark.parametrize(
    ("settings", "factors"),
    [
        ({}, {0: 1.0, 55: 1.0}),
        ({"schedule": "step", "schedule_factor": 0.5, "schedule_epochs": 2.0}, {0: 1.0, 19: 1.0, 20: 0.5, 40: 0.25}),
        ({"schedule": "step", "schedule_factor": 0.5, "schedule_epochs": 0.1}, {0: 1.0, 2: 0.25, 3: 0.125, 6: 1 / 64}),
        ({"schedule": "exponential", "schedule_factor": 0.5, "schedule_epochs": 2.0}, {0: 1.0, 10: 0.5**0.5, 20: 0.5}),
        ({"schedule": "inverse_time", "schedule_decay": 0.1}, {0: 1.0, 10: 0.5, 90: 0.1}),
        ({"schedule": "cosine", "n_epochs": 10}, {0: 1.0, 50: 0.5, 100: 0.0, 120: 0.0}),
        ({"warmup_epochs": 2.0}, {0: 1 / 20, 9: 0.5, 19: 1.0, 20: 1.0}),
        ({"schedule": "cosine", "n_epochs": 10, "warmup_epochs": 2.0}, {19: 1.0, 20: 1.0, 60: 0.5, 100: 0.0}),
        ({"schedule": "cosine", "n_epochs": 1}, {0: 1.0, 5: 0.5, 10: 0.0}),
        ({"schedule": "cosine", "n_epochs": 1, "warmup_epochs": 2.0}, {0: 1 / 20, 25: 1.0}),
    ],
)
def test_schedules(settings: dict[str, Any], factors: dict[int, float]) -> None:
    """At these steps, ten to an epoch, the learning rate is this part of its base."""
    config = TrainingConfig(**settings)
    for step, factor in factors.items():
        assert config.rate_factor(step, 10) == pytest.approx(factor, abs=1e-12)
