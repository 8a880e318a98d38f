"""The live view's WebSocket: a run as it is recorded, for however many viewers."""

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
from annscope.dashboard.queries.live_runs import IDLE_SECONDS, Following, follow
from annscope.runs.catalogue import RUN_ID, run_ids

BUSY_SECONDS = 0.25
"""How long news wait for a viewer that is drawing."""
FRESH_SECONDS = 0.01
NEXT_SECONDS = 0.05
"""A viewer gets a snapshot that is older than the first only if no other follows within the second of these."""
GONE = 4404
"""The code with which a connection is closed when the run was deleted or cannot be read."""


async def live(websocket: WebSocket) -> None:
    """A run as it is recorded: first all that there is, then every new line and the newest snapshot.

    At most one frame is under way to a viewer: it answers "ack" when it wants another one, and gets
    the one that is newest by then. What else is new comes with it, or after `BUSY_SECONDS` without
    it. A run that is not there yet, or has not loaded its data, is waited for.
    """
    run = websocket.path_params["run"]
    if not RUN_ID.fullmatch(run):
        error = f"There is no run {shortened(run)!r}."
        await websocket.send_denial_response(JSONResponse({"error": error}, status_code=404))
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
            await _arrivals.wait(self.run)
            following = await asyncio.to_thread(follow, self.run)
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

    async def _write(self, following: Following) -> None:
        n_lines, status, number = 0, None, -1
        greeted = False
        while True:
            await self.changed.wait()
            await self._good_moment(following, number)
            self.changed.clear()
            following.check()
            if not greeted:
                status = following.status
                hello, n_lines = await asyncio.to_thread(_hello, following)
                if hello is None:
                    continue
                greeted = True
                await self.websocket.send_text(hello)
            if n_lines < following.history.n_lines:
                new, n_lines = await asyncio.to_thread(following.since, n_lines)
                await self.websocket.send_text('{"type":"lines",' + new + "}")
            if status != following.status:
                status = following.status
                await self.websocket.send_text(json.dumps({"type": "status", "status": status}))
            if self.ready.is_set() and number < following.newest:
                self.ready.clear()
                number = following.newest
                await self.websocket.send_bytes(await asyncio.to_thread(following.frame, number))

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


class _Arrivals:
    """Runs that are not there yet: one look at the list of runs serves all that wait for one."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, run: str) -> None:
        """Return when the run is there."""
        here = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(run, set()).add(here)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="wait for runs")
        try:
            await here
        finally:
            waiting = self._waiting.get(run, set())
            waiting.discard(here)
            if not waiting:
                self._waiting.pop(run, None)

    async def _look(self) -> None:
        while self._waiting:
            there: set[str] = set()
            with suppress(OSError):
                there.update(await asyncio.to_thread(run_ids))
            for run in there & set(self._waiting):
                for here in self._waiting.pop(run):
                    if not here.done():
                        here.set_result(None)
            await asyncio.sleep(IDLE_SECONDS)


_arrivals = _Arrivals()


def whole_history(following: Following) -> str:
    """All of a run but its arrays, as JSON: description, lines, status."""
    return "{" + _history(following)[0] + "}"


def _hello(following: Following) -> tuple[str | None, int]:
    """A viewer's first message, and how many lines it tells of; None before the record describes the network."""
    if not following.is_described:
        return None, 0
    text, n_lines = _history(following)
    return '{"type":"hello",' + text + "}", n_lines


def _history(following: Following) -> tuple[str, int]:
    lines, n_lines = following.since(0)
    description, status = json.dumps(following.description), json.dumps(following.status)
    return f'"description":{description},{lines},"status":{status}', n_lines
