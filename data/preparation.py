"""How examples become the input of a network: fitted on the training split alone, kept as plain values.

The columns of a table are encoded by scikit-learn's `ColumnTransformer`: a missing number becomes the median of the
training split, with a column that says so where many are missing; a category becomes a column of 0 and 1 for each of
its values (one-hot), a missing one among them. Then everything is scaled (`data.scaling`), except what is 0 or 1.

`to_dict` is what a record keeps; `from_dict` makes the same preparation of it, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.data.columns import Column
from annscope.data.dates import DateForm, days
from annscope.data.errors import DataError
from annscope.data.examples import Examples, Features
from annscope.data.scaling import Scaler, fit_scaler

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer

MANY_MISSING = 0.05
"""From this share of the training examples on, a column says where a number is missing."""
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Encoding:
    """How the cells of one column become features; empty for a number that is taken as it stands.

    `median` replaces a missing number, and `says_missing` adds a column for it. `categories` are the codes of the
    values that have a column, None for a missing one.
    """

    median: float | None = None
    says_missing: bool = False
    categories: tuple[int | None, ...] = ()

    def names(self, column: Column) -> list[str]:
        """The names of the features."""
        if column.kind == "category":
            return [
                f"{column.name} is missing" if code is None else f"{column.name} = {column.values[code]}"
                for code in self.categories
            ]
        return [column.name, *[f"{column.name} is missing"] * self.says_missing]

    def flags(self, column: Column) -> list[bool]:
        """Which of the features are 0 or 1 by themselves."""
        if column.kind == "category":
            return [True] * len(self.categories)
        return [column.kind == "boolean", *[True] * self.says_missing]


@dataclass(frozen=True, eq=False)
class Preparation:
    """The columns of a table with their encodings, none for data that is no table, and the scaler of the features."""

    columns: tuple[Column, ...]
    encodings: tuple[Encoding, ...]
    scaler: Scaler

    @property
    def feature_names(self) -> tuple[str, ...]:
        pairs = zip(self.columns, self.encodings, strict=True)
        return tuple(name for column, encoding in pairs for name in encoding.names(column))

    @property
    def groups(self) -> tuple[slice, ...]:
        """The places of the features that each column becomes."""
        widths = [len(each.names(column)) for column, each in zip(self.columns, self.encodings, strict=True)]
        ends = np.cumsum(widths).tolist()
        return tuple(slice(end - width, end) for width, end in zip(widths, ends, strict=True))

    def apply(self, x: Features, rows: Int[ndarray, " n_rows"], dtype: str) -> Float[ndarray, "n_rows n_features"]:
        """The chosen rows, encoded and scaled in float64 and rounded once to `dtype`; C-contiguous."""
        if not self.is_encoded:
            return self.scaler.apply(x, rows, dtype)
        made = np.empty((len(rows), len(self.feature_names)), dtype)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            encoded = self.encode(x[rows[start : start + _ROWS_AT_ONCE]])
            made[start : start + _ROWS_AT_ONCE] = self.scaler.apply(encoded, np.arange(len(encoded)), dtype)
        return made

    @property
    def is_encoded(self) -> bool:
        """Whether any feature is not a number as it stands."""
        return any(encoding != Encoding() for encoding in self.encodings)

    def encode(self, x: Float[ndarray, "n n_columns"] | ndarray) -> Float[ndarray, "n n_features"]:
        """Features in the units of the table, before scaling, from a number a column (`Examples.x`)."""
        if not self.is_encoded:
            return x.astype(np.float64)
        encoded: Float[ndarray, "n n_features"] = self._transformer.transform(x)[:, self._order]
        return encoded

    def example(self, cells: Mapping[str, Any]) -> Float[ndarray, " n_features"]:
        """The input of a network for a new example, from its cells by the names of the columns; None is missing.

        A value that a category has not has none of its columns. Raises DataError for a column that is missing
        although it never was, and for a number that is none.
        """
        row = np.array([[self._number(column, cells.get(column.name)) for column in self.columns]])
        for column, encoding, value in zip(self.columns, self.encodings, row[0], strict=True):
            if column.kind != "category" and encoding.median is None and np.isnan(value):
                raise DataError(f"{column.name} is missing, and it was in no example of the table")
        prepared: Float[ndarray, " n_features"] = self.scaler.apply(self.encode(row), np.arange(1), "float64")[0]
        return prepared

    @staticmethod
    def _number(column: Column, cell: Any) -> float:
        if cell is None or cell != cell:
            return np.nan
        if column.kind == "category":
            return float(column.values.index(str(cell))) if str(cell) in column.values else -1.0
        if column.kind == "boolean":
            return float(str(cell).lower() in {"true", "1", "1.0"})
        try:
            return float(cell)
        except (TypeError, ValueError):
            day = days([str(cell)], DateForm(column.date_format))[0] if column.date_format else np.nan
            if not np.isnan(day):
                return float(day - column.first_day)
            if column.date_format:
                raise DataError(f"{column.name} must be a date, written as in the table, got {cell!r}") from None
            raise DataError(f"{column.name} must be a number, got {cell!r}") from None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `from_dict` is its inverse."""
        return {
            "columns": [
                {**asdict(column), **asdict(encoding)}
                for column, encoding in zip(self.columns, self.encodings, strict=True)
            ],
            "offset": np.asarray(self.scaler.offset, np.float64).tolist(),
            "divisor": np.asarray(self.scaler.divisor, np.float64).tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """Make the preparation that a record keeps. Raises KeyError or TypeError for values that are none."""
        columns, encodings = [], []
        for given in values["columns"]:
            own = dict(given)
            encodings.append(Encoding(own.pop("median"), own.pop("says_missing"), tuple(own.pop("categories"))))
            columns.append(Column(**{**own, "values": tuple(own["values"])}))
        ends = (values[name] for name in ("offset", "divisor"))
        offset, divisor = (np.array(end) if isinstance(end, list) else end for end in ends)
        return cls(tuple(columns), tuple(encodings), Scaler(offset, divisor))

    # The transformer of scikit-learn with these medians and categories: fitted on a row that has them.

    @cached_property
    def _transformer(self) -> ColumnTransformer:
        row = [_as_float(each.categories[0]) if each.categories else each.median or 0.0 for each in self.encodings]
        return _transformer(self.encodings).fit(np.array([row]))

    @cached_property
    def _order(self) -> list[int]:
        """Where the features of each column stand in what the transformer gives, part by part."""
        places: list[list[int]] = [[] for _ in self.encodings]
        parts = (_plain, _with_median, _marked, _categories)
        n = 0
        for part in parts:
            for k in part(self.encodings):
                width = len(self.encodings[k].categories) if part is _categories else 1
                places[k] += range(n, n + width)
                n += width
        return [place for column in places for place in column]


def fit_preparation(scaling: str, examples: Examples, rows: Int[ndarray, " n_rows"]) -> Preparation:
    """Fit the preparation on the training rows; `scaling` as in `data.scaling.fit_scaler`."""
    encodings = _fit_encodings(examples.columns, examples.x, rows)
    preparation = Preparation(examples.columns, encodings, Scaler(0.0, 1.0))
    if not preparation.is_encoded:
        scaler = fit_scaler(scaling, examples, rows)
    else:
        encoded = preparation.encode(examples.x[rows])
        scaler = fit_scaler(scaling, replace(examples, x=encoded), np.arange(len(rows)))
    flags = [flag for column, each in zip(examples.columns, encodings, strict=True) for flag in each.flags(column)]
    if any(flags):
        scaler = Scaler(np.where(flags, 0.0, scaler.offset), np.where(flags, 1.0, scaler.divisor))
    return replace(preparation, scaler=scaler)


def _fit_encodings(columns: Sequence[Column], x: Features, rows: Int[ndarray, " n_rows"]) -> tuple[Encoding, ...]:
    """Medians and categories of the training rows, as scikit-learn finds them."""
    if all(column.kind != "category" and not column.n_missing for column in columns):
        return (Encoding(),) * len(columns)
    train = x[rows]
    shares = np.isnan(train).mean(axis=0)
    wanted = tuple(
        Encoding(categories=(0,))
        if column.kind == "category"
        else Encoding(0.0, bool(share >= MANY_MISSING))
        if column.n_missing
        else Encoding()
        for column, share in zip(columns, shares, strict=True)
    )
    fitted = _transformer(wanted, "auto").fit(train)
    encodings = list(wanted)
    if _with_median(wanted):
        for k, median in zip(_with_median(wanted), fitted.named_transformers_["medians"].statistics_, strict=True):
            encodings[k] = replace(encodings[k], median=float(median))
    if _categories(wanted):
        for k, codes in zip(_categories(wanted), fitted.named_transformers_["categories"].categories_, strict=True):
            encodings[k] = Encoding(categories=tuple(None if np.isnan(code) else int(code) for code in codes))
    return tuple(encodings)


def _plain(encodings: Sequence[Encoding]) -> list[int]:
    return [k for k, each in enumerate(encodings) if each.median is None and not each.categories]


def _with_median(encodings: Sequence[Encoding]) -> list[int]:
    return [k for k, each in enumerate(encodings) if each.median is not None]


def _marked(encodings: Sequence[Encoding]) -> list[int]:
    return [k for k, each in enumerate(encodings) if each.says_missing]


def _categories(encodings: Sequence[Encoding]) -> list[int]:
    return [k for k, each in enumerate(encodings) if each.categories]


def _transformer(encodings: Sequence[Encoding], categories: str | None = None) -> ColumnTransformer:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.preprocessing import OneHotEncoder

    codes = categories or [list(map(_as_float, encodings[k].categories)) for k in _categories(encodings)]
    return ColumnTransformer(
        [
            ("numbers", "passthrough", _plain(encodings)),
            ("medians", SimpleImputer(strategy="median", keep_empty_features=True), _with_median(encodings)),
            ("marks", MissingIndicator(features="all"), _marked(encodings)),
            ("categories", OneHotEncoder(categories=codes, handle_unknown="ignore", sparse_output=False),
             _categories(encodings)),
        ],
        sparse_threshold=0.0,
    )  # fmt: skip


def _as_float(code: int | None) -> float:
    return np.nan if code is None else float(code)
