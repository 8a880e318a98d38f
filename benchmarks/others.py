"""What other programs take of the cores that a benchmark runs on: figures from a busy machine say little."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil


class Others:
    """A look at the cores from now on; see `share`."""

    def __init__(self) -> None:
        self._begin, self._busy, self._own = time.perf_counter(), _busy_seconds(), _own_seconds()

    def share(self) -> float:
        """How many cores others kept busy since this was made, on average; 0 on a quiet machine."""
        own = sum(max(0.0, now - self._own.get(pid, 0.0)) for pid, now in _own_seconds().items())
        return max(0.0, _busy_seconds() - self._busy - own) / (time.perf_counter() - self._begin)


def _busy_seconds() -> float:
    process = psutil.Process()
    each = psutil.cpu_times(percpu=True)
    cores = process.cpu_affinity() if hasattr(process, "cpu_affinity") else range(len(each))
    return float(sum(each[core].user + each[core].nice + each[core].system for core in cores or ()))


def _own_seconds() -> dict[int, float]:
    """CPU seconds of this process and of all that it started, by process."""
    seconds = {}
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with suppress(psutil.Error):  # it may end meanwhile
            times = process.cpu_times()
            seconds[process.pid] = float(times.user + times.system)
    return seconds
