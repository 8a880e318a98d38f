"""CPU use of other programs during a benchmark: timings on a busy machine mean little."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil


class Others:
    """Measures the CPU use of other programs from now on; see `share`."""

    def __init__(self) -> None:
        self._begin, self._busy, self._own = time.perf_counter(), busy_seconds(), own_seconds()

    def share(self) -> float:
        """Average number of cores that other programs kept busy since this was made; 0 on a quiet machine."""
        own = sum(max(0.0, now - self._own.get(pid, 0.0)) for pid, now in own_seconds().items())
        return max(0.0, busy_seconds() - self._busy - own) / (time.perf_counter() - self._begin)


def busy_seconds() -> float:
    """CPU seconds of all programs on the cores that this process may use."""
    process = psutil.Process()
    each = psutil.cpu_times(percpu=True)
    cores = process.cpu_affinity() if hasattr(process, "cpu_affinity") else range(len(each))
    return float(sum(each[core].user + each[core].nice + each[core].system for core in cores or ()))


def own_seconds() -> dict[int, float]:
    """CPU seconds of this process and of its descendants, by process."""
    seconds = {}
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with suppress(psutil.Error):  # it may end meanwhile
            times = process.cpu_times()
            seconds[process.pid] = float(times.user + times.system)
    return seconds
