"""The data a network learns from, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.errors import ConfigError, one_of

SPLITS = ("train", "validation", "test")

Labels: TypeAlias = Int[ndarray, " n"] | Int[ndarray, "n n_labels"]
"""What is true of examples: the class of each, or of each a row of 0 and 1, a number a label."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three disjoint splits of labelled examples, of which validation may be empty.

    Features are scaled as the network sees them; whatever the scaling learned, it learned from
    the training split alone. Labels index `class_names`; where an example carries any number of
    labels, they are rows of 0 and 1, and `class_names` name the labels. `image_shape` is (height, width) when a
    row of features is an image in row-major order, else None. `fingerprint` is the SHA-256 of the
    content, so that a record can tell whether it is read against the data that made it.
    """

    name: str
    x_train: Float[ndarray, "n_train n_features"]
    y_train: Int[ndarray, " n_train"] | Int[ndarray, "n_train n_labels"]
    x_val: Float[ndarray, "n_val n_features"]
    y_val: Int[ndarray, " n_val"] | Int[ndarray, "n_val n_labels"]
    x_test: Float[ndarray, "n_test n_features"]
    y_test: Int[ndarray, " n_test"] | Int[ndarray, "n_test n_labels"]
    class_names: tuple[str, ...]
    image_shape: tuple[int, int] | None = None
    is_photo: bool = False
    """Whether images are shades from black, 0, to white, shown as they were recorded, instead of ink on paper."""
    fingerprint: str = ""
    feature_names: tuple[str, ...] = field(default=())
    weights_train: Float[ndarray, " n_train"] | None = None
    """How much each training example counts; None counts all the same."""
    offset: Float[ndarray, " n_features"] | float = 0.0
    divisor: Float[ndarray, " n_features"] | float = 1.0
    """Features are (raw - offset) / divisor of what stood in the source."""
    notes: tuple[str, ...] = ()
    """Sentences for the user about how the source was parsed, such as what was left out of it."""
    left_out: tuple[str, ...] = ()
    """All that was left out of the source: file by file, or column by column, with the reason."""
    table: Mapping[str, Any] | None = None
    """How a user's table was read and prepared, as JSON values; None for everything else."""
    rows: Mapping[str, Int[ndarray, " n_rows"]] = field(default_factory=dict)
    """The place, from 0, of each example in its file or its array, by split; of points that are drawn, nothing."""
    arrays: Mapping[str, str] = field(default_factory=dict)
    """Of arrays, the name of that in which `rows` counts, by split."""
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The file of each example of a folder of images, by split."""

    @property
    def n_features(self) -> int:
        return int(self.x_train.shape[1])

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def is_multilabel(self) -> bool:
        """Whether an example may carry any number of labels."""
        return self.y_train.ndim == 2

    @property
    def heldout(self) -> str:
        """The split that judges a network while it trains: "validation", or "test" where that is empty."""
        return "validation" if len(self.y_val) else "test"

    def source(self, split: str, index: int) -> str:
        """Where an example comes from: its file, its row in the file, from 1, or its array (`x_test[3]`)."""
        if split in self.files:
            return self.files[split][index]
        if split not in self.rows:
            return ""
        row = int(self.rows[split][index])
        return f"{self.arrays[split]}[{row}]" if split in self.arrays else f"row {row + 1:,}"

    def split(self, name: str) -> tuple[Float[ndarray, "n n_features"], Labels]:
        """The features and labels of one split, by its name in `SPLITS`."""
        if name == "train":
            return self.x_train, self.y_train
        if name == "validation":
            return self.x_val, self.y_val
        if name == "test":
            return self.x_test, self.y_test
        raise ConfigError(one_of("split", name, SPLITS))
