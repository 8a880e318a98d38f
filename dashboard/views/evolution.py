"""How a figure of each class or label went over the epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from annscope.dashboard import escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.figures.evolution import evolution_figure
from annscope.dashboard.looking import FIGURES, Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers, confusions_of, splits_of
from annscope.dashboard.queries.selections import OF_FIGURE
from annscope.dashboard.queries.snapshots import Moments, class_figure
from annscope.dashboard.views import choices

MOST_MOMENTS = 60
"""How many snapshots, evenly spread, are looked at."""
FEWEST_MOMENTS, MOST_ANSWERS = 12, 1_000_000
"""On a split that was not recorded there are fewer, so that at most so many answers are computed."""


def evolution(looking: Looking, answers: Answers, moments: Moments) -> None:
    """One figure of every class or label at every snapshot, as lines and as a table."""
    one = choices.one(answers)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choices.choose_class(looking, answers)
        choices.segments(state.FIGURE, "Figure", FIGURES, looking.figure, hidden=False)
    # Where the worker recorded the answers they are only read; elsewhere each network has to answer again.
    is_recorded = looking.split == next(iter(splits_of(looking.run)))
    most = MOST_MOMENTS if is_recorded else max(FEWEST_MOMENTS, min(MOST_MOMENTS, MOST_ANSWERS // len(answers.labels)))
    numbers = moments.spread(most)
    with st.spinner("Looking back at every snapshot …", show_time=False):
        confusions, troubles = confusions_of(looking.run, numbers, looking.split)
    for trouble in troubles:
        st.warning(escaping.markdown(f"{trouble} It is left out here."), icon=":material/error:")
    is_thinned = len(numbers) < len(moments.lines)
    numbers = list(confusions)
    values = np.stack([class_figure(confusion, looking.figure) for confusion in confusions.values()])
    at = [moments.at(number) for number in numbers]
    figure = evolution_figure(
        at, values, answers.class_names, looking.label, figure_name=FIGURES[looking.figure],
        numbers=numbers, time_name=moments.unit.capitalize(), now=moments.at(looking.number), dark=choices.is_dark(),
    )  # fmt: skip

    def go(number: int, label: int) -> None:
        state.put(state.SNAPSHOT, str(number))
        state.put(state.CLASS, answers.class_names[label])
        choices.show(f"{OF_FIGURE[looking.figure]}-{label}")

    parts.chart(
        state.EVOLUTION, figure, answers, lambda choice: go(int(choice["carried"]), int(choice["label"])),
        label=f"{FIGURES[looking.figure]} of each {one} over time", now=looking.number,
        title=FIGURES[looking.figure], about=f"of each {one} over the {moments.unit}s, on the {looking.split} split",
    )  # fmt: skip
    st.caption(
        "A point goes to that snapshot and shows the examples that the figure is counted on. A gap is where it is "
        f"undefined. {'Evenly spread snapshots. ' if is_thinned else ''}"
        "Dotted: the snapshot that is looked at. Drag to zoom in, double-click to zoom out."
    )
    names = answers.class_names
    columns: list[Mapping[str, Any]] = [{"title": moments.unit.capitalize(), "kind": "count"}]
    columns += [{"title": name, "kind": "plain", "chosen": c == looking.label} for c, name in enumerate(names)]
    parts.table(
        "moments",
        f"{FIGURES[looking.figure]} of each {one} at each {moments.unit}",
        columns,
        [
            {
                "id": str(number),
                "label": f"{moments.name(number)}: {choices.figure_text(row[looking.label])}",
                "title": f"Go to {moments.name(number)}",
                "cells": [moment, *row],
            }
            for number, moment, row in zip(numbers, at, values, strict=True)
        ],
        answers,
        lambda choice: go(int(choice["row"]), looking.label),
        selected=str(looking.number),
        tall=True,
    )
    choices.save(looking, looking.figure, lambda: tables.evolution_rows(answers.class_names, moments.unit, at, values))
