"""Fixtures of the tests of runs: a temporary home, and handmade snapshots."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.snapshot import LayerParameters, LayerStatistics, Metrics, Probe, Snapshot

SIZES = (4, 3, 2)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without runs."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def config() -> RunConfig:
    """The config of a tiny run: a few points, three neurons."""
    return RunConfig().with_values({"data": "xor", "samples": 60, "hidden": (3,), "batch-size": 16, "epochs": 2})


@pytest.fixture
def dataset() -> Dataset:
    """Ten random examples of two classes, in three splits."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 4)).astype(np.float32), rng.integers(0, 2, 10)
    return Dataset(
        name="ten", x_train=x[:6], y_train=y[:6], x_val=x[6:8], y_val=y[6:8], x_test=x[8:], y_test=y[8:],
        class_names=("no", "yes"), fingerprint="f00d",
    )  # fmt: skip


@pytest.fixture
def probe(dataset: Dataset) -> Probe:
    """The two held-out examples."""
    return Probe(indices=np.arange(2), x=dataset.x_val, y=dataset.y_val)


@pytest.fixture
def make_snapshot() -> Callable[..., Snapshot]:
    """A function that makes the snapshot of a step, with parameters that only that step has."""

    def make(step: int, *, loss: float | None = None, bias: bool = True, dtype: str = "float32") -> Snapshot:
        rng = np.random.default_rng(step)
        pairs = list(pairwise(SIZES))
        counts = rng.integers(0, 100, 64).astype(np.int32)
        return Snapshot(
            step=step,
            epoch=step // 10,
            samples_seen=step * 16,
            train_seconds=step * 0.01,
            learning_rate=0.1,
            train=Metrics(0.5, 0.75),
            heldout=Metrics(1.0 / (step + 1) if loss is None else loss, 0.5),
            confusion=np.array([[1, 0], [1, 0]]),
            parameters=tuple(
                LayerParameters(
                    rng.normal(size=(n_in, n_out)).astype(dtype), rng.normal(size=n_out).astype(dtype) if bias else None
                )
                for n_in, n_out in pairs
            ),
            layers=tuple(
                LayerStatistics(
                    weight_norm=1.5,
                    gradient_norm=None if step == 0 else 0.25,
                    update_ratio=None if step == 0 else 1e-3,
                    activation_mean=0.1,
                    activation_std=0.2,
                    dead_fraction=0.0,
                    saturated_fraction=None,
                    weight_histogram=counts,
                    gradient_histogram=counts + 1,
                    activation_histogram=counts + 2,
                    update_histogram=counts + 3,
                )
                for _ in pairs
            ),
            probe_activations=tuple(rng.random((2, n_out)).astype(dtype) for _, n_out in pairs),
        )

    return make
