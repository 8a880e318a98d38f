"""Commands to a run: carried out by a click, with the error if one fails and a short wait for its effect."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.errors import error_text
from annscope.dashboard.queries.live_runs import LiveRun
from annscope.runs.status import Status

PATIENCE_SECONDS = 0.5
"""How long a click waits for the worker, so that the page shows the effect at once."""


def act(live_run: LiveRun, action: Callable[[], object]) -> None:
    """Carry out a command to a run, and wait shortly for its effect."""
    before = live_run.status
    attempt(action, live_run)
    await_effect(live_run, lambda now: (now["status"], now["step"]) != (before["status"], before["step"]))


def attempt(action: Callable[[], object], live_run: LiveRun | None) -> None:
    """Carry out a command; if it fails, its error is shown from now on (`show_command_error`)."""
    st.session_state[state.COMMAND_ERROR] = None
    try:
        action()
    except (AnnscopeError, OSError) as error:
        st.session_state[state.COMMAND_ERROR] = error_text(error), _preconditions(live_run)


def await_effect(live_run: LiveRun, has_happened: Callable[[Status], bool]) -> None:
    """Wait shortly for the effect of a command, so that the page shows it at once; the next tick does in any case."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not st.session_state[state.COMMAND_ERROR] and time.monotonic() < deadline:
        try:
            live_run.refresh()
        except AnnscopeError:
            return  # the page shows the error
        if has_happened(live_run.status):
            return
        time.sleep(0.02)


def show_command_error(live_run: LiveRun | None = None) -> None:
    """Show the error of the last command, if it failed, until one of its preconditions has changed."""
    sentence, preconditions = st.session_state.get(state.COMMAND_ERROR) or (None, None)
    if preconditions != _preconditions(live_run):
        st.session_state[state.COMMAND_ERROR] = None
    elif sentence:
        st.error(escaping.markdown(sentence), icon=":material/block:")


def _preconditions(live_run: LiveRun | None) -> tuple[object, ...]:
    """What the success of a command depends on: the run shown, its status, the settings of the next run."""
    of_run = (None, None) if live_run is None else (live_run.run, live_run.status["status"])
    return *of_run, controls.config_now()
