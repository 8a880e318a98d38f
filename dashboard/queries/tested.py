"""Test accuracies of runs, each of the best snapshot: shown beside what runs are chosen by, never chosen by."""

from __future__ import annotations

from dataclasses import dataclass

from annscope.core.errors import AnnscopeError
from annscope.dashboard.queries.evaluations import predictions_of, splits_of
from annscope.dashboard.queries.lru_cache import Cache
from annscope.dashboard.queries.run_differences import best_of
from annscope.runs.groups import Group
from annscope.runs.status import LIVE


@dataclass(frozen=True)
class Tested:
    """The test examples of one run, and how many of them its best snapshot predicts correctly."""

    n_right: int
    n: int

    @property
    def accuracy(self) -> float:
        """The share of correct predictions."""
        return self.n_right / self.n


def has_test(run: str) -> bool:
    """Whether a run has test examples; False for a record that cannot be read."""
    try:
        return "test" in splits_of(run)
    except AnnscopeError:
        return False


def tested(group: Group) -> tuple[list[Tested], str | None]:
    """The runs of a group that have ended and have test examples, and the first reason why one could not be evaluated.

    A run in progress is not evaluated: its best snapshot is not yet chosen.
    """
    found, problem = [], None
    for about in group.runs:
        if about.status in LIVE or not has_test(about.run):
            continue
        try:
            best = best_of(about.run)
            found.append(_tested.get((best.run, best.number), lambda: _evaluate(best.run, best.number)))  # noqa: B023
        except AnnscopeError as error:
            problem = problem or str(error)
    return found, problem


def _evaluate(run: str, number: int) -> Tested:
    right = predictions_of(run, number, "test").right
    return Tested(int(right.sum()), len(right))


_tested: Cache[tuple[str, int], Tested] = Cache(2_000)
