"""Static files for the browser: uncompressed, and cached by it if the address contains a version.

Compression costs more than it saves on one machine. A browser's first visit requests some hundred small files, a few
at a time, and waits for each.
"""

from __future__ import annotations

import mimetypes
import time
import zlib
from functools import lru_cache
from pathlib import Path

import plotly
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import file_util

BASE = "/annscope"
PLOTLY = f"{BASE}/plotly-{plotly.__version__}.js"
ASSETS = Path(__file__).parents[1] / "frontend" / "src"
CACHE_FOREVER = "private, max-age=31536000, immutable"
"""For addresses with a version: the browser caches the file for a year and does not request it again."""

# The registry of some Windows machines maps .js to text/plain, and browsers reject modules of that type.
mimetypes.add_type("text/javascript", ".js")
VERSION_SECONDS = 1.0
"""For so long a checksum of the files counts: a page requests some hundred of them at once."""


class Assets(StaticFiles):
    """The ES modules and style sheets, including subfolders.

    A browser caches a file by the address of `asset`, which contains the version; by an address without a version it
    revalidates each time. Those of the last version that was requested are served from memory.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._root, self._version, self._files = directory, "", dict[str, Response]()

    async def get_response(self, path: str, scope: Scope) -> Response:
        version = scope["path_params"].get("version")
        if version is not None and version != self._version:
            await run_in_threadpool(self._read, version)
        kept = self._files.get(path) if version == self._version else None
        if kept is not None:
            return kept
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response

    def _read(self, version: str) -> None:
        if version == assets_version(self._root):
            files = [file for file in self._root.rglob("*.*") if file.is_file()]
            self._files = {str(file.relative_to(self._root)): cached_file(file) for file in files}
            self._version = version


def cached_file(file: Path) -> Response:
    """A small file that browsers cache, as its address contains a version."""
    media_type, _ = mimetypes.guess_type(file.name)
    return Response(file.read_bytes(), media_type=media_type, headers={"cache-control": CACHE_FOREVER})


def assets_version(directory: Path = ASSETS) -> str:
    """A checksum of the names, times and sizes of the files in a folder and its subfolders, at most a second old."""
    return _version(directory, int(time.monotonic() / VERSION_SECONDS))


@lru_cache(maxsize=8)
def _version(directory: Path, _when: int) -> str:
    about = sorted(
        (str(file), found.st_mtime_ns, found.st_size) for file in directory.rglob("*.*") for found in [file.stat()]
    )
    return f"v{zlib.crc32(repr(about).encode()):08x}"


def asset(name: str, version: str | None = None) -> str:
    """The address of a module, with its version, which the modules that it imports by a relative address share."""
    return f"{BASE}/{version or assets_version()}/assets/{name}"


def plotly_library(_: Request) -> Response:
    """The JavaScript library of the figures, from the plotly package; its address contains its version."""
    return FileResponse(
        Path(plotly.__file__).with_name("package_data") / "plotly.min.js",
        media_type="text/javascript",
        headers={"cache-control": CACHE_FOREVER},
    )


class Uncompressed:
    """Middleware that removes `Accept-Encoding`, so that the server does not compress."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


class Frontend:
    """Middleware that serves Streamlit's `static` files, whose names contain a version, from memory.

    A file is read once, on another thread, and then cached: it never changes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        root = Path(file_util.get_static_dir())
        self._files = {
            f"/{file.relative_to(root).as_posix()}": file for file in (root / "static").rglob("*") if file.is_file()
        }
        self._read: dict[Path, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if file is None:
            await self.app(scope, receive, send)
            return
        response = self._read.get(file)
        if response is None:
            response = self._read[file] = await run_in_threadpool(cached_file, file)
        await response(scope, receive, send)
