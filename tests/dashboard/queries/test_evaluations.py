"""Evaluations computed from a record equal the recorded ones, and scikit-learn's."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from annscope.core.evaluation.curves import at_threshold
from annscope.dashboard.formulas import averages_in_words
from annscope.dashboard.queries import evaluations
from annscope.dashboard.queries.caches import clear_caches
from annscope.dashboard.queries.evaluations import (
    Cache,
    DerivedError,
    confusions_of,
    dataset_of,
    predictions_of,
    shown_features,
    splits_of,
)
from annscope.dashboard.queries.examples import ExampleError, example, nearest_examples, source_of
from annscope.dashboard.queries.tables import example_rows
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from tests.records import train_run

CLASSES = range(10)


@pytest.fixture
def trained() -> str:
    """A short run on real digits that has not learned every class yet."""
    return train_run(data="digits", hidden=(12,), epochs=2, learning_rate=0.002).run


def test_it_is_what_the_worker_recorded(trained: str) -> None:
    """At every snapshot the derived confusion matrix and accuracy are the recorded ones, to the last example."""
    reader = RunReader(run_directory(trained))
    for line in reader.snapshot_lines():
        predictions = predictions_of(trained, line["number"], "validation")
        np.testing.assert_array_equal(predictions.confusion, reader.snapshot(line["number"]).confusion)
        assert predictions.accuracy == line["heldout"]["accuracy"]
    numbers = [0, 2]
    for split in ("validation", "test"):
        found, errors = confusions_of(trained, numbers, split)
        assert (list(found), errors) == (numbers, [])
        for number, confusion in found.items():
            np.testing.assert_array_equal(confusion, predictions_of(trained, number, split).confusion)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("split", ["validation", "test", "train"])
def test_every_figure_is_scikit_learns(trained: str, number: int, split: str) -> None:
    """On each split of a trained run the table is scikit-learn's to 1e-12 and the areas to 1e-9."""
    predictions = predictions_of(trained, number, split)
    labels, predicted = predictions.labels, predictions.predicted
    np.testing.assert_array_equal(
        predictions.confusion, sklearn_metrics.confusion_matrix(labels, predicted, labels=list(CLASSES))
    )
    expected = sklearn_metrics.precision_recall_fscore_support(
        labels, predicted, labels=list(CLASSES), zero_division=np.nan
    )
    found = (
        predictions.classes.precision,
        predictions.classes.recall,
        predictions.classes.f1,
        predictions.classes.support,
    )
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for c in CLASSES:
            of_class, scores = labels == c, predictions.probabilities[:, c]
            area = sklearn_metrics.roc_auc_score(of_class, scores)
            precision = sklearn_metrics.average_precision_score(of_class, scores)
            assert predictions.roc_areas[0][c] == pytest.approx(area, rel=0, abs=1e-9)
            assert predictions.average_precisions[0][c] == pytest.approx(precision, rel=0, abs=1e-9)
    assert predictions.calibration.count.sum() == len(labels)


