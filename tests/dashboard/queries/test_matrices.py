"""Confusion matrix views, and the tables beside them."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest

from annscope.core.evaluation.curves import averages, calibration
from annscope.core.evaluation.intervals import wilson
from annscope.core.evaluation.metrics import class_metrics
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard.formulas import averages_in_words, formulas
from annscope.dashboard.queries.matrices import difference_view, matrix_view
from annscope.dashboard.queries.tables import bin_rows, class_rows, matrix_rows, pair_rows, rows_csv

CONFUSION = np.array([[2998, 2, 0], [3, 1, 0], [0, 5, 0]])
"""The third class is never predicted."""
NAMES = ("cat", "dog", "owl")


def test_counts_are_written_as_they_are() -> None:
    """Every count is there in full; an empty cell is a dot."""
    assert matrix_view(CONFUSION, "counts").texts == [["2,998", "2", "·"], ["3", "1", "·"], ["·", "5", "·"]]


def test_rows_are_recall_and_columns_precision() -> None:
    """Shares of a row have the recall on the diagonal, those of a column the precision; undefined is n/a."""
    found = class_metrics(CONFUSION)
    rows, columns = matrix_view(CONFUSION, "recall"), matrix_view(CONFUSION, "precision")
    np.testing.assert_allclose(np.diag(rows.numbers), found.recall, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.diag(columns.numbers), found.precision, rtol=0, atol=1e-12)
    assert rows.texts[0] == ["99.9", "0.1", "·"]
    assert [row[2] for row in columns.texts] == ["n/a"] * 3


def test_a_difference_is_of_counts() -> None:
    """Two matrices of the same examples are subtracted; their sum of changes is 0 in every row."""
    other = np.array([[2990, 10, 0], [0, 4, 0], [0, 5, 0]])
    view = difference_view(CONFUSION, other)
    assert view.texts == [["+8", "-8", "·"], ["+3", "-3", "·"], ["·", "·", "·"]]
    np.testing.assert_array_equal(view.numbers.sum(axis=1), 0)
    assert view.top == 8


def test_no_difference_at_all() -> None:
    """A matrix against itself has nothing to colour, and breaks nothing."""
    view = difference_view(CONFUSION, CONFUSION)
    assert {text for row in view.texts for text in row} == {"·"}
    assert view.top > 0


def test_pairs_are_sorted_and_counted() -> None:
    """The most frequent confusion comes first, with its share of the true class and of all mistakes."""
    rows = pair_rows(NAMES, CONFUSION)
    assert [(row["true"], row["predicted"], row["examples"]) for row in rows] == [
        ("owl", "dog", 5),
        ("dog", "cat", 3),
        ("cat", "dog", 2),
    ]
    assert rows[0] == {"pair": "2-1", "true": "owl", "predicted": "dog", "examples": 5,
                       "share_of_true": 1.0, "share_of_true_low": pytest.approx(wilson(5, 5)[0]),
                       "share_of_true_high": 1.0, "share_of_wrong": 0.5}  # fmt: skip
    assert pair_rows(NAMES, np.diag([3, 4, 5])) == []


def test_tables_are_saved_in_full() -> None:
    """A file has the same bits as the table, and nothing where a figure is undefined."""
    labels, predicted = np.repeat(np.arange(9), CONFUSION.ravel()) // 3, np.repeat(np.arange(9), CONFUSION.ravel()) % 3
    predictions = Predictions("run", 0, "test", NAMES, labels, predicted, np.eye(3)[predicted])
    rows = class_rows(predictions)
    read = list(csv.DictReader(io.StringIO(rows_csv(rows))))
    averages_read = ["macro average", "micro average", "weighted average", "macro average, undefined as 0"]
    assert [row["class"] for row in read] == ["owl", "dog", "cat", *averages_read], "the weakest first"
    assert float(read[2]["precision"]) == 2998 / 3001
    assert [float(read[2][f"precision_{end}"]) for end in ("low", "high")] == wilson(2998, 3001).tolist()
    assert (read[0]["precision"], read[0]["precision_low"]) == ("", "")
    assert float(read[4]["f1"]) == 2999 / 3009
    assert list(csv.reader(io.StringIO(rows_csv(matrix_rows(NAMES, CONFUSION)))))[2] == ["dog", "3", "1", "0"]
    bins = bin_rows(calibration(np.array([True]), np.array([0.95])))
    assert (bins[9]["predictions"], bins[9]["accuracy"]) == (1, 1.0)
    assert rows_csv([]) == ""


@pytest.mark.parametrize(
    ("label", "numbers"),
    [
        (0, ["2998}{2998 + 3} = 0.9990", "2998}{2998 + 2} = 0.9993"]),
        (2, [r"0}{0 + 0} = \text{n/a}", "0}{0 + 5} = 0.0000"]),
    ],
)
def test_formulas_show_their_own_numbers(label: int, numbers: list[str]) -> None:
    """Precision and recall stand there as the fraction they are."""
    for text in numbers:
        assert text in formulas(CONFUSION, label)


def test_averages_are_explained_by_their_numbers() -> None:
    """The words end in the same averages as the table, the micro average in the accuracy."""
    words, mean = averages_in_words(CONFUSION), averages(CONFUSION)["f1"]
    assert re.findall(r"= \*\*([0-9.]+)\*\*", words) == [f"{v:.4f}" for v in (mean.macro, mean.weighted, mean.micro)]
    assert "2,999 / 3,009" in words
