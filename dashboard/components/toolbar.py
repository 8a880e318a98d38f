"""What every page has at its top: its name, the list of keys and full screen, by `frontend/src/page/toolbar.js`."""

from __future__ import annotations

import streamlit as st

from annscope.dashboard import state
from annscope.dashboard.components.loading import code, in_browser

STYLE = """<style>
.st-key-page-tools { position: absolute; width: 0; height: 0; }
[data-testid="stStatusWidget"] { margin-right: 4.7rem; }
</style>"""
"""It stands over the head of the page, and takes no room in it; beside it Streamlit says that it is at work."""
_component = in_browser("annscope_toolbar", "The list of keys")


def toolbar(title: str) -> None:
    """Draw the toolbar of a page, whose title is a heading for screen readers."""
    with st.container(key="page-tools"):
        st.html(STYLE)
        _component(key=state.TOOLBAR, data={"title": title, **code("page/toolbar.js")})
