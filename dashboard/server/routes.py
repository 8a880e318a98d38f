"""What the live views in the browser ask for: their code, a run's history, and its snapshots as they are made.

All of it is read from the record (`dashboard.following`); nothing here changes a run. Origin and
Host are checked for the whole server (`dashboard.origin`).
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import re
import stat
import time
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path

import numpy as np
import plotly
from anyio import create_task_group
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket, WebSocketDisconnect

from annscope.core.errors import AnnscopeError, ConfigError
from annscope.core.explain.what_if import Change
from annscope.dashboard import examples, past
from annscope.dashboard.following import IDLE_SECONDS, Following, follow
from annscope.runs.catalogue import run_ids

BASE = "/annscope"
PLOTLY = f"{BASE}/plotly-{plotly.__version__}.js"
ASSETS = Path(__file__).parent / "frontend" / "src"
KEPT = "private, max-age=31536000, immutable"
"""How long a browser keeps what it got by an address that names its version: a year, without asking again."""
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
MOST_CHANGES = 10_000
BUSY_SECONDS = 0.25
"""How long news wait for a viewer that is drawing."""
FRESH_SECONDS = 0.01
NEXT_SECONDS = 0.05
"""A viewer gets a snapshot that is older than the first only if no other follows within the second of these."""
GONE = 4404
"""The code with which a connection is closed when the run was deleted or cannot be read."""

# The registry of some Windows machines calls JavaScript text/plain, and browsers refuse modules of that type.
mimetypes.add_type("text/javascript", ".js")


class Assets(StaticFiles):
    """The ES modules and style sheets.

    A browser keeps what it got by the address of `asset`, which names their version, without asking again; what it
    got by a plain one it asks about each time.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["path_params"].get("version") == assets_version(Path(str(self.directory))):
            file, found = self.lookup_path(path)
            if found is not None and stat.S_ISREG(found.st_mode):
                return kept(Path(file))
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def kept(file: Path) -> Response:
    """A small file that a browser keeps, as its address names its version."""
    media_type, _ = mimetypes.guess_type(file.name)
    return Response(file.read_bytes(), media_type=media_type, headers={"cache-control": KEPT})


def assets_version(directory: Path = ASSETS) -> str:
    """What tells this state of the files in a folder from any other."""
    about = sorted(
        (str(file), found.st_mtime_ns, found.st_size) for file in directory.rglob("*.*") for found in [file.stat()]
    )
    return f"v{zlib.crc32(repr(about).encode()):08x}"


def asset(name: str) -> str:
    """Where a module is, as it is now; what it imports by a relative address has the same version."""
    return f"{BASE}/{assets_version()}/assets/{name}"


