"""What settings do to a figure: scatter, slices and parallel coordinates, a point or a line for each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from annscope.dashboard import escaping
from annscope.dashboard.figures.style import class_color, navigable, palette_for, short, styled, with_legend

N_COLORS = 12
"""How many steps the colours of parallel coordinates have."""
PER_ROW = 3
_SCALE = {
    False: sample_colorscale("Viridis_r", np.linspace(0.15, 1, N_COLORS).tolist()),
    True: sample_colorscale("Viridis", np.linspace(0.3, 1, N_COLORS).tolist()),
}
"""From low to high on light and dark pages, both ends distinct from the page."""


@dataclass(frozen=True)
class SettingAxis:
    """A setting or figure along an axis: `values` are numbers, or the names of categories; `is_log` for a scale of
    powers."""

    label: str
    values: Sequence[Any]
    is_log: bool = False

    @property
    def categories(self) -> list[str] | None:
        """The distinct values in order if they are not all numbers."""
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values):
            return None
        return sorted({_text(value) for value in self.values}, key=_natural)

    @property
    def uses_log(self) -> bool:
        return self.is_log and self.categories is None and all(value > 0 for value in self.values)

    def places(self) -> np.ndarray:
        """Where the values stand: as they are, in powers of ten, or as the number of their category."""
        if (categories := self.categories) is not None:
            return np.array([categories.index(_text(value)) for value in self.values], np.float64)
        values = np.array(self.values, np.float64)
        return np.log10(values) if self.uses_log else values

    def ends(self) -> list[float]:
        """The ends of the axis: all values, with a margin."""
        places = self.places()
        low, high = float(places.min()), float(places.max())
        margin = 0.5 if self.categories is not None else 0.1 * (high - low) or 0.5
        return [low - margin, high + margin]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Where the axis is labelled, and how: every category, or the values of which there are few, or the ends."""
        if (categories := self.categories) is not None:
            return list(map(float, range(len(categories)))), [escaping.plotly(short(each, 12)) for each in categories]
        distinct = sorted(set(self.values))
        if len(distinct) > 5:
            low, high = float(self.places().min()), float(self.places().max())
            at = [low, (low + high) / 2, high]
            return at, [f"{10**each if self.uses_log else each:.3g}" for each in at]
        return [log10(each) if self.uses_log else float(each) for each in distinct], [
            f"{each:.4g}" for each in distinct
        ]


def _natural(text: str) -> list[str | int]:
    """Orders names that hold numbers by these."""
    return [int(part) if k % 2 else part for k, part in enumerate(re.split(r"(\d+)", text))]


def _text(value: Any) -> str:
    return ",".join(map(str, value)) or "none" if isinstance(value, tuple | list) else str(value)


