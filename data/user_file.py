"""User data: examples from a CSV or an NPZ file.

**CSV** (.csv, .tsv or .txt in UTF-8; separated by commas, semicolons or tabs): one example per line, with or without a
line of column names. The label is the column named label, class or target, else the last one.

**NPZ** (`numpy.savez`): arrays `x` and `y`, or `X` and `y`, or `x_train`, `y_train`, `x_test`,
`y_test`, of which the last two become the test split. `x` holds one example per row, or one image
[height, width] or [height, width, 1] per entry. Pickled data is never loaded.

Labels may be whole numbers or texts; the classes are their sorted values.

**Multi-label data.** In a CSV, a column for each label, named `label:` and the label (`label:red`,
`label:round`), that holds 0 or 1. In an NPZ, `y` with a row of 0 and 1 for each example (as
scikit-learn's multi-label targets, so one-hot rows are labels too) and, optionally, their names as
an array of texts `class_names`.

Examples are shown as images if the array's shape has height and width, or if the values are
whole numbers from 0 to 255 and the features, at least 16, are a square number.
"""

from __future__ import annotations

import csv
import math
import zipfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress
from pathlib import Path
from typing import IO, TextIO

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from annscope.data.errors import DataError
from annscope.data.examples import MAX_CLASSES, Examples, Features, TestFeatures, TestLabels
from annscope.data.regular_file import regular_file

LABEL_NAMES = ("label", "class", "target")
LABEL_PREFIX = "label:"
_SMALLEST_IMAGE = 16  # features: 4x4
_NPZ_NAMES = (("x_train", "y_train"), ("x", "y"), ("X", "y"))
_NPZ_TEST = ("x_test", "y_test")
_NPZ_LABEL_NAMES = "class_names"
MAX_BYTES = 1 << 31  # of a file, and of the values in it as float64
_MAX_ROW = 1 << 23  # characters
_MAX_SHOWN = 200

RawLabels = Shaped[ndarray, " n"] | Shaped[ndarray, "n n_labels"]


