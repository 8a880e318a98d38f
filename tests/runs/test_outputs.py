"""One output unit for two classes, through training, the record and what judges it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.config import LOSSES, RunConfig
from core.errors import ConfigError
from runs.encoding import parameters_sha256
from runs.evaluation import evaluate_run
from runs.gradient import check_run
from runs.launch import checked, prepare_resume
from runs.record import RunReader, create_run, run_directory
from runs.worker import work

BINARY = {"data": "moons", "samples": 200, "output": "binary", "hidden": (8,), "epochs": 30, "learning-rate": 0.02}


def trained(config: RunConfig) -> RunReader:
    """A finished run."""
    reader = RunReader(run_directory(create_run(config)))
    *_, last = work(reader.directory)
    assert last["status"] == "finished", last["message"]
    return reader


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch_size", [1, 16])
def test_a_run_is_recorded_read_and_judged(loss: str, batch_size: int) -> None:
    """The network in the record has one output, answers for both classes, and its gradient is right."""
    one_by_one = {"optimizer": "sgd", "learning-rate": 0.2} if batch_size == 1 else {}
    config = RunConfig().with_values(BINARY | one_by_one | {"loss": loss, "batch-size": batch_size})
    reader = trained(config)
    last = len(reader.snapshot_lines()) - 1
    assert reader.description["layer_sizes"] == [2, 8, 1]
    network = reader.network(last)
    np.testing.assert_array_equal(
        network.activations(reader.probe().x)[-1], reader.snapshot(last).probe_activations[-1]
    )
    judged = evaluate_run(reader)
    assert judged["accuracy"] == reader.snapshot_lines()[last]["heldout"]["accuracy"] > 0.8
    assert np.shape(judged["confusion_matrix"]) == (2, 2)
    check = check_run(reader, last)
    assert check.own.is_right is True
    assert check.own.error < 1e-6


def test_it_goes_on_bit_for_bit() -> None:
    """Stopped and resumed it ends with the parameters of a run that never was."""
    config = RunConfig().with_values(BINARY | {"epochs": 4, "snapshot-every": 3})
    whole = trained(config)
    broken = RunReader(run_directory(create_run(config)))
    session = work(broken.directory)
    next(status for status in session if status["step"] >= 9)
    session.close()
    list(work(prepare_resume(broken.run)))
    ends = [reader.snapshot(len(reader.snapshot_lines()) - 1).parameters for reader in (whole, broken)]
    assert parameters_sha256(ends[0]) == parameters_sha256(ends[1])


def test_a_file_with_three_classes_says_so(tmp_path: Path) -> None:
    """What only loading can tell fails the run with one sentence; a listed data set is refused before."""
    path = tmp_path / "three.csv"
    path.write_text("a,b,class\n" + "".join(f"{i},{i % 7},{'xyz'[i % 3]}\n" for i in range(60)))
    directory = run_directory(create_run(RunConfig().with_values(BINARY | {"data": str(path)})))
    *_, last = work(directory)
    assert last["status"] == "failed"
    assert "data set three has 3; take softmax" in str(last["message"])
    with pytest.raises(ConfigError, match="data set spirals has 3"):
        checked(RunConfig().with_values(BINARY | {"data": "spirals"}))
