"""The history of a run in bounded memory: the lines that the curves and the timeline are drawn from.

All events are kept, and every 2^k-th snapshot, at most `MAX_SNAPSHOTS` of them; always the first, the newest, the best
so far and those with an event. The browser keeps its lines by the same rule (`history.js`). The record on
the disk has every line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from annscope.core.evaluation.best import best_line
from annscope.dashboard.queries.events import best_text, event_text
from annscope.runs.record import Line
from annscope.runs.thinning import Numbers

MAX_SNAPSHOTS = 4096


@dataclass(frozen=True, eq=False)
class Entry:
    """One line of the record, its position in it, and its JSON text."""

    position: int
    line: Line
    text: str

    @property
    def number(self) -> int | None:
        """The number of a snapshot; None for an event."""
        return self.line["number"] if self.line["type"] == "snapshot" else None


class History:
    """The lines of one run that are kept in memory; `n_lines` counts all that were added."""

    def __init__(self, limit: int = MAX_SNAPSHOTS) -> None:
        self.n_lines = 0
        self.best: Line | None = None
        self.thinned = Numbers()
        self._limit = limit
        self._stride = 1
        self._entries: list[Entry] = []
        self._n_snapshots = 0
        self._last: Entry | None = None
        self._marked: set[int] = set()

    def add(self, line: Line) -> None:
        """Add the next line of the record."""
        position, self.n_lines = self.n_lines, self.n_lines + 1
        if line["type"] == "snapshot":
            self._add_snapshot(position, line)
            return
        if line["event"] == "thinned":
            self.thinned = self.thinned.with_ranges(line["ranges"])
            line = {**line, "ranges": self.thinned.ranges}
            self._entries = [entry for entry in self._entries if entry.line.get("event") != "thinned"]
        elif self._last is not None and self._last.line["step"] == line["step"]:
            self._marked.add(self._last.line["number"])
        self._entries.append(Entry(position, line, _text(line)))

    def _add_snapshot(self, position: int, line: Line) -> None:
        self.best = best_line((self.best, line))
        last, self._last = self._last, Entry(position, line, _text(line))
        if last is not None and not self._is_kept(last):
            del self._entries[self._entries.index(last)]
            self._n_snapshots -= 1
        self._entries.append(self._last)
        self._n_snapshots += 1
        while self._n_snapshots > self._limit and self._stride <= line["number"]:
            self._stride *= 2
            self._entries = [entry for entry in self._entries if entry is self._last or self._is_kept(entry)]
            self._n_snapshots = sum(entry.number is not None for entry in self._entries)

    def _is_kept(self, entry: Entry) -> bool:
        number = entry.number
        return number is None or number % self._stride == 0 or entry.line is self.best or number in self._marked

    def since(self, n_lines: int) -> list[str]:
        """The kept lines after the first `n_lines` of the record, as JSON text."""
        found = []
        for entry in reversed(self._entries):
            if entry.position < n_lines:
                break
            found.append(entry.text)
        return found[::-1]

    def best_text(self) -> str:
        """The best snapshot so far as JSON: its number, step and text; or null."""
        if self.best is None:
            return "null"
        best = {"number": self.best["number"], "step": self.best["step"], "words": best_text(self.best)}
        return json.dumps(best)

    def snapshot_lines(self) -> list[Line]:
        """The lines of the snapshots that are kept, in order."""
        return [entry.line for entry in self._entries if entry.number is not None]

    @property
    def newest(self) -> int:
        """The number of the last snapshot; -1 before the first."""
        return -1 if self._last is None else int(self._last.line["number"])


def _text(line: Line) -> str:
    if line["type"] == "event":
        line = {**line, "words": event_text(line)}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
