"""How far a figure may be off because only so many examples were judged: intervals of 95 %, and a paired test.

Proportions (accuracy, recall, precision) have Wilson's interval. Other figures have the percentiles of a bootstrap:
the examples are drawn again with replacement, the figure is computed of each such sample. The draws are seeded, so
the same predictions always have the same interval. Intervals are arrays whose last axis is (low, high); NaN where the
figure is undefined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Bool, Float, Int, UInt
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.core.evaluation.metrics import each_by_itself
from annscope.core.snapshot import Confusion

LEVEL = 0.95
"""How often an interval holds the figure of infinitely many examples."""
Z = 1.959963984540054
"""The quantile of the normal distribution at (1 + LEVEL) / 2."""
FEW = 10
"""Of fewer examples a proportion says next to nothing."""
MAX_RESAMPLES, MIN_RESAMPLES = 1000, 200
MAX_DRAWN = 2_000_000
"""How many numbers all samples of a bootstrap may have together, unless that were fewer samples than the minimum."""
MAX_SCORES = 1_000_000
"""Of how many scores, of all classes together, the areas are resampled at most."""
SEED = 2020
BLOCK = 2_000_000
"""How many numbers of the samples are drawn at once."""

Resampled = Float[ndarray, "n_resamples n_classes"]


def wilson(successes: Int[ndarray, "*shape"] | int, n: Int[ndarray, "*shape"] | int) -> Float[ndarray, "*shape 2"]:
    """Wilson's score interval of a proportion `successes` / `n` (Wilson 1927); NaN without examples."""
    k, total = np.asarray(successes, np.float64), np.asarray(n, np.float64)
    with np.errstate(invalid="ignore"):
        middle = (k + Z**2 / 2) / (total + Z**2)
        half = Z / (total + Z**2) * np.sqrt(k * (total - k) / total + Z**2 / 4)
        # At the ends the bounds are 0 and 1, which rounding may miss.
        low = np.where(k == 0, 0.0, middle - half)
        high = np.where(k == total, 1.0, middle + half)
    return np.where((total > 0)[..., None], np.stack([low, high], axis=-1), np.nan)


def class_intervals(confusion: Confusion) -> dict[str, Float[ndarray, "n_classes 2"]]:
    """Wilson's intervals of precision, recall and specificity of each class or label, by these names."""
    counts = each_by_itself(confusion)
    right, others = counts[:, 1, 1], counts[:, 0, 0]
    return {
        "precision": wilson(right, counts[:, :, 1].sum(axis=1)),
        "recall": wilson(right, counts[:, 1].sum(axis=1)),
        "specificity": wilson(others, counts[:, 0].sum(axis=1)),
    }


def f1_interval(counts: Int[ndarray, "2 2"]) -> Float[ndarray, " 2"]:
    """The bootstrap interval of the F1 of one class or label, from its counts [[tn, fp], [fn, tp]]."""
    n = counts.sum()
    draws = np.random.default_rng(SEED).multinomial(n, counts.ravel() / max(1, n), size=MAX_RESAMPLES)
    twice = 2 * draws[:, 3]
    return percentile_interval(_ratios(twice, twice + draws[:, 1] + draws[:, 2]))


@dataclass(frozen=True)
class Paired:
    """Two networks on the same examples: how many each of them, both or neither predicts correctly."""

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    @property
    def n(self) -> int:
        """How many examples were judged."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def difference(self) -> float:
        """Accuracy of the second less that of the first; NaN without examples."""
        return (self.only_second - self.only_first) / self.n if self.n else float("nan")

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test, two-sided: how likely a difference as large is if both are equally good."""
        n, fewer = self.only_first + self.only_second, min(self.only_first, self.only_second)
        total, term = 0, 1
        for k in range(fewer + 1):
            total += term
            term = term * (n - k) // (k + 1)
        return float(min(1, 2 * total / (1 << n)))

    @property
    def interval(self) -> Float[ndarray, " 2"]:
        """The interval of the `difference`: Wald's with one more example of each kind (Bonett & Price 2012)."""
        if not self.n:
            return np.full(2, np.nan)
        first, second = (self.only_first + 1) / (self.n + 2), (self.only_second + 1) / (self.n + 2)
        middle = second - first
        half = Z * sqrt((first + second - middle**2) / (self.n + 2))
        return np.clip([middle - half, middle + half], -1.0, 1.0)


def paired(first_right: Bool[ndarray, " n"], second_right: Bool[ndarray, " n"]) -> Paired:
    """Which examples each of two networks predicts correctly, counted."""
    return Paired(
        both_right=int((first_right & second_right).sum()),
        only_first=int((first_right & ~second_right).sum()),
        only_second=int((~first_right & second_right).sum()),
        both_wrong=int((~first_right & ~second_right).sum()),
    )


