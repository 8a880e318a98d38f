"""Tables of other people, read by pandas: from a file to a data frame with a name for every column.

CSV and its relatives (`data.delimited`), which may be compressed (gzip, bzip2, xz, or a ZIP with one table), Parquet,
ARFF and Excel (.xlsx, with the extra `annscope[excel]`). What is read is bounded before it is read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from annscope.data.delimited import read_text
from annscope.data.errors import DataError
from annscope.data.excel import read_excel
from annscope.data.regular_file import regular_file
from annscope.data.table import Header, Table, check_size, from_frame, shown
from annscope.data.unpacking import TEXT_SUFFIXES, open_watched

if TYPE_CHECKING:
    from annscope.data.download import Progress

    Reader = Callable[[Path, Header, int | None, Progress | None], Table]

MAX_BYTES = 1 << 31  # of a file
_ROWS_AT_ONCE = 1 << 16
_MAX_HEADER = 1 << 20  # characters of a line


def read_table(
    path: Path, header: Header = "auto", n_rows: int | None = None, progress: Progress | None = None
) -> Table:
    """Read the table in a file, or its first `n_rows` rows; `progress` is called with the bytes that were read of all.

    Raises DataError, in one sentence with the place and the value, for a file that cannot be read as a table.
    """
    try:
        before = regular_file(path, MAX_BYTES)
        if before.st_size == 0:
            raise DataError(f"{path} is empty")
        table = _reader_of(path)(path, header, n_rows, progress)
        after = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except MemoryError:
        raise DataError(f"{path} does not fit into memory") from None
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        raise DataError(f"{path} was changed while it was read: start again when it is complete")
    if table.n_columns < 2 and (len(table.frame) or table.has_header):
        raise DataError(f"{path} has one column, but needs at least one feature and a label")
    if table.frame.shape[0] == 0:
        raise DataError(
            f"{path} has a line of column names but no examples" if table.has_header else f"{path} is empty"
        )
    return table


# ---- formats

_PACKED = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "ZIP"}
SUFFIXES = (*TEXT_SUFFIXES, ".parquet", ".pq", ".arff", ".xlsx", ".xlsm")
"""The suffixes of tables; those of text may be followed by one of compression."""
_UNSUPPORTED = {
    ".json": "JSON: write it as CSV, with pandas.read_json(...).to_csv(..., index=False)",
    ".jsonl": "JSON: write it as CSV, with pandas.read_json(..., lines=True).to_csv(..., index=False)",
    ".svm": "in the format of LIBSVM: save it with numpy.savez(..., x=x.toarray(), y=y), where "
    "x, y = sklearn.datasets.load_svmlight_file(...)",
    ".npy": "one array: save features and labels together with numpy.savez(..., x=x, y=y)",
    ".xls": "an old Excel file: save it as .xlsx or as CSV",
    ".ods": "an OpenDocument file: save it as CSV",
    ".pkl": "a pickle, which is never loaded: save it as CSV or with numpy.savez",
    ".feather": "Feather: save it as Parquet or CSV",
    ".mat": "a MATLAB file: save it with numpy.savez(..., x=x, y=y) after scipy.io.loadmat",
    ".tar": "a tar archive: unpack it, or make a ZIP file of it",
    ".7z": "a 7-Zip archive: unpack it, or make a ZIP file of it",
    ".rar": "a RAR archive: unpack it, or make a ZIP file of it",
    ".h5": "HDF5: save it with numpy.savez(..., x=x, y=y)",
}
_UNSUPPORTED |= {".libsvm": _UNSUPPORTED[".svm"], ".pickle": _UNSUPPORTED[".pkl"], ".hdf5": _UNSUPPORTED[".h5"]}


def _reader_of(path: Path) -> Reader:
    suffix = ".tar" if re.search(r"\.(tar\.\w+|tgz)$", path.name.lower()) else path.suffix.lower()
    if suffix in _UNSUPPORTED:
        raise DataError(f"{path} is {_UNSUPPORTED[suffix]}")
    readers: dict[str, Reader] = {
        ".parquet": _read_parquet,
        ".pq": _read_parquet,
        ".arff": _read_arff,
        ".xlsx": read_excel,
        ".xlsm": read_excel,
    }
    if suffix in readers:
        return readers[suffix]
    if suffix in TEXT_SUFFIXES or suffix in _PACKED:
        return read_text
    known = ", ".join((*SUFFIXES, ".npz"))
    raise DataError(f"{path} is not a kind of file that is read: its name must end in one of {known}")


def _read_parquet(path: Path, _: Header, n_rows: int | None, progress: Progress | None) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            about = file.metadata
            check_size(path, about.num_rows, about.num_columns)
            n_wanted = about.num_rows if n_rows is None else n_rows
            batches, n_read, n_bytes = [], 0, path.stat().st_size
            for batch in file.iter_batches(min(n_wanted, _ROWS_AT_ONCE) or 1):
                batches.append(batch)
                n_read += batch.num_rows
                if progress is not None:
                    progress(f"Reading {path.name}", n_bytes * min(n_read, n_wanted) // n_wanted, n_bytes)
                if n_read >= n_wanted:
                    break
            content = pyarrow.Table.from_batches(batches, file.schema_arrow).slice(0, n_wanted)
        frame = content.to_pandas(ignore_metadata=True, date_as_object=False)
    except pyarrow.ArrowException as error:
        raise DataError(f"{path} is not a Parquet file, or a damaged one") from error
    return from_frame(path, frame, "Parquet")


_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"[^"]*"|\S+)\s+(\{|\w+)""", re.IGNORECASE)


def _read_arff(path: Path, _: Header, n_rows: int | None, progress: Progress | None) -> Table:
    import pandas as pd

    try:
        with io.TextIOWrapper(open_watched(path, progress), "utf-8-sig") as file:
            names = _arff_names(path, file)
            check_size(path, 1, len(names))
            frame = pd.read_csv(
                file, header=None, names=range(len(names)), index_col=False, nrows=n_rows, quotechar="'",
                escapechar="\\", comment="%", skipinitialspace=True, na_values=["?"], keep_default_na=False,
                low_memory=False,
            )  # fmt: skip
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame(columns=range(len(names)))
    except (ValueError, OverflowError) as error:  # of the parser, or of a text that is not UTF-8
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not an ARFF file, or a damaged one: {shown(error)}") from error
    if len(frame) and str(frame.iloc[0, 0]).startswith("{"):
        raise DataError(f"{path} is a sparse ARFF file: save it as CSV, or as ARFF with every value")
    return from_frame(path, frame, "ARFF", names)


def _arff_names(path: Path, file: io.TextIOWrapper) -> list[str]:
    """The names of the attributes, read up to the line before the data."""
    names: list[str] = []
    while line := file.readline(_MAX_HEADER):
        said = line.strip()
        if said.lower().startswith("@data"):
            return names
        if not said or said.startswith("%") or said.lower().startswith("@relation"):
            continue
        found = _ATTRIBUTE.match(said)
        if found is None or found[2].lower() == "relational":
            raise DataError(f"{path} is not an ARFF file, or a damaged one: {shown(said)}")
        names.append(found[1].strip("'\""))
    raise DataError(f"{path} is not an ARFF file, or a damaged one: it has no @data")
