"""User data: examples from a CSV or an NPZ file, or a folder of images or IDX files.

**CSV** (.csv, .tsv or .txt in UTF-8; separated by commas, semicolons or tabs): one example per line, with or without a
line of column names. The label is the column named label, class or target, else the last one.

**NPZ**: see `data.arrays`; **images**: see `data.image_folder`; **IDX**: see `data.idx_folder`.

Labels may be whole numbers or texts; the classes are their sorted values.

**Multi-label data.** In a CSV, a column for each label, named `label:` and the label (`label:red`,
`label:round`), that holds 0 or 1.

Examples are shown as images if the values are whole numbers from 0 to 255 and the features, at least 16, are a
square number.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, compress
from pathlib import Path
from typing import TextIO

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import DataConfig
from annscope.data.archive import MAX_ARCHIVE_BYTES, open_archive
from annscope.data.arrays import npz_shape, read_npz
from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.idx_folder import find_idx, is_idx, load_idx, load_idx_file
from annscope.data.image_folder import load_images
from annscope.data.image_tree import ArchiveTree, FolderTree, Tree
from annscope.data.labelled import MAX_BYTES, check_n_classes, is_square, labelled_examples, short
from annscope.data.regular_file import regular_file

LABEL_NAMES = ("label", "class", "target")
LABEL_PREFIX = "label:"
_MAX_ROW = 1 << 23  # characters
_AS_IT_IS = DataConfig()


def load_user_file(
    path: Path,
    config: DataConfig = _AS_IT_IS,
    progress: Progress | None = None,
    *,
    takes_labels: bool = False,
) -> Examples:
    """The examples at `path`: a file, or a folder of images or IDX files; `config` and the others as in `load_dataset`.

    Raises DataError, in one sentence with the place, if it cannot be used.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    try:
        if path.is_dir():
            return _load_tree(FolderTree(path), config, progress)
        suffix = path.suffix.lower()
        if regular_file(path, MAX_ARCHIVE_BYTES if suffix == ".zip" else MAX_BYTES).st_size == 0:
            raise DataError(f"{path} is empty")
        if suffix == ".zip":
            with open_archive(path) as archive:
                return _load_tree(ArchiveTree(path, archive), config, progress)
        if suffix in {".npz", ".npy"}:
            return read_npz(path, takes_labels=takes_labels)
        if suffix in {".csv", ".tsv", ".txt"}:
            return _read_csv(path)
        if is_idx(path):
            return load_idx_file(path, config)
        raise DataError(
            f"{path} must be a CSV or NPZ file, with a name that ends in .csv or .npz, or a folder (or a .zip of one) "
            "of images, with a subfolder for each class, or of IDX files"
        )
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _load_tree(tree: Tree, config: DataConfig, progress: Progress | None) -> Examples:
    files = find_idx(tree)
    return load_idx(tree, files, config) if files else load_images(tree, config, progress)


# ---- CSV


def _read_csv(path: Path) -> Examples:
    rows = _csv_rows(path)
    first_line, first = next(rows, (0, []))
    if not first:
        raise DataError(f"{path} is empty")
    if len(first) < 2:
        raise DataError(f"{path} has one column, but needs at least one feature and a label")
    names = [name.strip() for name in first] if _is_header(first) else []
    if any(name.lower().startswith(LABEL_PREFIX) for name in names):
        return _read_labelled_csv(path, names, rows)
    label_column = next((i for i, name in enumerate(names) if name.lower() in LABEL_NAMES), len(first) - 1)
    features = array("d")
    labels: list[str] = []
    distinct: dict[str, str] = {}  # one string object per class, however many examples it has
    for line, row in rows if names else chain([(first_line, list(first))], rows):
        if len(row) != len(first):
            raise DataError(f"{path}, line {line}: {len(row)} cells, but the first line has {len(first)}")
        label = row.pop(label_column).strip()
        if not label:
            raise DataError(f"{path}, line {line}: the label (column {label_column + 1}) is missing")
        labels.append(distinct.setdefault(label, label))
        check_n_classes(path, len(distinct))
        try:
            features.extend(_finite_numbers(row))
        except _BadCellError as bad:
            column = bad.index + (1 if bad.index < label_column else 2)
            cell = short(repr(row[bad.index]))
            raise DataError(f"{path}, line {line}, column {column}: {cell} is not {bad.rule}") from None
    if not features:
        raise DataError(f"{path} has a line of column names but no examples")
    if names:
        names.pop(label_column)
    x = np.frombuffer(features).reshape(len(labels), -1)
    if all(_is_number(label) for label in distinct):
        return labelled_examples(path, x, np.array(labels, np.float64), feature_names=tuple(names))
    classes = sorted(distinct)
    place = {label: i for i, label in enumerate(classes)}
    y = np.array([place[label] for label in labels])
    return labelled_examples(path, x, y, class_names=tuple(classes), feature_names=tuple(names))


