"""Metrics on Inspect: every value, read from the page itself, equals scikit-learn's."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from streamlit.testing.v1 import AppTest

from annscope.core.evaluation.metrics import evaluated_logits
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import state
from annscope.dashboard.queries.evaluations import dataset_of, predictions_of
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from tests.dashboard.test_inspect_page import open_page, part, texts

CLASSES = list(range(10))
TABLE = {"rtol": 0, "atol": 1e-12}
AREA = {"rtol": 0, "atol": 1e-9}
THRESHOLD = 0.11


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No warnings of scikit-learn: it warns of divisions by 0, which are what is tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(params=["validation", "test", "train"])
def predictions(request: pytest.FixtureRequest, run: str) -> Predictions:
    """Labels and predictions of a network that never predicts some classes, computed from the record directly."""
    dataset = dataset_of(run)
    x, labels = dataset.split(request.param)
    network = RunReader(run_directory(run)).network(0)
    probabilities = network.probabilities(evaluated_logits(network, x))
    return Predictions(run, 0, request.param, dataset.class_names, labels, probabilities.argmax(axis=1), probabilities)


def show(predictions: Predictions, view: str, **more: str) -> AppTest:
    """A view of the first snapshot on the split."""
    return open_page(run=predictions.run, snapshot="0", subset=predictions.split, view=view, **more)


def cells(table: dict[str, Any], rows: str = "rows") -> ndarray:
    """The numbers of a table that was handed to the browser; n/a is NaN."""
    numbers = [[cell for cell in row["cells"] if not isinstance(cell, str)] for row in table[rows]]
    return np.array([[np.nan if cell is None else cell for cell in row] for row in numbers], float)


def test_accuracy_and_matrix(predictions: Predictions) -> None:
    """Counts, shares of rows and columns, and the accuracy."""
    page = show(predictions, "matrix")
    judged = (predictions.labels, predictions.predicted)
    assert f"**{sklearn_metrics.accuracy_score(*judged):.2%}** right" in texts(page)
    assert part(page, "matrix")["counts"] == sklearn_metrics.confusion_matrix(*judged, labels=CLASSES).tolist()
    for mode, way in (("recall", "true"), ("precision", "pred")):
        shares = sklearn_metrics.confusion_matrix(*judged, labels=CLASSES, normalize=way)
        np.testing.assert_allclose(part(show(predictions, "matrix", matrix=mode), "matrix")["values"], shares, **TABLE)


def test_the_table_of_the_classes_and_its_averages(predictions: Predictions) -> None:
    """Precision, recall, F1, specificity and support, of each class and averaged three ways."""
    page = show(predictions, "classes")
    table = part(page, "classes")
    judged = (predictions.labels, predictions.predicted)
    *figures, support = sklearn_metrics.precision_recall_fscore_support(*judged, labels=CLASSES, zero_division=np.nan)
    specificity = [sklearn_metrics.recall_score(predictions.labels != c, predictions.predicted != c) for c in CLASSES]
    expected = sklearn_metrics.precision_score(*judged, average="macro", zero_division=0)
    (said,) = [box.value for box in page.info]
    assert f"**{expected:.4f}** with 0 for the others" in said
    order = [int(row["id"]) for row in table["rows"]]
    np.testing.assert_allclose(cells(table), np.column_stack([*figures, specificity, support])[order], **TABLE)
    for row, how in zip(cells(table, "footer"), ("macro", "micro", "weighted"), strict=True):
        # scikit-learn leaves classes out of a macro mean where they are undefined, as we do.
        expected = sklearn_metrics.precision_recall_fscore_support(
            *judged, labels=CLASSES, average=how, zero_division=np.nan
        )[:3]
        np.testing.assert_allclose(row[:3], expected, **TABLE)
        assert row[4] == len(predictions.labels)


def test_the_pairs(predictions: Predictions) -> None:
    """Every pair that was confused, with its share of the class and of all mistakes."""
    rows = part(show(predictions, "pairs"), "pairs")["rows"]
    confusion = sklearn_metrics.confusion_matrix(predictions.labels, predictions.predicted, labels=CLASSES)
    wrong = (predictions.labels != predictions.predicted).sum()
    for row in rows:
        i, j = map(int, row["id"].split("-"))
        expected = [confusion[i, j], confusion[i, j] / confusion[i].sum(), confusion[i, j] / wrong]
        np.testing.assert_allclose(row["cells"][2:], expected, **TABLE)
    np.fill_diagonal(confusion, 0)
    assert rows[0]["cells"][2] == confusion.max()


def walked(page: AppTest, name: str) -> dict[str, Any]:
    """The curve of a chart that is in front."""
    (trace,) = [trace for trace in part(page, name)["figure"]["data"] if trace.get("meta", {}).get("walk")]
    return dict(trace)


@pytest.mark.parametrize("label", [3, 7])
def test_the_curves_their_areas_and_the_threshold(predictions: Predictions, label: int) -> None:
    """Every drawn point, the areas of all classes with their averages, and the figures at one threshold."""
    page = show(predictions, "thresholds", **{"class": str(label)}, threshold=str(THRESHOLD))
    positive, scores = predictions.labels == label, predictions.probabilities[:, label]
    fpr, tpr, thresholds = sklearn_metrics.roc_curve(positive, scores, drop_intermediate=False)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(positive, scores)
    for name, x, y in (("roc", fpr[1:], tpr[1:]), ("precision-recall", recall[-2::-1], precision[-2::-1])):
        trace = walked(page, name)
        carried = np.array(trace["customdata"][1:], float)
        where = np.searchsorted(-thresholds[1:], -carried)
        np.testing.assert_array_equal(thresholds[1:][where], carried)
        np.testing.assert_allclose(trace["x"][1:], x[where], **TABLE)
        np.testing.assert_allclose(trace["y"][1:], y[where], **TABLE)

    called = scores >= THRESHOLD
    expected = [
        sklearn_metrics.precision_score(positive, called, zero_division=np.nan),
        sklearn_metrics.recall_score(positive, called),
        1 - sklearn_metrics.recall_score(~positive, ~called),
        sklearn_metrics.f1_score(positive, called, zero_division=np.nan),
    ]
    assert [metric.value for metric in page.metric] == ["n/a" if math.isnan(v) else f"{v:.4f}" for v in expected]

    table = part(page, "areas")
    areas = [sklearn_metrics.roc_auc_score(predictions.labels == c, predictions.probabilities[:, c]) for c in CLASSES]
    precisions = [
        sklearn_metrics.average_precision_score(predictions.labels == c, predictions.probabilities[:, c])
        for c in CLASSES
    ]
    np.testing.assert_allclose(cells(table)[:, :2], np.column_stack([areas, precisions]), **AREA)
    is_class = predictions.labels[:, None] == np.arange(10)
    for row, how in zip(cells(table, "footer"), ("macro", "micro", "weighted"), strict=True):
        theirs = [
            score(is_class, predictions.probabilities, average=how)
            for score in (sklearn_metrics.roc_auc_score, sklearn_metrics.average_precision_score)
        ]
        np.testing.assert_allclose(row[:2], theirs, **AREA)


def test_the_calibration(predictions: Predictions) -> None:
    """The bins are those of scikit-learn's calibration curve, and the error is their weighted mean gap."""
    page = show(predictions, "calibration")
    right = predictions.labels == predictions.predicted
    confidence = predictions.probabilities.max(axis=1).astype(np.float64)
    accuracy, mean = calibration_curve(right, confidence, n_bins=10, strategy="uniform")
    rows = cells(part(page, "bins"))
    held = rows[rows[:, 0] > 0]
    np.testing.assert_allclose(held[:, 1:3], np.column_stack([mean, accuracy]), **TABLE)
    np.testing.assert_allclose(held[:, 3], np.abs(mean - accuracy), **TABLE)
    trace = walked(page, "calibration")
    np.testing.assert_allclose(trace["y"], accuracy, **TABLE)
    error = float(np.average(np.abs(mean - accuracy), weights=held[:, 0]))
    expected = [error, np.abs(mean - accuracy).max(), confidence.mean(), right.mean()]
    assert [metric.value for metric in page.metric] == [f"{value:.4f}" for value in expected]


@pytest.mark.parametrize("figure", ["precision", "recall", "f1", "specificity"])
def test_the_evolution(predictions: Predictions, figure: str) -> None:
    """At every snapshot every class has scikit-learn's value, in the table and in the chart."""
    page = show(predictions, "epochs", figure=figure, **{"class": "4"})
    table = cells(part(page, "snapshots"))
    trace = walked(page, state.EVOLUTION)
    for number in range(3):
        then = predictions_of(predictions.run, number, predictions.split)
        if figure == "specificity":
            expected = [sklearn_metrics.recall_score(then.labels != c, then.predicted != c) for c in CLASSES]
        else:
            score = getattr(sklearn_metrics, f"{figure}_score")
            expected = score(then.labels, then.predicted, labels=CLASSES, average=None, zero_division=np.nan)
        np.testing.assert_allclose(table[number, 1:], expected, **TABLE)
        y = np.nan if trace["y"][number] is None else trace["y"][number]
        np.testing.assert_allclose(y, expected[4], **TABLE)
        assert trace["customdata"][number] == number
