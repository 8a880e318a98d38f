"""The drawing pad and its views: one component, drawn and computed in the browser by `frontend/src/draw/main.js`.

It fetches the chosen snapshot's weights itself (`dashboard.server`) and computes predictions in the browser;
Python passes the run, and receives the snapshot and the example that the user chose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from annscope.core.dataset import SPLITS
from annscope.core.errors import did_you_mean
from annscope.dashboard import address, state
from annscope.dashboard.components.loading import code, in_browser
from annscope.dashboard.server.assets import BASE

MAPS = ("gradient", "occlusion")
"""The attribution maps that can be drawn over the image."""
SAMPLE = re.compile(rf"({'|'.join(SPLITS)})-(\d{{1,9}})")

_component = in_browser("annscope_pad", "The drawing pad")


def pad(run: str, newest: int, class_names: Sequence[str], *, at_work: bool) -> None:
    """The pad for a run, with what the address names: its snapshot, its example, and the map of a class over the image.

    `newest` is the last snapshot, shown of a run that is `at_work` until the user chooses another.
    The user's choices go back into the address.
    """
    sample = st.query_params.get(address.SAMPLE, "")
    _component(
        key=state.PAD,
        data={
            "run": run,
            "newest": newest,
            "at_work": at_work,
            "snapshot": address.get_number(address.SNAPSHOT),
            "sample": sample if SAMPLE.fullmatch(sample) else None,
            "shows": {
                "map": _known(st.query_params.get(address.VIEW), MAPS),
                "label": _known(st.query_params.get(address.CLASS), class_names),
            },
            "base": BASE,
            **code("draw/main.js"),
        },
        on_snapshot_change=lambda: address.put_number(address.SNAPSHOT, st.session_state[state.PAD].get("snapshot")),
        on_sample_change=_keep_sample,
        on_shows_change=lambda: _keep_shows(class_names),
    )


def _known(text: str | None, names: Sequence[str]) -> str | None:
    return text if text in names else None


def pad_warnings(parameters: Mapping[str, str], class_names: Sequence[str]) -> list[str]:
    """A warning for each of these query parameters that is invalid for the pad."""
    sample, view, label = (parameters.get(name) for name in (address.SAMPLE, address.VIEW, address.CLASS))
    found: list[str] = []
    if sample is not None and not SAMPLE.fullmatch(sample):
        found.append(address.warning(address.SAMPLE, "such as test-0", sample))
    if view is not None and view not in MAPS:
        found.append(address.warning(address.VIEW, " or ".join(MAPS), view, did_you_mean(view, MAPS)))
    if label is not None and label not in class_names:
        found.append(address.warning(address.CLASS, "the name of a class", label, did_you_mean(label, class_names)))
    return found


def _keep_sample() -> None:
    sample = st.session_state[state.PAD].get("sample")
    if isinstance(sample, str) and SAMPLE.fullmatch(sample):
        st.query_params[address.SAMPLE] = sample
    else:
        st.query_params.pop(address.SAMPLE, None)


def _keep_shows(class_names: Sequence[str]) -> None:
    shows = st.session_state[state.PAD].get("shows")
    if isinstance(shows, Mapping):
        address.put(address.VIEW, _known(shows.get("map"), MAPS))
        address.put(address.CLASS, _known(shows.get("label"), class_names))
