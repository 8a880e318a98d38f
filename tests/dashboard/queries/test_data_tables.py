"""Settings name the columns that are meant, whatever the columns are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from annscope.core.config import FIELDS, DataConfig
from annscope.dashboard.queries.data_tables import TREATMENTS, TableView, treated, view_of


@pytest.fixture
def config(tmp_path: Path) -> DataConfig:
    """A table whose columns have names that are numbers, alike but for their case, with blanks or a comma."""
    path = tmp_path / "odd.csv"
    names = ["2", "size", "Size", ' "a, b"', "x y", "label"]
    rows = [f"{i % 5},{i % 3},{i % 7},{i % 4},{i % 6},{'pq'[i % 2]}" for i in range(40)]
    path.write_text("\n".join([",".join(names), *rows]))
    return DataConfig(name=str(path), header=True, label="label")


def roles(view: TableView) -> dict[str, str]:
    """The role of each column, by how settings name it."""
    return {column.reference: column.about.column.role for column in view.columns}


def test_every_column_can_be_left_out_and_taken_back(config: DataConfig) -> None:
    """By its own reference, through the address and back, and no other column with it."""
    references = view_of(config).references
    assert len(set(references)) == len(references)
    for reference in references[:-1]:
        dropped = replace(config, **settings(treated(config, reference, "drop")))
        parsed = FIELDS["drop"].parse(FIELDS["drop"].format(dropped.drop))
        assert parsed == dropped.drop
        found = roles(view_of(dropped))
        assert [name for name, role in found.items() if role == "left out"] == [reference]
        assert not any(treated(dropped, reference, "").values())


@pytest.mark.parametrize("treatment", [each for each in TREATMENTS if each])
def test_one_thing_is_asked_of_a_column_at_a_time(config: DataConfig, treatment: str) -> None:
    """Another treatment replaces the one before; what is asked of other columns stays."""
    both = replace(config, drop=("size",), keep=("x y",))
    after = treated(both, "size", treatment)  # type: ignore[arg-type]
    assert "size" in after[treatment]
    assert sum("size" in names for names in after.values()) == 1
    assert "x y" in after["keep"]


def settings(changed: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Options as the names of settings."""
    return {option.replace("-", "_"): names for option, names in changed.items()}
