"""What is wrong with labelled examples, before anything is trained on them: imbalance, duplicates, contradictions.

Examples are compared as the network sees them: after preparation and scaling, without what was left out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from annscope.core.dataset import SPLITS, Dataset, Labels

MAX_CHECKED = 500_000
"""Maximum number of examples that are compared with each other: some two seconds."""
MAX_CHECKED_BYTES = 2_000_000_000
MAX_GROUPS = 50
MAX_IN_GROUP = 8

Place = tuple[str, int]
"""A split and the index of an example in it."""


@dataclass(frozen=True)
class Group:
    """Examples with the same features: the first of them in the order of the splits, and how many there are."""

    places: tuple[Place, ...]
    n_examples: int
    n_labels: int
    """Number of different labels that they have; from 2 on they contradict each other."""

    @property
    def n_splits(self) -> int:
        return len({split for split, _ in self.places})


@dataclass(frozen=True)
class Repeats:
    """Examples that occur more than once.

    `n_within` counts for each split the examples that occurred in it before, `n_between` for two splits those of the
    second one that occur in the first, `n_conflicting` all examples of which another has the same features and another
    label. `groups` are the most telling ones: contradictions first, then those between splits, then the largest.
    `n_checked` of `n_examples` were compared, evenly spaced over each split.
    """

    n_checked: int
    n_examples: int
    n_within: dict[str, int]
    n_between: dict[tuple[str, str], int]
    n_conflicting: int
    groups: tuple[Group, ...]

    @property
    def is_sample(self) -> bool:
        return self.n_checked < self.n_examples


def class_counts(dataset: Dataset) -> Int[ndarray, "n_splits n_classes"]:
    """Number of examples of each class, or with each label, in each of `SPLITS`."""
    return np.stack([_count(dataset.split(split)[1], dataset.n_classes) for split in SPLITS])


def _count(y: Labels, n_classes: int) -> Int[ndarray, " n_classes"]:
    counts: Int[ndarray, " n_classes"] = y.sum(axis=0) if y.ndim == 2 else np.bincount(y, minlength=n_classes)
    return counts


def imbalance(counts: Int[ndarray, " n_classes"]) -> float:
    """How many times as many examples the largest class has as the smallest; infinite where that has none."""
    least = int(counts.min())
    return float(counts.max()) / least if least else float("inf")


def find_repeats(dataset: Dataset, most: int = MAX_CHECKED) -> Repeats:
    """The examples of all splits whose features are the same; at most `most` examples are compared."""
    found: dict[bytes, list[tuple[Place, bytes]]] = {}
    n_checked, n_examples = 0, sum(len(dataset.split(split)[1]) for split in SPLITS)
    most = min(most, MAX_CHECKED_BYTES // max(1, dataset.x_train.itemsize * dataset.n_features))
    share = min(1.0, most / max(1, n_examples))
    for split in SPLITS:
        x, y = dataset.split(split)
        rows = np.linspace(0, len(y) - 1, int(len(y) * share)).astype(int) if share < 1 else np.arange(len(y))
        n_checked += len(rows)
        for row, digest in zip(rows.tolist(), _digests(x, rows), strict=True):
            found.setdefault(digest, []).append(((split, row), y[row].tobytes()))
    repeated = [examples for examples in found.values() if len(examples) > 1]
    n_within: Counter[str] = Counter()
    n_between: Counter[tuple[str, str]] = Counter()
    n_conflicting = 0
    groups = []
    for examples in repeated:
        in_split = Counter(split for (split, _), _ in examples)
        n_within.update({split: count - 1 for split, count in in_split.items()})
        present = [split for split in SPLITS if split in in_split]
        n_between.update({(first, second): in_split[second] for first, second in combinations(present, 2)})
        labels = {label for _, label in examples}
        n_conflicting += len(examples) if len(labels) > 1 else 0
        groups.append(Group(_telling(examples), len(examples), len(labels)))
    groups.sort(key=lambda group: (-min(group.n_labels, 2), -group.n_splits, -group.n_examples, group.places))
    return Repeats(
        n_checked=n_checked,
        n_examples=n_examples,
        n_within={split: n_within[split] for split in SPLITS if n_within[split]},
        n_between={pair: n_between[pair] for pair in combinations(SPLITS, 2) if n_between[pair]},
        n_conflicting=n_conflicting,
        groups=tuple(groups[:MAX_GROUPS]),
    )


def _digests(x: ndarray, rows: Sequence[int] | ndarray) -> Iterator[bytes]:
    for start in range(0, len(rows), 4096):
        for row in np.ascontiguousarray(x[rows[start : start + 4096]]) + 0.0:  # -0 is 0
            yield hashlib.blake2b(row, digest_size=16).digest()


def _telling(examples: Sequence[tuple[Place, bytes]]) -> tuple[Place, ...]:
    """The first examples of a group, such that each of its splits and labels is among them where there is room."""
    seen: set[tuple[str, bytes]] = set()
    first: list[Place] = []
    others: list[Place] = []
    for (split, row), label in examples:
        (others if (split, label) in seen else first).append((split, row))
        seen.add((split, label))
    return tuple(sorted((first + others)[:MAX_IN_GROUP], key=lambda place: (SPLITS.index(place[0]), place[1])))
