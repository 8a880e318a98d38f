"""What is computed from a record equals what was recorded, and what scikit-learn makes of it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from core.config import RunConfig
from dashboard import derived
from dashboard.derived import (
    DerivedError,
    Kept,
    answers_of,
    confusions_of,
    dataset_of,
    shown_features,
    splits_of,
)
from dashboard.examples import ExampleError, _load
from runs.record import RunReader, create_run, run_directory
from runs.worker import work

CLASSES = range(10)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Every test computes for itself."""
    derived.forget()
    _load.cache_clear()
    yield
    derived.forget()


@pytest.fixture
def trained() -> str:
    """A short run on real digits that has not learned every class yet."""
    run = create_run(RunConfig().with_values({"data": "digits", "hidden": (12,), "epochs": 2, "learning-rate": 0.002}))
    list(work(run_directory(run)))
    return run


def test_it_is_what_the_worker_recorded(trained: str) -> None:
    """At every snapshot the derived confusion matrix and accuracy are the recorded ones, to the last example."""
    reader = RunReader(run_directory(trained))
    for line in reader.snapshot_lines():
        answers = answers_of(trained, line["number"], "validation")
        np.testing.assert_array_equal(answers.confusion, reader.snapshot(line["number"]).confusion)
        assert answers.accuracy == line["heldout"]["accuracy"]
    numbers = [0, 2]
    for split in ("validation", "test"):
        found, troubles = confusions_of(trained, numbers, split)
        assert (list(found), troubles) == (numbers, [])
        for number, confusion in found.items():
            np.testing.assert_array_equal(confusion, answers_of(trained, number, split).confusion)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("split", ["validation", "test", "train"])
def test_every_figure_is_scikit_learns(trained: str, number: int, split: str) -> None:
    """On each split of a trained run the table is scikit-learn's to 1e-12 and the areas to 1e-9."""
    answers = answers_of(trained, number, split)
    labels, predictions = answers.labels, answers.predictions
    np.testing.assert_array_equal(
        answers.confusion, sklearn_metrics.confusion_matrix(labels, predictions, labels=list(CLASSES))
    )
    expected = sklearn_metrics.precision_recall_fscore_support(
        labels, predictions, labels=list(CLASSES), zero_division=np.nan
    )
    found = (answers.classes.precision, answers.classes.recall, answers.classes.f1, answers.classes.support)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for c in CLASSES:
            of_class, scores = labels == c, answers.probabilities[:, c]
            area = sklearn_metrics.roc_auc_score(of_class, scores)
            precision = sklearn_metrics.average_precision_score(of_class, scores)
            assert answers.roc_areas[0][c] == pytest.approx(area, rel=0, abs=1e-9)
            assert answers.average_precisions[0][c] == pytest.approx(precision, rel=0, abs=1e-9)
    assert answers.calibration.count.sum() == len(labels)


def test_a_second_look_costs_nothing(trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was computed is kept, data and answers alike."""
    first = answers_of(trained, 1, "test")
    monkeypatch.setattr(derived, "source_of", None)
    monkeypatch.setattr(derived, "answer", None)
    assert answers_of(trained, 1, "test") is first


def test_data_that_changed_is_refused(trained: str) -> None:
    """Figures on other data than the run's would be wrong, so one sentence says that it has changed."""
    path = run_directory(trained) / "config.json"
    about = json.loads(path.read_text())
    about["dataset"]["fingerprint"] = "0" * 64
    path.write_text(json.dumps(about))
    with pytest.raises(ExampleError, match=r"^The data in digits has changed since run .* learned from it\.$"):
        answers_of(trained, 0, "validation")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """A run on a file of one's own that was deleted since says which file it wants."""
    path = tmp_path / "mine.csv"
    rng = np.random.default_rng(0)
    lines = [f"{x:.3f},{y:.3f},{'yes' if x > y else 'no'}" for x, y in rng.random((60, 2))]
    path.write_text("a,b,label\n" + "\n".join(lines) + "\n")
    run = create_run(RunConfig().with_values({"data": str(path), "hidden": (3,), "epochs": 1}))
    list(work(run_directory(run)))
    own_units = shown_features(run, "train")
    assert own_units.min() >= 0
    assert own_units.max() <= 1
    assert dataset_of(run).x_train.min() < 0, "while the network sees them standardised"
    path.unlink()
    derived.forget()
    _load.cache_clear()
    with pytest.raises(DerivedError, match=r"^The data of run .* cannot be read: .*mine\.csv\.$"):
        answers_of(run, 0, "validation")


def test_only_splits_with_examples_are_offered(trained: str) -> None:
    """The split that judged the network comes first; one without examples is not there."""
    assert list(splits_of(trained)) == ["validation", "test", "train"]
    run = create_run(RunConfig().with_values({"data": "xor", "hidden": (3,), "epochs": 1, "split": 0.0}))
    list(work(run_directory(run)))
    assert list(splits_of(run)) == ["test", "train"]
    with pytest.raises(DerivedError, match="has no validation examples"):
        answers_of(run, 0, "validation")


def test_what_was_asked_last_is_kept() -> None:
    """Memory is bounded: the value that was not asked for longest goes."""
    kept: Kept[str, int] = Kept(2)
    computed: list[str] = []

    def ask(key: str) -> None:
        kept.get(key, lambda: len(computed.append(key) or computed))

    for key in "abacab":
        ask(key)
    assert computed == ["a", "b", "c", "b"]
