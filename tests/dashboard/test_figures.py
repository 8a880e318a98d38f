"""What the figures of Inspect draw is what was computed: asserted on the data inside them."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import pytest

from annscope.core.evaluation.curves import AtThreshold, at_threshold, calibration, precision_recall_curve, roc_curve
from annscope.dashboard.figures.calibration import calibration_figure
from annscope.dashboard.figures.evolution import evolution_figure
from annscope.dashboard.figures.style import DARK, LIGHT
from annscope.dashboard.figures.thresholds import MAX_POINTS, precision_recall_figure, roc_figure, thinned

NAMES = ("cat", "d<o>g", "owl")
RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 2, 60)
"""No example is an owl: its curves are undefined."""
SCORES = RNG.random((60, 3)).round(2)
IS_CLASS = LABELS[:, None] == np.arange(3)


def named(figure: go.Figure, name: str) -> go.Scatter:
    """The trace of a name."""
    (found,) = [trace for trace in figure.data if trace.name == name]
    return found


@pytest.fixture
def mark() -> AtThreshold:
    """The threshold 0.5 on the second class."""
    return at_threshold(IS_CLASS[:, 1], SCORES[:, 1], 0.5)


@pytest.mark.parametrize("dark", [False, True])
def test_roc_curves_have_every_point_and_its_threshold(mark: AtThreshold, dark: bool) -> None:
    """The chosen class lies in front, each of its points carries the threshold that a click takes."""
    curves = [roc_curve(IS_CLASS[:, c], SCORES[:, c]) for c in range(3)]
    figure = roc_figure(curves, NAMES, 1, mark, dark=dark)
    chosen = named(figure, "d&#60;o>g")
    np.testing.assert_array_equal(chosen.x, curves[1].false_positive_rate)
    np.testing.assert_array_equal(chosen.y, curves[1].true_positive_rate)
    np.testing.assert_array_equal(chosen.customdata[1:], curves[1].thresholds[1:])
    assert math.isnan(chosen.customdata[0]), "nothing is called positive there, at no threshold that could be chosen"
    assert chosen.meta == {"label": 1, "walk": True}
    assert chosen.text[0] == "false positive rate 0.0000<br>recall 0.0000<br>above every probability"
    assert chosen.text[-1].endswith(f"threshold {curves[1].thresholds[-1]:.4g}")
    assert named(figure, "cat").meta == {"label": 0}, "a click on another class knows which"
    assert chosen.mode == "lines+markers"
    assert chosen.line.color == (DARK if dark else LIGHT).chosen
    assert "<o>" not in chosen.hovertemplate
    assert named(figure, "cat").mode == "lines"
    assert [trace.name for trace in figure.data] == ["chance", "cat", "d&#60;o>g", "threshold"], "no owl, no curve"
    marked = named(figure, "threshold")
    assert (marked.x[0], marked.y[0]) == (mark.false_positive_rate, mark.recall)


def test_precision_recall_curves_are_steps(mark: AtThreshold) -> None:
    """Between two points the curve claims no precision that no threshold gives; chance is the share of the class."""
    curves = [precision_recall_curve(IS_CLASS[:, c], SCORES[:, c]) for c in range(3)]
    figure = precision_recall_figure(curves, NAMES, 1, mark, share=0.4, dark=False)
    chosen = named(figure, "d&#60;o>g")
    np.testing.assert_array_equal(chosen.x, curves[1].recall)
    np.testing.assert_array_equal(chosen.y, curves[1].precision)
    assert chosen.line.shape == "vh"
    assert list(named(figure, "chance").y) == [0.4, 0.4]
    marked = named(figure, "threshold")
    assert (marked.x[0], marked.y[0]) == (mark.recall, mark.precision)


def test_an_undefined_point_is_not_drawn() -> None:
    """Where a threshold calls nothing positive there is no precision, so no mark."""
    nothing = at_threshold(IS_CLASS[:, 1], SCORES[:, 1], 2.0)
    curves = [precision_recall_curve(IS_CLASS[:, c], SCORES[:, c]) for c in range(3)]
    figure = precision_recall_figure(curves, NAMES, 1, nothing, share=0.4, dark=False)
    assert "threshold" not in [trace.name for trace in figure.data]


def test_a_long_curve_is_thinned_where_it_is_dull() -> None:
    """Few points are drawn of many, both ends among them, and the corner is not cut off."""
    x = np.concatenate([np.linspace(0, 0.01, 50_000), np.linspace(0.01, 1, 50_000)])
    y = np.concatenate([np.linspace(0, 0.98, 50_000), np.linspace(0.98, 1, 50_000)])
    kept = thinned(x, y)
    assert len(kept) <= MAX_POINTS
    assert (kept[0], kept[-1]) == (0, len(x) - 1)
    assert np.hypot(x[kept] - 0.01, y[kept] - 0.98).min() < 0.01


def test_calibration_bars_carry_their_bin() -> None:
    """There is a bar for each bin with predictions, as high as their accuracy."""
    right, confidence = np.array([True, False, True, True]), np.array([0.31, 0.35, 0.92, 1.0])
    found = calibration(right, confidence)
    figure = calibration_figure(found, chosen=9, dark=False)
    bars = named(figure, "right")
    np.testing.assert_array_equal(bars.y, [0.5, 1.0])
    np.testing.assert_allclose(bars.x, [0.35, 0.95])
    np.testing.assert_array_equal(bars.customdata, [3, 9])
    assert bars.text[0] == "confidence 0.3 to 0.4<br>2 predictions<br>right 50.0%<br>mean confidence 33.0%"
    assert list(bars.marker.color) == [LIGHT.chosen, LIGHT.other]
    gaps = [(shape.x0, shape.y0, shape.y1) for shape in figure.layout.shapes]
    np.testing.assert_allclose(gaps, [(0.33, 0.5, 0.33), (0.96, 1.0, 0.96)])


def test_the_evolution_has_a_line_a_class() -> None:
    """Each class has its figures in order, the chosen one last and carrying the numbers of its snapshots."""
    values = np.array([[0.1, np.nan, 0.3], [0.4, 0.5, 0.6]])
    intervals = np.array([[0.05, 0.2], [0.25, 0.55]])
    figure = evolution_figure(
        [0, 3],
        values,
        NAMES,
        0,
        intervals=intervals,
        numbers=[0, 5],
        metric_name="F1",
        time_name="Epoch",
        now=3,
        dark=True,
    )
    assert [trace.name for trace in figure.data] == ["d&#60;o>g", "owl", "cat"]
    chosen = named(figure, "cat")
    assert (list(chosen.x), list(chosen.y), list(chosen.customdata)) == ([0, 3], [0.1, 0.4], [0, 5])
    assert chosen.meta == {"label": 0, "walk": True}
    assert list(chosen.text) == ["epoch 0<br>F1 0.1000", "epoch 3<br>F1 0.4000"]
    assert math.isnan(named(figure, "d&#60;o>g").y[0])
    assert figure.layout.shapes[0].x0 == 3
    assert figure.layout.yaxis.title.text == "F1"
    whiskers = chosen.error_y
    np.testing.assert_allclose([whiskers.arrayminus, whiskers.array], [[0.05, 0.15], [0.1, 0.15]])
    low, high = figure.layout.yaxis.range
    assert -0.03 <= low < 0.05, "all that is drawn is in sight"
    assert 0.6 < high < 0.7, "and the axis is that of the data"
    assert "owl" in {note.text for note in figure.layout.annotations}, "grey lines have names"
