"""Liveness of the process that writes a record, and the lock that makes it the only one."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from annscope.core.errors import AnnscopeError
from annscope.runs.atomic import writing

HEARTBEAT_SECONDS = 30.0
"""A writer on another machine without a heartbeat for this many seconds counts as gone."""


ENDING_SECONDS = 1.0
"""A killed process may hold its files for this many seconds after it counts as gone."""


class LockedError(AnnscopeError):
    """Another process is writing this record."""


def is_alive(status: Mapping[str, Any]) -> bool:
    """Whether the process named in a status still runs.

    On this machine its process id and start time decide, elsewhere the age of its heartbeat.
    """
    if status.get("host") != platform.node():
        return abs(time.time() - float(status.get("heartbeat") or 0.0)) < HEARTBEAT_SECONDS
    pid, expected = int(status.get("pid") or 0), status.get("pid_started")
    now_started = started(pid)
    if now_started is None or expected is None or isinstance(expected, str):
        return now_started is not None and expected in {None, now_started}
    # Earlier versions recorded a time by the clock, rounded differently from call to call.
    return abs(_created(pid) - float(expected)) < 2.0


def started(pid: int) -> str | None:
    """An identifier of a process that no earlier or later process with the same id has; None if it has ended.

    It stays the same when the clock is set: Linux derives the start time of a process from
    the current clock, so there it is counted from the boot of the machine.
    """
    if pid <= 0:
        return None
    if sys.platform != "linux":
        created = _created(pid)
        return f"{created:.2f}" if created else None
    try:
        about = Path(f"/proc/{pid}/stat").read_bytes()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    # proc(5): the state is the field after the name, which may hold anything, and the start the 20th from there.
    fields = about[about.rindex(b")") + 2 :].split()
    return None if fields[0] in {b"Z", b"X"} else f"{boot}/{fields[19].decode()}"


def _created(pid: int) -> float:
    """Start time of a process, in seconds since 1970; 0 if it has ended."""
    import psutil

    try:
        process = psutil.Process(pid)
        ended = process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        return 0.0 if ended else float(process.create_time())
    except psutil.NoSuchProcess:
        return 0.0


def is_suspended(status: Mapping[str, Any]) -> bool:
    """Whether the process named in a status is known to be suspended, as by Ctrl-Z."""
    import psutil

    if status["host"] != platform.node():
        return False
    try:
        return bool(psutil.Process(status["pid"]).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


class WriterLock:
    """Lock held by the one process that writes a record; the system releases it when that process ends in any way.

    Waits briefly for a process that is just ending. Raises LockedError if the lock is not released.
    """

    def __init__(self, path: Path) -> None:
        with writing(path):
            # A pipe of that name would block until it has a reader.
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
            self._file: IO[bytes] = os.fdopen(os.open(path, flags, 0o666), "ab")
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
        """Release the lock, so that another process may write."""
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
