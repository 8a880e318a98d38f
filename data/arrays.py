"""NPZ files (`numpy.savez`): arrays `x` and `y`, or `X` and `y`, or `x_train`, `y_train`, `x_test`, `y_test`.

The last two become the test split. `x` holds one example per row, or one image
[height, width] or [height, width, 1] per entry. Pickled data is never loaded.

**Multi-label data.** `y` with a row of 0 and 1 for each example (as scikit-learn's multi-label targets, so
one-hot rows are labels too) and, optionally, their names as an array of texts `class_names`.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
from numpy import ndarray

from annscope.data.errors import DataError
from annscope.data.examples import Examples, Features
from annscope.data.labelled import MAX_BYTES, RawLabels, class_name, labelled_examples, short

_NPZ_NAMES = (("x_train", "y_train"), ("x", "y"), ("X", "y"))
_NPZ_TEST = ("x_test", "y_test")
_NPZ_LABEL_NAMES = "class_names"


def read_npz(path: Path) -> Examples:
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
    return labelled_examples(
        path, features, labels, test=test, image_shape=_shape_of_images(x), label_names=label_names
    )


def _label_names(path: Path, given: ndarray | None, labels: RawLabels) -> tuple[str, ...]:
    """The names of the labels of multi-label data; empty for classes, which are named by their labels."""
    if labels.ndim == 1:
        return ()
    if given is None:
        return tuple(f"label {k + 1}" for k in range(labels.shape[1]))
    if given.dtype.kind not in "US" or given.shape != labels.shape[1:]:
        raise DataError(
            f"{path}: the array {_NPZ_LABEL_NAMES} must hold {labels.shape[1]} texts, one per column of y, "
            f"but has the shape {given.shape} of {short(given.dtype)}"
        )
    return tuple(class_name(value) for value in given)


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
                        f"it holds {short(sorted(members))}"
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
                f"{self._path}: the array {name} has the shape {short(shape)} of {short(dtype)}, "
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


def _npz_pair(path: Path, names: tuple[str, str], arrays: Mapping[str, ndarray]) -> tuple[Features, RawLabels]:
    """Features as rows (bytes, else float64) and labels, validated against each other."""
    x_name, y_name = names
    x, y = arrays[x_name], arrays[y_name]
    if x.dtype.kind not in "biuf":
        raise DataError(f"{path}: the array {x_name} must hold numbers, not {short(x.dtype)}")
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


def npz_shape(path: Path) -> tuple[int, ...]:
    """The shape of an example in an NPZ file, by the header of its array; empty if there is none."""
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        members = _npz_members(archive)
        pair = next((pair for pair in _NPZ_NAMES if set(pair) <= set(members)), None)
        if pair is None:
            return ()
        with archive.open(members[pair[0]]) as member:
            shape, _ = _npy_header(member)
    return shape[1:]
