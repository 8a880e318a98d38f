"""Runs and groups over each other: curves with bands, and differences of means with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from annscope.dashboard import escaping
from annscope.dashboard.figures.style import (
    class_color,
    name_lines,
    navigable,
    palette_for,
    short,
    styled,
    transparent,
    whiskers,
    with_legend,
    zoomed,
)
from annscope.dashboard.queries.run_curves import GroupCurves
from annscope.runs.groups import Group

BAND_OPACITY = 0.16


def run_curves_figure(
    found: Sequence[GroupCurves],
    *,
    baseline: str,
    x: str,
    y: str,
    is_share: bool,
    single_lines: bool,
    dark: bool,
) -> go.Figure:
    """A line for each run or the mean of each group, with its band; thin lines for its runs if `single_lines`.

    The customdata of a point is the run that it opens, of a mean the newest; those of the group whose letter is
    `baseline` are reachable by keyboard.
    """
    palette = palette_for(dark)
    figure = go.Figure()
    ends: list[tuple[float, float, str]] = []
    drawn: list[np.ndarray] = []
    for each in sorted(found, key=lambda each: each.group.letter == baseline):
        letter, color = each.group.letter, color_of(each.group, dark=dark)
        name = escaping.plotly(f"{letter}  {short(each.group.name, 60)}")
        if not np.isnan(each.band).all():
            figure.add_scatter(
                x=np.concatenate([each.places, each.places[::-1]]).tolist(),
                y=np.concatenate([each.band[:, 1], each.band[::-1, 0]]).tolist(),
                mode="lines", line={"width": 0}, fill="toself", fillcolor=transparent(color, BAND_OPACITY),
                hoverinfo="skip", showlegend=False, name="band", legendgroup=letter,
            )  # fmt: skip
            drawn.append(each.band)
        if single_lines and len(each.runs) > 1:
            for run, (places, values) in zip(each.runs, each.curves, strict=True):
                figure.add_scatter(
                    x=places.tolist(), y=values.tolist(), customdata=[run] * len(places), mode="lines",
                    line={"color": color, "width": 0.8}, opacity=0.55, showlegend=False, legendgroup=letter,
                    name=letter,
                    hovertemplate=f"<b>{escaping.plotly(run)}</b><br>%{{x:,.4~g}}: %{{y:.4f}}<extra></extra>",
                )  # fmt: skip
                drawn.append(values)
        of = f"mean of {len(each.runs):,} seeds" if len(each.runs) > 1 else ""
        figure.add_scatter(
            x=each.places, y=each.mean, customdata=[each.group.id] * len(each.places), name=name,
            mode="lines+markers", line={"color": color, "width": 2.4}, marker={"size": 5, "color": color},
            legendgroup=letter, meta={"label": letter},
            hovertemplate=f"<b>{name}</b><br>%{{x:,.4~g}}: %{{y:.4f}} {of}<extra></extra>",
        )  # fmt: skip
        if letter == baseline:
            texts = [
                f"{name}<br>{x.lower()} {place:,.4g}: {value:.4f} {of}"
                for place, value in zip(each.places, each.mean, strict=True)
            ]
            navigable(figure, texts)
        drawn.append(each.mean)
        ends.append((float(each.places[-1]), float(each.mean[-1]), f"<b style='color:{color}'>{letter}</b>"))
    values = np.concatenate([each.ravel() for each in drawn])
    low, high = zoomed(values) if is_share else _range(values)
    name_lines(figure, sorted(ends, key=lambda end: -end[1]), palette, span=high - low, margin=0.03)
    figure.update_yaxes(range=[low, high])
    left, right = min(each.places[0] for each in found), max(each.places[-1] for each in found)
    padding = 0.03 * ((right - left) or 1.0)
    figure.update_xaxes(range=[left - padding, right + padding])
    return with_legend(styled(figure, dark, x=x, y=y, height=420), dark)


def differences_figure(
    names: Sequence[str],
    differences: Sequence[float],
    intervals: np.ndarray,
    groups: Sequence[Group],
    *,
    x: str,
    dark: bool,
) -> go.Figure:
    """A point with its interval for each difference to the baseline, and a line at no difference.

    The customdata of a point is the newest run of its group.
    """
    palette = palette_for(dark)
    at = list(range(len(names)))
    figure = go.Figure()
    values = np.array(differences, np.float64)
    figure.add_vline(x=0, line={"color": palette.muted, "width": 1})
    figure.add_scatter(
        x=values, y=at, customdata=[group.id for group in groups], mode="markers",
        marker={"size": 10, "color": [color_of(group, dark=dark) for group in groups]},
        error_x=whiskers(values, intervals, palette.ink), hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    navigable(
        figure,
        [f"{escaping.plotly(name)}<br>{value:+.3g} ({low:+.3g} to {high:+.3g})".replace("-", "−")
         for name, value, (low, high) in zip(names, values, intervals, strict=True)],
    )  # fmt: skip
    styled(figure, dark, x=x, y="", height=84 + 34 * len(names))
    figure.update_yaxes(
        tickmode="array", tickvals=at, ticktext=[group.letter for group in groups], range=[len(at) - 0.5, -0.5],
        showgrid=False,
    )  # fmt: skip
    known = np.concatenate([values, intervals.ravel(), [0.0]])
    low, high = _range(known)
    return figure.update_xaxes(range=[low, high]).update_layout(margin={"l": 32, "r": 16, "t": 12, "b": 46})


def color_of(group: Group, *, dark: bool) -> str:
    """The colour of a group, by its letter."""
    return class_color(ord(group.letter) - ord("A"), dark=dark)


def _range(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = float(known.min()), float(known.max())
    margin = 0.06 * (high - low) or 0.05
    return low - margin, high + margin
