"""Figures of the comparison of runs."""

from __future__ import annotations

import numpy as np
import pytest

from annscope.dashboard.figures.mean_confusion import mean_confusion_figure
from annscope.dashboard.figures.run_curves import differences_figure, run_curves_figure
from annscope.dashboard.figures.run_settings import SettingAxis, parallel_figure, scatter_figure, slices_figure
from annscope.dashboard.queries.run_curves import GroupCurves
from annscope.dashboard.queries.run_differences import MeanConfusion
from annscope.runs.groups import by_settings
from annscope.runs.means import mean_difference
from tests.summaries import repeats

RUNS = [*repeats("a", [0.9, 0.92]), *repeats("b", [0.8], optimizer="sgd")]
A, B = by_settings(RUNS, RUNS).groups
X = np.arange(4.0)
CURVES = (
    GroupCurves(A, ("a1", "a0"), ((X, X / 10), (X, X / 5)), X, 0.15 * X, np.stack([0.1 * X, 0.2 * X], axis=1)),
    GroupCurves(B, ("b0",), ((X, X / 4),), X, X / 4, np.full((4, 2), np.nan)),
)


def test_a_group_is_a_line_with_a_band_and_a_run_a_line() -> None:
    """A point opens the run, of a mean the newest; the baseline's points are reached by the keys and have words."""
    figure = run_curves_figure(
        CURVES, baseline="A", x="Epochs", y="Held-out accuracy", is_share=True, single_lines=True, dark=True
    )
    means = {trace.meta["label"]: trace for trace in figure.data if trace.meta and "label" in trace.meta}
    (walked,) = [trace for trace in figure.data if trace.meta and trace.meta.get("walk")]
    assert list(walked.y) == pytest.approx((0.15 * X).tolist())
    assert set(walked.customdata) == {"a1"}
    assert "mean of 2 seeds" in walked.text[3]
    assert list(means["B"].y) == (X / 4).tolist()
    (band,) = [trace for trace in figure.data if trace.name == "band"]
    assert list(band.y[:4]) == pytest.approx((0.2 * X).tolist())
    assert {trace.customdata[0] for trace in figure.data if trace.name == "A"} == {"a1", "a0"}, "the single runs"
    plain = run_curves_figure(
        CURVES, baseline="B", x="Epochs", y="Loss", is_share=False, single_lines=False, dark=False
    )
    assert not [trace for trace in plain.data if trace.name == "A"]


def test_a_difference_has_its_interval() -> None:
    """A point with whiskers for each group, none where there is no interval."""
    figure = differences_figure(
        ["B", "C"], [1.0, 2.0], np.array([[0.5, 1.5], [np.nan, np.nan]]), [A, B], x="difference to A", dark=False
    )
    (points,) = figure.data
    assert list(points.x) == [1, 2]
    assert list(points.error_x.array) == [0.5, 0]
    assert "+0.5 to +1.5" in points.text[0]
    assert list(points.customdata) == ["a1", "b0"]


AXES = [
    SettingAxis("Learning rate", [0.001, 0.01, 0.1], is_log=True),
    SettingAxis("Optimizer", ["adam", "sgd", "adam"]),
    SettingAxis("Hidden layers", [(64, 32), (8,), ()]),
]
Y = SettingAxis("Best accuracy", [0.9, 0.8, 0.7])
NAMES = ["r0", "r1", "r2"]


def test_a_point_stands_at_its_setting_and_opens_its_run() -> None:
    """Rates in powers of ten, categories in order, in scatter plots and slices."""
    figure = scatter_figure(AXES[0], Y, AXES[1], NAMES, NAMES, dark=True)
    points = figure.data[-1]
    assert list(points.x) == pytest.approx([-3, -2, -1])
    assert list(points.y) == [0.9, 0.8, 0.7]
    assert list(points.customdata) == NAMES
    assert points.marker.color[0] == points.marker.color[2] != points.marker.color[1]
    assert [trace.name for trace in figure.data[:-1]] == ["adam", "sgd"]
    slices = slices_figure(AXES, Y, NAMES, NAMES, dark=False)
    assert [list(trace.x) for trace in slices.data[1:]] == [[0, 1, 0], [1, 0, 2]]
    assert slices.layout.xaxis3.ticktext == ("8", "64,32", "none")


def test_a_line_goes_through_the_settings_of_its_run() -> None:
    """Each axis from its least to its largest value; the keys go along the ends."""
    figure = parallel_figure(AXES, Y, NAMES, NAMES, dark=False)
    *lines, ends = figure.data
    found = {line.customdata[0]: list(line.y)[:4] for line in lines}
    assert found["r0"] == pytest.approx([0, 0, 0.5, 1])
    assert found["r1"] == pytest.approx([0.5, 1, 0, 0.5])
    assert list(ends.customdata) == NAMES
    assert list(ends.y) == pytest.approx([1, 0.5, 0])


def test_a_cell_is_the_difference_of_means_with_a_spread() -> None:
    """In points, bold where the interval leaves out 0, and nothing is written where nothing differs."""
    first = np.array([[[1.0, 0], [0.5, 0.5]], [[1, 0], [0.52, 0.48]], [[1, 0], [0.51, 0.49]]])
    second = np.array([[[1.0, 0], [0.2, 0.8]], [[1, 0], [0.22, 0.78]], [[1, 0], [0.2, 0.8]]])
    both = (first, second)
    found = MeanConfusion(
        ("no", "yes"), tuple(each.mean(axis=0) for each in both), tuple(each.std(axis=0, ddof=1) for each in both),
        mean_difference(first, second),
    )  # fmt: skip
    figure = mean_confusion_figure(found, "A", "B", dark=False)
    assert figure.data[0].z[1][1] == pytest.approx(100 * (0.7933333 - 0.49))
    assert "B − A: +30.3 points (+" in figure.data[0].text[1][1]
    assert [note.text.split("<br>")[0] for note in figure.layout.annotations] == ["<b>−30.3</b>", "<b>+30.3</b>"]