def load_user_file(path: Path) -> Examples:
    """The examples in a CSV or NPZ file.

    Raises DataError, in one sentence with the place, if the file cannot be used.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    readers = {".csv": _read_csv, ".tsv": _read_csv, ".txt": _read_csv, ".npz": _read_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path} must be a CSV or NPZ file, with a name that ends in .csv or .npz")
    try:
        if regular_file(path, MAX_BYTES).st_size == 0:
            raise DataError(f"{path} is empty")
        return reader(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


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
        _check_n_classes(path, len(distinct))
        try:
            features.extend(_finite_numbers(row))
        except _BadCellError as bad:
            column = bad.index + (1 if bad.index < label_column else 2)
            cell = _short(repr(row[bad.index]))
            raise DataError(f"{path}, line {line}, column {column}: {cell} is not {bad.rule}") from None
    if not features:
        raise DataError(f"{path} has a line of column names but no examples")
    if names:
        names.pop(label_column)
    x = np.frombuffer(features).reshape(len(labels), -1)
    if all(_is_number(label) for label in distinct):
        return _examples(path, x, np.array(labels, np.float64), feature_names=tuple(names))
    classes = sorted(distinct)
    place = {label: i for i, label in enumerate(classes)}
    y = np.array([place[label] for label in labels])
    return _examples(path, x, y, class_names=tuple(classes), feature_names=tuple(names))


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
                f"{path}, line {line}, column {name}: a label must be 0 or 1, got {_short(repr(cells[wrong]))}"
            )
        labels.extend(map(int, cells))
        columns = [i for i, is_one in enumerate(is_label) if not is_one]
        try:
            features.extend(_finite_numbers([row[i] for i in columns]))
        except _BadCellError as bad:
            column = columns[bad.index]
            cell = _short(repr(row[column]))
            raise DataError(f"{path}, line {line}, column {column + 1}: {cell} is not {bad.rule}") from None
    if not features:
        raise DataError(f"{path} has a line of column names but no examples")
    feature_names = tuple(name for name, is_one in zip(names, is_label, strict=True) if not is_one)
    x = np.frombuffer(features).reshape(-1, len(feature_names))
    y = np.frombuffer(labels, np.int64).reshape(len(x), -1)
    return _examples(path, x, y, label_names=label_names, feature_names=feature_names)


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


# ---- NPZ


def _read_npz(path: Path) -> Examples:
    arrays = _npz_arrays(path)
    pair = next(pair for pair in _NPZ_NAMES if set(pair) <= set(arrays))
    x = arrays[pair[0]]
    features, labels = _npz_pair(path, pair, arrays)
    test = None
    if pair == _NPZ_NAMES[0] and not arrays.keys().isdisjoint(_NPZ_TEST):
        for name, other in (_NPZ_TEST, _NPZ_TEST[::-1]):
            if name not in arrays:
                raise DataError(f"{path} has {other} without {name}")
        in_test = arrays[_NPZ_TEST[0]].shape[1:]
        if in_test != x.shape[1:]:
            raise DataError(f"{path}: an example has the shape {x.shape[1:]} in x_train and {in_test} in x_test")
        test = _npz_pair(path, _NPZ_TEST, arrays)
    label_names = _label_names(path, arrays.get(_NPZ_LABEL_NAMES), labels)
    return _examples(path, features, labels, test=test, image_shape=_shape_of_images(x), label_names=label_names)


def _label_names(path: Path, given: ndarray | None, labels: RawLabels) -> tuple[str, ...]:
    """The names of the labels of multi-label data; empty for classes, which are named by their labels."""
    if labels.ndim == 1:
        return ()
    if given is None:
        return tuple(f"label {k + 1}" for k in range(labels.shape[1]))
    if given.dtype.kind not in "US" or given.shape != labels.shape[1:]:
        raise DataError(
            f"{path}: the array {_NPZ_LABEL_NAMES} must hold {labels.shape[1]} texts, one per column of y, "
            f"but has the shape {given.shape} of {_short(given.dtype)}"
        )
    return tuple(_name(value) for value in given)


def _npz_arrays(path: Path) -> dict[str, ndarray]:
    """The arrays with known names, at least one pair of x and y."""
    try:
        with path.open("rb") as file:
            if file.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX:
                raise DataError(f"{path} is not an NPZ file: it holds one array and must hold two, x and y")
            with zipfile.ZipFile(file) as archive:
                members = _npz_members(archive)
                if not any(set(pair) <= set(members) for pair in _NPZ_NAMES):
                    raise DataError(
                        f"{path} must hold the arrays x and y (or x_train, y_train, x_test, y_test); "
                        f"it holds {_short(sorted(members))}"
                    )
                reader = _NpzReader(path, archive, members)
                known = {*chain(*_NPZ_NAMES), *_NPZ_TEST}
                arrays = {name: reader.array(name) for name in members if name in known}
                several = any(arrays[name].ndim == 2 for name in {"y", "y_train"} & set(arrays))
                if several and _NPZ_LABEL_NAMES in members:
                    arrays[_NPZ_LABEL_NAMES] = reader.array(_NPZ_LABEL_NAMES)
                return arrays
    except (DataError, OSError):
        raise
    except (
        Exception
    ) as error:  # zipfile, its decompressors and numpy's parser raise all kinds of errors for damaged content
        raise DataError(f"{path} is not an NPZ file, or a damaged one") from error


def _npz_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    return {member.filename.removesuffix(".npy"): member for member in archive.infolist()}


class _NpzReader:
    """Reads arrays from an archive, each only after its header shows that it fits into memory with the others."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
        self._path, self._archive, self._members = path, archive, members
        self._n_bytes = 0

    def array(self, name: str) -> ndarray:
        with self._archive.open(self._members[name]) as member:
            shape, dtype = _npy_header(member)
        if dtype.hasobject:
            raise DataError(
                f"{self._path}: the array {name} holds Python objects, which are never loaded; "
                "save it as numbers or texts"
            )
        if min(shape, default=0) < 0:
            raise ValueError("a negative size")
        # Anything but bytes becomes float64.
        self._n_bytes += math.prod(shape) * (1 if dtype == np.uint8 else max(dtype.itemsize, 8))
        if self._n_bytes > MAX_BYTES:
            raise DataError(
                f"{self._path}: the array {name} has the shape {_short(shape)} of {_short(dtype)}, "
                f"which is more than the maximum of {MAX_BYTES:,} bytes"
            )
        with self._archive.open(self._members[name]) as member:
            array: ndarray = np.lib.format.read_array(member, allow_pickle=False)
        return array


