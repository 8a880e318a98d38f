"""The curves of runs and groups over each other."""

from __future__ import annotations

import numpy as np
import streamlit as st

from annscope.dashboard import address, escaping
from annscope.dashboard.components import parts
from annscope.dashboard.figures.run_curves import run_curves_figure
from annscope.dashboard.queries.run_curves import AXES, FIGURES, GroupCurves, group_curves
from annscope.dashboard.views.choices import is_dark
from annscope.dashboard.views.run_choices import choose, open_run, save
from annscope.runs.groups import Group, Grouping
from annscope.runs.means import BANDS

LINES = {"mean": "Mean", "all": "Mean and runs"}
ABOUT_BANDS = {
    "sd": "mean ± standard deviation: how far a single run is from the mean",
    "se": "mean ± standard error: the standard deviation of the mean",
    "range": "from the lowest to the highest run",
    "t": "the 95 % interval of the mean by Student's t",
    "bootstrap": "the 95 % interval of the mean, of runs drawn again with replacement; too narrow for few runs",
}


def curves(grouping: Grouping, baseline: Group) -> None:
    """A figure over time, a colour for each group; its mean with a band if it has several runs."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        figure = choose(address.FIGURE, "Figure", {name: about[0] for name, about in FIGURES.items()})
        axis = choose(address.AXIS, "Along", AXES)
        is_grouped = any(len(group) > 1 for group in grouping.groups)
        band, lines = next(iter(BANDS)), next(iter(LINES))
        if is_grouped:
            band = choose(address.BAND, "Band", {name: each.label for name, each in BANDS.items()}, as_list=True)
            lines = choose(address.LINES, "Lines", LINES)
    found: list[GroupCurves] = []
    for group in grouping.groups:
        one, problems = group_curves(group, axis, figure, band)
        found += [one] if one is not None else []
        for problem in problems:
            st.warning(escaping.markdown(problem), icon=":material/error:")
    if not found:
        st.info("These runs have no snapshots yet.", icon=":material/info:")
        return
    label = FIGURES[figure][0]
    drawn = run_curves_figure(
        found, baseline=baseline.letter, x=AXES[axis], y=label, is_share=figure.endswith("accuracy"),
        single_lines=lines == "all", dark=is_dark(),
    )  # fmt: skip
    parts.chart(
        "curves", drawn, f"runs-{figure}-{axis}", open_run, label=f"{label} of each {'group' if is_grouped else 'run'}",
        title=label, about=f"along {AXES[axis].lower()}", opens="the run",
    )  # fmt: skip
    about = ""
    if is_grouped:
        n = ", ".join(f"{each.group.letter} {len(each.runs):,}" for each in found)
        about = f"Band: {ABOUT_BANDS[band]}. Number of runs: {n}. A mean ends where its shortest run ends. "
    st.caption(f"{about}A click on a point opens the run. Drag to zoom in, double-click to zoom out.")
    save("curves", lambda: _rows(found, axis, figure, band))


def _rows(found: list[GroupCurves], axis: str, figure: str, band: str) -> list[list[object]]:
    rows: list[list[object]] = [["group", "name", "run", axis, figure, f"{band} low", f"{band} high", "n"]]
    for each in found:
        for place, value, (low, high) in zip(each.places, each.mean, each.band, strict=True):
            n = len(each.runs)
            run = each.runs[0] if n == 1 else "mean"
            rows.append([each.group.letter, each.group.name, run, float(place), float(value), low, high, n])
        if len(each.runs) > 1:
            for run, curve in zip(each.runs, each.curves, strict=True):
                rows += [
                    [each.group.letter, each.group.name, run, float(x), float(y), np.nan, np.nan, 1]
                    for x, y in zip(*curve, strict=True)
                ]
    return rows
