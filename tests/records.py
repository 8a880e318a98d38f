"""Records of runs for tests: trained for real in this process, whole or a snapshot at a time, and handmade ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import AnnscopeError
from annscope.core.snapshot import LayerParameters, LayerStatistics, Metrics, Probe, Snapshot
from annscope.runs.catalogue import run_directory
from annscope.runs.encoding import parameters_sha256
from annscope.runs.reader import RunReader
from annscope.runs.status import Status
from annscope.runs.worker import work
from annscope.runs.writer import RunWriter, create_run
from tests.configs import make_config


def train_run(config: RunConfig | None = None, **settings: Any) -> RunReader:
    """The record of a finished run, of a config or of `settings` such as `learning_rate=0.1`."""
    reader = _created(config, settings)
    last = train_to_the_end(reader.directory)
    assert last["status"] == "finished", last["message"]
    return reader


def train_to_the_end(directory: Path, n_epochs: int | None = None) -> Status:
    """Start or resume the run in a directory, and return its last status."""
    *_, last = work(directory, n_epochs=n_epochs)
    return last


def final_sha256(run: str) -> str:
    """The hash of a run's last parameters, by which two runs are compared to the bit; "" before its first snapshot."""
    reader = RunReader(run_directory(run))
    lines = reader.snapshot_lines()
    return parameters_sha256(reader.snapshot(lines[-1]["number"]).parameters) if lines else ""


def damage(run: str) -> str | None:
    """The error of the first listed snapshot that cannot be read, if any."""
    reader = RunReader(run_directory(run))
    try:
        for line in reader.snapshot_lines():
            reader.snapshot(line["number"])
    except AnnscopeError as error:
        return str(error)
    return None


class RunInProgress:
    """A run in progress that trains only while the test lets it."""

    def __init__(self, config: RunConfig | None = None, **settings: Any) -> None:
        self.reader = _created(config, settings)
        self.run = self.reader.run
        self._session = work(self.reader.directory)

    def train_until(self, *, snapshot: int = 0, step: int = 0) -> None:
        """Train until this snapshot is recorded and this step taken."""
        for status in self._session:
            if status["step"] >= step and len(self.reader.snapshot_lines()) > snapshot:
                return
        raise AssertionError("the run ended before")

    def finish(self) -> None:
        """Train to the end."""
        for _ in self._session:
            pass

    def interrupt(self) -> None:
        """End the worker; the run can be resumed."""
        self._session.close()


def _created(config: RunConfig | None, settings: dict[str, Any]) -> RunReader:
    return RunReader(run_directory(create_run(config or make_config(**settings))))


SIZES = (4, 3, 2)
"""The layers of handmade records."""


_RNG = np.random.default_rng(0)
_X, _Y = _RNG.normal(size=(10, 4)).astype(np.float32), _RNG.integers(0, 2, 10)
TEN = Dataset(
    name="ten", x_train=_X[:6], y_train=_Y[:6], x_val=_X[6:8], y_val=_Y[6:8], x_test=_X[8:], y_test=_Y[8:],
    class_names=("no", "yes"), feature_names=("height", "weight", "age", "dose"), fingerprint="f00d",
)  # fmt: skip
"""The data of handmade records: ten examples of two classes, in three splits."""
PROBE = Probe(indices=np.arange(2), x=TEN.x_val, y=TEN.y_val)
EDGES = {"weight": np.linspace(-1, 1, 65)}


def describe(writer: RunWriter) -> None:
    """Record the description of a handmade run, as when its data has been loaded."""
    writer.describe(TEN, PROBE, SIZES, EDGES, 1)


def handmade_snapshot(step: int, *, loss: float | None = None, bias: bool = True, dtype: str = "float32") -> Snapshot:
    """A snapshot whose parameters are unique to its step."""
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
