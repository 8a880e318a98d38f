"""The curves of runs over each other: any figure of their snapshots along any axis, of a group as mean and band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.errors import AnnscopeError
from annscope.dashboard.queries.lru_cache import Cache
from annscope.runs.catalogue import run_directory
from annscope.runs.groups import Group
from annscope.runs.means import BANDS, Curve, mean, on_common_axis
from annscope.runs.reader import RunReader
from annscope.runs.record import Line

AXES: dict[str, str] = {
    "epochs": "Epochs",
    "steps": "Steps",
    "samples": "Samples",
    "seconds": "Seconds of training",
}
FIGURES: dict[str, tuple[str, str, str]] = {
    "heldout-accuracy": ("Held-out accuracy", "heldout", "accuracy"),
    "heldout-loss": ("Held-out loss", "heldout", "loss"),
    "train-accuracy": ("Training accuracy", "train", "accuracy"),
    "train-loss": ("Training loss", "train", "loss"),
}
"""Label, split and metric of each figure of a snapshot."""
CACHED = 500
_PLACES: dict[str, Callable[[Line, int], float]] = {
    "epochs": lambda line, steps_per_epoch: line["step"] / steps_per_epoch,
    "steps": lambda line, _: line["step"],
    "samples": lambda line, _: line["samples_seen"],
    "seconds": lambda line, _: line["train_seconds"],
}


@dataclass(frozen=True, eq=False)
class GroupCurves:
    """The curve of each run of a group, their mean and a band about it, (low, high); NaN where there is none.

    Of one run the mean is its curve. `runs` are those that have a curve.
    """

    group: Group
    runs: tuple[str, ...]
    curves: tuple[Curve, ...]
    places: Float[ndarray, " n"]
    mean: Float[ndarray, " n"]
    band: Float[ndarray, "n 2"]


def group_curves(group: Group, axis: str, figure: str, band: str) -> tuple[GroupCurves | None, list[str]]:
    """The curves of a group, None if no run of it has one; and why runs cannot be read.

    Only the snapshots that the best one is chosen from count: those at equal steps whatever the machine.
    """
    found: dict[str, Curve] = {}
    problems = []
    for about in group.runs:
        try:
            curve = curve_of(about.run, axis, figure)
            if len(curve[0]):
                found[about.run] = curve
        except AnnscopeError as error:
            problems.append(str(error))
    if not found:
        return None, problems
    places, values = on_common_axis(list(found.values()))
    spread = BANDS[band].of(values) if len(values) > 1 else np.full((len(places), 2), np.nan)
    return GroupCurves(group, tuple(found), tuple(found.values()), places, mean(values), spread), problems


def curve_of(run: str, axis: str, figure: str) -> Curve:
    """The places and values of a run's snapshots; those without a finite value are omitted. Raises RecordError."""
    path = run_directory(run) / "metrics.jsonl"
    try:
        about = path.stat()
    except FileNotFoundError:
        return np.zeros(0), np.zeros(0)
    columns = _columns.get((run, about.st_size, about.st_mtime_ns), lambda: _read(run))
    known = ~np.isnan(columns[figure])
    return columns[axis][known], columns[figure][known]


def _read(run: str) -> dict[str, Float[ndarray, " n"]]:
    reader = RunReader(run_directory(run))
    lines = [line for line in reader.snapshot_lines() if line.get("judged", True)]
    per_epoch = reader.steps_per_epoch if lines else 1

    columns: dict[str, list[float | None]] = {
        name: [place(line, per_epoch) for line in lines] for name, place in _PLACES.items()
    } | {name: [line[split][metric] for line in lines] for name, (_, split, metric) in FIGURES.items()}
    return {
        name: np.array([np.nan if value is None else value for value in values], np.float64)
        for name, values in columns.items()
    }


_columns: Cache[tuple[str, int, int], dict[str, Float[ndarray, " n"]]] = Cache(CACHED)


def clear_cache() -> None:
    """Forget what was read."""
    _columns.clear()
