"""The stage: the one component that holds everything alive, drawn in the browser by `assets/stage.js`.

It follows the run by itself (`dashboard.routes`); Python tells it which run to show, and learns which
snapshot and which probe image a person chose.
"""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.routes import BASE, asset

# Streamlit takes a text without a line break for the name of a file.
_LOADER = """
export default function (component) {
  let gone = false;
  let unmount;
  import(new URL(component.data.module, window.location.origin).href).then(
    (module) => { if (!gone) unmount = module.mount(component); },
    (error) => {
      component.parentElement.textContent = `The live view could not be loaded: ${error.message}`;
      throw error;
    },
  );
  return () => {
    gone = true;
    if (typeof unmount === "function") unmount();
  };
}
"""

_component = st.components.v2.component("annscope_stage", js=_LOADER, isolate_styles=False)


def stage(run: str) -> None:
    """The live views of a run, at the snapshot and the probe image that the address names.

    What a person chooses in it goes back into the address.
    """
    _component(
        key=state.STAGE,
        data={
            "run": run,
            "snapshot": state.shown_number(state.SNAPSHOT),
            "probe": state.shown_number(state.PROBE) or 0,
            "base": BASE,
            "module": asset("stage.js"),
        },
        on_snapshot_change=lambda: _keep(state.SNAPSHOT),
        on_probe_change=lambda: _keep(state.PROBE),
    )


def _keep(name: str) -> None:
    state.show_number(name, st.session_state[state.STAGE].get(name))
