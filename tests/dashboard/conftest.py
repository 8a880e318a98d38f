"""Fixtures of the dashboard tests: a home folder for each test, and records written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.snapshot import LayerParameters, LayerStatistics, Metrics, Probe, Snapshot
from annscope.dashboard.queries.live_runs import _live_runs
from annscope.runs.catalogue import run_directory
from annscope.runs.status import new_status, write_status
from annscope.runs.writer import RunWriter, create_run

SIZES = (4, 3, 2)
CONFUSION = np.array([[3, 1], [2, 0]])
"""The second class is never predicted correctly, so that some metrics are 0."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without runs."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "home"))
    _live_runs.clear()
    return tmp_path / "home"


@dataclass
class Record:
    """A run that is written by the test."""

    run: str
    directory: Path
    config: RunConfig
    n_snapshots: int = 0

    def describe(self) -> None:
        """Write the description, as if the data were loaded."""
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(10, 4)).astype(np.float32), rng.integers(0, 2, 10)
        dataset = Dataset(
            name="ten", x_train=x[:6], y_train=y[:6], x_val=x[6:8], y_val=y[6:8], x_test=x[8:], y_test=y[8:],
            class_names=("no", "yes"), fingerprint="f00d",
        )  # fmt: skip
        probe = Probe(indices=np.arange(2), x=dataset.x_val, y=dataset.y_val)
        with RunWriter(self.directory) as writer:
            writer.describe(dataset, probe, SIZES, {"weight": np.linspace(-1, 1, 65)}, 1)

    def append(
        self,
        n_snapshots: int = 1,
        *,
        accuracy: float = 0.5,
        confusion: ndarray = CONFUSION,
        train_loss: float = 0.5,
        heldout_loss: float | None = None,
    ) -> None:
        """Commit that many more snapshots, ten steps apart."""
        with RunWriter(self.directory) as writer:
            for _ in range(n_snapshots):
                made = snapshot(10 * self.n_snapshots, accuracy, confusion)
                heldout = made.heldout.loss if heldout_loss is None else heldout_loss
                writer.append(replace(made, train=Metrics(train_loss, 0.75), heldout=Metrics(heldout, accuracy)))
                self.n_snapshots += 1

    def event(self, name: str, **about: Any) -> None:
        """Commit an event."""
        with RunWriter(self.directory) as writer:
            writer.event(name, 10 * self.n_snapshots, **about)

    def set_status(self, status: str, **more: Any) -> None:
        """Write the status, as a worker in this process would."""
        values = {**new_status(self.config), "status": status, "total_steps": 100, **more}
        write_status(self.directory, values)  # type: ignore[arg-type]


@pytest.fixture
def record() -> Callable[..., Record]:
    """A function that makes a run: described, with some snapshots and a status, or only created."""

    def make(n_snapshots: int = 3, status: str = "finished", *, described: bool = True, **settings: Any) -> Record:
        config = RunConfig().with_values({"data": "xor", "hidden": (3,), **settings})
        run = create_run(config)
        made = Record(run, run_directory(run), config)
        if described:
            made.describe()
            made.append(n_snapshots)
            made.set_status(status, step=max(0, 10 * (n_snapshots - 1)))
        return made

    return make


def snapshot(step: int, accuracy: float, confusion: ndarray) -> Snapshot:
    """A snapshot whose parameters are unique to its step."""
    rng = np.random.default_rng(step)
    counts = rng.integers(0, 100, 64).astype(np.int32)
    return Snapshot(
        step=step,
        epoch=step // 10,
        samples_seen=step * 16,
        train_seconds=step * 0.01,
        learning_rate=0.1,
        train=Metrics(0.5, 0.75),
        heldout=Metrics(1.0 / (step + 1), accuracy),
        confusion=confusion,
        parameters=tuple(
            LayerParameters(rng.normal(size=pair).astype(np.float32), rng.normal(size=pair[1]).astype(np.float32))
            for pair in pairwise(SIZES)
        ),
        layers=tuple(LayerStatistics(1.5, 0.25, 1e-3, 0.1, 0.2, 0.0, None, *[counts] * 4) for _ in SIZES[1:]),
        probe_activations=tuple(rng.random((2, n_units)).astype(np.float32) for n_units in SIZES[1:]),
    )
