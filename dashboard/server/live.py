"""The live view's WebSocket: a run while it is recorded, for any number of viewers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from anyio import create_task_group
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from annscope.core.errors import AnnscopeError, shortened
from annscope.dashboard.queries.live_runs import IDLE_SECONDS, LiveRun, get_live_run
from annscope.runs.catalogue import RUN_ID, run_ids
from annscope.runs.status import Status

BUSY_SECONDS = 0.25
"""How long new lines wait for a viewer that is drawing."""
FRESH_SECONDS = 0.01
NEXT_SECONDS = 0.05
"""A snapshot older than `FRESH_SECONDS` is sent only if no newer one comes within `NEXT_SECONDS`."""
GONE = 4404
"""The code with which a connection is closed when the run was deleted or cannot be read."""


async def live(websocket: WebSocket) -> None:
    """Send a run while it is recorded: first the whole history, then every new line and the newest snapshot.

    At most one frame is in flight to a viewer: it sends "ack" when it is ready for another, and gets
    the newest by then. New lines come with it, or after `BUSY_SECONDS` without
    it. A run that does not exist yet is waited for; of one that has not loaded its data, there is the status alone.
    """
    run = websocket.path_params["run"]
    if not RUN_ID.fullmatch(run):
        error = f"There is no run {shortened(run)!r}."
        await websocket.send_denial_response(JSONResponse({"error": error}, status_code=404))
        return
    await websocket.accept()
    viewer = _Viewer(websocket, run)
    # Read while writing: otherwise a closed tab and the shutdown of the server are not noticed at once.
    async with create_task_group() as group:

        async def then_cancel(task: Callable[[], Awaitable[None]]) -> None:
            await task()
            group.cancel_scope.cancel()

        group.start_soon(then_cancel, viewer.read)
        group.start_soon(then_cancel, viewer.write)


class _Viewer:
    """One connection and its state."""

    def __init__(self, websocket: WebSocket, run: str) -> None:
        self.websocket = websocket
        self.run = run
        self.changed = asyncio.Event()
        self.ready = asyncio.Event()
        self.ready.set()

    async def read(self) -> None:
        """Receive acknowledgements until the viewer disconnects."""
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") == "ack":
                self.ready.set()
                self.changed.set()

    async def write(self) -> None:
        """Send what is new until the viewer disconnects, or the run is deleted: then close with the reason."""
        try:
            await _pending_runs.wait(self.run)
            live_run = await asyncio.to_thread(get_live_run, self.run)
            live_run.subscribe(self.changed)
            try:
                await self._write(live_run)
            finally:
                live_run.unsubscribe(self.changed)
        except AnnscopeError as error:
            # A reason may have 123 bytes.
            await self.websocket.close(GONE, str(error).encode()[:120].decode(errors="ignore"))
        except WebSocketDisconnect:
            return

    async def _write(self, live_run: LiveRun) -> None:
        n_lines, number = 0, -1
        status: Status | None = None
        greeted = False
        while True:
            await self.changed.wait()
            await self._throttle(live_run, number)
            self.changed.clear()
            live_run.check()
            if not greeted:
                known, status = status, live_run.status
                hello, n_lines = await asyncio.to_thread(_hello, live_run)
                if hello is None:
                    if status != known:
                        await self._send_status(status)
                    continue
                greeted = True
                await self.websocket.send_text(hello)
            wanted = number if self.ready.is_set() else None
            lines, n_lines, newest, frame = await asyncio.to_thread(_news, live_run, n_lines, wanted)
            if lines is not None:
                await self.websocket.send_text(lines)
            if status != live_run.status:
                status = live_run.status
                await self._send_status(status)
            if frame is not None:
                self.ready.clear()
                number = newest
                await self.websocket.send_bytes(frame)

    async def _send_status(self, status: Status) -> None:
        await self.websocket.send_text(json.dumps({"type": "status", "status": status}))

    async def _throttle(self, live_run: LiveRun, number: int) -> None:
        """Wait while the viewer draws, then for a snapshot that comes soon; `number` is the last one sent."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ready.wait(), BUSY_SECONDS)
        newest, age = live_run.newest, time.monotonic() - live_run.newest_since
        if not self.ready.is_set() or newest == number or age < FRESH_SECONDS or not live_run.at_work:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(NEXT_SECONDS):
                while live_run.newest == newest:
                    self.changed.clear()
                    await self.changed.wait()


class _PendingRuns:
    """Runs that do not exist yet: one poll of the list of runs serves all viewers that wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, run: str) -> None:
        """Return when the run exists."""
        created = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(run, set()).add(created)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll(), name="wait for runs")
        try:
            await created
        finally:
            waiting = self._waiting.get(run, set())
            waiting.discard(created)
            if not waiting:
                self._waiting.pop(run, None)

    async def _poll(self) -> None:
        while self._waiting:
            found: set[str] = set()
            with suppress(OSError):
                found.update(await asyncio.to_thread(run_ids))
            for run in found & set(self._waiting):
                for created in self._waiting.pop(run):
                    if not created.done():
                        created.set_result(None)
            await asyncio.sleep(IDLE_SECONDS)


_pending_runs = _PendingRuns()


def whole_history(live_run: LiveRun) -> str:
    """A run without its arrays, as JSON: description, lines, status."""
    return "{" + _history(live_run)[0] + "}"


def _news(live_run: LiveRun, known: int, number: int | None) -> tuple[str | None, int, int, bytes | None]:
    """The lines after the first `known`, the number of lines now, and the newest snapshot: its number and its frame.

    There is a frame if the snapshot is newer than `number`; None wants none. Lines say whether a frame comes with
    them, so that the browser draws once for both.
    """
    lines, n_lines, newest = live_run.since(known)
    frame = None if number is None or newest <= number else live_run.frame(newest)
    if n_lines == known:
        return None, n_lines, newest, frame
    return f'{{"type":"lines",{lines},"with_frame":{json.dumps(frame is not None)}}}', n_lines, newest, frame


def _hello(live_run: LiveRun) -> tuple[str | None, int]:
    """A viewer's first message, and the number of lines in it; None before the record describes the network."""
    if not live_run.is_described:
        return None, 0
    text, n_lines = _history(live_run)
    return '{"type":"hello",' + text + "}", n_lines


def _history(live_run: LiveRun) -> tuple[str, int]:
    lines, n_lines, _ = live_run.since(0)
    description, status = json.dumps(live_run.description), json.dumps(live_run.status)
    return f'"description":{description},{lines},"status":{status}', n_lines
