"""The list of runs as a table for the terminal, as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from annscope.runs.catalogue import free_bytes
from annscope.runs.quantities import byte_words
from annscope.runs.query import COLUMNS
from annscope.runs.spreadsheet import csv_of
from annscope.runs.summary import RunSummary

HEADER = ("", "Run", "Status", "Epoch", "Loss", "Accuracy", "Size", "")


def table_lines(runs: Iterable[RunSummary]) -> str:
    """What one looks for first, a line for each run; not by Rich, which takes a second for 2,000 of them."""
    rows = [HEADER, *map(_row, runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(about: RunSummary) -> tuple[str, ...]:
    annotations = about.annotations
    why = about.message if about.status in {"unreadable", "unresponsive", "failed", "diverged"} else None
    words = "  ".join(part for part in (annotations.name, *(f"#{tag}" for tag in annotations.tags), why) if part)
    return (
        "*" if annotations.starred else "",
        _one_line(about.run),
        about.status,
        "" if about.epoch is None else f"{about.epoch} / {about.n_epochs}",
        "" if about.loss is None else f"{about.loss:.4f}",
        "" if about.accuracy is None else f"{about.accuracy:.2%}",
        "" if about.n_bytes is None else byte_words(about.n_bytes),
        _one_line(words),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def total_words(runs: Sequence[RunSummary]) -> str:
    """What the figures are of, the space that runs take, and what is left."""
    total = sum(about.n_bytes or 0 for about in runs)
    return (
        "Losses and accuracies are of held-out examples. "
        f"{byte_words(total)} in total; {byte_words(free_bytes())} free on that disk."
    )


def csv_lines(runs: Iterable[RunSummary]) -> str:
    """Every column of every run, as CSV with a header."""
    rows = [[_cell(column.value(about)) for column in COLUMNS.values()] for about in runs]
    return csv_of([list(COLUMNS), *rows])


def json_of(about: RunSummary) -> dict[str, Any]:
    """A run as JSON values."""
    return {**vars(about), "directory": str(about.directory), "annotations": vars(about.annotations)}


def _cell(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, tuple) else value
