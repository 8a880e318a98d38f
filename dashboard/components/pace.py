"""Pace: how many snapshots a second a run trains for; chosen before it starts, and changed while it is at work."""

from __future__ import annotations

from functools import partial

import streamlit as st

from annscope.dashboard import state
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.components.commands import attempt, await_effect
from annscope.dashboard.queries.live_runs import LiveRun
from annscope.runs import control as commands

PACES = (None, 30.0, 10.0, 3.0, 1.0)


def chosen() -> float | None:
    """The pace at which the next run starts, and another one is resumed."""
    return st.session_state.get(state.NEXT_PACE)


def control(live_run: LiveRun) -> None:
    """The control: for the run shown if it is at work, else for the next one."""
    now = live_run.status.get("pace") if live_run.at_work else chosen()
    st.session_state[state.PACE] = now
    st.selectbox(
        "Pace",
        PACES if now in PACES else (*PACES, now),
        key=state.PACE,
        format_func=_words,
        placeholder=_words(None),  # which is no choice, to Streamlit
        help="How fast it trains: as fast as it can, or so many snapshots a second, to steer it by hand. "
        "The result is the same.",
        on_change=on_choice(state.PACE, partial(_change, live_run)),
    )


def _words(pace: float | None) -> str:
    return "as fast as it can" if pace is None else f"{pace:g} snapshots / s"


def _change(live_run: LiveRun, pace: float | None) -> None:
    st.session_state[state.NEXT_PACE] = pace
    if live_run.at_work:
        attempt(lambda: commands.send(live_run.run, "pace", pace), live_run)
        await_effect(live_run, lambda now: now.get("pace") == pace)