def test_a_second_query_costs_nothing(trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results are cached, data and predictions alike."""
    first = predictions_of(trained, 1, "test")
    monkeypatch.setattr(evaluations, "source_of", None)
    monkeypatch.setattr(evaluations, "predict", None)
    assert predictions_of(trained, 1, "test") is first


def test_data_that_changed_is_an_error(trained: str) -> None:
    """Metrics on other data than the run's would be wrong, so changed data is an error."""
    path = run_directory(trained) / "config.json"
    about = json.loads(path.read_text())
    about["dataset"]["fingerprint"] = "0" * 64
    path.write_text(json.dumps(about))
    with pytest.raises(ExampleError, match=r"^The data in digits has changed since run .* learned from it\.$"):
        predictions_of(trained, 0, "validation")


def test_a_table_of_examples_names_their_rows_and_holds_their_features(tmp_path: Path) -> None:
    """The CSV of a gallery has the row of the file and the values as they stand in it."""
    path = tmp_path / "mine.csv"
    rng = np.random.default_rng(0)
    cells = [[f"{x:.3f}", f"{y:.3f}", "yes" if x > y else "no"] for x, y in rng.random((60, 2))]
    path.write_text("a,b,label\n" + "\n".join(map(",".join, cells)) + "\n")
    predictions = predictions_of(train_run(data=str(path), hidden=(3,), epochs=1).run, 1, "test")
    for row in example_rows(predictions, np.array([3, 0]), source_of(predictions.run).rows):
        a, b, label = cells[int(row["source"].removeprefix("row ")) - 1]
        assert row["true"] == label
        assert [float(row["a"]), float(row["b"])] == pytest.approx([float(a), float(b)], abs=1e-5)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A run on a user's file that was deleted since names the file."""
    path = tmp_path / "mine.csv"
    rng = np.random.default_rng(0)
    lines = [f"{x:.3f},{y:.3f},{'yes' if x > y else 'no'}" for x, y in rng.random((60, 2))]
    path.write_text("a,b,label\n" + "\n".join(lines) + "\n")
    run = train_run(data=str(path), hidden=(3,), epochs=1).run
    own_units = shown_features(run, "train")
    assert own_units.min() >= 0
    assert own_units.max() <= 1
    assert dataset_of(run).x_train.min() < 0, "while the network sees them standardised"
    path.unlink()
    clear_caches()
    with pytest.raises(DerivedError, match=r"^The data of run .* cannot be read: .*mine\.csv\.$"):
        predictions_of(run, 0, "validation")


def test_only_splits_with_examples_are_offered(trained: str) -> None:
    """The split that judged the network comes first; one without examples is not there."""
    assert list(splits_of(trained)) == ["validation", "test", "train"]
    run = train_run(data="xor", hidden=(3,), epochs=1, split=0.0).run
    assert list(splits_of(run)) == ["test", "train"]
    with pytest.raises(DerivedError, match="has no validation examples"):
        predictions_of(run, 0, "validation")


def test_what_was_used_last_is_cached() -> None:
    """Memory is bounded: the value that was not asked for longest goes."""
    kept: Cache[str, int] = Cache(2)
    computed: list[str] = []

    def ask(key: str) -> None:
        kept.get(key, lambda: len(computed.append(key) or computed))

    for key in "abacab":
        ask(key)
    assert computed == ["a", "b", "c", "b"]


def test_one_output_unit_gives_both_classes() -> None:
    """Probabilities are [1 - p, p], and a threshold of one half calls what is predicted."""
    settings = {"data": "moons", "noise": 0.4, "output": "binary", "hidden": (4,), "epochs": 2}
    run = train_run(**settings).run
    predictions = predictions_of(run, 2, "train")
    np.testing.assert_array_equal(predictions.probabilities[:, 0], 1 - predictions.probabilities[:, 1])
    np.testing.assert_array_equal(predictions.predicted, predictions.probabilities[:, 1] >= 0.5)
    mark = at_threshold(predictions.is_class(1), predictions.probabilities[:, 1], 0.5)
    counts = [[mark.true_negatives, mark.false_positives], [mark.false_negatives, mark.true_positives]]
    np.testing.assert_array_equal(predictions.confusion, counts)
    area = sklearn_metrics.roc_auc_score(predictions.labels, predictions.probabilities[:, 1])
    np.testing.assert_allclose(predictions.roc_areas[0], area, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(confusions_of(run, [2], "train")[0][2], predictions.confusion)


def test_labels_are_judged_as_recorded_and_as_scikit_learn_does() -> None:
    """Confusion, accuracy, areas and averages of a run whose examples carry any number of labels."""
    settings = {"data": "mnist-5k-traits", "output": "sigmoid", "hidden": (6,), "epochs": 1, "split": 0.8}
    reader = train_run(**settings)
    run = reader.run
    for line in reader.snapshot_lines():
        predictions = predictions_of(run, line["number"], "validation")
        assert predictions.is_multilabel
        np.testing.assert_array_equal(predictions.confusion, reader.snapshot(line["number"]).confusion)
        assert predictions.accuracy == line["heldout"]["accuracy"]
    np.testing.assert_array_equal(confusions_of(run, [1], "test")[0][1], predictions_of(run, 1, "test").confusion)
    labels, scores = predictions.labels, predictions.probabilities
    areas, means = predictions.roc_areas
    np.testing.assert_allclose(areas, sklearn_metrics.roc_auc_score(labels, scores, average=None), atol=1e-9)
    assert means.micro == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores, average="micro"), abs=1e-9)
    precisions, _ = predictions.average_precisions
    np.testing.assert_allclose(
        precisions, sklearn_metrics.average_precision_score(labels, scores, average=None), atol=1e-9
    )
    assert example(run, "test", 0)["label"] == predictions_of(run, 1, "test").labels[0].tolist()
    assert len(nearest_examples(run, 1, dataset_of(run).x_test[0].astype(float))["neighbors"][0]["label"]) == 4
    text = averages_in_words(predictions.confusion)
    assert f"{predictions.averages['f1'].micro:.4f}" in text
    assert "Samples" in text
    rows = example_rows(predictions, np.arange(3))
    assert rows[0]["true"] == "; ".join(np.array(predictions.class_names)[labels[0] == 1])