def _npy_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    return shape, dtype


def _short(value: object) -> str:
    """Text shortened for a message: a file may hold a name or a type of any length."""
    text = str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _npz_pair(path: Path, names: tuple[str, str], arrays: Mapping[str, ndarray]) -> tuple[Features, RawLabels]:
    """Features as rows (bytes, else float64) and labels, validated against each other."""
    x_name, y_name = names
    x, y = arrays[x_name], arrays[y_name]
    if x.dtype.kind not in "biuf":
        raise DataError(f"{path}: the array {x_name} must hold numbers, not {_short(x.dtype)}")
    if x.ndim < 2:
        raise DataError(f"{path}: the array {x_name} must have one example per row, but has the shape {x.shape}")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in {1, 2} or len(y) != len(x) or y.shape[1:] == (0,):
        raise DataError(
            f"{path}: the array {y_name} must have one label for each of the {len(x):,} examples in {x_name}, "
            f"or a row of labels, but has the shape {y.shape}"
        )
    if y.ndim == 2 and (y.dtype.kind not in "biuf" or not np.isin(y, (0, 1)).all()):
        raise DataError(f"{path}: the array {y_name} has a row of labels for each example, which must be 0 or 1")
    if not x.size:
        raise DataError(f"{path}: the array {x_name} is empty")
    rows = x.reshape(len(x), -1)
    if rows.dtype != np.uint8:
        rows = rows.astype(np.float64)
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = divmod(int(finite.argmin()), rows.shape[1])
        raise DataError(
            f"{path}: {x_name}[{row}], feature {column}, is {rows[row, column]}, where every value must be finite"
        )
    return rows, y


def _shape_of_images(x: ndarray) -> tuple[int, int] | None:
    """(height, width) if the array's shape has them."""
    if x.ndim == 3 or (x.ndim == 4 and x.shape[3] == 1):
        return int(x.shape[1]), int(x.shape[2])
    return None


def _npz_shape(path: Path) -> tuple[int, ...]:
    """The shape of an example in an NPZ file, by the header of its array; empty if there is none."""
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        members = _npz_members(archive)
        pair = next((pair for pair in _NPZ_NAMES if set(pair) <= set(members)), None)
        if pair is None:
            return ()
        with archive.open(members[pair[0]]) as member:
            shape, _ = _npy_header(member)
    return shape[1:]


# ---- both


def may_hold_images(path: Path) -> bool:
    """Whether the examples in a file look like images, by its first bytes; False for a damaged one."""
    shape = _shape_of_example(path)
    return len(shape) in {2, 3} or (len(shape) == 1 and _is_square(shape[0]))


def may_hold_points(path: Path) -> bool:
    """Whether the examples in a file are points of a plane, by its first bytes; False for a damaged one."""
    return _shape_of_example(path) == (2,)


def _shape_of_example(path: Path) -> tuple[int, ...]:
    """The shape of an example, by the first bytes of a file; empty for a damaged one."""
    try:
        regular_file(path, MAX_BYTES)
        if path.suffix.lower() == ".npz":
            return _npz_shape(path)
        first = next(_csv_rows(path), (0, []))[1]
        n_labels = sum(cell.strip().lower().startswith(LABEL_PREFIX) for cell in first) or 1
        return (len(first) - n_labels,)
    except Exception:  # as in `_read_csv`
        return ()


