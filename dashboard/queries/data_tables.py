"""Questions about a user's table before it is trained on: its columns, what becomes of each, and which is the label."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from annscope.core.config import DataConfig
from annscope.dashboard.queries.lru_cache import Cache
from annscope.data.columns import choose_columns, find_column
from annscope.data.datasets import DATASETS, find_path, is_table
from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.histograms import Histogram, histogram_of
from annscope.data.label import looks_like_classes
from annscope.data.table import Table
from annscope.data.tables import read_table
from annscope.data.user_table import ColumnDescription, Plan, cell_text, describe_column, header_of, plan_of_table

MAX_COLUMNS = 120
"""How many columns of a wide table are described."""
N_ROWS = 5
"""How many of the first rows are shown."""
MAX_BYTES = 200_000_000
"""Of a larger file only the first `FIRST_ROWS` rows are read, which bounds the time and the memory that it takes."""
FIRST_ROWS = 20_000

Treatment = Literal["", "keep", "drop", "as-number", "as-category"]
TREATMENTS: dict[Treatment, str] = {
    "": "as guessed",
    "keep": "keep",
    "drop": "leave out",
    "as-number": "as a number",
    "as-category": "as a category",
}
"""What can be asked of a column, by the setting that asks it."""


@dataclass(frozen=True, eq=False)
class ColumnView:
    """A column, how its values are spread, and what is asked of it; `reference` is how a setting names it."""

    about: ColumnDescription
    histogram: Histogram | None
    reference: str
    treatment: Treatment
    may_be_label: bool


@dataclass(frozen=True, eq=False)
class TableView:
    """A table, and what becomes of it.

    `n_read` rows were read, all if `is_whole`. `label` is the position of the label, None if there are several or none;
    `how` says how it was found. `problem` is the sentence that says why no network can be trained on it as it is.
    """

    form: str
    n_read: int
    is_whole: bool
    names: tuple[str, ...]
    references: tuple[str, ...]
    rows: list[dict[str, str | None]]
    columns: tuple[ColumnView, ...]
    label: int | None
    how: str
    is_guess: bool
    notes: tuple[str, ...]
    problem: str | None


def is_read_as_table(name: str) -> bool:
    """Whether a data set is a user's table."""
    return name not in DATASETS and is_table(name)


def table_of(config: DataConfig, progress: Progress | None = None) -> Table:
    """The table that a data set is, or the first rows of a large one; read once, until the file changes.

    `progress` is called with the bytes that were read of all.

    Raises DataError, in one sentence, if it cannot be read.
    """
    path = _path(config)
    key = (str(path), header_of(config), *stamp(path))
    found = _tables.find(key)
    if found is None:
        read = read_table(path, header_of(config), None if is_whole(config) else FIRST_ROWS, progress)
        found = _tables.get(key, lambda: read)
    return found


def plan_of(config: DataConfig) -> Plan:
    """What is made of a table. Raises DataError if no network can be trained on it."""
    return _plans.get((config, *stamp(_path(config))), lambda: plan_of_table(table_of(config), config))


def is_whole(config: DataConfig) -> bool:
    """Whether `table_of` reads all rows."""
    return _path(config).stat().st_size <= MAX_BYTES


def view_of(config: DataConfig, progress: Progress | None = None) -> TableView:
    """What becomes of each column of a table. Raises DataError if it cannot be read; other problems are in the view.

    `progress` is called with the bytes that were read of all.
    """
    key = config, stamp(_path(config))
    if _views.find(key) is None:
        table_of(config, progress)  # outside of the lock of the views: a large file does not hold up a small one
    return _views.get(key, lambda: _view(config))


def _view(config: DataConfig) -> TableView:
    table = table_of(config)
    plan, problem = _plan_or_problem(config)
    chosen = {} if plan is None else {column.index: column for column in plan.columns}
    if not chosen:
        try:
            chosen = {column.index: column for column in choose_columns(table, ())}
        except DataError as error:
            problem = problem or str(error)
    asked = {
        find_column(table, name, treatment): treatment
        for treatment in TREATMENTS
        if treatment
        for name in getattr(config, treatment.replace("-", "_"))
        if _is_column(table, name)
    }
    references = _references(table)
    shown = sorted(chosen)[:MAX_COLUMNS]
    label = plan.label if plan is not None else None
    return TableView(
        form=table.form,
        n_read=len(table.frame),
        is_whole=is_whole(config),
        names=table.names,
        references=references,
        rows=[
            {name: cell_text(table, k, row[k]) for k, name in enumerate(table.names[:MAX_COLUMNS])}
            for row in table.frame.head(N_ROWS).itertuples(index=False, name=None)
        ],
        columns=tuple(
            ColumnView(
                about=describe_column(table, chosen[k]),
                histogram=histogram_of(table, chosen[k]),
                reference=references[k],
                treatment=asked.get(k, ""),
                may_be_label=looks_like_classes(table, k),
            )
            for k in shown
        ),
        label=label.columns[0] if label is not None and not label.is_multilabel else None,
        how=label.how if label is not None else "",
        is_guess=label is not None and label.is_guess,
        notes=table.notes,
        problem=problem,
    )


def treated(config: DataConfig, reference: str, treatment: Treatment) -> dict[str, tuple[str, ...]]:
    """The settings, by option name, after something else is asked of a column.

    Raises DataError if a setting names a column that is not there.
    """
    table = table_of(config)
    column = find_column(table, reference, "keep")
    changed: dict[str, tuple[str, ...]] = {}
    for option in TREATMENTS:
        if option:
            names: tuple[str, ...] = getattr(config, option.replace("-", "_"))
            kept = tuple(
                name for name in names if not _is_column(table, name) or find_column(table, name, "keep") != column
            )
            changed[option] = (*kept, reference) if option == treatment else kept
    return changed


def clear_cache() -> None:
    """Forget the table."""
    _tables.clear()
    _plans.clear()
    _views.clear()


_tables: Cache[tuple[Any, ...], Table] = Cache(1)
_plans: Cache[tuple[Any, ...], Plan] = Cache(1)
_views: Cache[tuple[Any, ...], TableView] = Cache(8)


def _plan_or_problem(config: DataConfig) -> tuple[Plan | None, str | None]:
    try:
        return plan_of(config), None
    except DataError as error:
        return None, str(error)


def stamp(path: Path) -> tuple[int, ...]:
    """Identity, size and time of a file or folder: another one when it has changed; empty if it is gone."""
    try:
        about = path.stat()
    except OSError:
        return ()
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns


def _path(config: DataConfig) -> Path:
    path = find_path(config.name)
    if path is None:
        raise DataError(f"there is no file {config.name}")
    return path


def _references(table: Table) -> tuple[str, ...]:
    """How settings name the columns: by the name where it is that of one column alone, whatever its case, else by the
    number, with a 0 before it where that is the name of another column.
    """
    n_alike = Counter(name.strip().casefold() for name in table.names)

    def reference(k: int, name: str) -> str:
        if table.has_header and name and name == name.strip() and n_alike[name.casefold()] == 1:
            return name
        number = str(k + 1)
        while table.has_header and n_alike[number]:
            number = f"0{number}"
        return number

    return tuple(reference(k, name) for k, name in enumerate(table.names))


def _is_column(table: Table, name: str) -> bool:
    try:
        find_column(table, name, "keep")
    except DataError:
        return False
    return True
