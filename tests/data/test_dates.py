"""Dates in a table: they are recognised, left out unless they are asked for, and become days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from annscope.core.config import DataConfig
from annscope.data.datasets import load_dataset
from annscope.data.dates import DateForm, date_form, date_of, days
from annscope.data.errors import DataError
from annscope.data.preparation import Preparation
from annscope.data.user_table import describe

N = 120
DAYS = pd.Timestamp("2024-01-02") + pd.to_timedelta(np.arange(N) * 7 % 366, "D")


def written(folder: Path, format: str = "%Y-%m-%d", missing: slice = slice(0, 0)) -> Path:
    frame = pd.DataFrame({"when": DAYS.strftime(format), "x": np.arange(N) * 3 % 11 + 0.5, "kind": ["u", "v"] * 60})
    frame.loc[frame.index[missing], "when"] = "n/a"
    frame.to_csv(folder / "visits.csv", index=False)
    return folder / "visits.csv"


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2024-12-31", "2024-01-02"], "2024-12-31"),
        (["2024-12-31 23:59", "2024-01-02 00:00"], "2024-12-31"),
        (["2024-12-31T23:59:59Z", "2025-01-01T00:30:00+02:00"], "2024-12-31"),
        (["2024-12", "2025-01"], "2024-12-01"),
        (["31.12.2024", "01.02.2024"], "2024-12-31"),
        (["31/12/2024", "01/02/2024"], "2024-12-31"),
        (["12/31/2024", "01/02/2024"], "2024-12-31"),
        (["12/31/99 10:15", "01/02/99 09:00"], "1999-12-31"),
        (["31 Dec 2024", "2 Jan 2024"], "2024-12-31"),
        (["Dec 31, 2024", "Jan 2, 2024"], "2024-12-31"),
    ],
)
def test_usual_forms_of_dates_are_recognised(texts: list[str], first: str) -> None:
    """ISO 8601, and what people write elsewhere where only one reading is possible."""
    form = date_form(texts)
    assert form is not None
    assert not form.is_ambiguous
    assert date_of(days(texts, form)[0]) == first


@pytest.mark.parametrize("text", ["1.2.3", "10-20", "192.168.0.1", "12:30", "A/5 21171", "2024-13-45", "2024-02-30"])
def test_other_texts_are_no_dates(text: str) -> None:
    """Versions, ranges, addresses, times and days that do not exist are not taken for dates."""
    assert date_form([text]) is None


def test_one_text_that_is_no_date_makes_a_column_of_texts() -> None:
    """A date is no guess: all cells must be dates, of one form."""
    assert date_form(["2024-01-02", "soon"]) is None
    assert date_form(["01/02/2024", "03/04/2024"]) == DateForm("%d/%m/%Y", is_ambiguous=True)


@pytest.mark.parametrize("format", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%y %H:%M"])
def test_dates_are_left_out_and_it_is_said(tmp_path: Path, format: str) -> None:
    """A date alone means little to a network: the column table says what it is, and from when to when."""
    found = describe(written(tmp_path, format))
    when = found.columns[0]
    assert (when.column.kind, when.done) == ("date", "left out")
    assert when.column.why == f"dates from 2024-01-02 to {DAYS.max():%Y-%m-%d}"
    assert found.label_names == ("kind",)
    assert f"left out when ({when.column.why}); --keep takes" in " ".join(found.notes)


@pytest.mark.parametrize("option", ["as_number", "keep"])
def test_dates_asked_for_become_days_since_the_first(tmp_path: Path, option: str) -> None:
    """The record keeps how they are written, so that a new date is prepared in the same way."""
    path = written(tmp_path, "%d.%m.%Y", missing=slice(3, 30))
    config = DataConfig(name=str(path), scaling="none", **{option: ("when",)})
    assert describe(path, config).columns[0].done == "days since 2024-01-02, median where missing"
    dataset = load_dataset(config, dtype="float64")
    assert dataset.feature_names == ("when", "when is missing", "x")
    assert "visits.csv: dates became the days since the first in when (2024-01-02)." in dataset.notes
    row = int(dataset.rows["train"][-1])
    assert dataset.x_train[-1, 0] == (DAYS[row] - DAYS[0]).days
    assert dataset.table is not None
    preparation = Preparation.from_dict(dataset.table)
    assert preparation.example({"when": "12.01.2024", "x": 1}).tolist() == [10, 0, 1]
    assert preparation.example({"when": 10, "x": 1}).tolist() == [10, 0, 1]
    with pytest.raises(DataError, match="when must be a date, written as in the table, got 'soon'"):
        preparation.example({"when": "soon", "x": 1})


def test_day_and_month_that_cannot_be_told_apart_are_no_numbers(tmp_path: Path) -> None:
    """They are dates all the same, and are left out; asked for, the sentence says what to do."""
    path = tmp_path / "visits.csv"
    path.write_text("when,x,kind\n" + "01/02/2024,1,u\n03/04/2024,2,v\n" * 20)
    assert describe(path).columns[0].column.why == "dates"
    with pytest.raises(DataError, match="01/02/2024, day and month cannot be told apart: write them as year-month-day"):
        load_dataset(DataConfig(name=str(path), as_number=("when",)))


def test_a_table_that_ends_in_dates_has_its_label_before_them(tmp_path: Path) -> None:
    """Dates are no classes, however few there are, in whatever format the file has them."""
    frame = pd.DataFrame(
        {"x": np.arange(N) * 3 % 11, "risk": np.arange(N) % 3, "month": DAYS.to_period("M").start_time}
    )
    frame.to_parquet(tmp_path / "risks.parquet")
    found = describe(tmp_path / "risks.parquet")
    assert found.label_names == ("risk",)
    assert found.columns[2].column.kind == "date"
