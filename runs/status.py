"""Status of a run: the content of `status.json`."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

from annscope.core.config import RunConfig
from annscope.runs.atomic import StorageError, replace_file, to_json
from annscope.runs.liveness import started

Recorded = Literal["starting", "running", "paused", "finished", "stopped", "interrupted", "failed", "diverged"]
"""The states that the process of a run publishes."""
State = Literal[Recorded, "unresponsive", "unreadable"]
"""All states; the additional ones are found by a reader: a silent process, a record that cannot be read."""
LIVE: tuple[State, ...] = ("starting", "running", "paused", "unresponsive")
"""The states in which a process is working on the run."""

RESERVE, RESERVED_BYTES = "worker.reserve", 16_384


class Loading(TypedDict):
    """Progress of a download or of reading a data set, in bytes."""

    what: str
    done: int
    total: int


class Status(TypedDict):
    """The status of a run: the content of `status.json`.

    `heartbeat` is in seconds since 1970, `seconds_left` an estimate (None if there is nothing to
    wait for) and `message` one sentence for the user. `control_from` is where in `control.jsonl` the
    commands to the present worker begin. `pace` is in snapshots a second, None for as fast as it can.
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
    pace: NotRequired[float | None]


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
        "pace": None,
    }


def write_status(directory: Path, status: Status, *, durable: bool = False) -> None:
    """Write the status of a run."""
    replace_file(directory / "status.json", to_json(status).encode(), durable=durable)


def reserve_space(directory: Path) -> None:
    """Reserve some disk space, so that a run can still write how it ended when the disk is full.

    Raises StorageError if the disk is already full.
    """
    path = directory / RESERVE
    if not path.exists():
        replace_file(path, os.urandom(RESERVED_BYTES))  # random bytes take their full size on every file system


def release_space(directory: Path) -> None:
    """Release the space that a run reserved."""
    with contextlib.suppress(OSError):
        (directory / RESERVE).unlink()


def publish_failure(directory: Path, status: Status, message: str) -> None:
    """Write that a run failed and why, even on a full disk."""
    status["status"], status["message"], status["seconds_left"] = "failed", message, None
    release_space(directory)
    with contextlib.suppress(StorageError):
        write_status(directory, status)
