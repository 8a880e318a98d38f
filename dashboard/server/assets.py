"""How answers get to a browser on the same machine: as they are, and its own code at once.

Compressing costs more there than it saves. And a browser's first visit asks for some hundred small files,
a few at a time, and waits for each: they are there and never change, so they are neither looked up nor
read on other threads.
"""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import file_util

from annscope.dashboard.routes import kept


class Uncompressed:
    """Has the server take every browser for one that understands no compression."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


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
