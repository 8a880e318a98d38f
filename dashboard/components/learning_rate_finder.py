"""The learning rate finder (range test): a button below the slider, and the dialog that it opens.

The search is a process of its own (`annscope find-learning-rate`), which ends with the script run that waits
for it: closing the dialog or the tab ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import streamlit as st

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.core.explain.range_test import RangePoint, Suggestion
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.figures.learning_rate import learning_rate_figure
from annscope.runs.learning_rate import N_STEPS, in_words, rounded, search_elsewhere

DARK_STYLE = f"<style>.st-key-{state.USE_RATE} button {{ color: #0F131A; }}</style>"
"""A dialog is outside the page, so the page's style for primary buttons does not apply to it."""
CANCELLED = "The search for a learning rate was cancelled."


def button() -> None:
    """The button that opens the dialog."""
    st.button(
        "Find a learning rate",
        key=state.FIND_RATE,
        icon=":material/troubleshoot:",
        width="stretch",
        disabled=controls.config_now() is None,
        help="Trains a few steps with these settings while the learning rate increases, and finds where the loss falls "
        "fastest. It takes some seconds and changes nothing.",
        on_click=_open,
    )


def _open() -> None:
    st.session_state[state.RATE_SEARCH] = True
    st.session_state[state.RATE_FOUND] = None


def _close() -> None:
    st.session_state[state.RATE_SEARCH] = False
    if st.session_state.get(state.RATE_FOUND) is None:
        st.toast(CANCELLED, icon=":material/cancel:")


def dialog() -> None:
    """The dialog, when it is open: first the search, then its result."""
    config = controls.config_now()
    if st.session_state.get(state.RATE_SEARCH) and config is not None:
        st.dialog("Find a learning rate", width="large", on_dismiss=_close)(_content)(config)


@show_errors()
def _content(config: RunConfig) -> None:
    if not st.session_state[state.RATE_SEARCH]:
        st.rerun()
    if st.session_state[state.RATE_FOUND] is None:
        st.session_state[state.RATE_FOUND] = _search(config)
    outcome = st.session_state[state.RATE_FOUND]
    if isinstance(outcome, str):
        st.error(escaping.markdown(outcome), icon=":material/error:")
    else:
        _result(*outcome)


def _search(config: RunConfig) -> tuple[list[RangePoint], Suggestion] | str:
    """The result of the search, or its error message; shows the progress meanwhile."""
    place = st.empty()
    points: list[RangePoint] = []
    text = "Loading the data"
    try:
        with closing(search_elsewhere(config)) as events:
            for new in events:
                if isinstance(new, Suggestion):
                    place.empty()
                    return points, new
                if new is not None:
                    points.append(new)
                    text = f"Trying a learning rate of {new.learning_rate:.2g}: loss {new.loss:.3f}"
                # Also without a new point: this is where a script run ends whose tab is closed.
                place.progress(min(1.0, len(points) / N_STEPS), text=text)
    except AnnscopeError as error:
        place.empty()
        return str(error)
    return "The search ended without a result."


def _result(points: Sequence[RangePoint], found: Suggestion) -> None:
    st.markdown(in_words(found))
    dark = st.context.theme.type == "dark"
    if dark:
        st.html(DARK_STYLE)
    figure = learning_rate_figure(points, found, dark=dark)
    st.plotly_chart(figure, config={"displayModeBar": False}, alt=in_words(found))
    st.caption("The thin line is the loss after each step, the thick one its running mean.")
    with st.expander("Numbers", icon=":material/table:"):
        rows = [
            {"Learning rate": f"{point.learning_rate:.3g}", "Loss": point.loss, "Smoothed": point.smoothed}
            for point in points
        ]
        st.dataframe(rows, hide_index=True, height=240)
    if found.learning_rate is not None:
        rate = rounded(found.learning_rate)
        label = f"Use {controls.exact(rate)}"
        st.button(label, key=state.USE_RATE, type="primary", icon=":material/check:", on_click=_use, args=(rate,))


def _use(rate: float) -> None:
    controls.set_all({**st.session_state[state.SETTINGS], "learning-rate": rate})
    st.session_state[state.RATE_SEARCH] = False
