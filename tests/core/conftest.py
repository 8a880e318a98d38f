"""Fixtures of the core's tests: small random data sets and short configs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from tests.configs import make_config


def make_dataset(n_train: int = 50, n_val: int = 20, n_features: int = 6, n_classes: int = 3, seed: int = 5) -> Dataset:
    """Clouds of points, one a class, that overlap a little; features in float64."""
    rng = np.random.default_rng(seed)
    n = n_train + n_val + 10
    y = np.arange(n) % n_classes
    x = rng.normal(size=(n_classes, n_features))[y] * 2 + rng.normal(size=(n, n_features))
    end = n_train + n_val
    return Dataset(
        name="clouds", x_train=x[:n_train], y_train=y[:n_train], x_val=x[n_train:end], y_val=y[n_train:end],
        x_test=x[end:], y_test=y[end:], class_names=tuple("abcdefghij"[:n_classes]),
    )  # fmt: skip


@pytest.fixture
def dataset() -> Dataset:
    """Three classes, fifty training examples: a batch of 16 does not divide them."""
    return make_dataset()


@pytest.fixture
def configure() -> Callable[..., RunConfig]:
    """A function that makes a short run's config."""

    def configure(**options: Any) -> RunConfig:
        return make_config(**{"hidden": (7, 5), "batch_size": 16, "epochs": 3, "learning_rate": 0.01} | options)

    return configure
