"""Stratified splits into training, validation and test examples.

They depend on the labels, the share and a seed fixed here, never on a run's seed, so that runs with
different seeds are compared on the same held-out examples.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.data.errors import DataError

TEST_SEED = 20_010
VALIDATION_SEED = 20_011
TEST_SHARE = 0.1
"""Share of test examples if a source has no official test split."""
MIN_EXAMPLES = 10
"""Minimum number of examples for a combination of labels to be a stratum of its own."""


def stratified_split(
    labels: Labels, share: float, *, seed: int, what: str = "validation"
) -> tuple[Int[ndarray, " n_kept"], Int[ndarray, " n_held"]]:
    """Indices kept and indices held out, both ascending (file order), with every class in proportion.

    `share` of all examples is held out, rounded, at least one; each class gives its share to within
    one example (largest remainders first) and always keeps at least one. If examples have
    several labels, their combinations are the strata, with all rare ones in one stratum.
    `what` names the held-out split in the error.

    Raises DataError if no example can be held out without taking a class's only one.
    """
    labels = _combinations(labels) if labels.ndim == 2 else labels
    counts = np.bincount(labels)
    quota = _quota(counts, share)
    if not quota.any():
        raise DataError(
            f"{len(labels)} examples in {len(counts)} classes are too few to split: "
            f"holding some out for {what} needs a class with at least 2"
        )
    order = np.argsort(np.random.default_rng(seed).random(len(labels)), kind="stable")
    by_class = order[np.argsort(labels[order], kind="stable")]
    rank_in_class = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = np.zeros(len(labels), dtype=bool)
    held[by_class[rank_in_class < np.repeat(quota, counts)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def _combinations(labels: Int[ndarray, "n n_labels"]) -> Int[ndarray, " n"]:
    """The stratum of each example by its combination of labels; those of fewer than `MIN_EXAMPLES` share one."""
    place, counts = np.unique(labels, axis=0, return_inverse=True, return_counts=True)[1:]
    place = place.ravel()
    place[counts[place] < MIN_EXAMPLES] = len(counts)
    numbers: Int[ndarray, " n"] = np.unique(place, return_inverse=True)[1]
    return numbers


def _quota(counts: Int[ndarray, " n_classes"], share: float) -> Int[ndarray, " n_classes"]:
    """Number of examples of each class to hold out."""
    wanted = counts * share
    quota = np.floor(wanted).astype(np.int64)
    missing = max(1, round(float(counts.sum() * share))) - int(quota.sum())
    quota[np.argsort(quota - wanted, kind="stable")[:missing]] += 1
    spared: Int[ndarray, " n_classes"] = np.minimum(quota, np.maximum(counts - 1, 0))
    return spared
