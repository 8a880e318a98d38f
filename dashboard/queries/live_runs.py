"""Live runs: each run's record is read once in this process, for all viewers."""

from __future__ import annotations

import asyncio
import json
import math
import struct
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy import ndarray

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.curves import averages
from annscope.core.evaluation.metrics import HISTOGRAM_EDGES, N_BINS, class_metrics
from annscope.core.explain.health import USUAL_UPDATES, Finding
from annscope.dashboard.queries.functions import layer_functions
from annscope.dashboard.queries.history import MAX_SNAPSHOTS, History
from annscope.dashboard.queries.judged import judged_while_training
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.record import Line, RecordError
from annscope.runs.status import LIVE, Status

POLL_SECONDS = 0.005
"""How often the record of a run at work is polled while there are viewers."""
IDLE_SECONDS = 0.25
"""How often that of any other run is polled: it may be resumed."""
LIVENESS_SECONDS = 1.0
"""How often it is checked that the process of a run still exists."""
CACHED_FRAMES = 4
CACHED_RUNS = 16
MAX_HISTOGRAMS = 1024
"""For how many snapshots histograms are drawn at most."""


class LiveRun:
    """The record of one run while it grows: new lines are read, parsed and encoded once for all viewers.

    `version` grows with every change. `history` holds the lines of the metrics, `newest` the number
    of the last snapshot, -1 before the first, seen at `newest_since` on the monotonic clock.
    Thread-safe.

    Raises RecordError for a run that does not exist.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.reader = RunReader(run_directory(run))
        self.version = 0
        self.history = History()
        self.newest_since = 0.0
        self._rate: float | None = None
        self._chance: str | None = None
        self._status: Status | None = None
        self._stamp: tuple[int, int] | None = None
        self._liveness_checked = 0.0
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        self._histograms: OrderedDict[int, ndarray] = OrderedDict()
        self._lock = threading.RLock()
        self._subscribers: set[asyncio.Event] = set()
        self._is_left: threading.Event | None = None  # ends the polling
        self._error: AnnscopeError | None = None

    def refresh(self) -> None:
        """Read what was recorded since the last call; cheap when there is nothing new.

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
            self._refresh_status()

    def _refresh_status(self) -> None:
        try:
            about = (self.reader.directory / "status.json").stat()
        except FileNotFoundError:
            raise RecordError(f"Run {self.run} is not there any more.") from None
        except OSError as error:
            raise RecordError(f"status.json of run {self.run} cannot be read: {error.strerror or error}.") from error
        stamp, now = (about.st_mtime_ns, about.st_size), time.monotonic()
        at_work = self._status is not None and self._status["status"] in LIVE
        if stamp == self._stamp and not (at_work and now - self._liveness_checked > LIVENESS_SECONDS):
            return
        self._stamp, self._liveness_checked = stamp, now
        status = self.reader.status()
        if status != self._status:
            self._status = status
            self.version += 1

    @property
    def status(self) -> Status:
        """The status of the run at the last `refresh`."""
        if self._status is None:
            raise RecordError(f"Run {self.run} has not been read yet.")
        return self._status

    @property
    def at_work(self) -> bool:
        """Whether a process is training the run, or has paused it."""
        return self.status["status"] in LIVE

    @property
    def is_described(self) -> bool:
        """Whether the data is loaded, so that the description has the shape of the network."""
        return self.reader.description["dataset"] is not None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes or labels; none before the data is loaded."""
        about = self.reader.description["dataset"]
        return () if about is None else tuple(about["class_names"])

    @property
    def learning_rate(self) -> float:
        """The base learning rate that was set last, before the schedule."""
        return self._rate if self._rate is not None else self.reader.config.training.learning_rate

    @property
    def newest(self) -> int:
        """The number of the last snapshot; -1 before the first."""
        return self.history.newest

    def snapshots(self) -> Snapshots:
        """The snapshots so far that are kept in memory."""
        with self._lock:
            per_epoch = self.reader.steps_per_epoch if self.is_described else 1
            return Snapshots(self.history.snapshot_lines(), self.history.thinned, per_epoch)

    @property
    def description(self) -> dict[str, Any]:
        """The run's description, with the constants that the browser needs for drawing."""
        about = self.reader.description
        if not self.is_described:
            return about
        return about | {
            "steps_per_epoch": self.reader.steps_per_epoch,
            "usual_updates": USUAL_UPDATES,
            "max_snapshots": MAX_SNAPSHOTS,
            "layer_functions": layer_functions(self.reader.config.network),
            "judged": judged_while_training(self.reader.config.data, about["dataset"]),
        }

    def since(self, n_lines: int) -> tuple[str, int, int]:
        """The kept lines after the first `n_lines` of the record, the number of lines now, and the newest snapshot.

        The lines as the entries of a JSON object: "lines", "best", the best snapshot so far, and "chance", the loss
        and the accuracy of constant predictions, null where they are not known.
        """
        with self._lock:
            lines, best = ",".join(self.history.since(n_lines)), self.history.best_text()
            text = f'"lines":[{lines}],"best":{best},"chance":{self._chance_text()}'
            return text, self.history.n_lines, self.newest

    def _chance_text(self) -> str:
        if self._chance is None and self.newest >= 0:
            figures = asdict(self.reader.chance(self.nearest(self.newest)))
            self._chance = json.dumps({name: each if math.isfinite(each) else None for name, each in figures.items()})
        return self._chance or json.dumps({"loss": None, "accuracy": None})

    def findings(self, number: int) -> list[Finding]:
        """The health findings from the snapshots up to this one (`core.explain.health`)."""
        return self.reader.findings([line for line in self.snapshot_lines() if line["number"] <= number])

    def snapshot_lines(self) -> list[Line]:
        """The lines of the snapshots so far that are kept in memory, in order."""
        with self._lock:
            return self.history.snapshot_lines()

    def nearest(self, number: int) -> int:
        """The number of the nearest snapshot that has arrays."""
        with self._lock:
            nearby = (n for distance in range(self.newest + 1) for n in (number - distance, number + distance))
            thinned, newest = self.history.thinned, self.newest
            return next((each for each in nearby if 0 <= each <= newest and each not in thinned), number)

    def frame(self, number: int) -> bytes:
        """One snapshot as the message that the browser draws; see `encode_frame`.

        For one whose arrays were thinned out, the nearest that has arrays.

        Raises RecordError when the run has no such snapshot.
        """
        with self._lock:
            if number in self.history.thinned:
                number = self.nearest(number)
            if number not in self._frames:
                self._frames[number] = self._encode(number)
                while len(self._frames) > CACHED_FRAMES:
                    self._frames.popitem(last=False)
            return self._frames[number]

    def histograms(self, start: int = 0) -> bytes:
        """The histograms of the snapshots from number `start` on, at most `MAX_HISTOGRAMS` of them, as one message.

        As `encode_frame`, with {"numbers", "steps", "kinds", "shape"} and int32 counts of this shape:
        snapshots, layers, kinds, bins.

        Raises RecordError when a snapshot cannot be read.
        """
        with self._lock:
            lines = {line["number"]: line for line in self.history.snapshot_lines() if line["number"] >= start}
            numbers = Snapshots(list(lines.values()), self.history.thinned).spread(MAX_HISTOGRAMS)
            for number in numbers:
                if number not in self._histograms:
                    self._histograms[number] = self._read_histograms(number)
            n_layers = len(self.reader.layer_sizes) - 1
            shape = (len(numbers), n_layers, len(HISTOGRAM_EDGES), N_BINS)
            counts = np.array([self._histograms[number] for number in numbers], np.int32).reshape(shape)
            while len(self._histograms) > MAX_HISTOGRAMS:
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

    # The methods below must be called on the event loop.

    def subscribe(self, changed: asyncio.Event) -> None:
        """Set `changed` whenever there is something new, until `unsubscribe`."""
        self._subscribers.add(changed)
        changed.set()
        if self._is_left is None:
            self._error, self._is_left = None, threading.Event()
            loop = asyncio.get_running_loop()
            threading.Thread(
                target=self._poll, args=(loop, self._is_left), name=f"poll {self.run}", daemon=True
            ).start()

    def unsubscribe(self, changed: asyncio.Event) -> None:
        """Stop setting `changed`; without subscribers, polling stops."""
        self._subscribers.discard(changed)
        if not self._subscribers and self._is_left is not None:
            self._is_left.set()
            self._is_left = None

    def check(self) -> None:
        """Raises the error that ended the polling, if any."""
        if self._error is not None:
            raise self._error

    def _poll(self, loop: asyncio.AbstractEventLoop, is_left: threading.Event) -> None:
        # On a thread of its own: handing each poll from the event loop to another thread took longer than the poll.
        seen = self.version
        while self._error is None and not is_left.is_set():
            try:
                self.refresh()
            except AnnscopeError as error:
                self._error = error
                _live_runs.pop(self.run, None)
            if self.version != seen or self._error is not None:
                seen = self.version
                with suppress(RuntimeError):  # the server is shutting down
                    loop.call_soon_threadsafe(self._tell)
            is_left.wait(POLL_SECONDS if self.at_work else IDLE_SECONDS)

    def _tell(self) -> None:
        for changed in self._subscribers:
            changed.set()

    @property
    def is_watched(self) -> bool:
        """Whether a viewer is connected."""
        return bool(self._subscribers)


