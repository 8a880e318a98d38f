"""How the values of a column are spread, in a few bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annscope.data.columns import Column, is_number, plain, without_marks
from annscope.data.table import Table

N_BARS = 24


@dataclass(frozen=True)
class Histogram:
    """The number of cells in each bar.

    For a category, `names` are the values, most frequent first; else the bars divide `low` to `high` evenly.
    """

    counts: tuple[int, ...]
    names: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def histogram_of(table: Table, column: Column) -> Histogram | None:
    """The histogram of a column; None for an empty one, for dates and for texts that are nearly all different."""
    if column.kind in {"empty", "date", "text", "identifier", "row number"}:
        return None
    cells = table.column(column.index)
    if not is_number(table, column.index) or column.kind == "category":
        texts = cells.dropna().map(plain) if is_number(table, column.index) else without_marks(cells).dropna()
        counts = texts.astype(str).value_counts().head(N_BARS)
        return Histogram(tuple(counts.tolist()), tuple(map(str, counts.index)))
    values = cells.to_numpy()
    values = values[np.isfinite(values)].astype(np.float64)
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    is_whole = bool((values == np.floor(values)).all())
    n_bars = int(min(N_BARS, high - low + 1)) if is_whole else N_BARS
    edge = 0.5 if is_whole and n_bars == high - low + 1 else 0.0
    bars = np.histogram(values, bins=n_bars, range=(low - edge, high + edge))[0]
    return Histogram(tuple(bars.tolist()), low=low, high=high)
