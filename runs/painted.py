"""Points painted by hand, kept as a data set: a CSV file beside the downloaded data, named by its content.

A run on it is reproduced and resumed like one on any other file; the same points give the same file.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from annscope.core.errors import AnnscopeError
from annscope.data.home import annscope_home
from annscope.runs.atomic import replace_file, writing

MAX_POINTS = 20_000
MAX_COORDINATE = 1e6
MIN_POINTS = 10
MIN_OF_A_CLASS = 3
"""One each for training, validation and testing."""
_STEM = "painted-"
_DIGITS = 6
"""Significant digits of a coordinate: finer than a pixel."""

Point = tuple[float, float, str]
"""Two coordinates and the name of a class."""


class PaintedPointsError(AnnscopeError):
    """Points that no network can be trained on; the message says what is missing."""


def save_points(points: Sequence[Point], names: tuple[str, str] = ("x", "y")) -> Path:
    """Save points as a data set and return the path of its file; `names` are those of the coordinates.

    Raises PaintedPointsError for too few or too many of them, StorageError if the disk is full.
    """
    _check(points)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "label"])
    writer.writerows([f"{x:.{_DIGITS}g}", f"{y:.{_DIGITS}g}", label] for x, y, label in points)
    content = text.getvalue().encode()
    path = annscope_home() / "data" / "painted" / f"{_STEM}{hashlib.sha256(content).hexdigest()[:12]}.csv"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, durable=True)
    return path


def is_painted(name: str) -> bool:
    """Whether a data set of this name is the file of painted points."""
    path = Path(name)
    return path.stem.startswith(_STEM) and path.parent.name == "painted"


def _check(points: Sequence[Point]) -> None:
    if not MIN_POINTS <= len(points) <= MAX_POINTS:
        raise PaintedPointsError(
            f"A data set needs from {MIN_POINTS} to {MAX_POINTS:,} points; there are {len(points):,}."
        )
    if any(not (abs(x) <= MAX_COORDINATE and abs(y) <= MAX_COORDINATE) for x, y, _ in points):
        raise PaintedPointsError(f"A coordinate must be from -{MAX_COORDINATE:g} to {MAX_COORDINATE:g}.")
    counts = Counter(label for *_, label in points)
    if len(counts) < 2:
        raise PaintedPointsError("All points are of one class: paint a second one.")
    label, count = min(counts.items(), key=lambda item: item[1])
    if count < MIN_OF_A_CLASS:
        raise PaintedPointsError(f"Class {label} has {count} points: paint {MIN_OF_A_CLASS} or more of each class.")
