"""What a run is doing at this moment: the content of `status.json`."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from pathlib import Path
from typing import Literal, TypedDict

from annscope.core.config import RunConfig
from annscope.runs.atomic import StorageError, replace_file, to_json
from annscope.runs.liveness import started

Recorded = Literal["starting", "running", "paused", "finished", "stopped", "interrupted", "failed", "diverged"]
"""What the process of a run can say about it."""
State = Literal[Recorded, "unresponsive", "unreadable"]
"""The others are what a reader finds: a process that says nothing any more, a record that cannot be read."""
LIVE: tuple[State, ...] = ("starting", "running", "paused", "unresponsive")
"""The states in which a process works on the run."""

RESERVE, RESERVED_BYTES = "worker.reserve", 16_384


class Loading(TypedDict):
    """How far a download or the reading of a data set is, in bytes."""

    what: str
    done: int
    total: int


class Status(TypedDict):
    """What a run is doing: the content of `status.json`.

    `heartbeat` is in seconds since 1970, `seconds_left` an estimate (None when there is nothing to
    wait for) and `message` one sentence for people. `control_from` is where in `control.jsonl` the
    commands to the present worker begin.
    """

    status: State
    pid: int
    pid_started: str | float | None
    host: str
    heartbeat: float
    step: int
    epoch: int
    total_steps: int | None
    n_epochs: int
    samples_seen: int
    samples_per_second: float | None
    learning_rate: float
    seconds_left: float | None
    message: str | None
    loading: Loading | None
    control_from: int


def new_status(config: RunConfig, *, control_from: int = 0) -> Status:
    """The status of a run that this process is about to work on."""
    return {
        "status": "starting",
        "pid": os.getpid(),
        "pid_started": started(os.getpid()),
        "host": platform.node(),
        "heartbeat": time.time(),
        "step": 0,
        "epoch": 0,
        "total_steps": None,
        "n_epochs": config.training.n_epochs,
        "samples_seen": 0,
        "samples_per_second": None,
        "learning_rate": config.training.learning_rate,
        "seconds_left": None,
        "message": None,
        "loading": None,
        "control_from": control_from,
    }


def write_status(directory: Path, status: Status, *, durable: bool = False) -> None:
    """Say what the run is doing."""
    replace_file(directory / "status.json", to_json(status).encode(), durable=durable)


def reserve_room(directory: Path) -> None:
    """Keep a little of the disk, so that a run can say how it ended when the disk is full.

    Raises StorageError when there is none left.
    """
    path = directory / RESERVE
    if not path.exists():
        replace_file(path, os.urandom(RESERVED_BYTES))  # what is random takes its room on every file system


def give_room_back(directory: Path) -> None:
    """Let the disk have the reserve of a run."""
    with contextlib.suppress(OSError):
        (directory / RESERVE).unlink()


def say_failed(directory: Path, status: Status, message: str) -> None:
    """Say that a run failed and why, even on a full disk."""
    status["status"], status["message"], status["seconds_left"] = "failed", message, None
    give_room_back(directory)
    with contextlib.suppress(StorageError):
        write_status(directory, status)
