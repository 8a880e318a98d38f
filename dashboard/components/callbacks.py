"""Callbacks of controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def on_choice(key: str, take: Callable[[Any], object]) -> Callable[[], None]:
    """The callback of the control `key`, which hands what was chosen to `take`.

    Streamlit also calls it when the page was left before it had been drawn to its end: then nothing was chosen.
    """

    def callback() -> None:
        if key in st.session_state:
            take(st.session_state[key])

    return callback
