"""The Draw page: draw an example and see how the network classifies it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.header import TICK_SECONDS
from annscope.dashboard.components.pad import pad, pad_warnings
from annscope.dashboard.components.page_style import WITHOUT_SIDEBAR
from annscope.dashboard.components.picker import pick_run, run_to_show
from annscope.dashboard.components.reading import read_data
from annscope.dashboard.pages import train
from annscope.dashboard.queries.live_runs import get_live_run

STYLE = """<style>
.st-key-head { max-width: 48rem; }
.st-key-invitation { max-width: 44rem; margin: 8vh auto 0; }
.st-key-reading { position: fixed; right: 1rem; bottom: 1rem; z-index: 10; width: min(26rem, calc(100vw - 2rem));
  padding: 0.5rem 0.9rem 0.7rem; border-radius: 8px; border: 1px solid light-dark(#D9DEE7, #333C4B);
  background: light-dark(#FFFFFF, #171D27); box-shadow: 0 4px 16px #0003; }
.st-key-reading:not(:has([data-testid="stProgress"])) { display: none; }
</style>"""
"""What is read is said in a corner of the window, so that the pad stays where it is."""


def page() -> None:
    """Draw the page."""
    address.enter_page(state.DRAW)
    st.html(WITHOUT_SIDEBAR + STYLE)
    run = run_to_show()
    address.remember()
    warnings = st.session_state.pop(state.WARNINGS, [])
    warnings += address.number_warnings(st.query_params.to_dict(), (address.SNAPSHOT,))
    _show_warnings(warnings)
    if run is None:
        _invite(
            "Draw a digit and a network classifies it", "There is no trained network yet. Train one: it takes seconds."
        )
        return
    try:
        live_run = get_live_run(run)
        live_run.refresh()
        newest, at_work = live_run.newest, live_run.at_work
    except AnnscopeError as error:
        pick_run(run)
        st.error(escaping.markdown(str(error)), icon=":material/error:")
        return
    if newest < 0:
        pick_run(run)
        _invite("This run has not started yet", "It has no snapshot yet. Watch it start on the Train page.")
        return
    parameters = st.query_params.to_dict()
    _show_warnings(address.snapshot_warnings(parameters, newest) + pad_warnings(parameters, live_run.class_names))
    with st.container(key="head"):
        pick_run(run)
    st.fragment(_try, run_every=TICK_SECONDS if at_work else None, key=state.PLACE)(run, at_work)
    # The pad can be drawn on before the data is read, and says where it needs it.
    with st.container(key="reading"), suppress(AnnscopeError):
        read_data(run)


def _show_warnings(sentences: Sequence[str]) -> None:
    if sentences:
        st.warning("\n".join(f"- {escaping.markdown(sentence)}" for sentence in sentences), icon=":material/link_off:")


@show_errors()
def _try(run: str, was_at_work: bool) -> None:
    address.discard_stale()
    try:
        live_run = get_live_run(run)
    except AnnscopeError:
        st.rerun()  # the page shows the error
    if live_run.at_work != was_at_work:
        st.rerun()  # the list of runs has changed as well
    pad(run, live_run.newest, live_run.class_names, at_work=was_at_work)


def _invite(title: str, words: str) -> None:
    with st.container(key="invitation"):
        st.title(title, anchor=False)
        st.markdown(words)
        st.page_link(
            st.Page(train.page, url_path="training", default=True),
            label="Train a network",
            icon=":material/play_arrow:",
        )