def _is_square(n_features: int) -> bool:
    return n_features >= _SMALLEST_IMAGE and math.isqrt(n_features) ** 2 == n_features


def _examples(
    path: Path,
    x: Features,
    y: RawLabels,
    *,
    test: tuple[TestFeatures, RawLabels] | None = None,
    image_shape: tuple[int, int] | None = None,
    feature_names: tuple[str, ...] = (),
    class_names: tuple[str, ...] = (),
    label_names: tuple[str, ...] = (),
) -> Examples:
    """`y` holds classes by their values, or with `class_names` by their numbers, or with `label_names` rows."""
    if image_shape is None and _is_square(x.shape[1]) and _are_pixels(x):
        image_shape = math.isqrt(x.shape[1]), math.isqrt(x.shape[1])
    if label_names:
        return Examples(
            x=x,
            y=y.astype(np.int64),
            class_names=_checked_names(path, label_names),
            test=None if test is None else _labelled_test(path, test, label_names),
            image_shape=image_shape,
            feature_names=feature_names,
        )
    classes = _classes(path, y)
    names = class_names or tuple(map(_name, classes))
    if len(names) < 2:
        raise DataError(f"{path} has one class only, {_short(names[0])}: at least two are needed")
    official: tuple[TestFeatures, TestLabels] | None = None
    if test is not None:
        if test[1].ndim == 2:
            raise DataError(f"{path}: y_test has rows of labels, but y_train one label per example")
        unknown = np.setdiff1d(_classes(path, test[1]), classes)
        if len(unknown):
            raise DataError(f"{path}: y_test has the class {_short(_name(unknown[0]))}, which is missing in y_train")
        official = test[0], np.searchsorted(classes, test[1]).astype(np.int64)
    return Examples(
        x=x,
        y=np.searchsorted(classes, y).astype(np.int64),
        class_names=names,
        test=official,
        image_shape=image_shape,
        feature_names=feature_names,
    )


def _checked_names(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(names) or len(set(names)) < len(names):
        raise DataError(f"{path}: the names of the labels must be unique, got {_short(list(names))}")
    _check_n_classes(path, len(names))
    if len(names) < 2:
        raise DataError(f"{path} has one label, {names[0]}: for two classes rename its column to label")
    return names


def _labelled_test(
    path: Path, test: tuple[TestFeatures, RawLabels], names: tuple[str, ...]
) -> tuple[TestFeatures, TestLabels]:
    x, y = test
    if y.shape[1:] != (len(names),):
        raise DataError(
            f"{path}: y_test must have {len(names)} labels per example as y_train has, got the shape {y.shape}"
        )
    return x, y.astype(np.int64)


def _classes(path: Path, y: RawLabels) -> Shaped[ndarray, " n_classes"]:
    """The sorted unique labels."""
    if y.dtype.kind not in "biufUS":
        raise DataError(f"{path}: the labels must be whole numbers or texts, not {_short(y.dtype)}")
    if y.dtype.kind == "f":
        broken = np.flatnonzero(~np.isfinite(y) | (y != np.floor(y)))
        if len(broken):
            raise DataError(
                f"{path}: example {broken[0] + 1} has the label {y[broken[0]]:g}, "
                "but a class must be a whole number or a text"
            )
    classes: Shaped[ndarray, " n_classes"] = np.unique(y)
    _check_n_classes(path, len(classes))
    return classes


def _check_n_classes(path: Path, n_classes: int) -> None:
    if n_classes > MAX_CLASSES:
        raise DataError(
            f"{path} has more than {MAX_CLASSES:,} different labels: a label must be a class, not a measurement"
        )


def _name(value: object) -> str:
    """The name of a class: 3 for 3.0."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(int(value)) if isinstance(value, float | np.floating) else str(value)


def _are_pixels(x: Features) -> bool:
    return bool(x.min() >= 0 and x.max() <= 255 and (x == np.floor(x)).all())
