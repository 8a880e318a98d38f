"""Examples from the arrays of a user's file: labels become classes, and square rows of pixels become images."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

from annscope.data.errors import DataError
from annscope.data.examples import MAX_CLASSES, Examples, Features, TestFeatures, TestLabels

MAX_BYTES = 1 << 31
"""Maximum size of a file, and of the values in it as float64."""
_SMALLEST_IMAGE = 16  # features: 4x4
_MAX_SHOWN = 200

RawLabels = Shaped[ndarray, " n"] | Shaped[ndarray, "n n_labels"]


def labelled_examples(
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
    if image_shape is None and is_square(x.shape[1]) and _are_pixels(x):
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
    names = class_names or tuple(map(class_name, classes))
    if len(names) < 2:
        raise DataError(f"{path} has one class only, {short(names[0])}: at least two are needed")
    official: tuple[TestFeatures, TestLabels] | None = None
    if test is not None:
        if test[1].ndim == 2:
            raise DataError(f"{path}: y_test has rows of labels, but y_train one label per example")
        unknown = np.setdiff1d(_classes(path, test[1]), classes)
        if len(unknown):
            raise DataError(
                f"{path}: y_test has the class {short(class_name(unknown[0]))}, which is missing in y_train"
            )
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
        raise DataError(f"{path}: the names of the labels must be unique, got {short(list(names))}")
    check_n_classes(path, len(names))
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


def _are_pixels(x: Features) -> bool:
    return bool(x.min() >= 0 and x.max() <= 255 and (x == np.floor(x)).all())


def short(value: object) -> str:
    """Text shortened for a message: a file may hold a name or a type of any length."""
    text = str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def is_square(n_features: int) -> bool:
    return n_features >= _SMALLEST_IMAGE and math.isqrt(n_features) ** 2 == n_features
