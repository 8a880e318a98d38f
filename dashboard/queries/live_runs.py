"""Runs as this process sees them: each record is read once, however many tabs watch it."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Any

import numpy as np
from numpy import ndarray

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.curves import averages
from annscope.core.evaluation.metrics import HISTOGRAM_EDGES, N_BINS, class_metrics
from annscope.core.explain.health import USUAL_UPDATES, Finding
from annscope.dashboard.queries.history import History
from annscope.dashboard.queries.snapshots import Moments
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.record import Line, RecordError
from annscope.runs.status import LIVE, Status

POLL_SECONDS = 0.005
"""How often the record of a run at work is looked at while somebody watches."""
IDLE_SECONDS = 0.25
"""How often that of any other run is: it may be resumed."""
LIVENESS_SECONDS = 1.0
"""How often it is checked that the process of a run is still there."""
KEPT_FRAMES = 4
KEPT_RUNS = 16
MOST_HISTOGRAMS = 1024
"""Of how many snapshots the histograms are drawn."""


class Following:
    """The record of one run, followed: what is new is read, parsed and encoded once for all viewers.

    `version` grows with every change. `history` holds the lines of the metrics, `newest` the number
    of the last snapshot, -1 before the first, seen at `newest_since` on the monotonic clock. Safe to
    use from any thread.

    Raises RecordError when made for a run that is not there.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.reader = RunReader(run_directory(run))
        self.version = 0
        self.history = History()
        self.newest_since = 0.0
        self._rate: float | None = None
        self._status: Status | None = None
        self._stamp: tuple[int, int] | None = None
        self._looked_for_life = 0.0
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        self._histograms: OrderedDict[int, ndarray] = OrderedDict()
        self._lock = threading.RLock()
        self._viewers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._trouble: AnnscopeError | None = None

    def look(self) -> None:
        """Take in what was recorded since the last look; three looks at files when there is nothing.

        Raises RecordError when the run was deleted or its record cannot be read.
        """
        with self._lock:
            new = self.reader.new_lines()
            for line in new:
                self.history.add(line)
                if line["type"] == "snapshot":
                    self.newest_since = time.monotonic()
                elif line["event"] == "learning_rate":
                    self._rate = line["value"]
            if new:
                self.version += 1
            self._look_at_status()

    def _look_at_status(self) -> None:
        try:
            about = (self.reader.directory / "status.json").stat()
        except FileNotFoundError:
            raise RecordError(f"Run {self.run} is not there any more.") from None
        except OSError as error:
            raise RecordError(f"status.json of run {self.run} cannot be read: {error.strerror or error}.") from error
        stamp, now = (about.st_mtime_ns, about.st_size), time.monotonic()
        at_work = self._status is not None and self._status["status"] in LIVE
        if stamp == self._stamp and not (at_work and now - self._looked_for_life > LIVENESS_SECONDS):
            return
        self._stamp, self._looked_for_life = stamp, now
        status = self.reader.status()
        if status != self._status:
            self._status = status
            self.version += 1

    @property
    def status(self) -> Status:
        """What the run was doing at the last look."""
        if self._status is None:
            raise RecordError(f"Run {self.run} has not been looked at.")
        return self._status

    @property
    def at_work(self) -> bool:
        """Whether a process works on the run."""
        return self.status["status"] in LIVE

    @property
    def is_described(self) -> bool:
        """Whether the data is loaded, so that the description says what the network looks like."""
        return self.reader.description["dataset"] is not None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes or labels; none before the data is loaded."""
        about = self.reader.description["dataset"]
        return () if about is None else tuple(about["class_names"])

    @property
    def learning_rate(self) -> float:
        """The learning rate that the run was last told, before its schedule."""
        return self._rate if self._rate is not None else self.reader.config.training.learning_rate

    @property
    def newest(self) -> int:
        """The number of the last snapshot; -1 before the first."""
        return self.history.newest

    def moments(self) -> Moments:
        """The snapshots so far, as far as they are kept in memory."""
        with self._lock:
            return Moments(self.history.snapshot_lines(), frozenset(self.history.thinned))

    @property
    def description(self) -> dict[str, Any]:
        """What the run is, with the constants that the browser draws by."""
        about = self.reader.description
        if not self.is_described:
            return about
        return about | {"steps_per_epoch": self.reader.steps_per_epoch, "usual_updates": USUAL_UPDATES}

    def since(self, n_lines: int) -> tuple[str, int]:
        """What is kept of the lines that came after the first `n_lines`; and how many there are now.

        The first as the inside of a JSON object: "lines", and "best", the best snapshot so far.
        """
        with self._lock:
            lines, best = ",".join(self.history.since(n_lines)), self.history.best_text()
            return f'"lines":[{lines}],"best":{best}', self.history.n_lines

    def findings(self, number: int) -> list[Finding]:
        """What the snapshots up to this one say of the run's health (`core.explain.health`)."""
        return self.reader.findings([line for line in self.snapshot_lines() if line["number"] <= number])

    def snapshot_lines(self) -> list[Line]:
        """The lines of the snapshots so far that are kept in memory, in order."""
        with self._lock:
            return self.history.snapshot_lines()

    def nearest(self, number: int) -> int:
        """The number of the snapshot nearest to this one, of those that have arrays."""
        with self._lock:
            away = (step for far in range(self.newest + 1) for step in (number - far, number + far))
            thinned, newest = self.history.thinned, self.newest
            return next((each for each in away if 0 <= each <= newest and each not in thinned), number)

    def frame(self, number: int) -> bytes:
        """One snapshot as the message that the browser draws; see `encode_frame`.

        For one whose arrays were thinned out, it is that of the nearest that has some.

        Raises RecordError when the run has no such snapshot.
        """
        with self._lock:
            if number in self.history.thinned:
                number = self.nearest(number)
            if number not in self._frames:
                self._frames[number] = self._encode(number)
                while len(self._frames) > KEPT_FRAMES:
                    self._frames.popitem(last=False)
            return self._frames[number]

    def histograms(self, start: int = 0) -> bytes:
        """The histograms of the snapshots from number `start` on, of many only some, as one message.

        As `encode_frame`, with {"numbers", "steps", "kinds", "shape"} and int32 counts of this shape:
        snapshots, layers, kinds, bins.

        Raises RecordError when a snapshot cannot be read.
        """
        with self._lock:
            lines = {line["number"]: line for line in self.history.snapshot_lines() if line["number"] >= start}
            numbers = Moments(list(lines.values()), frozenset(self.history.thinned)).spread(MOST_HISTOGRAMS)
            for number in numbers:
                if number not in self._histograms:
                    self._histograms[number] = self._read_histograms(number)
            n_layers = len(self.reader.layer_sizes) - 1
            shape = (len(numbers), n_layers, len(HISTOGRAM_EDGES), N_BINS)
            counts = np.array([self._histograms[number] for number in numbers], np.int32).reshape(shape)
            while len(self._histograms) > MOST_HISTOGRAMS:
                self._histograms.popitem(last=False)
        steps = [lines[number]["step"] for number in numbers]
        about = {"numbers": numbers, "steps": steps, "kinds": list(HISTOGRAM_EDGES), "shape": shape}
        return encode_frame(about, counts.astype("<i4").tobytes())

    def _read_histograms(self, number: int) -> ndarray:
        arrays, n_layers = self.reader.arrays(number), len(self.reader.layer_sizes) - 1
        return np.array(
            [[arrays[f"layer{i}.{kind}_histogram"] for kind in HISTOGRAM_EDGES] for i in range(n_layers)], np.int32
        )

    def _encode(self, number: int) -> bytes:
        content = self.reader.snapshot_bytes(number)
        confusion = self.reader.arrays(number, content)["confusion"]
        measured, means = class_metrics(confusion), averages(confusion)
        about = {
            "line": self.reader.snapshot_line(number),
            "per_class": [
                {
                    "label": name,
                    "precision": or_null(measured.precision[i]),
                    "recall": or_null(measured.recall[i]),
                    "f1": or_null(measured.f1[i]),
                    "support": int(measured.support[i]),
                }
                for i, name in enumerate(self.class_names)
            ],
            "averages": {
                how: {name: or_null(getattr(means[name], how)) for name in ("precision", "recall", "f1")}
                for how in ("macro", "weighted")
            },
            "written": round(self.reader.snapshot_written(number) * 1000, 3),
            "sent": round(time.time() * 1000, 3),
        }
        return encode_frame(about, content)

    # What follows belongs to the event loop.

    def watch(self, changed: asyncio.Event) -> None:
        """Set `changed` whenever there is something new, until `leave`."""
        self._viewers.add(changed)
        changed.set()
        if self._task is None or self._task.done():
            self._trouble = None
            self._task = asyncio.create_task(self._follow(), name=f"follow {self.run}")

    def leave(self, changed: asyncio.Event) -> None:
        """Stop telling; the last one to leave ends the looking."""
        self._viewers.discard(changed)
        if not self._viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    def check(self) -> None:
        """Raises the error that ended the looking, if one did."""
        if self._trouble is not None:
            raise self._trouble

    async def _follow(self) -> None:
        seen = self.version
        while True:
            try:
                await asyncio.to_thread(self.look)
            except AnnscopeError as error:
                self._trouble = error
                _following.pop(self.run, None)
            if self.version != seen or self._trouble is not None:
                seen = self.version
                for changed in self._viewers:
                    changed.set()
            if self._trouble is not None:
                return
            await asyncio.sleep(POLL_SECONDS if self.at_work else IDLE_SECONDS)

    @property
    def is_watched(self) -> bool:
        """Whether a viewer is connected."""
        return bool(self._viewers)


_following: OrderedDict[str, Following] = OrderedDict()
_following_lock = threading.Lock()


def follow(run: str) -> Following:
    """The one `Following` of a run in this process, up to date.

    Raises RecordError, with one sentence, for a run that is not there or cannot be read.
    """
    with _following_lock:
        following = _following.get(run)
        if following is None:
            following = _following[run] = Following(run)
        _following.move_to_end(run)
        for other in list(_following):
            if len(_following) <= KEPT_RUNS:
                break
            if not _following[other].is_watched and other != run:
                del _following[other]
    try:
        following.look()
    except AnnscopeError:
        with suppress(KeyError):
            del _following[run]
        raise
    return following


def encode_frame(about: dict[str, Any], content: bytes) -> bytes:
    """A snapshot's numbers and arrays as one message, the arrays aligned to 8 bytes.

    uint32 little-endian n; n bytes of JSON, padded with spaces so that 4 + n is a multiple of 8; then
    `content`, a safetensors file as it is.
    """
    text = json.dumps(about, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + content


def or_null(value: float) -> float | None:
    """A number as JSON can tell it: None for what is not finite."""
    return float(value) if np.isfinite(value) else None
