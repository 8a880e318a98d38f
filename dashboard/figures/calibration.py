"""Calibration curve: accuracy against confidence."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from annscope.core.evaluation.curves import Calibration
from annscope.dashboard import escaping
from annscope.dashboard.figures.style import navigable, palette_for, styled, whiskers


def calibration_figure(
    found: Calibration,
    *,
    chosen: int | None = None,
    dark: bool,
    of_label: str | None = None,
) -> go.Figure:
    """A bar for each bin: its accuracy, and the gap to its mean confidence.

    The customdata of a bar is the number of its bin; `chosen` is the selected bin. `of_label` names the label whose
    probability `found` is about; the bars are then the fraction of examples with that label.
    """
    name = None if of_label is None else escaping.plotly(of_label)
    if name is None:
        x, y = "Confidence (probability of the prediction)", "Accuracy (fraction that is right)"
        words = ("confidence", "predictions", "right", "mean confidence")
    else:
        x, y = f"Probability of {name}", f"Fraction that is {name}"
        words = (f"p({name})", "examples", f"fraction that is {name}", f"mean p({name})")
    palette = palette_for(dark)
    width = found.edges[1] - found.edges[0]
    middle = (found.edges[:-1] + found.edges[1:]) / 2
    held = np.flatnonzero(found.count)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="perfect", hoverinfo="skip",
        line={"color": palette.rest, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.add_bar(
        x=middle[held], y=found.accuracy[held], width=width * 0.92, name="right",
        customdata=held,
        marker={"color": [palette.other if b == chosen else palette.chosen for b in held], "opacity": 0.75},
        hovertemplate="%{text}<extra></extra>",
        textposition="none",
        error_y=whiskers(found.accuracy[held], found.intervals[held], palette.muted),
    )  # fmt: skip
    texts = [
        f"{words[0]} {found.edges[b]:.1f} to {found.edges[b + 1]:.1f}<br>{found.count[b]:,} {words[1]}<br>"
        f"{words[2]} {found.accuracy[b]:.1%}<br>{words[3]} {found.confidence[b]:.1%}"
        for b in held
    ]
    navigable(figure, texts)
    for b in held:
        figure.add_shape(
            type="line", x0=found.confidence[b], x1=found.confidence[b], y0=found.accuracy[b], y1=found.confidence[b],
            line={"color": palette.other, "width": 3},
        )  # fmt: skip
    figure.add_scatter(
        x=found.confidence[held], y=found.accuracy[held], mode="markers", name="mean confidence", hoverinfo="skip",
        marker={"size": 8, "color": palette.ink},
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1.01], tickvals=found.edges[::2], tickformat=".1f")
    figure.update_yaxes(range=[0, 1.04])
    return styled(figure, dark, x=x, y=y, height=360)