def scatter_figure(
    x: SettingAxis, y: SettingAxis, color: SettingAxis | None, runs: Sequence[str], texts: Sequence[str], *, dark: bool
) -> go.Figure:
    """A point for each run, coloured by a third axis. Its customdata is the run, `texts` describe it."""
    palette = palette_for(dark)
    figure = go.Figure()
    marker: dict[str, Any] = {"size": 9, "color": palette.chosen, "line": {"width": 1, "color": palette.surface}}
    if color is not None and color.categories is not None:
        # The points stay one trace, which the keys go along; empty ones make the legend.
        marker["color"] = [class_color(int(place), dark=dark) for place in color.places()]
        for k, name in enumerate(color.categories):
            figure.add_scatter(
                x=[None], y=[None], mode="markers", name=escaping.plotly(short(name, 24)),
                marker={"size": 9, "color": class_color(k, dark=dark)},
            )  # fmt: skip
    elif color is not None:
        at, names = color.ticks()
        marker |= {
            "color": color.places().tolist(), "colorscale": _SCALE[dark], "showscale": True,
            "colorbar": _color_bar(color.label, at, names, dark),
        }  # fmt: skip
    figure.add_scatter(
        x=x.places(), y=y.places(), customdata=list(runs), mode="markers", marker=marker, opacity=0.85,
        hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip
    navigable(figure, texts)
    styled(figure, dark, x=escaping.plotly(x.label), y=escaping.plotly(y.label), height=400)
    at, names = x.ticks()
    figure.update_xaxes(tickmode="array", tickvals=at, ticktext=names, range=x.ends())
    return with_legend(figure, dark) if color is not None and color.categories is not None else figure


def slices_figure(
    axes: Sequence[SettingAxis], y: SettingAxis, runs: Sequence[str], texts: Sequence[str], *, dark: bool
) -> go.Figure:
    """One small scatter for each setting, all with the same figure upwards."""
    palette = palette_for(dark)
    n_rows, n_columns = ceil(len(axes) / PER_ROW), min(PER_ROW, len(axes))
    figure = make_subplots(
        n_rows, n_columns, shared_yaxes=True, horizontal_spacing=0.04, vertical_spacing=min(0.3, 0.28 / n_rows + 0.06)
    )
    heights = y.places()
    for k, axis in enumerate(axes):
        row, column = k // PER_ROW + 1, k % PER_ROW + 1
        figure.add_scatter(
            x=axis.places(), y=heights, customdata=list(runs), mode="markers", row=row, col=column,
            marker={"size": 7, "color": palette.chosen, "line": {"width": 1, "color": palette.surface}}, opacity=0.8,
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        navigable(figure, texts)
    styled(figure, dark, x="", y="", height=60 + 230 * n_rows)
    for k, axis in enumerate(axes):
        row, column = k // PER_ROW + 1, k % PER_ROW + 1
        at, names = axis.ticks()
        figure.update_xaxes(
            tickmode="array", tickvals=at, ticktext=names, title_text=escaping.plotly(axis.label), fixedrange=True,
            range=axis.ends(), row=row, col=column,
        )  # fmt: skip
        figure.update_yaxes(title_text=escaping.plotly(y.label) if column == 1 else "", row=row, col=column)
    return figure.update_yaxes(fixedrange=True, range=y.ends())


def parallel_figure(
    axes: Sequence[SettingAxis], y: SettingAxis, runs: Sequence[str], texts: Sequence[str], *, dark: bool
) -> go.Figure:
    """Parallel coordinates: a line for each run through its settings to its figure, whose colour it has.

    Drawn as scatter lines, so that a point opens its run: plotly's own parallel coordinates know no clicks.
    """
    palette = palette_for(dark)
    figure = go.Figure()
    every = [*axes, y]
    heights = np.stack([_unit(axis.places()) for axis in every], axis=1)
    colors = _SCALE[dark]
    bins = np.minimum((heights[:, -1] * N_COLORS).astype(int), N_COLORS - 1)
    at = list(range(len(every)))
    for k in range(N_COLORS):
        lines = np.flatnonzero(bins == k).tolist()
        if lines:
            figure.add_scatter(
                x=[place for _ in lines for place in (*at, None)],
                y=[value for i in lines for value in (*heights[i].tolist(), None)],
                customdata=[run for i in lines for run in [runs[i]] * (len(at) + 1)],
                text=[text for i in lines for text in [texts[i]] * (len(at) + 1)],
                mode="lines+markers", line={"color": colors[k], "width": 1.4}, marker={"size": 6, "color": colors[k]},
                opacity=0.75, hovertemplate="%{text}<extra></extra>",
            )  # fmt: skip
    # The keys go along the ends of the lines.
    figure.add_scatter(
        x=[at[-1]] * len(runs), y=heights[:, -1], customdata=list(runs), mode="markers",
        marker={"size": 7, "color": [colors[k] for k in bins]}, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    navigable(figure, texts)
    styled(figure, dark, x="", y="", height=420)
    for k, axis in enumerate(every):
        figure.add_vline(x=k, line={"color": palette.line, "width": 1}, layer="below")
        places = axis.places()
        low, span = float(places.min()), float(np.ptp(places)) or 1.0
        for place, name in zip(*axis.ticks(), strict=True):
            figure.add_annotation(
                x=k, y=(place - low) / span if np.ptp(places) else 0.5, text=name, showarrow=False, xshift=8,
                xanchor="left", font={"size": 11, "color": palette.ink}, bgcolor=palette.surface,
            )  # fmt: skip
    names = [escaping.plotly(short(axis.label, 16)) for axis in every]
    figure.update_xaxes(
        tickmode="array", tickvals=at, ticktext=names, range=[-0.1, len(every) - 0.9], showgrid=False,
        fixedrange=True, automargin=True,
    )  # fmt: skip
    return figure.update_yaxes(visible=False, range=[-0.06, 1.06], fixedrange=True).update_layout(
        margin={"l": 12, "r": 60, "t": 12, "b": 46}
    )


def _unit(places: np.ndarray) -> np.ndarray:
    span = np.ptp(places)
    return (places - places.min()) / span if span else np.full(len(places), 0.5)


def _color_bar(title: str, at: list[float], names: list[str], dark: bool) -> dict[str, Any]:
    palette = palette_for(dark)
    return {
        "title": {"text": escaping.plotly(short(title, 16)), "font": {"color": palette.muted, "size": 12}},
        "tickmode": "array", "tickvals": at, "ticktext": names, "tickfont": {"color": palette.muted, "size": 11},
        "thickness": 12, "outlinewidth": 0,
    }  # fmt: skip