def percentile_interval(figures: Float[ndarray, "n_resamples *shape"]) -> Float[ndarray, "*shape 2"]:
    """The middle `LEVEL` of what a bootstrap gave; samples in which the figure is undefined are left out."""
    ends: ndarray = np.full((2, *figures.shape[1:]), np.nan)
    defined = ~np.isnan(figures).all(axis=0)
    if defined.any():
        tails = [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2]
        ends[:, defined] = np.nanpercentile(figures[:, defined], tails, axis=0)
    return np.moveaxis(ends, 0, -1)


@dataclass(frozen=True, eq=False)
class ResampledCounts:
    """For each sample of a bootstrap and each class or label: true positives, examples of it, predictions of it."""

    right: Int[ndarray, "n_resamples n_classes"]
    support: Int[ndarray, "n_resamples n_classes"]
    predicted: Int[ndarray, "n_resamples n_classes"]
    n: int

    @property
    def precision(self) -> Resampled:
        return _ratios(self.right, self.predicted)

    @property
    def recall(self) -> Resampled:
        return _ratios(self.right, self.support)

    @property
    def f1(self) -> Resampled:
        return _ratios(2 * self.right, self.support + self.predicted)

    @property
    def specificity(self) -> Resampled:
        return _ratios(self.n - self.support - self.predicted + self.right, self.n - self.support)

    def averages(self, figure: str) -> dict[str, Float[ndarray, " n_resamples"]]:
        """The macro, micro and weighted average of a figure (precision, recall, f1 or specificity) in each sample."""
        values: ndarray = getattr(self, figure)
        right, support, predicted = (counts.sum(axis=1) for counts in (self.right, self.support, self.predicted))
        all_of_them = values.shape[1] * self.n
        micro = {
            "precision": (right, predicted),
            "recall": (right, support),
            "f1": (2 * right, support + predicted),
            "specificity": (all_of_them - support - predicted + right, all_of_them - support),
        }[figure]
        return {
            "macro": _mean(values, np.ones_like(values)),
            "micro": _ratios(*micro),
            "weighted": _mean(values, self.support),
        }


def resampled_counts(
    labels: Labels, predictions: Sequence[Labels], n_classes: int, *, n_resamples: int = MAX_RESAMPLES
) -> tuple[ResampledCounts, ...]:
    """The counts of each network's predictions in samples of the examples, the same samples for all of the networks.

    Drawing examples is drawing how many there are of each combination of labels and predictions, which is much less.
    """
    columns = [labels, *predictions]
    rows = np.stack(columns, axis=1) if labels.ndim == 1 else np.concatenate(columns, axis=1)
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    n = int(counts.sum())
    draws = np.random.default_rng(SEED).multinomial(n, counts / max(1, n), size=n_resamples)
    true, *predicted = np.split(kinds, len(columns), axis=1)

    def counted(one: ndarray, other: ndarray) -> ndarray:
        """How many examples of each class have it in both."""
        if labels.ndim == 2:
            both: ndarray = draws @ (one * other)
            return both
        same = one[:, 0] == other[:, 0]
        return _sums(draws[:, same], one[same, 0], n_classes)

    support = counted(true, true)
    return tuple(ResampledCounts(counted(true, each), support, counted(each, each), n) for each in predicted)


