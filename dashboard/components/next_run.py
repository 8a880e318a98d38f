"""The next run: how its settings differ from those of the run shown, and what sets many of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.core.config import FIELDS, Field, RunConfig
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.copy_link import copy_link
from annscope.data.datasets import DATASETS, find_path


def next_run(shown: RunConfig | None) -> None:
    """Draw what the next run changes of the one `shown`, None without any, and the buttons that set every control."""
    settings = st.session_state[state.SETTINGS]
    st.caption("**NEXT RUN**")
    if shown is not None:
        of_run = controls.settings_of(shown)
        different = differences(settings, of_run)
        st.caption("Differs from the run shown in:" if different else "The same settings as the run shown.")
        with st.container(key="differences", horizontal=True, gap="xxsmall"):
            for item in different:
                _chip(item, of_run[item.option], settings[item.option])
    with st.container(key="set-all", horizontal=True, gap="small"):
        if shown is not None:
            st.button(
                "As shown",
                key=state.AS_SHOWN,
                type="tertiary",
                icon=":material/settings_backup_restore:",
                disabled=not different,
                help="Set every control to the settings of the run shown.",
                on_click=controls.set_all,
                args=(of_run,),
            )
        st.button(
            "Defaults",
            key=state.DEFAULTS,
            type="tertiary",
            icon=":material/restart_alt:",
            disabled=settings == controls.defaults(),
            help="Set every control to its default.",
            on_click=controls.set_all,
            args=(controls.defaults(),),
        )
        copy_link(controls.write_address(settings))


def differences(settings: Mapping[str, Any], of_run: Mapping[str, Any]) -> list[Field]:
    """The settings that have an effect on the next run and are others than those of a run."""
    return [
        item
        for option, item in FIELDS.items()
        if controls.applies(option, settings) and _resolved(item, settings[option]) != of_run[option]
    ]


def _resolved(item: Field, value: Any) -> Any:
    """The value as a record has it: a file by its full path."""
    path = find_path(value) if item.option == "data" and value not in DATASETS else None
    return value if path is None else str(path.resolve())


def _chip(item: Field, before: Any, now: Any) -> None:
    was, will_be = (escaping.markdown(controls.text_of(item, value)) for value in (before, now))
    st.button(
        f"{item.label} {was} → {will_be}",
        key=state.difference(item.option),
        icon=":material/undo:",
        help=f"Take it back: {item.label.lower()} {was}, as in the run shown.",
        on_click=_take_back,
        args=(item.option, before),
    )


def _take_back(option: str, value: Any) -> None:
    controls.set_all({**st.session_state[state.SETTINGS], option: value})


def proposal() -> None:
    """Draw the settings that suit the data set that was just chosen, where the controls have others, to be taken."""
    settings = st.session_state[state.SETTINGS]
    info = DATASETS.get(settings["data"])
    if info is None or st.session_state.get(state.PROPOSED) != info.name:
        return
    different = {option: value for option, value in info.proposal.items() if settings[option] != value}
    if not different:
        return
    words = [
        f"{FIELDS[option].label.lower()} {controls.text_of(FIELDS[option], value)}"
        for option, value in different.items()
    ]
    st.caption(f"A proposal for {info.label}: {', '.join(words)}.")
    st.button(
        "Take the proposal",
        key=state.TAKE_PROPOSAL,
        icon=":material/lightbulb:",
        width="stretch",
        help="Set these controls to settings that suit the data set; the others stay.",
        on_click=controls.set_all,
        args=({**settings, **different},),
    )
