"""A user's table: read, its label found, its columns described, and its rows as examples.

`describe` answers what a page shows before anything is trained; `load_table` gives the examples to split and prepare.
Both read the file in the same way, so what is said is what is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annscope.core.config import DataConfig
from annscope.data.columns import (
    Column,
    category_values,
    check_mistakes,
    feature_values,
    find_column,
    find_columns,
    is_number,
    listed,
    plain,
)
from annscope.data.dates import date_of
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.label import Label, classes_of, columns_of, find_label, image_side, is_image
from annscope.data.table import Header, Table, shown
from annscope.data.tables import read_table

if TYPE_CHECKING:
    from annscope.data.download import Progress

N_SAMPLES = 5
ALIKE = "differ in upper and lower case alone"
"""What is said of two classes of which one may be a slip."""
_MAX_NAMED = 6
_PEEK_ROWS = 200


@dataclass(frozen=True)
class ColumnDescription:
    """A column with what a table about the data shows of it.

    `samples` are a few different values as they stand in the file; `done` says what becomes of the column ("one-hot",
    "left out"), `why` the reason where there is one.
    """

    column: Column
    missing_share: float
    n_distinct: int
    samples: tuple[str, ...]
    done: str

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self.column), **{k: v for k, v in asdict(self).items() if k != "column"}}


@dataclass(frozen=True)
class Description:
    """A table in a file, before anything is trained on it.

    `label` has the columns of the label and how they were found; `class_counts` are the examples of each class (for
    multi-label data, those that have each label). `notes` are the sentences that a run on it says.
    """

    form: str
    has_header: bool
    n_rows: int
    n_examples: int
    label: Label
    label_names: tuple[str, ...]
    columns: tuple[ColumnDescription, ...]
    class_names: tuple[str, ...]
    class_counts: tuple[int, ...]
    image_shape: tuple[int, int] | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "columns": [each.to_dict() for each in self.columns]}


def describe(path: Path, config: DataConfig | None = None) -> Description:
    """Describe the table in a file as `config` has it read, its label and columns chosen.

    Raises DataError, in one sentence, for a file that no network could be trained on.
    """
    return plan_of(path, config or DataConfig(name=str(path))).describe()


def load_table(path: Path, config: DataConfig, progress: Progress | None = None) -> Examples:
    """The examples in a table, as `config` has it read; `progress` is called with the bytes that were read of all.

    Raises DataError, in one sentence, for a file that no network could be trained on.
    """
    return plan_of_table(read_table(path, header_of(config), None, progress), config).examples()


def rows_of(path: Path, config: DataConfig, rows: Sequence[int]) -> list[dict[str, str | None]]:
    """These rows of a table (by `Examples.rows`) as they stand in the file: cells by the names of their columns."""
    table = read_table(path, header_of(config))
    found = table.frame.loc[list(rows)]
    return [
        {name: cell_text(table, k, row[k]) for k, name in enumerate(table.names)}
        for row in found.itertuples(index=False)
    ]


def cell_text(table: Table, k: int, value: Any) -> str | None:
    """A cell of a column as it stands in the file, None for one with nothing in it."""
    return None if value != value else plain(value) if is_number(table, k) else str(value)


def shape_of_example(path: Path) -> tuple[int, ...]:
    """The shape of an example, (height, width) of an image, by the first rows of a table.

    Raises what `load_table` does.
    """
    plan = plan_of(path, DataConfig(name=str(path)), _PEEK_ROWS)
    features = [column for column in plan.columns if column.role == "feature"]
    if is_image(plan.table, [column.index for column in features]):
        side = image_side(len(features))
        return side, side
    return (sum(len(column.values) if column.kind == "category" else 1 for column in features),)


@dataclass(frozen=True, eq=False)
class Plan:
    """A table, its label, and what becomes of every column."""

    table: Table
    label: Label
    columns: tuple[Column, ...]
    group: int | None

    def describe(self) -> Description:
        """The description of the table, as `describe` gives it."""
        table, examples = self.table, self.examples()
        y = examples.y
        counts = y.sum(axis=0) if y.ndim == 2 else np.bincount(y, minlength=len(examples.class_names))
        return Description(
            form=table.form,
            has_header=table.has_header,
            n_rows=len(table.frame),
            n_examples=len(y),
            label=self.label,
            label_names=tuple(table.names[k] for k in self.label.columns),
            columns=tuple(describe_column(table, column) for column in self.columns),
            class_names=examples.class_names,
            class_counts=tuple(counts.tolist()),
            image_shape=examples.image_shape,
            notes=examples.notes,
        )

    def examples(self) -> Examples:
        """The rows that have a label, as examples."""
        table = self.table
        y, is_labelled, class_names = classes_of(table, self.label)
        chosen = tuple(column for column in self.columns if column.role == "feature")
        if not is_labelled.all():
            table = replace(table, frame=table.frame[is_labelled])
        places = [column.index for column in chosen]
        if (table.frame.dtypes.iloc[places] == np.uint8).all():
            x = np.ascontiguousarray(table.frame.iloc[:, places].to_numpy())
        else:
            x = np.empty((len(table.frame), len(chosen)))
            for i, column in enumerate(chosen):
                x[:, i] = feature_values(table, column)
        is_picture = is_image(table, places)
        side = image_side(len(places))
        are_named = table.has_header or any(column.kind != "number" or column.n_missing for column in chosen)
        return Examples(
            x=x,
            y=y,
            class_names=class_names,
            image_shape=(side, side) if is_picture else None,
            feature_names=tuple(column.name for column in chosen) if are_named else (),
            notes=(*self.notes(int((~is_labelled).sum())), *_spelled_alike(table, class_names)),
            columns=() if is_picture else chosen,
            rows=table.frame.index.to_numpy(np.int64),
            groups=None if self.group is None else _groups(table, self.group),
            about=self.about(),
        )

    def notes(self, n_unlabelled: int) -> tuple[str, ...]:
        """What the user is told: every guess, and what was left out or filled in."""
        table, name = self.table, self.table.path.name
        notes = list(table.notes)
        if self.label.is_guess:
            k = self.label.columns[0]
            what = f"column {k + 1}, {shown(table.names[k])}" if table.has_header else f"column {k + 1}"
            others = listed(table, range(table.n_columns))
            notes.append(f"{name}: the label is {what} ({self.label.how}); --label chooses another: {others}.")
        if n_unlabelled:
            rows = "row has" if n_unlabelled == 1 else "rows have"
            notes.append(
                f"{name}: {n_unlabelled:,} {rows} no label and are left out.".replace(
                    "row has no label and are", "row has no label and is"
                )
            )
        left_out = [column for column in self.columns if column.role == "left out" and not column.asked]
        if left_out:
            notes.append(f"{name}: left out {_reasons(table, left_out)}; --keep takes a column all the same.")
        constants = [each for each in self.columns if each.role == "feature" and each.why.startswith("constant")]
        if constants:
            notes.append(f"{name}: the only feature is constant ({_reasons(table, constants)}).")
        if not any(column.kind != "number" or column.n_missing for column in self.columns if column.role == "feature"):
            return tuple(notes)
        features = [column for column in self.columns if column.role == "feature"]
        encoded = [column for column in features if column.kind == "category"]
        if encoded:
            some = _some([f"{_name(table, each)} ({len(each.values)} values)" for each in encoded])
            notes.append(f"{name}: one-hot encoded {some}.")
        dated = [column for column in features if column.kind == "date"]
        if dated:
            some = _some([f"{_name(table, each)} ({date_of(each.first_day)})" for each in dated])
            notes.append(f"{name}: dates became the days since the first in {some}.")
        filled = [column for column in features if column.kind != "category" and column.n_missing]
        if filled:
            share = len(table.frame)
            some = _some([f"{_name(table, each)} ({each.n_missing / share:.1%})" for each in filled])
            notes.append(f"{name}: missing values become the median of the training examples in {some}.")
        return tuple(notes)

    def about(self) -> dict[str, Any]:
        """What a record keeps of how the table was read."""
        return {
            "form": self.table.form,
            "has_header": self.table.has_header,
            "label": {
                "columns": [k + 1 for k in self.label.columns],
                "names": [self.table.names[k] for k in self.label.columns],
                "how": self.label.how,
                "is_guess": self.label.is_guess,
                "candidates": [self.table.names[k] for k in self.label.candidates],
            },
            "left_out": [
                {"number": each.number, "name": each.name, "kind": each.kind, "why": each.why}
                for each in self.columns
                if each.role in {"left out", "group"}
            ],
        }


def plan_of(path: Path, config: DataConfig, n_rows: int | None = None) -> Plan:
    """The plan of the table in a file, or of its first `n_rows` rows. Raises what `load_table` does."""
    return plan_of_table(read_table(path, header_of(config), n_rows), config)


def plan_of_table(table: Table, config: DataConfig) -> Plan:
    """The plan of a table that is read already."""
    chosen = {
        name: find_columns(table, getattr(config, name), name.replace("_", "-"))
        for name in ("keep", "drop", "as_number", "as_category")
    }
    group = find_column(table, config.group, "group") if config.group else None
    aside = (*chosen["drop"], *(() if group is None else (group,)))
    label = find_label(table, config.label, chosen["as_category"], aside)
    if group in label.columns:
        raise DataError(f"--group: {shown(table.names[group or 0])} is the label; --label chooses another")
    columns = columns_of(table, label, group=group, **chosen)
    check_mistakes(table, columns)
    return Plan(table, label, columns, group)


def header_of(config: DataConfig) -> Header:
    """Whether the first line has the names of the columns."""
    return "auto" if config.header == "auto" else "yes" if config.header else "no"


def _spelled_alike(table: Table, class_names: Sequence[str]) -> tuple[str, ...]:
    """A sentence if two classes differ in upper and lower case alone."""
    known: dict[str, str] = {}
    for name in class_names:
        other = known.setdefault(name.casefold(), name)
        if other != name:
            return (
                f"{table.path.name}: the classes {shown(other)} and {shown(name)} {ALIKE}; spell them alike if they "
                "are one.",
            )
    return ()


def _groups(table: Table, k: int) -> np.ndarray:
    column = table.column(k)
    texts = column.map(plain, na_action="ignore") if is_number(table, k) else column
    numbers: np.ndarray = np.unique(texts.fillna("").astype(str).to_numpy(object), return_inverse=True)[1]
    return numbers.astype(np.int64)


def _name(table: Table, column: Column) -> str:
    return shown(column.name) if table.has_header else f"column {column.number}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return f"{', '.join(names[:_MAX_NAMED])}{more}"


def _reasons(table: Table, columns: Sequence[Column]) -> str:
    return _some([f"{_name(table, each)} ({each.why})" for each in columns])


def describe_column(table: Table, column: Column) -> ColumnDescription:
    """What a table about the data shows of a column."""
    cells = table.column(column.index)
    distinct = cells.drop_duplicates().dropna()
    samples = [cell_text(table, column.index, value) for value in distinct.head(N_SAMPLES)]
    n_distinct = len(distinct) if is_number(table, column.index) else len(category_values(table, column.index))
    return ColumnDescription(
        column=column,
        missing_share=column.n_missing / max(1, len(cells)),
        n_distinct=n_distinct,
        samples=tuple(shown(sample) for sample in samples if sample is not None),
        done=_done(column),
    )


def _done(column: Column) -> str:
    if column.role != "feature":
        return {"label": "the label", "group": "groups the examples", "left out": "left out"}[column.role]
    if column.kind == "category":
        return "one-hot"
    if column.kind == "date":
        return f"days since {date_of(column.first_day)}" + (", median where missing" if column.n_missing else "")
    if column.kind == "boolean":
        return "0 and 1" + (", median where missing" if column.n_missing else "")
    return "a number" + (", median where missing" if column.n_missing else "")
