"""Snapshots in between: which ones are taken besides those that the stopping rules go by, and what they may cost."""

from __future__ import annotations

import time

SECONDS_BETWEEN = 0.1
"""Seconds after which a snapshot is taken at a step where the cadence asks for none, so that a slow run moves too."""
MAX_SHARE = 0.001
"""Share of its duration that a run may go without one: in a long run they are rarer."""
MAX_COST = 0.02
"""Maximum share of its duration that a run may spend on such snapshots, in seconds of processor time,"""
FREE_SECONDS = 0.01
"""and what each one that the cadence asks for may take on top, a second and a half in all.

A run of a fraction of a second is to be watched nevertheless.
"""


class InBetween:
    """Decides on snapshots in between by the clock and by what they have cost so far, in one session of a run.

    Which steps they are recorded at so depends on the machine. Nothing else does: neither the parameters, nor when a
    run ends, nor which snapshot is the best (`core.cadence`).
    """

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._allowed = self._cost = 0.0
        self._step = -1

    def wants(self, step: int, *, is_scheduled: bool) -> bool:
        """Whether to take a snapshot at this step; `is_scheduled`: the cadence asks for it."""
        if is_scheduled and step != self._step:
            self._step = step
            self._allowed += FREE_SECONDS
        now = time.monotonic()
        elapsed = now - self._began
        is_late = now - self._last >= max(SECONDS_BETWEEN, MAX_SHARE * elapsed)
        return (is_scheduled or is_late) and self._cost <= self._allowed + MAX_COST * elapsed

    def note(self, cost: float) -> None:
        """Note that a snapshot was taken, which cost so many seconds of processor time."""
        self._last = time.monotonic()
        self._cost += cost
