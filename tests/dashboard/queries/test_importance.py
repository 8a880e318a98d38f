"""Permutation importance of a table's columns, on a split of a run's data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annscope.dashboard.figures.importance import importance_figure
from annscope.dashboard.queries import importance
from annscope.dashboard.queries.caches import clear_caches
from annscope.dashboard.queries.evaluations import DerivedError, predict, predictions_of
from annscope.dashboard.queries.examples import rows_of
from annscope.dashboard.queries.importance import N_REPEATS, SEED, importances_of
from annscope.dashboard.queries.tables import importance_rows
from annscope.dashboard.views.importance import words
from annscope.runs.reader import RunReader
from tests.records import train_run
from tests.tables import mixed_config


@pytest.fixture
def reader(tmp_path: Path) -> RunReader:
    return train_run(data=mixed_config(tmp_path).name, label="survived", hidden=(8,), epochs=40)


def test_shuffling_a_column_of_the_table_drops_the_accuracy_by_its_importance(reader: RunReader) -> None:
    """The original columns are shuffled, before the preparation; the one that matters most comes first."""
    found = importances_of(reader.run, 40, "validation")
    assert found.names == ("age", "fare", "port", "alone")
    assert found.baseline == predictions_of(reader.run, 40, "validation").accuracy
    assert found.names[found.order[0]] in {"fare", "alone"}
    rows = rows_of(reader.run)
    table, y = rows.of("validation", np.arange(found.n_in_split)), rows.dataset.y_val
    rng = np.random.default_rng(SEED)
    rng.choice(len(y), len(y), replace=False)
    orders = [rng.permutation(len(y)) for _ in range(N_REPEATS)]
    for k in range(4):
        for r, order in enumerate(orders):
            shuffled = table.copy()
            shuffled[:, k] = table[order, k]
            x = rows.preparation.apply(shuffled, np.arange(len(y)), "float32")
            accuracy = (predict(reader.network(40), x)[0] == y).mean()
            assert found.drops[k, r] == pytest.approx(found.baseline - accuracy, abs=1e-12)


def test_the_bars_and_the_file_have_the_means_and_deviations_sorted(reader: RunReader) -> None:
    """The most important column comes first, with its whisker; a file has every repeat."""
    found = importances_of(reader.run, 40, "test")
    bars = importance_figure(found, accuracy="accuracy", dark=False).data[0]
    rows = importance_rows(found)
    assert list(bars.x) == sorted(found.means, reverse=True) == [row["importance"] for row in rows]
    assert list(bars.error_x.array) == [row["standard_deviation"] for row in rows]
    assert [row["repeat_1"] for row in rows] == found.drops[found.order, 0].tolist()
    assert rows[0]["column"] in bars.text[0]


def test_a_sample_is_said_and_what_would_take_too_long_is_refused(
    reader: RunReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large split, examples are drawn; where too few could be, one sentence says what to do."""
    monkeypatch.setattr(importance, "MAX_EXAMPLES", 60)
    found = importances_of(reader.run, 40, "train")
    assert (found.n_examples, found.n_in_split) == (60, 130)
    assert "among 60 of the 130 train examples, 10 times (seed 0)" in words(found, "train", "accuracy")
    clear_caches()
    monkeypatch.setattr(importance, "MAX_PRODUCTS", 1.0)
    with pytest.raises(DerivedError, match="Shuffling each of 4 columns would take a network of 80 weights too long"):
        importances_of(reader.run, 40, "train")
