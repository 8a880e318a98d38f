"""The difference of the mean confusion matrices of two groups."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from annscope.dashboard import escaping
from annscope.dashboard.figures.style import palette_for, short, styled, transparent
from annscope.dashboard.queries.run_differences import MeanConfusion

MAX_WRITTEN = 12
"""Of more classes the cells are coloured, but have no numbers."""
FEW = 6
"""Of more classes the numbers are whole, so that they have room on a phone."""
TONE = 0.65
"""The opacity of the colours, on which the numbers can be read."""
_CELL = 46  # pixels


def mean_confusion_figure(found: MeanConfusion, first: str, second: str, *, dark: bool) -> go.Figure:
    """A cell for each pair of true and predicted class: B less A in points of the true class, bold where the interval
    leaves out 0, with the standard deviation of B's runs below it. `first` and `second` are the letters of A and B."""
    palette = palette_for(dark)
    names = [escaping.plotly(short(name, 14)) for name in found.class_names]
    n = len(names)
    difference, interval = 100 * found.difference.difference, 100 * found.difference.interval
    top = float(np.nanmax(np.abs(difference), initial=0.0)) or 1.0
    figure = go.Figure()
    figure.add_heatmap(
        z=difference.tolist(), zmin=-top, zmax=top, xgap=2, ygap=2,
        colorscale=[[0, transparent(palette.other, TONE)], [0.5, transparent(palette.surface, TONE)],
                    [1, transparent(palette.chosen, TONE)]],
        text=[[_hover(found, i, j, first, second) for j in range(n)] for i in range(n)],
        hovertemplate="%{text}<extra></extra>",
        showscale=False,
    )  # fmt: skip
    digits = 1 if n <= FEW else 0
    if n <= MAX_WRITTEN:
        for i in range(n):
            for j in range(n):
                value, spread = difference[i, j], 100 * found.spreads[1][i, j]
                if np.isnan(value) or not (value or np.nan_to_num(spread)):
                    continue
                is_apart = bool((interval[i, j] > 0).all() or (interval[i, j] < 0).all())
                text = f"{value:+.{digits}f}".replace("-", "−")
                text = f"<b>{text}</b>" if is_apart else text
                below = "" if np.isnan(spread) else f"<br><span style='font-size:9px'>±{spread:.{digits}f}</span>"
                figure.add_annotation(
                    x=j, y=i, text=text + below, showarrow=False, font={"size": 11.5, "color": palette.ink}
                )
    styled(figure, dark, x="Predicted", y="True", height=110 + _CELL * n if n <= MAX_WRITTEN else 560)
    ticks = {"tickmode": "array", "tickvals": list(range(n)), "ticktext": names, "showgrid": False}
    figure.update_xaxes(**ticks, range=[-0.5, n - 0.5])
    figure.update_yaxes(**ticks, range=[n - 0.5, -0.5], automargin=True)
    return figure.update_layout(margin={"l": 56, "r": 8, "t": 12, "b": 46})


def _hover(found: MeanConfusion, i: int, j: int, first: str, second: str) -> str:
    true, predicted = (escaping.plotly(found.class_names[k]) for k in (i, j))

    def of(letter: str, k: int) -> str:
        mean, spread = 100 * found.means[k][i, j], 100 * found.spreads[k][i, j]
        return f"{letter} {mean:.1f} %" + ("" if np.isnan(spread) else f" ± {spread:.1f}")

    low, high = 100 * found.difference.interval[i, j]
    about = "" if np.isnan(low) else f" ({low:+.1f} to {high:+.1f})"
    words = f"{second} − {first}: {100 * found.difference.difference[i, j]:+.1f} points{about}"
    return f"true {true}, predicted {predicted}<br>{of(first, 0)}, {of(second, 1)}<br>{words}".replace("-", "−")
