"""Sweeps as the dashboard shows them: their studies, read again when their journals have grown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annscope.dashboard.queries.lru_cache import Cache
from annscope.runs.sweeps.catalogue import JOURNAL, sweep_directory
from annscope.runs.sweeps.study import Best, Sweep, best_trial, open_study

if TYPE_CHECKING:
    from optuna import Study


@dataclass(frozen=True)
class Shown:
    """A sweep with its trials so far."""

    sweep: Sweep
    study: Study
    best: Best | None
    n_complete: int
    n_pruned: int
    n_failed: int
    error: str | None
    """Why the last trial that failed did."""

    @property
    def runs(self) -> list[str]:
        """The runs of all its trials, those of trials in progress as well."""
        return [run for trial in self.study.get_trials(deepcopy=False) for run in trial.user_attrs.get("runs", [])]

    @property
    def n_ended(self) -> int:
        """Number of trials that have ended in any way."""
        return self.n_complete + self.n_pruned + self.n_failed


_shown: Cache[tuple[str, int], Shown] = Cache(4)


def shown_sweep(name: str) -> Shown:
    """A sweep by its name. Raises SweepError if there is none, or if it cannot be read."""
    size = (sweep_directory(name) / JOURNAL).stat().st_size
    return _shown.get((name, size), lambda: _read(name))


def _read(name: str) -> Shown:
    sweep, study = open_study(name)
    trials = study.get_trials(deepcopy=False)
    n_complete, n_pruned, n_failed = (
        sum(trial.state.name == state for trial in trials) for state in ("COMPLETE", "PRUNED", "FAIL")
    )
    error = next((trial.user_attrs["error"] for trial in reversed(trials) if "error" in trial.user_attrs), None)
    return Shown(sweep, study, best_trial(sweep, study), n_complete, n_pruned, n_failed, error)
