"""Callbacks of controls."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

SCRIPT = """
import streamlit as st
from annscope.dashboard.components.callbacks import on_choice
taken = []
callback = on_choice("control", taken.append)
callback()
st.session_state["control"] = None
callback()
st.session_state["control"] = "chosen"
callback()
st.text(repr(taken))
"""


def test_a_choice_is_taken_and_a_control_that_is_gone_chooses_nothing() -> None:
    """What was cleared is a choice too; of a page that was left before it was drawn there is none, and no error."""
    page = AppTest.from_string(SCRIPT).run()
    assert not page.exception
    assert page.text[0].value == "[None, 'chosen']"
