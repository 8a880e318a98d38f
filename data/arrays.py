"""NPZ files (`numpy.savez`): arrays `x` and `y`, or `x_train`, `y_train`, `x_val`, `y_val`, `x_test`, `y_test`.

Other usual names will do, in upper or lower case (`data.array_names`); validation and test arrays become these splits.
`x` holds one example per row, or one image per entry, in any layout that `data.array_images` knows.
Pickled data is never loaded.

**Rows of labels.** `y` with a row of 0 and 1 for each example are labels, any number of them an example (as
scikit-learn's multi-label targets), with their names, optionally, as an array of texts `class_names`. Rows with
exactly one 1 each are classes, unless the network's output takes labels.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy import ndarray

from annscope.data.archive import open_archive
from annscope.data.array_images import layout_of
from annscope.data.array_names import Pair, choose
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.labelled import MAX_BYTES, GivenSplit, RawLabels, class_name, labelled_examples, short
from annscope.data.regular_file import regular_file

if TYPE_CHECKING:
    from annscope.data.download import Progress

_LABEL_NAMES = "class_names"
_MAX_ARRAYS = 1000
_PURPOSE = {"train": "training", "validation": "validation", "test": "testing"}


def _opened(path: Path, progress: Progress | None = None) -> AbstractContextManager[zipfile.ZipFile]:
    """An NPZ file. Raises DataError for one array alone, and what `open_archive` does."""
    regular_file(path, MAX_BYTES)
    with path.open("rb") as file:
        if file.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX:
            raise DataError(
                f"{path} is not an NPZ file: it holds one array and must hold two, x and y, "
                "as numpy.savez('data.npz', x=x, y=y) saves them"
            )
    return open_archive(path, "an NPZ", MAX_BYTES, progress)


def read_npz(path: Path, progress: Progress | None = None, *, takes_labels: bool = False) -> Examples:
    """The examples in an NPZ file. With `takes_labels` one-hot rows stay labels, else they become classes.

    `progress` is called with the bytes that were read of all.

    Raises DataError, in one sentence, for a file that cannot be used.
    """
    with _opened(path, progress) as archive:
        reader = _Reader(path, archive)
        chosen = choose(str(path), reader.shapes())
        pairs = chosen.pairs
        arrays = {name: reader.array(name) for pair in pairs.values() for name in (pair.x, pair.y)}
        has_names = arrays[pairs["train"].y].ndim == 2 and _LABEL_NAMES in reader.members
        given_names = reader.array(_LABEL_NAMES) if has_names else None
    checked = {split: _checked(path, pair, arrays) for split, pair in pairs.items()}
    x_name, x = pairs["train"].x, checked["train"][0]
    for split, (other, _) in checked.items():
        if other.shape[1:] != x.shape[1:]:
            raise DataError(
                f"{path}: an example has the shape {x.shape[1:]} in {x_name} and {other.shape[1:]} in {pairs[split].x}"
            )
        _finite(path, pairs[split].x, other)
    layout = layout_of(x_name, x)
    notes = [*chosen.notes, *layout.notes]
    parts = {split: GivenSplit(layout.rows(x), y, pairs[split].y) for split, (x, y) in checked.items()}
    label_names = _label_names(path, given_names, pairs["train"].y, parts["train"].y)
    class_names: tuple[str, ...] = ()
    if label_names and not takes_labels and all(_is_one_hot(part.y) for part in parts.values()):
        notes.append(
            f"Each row of {pairs['train'].y} has exactly one 1, whose column is the class; "
            "with the output sigmoid they are labels."
        )
        if given_names is not None:
            class_names = tuple(label_names[column] for column in np.flatnonzero(parts["train"].y.any(axis=0)))
        label_names = ()
        parts = {split: part._replace(y=part.y.argmax(axis=1)) for split, part in parts.items()}
    train = parts.pop("train")
    if parts:
        listed = ", ".join(f"{pairs[split].x} for {_PURPOSE[split]} ({len(part.y):,})" for split, part in parts.items())
        notes.append(f"The splits are those of the file: {listed}.")
    return labelled_examples(
        path,
        train.x,
        train.y,
        y_name=train.y_name,
        given=parts,
        image_shape=layout.shape,
        class_names=class_names,
        label_names=label_names,
        notes=tuple(notes),
        arrays={split: pair.x for split, pair in pairs.items()},
    )


def npz_shape(path: Path) -> tuple[int, ...]:
    """The shape of an example in an NPZ file, by the header of its array; empty if there is none."""
    with _opened(path) as archive:
        shapes = _Reader(path, archive).shapes()
        try:
            return shapes[choose(str(path), shapes).pairs["train"].x][1:]
        except DataError:
            return ()


class _Reader:
    """Reads arrays from an archive, each only after its header shows that it fits into memory with the others."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        self.members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        self._n_bytes = 0

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all arrays; () for one whose header is damaged."""
        return {name: self._shape(name) for name in list(self.members)[:_MAX_ARRAYS]}

    def _shape(self, name: str) -> tuple[int, ...]:
        try:
            return self._header(name)[0]
        except Exception:  # numpy's parser and the decompressors raise all kinds of errors
            return ()

    def _header(self, name: str) -> tuple[tuple[int, ...], np.dtype]:
        with self._archive.open(self.members[name]) as member:
            return _npy_header(member)

    def array(self, name: str) -> ndarray:
        shape, dtype = self._header(name)
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
                f"{self._path}: the array {name} has the shape {short(shape)} of {short(dtype)}, "
                f"which is more than the maximum of {MAX_BYTES:,} bytes"
            )
        with self._archive.open(self.members[name]) as member:
            array: ndarray = np.lib.format.read_array(member, allow_pickle=False)
        return array


def _npy_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    return shape, dtype


def _checked(path: Path, pair: Pair, arrays: Mapping[str, ndarray]) -> tuple[ndarray, RawLabels]:
    """The examples and labels of a pair, validated against each other."""
    x, y = arrays[pair.x], arrays[pair.y]
    if x.dtype.kind not in "biuf":
        raise DataError(f"{path}: the array {pair.x} must hold numbers, not {short(x.dtype)}")
    if x.ndim < 2:
        raise DataError(f"{path}: the array {pair.x} must have one example per row, but has the shape {x.shape}")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in {1, 2} or len(y) != len(x) or y.shape[1:] == (0,):
        raise DataError(
            f"{path}: the array {pair.y} must have one label for each of the {len(x):,} examples in {pair.x}, "
            f"or a row of labels, but has the shape {y.shape}"
        )
    if y.ndim == 2 and (y.dtype.kind not in "biuf" or not np.isin(y, (0, 1)).all()):
        raise DataError(f"{path}: the array {pair.y} has a row of labels for each example, which must be 0 or 1")
    if not x.size:
        raise DataError(f"{path}: the array {pair.x} is empty")
    return x, y


def _finite(path: Path, name: str, x: ndarray) -> None:
    rows = x.reshape(len(x), -1)
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = divmod(int(finite.argmin()), rows.shape[1])
        raise DataError(
            f"{path}: {name}[{row}], feature {column}, is {rows[row, column]}, where every value must be finite"
        )


def _is_one_hot(y: RawLabels) -> bool:
    return y.ndim == 2 and bool((y.sum(axis=1) == 1).all())


def _label_names(path: Path, given: ndarray | None, y_name: str, labels: RawLabels) -> tuple[str, ...]:
    """The names of the labels of multi-label data; empty for classes, which are named by their labels."""
    if labels.ndim == 1:
        return ()
    if given is None:
        return tuple(f"label {k + 1}" for k in range(labels.shape[1]))
    if given.dtype.kind not in "US" or given.shape != labels.shape[1:]:
        raise DataError(
            f"{path}: the array {_LABEL_NAMES} must hold {labels.shape[1]} texts, one per column of {y_name}, "
            f"but has the shape {given.shape} of {short(given.dtype)}"
        )
    return tuple(class_name(value) for value in given)
