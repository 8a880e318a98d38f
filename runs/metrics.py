"""Reader of `metrics.jsonl`, the lines of a run's snapshots and events, while it grows and in bounded memory.

It keeps the offset of each snapshot's line, not the line: a long run has tens of thousands of them.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from annscope.runs.atomic import GrowingLines, open_file
from annscope.runs.record import Line, RecordError
from annscope.runs.schema import parse_line
from annscope.runs.thinning import Numbers


class MetricsFile:
    """The lines of one run; safe to use from any thread.

    `check` raises ValueError for a line that does not fit the run. Every method raises RecordError if a line is
    damaged, since what comes after it cannot be trusted.
    """

    def __init__(self, path: Path, check: Callable[[Line], None]) -> None:
        self.path = path
        self._check = check
        self.run = path.parent.name
        self._news = GrowingLines(path)
        self._known = 0  # how many bytes of the file are indexed
        self._places = array("Q")  # offset of the line of each snapshot, by number
        self._events: list[Line] = []
        self._thinned = Numbers()
        self._lock = threading.RLock()

    def new(self) -> list[Line]:
        """The lines that were appended since the last call; all of them at the first."""
        with self._lock:
            lines = []
            for line, start, end in self._read(self._news):
                if start == self._known:
                    self._index(line, start, end)
                lines.append(line)
            return lines

    def lines(self) -> Iterator[Line]:
        """Every line so far, in order, read lazily."""
        with self._lock:
            self._read_new_lines()  # checks that no snapshot is missing
        for line, _, _ in self._read(GrowingLines(self.path)):
            yield line

    def snapshots(self) -> Iterator[Line]:
        """The lines of the snapshots, in order of their numbers."""
        return (line for line in self.lines() if line["type"] == "snapshot")

    def events(self) -> list[Line]:
        """The events so far, in order; of those that thinned out arrays (a long run has many) only the last."""
        with self._lock:
            self._read_new_lines()
            return list(self._events)

    def n_snapshots(self) -> int:
        """Number of snapshots so far."""
        with self._lock:
            self._read_new_lines()
            return len(self._places)

    def thinned(self) -> Numbers:
        """The numbers of the snapshots whose arrays were thinned out."""
        with self._lock:
            self._read_new_lines()
            return self._thinned

    def snapshot(self, number: int) -> Line:
        """The line of a snapshot. Raises RecordError if there is none with this number."""
        with self._lock:
            if not 0 <= number < len(self._places):
                self._read_new_lines()
            if not 0 <= number < len(self._places):
                count = len(self._places)
                has = f"it has 0 to {count - 1}" if count else "it has none yet"
                raise RecordError(f"Run {self.run} has no snapshot {number}; {has}.")
            try:
                with open_file(self.path) as file:
                    file.seek(self._places[number])
                    return self._parse(file.readline())
            except (OSError, ValueError) as error:
                raise self._unreadable(error) from error

    def _read_new_lines(self) -> None:
        for line, start, end in self._read(GrowingLines(self.path, self._known)):
            self._index(line, start, end)

    def _index(self, line: Line, start: int, end: int) -> None:
        if line["type"] == "event":
            if line["event"] == "thinned":
                self._thinned = self._thinned.with_ranges(line["ranges"])
                self._events = [event for event in self._events if event["event"] != "thinned"]
            self._events.append(line)
        elif line["number"] != len(self._places):
            wrong = f"snapshot {line['number']} found where {len(self._places)} was expected"
            raise RecordError(f"The metrics of run {self.run} cannot be read: {wrong}.")
        else:
            self._places.append(start)
        self._known = end

    def _read(self, file: GrowingLines) -> Iterator[tuple[Line, int, int]]:
        """Each line with the offsets at which it begins and ends."""
        start = file.position
        try:
            for text in file.read():
                yield self._parse(text), start, file.position
                start = file.position
        except (OSError, ValueError) as error:
            file.position = (
                start  # stay at the damage, so that the next read fails as well: what follows cannot be trusted
            )
            raise self._unreadable(error) from error

    def _parse(self, text: bytes) -> Line:
        line = parse_line(text)
        self._check(line)
        return line

    def _unreadable(self, error: Exception) -> RecordError:
        what = (error.strerror or error) if isinstance(error, OSError) else error
        return RecordError(f"The metrics of run {self.run} cannot be read: {what}.")
