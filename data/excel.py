"""Excel workbooks (.xlsx), row by row through openpyxl: what a sheet claims to hold takes no memory.

Of several sheets the first visible one with a table is read, which is said.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annscope.data.delimited import headings, n_rows_above
from annscope.data.errors import DataError
from annscope.data.table import Header, Table, check_size, from_frame, shown
from annscope.data.unpacking import MAX_UNPACKED_BYTES, open_watched

if TYPE_CHECKING:
    from annscope.data.download import Progress

MAX_CELLS = 1 << 25
"""Maximum number of cells of a sheet, which as Python objects take some 2 GB."""
_PEEKED = 50  # rows

Row = tuple[int, list[Any]]
"""The number of a row in its sheet, from 1, and its cells up to the last that is not empty."""


def read_excel(path: Path, header: Header, n_rows: int | None, progress: Progress | None = None) -> Table:
    """Read the table in a workbook. Raises DataError, in one sentence, for one that cannot be read."""
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            f"{path} is an Excel file, which needs openpyxl: pip install 'annscope[excel]', or save it as CSV"
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise DataError(f"{path} has more than the {MAX_UNPACKED_BYTES:,} bytes that are read, once unpacked")
        with open_watched(path, progress) as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            name, rows = _first_table(path, visible, n_rows)
            n_sheets = len(book.sheetnames)
    except (DataError, OSError, MemoryError):
        raise
    except Exception as error:  # openpyxl and zipfile raise all kinds of errors for damaged content
        raise DataError(f"{path} is not an Excel file, or a damaged one") from error
    if not rows:
        raise DataError(f"{path} is empty")
    notes = [f"{path.name} is read from its sheet {shown(name)}, one of {n_sheets}."] * (n_sheets > 1)
    return _table(path, rows, header, n_rows, notes)


def _first_table(path: Path, sheets: list[Any], n_rows: int | None) -> tuple[str, list[Row]]:
    """The name and the rows of the first sheet with a table; of the first with anything if none has one."""
    name = ""
    others: list[Row] = []
    for sheet in sheets:
        rows = _rows(path, sheet, None if n_rows is None else n_rows + _PEEKED)
        if sum(_n_filled(row) > 1 for _, row in rows) > 1:
            return sheet.title, rows
        name, others = (name, others) if others else (sheet.title, rows)
    return name, others


def _rows(path: Path, sheet: Any, most: int | None) -> list[Row]:
    rows, width = [], 0
    for number, cells in _cells(sheet):
        rows.append((number, cells))
        width = max(width, len(cells))
        if len(rows) * width > MAX_CELLS:
            raise DataError(f"{path} has more than the maximum of {MAX_CELLS:,} cells in {shown(sheet.title)}")
        if most is not None and len(rows) >= most:
            break
    return [(number, cells + [None] * (width - len(cells))) for number, cells in rows]


def _cells(sheet: Any) -> Iterator[Row]:
    """The rows with anything in them; a sheet may say that it is much larger than it is."""
    sheet.reset_dimensions()
    for number, given in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = list(given)
        while cells and (cells[-1] is None or cells[-1] == ""):
            cells.pop()
        if cells:
            yield number, cells


def _n_filled(cells: list[Any]) -> int:
    return sum(cell is not None and cell != "" for cell in cells)


def _table(path: Path, rows: list[Row], header: Header, n_rows: int | None, notes: list[str]) -> Table:
    import pandas as pd

    above = n_rows_above([1 if _n_filled(cells) == 1 else len(cells) for _, cells in rows])
    if above:
        lines = "row is" if above == 1 else f"{above} rows are"
        notes.append(f"{path.name}: the first {lines} left out, being above the table.")
    rows = rows[above:]
    filled = [k for k in range(len(rows[0][1])) if any(cells[k] not in {None, ""} for _, cells in rows)]
    n_empty = len(rows[0][1]) - len(filled)
    if n_empty:
        columns = "a column" if n_empty == 1 else f"{n_empty:,} columns"
        notes.append(f"{path.name}: left out {columns} with neither a name nor a value.")
        rows = [(number, [cells[k] for k in filled]) for number, cells in rows]
    check_size(path, len(rows), len(rows[0][1]))
    texts = [["" if cell is None else str(cell) for cell in cells] for _, cells in rows[:_PEEKED]]
    found = headings(texts, header)
    if found is not None and found.said:
        notes.append(f"{path.name} {found.said}.")
    data = rows[found.n_rows if found else 0 :][:n_rows]
    numbers = [number for number, _ in data]
    frame = pd.DataFrame([cells for _, cells in data], columns=range(len(rows[0][1])))
    return from_frame(
        path, frame, "Excel", found.names if found else None, tuple(notes), has_header=found is not None,
        line_of=lambda row: f"row {numbers[row]}",
    )  # fmt: skip
