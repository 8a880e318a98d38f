"""Whether the process that writes a record is still there, and that there is only one."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from annscope.core.errors import AnnscopeError

HEARTBEAT_SECONDS = 30.0
"""A writer on another machine that has not been heard of for so long counts as gone."""


ENDING_SECONDS = 1.0
"""A process that was killed may hold its files for a moment after it counts as gone."""


class LockedError(AnnscopeError):
    """Another process writes this record."""


def is_alive(status: Mapping[str, Any]) -> bool:
    """Whether the process named in a status still runs.

    On this machine its process number and start time decide, elsewhere the age of its heartbeat.
    """
    if status.get("host") != platform.node():
        return time.time() - float(status.get("heartbeat") or 0.0) < HEARTBEAT_SECONDS
    now_started = started(int(status.get("pid") or 0))
    expected = status.get("pid_started")
    # The start time is derived from the boot time, which some systems round differently from call to call.
    return now_started is not None and (expected is None or abs(now_started - float(expected)) < 2.0)


def started(pid: int) -> float | None:
    """When a process began, in seconds since 1970; None when there is no such process any more.

    A process number alone may have been given to another process since.
    """
    if pid <= 0:
        return None
    import psutil

    try:
        process = psutil.Process(pid)
        ended = process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        return None if ended else float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def is_suspended(status: Mapping[str, Any]) -> bool:
    """Whether the process named in a status is known to be stopped, as by Ctrl-Z: it is there and does nothing."""
    import psutil

    if status["host"] != platform.node():
        return False
    try:
        return bool(psutil.Process(status["pid"]).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


class WriterLock:
    """Held by the one process that writes a record; the system lets go of it when that process ends in any way.

    Waits a moment for a process that is just being ended. Raises LockedError when it is not.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("ab")
        patience = time.monotonic() + ENDING_SECONDS
        while True:
            try:
                _lock(self._file)
                return
            except OSError:
                if time.monotonic() < patience:
                    time.sleep(0.01)
                    continue
                self._file.close()
                raise LockedError(f"Run {path.parent.name} is already being written by another process.") from None

    def release(self) -> None:
        """Let another process write."""
        self._file.close()


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
