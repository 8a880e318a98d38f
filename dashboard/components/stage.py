"""The stage: the one component that holds everything alive, drawn in the browser by `frontend/src/train/main.js`.

It follows the run by itself (`dashboard.server`); Python tells it which run to show, and perhaps which example
beside the recorded ones, and learns which snapshot and which recorded example a person chose.
"""

from __future__ import annotations

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components.loading import code, in_browser
from annscope.dashboard.queries.evaluations import splits_of
from annscope.dashboard.server.assets import BASE

_component = in_browser("annscope_stage", "The live view")


def stage(run: str) -> None:
    """The live views of a run, at the snapshot and the example that the address names.

    What a person chooses in it goes back into the address.
    """
    sample, complaint = _sample(run)
    if complaint is not None:
        st.warning(escaping.markdown(complaint), icon=":material/link_off:")
    _component(
        key=state.STAGE,
        data={
            "run": run,
            "snapshot": state.shown_number(state.SNAPSHOT),
            "probe": state.shown_number(state.PROBE),
            "sample": sample,
            "base": BASE,
            **code("train/main.js"),
        },
        on_snapshot_change=lambda: _keep(state.SNAPSHOT),
        on_probe_change=lambda: _keep(state.PROBE),
    )


def _keep(name: str) -> None:
    state.show_number(name, st.session_state[state.STAGE].get(name))


def _sample(run: str) -> tuple[str | None, str | None]:
    """The example that the address names, such as test-17, or a sentence about a name that no example has.

    A number alone is a place in the split that judges the network.
    """
    text = st.query_params.get(state.SAMPLE)
    if text is None:
        return None, None
    try:
        splits = splits_of(run)
    except AnnscopeError:
        return None, None  # the stage says itself what is wrong with the run
    if not splits:
        return None, None
    first = next(iter(splits))
    split, _, place = text.rpartition("-")
    number = state.whole_number(place)
    if number is not None and number < splits.get(split or first, 0):
        return f"{split or first}-{number}", None
    rule = f"such as {first}-0, up to {first}-{splits[first] - 1}"
    return None, state.must_be(state.SAMPLE, rule, text)
