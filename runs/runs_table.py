"""The list of runs as a table for the terminal, as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Column, Table

from annscope.runs.catalogue import free_bytes
from annscope.runs.progress import byte_words
from annscope.runs.query import COLUMNS
from annscope.runs.spreadsheet import csv_of
from annscope.runs.summary import RunSummary


def table_of(runs: Iterable[RunSummary]) -> Table:
    """What one looks for first, for a terminal."""
    table = Table(
        "", Column("Run", no_wrap=True), "Status", "Epoch", "Held-out loss", "Accuracy", "Size", "", box=None,
        pad_edge=False,
    )  # fmt: skip
    for about in runs:
        annotations = about.annotations
        why = about.message if about.status in {"unreadable", "unresponsive", "failed", "diverged"} else None
        table.add_row(
            "*" if annotations.starred else "",
            about.run,
            about.status,
            "" if about.epoch is None else f"{about.epoch} / {about.n_epochs}",
            "" if about.loss is None else f"{about.loss:.4f}",
            "" if about.accuracy is None else f"{about.accuracy:.2%}",
            "" if about.n_bytes is None else byte_words(about.n_bytes),
            "  ".join(part for part in (annotations.name, *(f"#{tag}" for tag in annotations.tags), why) if part),
        )
    return table


def total_words(runs: Sequence[RunSummary]) -> str:
    """The space that runs take, and what is left."""
    total = sum(about.n_bytes or 0 for about in runs)
    return f"{byte_words(total)} in total; {byte_words(free_bytes())} free on that disk."


def csv_lines(runs: Iterable[RunSummary]) -> str:
    """Every column of every run, as CSV with a header."""
    rows = [[_cell(column.value(about)) for column in COLUMNS.values()] for about in runs]
    return csv_of([list(COLUMNS), *rows])


def json_of(about: RunSummary) -> dict[str, Any]:
    """A run as JSON values."""
    return asdict(about) | {"directory": str(about.directory)}


def _cell(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, tuple) else value
