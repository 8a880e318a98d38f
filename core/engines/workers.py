"""Operations side by side: what the engines ask of whoever runs them, and the way to do without.

The core itself has no threads and no processes. Whoever has some hands them in as a `Team`; the bits of
the results depend on nothing but its size.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy import ndarray

Operation: TypeAlias = Callable[[], object]
Thing = TypeVar("Thing")

CACHE_LINE = 64
"""Bytes that a processor writes at once: an array that begins at a multiple saves an eighth of an optimizer's time."""


class Team(ABC):
    """`size` pairs of hands that work at the same time."""

    size: int

    @abstractmethod
    def together(self, parts: Sequence[Operation]) -> Operation:
        """One operation that runs all the parts, at most `size`, and ends when the last of them does.

        No part may read what another one writes, unless both see to it. What a part raises, the operation raises.
        """

    def lasting(self) -> Team:
        """A team of the same size for operations that are made once and run many times, as the steps of a run are.

        Its members may see no memory change but what its `zeros` made: they can be processes.
        """
        return self

    def zeros(self, shape: int | tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C") -> ndarray:
        """An array that any member writes and every other one reads; it begins at a cache line."""
        size = math.prod(shape) if isinstance(shape, tuple) else shape
        memory = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
        start = -memory.ctypes.data % CACHE_LINE
        return memory[start : start + size * dtype.itemsize].view(dtype).reshape(shape, order=order)


class Turns(Team):
    """A team of any size whose members take turns: the bits of a larger team without anybody else's hands."""

    def __init__(self, size: int) -> None:
        self.size = size

    def together(self, parts: Sequence[Operation]) -> Operation:
        return in_turn(parts)


ALONE = Turns(1)


def in_turn(operations: Sequence[Operation]) -> Operation:
    """One operation that runs these one after the other."""
    if len(operations) == 1:
        return operations[0]
    return partial(_run, tuple(operations))


def _run(operations: tuple[Operation, ...]) -> None:
    for operation in operations:
        operation()


def taken_in_turn(team: Team, things: Iterable[Thing], takers: Sequence[Callable[[Thing], None]]) -> Operation:
    """One operation, to be run once, in which whoever has done with a thing takes the next that is left.

    For things of which nobody knows how long they take, or which core is the slower one today. Each taker is one
    member's, who must see what the others do: the team may not be a `lasting` one. When a taker raises, the others
    end with what they have at hand.
    """
    left = deque(things)

    def take(taker: Callable[[Thing], None]) -> None:
        try:
            for thing in _taken(left):
                taker(thing)
        except BaseException:
            left.clear()
            raise

    return team.together([partial(take, taker) for taker in takers])


def _taken(left: deque[Thing]) -> Iterator[Thing]:
    while True:
        try:
            thing = left.popleft()
        except IndexError:  # another member may have taken the last
            return
        yield thing
