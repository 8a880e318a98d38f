"""Curves of runs and groups, from their records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annscope.dashboard.queries.run_curves import curve_of, group_curves
from annscope.runs.groups import by_settings, one_by_one
from annscope.runs.index import list_runs
from tests.records import train_run


def test_a_curve_has_the_recorded_figures_along_any_axis() -> None:
    """The snapshots that count for the best one, at their epoch, step, samples or training time."""
    reader = train_run(data="moons", hidden=(4,), epochs=3)
    lines = [line for line in reader.snapshot_lines() if line["judged"]]
    accuracies = [line["heldout"]["accuracy"] for line in lines]
    for axis, name in (("steps", "step"), ("samples", "samples_seen"), ("seconds", "train_seconds")):
        places, values = curve_of(reader.run, axis, "heldout-accuracy")
        assert places.tolist() == [line[name] for line in lines]
        assert values.tolist() == accuracies
    assert curve_of(reader.run, "epochs", "train-loss")[0].tolist() == [0, 1, 2, 3]
    assert curve_of(reader.run, "epochs", "train-loss")[1].tolist() == [line["train"]["loss"] for line in lines]


def test_a_group_is_its_mean_and_a_band() -> None:
    """At each epoch the mean over the seeds, here between the lowest and the highest of them."""
    runs = [train_run(data="moons", hidden=(4,), epochs=3, seed=seed).run for seed in range(3)]
    (group,) = by_settings(list_runs()[:1], list_runs()).groups
    found, problems = group_curves(group, "epochs", "heldout-loss", "range")
    assert found is not None
    assert not problems
    values = np.stack([curve_of(run, "epochs", "heldout-loss")[1] for run in runs])
    assert found.mean == pytest.approx(values.mean(axis=0))
    assert found.band == pytest.approx(np.stack([values.min(axis=0), values.max(axis=0)], axis=1))
    (alone,) = one_by_one(list_runs()[:1]).groups
    single, _ = group_curves(alone, "epochs", "heldout-loss", "sd")
    assert single is not None
    assert np.isnan(single.band).all(), "one run has no spread"


def test_a_run_that_grows_is_read_again(record: Callable[..., Any]) -> None:
    """The curve of a live run has what was recorded since."""
    run = record(n_snapshots=2)
    assert len(curve_of(run.run, "steps", "heldout-loss")[0]) == 2
    run.append()
    assert len(curve_of(run.run, "steps", "heldout-loss")[0]) == 3


def test_a_damaged_run_does_not_hide_the_others() -> None:
    """Its error is handed on, the mean is that of the rest."""
    runs = [train_run(data="moons", hidden=(4,), epochs=2, seed=seed) for seed in range(2)]
    (group,) = by_settings(list_runs(), list_runs()).groups
    (runs[0].directory / "metrics.jsonl").write_text("{\n")
    found, problems = group_curves(group, "epochs", "heldout-loss", "sd")
    assert found is not None
    assert found.runs == (runs[1].run,)
    assert len(problems) == 1
