"""How a figure of each class went over the epochs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state, tables
from dashboard.derived import Answers, confusions_of, splits_of
from dashboard.figures.evolution import evolution_figure
from dashboard.looking import FIGURES, Looking
from dashboard.moments import Moments, class_figure
from dashboard.views import choices

MOST_MOMENTS = 60
"""How many snapshots, evenly spread, the evolution over the epochs looks at."""
FEWEST_MOMENTS, MOST_ANSWERS = 12, 1_000_000
"""On a split that was not recorded it looks at fewer, so that at most so many answers are computed."""


def evolution(looking: Looking, answers: Answers, moments: Moments) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choices.choose_class(looking, answers)
        choices.segments(state.FIGURE, "Figure", FIGURES, looking.figure, hidden=False)
    # Where the worker recorded the answers they are only read; elsewhere each network has to answer again.
    is_recorded = looking.split == next(iter(splits_of(looking.run)))
    most = MOST_MOMENTS if is_recorded else max(FEWEST_MOMENTS, min(MOST_MOMENTS, MOST_ANSWERS // len(answers.labels)))
    numbers = moments.spread(most)
    with st.spinner("Looking back at every snapshot …", show_time=False):
        confusions = confusions_of(looking.run, numbers, looking.split)
    values = np.stack([class_figure(confusion, looking.figure) for confusion in confusions])
    at = [moments.at(number) for number in numbers]
    figure = evolution_figure(
        at, values, answers.class_names, looking.label, figure_name=FIGURES[looking.figure],
        numbers=numbers, time_name=moments.unit.capitalize(), now=moments.at(looking.number), dark=choices.is_dark(),
    )  # fmt: skip

    def take() -> None:
        number = choices.clicked(state.EVOLUTION)
        if number is not None:
            state.put(state.SNAPSHOT, str(int(number)))
            choices.show(f"true-{looking.label}")

    choices.chart(figure, state.EVOLUTION, f"{FIGURES[looking.figure]} of each class over time", looking, take)
    st.caption(
        f"{FIGURES[looking.figure]} on the {looking.split} split; a gap is where it is undefined. "
        f"{'Evenly spread snapshots. ' if len(numbers) < len(moments.lines) else ''}"
        "A click on a point of the blue line goes to that snapshot."
    )
    choices.save(looking, looking.figure, lambda: tables.evolution_rows(answers.class_names, moments.unit, at, values))
