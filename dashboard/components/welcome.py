"""The welcome page, shown before there is any run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from annscope.dashboard import state
from annscope.dashboard.components import controls
from annscope.dashboard.components.commands import show_command_error
from annscope.dashboard.components.header import start_run
from annscope.dashboard.components.loading import load_ahead
from annscope.dashboard.components.stage import ENTRY
from annscope.dashboard.shortcuts import key_of
from annscope.data.datasets import DATASETS


@dataclass(frozen=True)
class Example:
    """An example configuration to start with one click; `settings` are those that differ from the defaults."""

    title: str
    icon: str
    words: str
    settings: dict[str, Any]


EXAMPLES = (
    Example(
        "Unwind three spirals",
        ":material/cyclone:",
        "Two small tanh layers bend the plane until three interleaved arms come apart.",
        {"data": "spirals", **DATASETS["spirals"].proposal},
    ),
    Example(
        "See over-fitting happen",
        ":material/trending_down:",
        "Half of the digits, a wide network and no penalty: the training loss keeps falling, the held-out loss rises.",
        {"hidden": (256, 128), "split": 0.5, "learning-rate": 0.002, "batch-size": 32, "epochs": 40},
    ),
    Example(
        "See neurons die",
        ":material/power_settings_new:",
        "Plain gradient descent with a learning rate that is too high: watch units of a ReLU network die.",
        {"data": "digits", "hidden": (48, 48, 24), "optimizer": "sgd", "learning-rate": 0.5, "batch-size": 32,
         "epochs": 60},
    ),
)  # fmt: skip


def welcome() -> None:
    """Draw the introduction and the buttons that start a first run."""
    with st.container(key="welcome", gap="medium"):
        st.title("See a neural network think while it learns", anchor=False)
        st.markdown(
            "annscope trains a small network, written in plain NumPy, before your eyes: its weights, every neuron's "
            "activation and each mistake it makes, live. Choose the settings in the sidebar, or just start: "
            "you can pause, change the learning rate and scrub back to any snapshot."
        )
        show_command_error()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Train on real digits",
                key=state.FIRST,
                type="primary",
                icon=":material/play_arrow:",
                help="5,000 handwritten digits from MNIST; nothing to download.",
                on_click=start_run,
                args=(controls.defaults(),),
            )
            st.button(
                "Start with my settings",
                key=state.START,
                shortcut=key_of("start"),
                disabled=controls.config_now() is None,
                help="Train a new network with the settings of the sidebar.",
                on_click=start_run,
            )
        st.markdown("##### Or try one of these")
        for column, (index, example) in zip(st.columns(len(EXAMPLES), gap="medium"), enumerate(EXAMPLES), strict=True):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"{example.icon} **{example.title}**")
                st.caption(example.words)
                st.button(
                    "Start this",
                    key=state.example(index),
                    on_click=start_run,
                    args=({**controls.defaults(), **example.settings},),
                )
        load_ahead(ENTRY)
