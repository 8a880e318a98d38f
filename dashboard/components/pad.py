"""The drawing pad with all that belongs to it: one component, which `frontend/src/draw/main.js` draws and computes.

It fetches the chosen snapshot's weights itself (`dashboard.server`) and answers without asking anyone;
Python tells it which run to use, and learns which snapshot and which example a person chose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from annscope.core.dataset import SPLITS
from annscope.core.errors import did_you_mean
from annscope.dashboard import state
from annscope.dashboard.components.loading import code, in_browser
from annscope.dashboard.server.assets import BASE

MAPS = ("gradient", "occlusion")
"""What can lie over the image that the network sees, the attribution of a prediction to its pixels."""
SAMPLE = re.compile(rf"({'|'.join(SPLITS)})-(\d{{1,9}})")

_component = in_browser("annscope_pad", "The drawing pad")


def pad(run: str, newest: int, class_names: Sequence[str], *, at_work: bool) -> None:
    """The pad for a run, as the address says: its snapshot, its example, and the map of a class over the image.

    `newest` is the last snapshot, shown of a run that is `at_work` until a person chooses another.
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
            "shows": {
                "map": _known(st.query_params.get(state.VIEW), MAPS),
                "label": _known(st.query_params.get(state.CLASS), class_names),
            },
            "base": BASE,
            **code("draw/main.js"),
        },
        on_snapshot_change=lambda: state.show_number(state.SNAPSHOT, st.session_state[state.PAD].get("snapshot")),
        on_sample_change=_keep_sample,
        on_shows_change=lambda: _keep_shows(class_names),
    )


def _known(text: str | None, names: Sequence[str]) -> str | None:
    return text if text in names else None


def complaints_about(parameters: Mapping[str, str], class_names: Sequence[str]) -> list[str]:
    """A sentence for each of these query parameters by which the pad can show nothing."""
    sample, view, label = (parameters.get(name) for name in (state.SAMPLE, state.VIEW, state.CLASS))
    found: list[str] = []
    if sample is not None and not SAMPLE.fullmatch(sample):
        found.append(state.must_be(state.SAMPLE, "such as test-0", sample))
    if view is not None and view not in MAPS:
        found.append(state.must_be(state.VIEW, " or ".join(MAPS), view, did_you_mean(view, MAPS)))
    if label is not None and label not in class_names:
        found.append(state.must_be(state.CLASS, "the name of a class", label, did_you_mean(label, class_names)))
    return found


def _keep_sample() -> None:
    sample = st.session_state[state.PAD].get("sample")
    if isinstance(sample, str) and SAMPLE.fullmatch(sample):
        st.query_params[state.SAMPLE] = sample
    else:
        st.query_params.pop(state.SAMPLE, None)


def _keep_shows(class_names: Sequence[str]) -> None:
    shows = st.session_state[state.PAD].get("shows")
    if isinstance(shows, Mapping):
        state.put(state.VIEW, _known(shows.get("map"), MAPS))
        state.put(state.CLASS, _known(shows.get("label"), class_names))
