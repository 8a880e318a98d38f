"""A table as it stands in its file: a data frame with a name for every column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from annscope.core.errors import shortened
from annscope.data.cells import typed
from annscope.data.dates import DateForm, form_in
from annscope.data.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MAX_VALUES = 1 << 28
MAX_COLUMNS = 1 << 16
"""Maximum columns of a table: each is an input of every neuron in the first layer."""
_MAX_SHOWN = 60

Header = Literal["auto", "yes", "no"]
"""Whether the first line has the names of the columns."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it stands in its file: a cell is `frame.iloc[row, column]`, and `frame.index` counts the file's rows.

    Columns of numbers have a number type, with NaN for what is missing; all others hold texts, NaN for an empty cell.
    `grouped` are the columns whose thousands separators were removed. `form` describes the file ("CSV, separated by
    semicolons"), `notes` are sentences about what is unusual in it.
    """

    path: Path
    frame: pd.DataFrame
    names: tuple[str, ...]
    has_header: bool
    form: str
    notes: tuple[str, ...] = ()
    line_of: Callable[[int], str] = lambda row: f"row {row + 1}"
    """Where a row (by `frame.index`) is in the file, such as "line 7"."""

    @property
    def n_columns(self) -> int:
        return len(self.names)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each column's type, as NumPy's `dtype.kind`; pandas makes the list again at every call."""
        return tuple(dtype.kind for dtype in self.frame.dtypes)

    @cached_property
    def date_forms(self) -> tuple[DateForm | None, ...]:
        """How the dates in each column are written; None for a column of anything else."""
        return tuple(
            None if kind in "iuf" else form_in(column) for kind, column in zip(self.kinds, self._columns, strict=True)
        )

    @cached_property
    def _columns(self) -> list[pd.Series]:
        return [column for _, column in self.frame.items()]

    def column(self, k: int) -> pd.Series:
        """A column by its position; quicker than `frame.iloc[:, k]`, which matters for thousands of pixels."""
        return self._columns[k]

    def place(self, row: int, column: int) -> str:
        """Where a cell is, for a message; `row` is the position in the frame."""
        name = f" ({shown(self.names[column])})" if self.has_header else ""
        return f"{self.path}, {self.line_of(int(self.frame.index[row]))}, column {column + 1}{name}"


def shown(value: object) -> str:
    """Text shortened for a message: a file may hold a name or a cell of any length."""
    return shortened(str(value), _MAX_SHOWN)


def check_size(path: Path, n_rows: int, n_columns: int) -> None:
    if n_columns > MAX_COLUMNS:
        raise DataError(
            f"{path} has {n_columns:,} columns, more than the {MAX_COLUMNS:,} that can be the inputs of a network"
        )
    if n_rows * n_columns > MAX_VALUES:
        raise DataError(f"{path} has more than the maximum of {MAX_VALUES:,} values")


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of which none is empty and none comes twice."""
    found: dict[str, None] = {}
    for k, given in enumerate(names):
        name = given.strip() or f"column {k + 1}"
        number = 2
        while name in found:
            name = f"{given.strip() or f'column {k + 1}'} ({number})"
            number += 1
        found[name] = None
    return tuple(found)


def from_frame(
    path: Path,
    frame: pd.DataFrame,
    form: str,
    names: Sequence[str] | None = None,
    notes: tuple[str, ...] = (),
    *,
    has_header: bool = True,
    line_of: Callable[[int], str] = lambda row: f"row {row + 1}",
) -> Table:
    """A table of a file whose columns have types; those that are neither numbers nor texts become texts.

    Without `names` the columns have those of the frame, or numbers if there is no header.
    """
    import pandas as pd

    check_size(path, *frame.shape)
    columns: dict[int, pd.Series] = {}
    for k in range(frame.shape[1]):
        column = frame.iloc[:, k]
        if column.dtype == object and column.isna().all():
            column = column.astype(np.float64)
        if column.dtype == object and isinstance(column.dropna().iloc[0], list | tuple | dict | bytes | np.ndarray):
            raise DataError(
                f"{path}: the cells of the column {shown(frame.columns[k])} are lists or files, not numbers or texts: "
                "save features and labels with numpy.savez(..., x=x, y=y)"
            )
        if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
            column = column.map(lambda cell: cell if isinstance(cell, str) else str(cell), na_action="ignore")
            columns[k] = typed(column.astype("str"), ".")[0]
        elif column.dtype.kind not in "iuf":  # complex numbers
            raise DataError(f"{path}: the column {shown(frame.columns[k])} holds {column.dtype}, not numbers or texts")
        else:
            columns[k] = column
    if names is None:
        names = [str(name) if has_header else f"column {k + 1}" for k, name in enumerate(frame.columns)]
    made = pd.DataFrame(columns).dropna(how="all")
    return Table(path, made, unique_names(names), has_header, form, notes, line_of=line_of)
