"""Worker threads that compute in parallel: NumPy releases the GIL while it multiplies.

The steps of a run are so short that threads spend much of their time waiting for the GIL; where the platform allows,
processes compute them instead (`runs.process_workers`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from annscope.core.engines.workers import Operation, Workers
from annscope.runs.process_workers import ProcessWorkers, can_fork


class ThreadWorkers(Workers):
    """The calling thread and `size` - 1 daemon threads, which live as long as the process.

    Each matrix multiplication should then have one thread of its own (`runs.threads.limit_blas`).
    """

    hands_over_quickly = False

    def __init__(self, size: int) -> None:
        self.size = size
        self._others = [_WorkerThread(f"annscope {i + 2} of {size}") for i in range(size - 1)]

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


class _WorkerThread:
    """A thread that waits for a part to run; two locks pass the work on and back."""

    def __init__(self, name: str) -> None:
        self._ready, self._done = threading.Lock(), threading.Lock()
        self._ready.acquire()
        self._done.acquire()
        self._part: Operation | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def begin(self, part: Operation) -> None:
        self._part = part
        self._ready.release()

    def end(self) -> BaseException | None:
        """Wait for the end of the part; returns the exception it raised, if any."""
        self._done.acquire()
        error, self._error = self._error, None
        return error

    def _run(self) -> None:
        with np.errstate(all="ignore"):  # overflows are detected and reported by the engine
            while True:
                self._ready.acquire()
                try:
                    if self._part is not None:
                        self._part()
                except BaseException as error:  # passed on to the caller of `end`
                    self._error = error
                self._done.release()
