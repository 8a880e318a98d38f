"""Tables: a run's history and the results on Inspect as rows, for the screen and for CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy import ndarray

from annscope.core.evaluation.curves import Averages, Calibration, PrecisionRecallCurve, RocCurve
from annscope.core.evaluation.metrics import ClassMetrics
from annscope.dashboard.queries.evaluations import Predictions
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


def class_rows(
    names: Sequence[str],
    found: ClassMetrics,
    specificity: ndarray,
    averages: Mapping[str, Averages],
    of_samples: Mapping[str, float] | None = None,
) -> list[Row]:
    """The metrics of each class or label, then their averages; `of_samples` are those over the examples."""
    rows: list[Row] = [
        {
            "class": name,
            "precision": found.precision[c],
            "recall": found.recall[c],
            "f1": found.f1[c],
            "specificity": specificity[c],
            "support": int(found.support[c]),
        }
        for c, name in enumerate(names)
    ]
    total = int(found.support.sum())
    for how in ("macro", "micro", "weighted"):
        figures = {name: getattr(averages[name], how) for name in ("precision", "recall", "f1", "specificity")}
        rows.append({"class": f"{how} average"} | figures | {"support": total})
    if of_samples is not None:
        rows.append({"class": "samples average", **of_samples, "specificity": float("nan"), "support": total})
    return rows


def pair_rows(names: Sequence[str], confusion: ndarray) -> list[Row]:
    """Every pair of confused classes, the most frequent first; `pair` is its selection."""
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    n_wrong, support = int(wrong.sum()), confusion.sum(axis=1)
    order = np.argsort(-wrong, axis=None, kind="stable")[: np.count_nonzero(wrong)]
    return [
        {
            "pair": f"{i}-{j}",
            "true": names[i],
            "predicted": names[j],
            "examples": int(wrong[i, j]),
            "share_of_true": float(wrong[i, j] / support[i]),
            "share_of_wrong": float(wrong[i, j] / n_wrong),
        }
        for i, j in (divmod(int(place), len(names)) for place in order)
    ]


def area_rows(
    names: Sequence[str],
    roc: tuple[ndarray, Averages],
    precision: tuple[ndarray, Averages],
    support: ndarray,
) -> list[Row]:
    """The areas under the curves of each class, then their three averages."""

    def row(name: str, area: float, average_precision: float, count: int) -> Row:
        figures = {"area_under_roc": float(area), "average_precision": float(average_precision)}
        return {"class": name} | figures | {"support": int(count)}

    rows = [row(name, roc[0][c], precision[0][c], support[c]) for c, name in enumerate(names)]
    total = int(support.sum())
    return rows + [
        row(f"{how} average", getattr(roc[1], how), getattr(precision[1], how), total)
        for how in ("macro", "micro", "weighted")
    ]


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
            "gap": float(abs(found.accuracy[b] - found.confidence[b])),
        }
        for b in range(len(found.count))
    ]


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


def example_rows(predictions: Predictions, places: ndarray, rows: Rows | None = None) -> list[Row]:
    """One row for each of these examples: true class, predicted class, all probabilities, and its cells in `rows`.

    A column that is called as another one before it gets a number.
    """
    names = predictions.class_names
    columns = () if rows is None else rows.names
    head = unique_names(("sample", "true", "predicted", *(f"p {name}" for name in names), *columns))

    def words(label: ndarray) -> str:
        return "; ".join(compress(names, label)) if predictions.is_multilabel else names[label]

    return [
        dict(
            zip(
                head,
                (
                    int(i),
                    words(predictions.labels[i]),
                    words(predictions.predicted[i]),
                    *predictions.probabilities[i].astype(float).tolist(),
                    *([] if rows is None else rows.texts(predictions.split, int(i))),
                ),
                strict=True,
            )
        )
        for i in places
    ]
