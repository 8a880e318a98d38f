"""A run's history as rows of numbers, for a table and for a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from runs.record import Line

COLUMNS = (
    "number", "step", "epoch", "samples_seen", "train_seconds", "learning_rate",
    "train_loss", "train_accuracy", "heldout_loss", "heldout_accuracy",
)  # fmt: skip


def history_rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """One row of `COLUMNS` for each snapshot line; None where a figure was not finite."""
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
