"""Schedules: how the learning rate changes while training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """What the learning rate is multiplied by.

    `factor` is called with `steps`, the number of steps taken since the warm-up, `epochs`, the same in epochs,
    `n_epochs`, the epochs from the warm-up to the end, and the `hyperparameters`, settings by their name.
    """

    name: str
    label: str
    formula: str
    factor: Callable[..., float]
    hyperparameters: tuple[str, ...] = ()

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that mean something with this schedule."""
        return self.hyperparameters


def _constant(steps: int, epochs: float, n_epochs: float) -> float:
    del steps, epochs, n_epochs
    return 1.0


def _step(steps: int, epochs: float, n_epochs: float, *, schedule_factor: float, schedule_epochs: float) -> float:
    del steps, n_epochs
    return float(schedule_factor ** math.floor(epochs / schedule_epochs + 1e-9))


def _exponential(
    steps: int, epochs: float, n_epochs: float, *, schedule_factor: float, schedule_epochs: float
) -> float:
    del steps, n_epochs
    return float(schedule_factor ** (epochs / schedule_epochs))


def _inverse_time(steps: int, epochs: float, n_epochs: float, *, schedule_decay: float) -> float:
    del epochs, n_epochs
    return 1 / (1 + schedule_decay * steps)


def _cosine(steps: int, epochs: float, n_epochs: float) -> float:
    del steps
    return 0.5 * (1 + math.cos(math.pi * min(1.0, epochs / n_epochs))) if n_epochs > 0 else 1.0


SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule("constant", "Constant", "1", _constant),
        Schedule("step", "Step", "f^floor(e / E)", _step, ("schedule_factor", "schedule_epochs")),
        Schedule("exponential", "Exponential", "f^(e / E)", _exponential, ("schedule_factor", "schedule_epochs")),
        Schedule("inverse_time", "Inverse time", "1 / (1 + d t)", _inverse_time, ("schedule_decay",)),
        # Loshchilov & Hutter 2017, without restarts
        Schedule("cosine", "Cosine", "(1 + cos(pi e / N)) / 2", _cosine),
    )
}
"""Every schedule by its name; t counts steps and e epochs since the warm-up, of which there are N to come."""


def schedule_factor(
    schedule: str, step: int, steps_per_epoch: int, *, n_epochs: int, warmup_epochs: float, **hyperparameters: float
) -> float:
    """What the learning rate of step number `step` (from 0) is multiplied by.

    The rate first rises evenly to its full size over the warm-up; then the schedule begins.
    """
    warmup = warmup_epochs * steps_per_epoch
    if step < warmup:
        return min(1.0, (step + 1) / warmup)
    elapsed = step - warmup
    return SCHEDULES[schedule].factor(elapsed, elapsed / steps_per_epoch, n_epochs - warmup_epochs, **hyperparameters)
