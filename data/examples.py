"""Labelled examples as in their source, before they are split and scaled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from annscope.data.columns import Column

Features = Float[ndarray, "n n_features"] | UInt8[ndarray, "n n_features"]
Labels = Int[ndarray, " n"] | Int[ndarray, "n n_labels"]
TestFeatures = Float[ndarray, "n_test n_features"] | UInt8[ndarray, "n_test n_features"]
TestLabels = Int[ndarray, " n_test"] | Int[ndarray, "n_test n_labels"]

MAX_CLASSES = 4096
"""Maximum number of classes: each is an output unit, and a row and a column of every confusion matrix."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Features (bytes for pixels, else float64) and labels (int64) in file order.

    Labels index `class_names`, or are rows of 0 and 1 with a column for each of them.
    `test` and `validation` are the official splits, where the source has them. `pixel_max` is the value of white
    in images, None if the source does not define it; where they are `is_photo`, 0 is black and not bare paper.
    `notes` are sentences for the user about how the source was interpreted, such as what was left out of it;
    `left_out` lists all of that.

    In a table, `columns` are those of `x`, which has the code of a category and NaN for what is missing
    (`data.preparation`); `rows` are the rows of the file, `groups` numbers of what must not be split apart, and
    `about` says how the table was read, as JSON values. Of images, `files` are the names of their files, by split
    ("train" for `x`); of arrays, `arrays` are the names of those that hold the examples, likewise.
    """

    x: Features
    y: Labels
    class_names: tuple[str, ...]
    test: tuple[TestFeatures, TestLabels] | None = None
    image_shape: tuple[int, int] | None = None
    pixel_max: float | None = None
    is_photo: bool = False
    feature_names: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = ()
    validation: tuple[TestFeatures, TestLabels] | None = None
    left_out: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: Int[ndarray, " n"] | None = None
    groups: Int[ndarray, " n"] | None = None
    about: Mapping[str, Any] | None = None
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    arrays: Mapping[str, str] = field(default_factory=dict)

    def with_features(self, change: Callable[[ndarray], ndarray]) -> Examples:
        """A copy whose features are changed, in every split alike."""
        test, validation = (split and (change(split[0]), split[1]) for split in (self.test, self.validation))
        return replace(self, x=change(self.x), test=test, validation=validation)

    def fingerprint(self) -> str:
        """SHA-256, in hex, of the whole content: values, labels, classes, official split."""
        digest = hashlib.sha256(repr(self.class_names).encode())
        for array in (self.x, self.y, *(self.test or ()), *(self.validation or ())):
            array = np.ascontiguousarray(array)
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.data)
        if self.validation is not None:
            digest.update(b"validation")
        if any(column.values for column in self.columns):
            digest.update(repr([(column.name, column.values) for column in self.columns]).encode())
        return digest.hexdigest()
