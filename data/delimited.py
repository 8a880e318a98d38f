"""Tables as text: CSV and its relatives, in any dialect.

The encoding, the delimiter, a decimal comma, lines above the table and whether there is a line of column names are
found out from the first megabyte; then the file is parsed once, by pandas, as a stream that is bounded.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np

from annscope.data.cells import MISSING, WORDS, is_number, typed
from annscope.data.errors import DataError
from annscope.data.table import MAX_VALUES, Header, Table, check_size, shown, unique_names
from annscope.data.unpacking import open_unpacked

if TYPE_CHECKING:
    from _csv import Reader

    import pandas as pd

    from annscope.data.download import Progress

MAX_LINE = 1 << 23  # characters
MAX_CELL = 1 << 17  # characters
_SAMPLE = 1 << 20  # characters, from which the dialect is guessed
_SAMPLE_ROWS = 1000
_SAMPLE_CELLS = 20_000
_MANY_PIXELS = 49
"""So many columns of whole numbers from 0 to 255 are parsed as bytes from the start."""
_VALUES_AT_ONCE = 1 << 22
_MOSTLY = 0.9
_FEWEST = 5  # rows, in which two of names are looked for
_DELIMITERS = ("\t", ";", ",", "|")
_RARE_DELIMITERS = ("^", "~", ":")
_QUOTED_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(\d{1,2}|\d{4,})")
"""Not three digits, which would be thousands."""
_DECIMAL_POINT = re.compile(r"[+-]?(\d|\d,\d)*\.\d+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d[\d. \u00a0\u202f'’]*,\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class _Dialect:
    """How a text file is written: `skipped` lines come before the table or its line of column names."""

    encoding: str
    delimiter: str  # a blank for any white space
    decimal: Literal[".", ","] = "."
    skipped: int = 0
    header_lines: int = 0
    names: tuple[str, ...] | None = None
    n_columns: int = 0
    whole: tuple[int, ...] = ()  # columns that look like bytes
    texts: tuple[int, ...] = ()
    n_unnamed: int = 0  # columns at the end that have neither a name nor a cell
    quote: str = '"'
    said: str = ""  # of lines of names, after the name of the file

    @property
    def form(self) -> str:
        words = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "blanks", "^": "carets",
                 "~": "tildes", ":": "colons"}  # fmt: skip
        return f"separated by {words[self.delimiter]}"


def read_text(path: Path, header: Header, n_rows: int | None, progress: Progress | None = None) -> Table:
    encoding, sample, is_whole = _sample(path)
    dialect = _dialect(path, sample, encoding, is_whole, header)
    try:
        return _parse(path, dialect, n_rows, progress)
    except UnicodeDecodeError:  # beyond the sample
        return _parse(path, replace(dialect, encoding="cp1252"), n_rows, progress)


def _parse(path: Path, dialect: _Dialect, n_rows: int | None, progress: Progress | None) -> Table:
    import pandas as pd

    n_columns = dialect.n_columns
    as_bytes = len(dialect.whole) >= _MANY_PIXELS
    texts = dict.fromkeys(dialect.texts, "str")
    for dtype in ({**texts, **dict.fromkeys(dialect.whole, np.uint8)}, texts) if as_bytes else (texts,):
        plain = len(dtype) == n_columns and not texts
        with open_unpacked(path, progress) as raw:
            rows = _Rows(path, raw, dialect)
            try:
                read = _read_bytes if plain and n_rows is None else pd.read_csv
                frame = read(
                    rows, sep=r"\s+" if dialect.delimiter == " " else dialect.delimiter, header=None,
                    names=range(n_columns), index_col=False, dtype=dtype, decimal=dialect.decimal, nrows=n_rows,
                    keep_default_na=False, na_values=[""], na_filter=not plain, skipinitialspace=True,
                    low_memory=False, quotechar=dialect.quote,
                )  # fmt: skip
                break
            except (ValueError, OverflowError) as error:
                if isinstance(error, DataError | UnicodeDecodeError):
                    raise
                if isinstance(error, pd.errors.EmptyDataError):
                    frame = pd.DataFrame(columns=range(n_columns))
                    break
                if isinstance(error, pd.errors.ParserError):
                    _check_rows(path, dialect)
                    raise DataError(f"{path} is not a table: {_reason(error)}") from error
                if not as_bytes:
                    raise DataError(f"{path} is not a table: {_reason(error)}") from error
                as_bytes = False
    if rows.is_doubtful and n_rows is None:
        _check_rows(path, dialect)
    written: dict[str, list[int]] = {}
    columns: dict[int, pd.Series] = {}
    for k in range(n_columns) if any(dtype != np.uint8 for dtype in frame.dtypes) else ():
        columns[k] = frame[k]
        if not pd.api.types.is_numeric_dtype(frame[k].dtype) or pd.api.types.is_bool_dtype(frame[k].dtype):
            columns[k], said = typed(frame[k].astype("str"), dialect.decimal)
            if said:
                written.setdefault(said, []).append(k)
    if columns:
        frame = pd.DataFrame(columns, columns=range(n_columns)).dropna(how="all")
    names = dialect.names
    notes = []
    if dialect.encoding not in {"utf-8", "utf-8-sig"}:
        notes.append(f"{path.name} is not in UTF-8: it is read as {_ENCODINGS[dialect.encoding]}.")
    if dialect.decimal == ",":
        notes.append(f"{path.name} has decimal commas.")
    if dialect.n_unnamed:
        last = n_columns + dialect.n_unnamed
        which = f"column {last}" if dialect.n_unnamed == 1 else f"columns {n_columns + 1} to {last}"
        notes.append(f"{path.name}: left out {which}, with neither a name nor a value.")
    for said, where in written.items():
        some = ", ".join(shown(names[k]) if names else str(k + 1) for k in where[:5])
        notes.append(f"{path.name} {said} ({some}).")
    if dialect.said:
        notes.append(f"{path.name} {dialect.said}.")
    if dialect.skipped and not _is_quiet(path, dialect):
        lines = "line is" if dialect.skipped == 1 else f"{dialect.skipped} lines are"
        notes.append(f"{path.name}: the first {lines} left out, being above the table.")
    return Table(
        path, frame, unique_names(names or [f"column {k + 1}" for k in range(n_columns)]), names is not None,
        f"text, {dialect.form}", tuple(notes), _Lines(path, dialect, n_rows),
    )  # fmt: skip


def _read_bytes(rows: _Rows, dtype: object, **options: Any) -> pd.DataFrame:
    """A table whose cells are all whole numbers from 0 to 255; OverflowError for any other.

    In chunks, each parsed without the `dtype` and then narrowed, as pandas takes twice the time to parse into it.
    """
    import pandas as pd

    del dtype
    parts = []
    for chunk in pd.read_csv(rows, chunksize=max(1, _VALUES_AT_ONCE // len(options["names"])), **options):
        values = chunk.to_numpy()
        if values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 255:
            raise OverflowError
        parts.append(values.astype(np.uint8))
    return pd.DataFrame(np.concatenate(parts) if parts else np.empty((0, len(options["names"])), np.uint8))


_ENCODINGS = {
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}


def _is_quiet(path: Path, dialect: _Dialect) -> bool:
    """Whether the lines above the table are what a program wrote for another: `sep=;` of Excel, or blank ones."""
    with open_unpacked(path) as raw:
        text = io.TextIOWrapper(raw, dialect.encoding, errors="replace")
        lines = [text.readline(MAX_LINE).strip() for _ in range(dialect.skipped)]
        return all(not line or line.lower().startswith("sep=") for line in lines)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).replace("Error tokenizing data. C error:", "").split())
    unclosed = re.search(r"EOF inside string starting at row (\d+)", text)
    if unclosed:
        return f"the quotes of a cell in row {int(unclosed[1]) + 1:,} are never closed"
    if "field limit" in text:
        return f"a cell of it has more than {MAX_CELL:,} characters, or quotes that are never closed"
    return shown(text)


def _sample(path: Path) -> tuple[str, str, bool]:
    """The encoding, the first megabyte or so as text (at least some lines), and whether that is all."""
    with open_unpacked(path) as raw:
        content = raw.read(_SAMPLE)
        encoding = _encoding(path, content)
        more = content
        newline = b"\r" if b"\n" not in content and b"\r" in content else b"\n"
        while more and content.count(newline) < 3 and len(content) < 4 * MAX_LINE:
            more = raw.read(_SAMPLE)
            content += more
        is_whole = not raw.read(1)
    text = content.decode(encoding, errors="ignore" if not is_whole else "replace")
    return encoding, text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"), is_whole


_BYTE_ORDER_MARKS: dict[str, tuple[bytes, ...]] = {
    "utf-8-sig": (codecs.BOM_UTF8,),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}


def _encoding(path: Path, content: bytes) -> str:
    for name, marks in _BYTE_ORDER_MARKS.items():
        if content.startswith(marks):
            return name
    nulls = content.count(b"\0")
    if nulls:
        if nulls > 0.9 * len(content) / 2 and content[1::2].count(b"\0") == nulls:
            return "utf-16-le"
        if nulls > 0.9 * len(content) / 2 and content[::2].count(b"\0") == nulls:
            return "utf-16-be"
        raise DataError(f"{path} is not a text file: it has a zero byte at {content.index(0):,}")
    try:
        content[: len(content) - 4 if len(content) >= _SAMPLE else None].decode("utf-8")
    except UnicodeDecodeError as error:
        if len(content) >= _SAMPLE and error.start > len(content) - 8:
            return "utf-8"
        return "cp1252"
    return "utf-8"


def _dialect(path: Path, sample: str, encoding: str, is_whole: bool, header: Header) -> _Dialect:
    lines = sample.split("\n")
    if max(map(len, lines)) > MAX_LINE:
        raise DataError(f"{path} is not a CSV file: a line of it has more than {MAX_LINE:,} characters")
    if not is_whole and len(lines) > 2:
        lines.pop()
    skipped = 0
    said = re.match(r"sep=(.)\s*$", lines[0], re.IGNORECASE)
    if said:
        skipped = 1
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    if skipped == len(lines):
        raise DataError(f"{path} is empty")
    _check_content(path, lines[skipped:])
    n_comments = next((i for i, line in enumerate(lines[skipped:]) if not line.startswith("#")), 0)
    body = lines[skipped + n_comments :]
    n_unnamed = 0
    delimiter = said[1] if said and said[1] in _DELIMITERS else _delimiter(body)
    if n_comments and lines[skipped + n_comments - 1].count(delimiter) == body[0].count(delimiter):
        n_comments -= 1  # the names of the columns, of which the first begins so
    skipped += n_comments
    body = lines[skipped:]
    n_cells = body[0].count(delimiter) + 1
    check_size(path, 1, n_cells)
    quote = _quote(body, delimiter)
    above, rows = _rows_of(path, body, delimiter, quote)
    skipped += above
    line_ends = [end for end, _ in rows]
    cells = [row for _, row in rows]
    n_columns = Counter(len(row) for row in cells[1:] or cells).most_common(1)[0][0]
    found = headings(cells, header)
    if found is not None:
        names = list(found.names)
        data, header_lines = cells[found.n_rows :], line_ends[found.n_rows - 1] - above
        if len(names) < n_columns and all(not any(row[len(names) :]) for row in data if len(row) == n_columns):
            pass  # every row ends in a delimiter
        elif len(names) == n_columns - 1:
            names.insert(0, "")  # R leaves out the name of the row names
        while len(names) > n_columns and not names[-1]:
            names.pop()
            n_unnamed += 1
        if len(names) > n_columns and data:
            first = data[0]
            raise DataError(
                f"{path}, line {skipped + header_lines + 1}: {len(first)} cells, but the first line has {len(names)}"
            )
        n_columns = max(n_columns, len(names))
        names += [""] * (n_columns - len(names))
    else:
        names, data, header_lines = None, cells, 0
        n_columns = len(cells[0])
    check_size(path, 1, n_columns)
    columns = _columns(data)[:n_columns]
    decimal: Literal[".", ","] = "."
    cells_seen = [cell for column in columns for cell in column]
    if delimiter != "," and any(map(_DECIMAL_COMMA.fullmatch, cells_seen)):
        decimal = ","
    if delimiter == "," and any(map(_QUOTED_DECIMAL_COMMA.fullmatch, cells_seen)):
        decimal = "." if any(map(_DECIMAL_POINT.fullmatch, cells_seen)) else ","
    return _Dialect(
        encoding, delimiter, decimal, skipped, header_lines, None if names is None else tuple(names), n_columns,
        tuple(k for k, column in enumerate(columns) if column <= _BYTES),
        tuple(k for k, cells in enumerate(columns) if not all(not cell or is_number(cell, decimal) for cell in cells)),
        n_unnamed, quote, "" if found is None else found.said,
    )  # fmt: skip


_CONTENTS = {
    r"<(!doctype|html|\?xml)\b": "a web page or XML, not a table: perhaps the download needed a login",
    r"version https://git-lfs": "a pointer of Git LFS, not the file itself: fetch that with git lfs pull",
    r'(\[\s*)?\{\s*("|$)': "JSON: write it as CSV, with pandas.read_json(...).to_csv(..., index=False)",
    r"[+-]?\d+(\.\d+)?(\s+\d+:\S+){2,}\s*$": "in the format of LIBSVM: save it with numpy.savez(..., x=x.toarray(), "
    "y=y), where x, y = sklearn.datasets.load_svmlight_file(...)",
}  # fmt: skip
"""What a first line shows that begins like that: a text that is no table."""


def _check_content(path: Path, lines: Sequence[str]) -> None:
    for pattern, what in _CONTENTS.items():
        if re.match(pattern, lines[0].strip(), re.IGNORECASE):
            raise DataError(f"{path} is {what}")


_BYTES = frozenset(map(str, range(256)))


def _columns(rows: Sequence[Sequence[str]]) -> list[set[str]]:
    """The different cells of each column in the first rows: fewer of a wide table."""
    some = rows[: max(20, _SAMPLE_CELLS // max(1, len(rows[0])))] if rows else ()
    return [set(column) for column in itertools.zip_longest(*some, fillvalue="")]


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter that splits the most lines into the same number of cells."""
    some = [line for line in lines[:200] if line.strip()]
    best, most = ",", 0.0
    for delimiter in (*_DELIMITERS, " ", *_RARE_DELIMITERS):
        counts = Counter(len(cells) for cells in _split(some, delimiter))
        counts.pop(1, None)
        if not counts:
            continue
        share = max(counts.values()) / len(some)
        if share > most + 1e-9:
            best, most = delimiter, share
    return best


