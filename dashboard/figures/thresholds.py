"""ROC and precision-recall curves, with the point of one threshold marked on both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.evaluation.curves import AtThreshold, PrecisionRecallCurve, RocCurve
from annscope.dashboard import escaping
from annscope.dashboard.figures.style import Palette, name_lines, navigable, palette_for, short, styled, whiskers

MAX_POINTS = 300
"""How many points of a curve are drawn; the areas are always those of all points."""


ENOUGH = 0.995
"""Where a curve has found this share of the examples, the rest of the axis shows nothing more."""


def thinned(x: Float[ndarray, " n"], y: Float[ndarray, " n"], limit: int = MAX_POINTS) -> Int[ndarray, " kept"]:
    """The indices of at most `limit` points, including both ends, evenly spread along the curve's length."""
    if len(x) <= limit:
        return np.arange(len(x))
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    return np.unique(np.searchsorted(length, np.linspace(0.0, length[-1], limit)).clip(0, len(x) - 1))


def roc_figure(
    curves: Sequence[RocCurve], names: Sequence[str], chosen: int, mark: AtThreshold, *, dark: bool
) -> go.Figure:
    """The ROC curve of every class, one vs. rest, the chosen one in front; a point's customdata is its threshold."""
    palette = palette_for(dark)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance", hoverinfo="skip",
        line={"color": palette.rest, "width": 1, "dash": "dot"},
    )  # fmt: skip
    for label in _chosen_last(len(curves), chosen):
        curve = curves[label]
        _add_curve(
            figure, curve.false_positive_rate, curve.true_positive_rate, curve.thresholds, names, label,
            palette, is_chosen=label == chosen, axes=("false positive rate", "recall"),
        )  # fmt: skip
    _mark(figure, mark, ("false_positive_rate", "recall"), palette)
    # Of a good classifier all happens in one corner: the curves of all classes end where they find nearly everything.
    drawn = [curve for curve in curves if not np.isnan(curve.area)]
    reached = [float(curve.false_positive_rate[np.argmax(curve.true_positive_rate >= ENOUGH)]) for curve in drawn]
    begun = [float(curve.true_positive_rate[np.searchsorted(curve.false_positive_rate, 0, "right") - 1])
             for curve in drawn]  # fmt: skip
    right = min(1.0, max(0.05, 1.15 * max([*reached, np.nan_to_num(mark.false_positive_rate)], default=1.0)))
    low = max(0.0, 0.9 * min([*begun, np.nan_to_num(mark.recall)], default=0.0))
    figure.update_xaxes(range=[-0.02 * right, 1.02 * right])
    figure.update_yaxes(range=[low - 0.02 * (1 - low), 1 + 0.04 * (1 - low)])
    _name(
        figure, [(c.false_positive_rate, c.true_positive_rate) for c in curves], names, chosen, palette, -1, right, low
    )
    return styled(figure, dark, x="False positive rate", y="Recall (true positive rate)")


def precision_recall_figure(
    curves: Sequence[PrecisionRecallCurve],
    names: Sequence[str],
    chosen: int,
    mark: AtThreshold,
    *,
    share: float,
    dark: bool,
) -> go.Figure:
    """The precision-recall curve of every class, one vs. rest; `share` is the fraction of the chosen class (chance)."""
    palette = palette_for(dark)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[share, share], mode="lines", name="chance", hoverinfo="skip",
        line={"color": palette.rest, "width": 1, "dash": "dot"},
    )  # fmt: skip
    for label in _chosen_last(len(curves), chosen):
        curve = curves[label]
        _add_curve(
            figure, curve.recall, curve.precision, curve.thresholds, names, label, palette,
            is_chosen=label == chosen, shape="vh", axes=("recall", "precision"),
        )  # fmt: skip
    _mark(figure, mark, ("recall", "precision"), palette)
    _name(figure, [(c.recall, c.precision) for c in curves], names, chosen, palette, 1, 1.0, 0.0)
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.04])
    return styled(figure, dark, x="Recall", y="Precision")


def _chosen_last(n: int, chosen: int) -> list[int]:
    return [label for label in range(n) if label != chosen] + [chosen]


def _add_curve(
    figure: go.Figure, x: ndarray, y: ndarray, thresholds: ndarray, names: Sequence[str], label: int, palette: Palette,
    *, is_chosen: bool, axes: tuple[str, str], shape: str = "linear",
) -> None:  # fmt: skip
    if np.isnan(x[-1]) or np.isnan(y[-1]):
        return  # nothing to draw for a class without examples
    kept = thinned(x, y)
    name = escaping.plotly(names[label])
    # JSON has no infinity: the point at which nothing is predicted positive has no threshold.
    carried = np.where(np.isinf(thresholds[kept]), np.nan, thresholds[kept])
    figure.add_scatter(
        x=x[kept], y=y[kept], customdata=carried, name=name, mode="lines+markers" if is_chosen else "lines",
        line={"color": palette.chosen if is_chosen else palette.rest, "width": 2.6 if is_chosen else 1, "shape": shape},
        marker={"size": 5, "color": palette.chosen},
        opacity=1.0 if is_chosen else 0.55,
        meta={"label": label},
        hovertemplate=f"<b>{name}</b><br>%{{text}}<extra></extra>" if is_chosen
        else f"{name}<br>click to choose it<extra></extra>",
    )  # fmt: skip
    if is_chosen:
        texts = [
            f"{axes[0]} {across:.4f}<br>{axes[1]} {up:.4f}<br>"
            + ("above every probability" if np.isnan(threshold) else f"threshold {threshold:.4g}")
            for across, up, threshold in zip(x[kept], y[kept], carried, strict=True)
        ]
        navigable(figure, texts, label)


def _name(
    figure: go.Figure, curves: Sequence[tuple[ndarray, ndarray]], names: Sequence[str], chosen: int, palette: Palette,
    sign: int, right: float, low: float,
) -> None:  # fmt: skip
    """Name the grey curves, each where it is nearest to its best corner: up, and left (-1) or right (1)."""
    ends = []
    for label, (x, y) in enumerate(curves):
        if label == chosen or np.isnan(x[-1]) or np.isnan(y[-1]):
            continue
        goodness = y + sign * x
        at = int(np.argmax(np.where(x <= right, goodness, -np.inf)))
        ends.append((float(goodness[at]), float(x[at]), float(y[at]), escaping.plotly(short(names[label]))))
    name_lines(figure, [(x, y, name) for _, x, y, name in sorted(ends)], palette, span=1 - low)


def _mark(figure: go.Figure, mark: AtThreshold, axes: tuple[str, str], palette: Palette) -> None:
    """The point of a threshold, with the intervals of both of its rates."""
    x, y = (getattr(mark, axis) for axis in axes)
    if np.isnan(x) or np.isnan(y):
        return
    across, up = (
        whiskers(np.array([value]), mark.interval(axis)[None], palette.other)
        for value, axis in zip((x, y), axes, strict=True)
    )
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name="threshold", hoverinfo="skip", error_x=across, error_y=up,
        marker={
            "size": 14, "symbol": "diamond", "color": palette.other, "line": {"color": palette.surface, "width": 2},
        },
    )  # fmt: skip
