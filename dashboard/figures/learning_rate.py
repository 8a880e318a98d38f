"""Learning rate range test: the loss against the learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from annscope.core.explain.range_test import RangePoint, Suggestion

_LIGHT = {"line": "#2F6FDE", "raw": "#A3ADBB", "suggested": "#00896B", "lowest": "#D9660B", "text": "#17202C"}
_DARK = {"line": "#6EA0FF", "raw": "#5D6A7B", "suggested": "#2FC9A0", "lowest": "#FF9F4A", "text": "#EEF2F7"}


def learning_rate_figure(points: Sequence[RangePoint], found: Suggestion, *, dark: bool = False) -> go.Figure:
    """Loss of each step and its running mean against the logarithm of the learning rate, with the suggestion.

    The axis of the loss ends a little above its first value: with the whole divergence in the picture, the
    decrease before it would not be visible.
    """
    colors = _DARK if dark else _LIGHT
    rates = [point.learning_rate for point in points]
    figure = go.Figure()
    for name, losses, line in (
        ("Loss", [point.loss for point in points], {"color": colors["raw"], "width": 1}),
        ("Smoothed", [point.smoothed for point in points], {"color": colors["line"], "width": 2.5}),
    ):
        shown = [loss if math.isfinite(loss) else None for loss in losses]
        about = name + " %{y:.4f} at %{x:.2g}<extra></extra>"
        figure.add_scatter(x=rates, y=shown, mode="lines", name=name, line=line, hovertemplate=about)
    at = {point.learning_rate: point.smoothed for point in points}
    for name, rate, symbol, side, text in (
        ("suggested", found.learning_rate, "diamond", "middle left", "<b>suggested {:.2g}</b>  "),
        ("lowest", found.lowest, "circle", "bottom center", "<br><b>lowest {:.2g}</b>"),
    ):
        if rate is None:
            continue
        figure.add_scatter(
            x=[rate],
            y=[at[rate]],
            mode="markers+text",
            name=name,
            text=[text.format(rate)],
            textposition=side,
            textfont={"color": colors["text"], "size": 13},
            marker={"symbol": symbol, "size": 13, "color": colors[name], "line": {"width": 2, "color": colors["text"]}},
            hoverinfo="skip",
        )
    figure.update_xaxes(type="log", title="Learning rate", exponentformat="power", dtick=1)
    figure.update_yaxes(title="Loss", range=_range(points))
    figure.update_layout(height=340, showlegend=False, margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False)
    return figure


def _range(points: Sequence[RangePoint]) -> tuple[float, float]:
    losses = [point.smoothed for point in points if math.isfinite(point.smoothed)]
    low, top = min(losses), min(max(losses), 1.25 * losses[0])
    padding = 0.25 * (top - low) or 0.1 * abs(low) or 0.1
    return low - padding, top + padding / 2
