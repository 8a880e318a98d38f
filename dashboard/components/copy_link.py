"""A button that copies a link to the settings of the next run, drawn by `frontend/src/page/copy-link.js`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from annscope.dashboard import state
from annscope.dashboard.components.loading import code, in_browser

_component = in_browser("annscope_copy_link", "The button that copies a link")


def copy_link(parameters: Mapping[str, str]) -> None:
    """A button that copies the address of the Train page with these query parameters."""
    _component(key=state.COPY_LINK, data={"query": urlencode(parameters), **code("page/copy-link.js")})
