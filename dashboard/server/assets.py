"""Files for the browser: uncompressed, and kept by it where the address names a version.

Compressing costs more than it saves on one machine. A browser's first visit asks for some hundred small files, a few
at a time, and waits for each.
"""

from __future__ import annotations

import mimetypes
import zlib
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
KEPT = "private, max-age=31536000, immutable"
"""How long a browser keeps what it got by an address that names its version: a year, without asking again."""

# The registry of some Windows machines calls JavaScript text/plain, and browsers refuse modules of that type.
mimetypes.add_type("text/javascript", ".js")


class Assets(StaticFiles):
    """The ES modules and style sheets, those in subfolders too.

    A browser keeps what it got by the address of `asset`, which names their version, without asking again; what it
    got by a plain one it asks about each time.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await run_in_threadpool(self._of_version, path, scope["path_params"].get("version"))
        if response is None:
            response = await super().get_response(path, scope)
            response.headers["cache-control"] = "no-cache"
        return response

    def _of_version(self, path: str, version: str | None) -> Response | None:
        if version != assets_version(Path(str(self.directory))):
            return None
        file, about = self.lookup_path(path)
        return kept(Path(file)) if about is not None and Path(file).is_file() else None


def kept(file: Path) -> Response:
    """A small file that a browser keeps, as its address names its version."""
    media_type, _ = mimetypes.guess_type(file.name)
    return Response(file.read_bytes(), media_type=media_type, headers={"cache-control": KEPT})


def assets_version(directory: Path = ASSETS) -> str:
    """What tells this state of the files in a folder and its subfolders from any other."""
    about = sorted(
        (str(file), found.st_mtime_ns, found.st_size) for file in directory.rglob("*.*") for found in [file.stat()]
    )
    return f"v{zlib.crc32(repr(about).encode()):08x}"


def asset(name: str, version: str | None = None) -> str:
    """Where a module is, as it is now; what it imports by a relative address has the same version."""
    return f"{BASE}/{version or assets_version()}/assets/{name}"


def plotly_library(_: Request) -> Response:
    """The drawing library of the figures, as it lies in the plotly package; its address names its version."""
    return FileResponse(
        Path(plotly.__file__).with_name("package_data") / "plotly.min.js",
        media_type="text/javascript",
        headers={"cache-control": KEPT},
    )


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
    """Answers for the files in Streamlit's `static`, whose names have their version in them; the rest is passed on.

    A file is read once, on another thread, and then kept: it never changes.
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
            response = self._read[file] = await run_in_threadpool(kept, file)
        await response(scope, receive, send)
