"""The drawing pad with all that belongs to it: one component, drawn and computed in the browser by `assets/draw.js`.

It fetches the chosen snapshot's weights itself (`dashboard.routes`) and answers without asking anyone;
Python tells it which run to use, and learns which snapshot and which example a person chose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from core.dataset import SPLITS
from dashboard import state
from dashboard.components.loading import code, in_browser
from dashboard.routes import BASE

SAMPLE = re.compile(rf"({'|'.join(SPLITS)})-(\d{{1,9}})")

_component = in_browser("annscope_pad", "The drawing pad")


def pad(run: str, newest: int, *, at_work: bool) -> None:
    """The pad for a run, at the snapshot and with the example that the address names; `newest` is the last snapshot.

    Of a run that is `at_work` the newest snapshot is shown until a person chooses another.
    What a person chooses in it goes back into the address.
    """
    sample = st.query_params.get(state.SAMPLE, "")
    _component(
        key=state.PAD,
        data={
            "run": run,
            "newest": newest,
            "at_work": at_work,
            "snapshot": state.shown_number(state.SNAPSHOT),
            "sample": sample if SAMPLE.fullmatch(sample) else None,
            "base": BASE,
            **code("draw.js"),
        },
        on_snapshot_change=lambda: state.show_number(state.SNAPSHOT, st.session_state[state.PAD].get("snapshot")),
        on_sample_change=_keep_sample,
    )


def not_samples(parameters: Mapping[str, str]) -> list[str]:
    """A sentence where these query parameters name a sample as no example is named."""
    text = parameters.get(state.SAMPLE)
    if text is None or SAMPLE.fullmatch(text):
        return []
    return [f"In the address, {state.SAMPLE} must be such as test-0, got {text!r}."]


def _keep_sample() -> None:
    sample = st.session_state[state.PAD].get("sample")
    if isinstance(sample, str) and SAMPLE.fullmatch(sample):
        st.query_params[state.SAMPLE] = sample
    else:
        st.query_params.pop(state.SAMPLE, None)
