"""Better, or luck? Two runs compared example by example, two groups by the means over their seeds, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.evaluation.comparison import Comparison
from annscope.core.evaluation.curves import row_shares
from annscope.core.evaluation.intervals import LEVEL, Paired
from annscope.dashboard.queries import comparisons
from annscope.dashboard.queries.comparisons import Against
from annscope.dashboard.queries.evaluations import DerivedError, predictions_of, splits_of
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.runs.groups import Group
from annscope.runs.interval_words import p_words
from annscope.runs.means import MeanDifference, deviation, mean, mean_difference
from annscope.runs.query import COLUMNS, Best


@dataclass(frozen=True, eq=False)
class OfExamples:
    """Two runs on the same examples: the snapshots compared and how many examples each predicts correctly."""

    first: Against
    second: Against
    split: str
    counts: Paired


def mean_differences(baseline: Group, group: Group, figure: Best) -> MeanDifference:
    """The mean of a figure over the runs of a group less that over the baseline's, with its interval."""
    first, second = (_known(each, figure) for each in (baseline, group))
    return mean_difference(first[1], second[1], seeds=(first[0], second[0]))


def _known(group: Group, figure: Best) -> tuple[list[object], Float[ndarray, " n"]]:
    values = group.figures(COLUMNS[figure].value)
    known = ~np.isnan(values)
    return [seed for seed, is_known in zip(group.seeds, known, strict=True) if is_known], values[known]


def of_examples(baseline: Group, group: Group) -> OfExamples:
    """The best networks of two runs on the held-out split of both.

    Raises AnnscopeError where there is no comparison: other data, no snapshot, a damaged record.
    """
    one, two = (each.runs[0].run for each in (baseline, group))
    splits = splits_of(two)
    if not splits:
        raise DerivedError(f"Run {two} has no snapshot yet.")
    split = next(iter(splits))
    reason = comparisons.why_not(two, one, split)
    if reason:
        raise DerivedError(reason)
    first, second = best_of(one), best_of(two)
    compared = Comparison(
        predictions_of(second.run, second.number, split), predictions_of(first.run, first.number, split)
    )
    return OfExamples(first, second, split, compared.paired())


def best_of(run: str) -> Against:
    """The best snapshot of a run whose arrays are there. Raises AnnscopeError without one."""
    live_run = get_live_run(run)
    if live_run.history.best is None:
        raise DerivedError(f"Run {run} has no snapshot with a finite loss.")
    return Against(run, live_run.nearest(live_run.history.best["number"]))


def sentence(baseline: Group, group: Group, found: MeanDifference, figure: Best) -> str:
    """What a difference of means allows to say: who is better by how much, or that it cannot be told."""
    a, b = baseline.letter, group.letter
    n, m = found.n_first, found.n_second
    seeds = f"{n} seeds each" if n == m else f"{n} seeds of {a}, {m} of {b}"
    low, high = found.interval.tolist()
    if min(n, m) == 0:
        return f"{b if m == 0 else a} has no such figure."
    if min(n, m) == 1:
        why = f"{a} and {b} have one seed. Train them" if n == m else f"{a if n == 1 else b} has one seed. Train it"
        return f"Whether {b} is better than {a} cannot be said: {why} with more."
    if np.isnan(low):
        return f"Nothing can be said of luck: the seeds of {a} and {b} do not vary ({seeds})."
    if low <= 0 <= high:
        return f"{b} and {a} cannot be told apart with {seeds}."
    is_better = (low > 0) == (COLUMNS[figure].best == "high")
    near, far = sorted((abs(low), abs(high)))
    return f"{b} is {'better' if is_better else 'worse'} than {a} by {_from_to(near, far, figure)}; {seeds}."


def _from_to(near: float, far: float, figure: Best) -> str:
    if figure == "best-accuracy":
        digits = 1 if far >= 0.005 else 2
        return f"{100 * near:.{digits}f} to {100 * far:.{digits}f} points"
    return f"{_small(near)} to {_small(far)}"


def _small(loss: float) -> str:
    if loss < 5e-5:
        return "under 0.0001"
    return f"{loss:.3g}" if loss >= 0.01 else f"{loss:.4f}"


def example_sentence(baseline: Group, group: Group, found: OfExamples) -> str:
    """What McNemar's exact test says of two networks, with the counts and the interval of the difference."""
    a, b, counts = baseline.letter, group.letter, found.counts
    low, high = (100 * end for end in counts.interval)
    p = p_words(counts.p_value)
    of = f"{counts.n:,} {found.split} examples"
    only = f"only {b} is right on {counts.only_second:,}, only {a} on {counts.only_first:,}"
    if counts.p_value >= 1 - LEVEL:
        return f"The networks {b} and {a} cannot be told apart on {of}: {only} ({p})."
    is_better = counts.difference > 0
    near, far = (low, high) if is_better else (-high, -low)
    better = "better" if is_better else "worse"
    return f"The network {b} is {better} than {a} by {near:.1f} to {far:.1f} points on {of}: {only} ({p})."


@dataclass(frozen=True, eq=False)
class MeanConfusion:
    """The mean share of a row, over the runs of each of two groups, in each cell of the confusion matrix.

    `spreads` are the standard deviations over the runs; `difference` is the second less the first.
    """

    class_names: tuple[str, ...]
    means: tuple[Float[ndarray, "n n"], Float[ndarray, "n n"]]
    spreads: tuple[Float[ndarray, "n n"], Float[ndarray, "n n"]]
    difference: MeanDifference


def mean_confusions(baseline: Group, group: Group) -> MeanConfusion:
    """The recorded confusion matrices of the best snapshots, as shares of the true class.

    Raises AnnscopeError for other classes, several labels an example, a damaged record.
    """
    names = [_class_names(each) for each in (baseline, group)]
    if names[0] != names[1]:
        raise DerivedError(f"{baseline.letter} and {group.letter} have other classes: no cell stands for the same.")
    first, second = (np.stack([_shares(about.run) for about in each.runs]) for each in (baseline, group))
    return MeanConfusion(
        names[0],
        (mean(first), mean(second)),
        (deviation(first), deviation(second)),
        mean_difference(first, second, seeds=(baseline.seeds, group.seeds)),
    )


def _class_names(group: Group) -> tuple[str, ...]:
    run = group.runs[0].run
    reader = get_live_run(run).reader
    if reader.is_multilabel:
        raise DerivedError("Each label has a matrix of its own: Inspect shows them.")
    about = reader.description["dataset"]
    if about is None:
        raise DerivedError(f"Run {run} has no snapshot yet.")
    return tuple(about["class_names"])


def _shares(run: str) -> Float[ndarray, "n n"]:
    best = best_of(run)
    shares: ndarray = row_shares(np.asarray(get_live_run(run).reader.snapshot(best.number).confusion, np.int64))
    return shares
