"""Way: how runs that are started in this tab are seen."""

from __future__ import annotations

import streamlit as st

from annscope.dashboard import state


def chosen() -> str:
    """The way that was chosen last: "watch" from the beginning, "slow" step by step, or "live"."""
    return str(st.session_state.get(state.WAY, "watch"))


def of(run: str) -> str | None:
    """How a run is to be seen that was started last in this tab; None for any other one."""
    return chosen() if run == st.session_state.get(state.STARTED) else None


def keep() -> None:
    """Keep what was chosen beside the timeline for the runs to come."""
    st.session_state[state.WAY] = st.session_state[state.STAGE].get("way")
