"""Threads that compute side by side: NumPy lets go of Python's lock while it multiplies.

For the steps of a run, which are so short that threads spend much of them waiting for that lock, processes
take their place where there are any (`runs.process_workers`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from annscope.core.engines.workers import Operation, Workers
from annscope.runs.process_workers import ProcessWorkers, can_fork


class ThreadWorkers(Workers):
    """The calling thread and `size` - 1 others, which live as long as the process.

    Each matrix multiplication should then have one thread of its own (`runs.threads.limit_blas`).
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._others = [_Member(f"annscope {i + 2} of {size}") for i in range(size - 1)]

    def persistent(self) -> Workers:
        return ProcessWorkers(self.size) if self.size > 1 and can_fork() else self

    def parallel(self, parts: Sequence[Operation]) -> Operation:
        mine, *theirs = parts
        if not theirs:
            return mine
        pairs = list(zip(self._others, theirs, strict=False))

        def operation() -> None:
            for worker, part in pairs:
                worker.begin(part)
            try:
                mine()
            finally:
                errors = [error for worker, _ in pairs if (error := worker.end())]
            if errors:
                raise errors[0]

        return operation


class _Member:
    """A thread that waits for something to do; two locks hand the work over and back."""

    def __init__(self, name: str) -> None:
        self._ready, self._done = threading.Lock(), threading.Lock()
        self._ready.acquire()
        self._done.acquire()
        self._part: Operation | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._live, name=name, daemon=True).start()

    def begin(self, part: Operation) -> None:
        self._part = part
        self._ready.release()

    def end(self) -> BaseException | None:
        """Wait for the end of the part; returns what it raised."""
        self._done.acquire()
        error, self._error = self._error, None
        return error

    def _live(self) -> None:
        with np.errstate(all="ignore"):  # what overflows is found by the engine, and named
            while True:
                self._ready.acquire()
                try:
                    if self._part is not None:
                        self._part()
                except BaseException as error:  # for whoever waits for the end
                    self._error = error
                self._done.release()
