"""Gradient check: the gradient by backpropagation against the finite difference."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from annscope.core.explain.gradient_check import GradientCheck
from annscope.runs.gradient import RunCheck

_LIGHT = {True: "#00896B", False: "#C8321F", None: "#8A94A3", "line": "#A3ADBB"}
_DARK = {True: "#2FC9A0", False: "#FF7A66", None: "#8A94A3", "line": "#5D6A7B"}
_SYMBOLS = {True: "circle-open", False: "x-thin-open", None: "diamond-open"}


def gradient_check_figure(checked: RunCheck, *, dark: bool = False) -> go.Figure:
    """The gradient of each checked parameter against its finite difference: as the run computes it, and exact.

    A run that computes the exact gradient has one panel, as the two are equal up to rounding. Right and wrong
    differ in colour and symbol; on the line both agree.
    """
    panels: list[tuple[str, GradientCheck]] = [("As this run computes it", checked.own)]
    if not checked.is_exact:
        panels.append(("Exact backpropagation", checked.exact))
    colors = _DARK if dark else _LIGHT
    figure = make_subplots(
        cols=len(panels), subplot_titles=[name for name, _ in panels], shared_yaxes=True, horizontal_spacing=0.06
    )
    every = [float(part) for _, check in panels for part in (*check.analytic, *check.numeric)]
    low, high = min(every, default=-1.0), max(every, default=1.0)
    padding = 0.06 * (high - low) or 1.0
    ends = [low - padding, high + padding]
    for column, (name, check) in enumerate(panels, 1):
        right = check.is_right
        figure.add_scatter(
            x=ends,
            y=ends,
            mode="lines",
            line={"color": colors["line"], "width": 1, "dash": "dot"},
            name="both agree",
            hoverinfo="skip",
            row=1,
            col=column,
        )
        figure.add_scatter(
            x=check.numeric.tolist(),
            y=check.analytic.tolist(),
            mode="markers",
            name=name,
            text=list(checked.names),
            marker={
                "color": colors[right],
                "size": 8,
                "symbol": _SYMBOLS[right],
                "line": {"width": 1.6, "color": colors[right]},
            },
            hovertemplate="%{text}<br>computed %{y:.3e}<br>measured %{x:.3e}<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(title="Measured slope of the loss", range=ends, exponentformat="power", nticks=6)
    figure.update_yaxes(range=ends, exponentformat="power", nticks=6)
    figure.update_yaxes(title="Computed by backpropagation", col=1)
    figure.update_layout(height=380, showlegend=False, margin={"l": 10, "r": 10, "t": 40, "b": 10}, dragmode=False)
    return figure
