"""The history of a run as a table and as a file."""

import csv
import io
from typing import Any

from annscope.dashboard.queries.tables import COLUMNS, history_csv, history_rows

LINES: list[dict[str, Any]] = [
    {
        "type": "snapshot", "number": n, "step": 10 * n, "epoch": n, "samples_seen": 160 * n, "train_seconds": n / 3,
        "learning_rate": 0.1, "train": {"loss": 1 / (n + 3), "accuracy": 0.5}, "layers": [],
        "heldout": {"loss": None if n else 2.0, "accuracy": 0.25},
    }
    for n in range(2)
]  # fmt: skip


def test_a_row_has_every_figure_of_a_snapshot() -> None:
    """The table shows what was recorded, and nothing where a loss was not finite."""
    first, second = history_rows(LINES)
    assert tuple(first) == COLUMNS
    assert (first["train_loss"], first["heldout_loss"], first["heldout_accuracy"]) == (1 / 3, 2.0, 0.25)
    assert second["heldout_loss"] is None


def test_the_file_holds_the_same_bits() -> None:
    """Reading the CSV gives exactly the recorded numbers."""
    rows = list(csv.DictReader(io.StringIO(history_csv(LINES))))
    assert [float(row["train_loss"]) for row in rows] == [1 / 3, 1 / 4]
    assert rows[1]["heldout_loss"] == ""
    assert list(rows[0]) == list(COLUMNS)
