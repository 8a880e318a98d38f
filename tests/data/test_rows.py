"""Examples as rows of their source: the original columns, in their units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from annscope.core.config import DataConfig
from annscope.core.dataset import SPLITS
from annscope.data.datasets import dataset_from, load_examples
from annscope.data.errors import DataError
from annscope.data.rows import Rows, rows_behind
from annscope.data.user_table import rows_of
from tests.tables import mixed_config


def rows_from(path: Path) -> Rows:
    config = mixed_config(path)
    examples = load_examples(config)
    dataset = dataset_from(examples, config)
    return rows_behind(examples, dataset, json.loads(json.dumps(dataset.table)))


def test_a_row_is_what_stands_in_the_file(tmp_path: Path) -> None:
    """Numbers in their units, categories by their text, True and False, and nothing where nothing stands."""
    rows = rows_from(tmp_path)
    assert rows.names == ("age", "fare", "port", "alone")
    for split in SPLITS:
        numbers = rows.dataset.rows[split].tolist()
        file = rows_of(tmp_path / "mixed.csv", mixed_config(tmp_path), numbers)
        for place, cells in enumerate(file):
            age, fare, port, alone = rows.texts(split, place)
            assert (age, fare) == tuple(None if cells[name] is None else float(cells[name]) for name in ("age", "fare"))
            assert (port, alone) == (cells["port"], cells["alone"])


def test_each_column_is_described_by_its_training_values(tmp_path: Path) -> None:
    """The range and the median of numbers, the most frequent category, and what may be missing."""
    rows = rows_from(tmp_path)
    age, fare, port, alone = json.loads(json.dumps(rows.describe()))
    train = rows.of("train", np.arange(len(rows.dataset.y_train)))
    assert (age["low"], age["high"]) == (np.nanmin(train[:, 0]), np.nanmax(train[:, 0]))
    assert age["is_whole"]
    assert age["typical"] == age["typical"] // 1
    assert fare["typical"] == pytest.approx(np.median(train[:, 1]))
    assert [each["may_be_missing"] for each in (age, fare, port, alone)] == [True, False, True, False]
    assert port["values"][int(port["typical"])] == "Cherbourg"
    assert (alone["values"], alone["typical"]) == (["False", "True"], 0)


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    """Rows are not shown by a preparation that is not the one the network learned with."""
    config = mixed_config(tmp_path)
    examples = load_examples(config)
    dataset = dataset_from(examples, config)
    table = json.loads(json.dumps(dataset.table))
    with pytest.raises(DataError, match="damaged"):
        rows_behind(examples, dataset, {**table, "columns": [{"name": "age"}]})
    with pytest.raises(DataError, match="makes other inputs"):
        rows_behind(examples, dataset, {**table, "columns": table["columns"][:2]})


def test_data_that_is_no_table_has_a_column_for_each_feature(tmp_path: Path) -> None:
    """Of an array the rows are its numbers before scaling."""
    rng = np.random.default_rng(0)
    x = rng.normal(50, 20, (60, 5))
    np.savez(tmp_path / "arrays.npz", x=x, y=np.arange(60) % 2)
    config = DataConfig(name=str(tmp_path / "arrays.npz"))
    examples = load_examples(config)
    dataset = dataset_from(examples, config)
    rows = rows_behind(examples, dataset, None)
    assert rows.names == ("x1", "x2", "x3", "x4", "x5")
    every = np.concatenate([rows.of(name, np.arange(len(dataset.split(name)[1]))) for name in SPLITS])
    np.testing.assert_allclose(np.sort(every, axis=0), np.sort(x, axis=0), rtol=1e-5)
