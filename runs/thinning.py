"""Thinning of a record: which snapshots' arrays are deleted when all of them would take more space than a run may use.

The lines of the metrics stay, so curves stay complete; the arrays that go are those of the snapshots closest to their
neighbours. Training changes a network most at its beginning, so closeness is measured in the logarithm of the step,
in which the remaining snapshots are evenly spaced.

Snapshots in between, which the stopping rules do not go by, have a smaller budget of their own.
"""

from __future__ import annotations

import heapq
import itertools
import math
import shutil
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from operator import itemgetter
from pathlib import Path

from annscope.runs.record import Line, snapshot_path

MEGABYTE = 1_000_000
SHARE_OF_FREE = 0.1
LEAST, MOST = 100 * MEGABYTE, 2000 * MEGABYTE
BETWEEN = 40 * MEGABYTE
"""The budget for the arrays of the snapshots in between."""
LEFT = 0.75
"""The share of the budget in use after thinning, so that not every snapshot starts another one."""


def default_budget(directory: Path) -> int:
    """The default budget for the arrays of a run, in bytes: a tenth of the free space, within limits."""
    return int(min(MOST, max(LEAST, SHARE_OF_FREE * shutil.disk_usage(directory).free)))


def budget_of(megabytes: int | str, directory: Path) -> int:
    """The budget for the arrays of a run, in bytes, by its setting `megabytes`."""
    return default_budget(directory) if megabytes == "auto" else int(megabytes) * MEGABYTE


class Numbers(Set[int]):
    """An immutable set of numbers, held as `ranges`: [first, last] of each unbroken run of them, as events hold them.

    Of a long run nearly all snapshots are thinned out: this takes memory for those that are left.
    """

    def __init__(self, ranges: Iterable[Sequence[int]] = ()) -> None:
        self.ranges: list[list[int]] = []
        for first, last in sorted(ranges, key=itemgetter(0)):
            if self.ranges and first <= self.ranges[-1][1] + 1:
                self.ranges[-1][1] = max(last, self.ranges[-1][1])
            else:
                self.ranges.append([first, last])

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Numbers:
        """The set of these numbers."""
        return cls([number, number] for number in numbers)

    def with_ranges(self, ranges: Iterable[Sequence[int]]) -> Numbers:
        """These numbers and those of more ranges."""
        return Numbers([*self.ranges, *ranges])

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        at = bisect_right(self.ranges, number, key=itemgetter(0)) - 1
        return at >= 0 and number <= self.ranges[at][1]

    def __iter__(self) -> Iterator[int]:
        return itertools.chain.from_iterable(range(first, last + 1) for first, last in self.ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)


class StoredArrays:
    """The snapshots of a record that have arrays, with their sizes, and those whose arrays were thinned out.

    `budget` is in bytes. Made for an existing record, it deletes the files of a thinning that was recorded but not
    completed.
    """

    def __init__(self, directory: Path, lines: Iterable[Line], budget: int) -> None:
        self.directory = directory
        self.budget = budget
        self.removed = Numbers()
        self._steps: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._pinned: set[int] = set()
        self._event_steps: set[int] = set()
        self._between: set[int] = set()
        for line in lines:
            self.note(line)
        for number in [*self._steps]:
            path = snapshot_path(directory, number)
            if number in self.removed:
                path.unlink(missing_ok=True)
            if path.exists():
                self._sizes[number] = path.stat().st_size
            else:
                del self._steps[number]
                self._between.discard(number)
        self.n_bytes = sum(self._sizes.values())
        self._between_bytes = sum(self._sizes[number] for number in self._between)

    def note(self, line: Line) -> None:
        """Add a line of the metrics: a snapshot, or an event that protects one or lists those that were thinned out."""
        if line["type"] == "snapshot":
            self._steps[line["number"]] = line["step"]
            if not line.get("judged", True):
                self._between.add(line["number"])
        elif line["event"] == "thinned":
            self.removed = self.removed.with_ranges(line["ranges"])
        elif line["event"] == "pin":
            self._pinned.add(line["number"])
        elif line["event"] == "unpin":
            self._pinned.discard(line["number"])
        else:
            self._event_steps.add(line["step"])

    def add(self, line: Line, n_bytes: int) -> None:
        """Add a new snapshot, by its line and the size of its arrays."""
        self.note(line)
        self._sizes[line["number"]] = n_bytes
        self._count(line["number"], n_bytes)

    def _count(self, number: int, n_bytes: int) -> None:
        self.n_bytes += n_bytes
        if number in self._between:
            self._between_bytes += n_bytes

    @property
    def limit(self) -> int:
        """The bytes that the arrays may take now: the budget, or less where many are of snapshots in between."""
        return min(self.budget, self.n_bytes - self._between_bytes + BETWEEN)

    def surplus(self, best: int | None) -> list[int]:
        """The snapshots to thin out now: none within the limit. Never the best, a pinned one or one with an event."""
        if self.n_bytes <= self.limit:
            return []
        protected = {number for number, step in self._steps.items() if step in self._event_steps}
        protected |= self._pinned | ({best} if best is not None else set())
        if self.n_bytes > self.budget:
            return surplus(self._steps, self._sizes, protected, int(LEFT * self.budget))
        protected |= self._steps.keys() - self._between
        return surplus(self._steps, self._sizes, protected, self.limit - int((1 - LEFT) * BETWEEN))

    def remove(self, numbers: Iterable[int]) -> None:
        """Delete the files of snapshots that the record lists as thinned out."""
        for number in numbers:
            snapshot_path(self.directory, number).unlink(missing_ok=True)
            self._count(number, -self._sizes.pop(number, 0))
            self._steps.pop(number, None)
            self._between.discard(number)

    def __len__(self) -> int:
        return len(self._steps)


def surplus(steps: Mapping[int, int], sizes: Mapping[int, int], protected: Collection[int], most: int) -> list[int]:
    """The numbers of the snapshots to thin out so that the others take at most `most` bytes, in order.

    `steps` and `sizes` hold the step and the bytes of each snapshot that has arrays, by number. Those in `protected`
    stay, and so do the first and the last, even where they alone take more.
    """
    numbers = sorted(steps)
    after = dict(itertools.pairwise(numbers))
    before = {second: first for first, second in after.items()}
    place = {number: math.log1p(steps[number]) for number in numbers}

    def gap(number: int) -> float:
        return place[after[number]] - place[before[number]]

    queue = [(gap(number), number) for number in numbers[1:-1] if number not in protected]
    heapq.heapify(queue)
    total = sum(sizes[number] for number in numbers)
    removed: set[int] = set()
    while queue and total > most:
        width, number = heapq.heappop(queue)
        if width != gap(number):  # a neighbour has been removed since
            heapq.heappush(queue, (gap(number), number))
            continue
        removed.add(number)
        total -= sizes[number]
        before[after[number]], after[before[number]] = before[number], after[number]
    return sorted(removed)