def n_resamples_of(n_numbers: int) -> int:
    """How many samples a bootstrap draws that looks at so many numbers in each."""
    return int(np.clip(MAX_DRAWN // max(1, n_numbers), MIN_RESAMPLES, MAX_RESAMPLES))


def resampled_areas(
    positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"]
) -> tuple[Float[ndarray, " n_resamples"], Float[ndarray, " n_resamples"]]:
    """The area under the ROC curve and the average precision of one class in samples of the examples.

    As for the counts, what is drawn is how many there are of each kind: examples of one score, and negatives between
    which there is no positive, move the curves together.
    """
    if not len(scores):
        return np.full(MIN_RESAMPLES, np.nan), np.full(MIN_RESAMPLES, np.nan)
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
    found = np.add.reduceat(positive[order].astype(np.int64), starts)
    others = np.diff(np.append(starts, len(scores))) - found
    starts = np.flatnonzero(np.append(True, (found[1:] > 0) | (found[:-1] > 0)))
    cells = np.concatenate([np.add.reduceat(found, starts), np.add.reduceat(others, starts)])
    n_resamples = n_resamples_of(len(cells))
    draws = np.random.default_rng(SEED).multinomial(len(scores), cells / len(scores), size=n_resamples)
    return areas_of_counts(*np.split(draws.astype(np.float64), 2, axis=1))


@dataclass(frozen=True, eq=False)
class ResampledAreas:
    """For each sample of a bootstrap and each class or label: both areas under its curves, and how many it has."""

    roc: Resampled
    precision: Resampled
    support: Int[ndarray, "n_resamples n_classes"]

    @property
    def averages(self) -> dict[str, tuple[Float[ndarray, " n_resamples"], Float[ndarray, " n_resamples"]]]:
        """The macro and the weighted average, of the areas under the ROC curves and of the average precisions."""
        weights = {"macro": np.ones_like(self.roc), "weighted": self.support}
        return {how: (_mean(self.roc, each), _mean(self.precision, each)) for how, each in weights.items()}


def resampled_areas_of_classes(
    is_class: Bool[ndarray, "n n_classes"], scores: Sequence[Float[ndarray, "n n_classes"]]
) -> tuple[ResampledAreas, ...]:
    """Both areas of every class by the scores of each network, in the same samples for all classes and networks.

    NaN for more than `MAX_SCORES` scores, which would take more than a few seconds.
    """
    n, n_classes = is_class.shape
    if not 0 < is_class.size <= MAX_SCORES:
        unknown = np.full((1, n_classes), np.nan)
        return tuple(ResampledAreas(unknown, unknown, np.zeros((1, n_classes), np.int64)) for _ in scores)
    small = np.uint16 if n <= np.iinfo(np.uint16).max else np.uint32  # holds the sum of all draws
    blocks = [np.ascontiguousarray(block.T, small) for block in _weights(n, n_resamples_of(n))]
    drawn = np.concatenate(blocks, axis=1)
    support = (is_class.T.astype(np.float32) @ drawn.astype(np.float32)).T.astype(np.int64)
    found = []
    for of_network in scores:
        areas = [_areas_of_draws(is_class[:, c], of_network[:, c], drawn) for c in range(n_classes)]
        roc, precision = (np.stack(each, axis=1) for each in zip(*areas, strict=True))
        found.append(ResampledAreas(roc, precision, support))
    return tuple(found)


def _areas_of_draws(
    positive: Bool[ndarray, " n"], scores: Float[ndarray, " n"], drawn: UInt[ndarray, "n n_resamples"]
) -> tuple[Float[ndarray, " n_resamples"], Float[ndarray, " n_resamples"]]:
    """The areas of one class where each example is in each sample so many times."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
    has_any = np.logical_or.reduceat(positive[order], starts)
    starts = starts[np.append(True, has_any[1:] | has_any[:-1])]
    places = np.flatnonzero(positive[order])
    ordered = drawn[order]
    every = np.add.reduceat(ordered, starts, axis=0)
    found = np.zeros_like(every)
    if len(places):
        group = np.searchsorted(starts, places, "right") - 1
        present, first = np.unique(group, return_index=True)
        found[present] = np.add.reduceat(ordered[places], first, axis=0)
    return areas_of_counts(found.T.astype(np.float64), (every - found).T.astype(np.float64))


def areas_of_counts(
    found: Float[ndarray, "n_resamples n_scores"], others: Float[ndarray, "n_resamples n_scores"]
) -> tuple[Float[ndarray, " n_resamples"], Float[ndarray, " n_resamples"]]:
    """The areas of samples, by how many positives (`found`) and negatives have each score, from the highest down."""
    so_far, called = np.cumsum(found, axis=1), np.cumsum(found + others, axis=1)
    n_found, n_others = so_far[:, -1], called[:, -1] - so_far[:, -1]
    precision = np.divide(found * so_far, called, out=np.zeros(called.shape), where=called > 0)
    return (
        _ratios((others * (so_far - found / 2)).sum(axis=1), n_found * n_others),
        _ratios(precision.sum(axis=1), n_found),
    )


def resampled_calibration_errors(
    right: Bool[ndarray, " n"], confidence: Float[ndarray, " n"], bins: Int[ndarray, " n"], n_bins: int
) -> Float[ndarray, " n_resamples"]:
    """The expected calibration error in samples of the examples, each of which is in the bin of `bins`."""
    n = len(right)
    gaps = np.zeros((n, n_bins))
    gaps[np.arange(n), bins] = right - confidence.astype(np.float64)
    blocks = [np.abs(weights @ gaps).sum(axis=1) / n for weights in _weights(n, n_resamples_of(n))]
    return np.concatenate(blocks)


def _weights(n: int, n_resamples: int) -> Iterator[Float[ndarray, "n_block n"]]:
    """How often each of `n` examples is in each sample, some samples at a time."""
    rng = np.random.default_rng(SEED)
    size = max(1, BLOCK // max(1, n))
    for start in range(0, n_resamples, size):
        n_rows = min(size, n_resamples - start)
        yield np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(n_rows)]).astype(np.float64)


def _sums(
    draws: Int[ndarray, "n_resamples n_kinds"], group: Int[ndarray, " n_kinds"], n_groups: int
) -> Int[ndarray, "n_resamples n_groups"]:
    """The sum of the columns of each group."""
    sums = np.zeros((len(draws), n_groups), np.int64)
    if len(group):
        order = np.argsort(group, kind="stable")
        present, starts = np.unique(group[order], return_index=True)
        sums[:, present] = np.add.reduceat(draws[:, order], starts, axis=1)
    return sums


def _ratios(above: ndarray, below: ndarray) -> ndarray:
    with np.errstate(invalid="ignore"):  # 0 / 0 is undefined, hence NaN
        return np.asarray(np.true_divide(above, below))


def _mean(values: Resampled, weights: ndarray) -> Float[ndarray, " n_resamples"]:
    known = ~np.isnan(values)
    return _ratios(np.where(known, values * weights, 0.0).sum(axis=1), (weights * known).sum(axis=1))