_live_runs: OrderedDict[str, LiveRun] = OrderedDict()
_live_runs_lock = threading.Lock()


def get_live_run(run: str) -> LiveRun:
    """The `LiveRun` of a run, one in this process, refreshed.

    Raises RecordError for a run that does not exist or cannot be read.
    """
    with _live_runs_lock:
        live_run = _live_runs.get(run)
        if live_run is None:
            live_run = _live_runs[run] = LiveRun(run)
        _live_runs.move_to_end(run)
        for other in list(_live_runs):
            if len(_live_runs) <= CACHED_RUNS:
                break
            if not _live_runs[other].is_watched and other != run:
                del _live_runs[other]
    try:
        live_run.refresh()
    except AnnscopeError:
        with suppress(KeyError):
            del _live_runs[run]
        raise
    return live_run


def clear_cache() -> None:
    """Remove all runs without viewers."""
    with _live_runs_lock:
        for run in [run for run, live_run in _live_runs.items() if not live_run.is_watched]:
            del _live_runs[run]


def encode_frame(about: dict[str, Any], content: bytes) -> bytes:
    """A snapshot's numbers and arrays as one message, the arrays aligned to 8 bytes.

    uint32 little-endian n; n bytes of JSON, padded with spaces so that 4 + n is a multiple of 8; then
    `content`, a safetensors file as it is.
    """
    text = json.dumps(about, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + content


def or_null(value: float) -> float | None:
    """A number for JSON: None if it is not finite."""
    return float(value) if np.isfinite(value) else None