def _or_error(status: int) -> Callable[[Callable[[Request], Response]], Callable[[Request], Response]]:
    """Answer what goes wrong with this status and one sentence."""

    def decorate(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        @wraps(answer)
        def endpoint(request: Request) -> Response:
            try:
                return answer(request)
            except AnnscopeError as error:
                return JSONResponse({"error": str(error)}, status_code=status)

        return endpoint

    return decorate


_or_404 = _or_error(404)
_or_sentence = _or_error(200)
"""For what a page asks in good faith and may not be there; told 404, a browser would report it on its console."""


@_or_404
def history(request: Request) -> Response:
    """The whole of a run but its arrays: description, every line of the metrics, status."""
    return Response(_history(follow(request.path_params["run"])), media_type="application/json")


@_or_404
def probe(request: Request) -> Response:
    """The probe images, as the safetensors file that the record holds."""
    following = follow(request.path_params["run"])
    return _arrays(following.reader.probe_bytes())


@_or_404
def snapshot(request: Request) -> Response:
    """One snapshot of a run as a frame (`following.encode_frame`)."""
    following = follow(request.path_params["run"])
    return _arrays(following.frame(request.path_params["number"]))


@_or_sentence
def trying(request: Request) -> Response:
    """What a page needs to make examples of its own for a run's network."""
    return JSONResponse(examples.describe(request.path_params["run"]))


@_or_sentence
def labels(request: Request) -> Response:
    """The class of every example of a run's data."""
    return JSONResponse(examples.labels(request.path_params["run"]))


@_or_sentence
def example(request: Request) -> Response:
    """One example of the data set, as the network sees it."""
    about = request.path_params
    return JSONResponse(examples.example(about["run"], about["split"], about["index"]))


async def nearest(request: Request) -> Response:
    """The training examples that a snapshot finds most like the features sent."""
    about = request.path_params
    try:
        asked = await request.json()
        x, k = np.array(asked["x"], dtype=np.float64), int(asked.get("k", examples.N_NEAREST))
    except (ValueError, TypeError, KeyError):
        return JSONResponse({"error": "A list of numbers x is asked for."}, status_code=400)
    try:
        return JSONResponse(await run_in_threadpool(examples.nearest_examples, about["run"], about["number"], x, k))
    except examples.ExampleError as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except AnnscopeError as error:
        return JSONResponse({"error": str(error)}, status_code=404)


@_or_404
def histograms(request: Request) -> Response:
    """The histograms of the snapshots from `start` on (`following.Following.histograms`)."""
    start = request.query_params.get("start", "0")
    if not start.isdecimal() or len(start) > 9:
        return JSONResponse({"error": f"start must be a whole number, 0 or more, got {start!r}."}, status_code=400)
    content = follow(request.path_params["run"]).histograms(int(start))
    return Response(content, media_type="application/octet-stream", headers={"content-encoding": "identity"})


@_or_404
def classes(request: Request) -> Response:
    """F1 of each class over a run's snapshots (`past.classes`)."""
    return JSONResponse(past.classes(follow(request.path_params["run"])))


@_or_404
def neuron(request: Request) -> Response:
    """What one neuron put out over a run's snapshots (`past.neuron`)."""
    about = request.path_params
    return JSONResponse(past.neuron(follow(about["run"]), about["layer"], about["unit"]))


async def what_if(request: Request) -> Response:
    """How a snapshot would do with neurons switched off and weights set by hand."""
    about = request.path_params
    try:
        asked = (await request.json())["changes"]
        changes = [Change(**change) for change in asked]
    except (ValueError, TypeError, KeyError):
        return JSONResponse({"error": "A list of changes is asked for, each with layer and unit."}, status_code=400)
    if len(changes) > MOST_CHANGES:
        return JSONResponse({"error": f"At most {MOST_CHANGES:,} changes can be asked about at once."}, status_code=400)
    try:
        return JSONResponse(await run_in_threadpool(examples.what_if, about["run"], about["number"], changes))
    except ConfigError as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except AnnscopeError as error:
        return JSONResponse({"error": str(error)}, status_code=404)


def _arrays(content: bytes) -> Response:
    # Compressing float32 noise costs far more than it saves on this machine; "identity" tells the server so.
    headers = {"cache-control": "private, max-age=31536000, immutable", "content-encoding": "identity"}
    return Response(content, media_type="application/octet-stream", headers=headers)


async def live(websocket: WebSocket) -> None:
    """A run as it is recorded: first all that there is, then every new line and the newest snapshot.

    At most one frame is under way to a viewer: it answers "ack" when it wants another one, and gets
    the one that is newest by then. What else is new comes with it, or after `BUSY_SECONDS` without
    it. A run that is not there yet, or has not loaded its data, is waited for.
    """
    run = websocket.path_params["run"]
    if not RUN_ID.fullmatch(run):
        await websocket.send_denial_response(JSONResponse({"error": f"There is no run {run!r}."}, status_code=404))
        return
    await websocket.accept()
    viewer = _Viewer(websocket, run)
    # Reading goes on while writing: only so are a closed tab and the end of the server noticed at once.
    async with create_task_group() as group:

        async def and_then_end(task: Callable[[], Awaitable[None]]) -> None:
            await task()
            group.cancel_scope.cancel()

        group.start_soon(and_then_end, viewer.read)
        group.start_soon(and_then_end, viewer.write)


class _Viewer:
    """One connection, and how far it has got."""

    def __init__(self, websocket: WebSocket, run: str) -> None:
        self.websocket = websocket
        self.run = run
        self.changed = asyncio.Event()
        self.ready = asyncio.Event()
        self.ready.set()

    async def read(self) -> None:
        """Take acknowledgements until the viewer leaves."""
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") == "ack":
                self.ready.set()
                self.changed.set()

    async def write(self) -> None:
        """Send what there is to send until the viewer leaves, or the run goes: then say so and close."""
        try:
            following = await self._arrival()
            following.watch(self.changed)
            try:
                await self._write(following)
            finally:
                following.leave(self.changed)
        except AnnscopeError as error:
            # A reason has room for 123 bytes.
            await self.websocket.close(GONE, str(error).encode()[:120].decode(errors="ignore"))
        except WebSocketDisconnect:
            return

    async def _arrival(self) -> Following:
        while self.run not in run_ids():
            await asyncio.sleep(IDLE_SECONDS)
        return follow(self.run)

    async def _write(self, following: Following) -> None:
        n_lines, status, number = 0, None, -1
        greeted = False
        while True:
            await self.changed.wait()
            await self._good_moment(following, number)
            self.changed.clear()
            following.check()
            if not greeted:
                if not following.is_described:
                    continue
                greeted, n_lines, status = True, following.history.n_lines, following.status
                await self.websocket.send_text(_history(following, kind="hello"))
            if n_lines < following.history.n_lines:
                new, n_lines = following.history.since(n_lines), following.history.n_lines
                await self.websocket.send_text('{"type":"lines","lines":[' + ",".join(new) + "]}")
            if status != following.status:
                status = following.status
                await self.websocket.send_text(json.dumps({"type": "status", "status": status}))
            if self.ready.is_set() and number < following.newest:
                self.ready.clear()
                number = following.newest
                await self.websocket.send_bytes(following.frame(number))

    async def _good_moment(self, following: Following, number: int) -> None:
        """Wait while the viewer draws, and then for a snapshot that is about to come; `number` is the last one sent."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ready.wait(), BUSY_SECONDS)
        newest, age = following.newest, time.monotonic() - following.newest_since
        if not self.ready.is_set() or newest == number or age < FRESH_SECONDS or not following.at_work:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(NEXT_SECONDS):
                while following.newest == newest:
                    self.changed.clear()
                    await self.changed.wait()


def _history(following: Following, *, kind: str | None = None) -> str:
    head = "" if kind is None else f'"type":"{kind}",'
    description, status = json.dumps(following.reader.description), json.dumps(following.status)
    return f'{{{head}"description":{description},"lines":[{",".join(following.history.since(0))}],"status":{status}}}'


def plotly_library(_: Request) -> Response:
    """The drawing library of the figures, as it lies in the plotly package; its address names its version."""
    return FileResponse(
        Path(plotly.__file__).with_name("package_data") / "plotly.min.js",
        media_type="text/javascript",
        headers={"cache-control": KEPT},
    )


def not_here(_: Request) -> Response:
    """The answer to a page that was opened by its own address and looks for the server below itself.

    Streamlit's client tries that before the root; told 404, the browser would report an error on its console.
    """
    return Response(status_code=304)


routes: list[BaseRoute] = [
    Route("/{page}/_stcore/health", not_here),
    Route("/{page}/_stcore/host-config", not_here),
    Mount(f"{BASE}/assets", app=Assets(directory=ASSETS, check_dir=False), name="assets"),
    Mount(f"{BASE}/{{version}}/assets", app=Assets(directory=ASSETS, check_dir=False)),
    Route(PLOTLY, plotly_library),
    Route(f"{BASE}/runs/{{run}}/history", history),
    Route(f"{BASE}/runs/{{run}}/probe", probe),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number:int}}", snapshot),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number:int}}/nearest", nearest, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number:int}}/what-if", what_if, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/trying", trying),
    Route(f"{BASE}/runs/{{run}}/labels", labels),
    Route(f"{BASE}/runs/{{run}}/examples/{{split}}/{{index:int}}", example),
    Route(f"{BASE}/runs/{{run}}/histograms", histograms),
    Route(f"{BASE}/runs/{{run}}/classes", classes),
    Route(f"{BASE}/runs/{{run}}/neurons/{{layer:int}}/{{unit:int}}", neuron),
    WebSocketRoute(f"{BASE}/runs/{{run}}/live", live),
]
