"""The columns of a table: what kind each one is, whether it becomes a feature, and why not.

Kinds:

- `number`, `boolean` (True and False) and `category` (texts with few different values) become features;
- `date` is left out, or becomes the days since the first one where it is asked for;
- `text` (many different values), `identifier`, `row number`, `constant` and `empty` are left out.

What a file says about itself is no more than a guess: `keep`, `drop`, `as_number` and `as_category` say otherwise.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.errors import did_you_mean
from annscope.data.cells import MISSING, numbers_in
from annscope.data.dates import DateForm, date_of, days
from annscope.data.errors import DataError
from annscope.data.table import Table, shown

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "boolean", "category", "date", "text", "identifier", "row number", "constant", "empty"]
Role = Literal["feature", "label", "group", "left out"]

MAX_CATEGORIES = 50
"""Maximum number of different texts in a column that becomes a category by itself."""
MAX_KEPT_CATEGORIES = 1000
"""Maximum number of different values in a column that is kept, or made a category, on request."""
MAX_MAGNITUDE = 1e307
"""Larger values cannot be standardised: the difference of two would not be finite."""
_FEWEST_ROWS = 10
"""In fewer rows, whole numbers that count up are no sign of a row number."""
_MANY_ROWS = 50
_MOSTLY = 0.8
"""From this share of numbers on, a column of texts is one of numbers with mistakes in it."""
_MAX_LISTED = 20
_IS_ID = re.compile(
    r"(id|index|idx|key|no\.?|nr\.?|#|unnamed: ?\d+|row ?(names?|num(ber)?))|.*[\s_.-](id|uid|uuid|guid)|id[\s_.-].*",
    re.IGNORECASE,
)
_IS_ID_IN_CAMEL = re.compile(r".*[a-z](Id|ID)")
"""Names of identifiers: `id`, `customer_id`, `PassengerId`; not `grid`, nor `body_mass_index`."""


@dataclass(frozen=True)
class Column:
    """One column of a table and what becomes of it.

    `number` counts from 1. `values` are the values of a category, by their codes. `why` is the reason in a few words
    ("1, 2, 3, ..., the number of the row"); `asked` says whether an option decided it.
    """

    number: int
    name: str
    kind: Kind
    role: Role
    why: str
    n_missing: int
    values: tuple[str, ...] = ()
    asked: bool = False
    date_format: str = ""
    """Of dates that become numbers, how they are written (`data.dates.DateForm`)."""
    first_day: float = 0.0
    """Of dates that become numbers, the first one, in days since 1970-01-01."""

    @property
    def index(self) -> int:
        return self.number - 1


def set_aside(table: Table) -> frozenset[int]:
    """The positions of the columns that are no label, whatever the others are: row numbers, dates and empty ones."""
    return frozenset(
        k
        for k in range(table.n_columns)
        if (is_number(table, k) and _is_row_number(table.column(k).to_numpy()))
        or table.date_forms[k] is not None
        or (table.kinds[k] != "u" and not table.column(k).notna().any())
    )


def _is_row_number(x: ndarray) -> bool:
    n_rows = len(x)
    return n_rows >= _FEWEST_ROWS and float(x[-1]) - float(x[0]) == n_rows - 1 and bool((np.diff(x) == 1).all())


def find_columns(table: Table, given: Sequence[str], option: str) -> tuple[int, ...]:
    """The positions of the columns that an option names, each by its name or by its number from 1.

    Raises DataError, with the nearest name and the columns there are.
    """
    return tuple(find_column(table, each, option) for each in given)


def find_column(table: Table, given: str, option: str) -> int:
    """The position of the column that an option names; raises what `find_columns` does."""
    names = table.names
    if table.has_header and given in names:
        return names.index(given)
    alike = [k for k, name in enumerate(names) if name.strip().casefold() == given.strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    if given.isdecimal() and 1 <= int(given) <= len(names):
        return int(given) - 1
    near = did_you_mean(given, names) if table.has_header else ""
    raise DataError(
        f"--{option}: {table.path} has no column {shown(given)!r}{near}; {listed(table, range(len(names)))}"
    )


def listed(table: Table, columns: Iterable[int]) -> str:
    """These columns in words, with their numbers: "its columns are 1 age, 2 fare"."""
    every = list(columns)
    if not table.has_header:
        numbers = [str(k + 1) for k in every]
        if every == list(range(every[0], every[0] + len(every))) and len(every) > 3:
            return f"its columns are {numbers[0]} to {numbers[-1]}"
        return f"its columns are {', '.join(numbers[:_MAX_LISTED])}"
    some = ", ".join(f"{k + 1} {shown(table.names[k])}" for k in every[:_MAX_LISTED])
    more = f" and {len(every) - _MAX_LISTED:,} more" if len(every) > _MAX_LISTED else ""
    return f"its columns are {some}{more}"


def is_number(table: Table, k: int) -> bool:
    """Whether a column holds numbers."""
    return table.kinds[k] in "iuf"


def without_marks(column: pd.Series) -> pd.Series:
    """A column of texts with NaN for every mark of a missing value."""
    return column.mask(column.str.strip().str.lower().isin(MISSING))


def choose_columns(
    table: Table,
    labels: Collection[int],
    *,
    pixels: Collection[int] = (),
    group: int | None = None,
    keep: Collection[int] = (),
    drop: Collection[int] = (),
    as_number: Collection[int] = (),
    as_category: Collection[int] = (),
) -> tuple[Column, ...]:
    """Every column of a table with its kind and its role; `pixels` are those of images, which are all features.

    Raises DataError for options that contradict each other, for a column of numbers with a mistake in it, for a value
    that is not finite or too large, and if no column is left as a feature.
    """
    _check_options(table, labels, keep=keep, drop=drop, as_number=as_number, as_category=as_category)
    columns, pixels = [], frozenset(pixels)
    for k in range(table.n_columns):
        asked = k in keep or k in as_number or k in as_category
        if k in pixels:
            column = Column(k + 1, table.names[k], "number", "feature", "", 0)
        elif k in labels:
            column = _described(table, k, "label", "")
        elif k == group and not asked:
            column = _described(table, k, "group", "the group of an example, by which the splits are made")
        elif k in drop:
            column = _described(table, k, "left out", "as asked", asked=True)
        elif asked:
            column = _kept(table, k, k in as_number, k in as_category)
        else:
            column = _guessed(table, k)
        columns.append(column)
    if not any(column.role == "feature" for column in columns):
        # A network on constants learns the shares of the classes: of little use, but not wrong.
        constants = [column for column in columns if column.kind == "constant" and column.role == "left out"]
        chosen = {column.number for column in constants if column.index not in drop and is_number(table, column.index)}
        columns = [
            Column(each.number, each.name, "number", "feature", "constant, but the only feature", each.n_missing)
            if each.number in chosen
            else each
            for each in columns
        ]
    if not any(column.role == "feature" for column in columns):
        reasons = "; ".join(f"{shown(each.name)}: {each.why}" for each in columns if each.role == "left out")
        raise DataError(f"{table.path} has no column left as a feature ({reasons}); --keep takes one all the same")
    for column in columns:
        if column.role == "feature" and column.kind == "number" and column.index not in pixels:
            _check_values(table, column.index)
    return tuple(columns)


def _check_options(table: Table, labels: Collection[int], **options: Collection[int]) -> None:
    for name, chosen in options.items():
        for k in chosen:
            option, column = f"--{name.replace('_', '-')}", shown(table.names[k])
            if k in labels and name not in {"keep", "as_category"}:
                raise DataError(f"{option}: {column} is the label, which is no feature; --label chooses another")
            others = {"keep": ("drop",), "as_number": ("drop", "as_category"), "as_category": ("drop",)}.get(name, ())
            for other in others:
                if k in options[other]:
                    raise DataError(f"{option} and --{other.replace('_', '-')} both name {column}")


def _described(table: Table, k: int, role: Role, why: str, *, asked: bool = False) -> Column:
    """A column that is no feature for another reason than its kind."""
    return Column(k + 1, table.names[k], _kind(table, k)[0], role, why, n_missing(table, k), asked=asked)


def n_missing(table: Table, k: int) -> int:
    """Number of cells of a column with nothing in them, or a mark of it."""
    column = table.column(k)
    if column.dtype.kind in "iu":
        return 0
    return int(column.isna().sum() if is_number(table, k) else without_marks(column).isna().sum())


def _guessed(table: Table, k: int) -> Column:
    kind, why, values = _kind(table, k)
    role: Role = "feature" if kind in {"number", "boolean", "category"} else "left out"
    return Column(k + 1, table.names[k], kind, role, why, n_missing(table, k), values)


def _kind(table: Table, k: int) -> tuple[Kind, str, tuple[str, ...]]:
    """The kind of a column, why, and the values of a category."""
    return _kind_of_numbers(table, k) if is_number(table, k) else _kind_of_texts(table, k)


def _kind_of_numbers(table: Table, k: int) -> tuple[Kind, str, tuple[str, ...]]:
    x = table.column(k).to_numpy()
    n_rows = len(x)
    present = x if x.dtype.kind in "iu" else x[~np.isnan(x)]
    if not len(present):
        return "empty", "nothing in it", ()
    low, high = present.min(), present.max()
    if low == high:
        return "constant", f"always {low:g}", ()
    named = table.has_header and _is_identifier(table.names[k])
    if _is_row_number(x):
        return "row number", f"{low:.0f}, {low + 1:.0f}, {low + 2:.0f}, ...: the number of the row", ()
    is_unnamed = not table.has_header or table.names[k] == "column 1"
    if named or (k == 0 and is_unnamed and n_rows >= _MANY_ROWS):
        is_whole = x.dtype.kind in "iu" or bool((present == np.floor(present)).all())
        n_distinct = len(np.unique(present)) if is_whole else 0
        if n_rows >= _FEWEST_ROWS and n_distinct == n_rows:
            return "identifier", "another whole number in every row", ()
        if named and n_distinct > max(MAX_CATEGORIES, n_rows // 20):
            return "identifier", f"its name, and {n_distinct:,} different whole numbers", ()
    return "number", "", ()


def _is_identifier(name: str) -> bool:
    return bool(_IS_ID.fullmatch(name.strip()) or _IS_ID_IN_CAMEL.fullmatch(name.strip()))


def _kind_of_texts(table: Table, k: int) -> tuple[Kind, str, tuple[str, ...]]:
    counts = without_marks(table.column(k)).value_counts()
    values = tuple(sorted(map(str, counts.index)))
    n_present = int(counts.sum())
    if not values:
        return "empty", "nothing in it", ()
    if is_boolean(values):
        return ("boolean", "", values) if len(values) > 1 else ("constant", f"always {values[0]}", ())
    if len(values) == 1:
        return "constant", f"always {shown(values[0])}", ()
    form = table.date_forms[k]
    if form is not None:
        found = days(values, form)
        span = "" if form.is_ambiguous else f" from {date_of(found.min())} to {date_of(found.max())}"
        return "date", f"dates{span}", ()
    if len(values) <= min(MAX_CATEGORIES, max(2, n_present // 2)):
        return "category", "", values
    if len(values) == n_present:
        return "text", f"another text in each of {n_present:,} rows", ()
    return "text", f"{len(values):,} different texts", ()


def is_boolean(values: Iterable[str]) -> bool:
    """Whether these texts are True and False."""
    return {value.lower() for value in values} <= {"true", "false"}


def _kept(table: Table, k: int, as_number: bool, as_category: bool) -> Column:
    """A column that an option makes a feature."""
    name, column = table.names[k], table.column(k)
    kind, _, values = _kind(table, k)
    if kind == "empty":
        raise DataError(f"{table.path}: the column {shown(name)} has nothing in it, and cannot be a feature")
    missing = n_missing(table, k)
    if kind == "date" and not as_category:
        return _dated(table, k, missing)
    if as_number or (not as_category and is_number(table, k)):
        if not is_number(table, k):
            numbers, _ = numbers_in(column)
            missing = int(np.isnan(numbers).sum()) if kind != "boolean" else missing
            if missing == len(numbers):
                raise DataError(f"--as-number: the column {shown(name)} of {table.path} has no number in it")
        return Column(k + 1, name, "boolean" if kind == "boolean" else "number", "feature", "as asked", missing,
                      values if kind == "boolean" else (), asked=True)  # fmt: skip
    if kind == "boolean" and not as_category:
        return Column(k + 1, name, kind, "feature", "as asked", missing, values, asked=True)
    values = category_values(table, k)
    if len(values) > MAX_KEPT_CATEGORIES:
        raise DataError(
            f"{table.path}: the column {shown(name)} has {len(values):,} different values, and each would be an input: "
            f"more than the maximum of {MAX_KEPT_CATEGORIES:,}"
        )
    return Column(k + 1, name, "category", "feature", "as asked", missing, values, asked=True)


def _dated(table: Table, k: int, missing: int) -> Column:
    """A column of dates that an option makes a feature: the days since the first of them."""
    form, values = table.date_forms[k], category_values(table, k)
    if form is None or form.is_ambiguous:
        raise DataError(
            f"{table.path}: in the dates of the column {shown(table.names[k])}, such as {shown(values[0])}, day and "
            "month cannot be told apart: write them as year-month-day"
        )
    first = float(np.floor(days(values, form).min()))
    return Column(k + 1, table.names[k], "date", "feature", "as asked", missing, asked=True,
                  date_format=form.format, first_day=first)  # fmt: skip


def category_values(table: Table, k: int) -> tuple[str, ...]:
    """The different values of a column as texts, sorted, those of numbers as numbers."""
    column = table.column(k)
    if is_number(table, k):
        return tuple(plain(value) for value in np.unique(column.dropna().to_numpy()))
    return tuple(sorted(map(str, without_marks(column).dropna().unique())))


def plain(value: float) -> str:
    """A number in its shortest form: 3 for 3.0."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def first_mistake(table: Table, k: int) -> int | None:
    """The row of the first cell that is no number in a column of texts of which most are; None for other columns."""
    if is_number(table, k):
        return None
    numbers, is_bad = numbers_in(table.column(k))
    n_bad, n_numbers = int(is_bad.sum()), int((~np.isnan(numbers)).sum())
    return int(is_bad.argmax()) if n_bad and n_numbers >= _MOSTLY * (n_bad + n_numbers) else None


