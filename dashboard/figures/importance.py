"""Permutation importance: a bar with a whisker for each column."""

from __future__ import annotations

import plotly.graph_objects as go

from annscope.dashboard import escaping
from annscope.dashboard.figures.style import navigable, palette_for, short, styled
from annscope.dashboard.queries.importance import Importances

MAX_COLUMNS = 30
"""How many columns, the most important ones, are drawn of more."""
_BAR, _MARGINS = 24, 84  # pixels


def importance_figure(found: Importances, *, accuracy: str, dark: bool) -> go.Figure:
    """The mean drop of the accuracy as a bar, the standard deviation over the repeats as its whisker.

    The largest come first; `accuracy` is what it is called. The customdata of a bar is the number of its column.
    """
    palette = palette_for(dark)
    shown = found.order[:MAX_COLUMNS]
    means, deviations = found.means[shown], found.deviations[shown]
    at = list(range(len(shown)))
    figure = go.Figure()
    figure.add_bar(
        x=means, y=at, orientation="h", customdata=shown, name="mean",
        marker={"color": [palette.chosen if mean > 0 else palette.rest for mean in means], "opacity": 0.8},
        error_x={"array": deviations.tolist(), "color": palette.ink, "thickness": 1.4, "width": 4},
        hovertemplate="%{text}<extra></extra>", textposition="none",
    )  # fmt: skip
    texts = [
        f"{escaping.plotly(found.names[k])}<br>{accuracy} drops by {mean:.4f} ± {deviation:.4f}"
        for k, mean, deviation in zip(shown, means, deviations, strict=True)
    ]
    navigable(figure, texts)
    figure.add_vline(x=0, line={"color": palette.muted, "width": 1})
    styled(figure, dark, x=f"drop of the {accuracy}: mean ± standard deviation", y="",
           height=_BAR * len(shown) + _MARGINS)  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=at, ticktext=[escaping.plotly(short(found.names[k], 24)) for k in shown],
        range=[len(shown) - 0.5, -0.5], showgrid=False, automargin=True,
    )  # fmt: skip
    return figure.update_layout(bargap=0.3, margin={"l": 8, "r": 16, "t": 12, "b": 46})
