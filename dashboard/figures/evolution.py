"""A metric of every class over the epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

from annscope.dashboard import escaping
from annscope.dashboard.figures.style import name_lines, navigable, palette_for, short, styled, whiskers, zoomed


def evolution_figure(
    epochs: Sequence[float],
    values: Float[ndarray, "n_snapshots n_classes"],
    names: Sequence[str],
    chosen: int,
    *,
    intervals: Float[ndarray, "n_snapshots 2"],
    numbers: Sequence[int],
    metric_name: str,
    time_name: str,
    now: float,
    dark: bool,
) -> go.Figure:
    """A line for each class, the chosen one in front with its intervals, and a vertical line at the selected snapshot.

    Gaps where the metric is undefined.

    The customdata of a point is the number of its snapshot; the points of the chosen line are reachable by keyboard.
    """
    palette = palette_for(dark)
    figure = go.Figure()
    ends: list[tuple[float, float, str]] = []
    for label in [*(c for c in range(len(names)) if c != chosen), chosen]:
        is_chosen = label == chosen
        known = np.flatnonzero(~np.isnan(values[:, label]))
        name = escaping.plotly(names[label])
        figure.add_scatter(
            x=list(epochs), y=values[:, label], customdata=list(numbers), name=name, connectgaps=False,
            mode="lines+markers" if is_chosen else "lines",
            line={"color": palette.chosen if is_chosen else palette.rest, "width": 2.8 if is_chosen else 1.2},
            marker={"size": 6, "color": palette.chosen},
            opacity=1.0 if is_chosen else 0.7,
            error_y=whiskers(values[:, label], intervals, palette.chosen, width=2) if is_chosen else None,
            meta={"label": label},
            hovertemplate=f"<b>{name}</b><br>{time_name.lower()} %{{x:,}}: %{{y:.4f}}<extra></extra>",
        )  # fmt: skip
        if is_chosen:
            texts = [
                f"{time_name.lower()} {at:,}<br>{metric_name} " + ("undefined" if np.isnan(value) else f"{value:.4f}")
                for at, value in zip(epochs, values[:, label], strict=True)
            ]
            navigable(figure, texts, label)
        if len(known):
            ends.append((epochs[known[-1]], values[known[-1], label], escaping.plotly(short(names[label]))))
    low, high = zoomed(np.concatenate([values.ravel(), intervals.ravel()]))
    if ends and not np.isnan(values[:, chosen]).all():
        x, y, name = ends.pop()
        ends.insert(0, (x, y, f"<b style='color:{palette.chosen}'>{name}</b>"))
    name_lines(figure, ends, palette, span=high - low)
    figure.add_vline(x=now, line={"color": palette.other, "width": 1.5, "dash": "dot"})
    # An explicit range: plotly would extend the axis for the name, as if the run had continued.
    span = max(1.0, epochs[-1] - epochs[0])
    padding = 0.03 * span
    figure.update_xaxes(range=[epochs[0] - padding, epochs[-1] + padding], dtick=1 if span <= 12 else None)
    figure.update_yaxes(range=[low, high])
    return styled(figure, dark, x=time_name, y=metric_name, height=380).update_layout(
        margin_r=28 + 7 * max(len(short(name)) for name in names)
    )
