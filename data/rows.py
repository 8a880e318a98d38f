"""Examples as rows of their source: every original column with its value, in its own units, before the preparation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.dataset import SPLITS, Dataset
from annscope.data.columns import Column
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.preparation import Encoding, Preparation
from annscope.data.scaling import Scaler

Cell = float | None
"""A number, the code of a category, or None for a missing value."""


@dataclass(frozen=True)
class Span:
    """What the training examples have in one column: the range of its numbers, and a typical value.

    `typical` is the median of a number, the more frequent one of True and False, and the most frequent category (its
    code; None if nothing is in the column). `is_whole` says whether all numbers are whole.
    """

    low: float
    high: float
    typical: Cell
    is_whole: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows behind the examples of a data set, and the preparation that makes a network's inputs of them.

    `source` has a number a column for each example of a split, as `Examples.x`; it is empty for data that is no table,
    whose rows follow from the inputs.
    """

    preparation: Preparation
    dataset: Dataset
    source: Mapping[str, Float[ndarray, "n n_columns"]]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.preparation.columns)

    def of(self, split: str, places: Sequence[int] | ndarray) -> Float[ndarray, "n n_columns"]:
        """The rows of these examples of a split, with NaN for what is missing."""
        if split in self.source:
            return self.source[split][places]
        scaler = self.preparation.scaler
        raw: ndarray = self.dataset.split(split)[0][places].astype(np.float64) * scaler.divisor + scaler.offset
        return raw

    def cells(self, split: str, places: Sequence[int] | ndarray) -> list[list[Cell]]:
        """The same rows as values for JSON."""
        return [[None if value != value else value for value in row] for row in self.of(split, places).tolist()]

    def texts(self, split: str, place: int) -> list[str | float | None]:
        """One row as it is shown: numbers in their units, categories by name, None for what is missing."""
        columns = self.preparation.columns
        return [
            value if value is None or not column.values else named_values(column)[int(value)]
            for column, value in zip(columns, self.cells(split, [place])[0], strict=True)
        ]

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """What the training examples have in each column."""
        rows = self.of("train", slice(None))  # type: ignore[arg-type]
        columns = zip(self.preparation.columns, self.preparation.encodings, rows.T, strict=True)
        return tuple(_span(column, encoding, values[~np.isnan(values)]) for column, encoding, values in columns)

    def describe(self) -> list[dict[str, Any]]:
        """Each column with what a page needs to show its cells, to choose others, and to prepare them, as JSON values.

        `values` are the texts of a category or of False and True, `categories` the codes that have an input.
        """
        return [
            {
                "name": column.name,
                "kind": column.kind,
                "values": list(named_values(column)),
                "categories": list(encoding.categories),
                "median": encoding.median,
                "says_missing": encoding.says_missing,
                "may_be_missing": encoding.median is not None or None in encoding.categories or column.n_missing > 0,
                "low": span.low,
                "high": span.high,
                "typical": span.typical,
                "is_whole": span.is_whole,
            }
            for column, encoding, span in zip(
                self.preparation.columns, self.preparation.encodings, self.spans, strict=True
            )
        ]


def rows_behind(examples: Examples, dataset: Dataset, recorded: Mapping[str, Any] | None) -> Rows:
    """The rows behind a data set that was made of these examples; `recorded` is what the run's record says of a table.

    Raises DataError if the record's preparation is damaged or makes other inputs.
    """
    if examples.columns and examples.rows is not None and recorded is not None:
        try:
            preparation = Preparation.from_dict(recorded)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the record of how the table was prepared is damaged ({error!r})") from error
        if preparation.feature_names != dataset.feature_names and dataset.feature_names:
            raise DataError("the record of how the table was prepared makes other inputs than the data now has")
        places = {name: np.searchsorted(examples.rows, dataset.rows[name]) for name in SPLITS}
        return Rows(preparation, dataset, {name: examples.x[chosen] for name, chosen in places.items()})
    names = dataset.feature_names or tuple(f"x{i + 1}" for i in range(dataset.n_features))
    columns = tuple(Column(i + 1, name, "number", "feature", "", 0) for i, name in enumerate(names))
    ones = np.ones(dataset.n_features)
    scaler = Scaler(dataset.offset * ones, dataset.divisor * ones)
    return Rows(Preparation(columns, (Encoding(),) * len(columns), scaler), dataset, {})


def named_values(column: Column) -> tuple[str, ...]:
    """The texts of a column by their numbers: those of a category, or those of False and True; none of a number."""
    if column.kind != "boolean":
        return column.values
    texts = {value.lower(): value for value in reversed(column.values)}
    return texts.get("false", "False"), texts.get("true", "True")


def _span(column: Column, encoding: Encoding, present: Float[ndarray, " n_present"]) -> Span:
    if not len(present):
        return Span(0.0, 0.0, None if column.kind == "category" else encoding.median, is_whole=False)
    low, high, middle = float(present.min()), float(present.max()), float(np.median(present))
    if column.kind == "category":
        return Span(low, high, float(np.bincount(present.astype(np.int64)).argmax()), is_whole=True)
    is_whole = bool((present == np.floor(present)).all())
    return Span(low, high, float(np.floor(middle + 0.5)) if is_whole else middle, is_whole)
