"""Formatting of benchmark results: numbers, tables for a terminal and tables in Markdown."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def short(value: float) -> str:
    """A rate with three significant digits: 0.94k, 87.6k, 163k, 1,225k."""
    thousands = value / 1000
    digits = 2 if thousands < 10 else 1 if thousands < 100 else 0
    return f"{thousands:,.{digits}f}k"


def times(value: float) -> str:
    """A ratio: 1.85 x, 12.4 x, 310 x."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} x"


def percent(value: float) -> str:
    """A percentage: 63 %, and with one digit more below ten, 1.4 %."""
    return f"{100 * value:.{0 if abs(value) >= 0.0995 else 1}f} %"


def counted(number: int, what: str) -> str:
    """A count with its noun: 1 round, 7 rounds."""
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"


def seconds(value: float) -> str:
    """A duration in a suitable unit: 0.8 us, 12.3 ms, 1.25 s."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(value) >= scale or unit == "µs":
            break
    number = value / scale
    digits = max(0, 2 - math.floor(math.log10(abs(number)))) if number else 0
    return f"{number:.{min(digits, 2)}f} {unit}"


@dataclass(frozen=True)
class Table:
    """Rows of text under a title; every column but the first is right-aligned. `notes` are printed below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def print(self) -> None:
        """Print it on the terminal."""
        console = Console(highlight=False)
        if not console.is_terminal:  # a file or a pipe has no width
            console = Console(highlight=False, width=200)
        table = RichTable(box=SIMPLE_HEAD, title=escape(self.title), title_justify="left", title_style="bold")
        for index, column in enumerate(self.columns):
            table.add_column(escape(column), justify="right" if index else "left", no_wrap=True)
        for row in self.rows:
            style = "bold" if row[0].startswith("annscope") else ""
            table.add_row(*(escape(cell) for cell in row), style=style)
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", markup=False)
        console.print()

    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [f"**{self.title}**", "", _line(self.columns)]
        lines.append(_line(["---", *["---:"] * (len(self.columns) - 1)]))
        lines += [_line(row) for row in self.rows]
        if self.notes:
            lines += ["", *(f"{note}  " for note in self.notes[:-1]), self.notes[-1]]
        return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def filled(page: str, name: str, content: str) -> str:
    """The page with the text between `<!-- NAME -->` and `<!-- /NAME -->` replaced.

    Raises ValueError if the page has no such markers.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page has no place for {name}: no {begin} followed by {end}")
    return f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}"


def show(
    name: str,
    tables: Sequence[Table],
    figures: dict[str, Any],
    *,
    as_json: bool,
    as_markdown: bool,
    page: bool,
    preface: str = "",
) -> None:
    """Print a benchmark's result in the chosen format, or write it, after `preface`, into the docs."""
    text = "\n".join(table.markdown() for table in tables)
    if page:
        content = f"{preface}\n\n{text}"
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), name, content), encoding="utf-8")
        print(PAGE)
    elif as_json:
        print(json.dumps({"benchmark": name, **figures}))
    elif as_markdown:
        print(text)
    else:
        for table in tables:
            table.print()
