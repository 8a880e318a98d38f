"""Figures of a sweep: Optuna's own, in the colours of the page."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from annscope.core.config import FIELDS
from annscope.dashboard.figures.style import FONT, Palette, palette_for
from annscope.runs.sweeps.study import Sweep

if TYPE_CHECKING:
    from optuna import Study


def _optuna(name: str, **options: Any) -> Callable[[Study, str], go.Figure]:
    def draw(study: Study, figure: str) -> go.Figure:
        import optuna.visualization

        return getattr(optuna.visualization, name)(study, target_name=figure, **options)

    return draw


def _timeline(study: Study, _: str) -> go.Figure:
    import optuna.visualization

    return optuna.visualization.plot_timeline(study)


PLOTS: dict[str, tuple[Callable[[Study, str], go.Figure], int, str]] = {
    "History": (_optuna("plot_optimization_history"), 0, "Each trial in its order, and the best so far."),
    "Importance": (_optuna("plot_param_importances"), 1, "How much of the variation each setting explains (fANOVA)."),
    "Slice": (_optuna("plot_slice"), 1, "The figure against each setting, the others being whatever they were."),
    "Contour": (_optuna("plot_contour"), 2, "The figure against each pair of settings, interpolated between trials."),
    "Rank": (_optuna("plot_rank"), 2, "Each trial by a pair of settings, in the colour of its rank."),
    "Timeline": (_timeline, 0, "When each trial was trained, and how it ended."),
}
"""Optuna's plots by their name: how each is drawn, the number of settings that it needs, and what it shows."""

N_NEEDED = 2
"""Complete trials without which Optuna can draw little."""


def plots_of(sweep: Sweep) -> list[str]:
    """The plots that a sweep with so many settings can have."""
    return [name for name, (_, n_settings, _) in PLOTS.items() if len(sweep.space) >= n_settings]


def sweep_figure(name: str, sweep: Sweep, study: Study, *, dark: bool) -> go.Figure:
    """One of `PLOTS`, styled."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a plot is experimental
        figure = PLOTS[name][0](study, sweep.figure.label.capitalize())
    palette = palette_for(dark)
    figure.update_layout(
        template="plotly_dark" if dark else "plotly_white",
        title=None,
        height=320 if len(sweep.space) < 3 or name not in {"Contour", "Rank"} else 560,
        margin={"l": 60, "r": 16, "t": 24, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "color": palette.ink, "size": 12.5},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": None},
        dragmode=False,
    )
    axis = {"gridcolor": palette.line, "linecolor": palette.line, "zeroline": False}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    for each in (*figure.select_xaxes(), *figure.select_yaxes()):
        each.title.text = _label(each.title.text)
        if each.type == "log":
            each.dtick = 1
    for trace in figure.data:
        _recolor(trace, palette)
    return figure


def _label(text: str | None) -> str | None:
    return FIELDS[text].label if text in FIELDS else text


def _recolor(trace: Any, palette: Palette) -> None:
    """Give a trace of Optuna's the colours of the page, and settings their labels."""
    if trace.type == "bar":
        trace.marker.color = {"PRUNED": palette.other, "FAIL": palette.rest}.get(trace.name, palette.chosen)
        trace.y = [_label(value) if isinstance(value, str) else value for value in trace.y]
    elif trace.type != "scatter":
        return
    elif trace.mode == "lines":
        trace.line.update(color=palette.other, width=2.5)
        trace.name = "Best so far"
    elif trace.marker.colorbar.title.text == "Trial":
        trace.marker.update(colorscale=[[0, palette.rest], [1, palette.chosen]], line={"width": 0}, size=8)
    elif trace.marker.color is None:
        trace.marker.update(color=palette.chosen, size=8)
