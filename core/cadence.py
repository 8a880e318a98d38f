"""Cadence: the steps at which a run takes snapshots, by its setting `snapshot_every`."""

from __future__ import annotations

from dataclasses import dataclass

from annscope.core.config import TrainingConfig

N_SNAPSHOTS = 150
"""About how many snapshots "auto" takes of a run of few epochs; a run of more epochs has one at the end of each."""
FIRST_SHARE = 1 / 3
"""The share of them in the first epoch, in which a network changes most."""


@dataclass(frozen=True)
class Cadence:
    """The steps at which snapshots are taken, and those by which the stopping rules go.

    Both repeat with a `period` of steps. The stopping rules, and the choice of the best snapshot, go by its
    ends alone, so that "auto" and "epoch" end a run at the same step, with the same bits. `first` are the steps of
    the first period at which a snapshot is taken, and `later` those of every other one; both end with the period.
    """

    period: int
    first: tuple[int, ...]
    later: tuple[int, ...]

    def is_scheduled(self, step: int) -> bool:
        """Whether a snapshot is taken at this step; one is taken at step 0."""
        return step == 0 or self.next_after(step - 1) == step

    def next_after(self, step: int) -> int:
        """The first step after this one at which a snapshot is taken."""
        n_periods, within = divmod(step, self.period)
        steps = self.later if n_periods else self.first
        return n_periods * self.period + next(each for each in steps if each > within)


def cadence_of(training: TrainingConfig, steps_per_epoch: int) -> Cadence:
    """The cadence of a run."""
    if training.snapshot_every != "auto":
        period = steps_per_epoch if training.snapshot_every == "epoch" else int(training.snapshot_every)
        return Cadence(period, (period,), (period,))
    n_first = round(N_SNAPSHOTS * max(FIRST_SHARE, 1 / training.n_epochs))
    n_later = round((N_SNAPSHOTS - n_first) / max(1, training.n_epochs - 1))
    return Cadence(steps_per_epoch, _growing(steps_per_epoch, n_first), _even(steps_per_epoch, n_later))


def _even(n_steps: int, n: int) -> tuple[int, ...]:
    """`n` of the steps 1 to `n_steps`, at least one and at most all of them, evenly spaced up to the last."""
    n = min(max(1, n), n_steps)
    return tuple(-(-n_steps * i // n) for i in range(1, n + 1))


def _growing(n_steps: int, n: int) -> tuple[int, ...]:
    """The steps 1, 2, 3, 5, 8, ... (Fibonacci) for as long as they are closer than `n` even ones, then those."""
    even = _even(n_steps, n)
    step, following, steps = 1, 2, []
    while step < n_steps and (following - step) * len(even) <= n_steps:
        steps.append(step)
        step, following = following, step + following
    return (*steps, *(each for each in even if not steps or each > steps[-1]))
