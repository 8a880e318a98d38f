"""Every session key and query parameter of the dashboard, by name.

The address of the page is the truth for what is looked at (`run`, `snapshot`, `probe`) and for the
settings of the next run (one parameter a setting, named as on the command line); the session only
holds what the widgets need.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

RUN = "run"
SNAPSHOT = "snapshot"
PROBE = "probe"
SAMPLE = "sample"
"""Which example of the data set is tried, as split and index: `test-17`."""
VIEW_PARAMETERS = (RUN, SNAPSHOT, PROBE, SAMPLE)

LOOKED_AT = "looked-at"
"""Session: the run last shown; another page, whose address names none, shows it too."""
SETTINGS = "settings"
"""Session: every setting of the next run by option name, whether its control is on screen or not."""
WRITTEN = "written"
"""Session: the settings that this session last put into the address, to tell its own changes from a new link."""
LATE = "late"
"""Session: the addresses that were replaced a moment ago, each with the time, which the browser may still send."""
COMPLAINTS = "complaints"
"""Session: sentences about what could not be understood in the address."""
REFUSAL = "refusal"
"""Session: the sentence of the last command that was refused."""

STAGE = "stage"
PAD = "pad"
PICKER = "picker"
HEADER = "header"
START = "start"
FIRST = "first"
COPY = "copy-settings"
PAUSE = "pause"
STEP = "step"
STOP = "stop"
LIVE_RATE = "live-learning-rate"
LIVE_RATE_KNOWN = "live-learning-rate-known"
"""Session: the recorded learning rate that the live slider last followed, with its run."""
N_LAYERS = "control-hidden-count"
NUMBERS = "numbers"
DOWNLOAD = "download"


def control(option: str) -> str:
    """The key of a setting's control in the sidebar."""
    return f"control-{option}"


def layer(index: int) -> str:
    """The key of the width of a hidden layer, counted from 0."""
    return f"control-hidden-{index}"


def example(index: int) -> str:
    """The key of the button that starts one of the example set-ups."""
    return f"example-{index}"


def shown_run() -> str | None:
    """The run that the address names."""
    return st.query_params.get(RUN)


def show_run(run: str | None) -> None:
    """Look at a run from its latest snapshot on; None leaves the choice to the page."""
    for name in VIEW_PARAMETERS:
        st.query_params.pop(name, None)
    if run is not None:
        st.query_params[RUN] = run


def shown_number(name: str) -> int | None:
    """The whole number, 0 or more, of a query parameter; None when it is absent or no such number."""
    return whole_number(st.query_params.get(name, ""))


def whole_number(text: str) -> int | None:
    """The whole number, 0 or more and of at most nine digits, that a text spells; None when it spells none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def show_number(name: str, value: Any) -> None:
    """Put a whole number into the address; anything else takes the parameter out of it."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value):
        st.query_params[name] = str(int(value))
    else:
        st.query_params.pop(name, None)
