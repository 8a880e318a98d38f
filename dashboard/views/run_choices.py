"""Choices of the comparison of runs, which are in the address of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from annscope.core.errors import did_you_mean
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.views.choices import segments
from annscope.runs.query import Best
from annscope.runs.spreadsheet import csv_of


def choose(name: str, label: str, options: Mapping[str, str], *, as_list: bool = False, fixed: bool = True) -> str:
    """Draw a choice, the first option unless the address names another, and return it.

    Where the options are `fixed`, a value in the address that is none of them gives a warning.
    """
    text = st.query_params.get(name)
    first = next(iter(options))
    if fixed and text is not None and text not in options:
        rule = f"one of {', '.join(options)}"
        st.warning(escaping.markdown(address.warning(name, rule, text, did_you_mean(text, options))))
    value = text if text is not None and text in options else first
    if not as_list:
        segments(name, label, options, value, hidden=False)
        return value
    key = state.choice(name)
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    st.selectbox(
        label, list(options), key=key, format_func=lambda option: options[option], width=230,
        on_change=on_choice(key, lambda chosen: address.put(name, chosen)),
    )  # fmt: skip
    return value


def choose_best() -> Best:
    """Draw the choice of the figure that runs are judged by."""
    return "best-loss" if choose(address.BEST, "Figure", _BEST) == "loss" else "best-accuracy"


_BEST = {"accuracy": "Best accuracy", "loss": "Best loss"}


def open_run(choice: Mapping[str, Any]) -> None:
    """Open the run that a point of a chart stands for, as soon as the page is drawn."""
    st.session_state[state.RUNS_OPENED] = str(choice["carried"])


def save(name: str, rows: Callable[[], Sequence[Sequence[Any]]]) -> None:
    """A button that downloads rows, the header first, as CSV."""
    st.download_button(
        "CSV", lambda: csv_of(rows()), file_name=f"runs-{name}.csv", mime="text/csv",
        key=state.download(f"runs-{name}"), icon=":material/download:",
        on_click="ignore", type="tertiary", help="The numbers of this view.",
    )  # fmt: skip
