"""Caches of all queries: cleared together, so that the next query reads and computes as in a new process."""

from __future__ import annotations

from annscope.dashboard.queries import (
    data_sets,
    evaluations,
    examples,
    importance,
    live_runs,
    run_curves,
    weight_changes,
)


def clear_caches() -> None:
    """Remove all cached data, records and results."""
    live_runs.clear_cache()
    examples.clear_cache()
    evaluations.clear_cache()
    importance.clear_cache()
    weight_changes.clear_cache()
    data_sets.clear_cache()
    run_curves.clear_cache()
