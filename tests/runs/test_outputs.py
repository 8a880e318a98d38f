"""One output unit for two classes, and one per label, through training, the record and evaluation."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from sklearn import metrics

from annscope.core.config import RunConfig
from annscope.core.errors import ConfigError
from annscope.core.functions.losses import LOSSES
from annscope.data.datasets import load_dataset
from annscope.runs.catalogue import run_directory
from annscope.runs.evaluation import evaluate_run, table_of
from annscope.runs.gradient import check_run
from annscope.runs.launch import checked, prepare_resume
from annscope.runs.writer import create_run
from tests.records import RunInProgress, final_sha256, train_run, train_to_the_end

BINARY = {"data": "moons", "samples": 200, "output": "binary", "hidden": (8,), "epochs": 30, "learning-rate": 0.02}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch_size", [1, 16])
def test_a_run_is_recorded_read_and_evaluated(loss: str, batch_size: int) -> None:
    """The network in the record has one output, predicts both classes, and its gradient is right."""
    one_by_one = {"optimizer": "sgd", "learning-rate": 0.2} if batch_size == 1 else {}
    config = RunConfig().with_values(BINARY | one_by_one | {"loss": loss, "batch-size": batch_size})
    reader = train_run(config)
    last = len(reader.snapshot_lines()) - 1
    assert reader.description["layer_sizes"] == [2, 8, 1]
    network = reader.network(last)
    np.testing.assert_array_equal(
        network.activations(reader.probe().x)[-1], reader.snapshot(last).probe_activations[-1]
    )
    result = evaluate_run(reader)
    assert result["accuracy"] == reader.snapshot_lines()[last]["heldout"]["accuracy"] > 0.8
    assert np.shape(result["confusion_matrix"]) == (2, 2)
    check = check_run(reader, last)
    assert check.own.is_right is True
    assert check.own.error < 1e-6


def test_it_resumes_bit_for_bit() -> None:
    """Stopped and resumed it ends with the parameters of a run that never was."""
    config = RunConfig().with_values(BINARY | {"epochs": 4, "snapshot-every": 3})
    broken = RunInProgress(config)
    broken.train_until(step=9)
    broken.interrupt()
    train_to_the_end(prepare_resume(broken.run))
    assert final_sha256(broken.run) == final_sha256(train_run(config).run)


def test_a_file_with_three_classes_is_rejected(tmp_path: Path) -> None:
    """Unsuitable data from a file fails the run with one sentence; a listed data set is rejected before."""
    path = tmp_path / "three.csv"
    path.write_text("a,b,class\n" + "".join(f"{i},{i % 7},{'xyz'[i % 3]}\n" for i in range(60)))
    last = train_to_the_end(run_directory(create_run(RunConfig().with_values(BINARY | {"data": str(path)}))))
    assert last["status"] == "failed"
    assert "data set three has 3; use softmax" in str(last["message"])
    with pytest.raises(ConfigError, match="data set spirals has 3"):
        checked(RunConfig().with_values(BINARY | {"data": "spirals"}))


LABELS = {"data": "mnist-5k-traits", "output": "sigmoid", "hidden": (12,), "epochs": 2, "split": 0.8}


def test_a_run_of_labels_is_recorded_read_and_evaluated() -> None:
    """The record holds a matrix for each label, and evaluate's metrics are scikit-learn's."""
    reader = train_run(RunConfig().with_values(LABELS))
    last = len(reader.snapshot_lines()) - 1
    assert reader.is_multilabel
    assert reader.accuracy_name == "subset accuracy"
    assert reader.description["layer_sizes"] == [784, 12, 4]
    assert reader.snapshot(last).confusion.shape == (4, 2, 2)
    assert reader.probe().y.shape == (20, 4)
    config = reader.config
    x, y = load_dataset(config.data, dtype=config.training.dtype).split("test")
    predictions = (reader.network(last).predict_proba(x) >= 0.5).astype(int)
    result = evaluate_run(reader, split="test")
    assert result["accuracy"] == pytest.approx(metrics.accuracy_score(y, predictions), abs=1e-12)
    assert result["hamming_loss"] == pytest.approx(metrics.hamming_loss(y, predictions), abs=1e-12)
    assert result["confusion_matrix"] == metrics.multilabel_confusion_matrix(y, predictions).tolist()
    for how in ("micro", "macro", "weighted", "samples"):
        theirs = metrics.precision_recall_fscore_support(y, predictions, average=how, zero_division=np.nan)
        mine = [result["averages"][name][how] for name in ("precision", "recall", "f1")]
        np.testing.assert_allclose(mine, theirs[:3], rtol=0, atol=1e-12)
    heldout = evaluate_run(reader)
    assert heldout["accuracy"] == reader.snapshot_lines()[last]["heldout"]["accuracy"]
    np.testing.assert_array_equal(heldout["confusion_matrix"], reader.snapshot(last).confusion)
    check = check_run(reader, last)
    assert check.own.is_right is True
    assert check.own.error < 1e-6
    printed = io.StringIO()
    Console(file=printed, width=120).print(*table_of(result))
    assert "subset accuracy" in printed.getvalue()
    assert "samples average" in printed.getvalue()


def test_a_run_of_labels_resumes_bit_for_bit() -> None:
    """Stopped and resumed it ends with the parameters of a run that never was."""
    config = RunConfig().with_values(LABELS | {"snapshot-every": 5})
    broken = RunInProgress(config)
    broken.train_until(step=10)
    broken.interrupt()
    train_to_the_end(prepare_resume(broken.run))
    assert final_sha256(broken.run) == final_sha256(train_run(config).run)


def test_labels_ask_for_a_sigmoid_output(tmp_path: Path) -> None:
    """A listed data set is rejected before a run is created, a file when it is loaded."""
    with pytest.raises(ConfigError, match=r"data set mnist-5k-traits.*output must be 'sigmoid', one unit per label"):
        checked(RunConfig().with_values({"data": "mnist-5k-traits"}))
    path = tmp_path / "labels.csv"
    path.write_text("a,label:x,label:y\n" + "".join(f"{7 * i % 80},{i % 2},{i // 2 % 2}\n" for i in range(80)))
    last = train_to_the_end(run_directory(create_run(RunConfig().with_values({"data": str(path)}))))
    assert last["status"] == "failed"
    assert "data set labels is multi-label: output must be 'sigmoid'" in str(last["message"])
    assert train_run(RunConfig().with_values({"data": str(path), "output": "sigmoid", "epochs": 1})).is_multilabel
