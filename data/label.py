"""Which column of a table is the label, and the classes in it.

The label is looked for in this order: the column asked for; the columns named `label:...` (multi-label data); a column
called label, class, target and the like; the only column of text; the first column (or the last) where image pixels
follow; the last column. A guess is made only of a column whose values look like classes: never of a measurement,
a date, nor a row number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from annscope.data.columns import (
    Column,
    choose_columns,
    find_column,
    first_mistake,
    is_number,
    listed,
    plain,
    set_aside,
    without_marks,
)
from annscope.data.errors import DataError
from annscope.data.examples import MAX_CLASSES
from annscope.data.table import Table, shown

if TYPE_CHECKING:
    import pandas as pd

PLAIN_NAMES = ("label", "class", "target")
"""Names of a label that are no guess."""
NAMES = (
    *PLAIN_NAMES, "labels", "classes", "targets", "y", "species", "diagnosis", "outcome", "category", "class_label",
    "classification", "label_name", "target_name", "class_name", "ground_truth", "groundtruth", "output_label",
)  # fmt: skip
PREFIX = "label:"
SMALLEST_IMAGE = 16
"""Fewest pixels of an image in a table whose columns are named like pixels: 4x4."""
SMALLEST_UNNAMED_IMAGE = 49
"""Fewest pixels of an image in a table without such names: 7x7."""
_FEW = 20
"""Up to so many different whole numbers are classes; more are only if they count up from 0 or 1."""
_OFTEN = 5
"""As often as that, on average, values that are seen again and again may be classes."""
_MOST_OF_ONE = 0.9
_PIXEL = re.compile(r"(pixel|pix|px|p)[\s_.-]?#([\s_.x-]+#)?|#x#")


@dataclass(frozen=True)
class Label:
    """The column of the label, or the columns of several.

    `how` says in words how it was found, `is_guess` whether it ought to be told; `candidates` are the positions of all
    columns whose values look like classes.
    """

    columns: tuple[int, ...]
    how: str
    is_guess: bool
    candidates: tuple[int, ...]

    @property
    def is_multilabel(self) -> bool:
        return len(self.columns) > 1


def find_label(table: Table, asked: str = "", as_category: Collection[int] = (), drop: Collection[int] = ()) -> Label:
    """The label of a table.

    Raises DataError if no column looks like one, with those that do, or if the one asked for holds measurements.
    """
    aside = {*drop, *set_aside(table)}
    free = [k for k in range(table.n_columns) if k not in aside] or list(range(table.n_columns))
    if asked:
        k = find_column(table, asked, "label")
        _check_asked(table, k, as_category)
        return Label((k,), "as asked", False, (k,))
    if table.has_header:
        several = [k for k, name in enumerate(table.names) if name.lower().startswith(PREFIX)]
        if several:
            _check_several(table, several)
            return Label(tuple(several), f"named {PREFIX}", False, tuple(several))
    candidates = _Candidates(table, free)
    named = [k for name in NAMES for k in free if table.has_header and table.names[k].strip().casefold() == name]
    if named:
        k = named[0]
        _check_asked(table, k, as_category)
        is_plain = table.names[k].strip().casefold() in PLAIN_NAMES
        return Label((k,), "by its name", not is_plain, candidates.found)
    texts = [k for k in free if not is_number(table, k) and not _is_boolean_feature(table, k)]
    texts = [k for k in texts if looks_like_classes(table, k) and first_mistake(table, k) is None]
    if len(texts) == 1:
        return Label((texts[0],), "the only column of text with few values", True, candidates.found)
    beside = _beside_pixels(table, free)
    if beside is not None:
        return Label((beside[0],), beside[1], True, candidates.found)
    if is_image(table, free):
        raise DataError(_no_label(table, len(free)))
    last = free[-1]
    if looks_like_classes(table, last):
        return Label((last,), "the last column", True, candidates.found)
    raise DataError(_no_guess(table, last, candidates.found))


def _check_asked(table: Table, k: int, as_category: Collection[int]) -> None:
    if k in as_category or not is_number(table, k) or not looks_measured(table, k, is_named=True):
        return
    values = _present(table, k)
    n_distinct, name = len(np.unique(values)), _named(table, k)
    raise DataError(
        f"{table.path}: {name} has {n_distinct:,} different numbers in {len(values):,} rows, so it looks measured, and "
        "annscope learns classes: make a few classes of it, such as below and above the median "
        f"(--as-category {_reference(table, k)} takes every number for a class)"
    )


def _no_label(table: Table, n_pixels: int) -> str:
    side = image_side(n_pixels)
    return (
        f"{table.path} has {n_pixels:,} pixel columns ({side}x{side}) and no label: training needs a file that has "
        "a column with the class of each image"
    )


def _no_guess(table: Table, last: int, candidates: tuple[int, ...]) -> str:
    name, values = _named(table, last), _present(table, last)
    n_distinct = len(np.unique(values)) if is_number(table, last) else table.column(last).nunique()
    what = "numbers, so it looks measured" if is_number(table, last) else "texts, so it is no class"
    if n_distinct == 1:
        only = plain(values[0]) if is_number(table, last) else values[0]
        return (
            f"{table.path} has one class only, {shown(only)}, in its last column: at least two are needed, "
            f"or another label (--label); {listed(table, range(table.n_columns))}"
        )
    start = (
        f"{table.path} has no column that is surely the label: the last, {name}, has {n_distinct:,} different {what}"
    )
    if not candidates:
        return (
            f"{start}, and annscope learns classes: make a few classes of it, such as below and above the median, "
            f"or name another column with --label; {listed(table, range(table.n_columns))}"
        )
    some = ", ".join(_reference(table, k) for k in candidates[:8])
    return f"{start}; name the label with --label: {some} {'has' if len(candidates) == 1 else 'have'} few values"


class _Candidates:
    """The columns whose values look like classes, found when they are wanted."""

    def __init__(self, table: Table, free: Sequence[int]) -> None:
        self._table, self._free = table, free

    @property
    def found(self) -> tuple[int, ...]:
        if self._table.n_columns > 200:  # pixels, mostly
            ends = (self._free[0], self._free[-1])
            return tuple(k for k in dict.fromkeys(ends) if looks_like_classes(self._table, k))
        return tuple(k for k in self._free if looks_like_classes(self._table, k))


def _named(table: Table, k: int) -> str:
    return f"the column {shown(table.names[k])}" if table.has_header else f"column {k + 1}"


def _reference(table: Table, k: int) -> str:
    """How an option names a column."""
    return shown(table.names[k]) if table.has_header else str(k + 1)


def _present(table: Table, k: int) -> ndarray:
    column = table.column(k)
    values: ndarray = column.dropna().to_numpy()
    return values


def _is_boolean_feature(table: Table, k: int) -> bool:
    texts = {str(text).strip().lower() for text in table.column(k).dropna().unique()[:5]}
    return bool(texts) and texts <= {"true", "false"}


def looks_like_classes(table: Table, k: int) -> bool:
    """Whether the values of a column may be classes: at least two, few of them, and no measurements."""
    if is_number(table, k):
        values = _present(table, k)
        return len(values) > 0 and bool(values.min() != values.max()) and not looks_measured(table, k)
    if table.date_forms[k] is not None:
        return False
    values = without_marks(table.column(k)).dropna()
    n_distinct = values.nunique()
    return bool(n_distinct > 1 and (n_distinct <= _FEW or n_distinct <= len(values) / 2))


def looks_measured(table: Table, k: int, *, is_named: bool = False) -> bool:
    """Whether a column of numbers holds measurements: fractions, or many different whole numbers.

    Where the column `is_named` as the label, as many whole numbers may be classes as are frequent.
    """
    values = _present(table, k)
    distinct = np.unique(values)
    if not np.isfinite(distinct).all() or (distinct != np.floor(distinct)).any():
        return len(distinct) > _FEW or len(values) < _OFTEN * len(distinct)
    if len(distinct) <= _FEW:
        return len(distinct) > _FEW / 2 and len(values) < 2 * len(distinct)
    spread = float(distinct[-1]) - float(distinct[0]) + 1
    counts_up = distinct[0] in {0, 1} and spread <= 1.2 * len(distinct)
    return len(values) < 2 * len(distinct) or not (counts_up or (is_named and len(values) >= _OFTEN * len(distinct)))


# ---- images


def image_side(n_columns: int) -> int:
    """The side of the square image that so many pixels make; 0 if they make none."""
    side = math.isqrt(n_columns)
    return side if side * side == n_columns and n_columns >= SMALLEST_IMAGE else 0


def is_image(table: Table, columns: Sequence[int]) -> bool:
    """Whether these columns are the pixels of square images: whole numbers from 0 to 255, named as pixels are.

    Where the names leave no doubt (`pixel0`), fractions from 0 to 1 will do.
    """
    if not image_side(len(columns)):
        return False
    if table.has_header:
        stems = {re.sub(r"\d+", "#", table.names[k].strip().lower()) for k in columns}
        if len(stems) > 1 or not next(iter(stems)).count("#"):
            return False
        fewest = SMALLEST_IMAGE if _PIXEL.fullmatch(stems.pop()) else SMALLEST_UNNAMED_IMAGE
    else:
        fewest = SMALLEST_UNNAMED_IMAGE
    if len(columns) < fewest:
        return False
    may_be_shares = fewest == SMALLEST_IMAGE and len(columns) >= SMALLEST_UNNAMED_IMAGE
    return all(_is_pixel_column(table, k) for k in columns) or (
        may_be_shares and all(_is_pixel_column(table, k, most=1) for k in columns)
    )


def _is_pixel_column(table: Table, k: int, most: int = 255) -> bool:
    """Whether a column may hold a pixel: whole numbers from 0 to 255, or fractions from 0 to 1."""
    column = table.column(k)
    if column.dtype == np.uint8 and most == 255:
        return True
    if column.dtype.kind not in "iuf":
        return False
    x = column.to_numpy()
    return bool(x.min() >= 0 and x.max() <= most and (most == 1 or (x == np.floor(x)).all()))


def _beside_pixels(table: Table, free: Sequence[int]) -> tuple[int, str] | None:
    """The first column, or else the last, if all others are the pixels of images, and how it was found."""
    n_pixels = len(free) - 1
    if not image_side(n_pixels):
        return None
    found = [
        (k, f"{n_pixels:,} whole numbers of 0 to 255 {where} it")
        for k, others, where in ((free[0], free[1:], "follow"), (free[-1], free[:-1], "come before"))
        if looks_like_classes(table, k) and is_image(table, others)
    ]
    even = [each for each in found if not _is_mostly_one(table, each[0])]
    return next(iter(even or found), None)


def _is_mostly_one(table: Table, k: int) -> bool:
    """Whether nearly all values are the same, as those of a pixel in a corner are."""
    counts = table.column(k).value_counts()
    return bool(counts.iloc[0] > _MOST_OF_ONE * counts.sum())


# ---- classes


def classes_of(
    table: Table, label: Label
) -> tuple[Int[ndarray, " n"] | Int[ndarray, "n n_labels"], Bool[ndarray, " n_rows"], tuple[str, ...]]:
    """The labels of the rows that have one, which rows these are, and the names of the classes.

    Classes are sorted, whole numbers as numbers. For multi-label data, the labels are rows of 0 and 1.

    Raises DataError for too many classes or only one, and for a label that can be none.
    """
    if label.is_multilabel or table.names[label.columns[0]].lower().startswith(PREFIX):
        names = tuple(table.names[k][len(PREFIX) :].strip() for k in label.columns)
        rows: Int[ndarray, "n n_labels"] = table.frame.iloc[:, list(label.columns)].to_numpy().astype(np.int64)
        return rows, np.ones(len(rows), bool), names
    k = label.columns[0]
    column = table.column(k)
    if is_number(table, k):
        is_there = column.notna().to_numpy()
        distinct, y = np.unique(column.to_numpy()[is_there], return_inverse=True)
        names = tuple(map(plain, distinct))
    else:
        texts = without_marks(column)
        is_there = texts.notna().to_numpy()
        codes, distinct_texts = _factorize(texts[is_there])
        y, names = codes, distinct_texts
    if not is_there.any():
        raise DataError(f"{table.path}: {_named(table, k)} is the label, and has nothing in it")
    if len(names) > MAX_CLASSES:
        raise DataError(
            f"{table.path} has more than {MAX_CLASSES:,} different labels in {_named(table, k)}: a label must be a "
            "class, not a measurement or a name; --label chooses another column"
        )
    if len(names) < 2:
        raise DataError(
            f"{table.path} has one class only, {shown(names[0])} ({_named(table, k)}): at least two are needed"
        )
    return y.astype(np.int64), is_there, names


def _factorize(texts: pd.Series) -> tuple[ndarray, tuple[str, ...]]:
    import pandas as pd

    codes, distinct = pd.factorize(texts.str.strip())
    order = sorted(range(len(distinct)), key=lambda i: str(distinct[i]))
    place = np.empty(len(distinct), np.int64)
    place[order] = np.arange(len(distinct))
    return place[codes], tuple(str(distinct[i]) for i in order)


def _check_several(table: Table, columns: Sequence[int]) -> None:
    """Raise DataError unless the columns of several labels hold 0 and 1 and have names."""
    if len(columns) == table.n_columns:
        raise DataError(f"{table.path} has only label columns, but needs at least one feature")
    names = [table.names[k][len(PREFIX) :].strip() for k in columns]
    if not all(names) or len(set(names)) < len(names):
        raise DataError(f"{table.path}: the names of the labels must be unique, got {shown(names)}")
    if len(names) > MAX_CLASSES:
        raise DataError(f"{table.path} has more than {MAX_CLASSES:,} different labels")
    if len(names) < 2:
        raise DataError(f"{table.path} has one label, {names[0]}: for two classes rename its column to label")
    for k in columns:
        column = table.column(k)
        is_right = column.isin([0, 1]) if is_number(table, k) else column.isna() & False
        if not is_right.all():
            row = int((~is_right).to_numpy().argmax())
            cell = column.iloc[row]
            got = "''" if cell != cell else shown(repr(plain(cell) if is_number(table, k) else str(cell)))
            line = table.line_of(int(table.frame.index[row]))
            raise DataError(f"{table.path}, {line}, column {shown(table.names[k])}: a label must be 0 or 1, got {got}")


def columns_of(table: Table, label: Label, **options: Collection[int] | int | None) -> tuple[Column, ...]:
    """Every column of a table whose label is known, as `choose_columns` has them; the pixels of images are all kept."""
    aside = set_aside(table)
    others = [k for k in range(table.n_columns) if k not in label.columns and k not in aside]
    pixels = others if not any(options.values()) and is_image(table, others) else ()
    return choose_columns(table, label.columns, pixels=pixels, **options)  # type: ignore[arg-type]
