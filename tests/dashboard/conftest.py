"""Fixtures of the dashboard tests: a home folder for each test, and records written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from streamlit.testing.v1 import AppTest

from annscope.core.config import RunConfig
from annscope.core.snapshot import Metrics
from annscope.dashboard.queries.caches import clear_caches
from annscope.runs.catalogue import run_directory
from annscope.runs.status import new_status, write_status
from annscope.runs.writer import RunWriter, create_run
from tests.records import describe, handmade_snapshot, train_run

CONFUSION = np.array([[3, 1], [2, 0]])
"""The second class is never predicted correctly, so that some metrics are 0."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without runs, and a server that knows of none."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "home"))
    clear_caches()
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
        with RunWriter(self.directory) as writer:
            describe(writer)

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
                made = handmade_snapshot(10 * self.n_snapshots, loss=heldout_loss)
                train, heldout = Metrics(train_loss, 0.75), Metrics(made.heldout.loss, accuracy)
                writer.append(replace(made, train=train, heldout=heldout, confusion=confusion))
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


@pytest.fixture
def run() -> str:
    """A run of two epochs on real digits."""
    return train_run(data="digits", hidden=(8,), epochs=2).run


def component_data(page: AppTest, key: str) -> dict[str, Any]:
    """What a page hands to one of its components in the browser."""
    (found,) = [each for each in page.get("bidi_component") if key in each.proto.id]
    data: dict[str, Any] = json.loads(found.proto.json)
    return data
