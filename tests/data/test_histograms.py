"""Histograms of columns count every cell that has something in it."""

from __future__ import annotations

from pathlib import Path

from annscope.core.config import DataConfig
from annscope.data.histograms import N_BARS, Histogram, histogram_of
from annscope.data.user_table import plan_of


def histograms(path: Path, lines: list[str]) -> dict[str, Histogram | None]:
    """The histogram of each column of a table."""
    path.write_text("\n".join(lines))
    plan = plan_of(path, DataConfig(name=str(path), label="label"))
    return {column.name: histogram_of(plan.table, column) for column in plan.columns}


def test_each_kind_has_its_bars(tmp_path: Path) -> None:
    """Numbers by range, whole numbers of few values one by one, categories by value; texts have none."""
    lines = ["size,rooms,town,note,label"] + [
        f"{i / 7 if i else ''},{i % 3 + 1},{'ab'[i % 4 == 0]},note {i},{'xy'[i % 2]}" for i in range(60)
    ]
    found = histograms(tmp_path / "a.csv", lines)
    size, rooms, town, label = (found[name] for name in ("size", "rooms", "town", "label"))
    assert size is not None
    assert len(size.counts) == N_BARS
    assert sum(size.counts) == 59
    assert (size.low, size.high) == (1 / 7, 59 / 7)
    assert rooms == Histogram((20, 20, 20), low=1.0, high=3.0)
    assert town == Histogram((45, 15), ("a", "b"))
    assert label == Histogram((30, 30), ("x", "y"))
    assert found["note"] is None
