"""The Draw page: give the network an example of one's own, and see what it makes of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components.header import TICK_SECONDS
from annscope.dashboard.components.pad import complaints_about, pad
from annscope.dashboard.components.picker import pick_run, run_to_show
from annscope.dashboard.components.trouble import said_in_a_sentence
from annscope.dashboard.pages import train
from annscope.dashboard.queries.live_runs import follow

STYLE = """<style>
.stMainBlockContainer { padding: 4.5rem 2rem 2rem; max-width: 1800px; }
@media (max-width: 1000px) { .stMainBlockContainer { padding: 4.5rem 1rem 2rem; } }
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; }
.st-key-head { max-width: 48rem; }
.st-key-invitation { max-width: 44rem; margin: 8vh auto 0; }
</style>"""


def page() -> None:
    """Draw the page."""
    state.arrive(state.DRAW)
    st.html(STYLE)
    run = run_to_show()
    state.remember_address()
    complaints = st.session_state.pop(state.COMPLAINTS, [])
    complaints += state.not_numbers(st.query_params.to_dict(), (state.SNAPSHOT,))
    _complain(complaints)
    if run is None:
        _invite("Draw a digit and a network answers", "There is no trained network yet. Train one: it takes seconds.")
        return
    try:
        following = follow(run)
        following.look()
        newest, at_work = following.newest, following.at_work
    except AnnscopeError as error:
        pick_run(run)
        st.error(escaping.markdown(str(error)), icon=":material/error:")
        return
    if newest < 0:
        pick_run(run)
        _invite("This network is about to begin", "It has recorded nothing yet. Watch it start on the Train page.")
        return
    parameters = st.query_params.to_dict()
    _complain(state.not_recorded(parameters, newest) + complaints_about(parameters, following.class_names))
    with st.container(key="head"):
        pick_run(run)
    st.fragment(_try, run_every=TICK_SECONDS if at_work else None, key=state.PLACE)(run, at_work)


def _complain(sentences: Sequence[str]) -> None:
    if sentences:
        st.warning("\n".join(f"- {escaping.markdown(sentence)}" for sentence in sentences), icon=":material/link_off:")


@said_in_a_sentence()
def _try(run: str, was_at_work: bool) -> None:
    state.catch_up()
    try:
        following = follow(run)
    except AnnscopeError:
        st.rerun()  # the page says what is wrong
    if following.at_work != was_at_work:
        st.rerun()  # what the choice of runs says has changed as well
    pad(run, following.newest, following.class_names, at_work=was_at_work)


def _invite(title: str, words: str) -> None:
    with st.container(key="invitation"):
        st.title(title, anchor=False)
        st.markdown(words)
        st.page_link(
            st.Page(train.page, url_path="training", default=True),
            label="Train a network",
            icon=":material/play_arrow:",
        )