def check_mistakes(table: Table, columns: Iterable[Column]) -> None:
    """Raise DataError for a column of numbers in which a few cells are none, with the first one's place."""
    for column in columns:
        if column.asked or column.role not in {"feature", "left out"} or column.kind not in {"category", "text"}:
            continue
        row = first_mistake(table, column.index)
        if row is not None:
            cell = shown(repr(str(table.frame.iloc[row, column.index])))
            name = shlex.quote(shown(column.name)) if table.has_header else str(column.number)
            raise DataError(
                f"{table.place(row, column.index)}: {cell} is not a number, as the other cells of the column are: "
                f"correct it, or --as-number {name} takes it as missing, --drop {name} leaves the column out"
            )


def _check_values(table: Table, k: int) -> None:
    if table.kinds[k] != "f":
        return
    x = table.column(k).to_numpy()
    is_infinite = np.isinf(x)
    if is_infinite.any():
        row = int(is_infinite.argmax())
        raise DataError(f"{table.place(row, k)}: {x[row]} is not a finite number")
    is_huge = np.abs(x) > MAX_MAGNITUDE
    if is_huge.any():
        row = int(is_huge.argmax())
        raise DataError(f"{table.place(row, k)}: {x[row]:g} is larger than the {MAX_MAGNITUDE:g} that can be scaled")


def feature_values(table: Table, column: Column) -> Float[ndarray, " n"]:
    """A feature as numbers: as it stands, 0 and 1 for a boolean, the code of a category, the days since the first date;
    NaN where it is missing.
    """
    cells = table.column(column.index)
    if column.kind == "number":
        return cells.to_numpy(np.float64) if is_number(table, column.index) else numbers_in(cells)[0]
    if column.kind == "date":
        return days(without_marks(cells), DateForm(column.date_format)) - column.first_day
    texts = cells.map(plain, na_action="ignore") if is_number(table, column.index) else without_marks(cells)
    if column.kind == "boolean":
        codes = texts.str.lower().map({"false": 0.0, "true": 1.0})
    else:
        codes = texts.map({value: float(code) for code, value in enumerate(column.values)})
    values: Float[ndarray, " n"] = codes.to_numpy(np.float64)
    return values
