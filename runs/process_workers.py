"""Worker processes that compute the steps of a run in parallel, on shared memory.

A step of a small network takes some hundred microseconds. Threads spend much of that on passing the GIL to
each other; processes have a GIL each, and spin until their next part is ready instead of being woken up.
"""

from __future__ import annotations

import gc
import math
import mmap
import multiprocessing
import os
import signal
import sys
import time
import warnings
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy import ndarray

from annscope.core.engines.workers import Operation, Workers
from annscope.core.errors import AnnscopeError

if TYPE_CHECKING:
    from multiprocessing.synchronize import Semaphore

ATTEMPTS = 300
"""How often a process polls for its next part without a pause, some 30 us in all."""
YIELDS = 400
"""How often it polls after that, some 200 us in all, letting any other program have the core in between: to be woken up
takes as long as a step of a small network, on a virtual machine several times as long."""
CROWDED_SECONDS, CROWD_REST_SECONDS = 0.001, 0.3
"""Where another program kept the core for so long, for so long no more of it is given away: who sleeps is woken up at
once, who yields waits for the others' turns to end."""
SLEEP_SECONDS = 0.5
"""How long it sleeps at most before it checks that the other process is still alive."""
MESSAGE_BYTES = 1000
STATE_BYTES = 16
OPEN_FILES = Path("/proc/self/fd")


class WorkerPoolError(AnnscopeError):
    """A worker process has ended or cannot be started, or its part of a step has failed."""


def can_fork() -> bool:
    """Whether processes can be forked here, with shared memory.

    Elsewhere it is not possible (Windows), or system libraries do not support it (macOS).
    """
    if sys.platform != "linux" or not OPEN_FILES.is_dir():
        return False
    try:
        _semaphore()
    except (ImportError, OSError):  # a sandbox may have no semaphores
        return False
    return True


