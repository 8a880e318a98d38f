"""Examples that a data set has more than once, within a split and between splits, and with contradicting labels."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from annscope.core.dataset import SPLITS, Dataset


@dataclass(frozen=True)
class Duplicates:
    """Counts of equal examples, by their features as the network sees them.

    `within` are the surplus copies in each split, `between` the held-out examples of each split that are in the
    training split too, and `conflicts` the examples of which another has the same features and another label.
    """

    within: dict[str, int]
    between: dict[str, int]
    conflicts: int


def find_duplicates(dataset: Dataset) -> Duplicates:
    """Count the duplicates of a data set."""
    labels: dict[bytes, dict[bytes, int]] = defaultdict(lambda: defaultdict(int))
    keys: dict[str, list[bytes]] = {}
    for name in SPLITS:
        x, y = dataset.split(name)
        x = np.ascontiguousarray(x) + 0.0  # -0.0 is 0.0
        keys[name] = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in x]
        for key, label in zip(keys[name], y, strict=True):
            labels[key][label.tobytes()] += 1
    train = set(keys["train"])
    return Duplicates(
        within={name: len(found) - len(set(found)) for name, found in keys.items()},
        between={name: sum(key in train for key in found) for name, found in keys.items() if name != "train"},
        conflicts=sum(sum(counts.values()) for counts in labels.values() if len(counts) > 1),
    )
