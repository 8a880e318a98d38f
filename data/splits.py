"""Splits into training, validation and test examples: stratified, by group, or in file order.

They depend on the labels, the groups, the share and a seed fixed here, never on a run's seed, so that runs with
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
_N_FOLDS = 20
"""Into so many parts at most are groups divided, some of which are held out."""
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


def split(
    labels: Labels,
    share: float,
    *,
    seed: int,
    what: str = "validation",
    groups: Int[ndarray, " n"] | None = None,
    in_order: bool = False,
) -> tuple[Int[ndarray, " n_kept"], Int[ndarray, " n_held"]]:
    """Indices kept and held out, both ascending: whole groups, or the last `in_order`, or as `stratified_split`.

    Raises DataError if too little or nothing of a class would be kept.
    """
    if groups is not None:
        kept, held = _split_groups(labels, groups, share, seed=seed, what=what)
    elif in_order:
        n_held = max(1, round(share * len(labels)))
        kept, held = np.split(np.arange(len(labels)), [len(labels) - n_held])
    else:
        return stratified_split(labels, share, seed=seed, what=what)
    if not len(kept) or (labels.ndim == 1 and len(np.unique(labels[kept])) < len(np.unique(labels))):
        how = "groups" if groups is not None else "order of the file"
        raise DataError(f"by the {how}, holding some out for {what} would leave no example of a class for training")
    return kept, held


def _split_groups(
    labels: Labels, groups: Int[ndarray, " n"], share: float, *, seed: int, what: str
) -> tuple[Int[ndarray, " n_kept"], Int[ndarray, " n_held"]]:
    """Hold out whole groups, with about the share of examples and the classes about in proportion."""
    import warnings

    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise DataError(f"the examples are of {n_groups} group: holding some out for {what} needs at least two")
    rare = min(np.unique(labels, return_counts=True)[1]) if labels.ndim == 1 else 0
    n_folds = int(max(2, min(_N_FOLDS, n_groups, max(2, rare))))
    kind = StratifiedGroupKFold if rare >= n_folds else GroupKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes that are in few groups: checked by the caller
        parts = [held for _, held in kind(n_folds, shuffle=True, random_state=seed).split(labels, labels, groups)]
    n_held = min(n_folds - 1, max(1, round(share * n_folds)))
    held = np.sort(np.concatenate(parts[:n_held]))
    return np.setdiff1d(np.arange(len(labels)), held), held


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
