"""What the views of Inspect share: choices that go into the address, charts that can be clicked, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from annscope.dashboard import state
from annscope.dashboard.looking import Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers


def segments(
    name: str, label: str, options: Mapping[Any, str], value: Any, *, also: tuple[str, ...] = (), hidden: bool = True
) -> None:
    """One of a few, shown side by side; a choice goes into the address and takes `also` out of it."""
    key = state.choice(name)
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def choose() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            state.put(name, str(chosen))
            for other in also:
                state.put(other, None)

    st.segmented_control(
        label, list(options), key=key, format_func=lambda option: options[option], on_change=choose, required=True,
        label_visibility="collapsed" if hidden else "visible",
    )  # fmt: skip


def choose_class(looking: Looking, answers: Answers) -> None:
    """The class or label that a view is about."""
    key = state.choice(state.CLASS)
    if st.session_state.get(key) != looking.label:
        st.session_state[key] = looking.label

    def choose() -> None:
        state.put(state.CLASS, answers.class_names[st.session_state[key]])

    st.selectbox(
        one(answers).capitalize(),
        range(answers.n_classes),
        key=key,
        format_func=lambda c: answers.class_names[c],
        on_change=choose,
        width=min(330, max(190, 64 + 8 * max(map(len, answers.class_names)))),
    )


def one(answers: Answers) -> str:
    """What an example is to be: a class, or any number of labels."""
    return "label" if answers.is_multilabel else "class"


def show(text: str) -> None:
    """Look at other examples from their first sheet on."""
    state.put(state.SHOW, text)
    state.put(state.SHEET, None)
    state.put(state.SAMPLE, None)


def figure_text(value: float) -> str:
    """A figure for people: four digits, or n/a where it is undefined."""
    return "n/a" if np.isnan(value) else f"{value:.4f}"


def is_dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def save(looking: Looking, name: str, rows: Callable[[], list[tables.Row]], words: str = "CSV") -> None:
    """A button that saves rows, made only when it is pressed."""
    st.download_button(
        words,
        lambda: tables.rows_csv(rows()),
        file_name=f"{looking.run}-snapshot-{looking.number}-{looking.split}-{name}.csv",
        mime="text/csv",
        key=state.download(name),
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )
