"""Settings against the best figures of the chosen runs: scatter, slices and parallel coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import streamlit as st

from annscope.core.config import FIELDS
from annscope.dashboard import address, escaping
from annscope.dashboard.components import parts
from annscope.dashboard.figures.run_settings import SettingAxis, parallel_figure, scatter_figure, slices_figure
from annscope.dashboard.views.choices import is_dark
from annscope.dashboard.views.run_choices import choose, choose_best, open_run, save
from annscope.runs.groups import Group, Grouping
from annscope.runs.query import COLUMNS, Best, differing
from annscope.runs.summary import RunSummary

PLOTS = {"parallel": "Parallel coordinates", "slices": "Slices", "scatter": "Scatter"}
FIGURES = get_args(Best)
MAX_AXES = 9
"""How many settings are drawn at once."""


def settings(grouping: Grouping, baseline: Group) -> None:  # noqa: ARG001
    """A point or line for each run: the settings that differ, and the best held-out figure."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        plot = choose(address.PLOT, "Plot", PLOTS)
        figure = choose_best()
        value = COLUMNS[figure].value
        runs = [about for about in grouping.runs if value(about) is not None]
        options = differing(runs)
        if len(runs) < 2 or not options:
            st.info("Choose runs whose settings differ.", icon=":material/info:")
            return
        y = SettingAxis(COLUMNS[figure].title, [value(about) for about in runs])
        axes = {option: _axis(option, runs) for option in options}
        texts = [_text(about, options, figure) for about in runs]
        ids = [about.run for about in runs]
        shown = list(axes.values())[:MAX_AXES]
        if plot == "scatter":
            names = {option: FIELDS[option].label for option in options}
            x = choose(address.X, "Setting", names | {"seconds": "Training time"}, as_list=True)
            color = choose(address.COLOR, "Colour", {"none": "None", **names}, as_list=True)
            along = axes.get(x) or SettingAxis("Training time, seconds", [about.seconds or 0.0 for about in runs])
            drawn = scatter_figure(along, y, axes.get(color), ids, texts, dark=is_dark())
        elif plot == "slices":
            drawn = slices_figure(shown, y, ids, texts, dark=is_dark())
        else:
            drawn = parallel_figure(shown, y, ids, texts, dark=is_dark())
    parts.chart(
        "settings", drawn, f"runs-settings-{plot}", open_run, opens="the run",
        label=f"{PLOTS[plot]}: settings and {COLUMNS[figure].title.lower()} of {len(runs):,} runs",
        title=COLUMNS[figure].title, about=f"of {len(runs):,} runs, by the settings in which they differ",
    )  # fmt: skip
    more = f" The first {MAX_AXES} of {len(axes)} settings are drawn." if len(axes) > MAX_AXES else ""
    st.caption(
        "A point is a run; a click opens it. The best figure is that of the snapshot with the lowest held-out loss."
        + (more if plot != "scatter" else "")
    )
    save("settings", lambda: _rows(runs, options))


def _axis(option: str, runs: Sequence[RunSummary]) -> SettingAxis:
    item = FIELDS[option]
    return SettingAxis(item.label, [about.settings[option] for about in runs], is_log=item.scale == "log")


def _text(about: RunSummary, options: Sequence[str], figure: str) -> str:
    lines = [about.annotations.name or about.run]
    lines += [f"{FIELDS[option].label} {FIELDS[option].format(about.settings[option])}" for option in options]
    best = COLUMNS[figure].value(about)
    lines.append(f"{COLUMNS[figure].title} " + (f"{best:.2%}" if figure == "best-accuracy" else f"{best:.4f}"))
    return "<br>".join(map(escaping.plotly, lines))


def _rows(runs: Sequence[RunSummary], options: Sequence[str]) -> list[list[Any]]:
    head = ["run", "name", *options, *FIGURES, "seconds"]
    return [
        list(head),
        *(
            [about.run, about.annotations.name, *(FIELDS[option].format(about.settings[option]) for option in options),
             *(COLUMNS[figure].value(about) for figure in FIGURES), about.seconds]
            for about in runs
        ),
    ]  # fmt: skip
