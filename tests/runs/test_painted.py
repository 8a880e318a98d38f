"""Points painted by hand become a data set that a run can be reproduced from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annscope.core.config import DataConfig
from annscope.data.datasets import load_dataset
from annscope.runs.painted import MAX_POINTS, PaintedPointsError, is_painted, save_points


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `ANNSCOPE_HOME`."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path))
    return tmp_path


def two_lines(n: int = 20) -> list[tuple[float, float, str]]:
    """Points of two classes on two lines."""
    return [(k / n, float(k % 2), str(k % 2)) for k in range(n)]


def test_painted_points_are_a_data_set(home: Path) -> None:
    """Their file is in the data folder, is read like any other, and holds every point with its class."""
    path = save_points(two_lines())
    assert path.parent == home / "data" / "painted"
    assert is_painted(str(path))
    assert not is_painted(str(home / "mine.csv"))
    dataset = load_dataset(DataConfig(name=str(path), scaling="none", split=0.2))
    found = {
        (*map(float, point), str(label))
        for name in ("train", "validation", "test")
        for point, label in zip(*dataset.split(name), strict=True)
    }
    assert {(np.float32(x), y, label) for x, y, label in two_lines()} == found
    assert dataset.feature_names == ("x", "y")


def test_the_name_is_that_of_the_content() -> None:
    """The same points are the same file, another point another one: what a run learned from is never overwritten."""
    first, again = save_points(two_lines()), save_points(two_lines())
    other = save_points([*two_lines(), (0.5, 0.5, "1")])
    assert first == again != other
    assert first.exists()


def test_the_name_of_a_class_may_hold_anything() -> None:
    """A comma or a quotation mark in it does not break the file."""
    names = ('a,"b"', "ümlaut")
    path = save_points([(x, y, names[int(label)]) for x, y, label in two_lines()])
    assert load_dataset(DataConfig(name=str(path))).class_names == names


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (two_lines(8), "needs from 10 to 20,000 points; there are 8"),
        (two_lines(MAX_POINTS + 1), "there are 20,001"),
        ([(x, y, "0") for x, y, _ in two_lines()], "All points are of one class"),
        ([*[(x, y, "0") for x, y, _ in two_lines()], (0.0, 0.0, "1"), (1.0, 0.0, "1")], "Class 1 has 2 points"),
        ([*two_lines(), (2e6, 0.0, "0")], "A coordinate must be from -1e\\+06 to 1e\\+06"),
    ],
)
def test_points_that_cannot_be_learned_from_are_not_saved(
    home: Path, points: list[tuple[float, float, str]], sentence: str
) -> None:
    """One sentence says what is missing, and nothing is written."""
    with pytest.raises(PaintedPointsError, match=sentence):
        save_points(points)
    assert not (home / "data").exists()