class ProcessWorkers(Workers):
    """This process and `size` - 1 others, which are forked when the first operation runs, and end with this object.

    They know all operations that were made until then; for one that is made later they are forked again. What a
    part writes anywhere but in arrays from `zeros` is visible to its own process alone, so these workers are for
    the steps of a run (`Workers.persistent`), not for inference.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: list[Sequence[Operation]] = []  # for each operation, the parts of the other workers
        self._n_known = 0  # how many operations the forked workers know
        self._workers: list[_WorkerProcess] = []
        self._owner = os.getpid()
        weakref.finalize(self, _end, self._workers, self._owner)

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C") -> ndarray:
        return _shared(shape, dtype, order)

    def parallel(self, parts: Sequence[Operation]) -> Operation:
        mine, *theirs = parts
        if not theirs:
            return mine
        if len(parts) > self.size:
            raise ValueError(f"{self.size} workers take at most {self.size} parts, got {len(parts)}")
        number, n_others = len(self._parts), len(theirs)
        self._parts.append(theirs)

        def operation() -> None:
            if os.getpid() != self._owner:
                raise WorkerPoolError(
                    "A forked copy of a process cannot continue its training; make the trainer in the copy."
                )
            if number >= self._n_known:
                self._split()
            workers = self._workers[:n_others]
            try:
                for worker in workers:
                    worker.begin(number)
                mine()
                for worker in workers:
                    worker.end()
            except BaseException:
                self._part_with_all()  # a worker that is still busy would be one operation behind from now on
                raise
            for worker in workers:
                if worker.has_failed:
                    messages = [message for each in workers if (message := each.message())]
                    raise WorkerPoolError(f"A part of a step failed: {messages[0]}.")

        return operation

    def _split(self) -> None:
        self._part_with_all()
        try:
            for i in range(self.size - 1):
                self._workers.append(_WorkerProcess())
                self._workers[-1].split([parts[i] if i < len(parts) else None for parts in self._parts])
        except OSError as error:
            self._part_with_all()
            raise WorkerPoolError(
                f"No further process can be started ({error.strerror}); once that is possible again, resuming "
                "continues from the last checkpoint."
            ) from error
        self._n_known = len(self._parts)

    def _part_with_all(self) -> None:
        self._n_known = 0
        _end(self._workers, self._owner)


def _end(workers: list[_WorkerProcess], owner: int) -> None:
    if os.getpid() == owner:
        while workers:
            workers.pop().kill()


class _WorkerProcess:
    """A process that waits for the number of a part; two semaphores pass the work on and back."""

    def __init__(self) -> None:
        self._ready, self._done, self._patience = _semaphore(), _semaphore(), _Patience()
        # The number of the part, and whether it failed; a memoryview is read in a third of an array's time.
        self._state = memoryview(mmap.mmap(-1, STATE_BYTES)).cast("q")
        self._message = _shared(MESSAGE_BYTES, np.dtype(np.uint8), "C")  # the error of the part that failed; else all 0
        self._pid = 0

    def split(self, parts: Sequence[Operation | None]) -> None:
        """Fork the process that runs these parts."""
        owner = os.getpid()
        with warnings.catch_warnings():
            # Python and JAX warn of locks that threads may hold forever in the new process. It needs none: it
            # does nothing but the parts, which compute, and ends without cleaning up.
            warnings.simplefilter("ignore")
            self._pid = os.fork()
        if not self._pid:
            try:
                self._run(parts, owner)
            finally:
                os._exit(0)

    def begin(self, number: int) -> None:
        """Start a part."""
        self._state[0] = number
        self._ready.release()

    def end(self) -> None:
        """Wait for the end of the part. Raises WorkerPoolError if the process has ended instead."""
        while not self._patience.acquired(self._done):
            if self._has_ended():
                raise WorkerPoolError(
                    "A process that computed a part of each step has ended, perhaps because memory ran out; "
                    "resuming continues from the last checkpoint."
                )

    @property
    def has_failed(self) -> bool:
        """Whether there is a `message`."""
        return bool(self._state[1])

    def message(self) -> str:
        """The error of the part, given once; empty if it did not fail."""
        message = bytes(self._message).rstrip(b"\0").decode(errors="replace")
        self._message[...] = 0
        self._state[1] = 0
        return message

    def _has_ended(self) -> bool:
        with suppress(ChildProcessError):
            if self._pid and not os.waitpid(self._pid, os.WNOHANG)[0]:
                return False
        self._pid = 0
        return True

    def kill(self) -> None:
        """Kill the process; it has nothing to clean up."""
        if self._pid:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            self._pid = 0

    # What follows runs in the new process.

    def _run(self, parts: Sequence[Operation | None], owner: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # signals are for the owner to handle
        for descriptor in OPEN_FILES.iterdir():  # the inherited files, pipes and locks belong to the owner
            with suppress(OSError):
                os.close(int(descriptor.name))
        gc.disable()
        with np.errstate(all="ignore"):  # overflows are detected and reported by the engine
            while True:
                if self._patience.acquired(self._ready):
                    self._run_part(parts[self._state[0]])
                elif os.getppid() != owner:
                    return

    def _run_part(self, part: Operation | None) -> None:
        try:
            if part is not None:
                part()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}".encode()[:MESSAGE_BYTES]
            self._message[: len(text)] = np.frombuffer(text, np.uint8)
            self._state[1] = 1
        self._done.release()


class _Patience:
    """How a process waits for a semaphore: it polls, then yields the core between polls, then sleeps."""

    def __init__(self) -> None:
        self._crowded_until = 0.0

    def acquired(self, semaphore: Semaphore) -> bool:
        """Whether it was there within `SLEEP_SECONDS` or so."""
        acquire = semaphore.acquire
        for _ in range(ATTEMPTS):
            if acquire(False):
                return True
        before = time.perf_counter()
        for _ in range(YIELDS if before >= self._crowded_until else 0):
            os.sched_yield()
            now = time.perf_counter()
            if now - before > CROWDED_SECONDS:
                self._crowded_until = now + CROWD_REST_SECONDS
                break
            if acquire(False):
                return True
            before = now
        return acquire(True, SLEEP_SECONDS)


def _semaphore() -> Semaphore:
    return multiprocessing.get_context("fork").Semaphore(0)


def _shared(shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"]) -> ndarray:
    """Zeros in memory that is shared with the processes forked from this one."""
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    memory = mmap.mmap(-1, max(1, size * dtype.itemsize))
    return np.frombuffer(memory, dtype, size).reshape(shape, order=order)
