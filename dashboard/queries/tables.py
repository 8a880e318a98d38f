"""Tables: a run's history and the results on Inspect as rows, for the screen and for CSV files."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy import ndarray

from annscope.core.evaluation.comparison import Comparison
from annscope.core.evaluation.curves import Calibration, PrecisionRecallCurve, RocCurve, macro_with_zeros
from annscope.core.evaluation.intervals import wilson
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard.queries.evaluations import dataset_of
from annscope.dashboard.queries.importance import Importances
from annscope.data.rows import Rows
from annscope.data.table import unique_names
from annscope.runs.record import Line
from annscope.runs.spreadsheet import csv_of

Row = dict[str, Any]

COLUMNS = (
    "number", "step", "epoch", "samples_seen", "train_seconds", "learning_rate",
    "train_loss", "train_accuracy", "heldout_loss", "heldout_accuracy",
)  # fmt: skip


def history_rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """One row of `COLUMNS` for each snapshot line; None for non-finite values."""
    return [
        {
            **{name: line.get(name) for name in COLUMNS[:6]},
            **{f"{split}_{figure}": line[split][figure] for split in ("train", "heldout") for figure in line[split]},
        }
        for line in lines
    ]


def history_csv(lines: Iterable[Line]) -> str:
    """The same as CSV text with a header; every float in full, so that reading it gives the same bits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history_rows(lines))
    return text.getvalue()


def rows_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV text with a header, every float in full; empty where a value is undefined."""
    return csv_of([list(rows[0]), *(row.values() for row in rows)]) if rows else ""


def matrix_rows(names: Sequence[str], numbers: ndarray) -> list[Row]:
    """One row for each true class, with a column for each predicted one."""
    return [
        {"true": name} | {f"predicted {other}": number for other, number in zip(names, row, strict=True)}
        for name, row in zip(names, numbers.tolist(), strict=True)
    ]


def label_rows(names: Sequence[str], confusion: ndarray) -> list[Row]:
    """One row for each label, with its four counts."""
    return [
        {"label": name, "true_negatives": tn, "false_positives": fp, "false_negatives": fn, "true_positives": tp}
        for name, ((tn, fp), (fn, tp)) in zip(names, confusion.tolist(), strict=True)
    ]


FIGURES = ("precision", "recall", "f1", "specificity")


def class_rows(predictions: Predictions) -> list[Row]:
    """The figures of each class or label with their intervals, the lowest recall first, then the averages."""
    found = predictions.classes
    values = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    values["specificity"] = predictions.specificity
    rows: list[Row] = [
        {"class": predictions.class_names[c]}
        | _with_intervals({name: (float(values[name][c]), predictions.intervals[name][c]) for name in FIGURES})
        | {"support": int(found.support[c])}
        for c in predictions.weakest_first
    ]
    total = int(found.support.sum())
    for how in ("macro", "micro", "weighted"):
        figures = {
            name: (float(getattr(predictions.averages[name], how)), predictions.average_intervals[name][how])
            for name in FIGURES
        }
        rows.append({"class": f"{how} average"} | _with_intervals(figures) | {"support": total})
    zeros = macro_with_zeros(predictions.confusion) | {"specificity": math.nan}
    with_zeros = {name: (zeros[name], UNKNOWN) for name in FIGURES}
    rows.append({"class": "macro average, undefined as 0"} | _with_intervals(with_zeros) | {"support": total})
    if predictions.is_multilabel:
        of_samples = {name: (predictions.sample_averages.get(name, math.nan), UNKNOWN) for name in FIGURES}
        rows.append({"class": "samples average"} | _with_intervals(of_samples) | {"support": total})
    return rows


UNKNOWN = np.full(2, np.nan)


def _with_intervals(figures: Mapping[str, tuple[float, ndarray]]) -> Row:
    """Each figure, followed by the ends of its interval in columns of their own."""
    return {
        column: cell
        for name, (value, interval) in figures.items()
        for column, cell in (
            (name, value), (f"{name}_low", float(interval[0])), (f"{name}_high", float(interval[1])),
        )
    }  # fmt: skip


def pair_rows(names: Sequence[str], confusion: ndarray) -> list[Row]:
    """Every pair of confused classes, the most frequent first; `pair` is its selection."""
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    n_wrong, support = int(wrong.sum()), confusion.sum(axis=1)
    intervals = wilson(wrong, np.broadcast_to(support[:, None], wrong.shape))
    order = np.argsort(-wrong, axis=None, kind="stable")[: np.count_nonzero(wrong)]
    return [
        {
            "pair": f"{i}-{j}",
            "true": names[i],
            "predicted": names[j],
            "examples": int(wrong[i, j]),
            "share_of_true": float(wrong[i, j] / support[i]),
            "share_of_true_low": float(intervals[i, j, 0]),
            "share_of_true_high": float(intervals[i, j, 1]),
            "share_of_wrong": float(wrong[i, j] / n_wrong),
        }
        for i, j in (divmod(int(place), len(names)) for place in order)
    ]


def area_rows(predictions: Predictions) -> list[Row]:
    """The areas under the curves of each class with their intervals, then their three averages."""
    roc, roc_means = predictions.roc_areas
    precision, precision_means = predictions.average_precisions

    def row(name: str, areas: tuple[float, float], intervals: tuple[ndarray, ndarray], count: int) -> Row:
        figures = dict(zip(("area_under_roc", "average_precision"), zip(areas, intervals, strict=True), strict=True))
        return {"class": name} | _with_intervals(figures) | {"support": count}

    support = predictions.classes.support
    rows = [
        row(name, (float(roc[c]), float(precision[c])), predictions.area_intervals(c), int(support[c]))
        for c, name in enumerate(predictions.class_names)
    ]
    for how in ("macro", "micro", "weighted"):
        means = float(getattr(roc_means, how)), float(getattr(precision_means, how))
        intervals = predictions.area_average_intervals.get(how, (UNKNOWN, UNKNOWN))
        rows.append(row(f"{how} average", means, intervals, int(support.sum())))
    return rows


def curve_rows(
    names: Sequence[str], roc: Sequence[RocCurve], precision_recall: Sequence[PrecisionRecallCurve]
) -> list[Row]:
    """Every point of the curves of every class; the two curves of a class have the same thresholds."""
    return [
        {
            "class": name,
            "threshold": float(threshold),
            "false_positive_rate": float(false_positive_rate),
            "recall": float(recall),
            "precision": float(precision),
        }
        for name, rates, curve in zip(names, roc, precision_recall, strict=True)
        for threshold, false_positive_rate, recall, precision in zip(
            rates.thresholds, rates.false_positive_rate, curve.recall, curve.precision, strict=True
        )
    ]


def bin_rows(found: Calibration) -> list[Row]:
    """One row for each bin of a calibration curve."""
    return [
        {
            "above": float(found.edges[b]),
            "at_most": float(found.edges[b + 1]),
            "predictions": int(found.count[b]),
            "mean_confidence": float(found.confidence[b]),
            "accuracy": float(found.accuracy[b]),
            "accuracy_low": float(found.intervals[b, 0]),
            "accuracy_high": float(found.intervals[b, 1]),
            "gap": float(abs(found.accuracy[b] - found.confidence[b])),
        }
        for b in range(len(found.count))
    ]


def comparison_rows(compared: Comparison) -> list[Row]:
    """For each class or label, how many examples two networks predict correctly, and McNemar's test."""
    rows: list[Row] = []
    for label, name in enumerate(compared.first.class_names):
        found = compared.paired(label)
        rows.append(
            {
                "class": name, "examples": found.n, "fixed": found.only_second, "broken": found.only_first,
                "bothwrong": found.both_wrong, "bothright": found.both_right,
                "difference": found.difference, "difference_low": float(found.interval[0]),
                "difference_high": float(found.interval[1]), "p_mcnemar": found.p_value,
            }
        )  # fmt: skip
    return rows


