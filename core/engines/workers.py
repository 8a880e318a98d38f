"""Workers: what engines ask of threads or processes that compute in parallel, and how to do without.

The core itself has neither. `runs` passes some in as `Workers`; the bits of the results depend on nothing but
how many there are.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import ClassVar, Literal, TypeAlias, TypeVar

import numpy as np
from numpy import ndarray

Operation: TypeAlias = Callable[[], object]
Item = TypeVar("Item")

CACHE_LINE = 64
"""Bytes that a processor writes at once: an array that begins at a multiple saves an eighth of an optimizer's time."""


class Workers(ABC):
    """`size` threads or processes that compute in parallel.

    Where handing over takes some ten microseconds, `hands_over_quickly` is False: short parts are then better done by
    one after the other.
    """

    size: int
    hands_over_quickly: ClassVar[bool] = True

    @abstractmethod
    def parallel(self, parts: Sequence[Operation]) -> Operation:
        """One operation that runs all the parts, at most `size`, and ends when the last of them does.

        No part may read what another one writes, unless both see to it. What a part raises, the operation raises.
        """

    def persistent(self) -> Workers:
        """As many workers for operations that are made once and run many times, as the steps of a run are.

        They may share no memory but what their `zeros` allocates: they can be processes.
        """
        return self

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C") -> ndarray:
        """An array that all workers share; it begins at a cache line."""
        size = math.prod(shape) if isinstance(shape, tuple) else shape
        memory = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
        start = -memory.ctypes.data % CACHE_LINE
        return memory[start : start + size * dtype.itemsize].view(dtype).reshape(shape, order=order)


class SequentialWorkers(Workers):
    """Any number of workers, one after the other in this thread: the same bits as so many in parallel."""

    def __init__(self, size: int) -> None:
        self.size = size

    def parallel(self, parts: Sequence[Operation]) -> Operation:
        return sequence(parts)


SINGLE = SequentialWorkers(1)


class OneOf(Workers):
    """One of several workers by itself; the others see what it writes to its `zeros`."""

    size = 1

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def parallel(self, parts: Sequence[Operation]) -> Operation:
        return sequence(parts)

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C") -> ndarray:
        return self._workers.zeros(shape, dtype, order)


def sequence(operations: Sequence[Operation]) -> Operation:
    """One operation that runs these one after the other."""
    if len(operations) == 1:
        return operations[0]
    return partial(_run, tuple(operations))


def _run(operations: tuple[Operation, ...]) -> None:
    for operation in operations:
        operation()


def work_queue(workers: Workers, items: Iterable[Item], takers: Sequence[Callable[[Item], None]]) -> Operation:
    """One operation, to be run once, that empties a work queue: a worker that is free takes the next item.

    For items of which nobody knows how long they take, or which core is the slower one today. Each taker belongs to
    one worker; they must share memory, so the workers may not be `persistent` ones. When a taker raises, the others
    finish the item they have.
    """
    left = deque(items)

    def take(taker: Callable[[Item], None]) -> None:
        try:
            for item in _taken(left):
                taker(item)
        except BaseException:
            left.clear()
            raise

    return workers.parallel([partial(take, taker) for taker in takers])


def _taken(left: deque[Item]) -> Iterator[Item]:
    while True:
        try:
            item = left.popleft()
        except IndexError:  # another worker may have taken the last
            return
        yield item
