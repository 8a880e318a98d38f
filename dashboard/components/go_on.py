"""Go on: the dialog that asks for how many epochs more a finished run is to be trained."""

from __future__ import annotations

import streamlit as st

from annscope.core.config import FIELDS
from annscope.dashboard import state
from annscope.dashboard.components import pace
from annscope.dashboard.components.commands import act
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.queries.live_runs import LiveRun, get_live_run
from annscope.runs import launch


def ask(run: str) -> None:
    """Open the dialog for a run, at the next drawing of the page."""
    st.session_state[state.GO_ON] = run


def dialog(run: str) -> None:
    """The dialog, when it is open for this run."""
    if st.session_state.get(state.GO_ON) == run:
        st.dialog("Go on training", on_dismiss=_close)(_content)(run)


def _close() -> None:
    st.session_state[state.GO_ON] = None


@show_errors()
def _content(run: str) -> None:
    if st.session_state[state.GO_ON] is None:
        st.rerun()
    live_run = get_live_run(run)
    epoch, item = live_run.status["epoch"], FIELDS["epochs"]
    st.markdown(f"This run has finished its {epoch:,} epochs. It goes on from there, with the same settings.")
    st.number_input(
        "More epochs",
        min_value=item.minimum,
        max_value=int(item.maximum or 0) - epoch,
        value=live_run.reader.config.training.n_epochs,
        key=state.MORE_EPOCHS,
    )
    st.button("Go on", key=state.TRAIN_ON, type="primary", icon=":material/resume:", on_click=_go_on, args=(live_run,))


def _go_on(live_run: LiveRun) -> None:
    _close()
    act(live_run, lambda: launch.go_on(live_run.run, st.session_state[state.MORE_EPOCHS], pace=pace.chosen()))
