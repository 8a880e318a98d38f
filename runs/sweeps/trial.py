"""One run of a sweep, as a Dask worker trains it: by the ordinary worker of runs, into the ordinary record.

A worker whose home is that of the sweep, on this machine or on a disk that several share, trains the run in its
folder. Elsewhere it makes a record of its own, which travels (`parcel`) and is deleted at the end.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from annscope.core.errors import AnnscopeError
from annscope.runs.atomic import StorageError, read_file, why_not_written
from annscope.runs.catalogue import runs_home
from annscope.runs.reader import RunReader
from annscope.runs.schema import parse_json
from annscope.runs.status import State
from annscope.runs.sweeps.parcel import Parcel, Received, lay_out, pack, pass_on_commands

SILENT_SECONDS = 60.0
"""After as many seconds without a word from the sweep its process is gone, and a run is interrupted."""
ENDED = ("finished", "stopped", "diverged")


@dataclass(frozen=True)
class Assignment:
    """A run to train, by its id, and what a worker with another home needs of its record (`parcel.outset`)."""

    run: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its state, the reason in one sentence, and what of its record has yet to arrive."""

    state: State
    message: str | None = None
    parcel: Parcel | None = None


@dataclass(frozen=True)
class Word:
    """What the sweep says to a run now and then: what of its record has arrived, its commands, whether to end."""

    received: Received
    commands: bytes = b""
    interrupt: bool = False


@dataclass
class _InProgress:
    directory: Path
    travels: bool
    attempt: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_superseded: bool = False
    interrupt: threading.Event = field(default_factory=threading.Event)
    received: Received = field(default_factory=lambda: Received(0))
    heard: float = field(default_factory=time.monotonic)


_in_progress: dict[str, _InProgress] = {}
"""The runs that this process trains at the moment, by id."""


def train(assignment: Assignment, scratch: str) -> Outcome:
    """Train a run until it ends, in a temporary folder within `scratch` unless its own is here.

    Whatever is wrong with its settings, its data or a disk is an outcome, not an exception.
    """
    if _is_here(assignment):
        return _train(_InProgress(runs_home() / assignment.run, travels=False), assignment)
    try:
        with TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as folder:
            directory = Path(folder) / assignment.run
            lay_out(directory, assignment.files)
            return _train(_InProgress(directory, travels=True), assignment)
    except OSError as error:
        return Outcome("failed", why_not_written(Path(scratch), error))
    except StorageError as error:
        return Outcome("failed", str(error))


def _train(run: _InProgress, assignment: Assignment) -> Outcome:
    run.received = Received(len(assignment.files["metrics.jsonl"]))
    _in_progress[assignment.run] = run
    try:
        state, message = _work(run)
    except AnnscopeError as error:
        state, message = "failed", str(error)
    finally:
        if _in_progress.get(assignment.run) is run:
            del _in_progress[assignment.run]
    if run.is_superseded or not run.travels:
        return Outcome("interrupted" if run.is_superseded else state, message)
    return Outcome(state, message, pack(run.directory, run.received, run.attempt, at_most=2**31))


def _is_here(assignment: Assignment) -> bool:
    # Ids of runs tell milliseconds: another home may have a folder of the same name, but not with this content.
    try:
        here = parse_json(read_file(runs_home() / assignment.run / "config.json"))
        there = parse_json(assignment.files["config.json"])
        return all(here[key] == there[key] for key in ("run", "created", "config"))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _work(run: _InProgress) -> tuple[State, str | None]:
    from annscope.runs.worker import work

    status = RunReader(run.directory).status()
    if status["status"] in ENDED:  # and the worker that trained it was lost before it said so
        return status["status"], status["message"]
    for status in work(run.directory, interrupt=run.interrupt):  # noqa: B007 (the last one says how it ended)
        if time.monotonic() - run.heard > SILENT_SECONDS:
            run.interrupt.set()
    return status["status"], status["message"]


def exchange(words: Mapping[str, Word]) -> dict[str, Parcel | None]:
    """Tell the runs in progress in this process what the sweep says, and return what is new in those that travel."""
    parcels: dict[str, Parcel | None] = {}
    for name, word in words.items():
        run = _in_progress.get(name)
        if run is None:
            continue
        run.heard, parcels[name] = time.monotonic(), None
        if word.interrupt:
            run.interrupt.set()
        if not run.travels:
            continue
        if word.received.attempt not in {None, run.attempt}:
            run.is_superseded = True
            run.interrupt.set()
            continue
        run.received = word.received
        try:
            pass_on_commands(run.directory, word.commands)
            parcels[name] = pack(run.directory, word.received, run.attempt)
        except (OSError, ValueError, AnnscopeError):
            continue  # the run itself says what is wrong, or has just ended
    return parcels