def evolution_rows(names: Sequence[str], unit: str, at: Sequence[int], values: ndarray) -> list[Row]:
    """One row for each snapshot, with a column for each class."""
    return [
        {unit: time} | {name: float(value) for name, value in zip(names, row, strict=True)}
        for time, row in zip(at, values, strict=True)
    ]


def importance_rows(found: Importances) -> list[Row]:
    """One row for each column, the most important one first, with the drop of the accuracy in each repeat."""
    return [
        {
            "column": found.names[k],
            "importance": float(found.means[k]),
            "standard_deviation": float(found.deviations[k]),
            "examples": found.n_examples,
        }
        | {f"repeat_{r + 1}": float(drop) for r, drop in enumerate(found.drops[k])}
        for k in found.order
    ]


def example_rows(
    predictions: Predictions, places: ndarray, rows: Rows | None = None, compared: Comparison | None = None
) -> list[Row]:
    """One row for each of these examples: its source, true and predicted class, all probabilities, its cells in `rows`.

    Of a comparison also what the other network predicts. The source is its file or its row, where the data has any;
    images have their pixels in that file. A column that is called as another one before it gets a number.
    """
    names, split, source = predictions.class_names, predictions.split, dataset_of(predictions.run).source
    columns = () if rows is None else rows.names
    by_other = () if compared is None else ("predicted by B",)
    probabilities = (f"p {name}" for name in names)
    head = unique_names(("sample", "source", "true", "predicted", *by_other, *probabilities, *columns))

    def words(label: ndarray) -> str:
        return "; ".join(compress(names, label)) if predictions.is_multilabel else names[label]

    return [
        dict(
            zip(
                head,
                (
                    int(i),
                    source(split, int(i)),
                    words(predictions.labels[i]),
                    words(predictions.predicted[i]),
                    *([] if compared is None else [words(compared.second.predicted[i])]),
                    *predictions.probabilities[i].astype(float).tolist(),
                    *([] if rows is None else rows.texts(predictions.split, int(i))),
                ),
                strict=True,
            )
        )
        for i in places
    ]
