"""Figure style: colours and layout shared by all figures, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

FONT = '"Source Sans", "Source Sans Pro", sans-serif'


@dataclass(frozen=True)
class Palette:
    """Colours for one theme; `chosen` (blue) and `other` (orange) also differ in lightness."""

    ink: str
    muted: str
    line: str
    rest: str
    surface: str
    chosen: str
    other: str


LIGHT = Palette("#17202c", "#566173", "#e3e6eb", "#a3adbb", "#ffffff", "#2F6FDE", "#D9660B")
DARK = Palette("#eef2f7", "#9aa7b8", "#2a3342", "#5d6a7b", "#0f131a", "#6EA0FF", "#FF9F4A")


CLASS_COLORS = {
    False: (
        "#2F6FDE", "#D9660B", "#7b3fa0", "#00896b", "#b5890a", "#b2417f", "#3b4757", "#4aa3c7", "#8a5a2b", "#6c8b1f",
    ),
    True: (
        "#6EA0FF", "#FF9F4A", "#c79bf0", "#2fc9a0", "#e8c24a", "#f08fc0", "#b8c2d0", "#7fd0ef", "#d0a070", "#b5d65a",
    ),
}  # fmt: skip
"""The colours of classes on light and dark pages, as in `frontend/src/lib/charts/plane.js`."""


def class_color(label: int, *, dark: bool) -> str:
    """The colour of a class."""
    return CLASS_COLORS[dark][label % len(CLASS_COLORS[dark])]


def transparent(color: str, opacity: float) -> str:
    """A colour such as #2F6FDE with an opacity."""
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def palette_for(dark: bool) -> Palette:
    """The colours of a theme."""
    return DARK if dark else LIGHT


def styled(figure: go.Figure, dark: bool, *, x: str, y: str, height: int = 330) -> go.Figure:
    """The figure with axis titles and the layout in the colours of the page."""
    palette = palette_for(dark)
    axis = {
        "gridcolor": palette.line, "linecolor": palette.line, "zeroline": False, "ticks": "",
        "tickfont": {"color": palette.muted, "size": 12}, "title": {"font": {"color": palette.muted, "size": 12.5}},
    }  # fmt: skip
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 16, "t": 30, "b": 46},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "color": palette.ink, "size": 13},
        showlegend=False,
        hovermode="closest",
        hoverlabel={
            "bgcolor": palette.surface,
            "bordercolor": palette.line,
            "font": {"color": palette.ink, "family": FONT},
        },
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.rest, "activecolor": palette.chosen},
        dragmode=False,
    )
    figure.update_xaxes(**axis, title_text=x, title_standoff=8)
    figure.update_yaxes(**axis, title_text=y, title_standoff=8)
    return figure


def with_legend(figure: go.Figure, dark: bool) -> go.Figure:
    """The figure with its legend below it."""
    palette = palette_for(dark)
    return figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "xanchor": "left",
            "font": {"size": 12, "color": palette.ink}, "bgcolor": "rgba(0,0,0,0)", "itemclick": False,
            "itemdoubleclick": False,
        },
        margin_b=56,
    )  # fmt: skip


def navigable(figure: go.Figure, texts: Sequence[str], label: int | None = None) -> None:
    """Make the points of the trace that was added last reachable by keyboard; `texts` describe them.

    `label` is its class. The values become lists, which the browser can read: plotly packs arrays.
    """
    trace = figure.data[-1]
    for name in ("x", "y", "customdata"):
        values, trace[name] = np.asarray(trace[name]).tolist(), None  # plotly keeps an array that equals the list
        trace[name] = values
    trace.text = list(texts)
    trace.meta = {"label": label, "walk": True}


def whiskers(
    values: Float[ndarray, " n"], intervals: Float[ndarray, "n 2"], color: str, *, width: int = 4
) -> dict[str, Any]:
    """The error bars of values with these intervals; none where a value is undefined."""
    above, below = np.nan_to_num(intervals[:, 1] - values), np.nan_to_num(values - intervals[:, 0])
    ends = {"array": above.clip(0).tolist(), "arrayminus": below.clip(0).tolist()}
    return {"type": "data", "symmetric": False, "color": color, "thickness": 1.4, "width": width, **ends}


def zoomed(values: Float[ndarray, "..."], *, least: float = 0.02) -> tuple[float, float]:
    """The range of an axis of shares that shows these values with a little margin, at least so wide."""
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    margin = max(least, 0.06 * (high - low))
    return max(-0.03, low - margin), min(1.03, high + margin)


def name_lines(
    figure: go.Figure, ends: Sequence[tuple[float, float, str]], palette: Palette, *, span: float, margin: float = 0.045
) -> None:
    """Write names beside points, in grey, but where a name would cover one that is there already."""
    taken: list[tuple[float, float]] = []
    for x, y, name in ends:
        if any(abs(y - other) < margin * span for _, other in taken):
            continue
        taken.append((x, y))
        figure.add_annotation(
            x=x, y=y, text=name, showarrow=False, xanchor="left", xshift=8,
            font={"color": palette.muted, "size": 11},
        )  # fmt: skip


def short(name: str, limit: int = 18) -> str:
    """A name, truncated with an ellipsis."""
    return name if len(name) <= limit else f"{name[: limit - 1].rstrip()}…"
