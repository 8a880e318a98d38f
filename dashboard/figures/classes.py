"""How many examples there are of each class, by split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Int
from numpy import ndarray

from annscope.core.dataset import SPLITS
from annscope.dashboard import escaping
from annscope.dashboard.figures.style import palette_for, short, styled

MAX_CLASSES = 40
"""How many classes, the largest ones, are drawn of more."""
_BAR, _MARGINS = 22, 84  # pixels


def class_counts_figure(
    counts: Int[ndarray, "n_splits n_classes"], names: Sequence[str], *, dark: bool = False
) -> go.Figure:
    """A bar for each class, divided by split; in the order of the classes, or by size if there are too many for all."""
    palette = palette_for(dark)
    totals = counts.sum(axis=0)
    shown = list(range(len(names)))
    if len(names) > MAX_CLASSES:
        shown = np.argsort(-totals, kind="stable")[:MAX_CLASSES].tolist()
    figure = go.Figure()
    at = list(range(len(shown)))
    labels = [escaping.plotly(short(names[c])) for c in shown]
    colors = {"train": palette.chosen, "validation": palette.other, "test": palette.rest}
    for split, row in zip(SPLITS, counts, strict=True):
        if not row.any():
            continue
        figure.add_bar(
            x=row[shown].tolist(), y=at, orientation="h", name=split, marker={"color": colors[split]},
            customdata=[escaping.plotly(names[c]) for c in shown],
            hovertemplate=f"<b>%{{customdata}}</b><br>{split} %{{x:,}}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=totals[shown].tolist(), y=at, mode="text", text=[f" {total:,}" for total in totals[shown].tolist()],
        textposition="middle right", textfont={"color": palette.muted, "size": 12}, hoverinfo="skip",
        cliponaxis=False, name="total", showlegend=False,
    )  # fmt: skip
    styled(figure, dark, x="examples", y="", height=_BAR * len(shown) + _MARGINS)
    figure.update_yaxes(tickmode="array", tickvals=at, ticktext=labels, range=[len(shown) - 0.5, -0.5], showgrid=False)
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(range=[0, 1.12 * float(totals.max() or 1)])
    return figure.update_layout(
        barmode="stack", bargap=0.28, showlegend=True, margin={"l": 8, "r": 8, "t": 30, "b": 42},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 12}, "traceorder": "normal"},
    )  # fmt: skip
