"""Controls shared by the views of Inspect: choices that go into the address, and downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address, state
from annscope.dashboard.address import Query
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.selections import Only


def segments(
    name: str, label: str, options: Mapping[Any, str], value: Any, *, also: tuple[str, ...] = (), hidden: bool = True
) -> None:
    """A segmented control; a choice goes into the address and removes `also` from it."""
    key = state.choice(name)
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def choose(chosen: Any) -> None:
        if chosen is not None:
            address.put(name, str(chosen))
            for other in also:
                address.put(other, None)

    st.segmented_control(
        label, list(options), key=key, format_func=lambda option: options[option], required=True,
        on_change=on_choice(key, choose), label_visibility="collapsed" if hidden else "visible",
    )  # fmt: skip


def choose_class(query: Query, predictions: Predictions) -> None:
    """A list to choose the class or label of a view."""
    key = state.choice(address.CLASS)
    if st.session_state.get(key) != query.label:
        st.session_state[key] = query.label

    st.selectbox(
        one(predictions).capitalize(),
        range(predictions.n_classes),
        key=key,
        format_func=lambda c: predictions.class_names[c],
        on_change=on_choice(key, lambda c: address.put(address.CLASS, predictions.class_names[c])),
        width=min(330, max(190, 64 + 8 * max(map(len, predictions.class_names)))),
    )


def one(predictions: Predictions) -> str:
    """The noun: label in multi-label data, else class."""
    return "label" if predictions.is_multilabel else "class"


def show(text: str, only: Only = "all") -> None:
    """Select other examples, or the mistakes of them alone, from their first page on."""
    address.put(address.SHOW, text)
    address.put(address.ONLY, None if only == "all" else only)
    address.put(address.SHEET, None)
    address.put(address.SAMPLE, None)


def metric_text(value: float) -> str:
    """A metric as text: four digits, or n/a if it is undefined."""
    return "n/a" if np.isnan(value) else f"{value:.4f}"


def is_dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def save(query: Query, name: str, rows: Callable[[], list[tables.Row]], words: str = "CSV", about: str = "") -> None:
    """A button that downloads rows as CSV, made only when it is pressed; `about` is said while it is pointed at."""
    st.download_button(
        words,
        lambda: tables.rows_csv(rows()),
        file_name=f"{query.run}-snapshot-{query.number}-{query.split}-{name}.csv",
        mime="text/csv",
        key=state.download(name),
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help=about or None,
    )