def _read_labelled_csv(path: Path, names: list[str], rows: Iterator[tuple[int, list[str]]]) -> Examples:
    """The examples of a multi-label file, with a column of 0 and 1 for each label."""
    is_label = [name.lower().startswith(LABEL_PREFIX) for name in names]
    label_names = tuple(name[len(LABEL_PREFIX) :].strip() for name in compress(names, is_label))
    if all(is_label):
        raise DataError(f"{path} has only label columns, but needs at least one feature")
    features, labels = array("d"), array("q")
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(f"{path}, line {line}: {len(row)} cells, but the first line has {len(names)}")
        cells = [cell.strip() for cell in compress(row, is_label)]
        wrong = next((k for k, cell in enumerate(cells) if cell not in {"0", "1"}), None)
        if wrong is not None:
            name = list(compress(names, is_label))[wrong]
            raise DataError(
                f"{path}, line {line}, column {name}: a label must be 0 or 1, got {short(repr(cells[wrong]))}"
            )
        labels.extend(map(int, cells))
        columns = [i for i, is_one in enumerate(is_label) if not is_one]
        try:
            features.extend(_finite_numbers([row[i] for i in columns]))
        except _BadCellError as bad:
            column = columns[bad.index]
            cell = short(repr(row[column]))
            raise DataError(f"{path}, line {line}, column {column + 1}: {cell} is not {bad.rule}") from None
    if not features:
        raise DataError(f"{path} has a line of column names but no examples")
    feature_names = tuple(name for name, is_one in zip(names, is_label, strict=True) if not is_one)
    x = np.frombuffer(features).reshape(-1, len(feature_names))
    y = np.frombuffer(labels, np.int64).reshape(len(x), -1)
    return labelled_examples(path, x, y, label_names=label_names, feature_names=feature_names)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Every non-blank line, split into cells, with its line number; never more than fits into memory."""
    n_values = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = max(",;\t", key=file.readline(_MAX_ROW).count)  # in a tie the first, the comma
            file.seek(0)
            lines = _Lines(path, file)
            reader = csv.reader(lines, delimiter=delimiter)
            for row in reader:
                lines.n_characters = 0
                n_values += len(row)
                if n_values * 8 > MAX_BYTES:
                    raise DataError(f"{path} has more than the maximum of {MAX_BYTES // 8:,} values")
                if row:
                    yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file in UTF-8 ({error.reason})") from error
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV file: {error}") from error


class _Lines:
    """Iterator over the lines of a file that counts their characters in `n_characters`.

    Raises DataError for a row that is too long: a single line, or many inside quotes.
    """

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path, self._file = path, file
        self.n_characters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_MAX_ROW)
        if not line:
            raise StopIteration
        self.n_characters += len(line)
        if self.n_characters >= _MAX_ROW:
            raise DataError(f"{self._path} is not a CSV file: a line of it has more than {_MAX_ROW:,} characters")
        return line


class _BadCellError(Exception):
    """The cell at `index` breaks a rule."""

    def __init__(self, index: int, rule: str) -> None:
        self.index, self.rule = index, rule


def _finite_numbers(cells: Sequence[str]) -> Float[ndarray, " n_features"]:
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        raise _BadCellError([_is_number(cell) for cell in cells].index(False), "a number") from None
    if not np.isfinite(values).all():
        raise _BadCellError(int(np.isfinite(values).argmin()), "a finite number")
    return values


def _is_header(row: Sequence[str]) -> bool:
    """Whether the first line is a header: it has a label's name, or no feature is a number."""
    named = any(cell.strip().lower() in LABEL_NAMES or cell.strip().lower().startswith(LABEL_PREFIX) for cell in row)
    return named or not any(_is_number(cell) for cell in row[:-1])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def may_hold_images(path: Path) -> bool:
    """Whether the examples in a file look like images, by its first bytes; False for a damaged one."""
    shape = _shape_of_example(path)
    return len(shape) in {2, 3} or (len(shape) == 1 and is_square(shape[0]))


def may_hold_points(path: Path) -> bool:
    """Whether the examples in a file are points of a plane, by its first bytes; False for a damaged one."""
    return _shape_of_example(path) == (2,)


def _shape_of_example(path: Path) -> tuple[int, ...]:
    """The shape of an example, by the first bytes of a file; empty for a damaged one."""
    try:
        if path.is_dir() or path.suffix.lower() == ".zip" or is_idx(path):
            return (1, 1)
        regular_file(path, MAX_BYTES)
        if path.suffix.lower() == ".npz":
            return npz_shape(path)
        first = next(_csv_rows(path), (0, []))[1]
        n_labels = sum(cell.strip().lower().startswith(LABEL_PREFIX) for cell in first) or 1
        return (len(first) - n_labels,)
    except Exception:  # as in `_read_csv`
        return ()
