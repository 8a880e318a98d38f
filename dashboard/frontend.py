"""Streamlit's own code for the browser, answered at once.

A browser's first visit asks for some hundred small files, one after the other on a few connections, and
waits for each. They are there and never change, so they are neither looked up nor read on other threads.
"""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import file_util

from dashboard.routes import kept


class Frontend:
    """Answers for the files in Streamlit's `static`, whose names have their version in them; the rest is passed on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        root = Path(file_util.get_static_dir())
        self._files = {
            f"/{file.relative_to(root).as_posix()}": file for file in (root / "static").rglob("*") if file.is_file()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (self.app if file is None else kept(file))(scope, receive, send)
