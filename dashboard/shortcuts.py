"""The keys that do something, from the one table that the browser's modules read as well."""

from __future__ import annotations

import json

from annscope.dashboard.server.assets import ASSETS

_TABLE = json.loads((ASSETS / "lib/ui/shortcuts.json").read_text(encoding="utf-8"))


def key_of(name: str) -> str:
    """The key of a shortcut, for a button of Streamlit's."""
    key: str = _TABLE[name]["keys"][0]
    return key
