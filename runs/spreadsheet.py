"""Rows as CSV that a spreadsheet opens as what it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

_FORMULA = re.compile("[=+@\t\n＝＋－＠-]")


def csv_of(rows: Iterable[Iterable[Any]]) -> str:
    """These rows as CSV; a text that a spreadsheet would evaluate gets a leading apostrophe."""
    content = io.StringIO()
    csv.writer(content, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return content.getvalue()


def cell(value: Any) -> Any:
    """A cell for a CSV file: every float in full, undefined ones empty; a formula gets a leading apostrophe."""
    if isinstance(value, float):
        return "" if value != value else repr(float(value))
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")  # which Python before 3.13 would not quote
    return f"'{value}" if _FORMULA.match(value) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
