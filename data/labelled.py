"""Examples from the arrays of a user's file: labels become classes, and square rows of pixels become images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

from annscope.core.errors import shortened
from annscope.data.errors import DataError
from annscope.data.examples import MAX_CLASSES, Examples, Features, TestFeatures, TestLabels

MAX_BYTES = 1 << 31
"""Maximum size of a file, and of the values in it as float64."""
_SMALLEST_IMAGE = 16  # features: 4x4
_MAX_SHOWN = 200
_BARE_SHARE = 0.1
"""The share of white up to which the edge of an image counts as bare paper."""

RawLabels = Shaped[ndarray, " n"] | Shaped[ndarray, "n n_labels"]


class GivenSplit(NamedTuple):
    """An official split: features, labels by their values, and what errors call these labels."""

    x: TestFeatures
    y: RawLabels
    y_name: str


def labelled_examples(
    path: Path,
    x: Features,
    y: RawLabels,
    *,
    y_name: str = "y_train",
    given: Mapping[str, GivenSplit] = MappingProxyType({}),
    image_shape: tuple[int, int] | None = None,
    pixel_max: float | None = None,
    feature_names: tuple[str, ...] = (),
    class_names: tuple[str, ...] = (),
    label_names: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    arrays: Mapping[str, str] = MappingProxyType({}),
) -> Examples:
    """`y` holds classes by their values, or with `class_names` by their numbers, or with `label_names` rows.

    `given` are the official splits by name, "validation" and "test"; `y_name` is what errors call `y`; `arrays` are the
    names of the arrays or files that hold the examples, by split.
    """
    if image_shape is None and is_square(x.shape[1]) and are_pixels(x):
        image_shape = math.isqrt(x.shape[1]), math.isqrt(x.shape[1])
    if label_names:
        names = _checked_names(path, label_names)
        numbers = y.astype(np.int64)
        splits = {split: (each.x, _checked_rows(path, each, y_name, names)) for split, each in given.items()}
    else:
        classes = _classes(path, y)
        names = class_names or tuple(map(class_name, classes))
        if len(names) < 2:
            raise DataError(f"{path} has one class only, {short(names[0])}: at least two are needed")
        numbers = np.searchsorted(classes, y).astype(np.int64)
        splits = {split: (each.x, _numbers(path, each, y_name, classes)) for split, each in given.items()}
    is_photo = image_shape is not None and not has_bare_edges(x, image_shape)
    return Examples(
        x=x,
        y=numbers,
        class_names=names,
        test=splits.get("test"),
        validation=splits.get("validation"),
        image_shape=image_shape,
        pixel_max=pixel_max,
        is_photo=is_photo,
        feature_names=feature_names,
        notes=notes,
        arrays=arrays,
    )


def _numbers(path: Path, split: GivenSplit, y_name: str, classes: Shaped[ndarray, " n_classes"]) -> TestLabels:
    """The classes of a split as their numbers among those of the training examples."""
    if split.y.ndim == 2:
        raise DataError(f"{path}: {split.y_name} has rows of labels, but {y_name} one label per example")
    unknown = np.setdiff1d(_classes(path, split.y), classes)
    if len(unknown):
        raise DataError(
            f"{path}: {split.y_name} has the class {short(class_name(unknown[0]))}, which is missing in {y_name}"
        )
    return np.searchsorted(classes, split.y).astype(np.int64)


def _checked_names(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(names) or len(set(names)) < len(names):
        raise DataError(f"{path}: the names of the labels must be unique, got {short(list(names))}")
    check_n_classes(path, len(names))
    if len(names) < 2:
        raise DataError(f"{path} has one label, {names[0]}: for two classes rename its column to label")
    return names


def _checked_rows(path: Path, split: GivenSplit, y_name: str, names: tuple[str, ...]) -> TestLabels:
    if split.y.shape[1:] != (len(names),):
        raise DataError(
            f"{path}: {split.y_name} must have {len(names)} labels per example as {y_name} has, "
            f"got the shape {split.y.shape}"
        )
    return split.y.astype(np.int64)


def _classes(path: Path, y: RawLabels) -> Shaped[ndarray, " n_classes"]:
    """The sorted unique labels."""
    if y.dtype.kind not in "biufUS":
        raise DataError(f"{path}: the labels must be whole numbers or texts, not {short(y.dtype)}")
    if y.dtype.kind == "f":
        broken = np.flatnonzero(~np.isfinite(y) | (y != np.floor(y)))
        if len(broken):
            raise DataError(
                f"{path}: example {broken[0] + 1} has the label {y[broken[0]]:g}, "
                "but a class must be a whole number or a text"
            )
    classes: Shaped[ndarray, " n_classes"] = np.unique(y)
    check_n_classes(path, len(classes))
    return classes


def check_n_classes(path: Path, n_classes: int) -> None:
    if n_classes > MAX_CLASSES:
        raise DataError(
            f"{path} has more than {MAX_CLASSES:,} different labels: a label must be a class, not a measurement"
        )


def class_name(value: object) -> str:
    """The name of a class: 3 for 3.0."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(int(value)) if isinstance(value, float | np.floating) else str(value)


def are_pixels(x: Features) -> bool:
    return bool(x.min() >= 0 and x.max() <= 255 and (x == np.floor(x)).all())


def short(value: object) -> str:
    """Text shortened for a message: a file may hold a name or a type of any length."""
    return shortened(str(value), _MAX_SHOWN)


def has_bare_edges(x: Features, image_shape: tuple[int, int], n: int = 500) -> bool:
    """Whether most pixels at the edges of the first `n` images are nearly 0, as around ink on paper."""
    images = x[:n].reshape(-1, *image_shape)
    edges = np.concatenate(
        [images[:, 0].ravel(), images[:, -1].ravel(), images[:, :, 0].ravel(), images[:, :, -1].ravel()]
    )
    return bool(np.median(edges) <= _BARE_SHARE * max(float(images.max(initial=0)), 1e-9))


def is_square(n_features: int) -> bool:
    return n_features >= _SMALLEST_IMAGE and math.isqrt(n_features) ** 2 == n_features
