"""Better, or luck? The sentences, and what they count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.intervals import Paired
from annscope.dashboard.queries.comparisons import Against
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.dashboard.queries.run_differences import (
    OfExamples,
    best_of,
    example_sentence,
    mean_confusions,
    mean_differences,
    of_examples,
    sentence,
)
from annscope.runs.groups import Grouping, by_settings, one_by_one
from annscope.runs.index import list_runs
from tests.records import train_run
from tests.summaries import repeats


def two_groups(first: list[float], second: list[float]) -> Grouping:
    """A with the accuracies of `first`, B with those of `second`, trained with other optimizers."""
    runs = [*repeats("a", first), *repeats("b", second, optimizer="sgd")]
    return by_settings(runs, runs)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([0.90, 0.902, 0.898, 0.901], [0.91, 0.913, 0.909, 0.911],
         "B is better than A by 1.0 to 1.1 points; 4 seeds each."),
        ([0.91, 0.913, 0.909], [0.90, 0.902, 0.898], "B is worse than A by 0.9 to 1.2 points; 3 seeds each."),
        ([0.90, 0.92, 0.91], [0.91, 0.90, 0.93], "B and A cannot be told apart with 3 seeds each."),
        ([0.90, 0.92], [0.91, 0.90, 0.93], "B and A cannot be told apart with 2 seeds of A, 3 of B."),
        ([0.9], [0.91, 0.92], "Whether B is better than A cannot be said: A has one seed. Train it with more."),
        ([0.9], [0.91], "Whether B is better than A cannot be said: A and B have one seed. Train them with more."),
        ([0.9, 0.9], [1.0, 1.0], "Nothing can be said of luck: the seeds of A and B do not vary (2 seeds each)."),
    ],
)  # fmt: skip
def test_one_plain_sentence(first: list[float], second: list[float], said: str) -> None:
    """Who is better by how much, that it cannot be told, or that it cannot be said at all."""
    a, b = two_groups(first, second).groups
    assert sentence(a, b, mean_differences(a, b, "best-accuracy"), "best-accuracy") == said


def test_a_lower_loss_is_better() -> None:
    """The difference is that of the losses, the interval scipy's of pairs by seed."""
    first, second = [0.90, 0.902, 0.898], [0.91, 0.913, 0.909]
    a, b = two_groups(first, second).groups
    found = mean_differences(a, b, "best-loss")
    assert found.is_paired
    interval = stats.ttest_rel(1 - np.array(second), 1 - np.array(first)).confidence_interval()
    assert found.interval == pytest.approx([*interval], rel=1e-10)
    assert sentence(a, b, found, "best-loss").startswith("B is better than A by 0.0")


def test_two_runs_are_compared_example_by_example() -> None:
    """The counts are those of the predictions of their best snapshots on the held-out split."""
    for optimizer in ("sgd", "adam"):
        train_run(data="digits", hidden=(8,), epochs=2, optimizer=optimizer, learning_rate=0.01)
    a, b = one_by_one(list_runs()).groups
    found = of_examples(a, b)
    one, two = (predictions_of(each.run, each.number, "validation").right for each in (best_of(a.id), best_of(b.id)))
    assert found.counts == Paired(
        int((one & two).sum()), int((one & ~two).sum()), int((~one & two).sum()), int((~one & ~two).sum())
    )
    confusion = mean_confusions(a, b)
    assert confusion.class_names == tuple("0123456789")
    assert confusion.difference.difference.sum(axis=1) == pytest.approx(np.zeros(10), abs=1e-12)
    assert np.isnan(confusion.difference.interval).all(), "one run each"


def test_runs_on_other_data_are_not_compared() -> None:
    """One sentence says why."""
    for data in ("digits", "moons"):
        train_run(data=data, hidden=(4,), epochs=1)
    a, b = one_by_one(list_runs()).groups
    with pytest.raises(AnnscopeError, match="example by example there is no comparison"):
        of_examples(a, b)
    with pytest.raises(AnnscopeError, match="other classes"):
        mean_confusions(a, b)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Paired(900, 5, 45, 50), "The network B is better than A by 2.6 to 5.4 points on 1,000 validation examples: "
         "only B is right on 45, only A on 5 (p < 0.001)."),
        (Paired(900, 45, 5, 50), "The network B is worse than A by 2.6 to 5.4 points on 1,000 validation examples: "
         "only B is right on 5, only A on 45 (p < 0.001)."),
        (Paired(90, 3, 5, 2), "The networks B and A cannot be told apart on 100 validation examples: "
         "only B is right on 5, only A on 3 (p 0.73)."),
    ],
)  # fmt: skip
def test_the_sentence_of_two_networks(counts: Paired, said: str) -> None:
    """McNemar's exact test with the counts that it is of."""
    a, b = two_groups([0.9], [0.91]).groups
    found = OfExamples(Against("a", 1), Against("b", 1), "validation", counts)
    assert example_sentence(a, b, found) == said
