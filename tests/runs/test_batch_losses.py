"""The losses of the batches in a record: each once, whatever happens to the run, and none in older records."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError
from tests.records import RunInProgress, train_run, train_to_the_end

SETTINGS: dict[str, Any] = {"data": "digits", "hidden": (6,), "epochs": 3, "snapshot_every": 10}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without runs."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path))
    return tmp_path


def losses_of(reader: RunReader) -> list[list[float]]:
    """The pairs of step and loss in all lines, in the order of the lines."""
    return [pair for line in reader.snapshot_lines() for pair in line["batch_losses"]]


def rewrite(reader: RunReader, change: Any) -> RunReader:
    """Change every line of a snapshot in the metrics; returns a reader that knows nothing of before."""
    path = reader.directory / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if line["type"] == "snapshot":
            change(line)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return RunReader(reader.directory)


def test_each_step_has_its_loss_once() -> None:
    """In the line of the first snapshot after it."""
    reader = train_run(**SETTINGS)
    steps = [step for step, _ in losses_of(reader)]
    assert steps == list(range(reader.snapshot_lines()[-1]["step"]))
    assert all(math.isfinite(loss) for _, loss in losses_of(reader))


def test_a_run_that_was_interrupted_has_the_same_losses() -> None:
    """What was met before its last checkpoint is in it, and what is met again comes once."""
    whole = losses_of(train_run(**SETTINGS))
    halted = RunInProgress(**SETTINGS)
    halted.train_until(step=25)
    halted.interrupt()
    train_to_the_end(halted.reader.directory)
    assert losses_of(RunReader(halted.reader.directory)) == whole


def test_a_record_without_them_still_opens() -> None:
    """As those that were written before there were any."""
    older = rewrite(train_run(**SETTINGS), lambda line: line.pop("batch_losses"))
    assert older.snapshot(1).batch_losses == ()
    assert older.snapshot(1).step == 10


def test_pairs_that_are_none_are_a_damaged_record() -> None:
    """Said in one sentence, and not drawn."""
    damaged = rewrite(train_run(**SETTINGS), lambda line: line.update(batch_losses=[[0.5, 1.0]]))
    with pytest.raises(RecordError, match="batch_losses"):
        damaged.snapshot_lines()
