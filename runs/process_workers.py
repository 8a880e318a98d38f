"""Processes that take the steps of a run side by side, on memory that they share.

A step of a small network takes some hundred microseconds. Threads spend much of that on handing over Python's
lock; processes have a lock each, and look for their next part in a loop instead of being woken up.
"""

from __future__ import annotations

import gc
import math
import mmap
import multiprocessing
import os
import signal
import sys
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

LOOKS = 300
"""How often a worker looks for what it waits for before it sleeps, some 30 us: a thousand times would take 1 % less of
a step on a quiet machine, and far more where another program wants the core."""
SLEEP_SECONDS = 0.5
"""How long it sleeps at most before it looks whether the other one is still alive."""
MESSAGE_BYTES = 1000
OPEN_FILES = Path("/proc/self/fd")


class WorkerPoolError(AnnscopeError):
    """A process of the workers has ended, cannot be begun, or its part has failed."""


def can_fork() -> bool:
    """Whether a process can be split in two here, with memory in common.

    Elsewhere it is not possible (Windows), or system libraries do not bear it (macOS).
    """
    if sys.platform != "linux" or not OPEN_FILES.is_dir():
        return False
    try:
        _semaphore()
    except (ImportError, OSError):  # a sandbox may have none
        return False
    return True


class ProcessWorkers(Workers):
    """This process and `size` - 1 others, which are split off when the first operation runs, and end with the workers.

    They know all operations that were made until then; one that is made later has them split off anew. What a
    part writes elsewhere than in `zeros`, its own process alone will see: it is the workers for the steps of a run
    (`Workers.lasting`), not for answers.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: list[Sequence[Operation]] = []  # of each operation, those of the other workers
        self._n_known = 0  # how many operations the workers know
        self._workers: list[_Process] = []
        self._owner = os.getpid()
        weakref.finalize(self, _end, self._workers, self._owner)

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C") -> ndarray:
        return _shared(shape, dtype, order)

    def parallel(self, parts: Sequence[Operation]) -> Operation:
        mine, *theirs = parts
        if not theirs:
            return mine
        if len(parts) > self.size:
            raise ValueError(f"the workers of {self.size} takes at most so many parts, got {len(parts)}")
        number, n_others = len(self._parts), len(theirs)
        self._parts.append(theirs)

        def operation() -> None:
            if os.getpid() != self._owner:
                raise WorkerPoolError(
                    "A copy of a process cannot go on with its training; make the trainer in the copy."
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
                self._part_with_all()  # who is still at work would be one operation behind from now on
                raise
            if messages := [message for worker in workers if (message := worker.message())]:
                raise WorkerPoolError(f"A part of a step failed: {messages[0]}.")

        return operation

    def _split(self) -> None:
        self._part_with_all()
        try:
            for i in range(self.size - 1):
                self._workers.append(_Process())
                self._workers[-1].split([parts[i] if i < len(parts) else None for parts in self._parts])
        except OSError as error:
            self._part_with_all()
            raise WorkerPoolError(
                f"The system has no room for another process ({error.strerror}); resuming continues from the last "
                "checkpoint once it has."
            ) from error
        self._n_known = len(self._parts)

    def _part_with_all(self) -> None:
        self._n_known = 0
        _end(self._workers, self._owner)


def _end(workers: list[_Process], owner: int) -> None:
    if os.getpid() == owner:
        while workers:
            workers.pop().kill()


class _Process:
    """A process that waits for the number of a part; two semaphores hand the work over and back."""

    def __init__(self) -> None:
        self._ready, self._done = _semaphore(), _semaphore()
        self._number = _shared(1, np.dtype(np.int64), "C")
        self._message = _shared(MESSAGE_BYTES, np.dtype(np.uint8), "C")  # of the part that failed; else all 0
        self._pid = 0

    def split(self, parts: Sequence[Operation | None]) -> None:
        """Have a process of its own from now on, for these parts."""
        owner = os.getpid()
        with warnings.catch_warnings():
            # Python and JAX warn of locks that threads may hold for ever in the new process. It needs none: it
            # does nothing but the parts, which compute, and ends without cleaning up.
            warnings.simplefilter("ignore")
            self._pid = os.fork()
        if not self._pid:
            try:
                self._live(parts, owner)
            finally:
                os._exit(0)

    def begin(self, number: int) -> None:
        """Have it begin a part."""
        self._number[0] = number
        self._ready.release()

    def end(self) -> None:
        """Wait for the end of the part. Raises WorkerPoolError when the process has ended instead."""
        while not _acquired(self._done):
            if self._has_ended():
                raise WorkerPoolError(
                    "A process that computed a part of each step has ended, perhaps for want of memory; "
                    "resuming continues from the last checkpoint."
                )

    def message(self) -> str:
        """What the part failed of, once; empty when it did not fail."""
        if not self._message[0]:
            return ""
        message = bytes(self._message).rstrip(b"\0").decode(errors="replace")
        self._message[...] = 0
        return message

    def _has_ended(self) -> bool:
        with suppress(ChildProcessError):
            if self._pid and not os.waitpid(self._pid, os.WNOHANG)[0]:
                return False
        self._pid = 0
        return True

    def kill(self) -> None:
        """End the process at once; it has nothing to put in order."""
        if self._pid:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            self._pid = 0

    # What follows runs in the new process.

    def _live(self, parts: Sequence[Operation | None], owner: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what they mean is the owner's to decide
        for descriptor in OPEN_FILES.iterdir():  # its files, pipes and locks are the owner's as well
            with suppress(OSError):
                os.close(int(descriptor.name))
        gc.disable()
        with np.errstate(all="ignore"):  # what overflows is found by the engine, and named
            while os.getppid() == owner:
                if _acquired(self._ready):
                    self._work(parts[self._number[0]])

    def _work(self, part: Operation | None) -> None:
        try:
            if part is not None:
                part()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}".encode()[:MESSAGE_BYTES]
            self._message[: len(text)] = np.frombuffer(text, np.uint8)
        self._done.release()


def _acquired(semaphore: Semaphore) -> bool:
    """Wait for the semaphore, for some time."""
    acquire = semaphore.acquire
    return any(acquire(False) for _ in range(LOOKS)) or acquire(True, SLEEP_SECONDS)


def _semaphore() -> Semaphore:
    return multiprocessing.get_context("fork").Semaphore(0)


def _shared(shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"]) -> ndarray:
    """Zeros in memory that processes split off from this one have in common with it."""
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    memory = mmap.mmap(-1, max(1, size * dtype.itemsize))
    return np.frombuffer(memory, dtype, size).reshape(shape, order=order)