def _reader(lines: Iterable[str], delimiter: str, quote: str = '"') -> Reader:
    csv.field_size_limit(MAX_CELL)  # one for all of the process, which SciPy's reader of ARFF raises
    return csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True)


def _quote(lines: Sequence[str], delimiter: str) -> str:
    """The character in which texts are quoted: the usual one unless nearly every line has cells in single quotes."""
    some = [line for line in lines[1:100] if line.strip()]
    quoted = re.compile(rf"(^|{re.escape(delimiter)}) *'[^']*' *($|{re.escape(delimiter)})")
    n_quoted = sum(bool(quoted.search(line)) for line in some)
    return "'" if some and n_quoted > _MOSTLY * len(some) and not any('"' in line for line in some) else '"'


def _split(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    if delimiter == " ":
        return [line.split() for line in lines]
    with contextlib.suppress(csv.Error):
        return list(_reader((f"{line}\n" for line in lines), delimiter))
    return [line.split(delimiter) for line in lines]


def _rows_of(path: Path, lines: Sequence[str], delimiter: str, quote: str) -> tuple[int, list[tuple[int, list[str]]]]:
    """How many lines stand above the table, and its rows, each with the line (from 1) on which it ends."""
    rows: list[tuple[int, list[str]]] = []
    if delimiter == " ":
        rows = [(i, line.split()) for i, line in enumerate(lines[: _SAMPLE_ROWS + 50], 1) if line.strip()]
    else:
        reader = _reader((f"{line}\n" for line in lines), delimiter, quote)
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    rows.append((reader.line_num, [cell.strip() for cell in row]))
                if len(rows) > _SAMPLE_ROWS:
                    break
        except csv.Error as error:
            raise DataError(f"{path} is not a CSV file: {_reason(error)}") from error
    n_above = n_rows_above([1 if sum(map(bool, row)) < 2 else len(row) for _, row in rows])
    if n_above:
        above = rows[n_above - 1][0]
        return above, [(end, row) for end, row in rows[n_above:]]
    return 0, rows


def n_rows_above(counts: Sequence[int]) -> int:
    """How many rows stand above a table, by the number of cells in each: a title and the like, one cell a row."""
    n_above = next((i for i, count in enumerate(counts) if count > 1), 0)
    is_title = 0 < n_above <= 20 and len(counts) >= n_above + 4 and len(set(counts[n_above + 1 : n_above + 50])) == 1
    return n_above if is_title else 0


@dataclass(frozen=True)
class Headings:
    """The names of columns, the rows in which they stand, and what is said of these, after the name of the file."""

    names: tuple[str, ...]
    n_rows: int = 1
    said: str = ""


def headings(rows: Sequence[Sequence[str]], header: Header) -> Headings | None:
    """The names of the columns; None if the first row holds none.

    Under them may be a row of units; or they stand in two rows, as `sepal` over `length`.
    """
    if header == "no":
        return None
    columns = _columns(rows[2:]) if len(rows) > _FEWEST else []
    numeric = [k for k, column in enumerate(columns) if _is_numeric(column)]
    if len(numeric) > 1:
        upper, lower = ([row[k] for k in numeric if k < len(row) and _is_name(row[k])] for row in rows[:2])
        if len(lower) == len(set(upper)) == len(numeric):
            said = "has a row of units, or of other words, under the names: it is left out"
            return Headings(tuple(cell.strip() for cell in rows[0]), 2, said)
        if upper and len(lower) == len(numeric):
            return Headings(tuple(_joined(rows[0], rows[1], numeric)), 2, "has the names of its columns in two rows")
    return Headings(tuple(cell.strip() for cell in rows[0])) if header == "yes" or has_header(rows) else None


def _joined(upper: Sequence[str], lower: Sequence[str], numeric: Collection[int]) -> Iterator[str]:
    """Names from two rows: what stands over a group of columns of numbers is part of the name of each."""
    over = ""
    for k, (above, below) in enumerate(itertools.zip_longest(upper, lower, fillvalue="")):
        over = above.strip() or (over if k in numeric else "")
        yield f"{over} {below.strip()}".strip()


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds the names of columns: by what stands under them."""
    if len(rows) < 2:
        return bool(rows) and not any(is_number(cell) for cell in rows[0])
    first, others = rows[0], rows[1:]
    if any(cell.lower().startswith("label:") for cell in first):
        return True
    columns = _columns(others)
    is_new, texts_over_numbers, numbers_over_numbers = True, 0, 0
    for cell, column in zip(first, [*columns, *([set()] * len(first))], strict=False):
        texts_over_numbers += _is_numeric(column) and _is_name(cell)
        numbers_over_numbers += _is_numeric(column) and is_number(cell)
        is_new = is_new and (not cell or cell not in column)
    if texts_over_numbers:
        return True
    numbers = [int(cell) for cell in first if cell.isdecimal() and len(cell) < 10]
    consecutive = len(numbers) >= 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if consecutive and len(numbers) >= len(first) - 1 and is_new:
        return len(first) > 2 or len(numbers) < len(first)
    if consecutive and any(cell.lower() in _LABELS for cell in first) and is_new:
        return True
    return not numbers_over_numbers and is_new and len(set(first)) == len(first) and all(
        not is_number(cell) for cell in first
    )  # fmt: skip


def _is_numeric(column: Collection[str]) -> bool:
    present = [cell for cell in column if cell.lower() not in MISSING]
    return bool(present) and all(is_number(cell) or is_number(cell, ",") for cell in present)


def _is_name(cell: str) -> bool:
    return cell.strip().lower() not in MISSING | WORDS and not is_number(cell) and not is_number(cell, ",")


_LABELS = ("label", "class", "target")


class _Rows(io.TextIOBase):
    """The text of the rows of a table, as it is parsed: it ends with a sentence at the first row that is none.

    A row whose number of cells is another than that of the table is found by counting delimiters. Where quotes may
    hide some, `is_doubtful` says that such a row was seen, for an exact look afterwards.
    """

    def __init__(self, path: Path, raw: IO[bytes], dialect: _Dialect) -> None:
        self._path, self._dialect = path, dialect
        errors = "replace" if dialect.encoding == "cp1252" else "strict"
        self._text = io.TextIOWrapper(raw, dialect.encoding, errors=errors)
        for _ in range(dialect.skipped + dialect.header_lines):
            self._text.readline(MAX_LINE)
        self._line = dialect.skipped + dialect.header_lines
        self._rest = ""  # an unfinished line
        self._has_quotes = False
        self._n_rows = 0
        self.is_doubtful = False

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        chunk = self._text.read(size)
        self._look(chunk)
        return chunk

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # pandas asks for it, and reads in chunks
        return iter(self._text)

    def detach(self) -> None:  # type: ignore[override]
        self._text.detach()

    def _look(self, chunk: str) -> None:
        text = self._rest + chunk
        self._has_quotes = self._has_quotes or self._dialect.quote in chunk
        *lines, self._rest = text.split("\n")
        if not chunk and self._rest:
            lines, self._rest = [self._rest], ""
        if len(self._rest) > MAX_LINE:
            raise DataError(f"{self._path} is not a CSV file: a line of it has more than {MAX_LINE:,} characters")
        expected, delimiter = self._dialect.n_columns, self._dialect.delimiter
        for line in lines:
            self._line += 1
            count = len(line.split()) if delimiter == " " else line.count(delimiter) + 1
            if count != expected and line.strip():
                if self._has_quotes:
                    self.is_doubtful = True
                elif not _is_blank(line, delimiter):
                    _reject_row(self._path, self._dialect, self._line, count)
        self._n_rows += len(lines)
        if self._n_rows * expected > MAX_VALUES:
            raise DataError(f"{self._path} has more than the maximum of {MAX_VALUES:,} values")


def _is_blank(line: str, delimiter: str) -> bool:
    return not line.replace(delimiter, "").strip()


def _reject_row(path: Path, dialect: _Dialect, line: int, count: int) -> None:
    cells = "cell" if count == 1 else "cells"
    hint = ": remove it if it is a note and no row" if count == 1 else ""
    raise DataError(f"{path}, line {line}: {count} {cells}, but the first line has {dialect.n_columns}{hint}")


def _csv_rows(path: Path, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    """Every row with the line on which it ends, parsed exactly and slowly."""
    with open_unpacked(path) as raw:
        text = io.TextIOWrapper(raw, dialect.encoding, errors="replace")
        above = dialect.skipped + dialect.header_lines
        for _ in range(above):
            text.readline(MAX_LINE)
        if dialect.delimiter == " ":
            yield from ((above + i, line.split()) for i, line in enumerate(text, 1) if line.strip())
            return
        reader = _reader(text, dialect.delimiter, dialect.quote)
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    yield above + reader.line_num, row
        except csv.Error as error:
            raise DataError(f"{path} is not a CSV file: {_reason(error)}") from error


def _check_rows(path: Path, dialect: _Dialect) -> None:
    """Raise DataError for the first row with another number of cells than the table has columns."""
    for line, row in _csv_rows(path, dialect):
        if len(row) != dialect.n_columns and any(cell.strip() for cell in row):
            _reject_row(path, dialect, line, len(row))


class _Lines:
    """Where the rows of a table are in its file, for messages; found by reading it once more, when that is asked."""

    def __init__(self, path: Path, dialect: _Dialect, n_rows: int | None) -> None:
        self._path, self._dialect, self._n_rows = path, dialect, n_rows

    @cached_property
    def _ends(self) -> array[int]:
        return array("q", (line for line, _ in itertools.islice(_csv_rows(self._path, self._dialect), self._n_rows)))

    def __call__(self, row: int) -> str:
        return f"line {self._ends[row]}" if row < len(self._ends) else f"row {row + 1}"
