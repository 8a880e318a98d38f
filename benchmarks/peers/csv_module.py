"""A CSV read row by row with Python's own csv module, as annscope did before it read with pandas."""

from __future__ import annotations

import csv
from array import array
from pathlib import Path

import numpy as np
from numpy import ndarray


def read(path: Path) -> tuple[ndarray, ndarray]:
    """Features as float64 and labels of a CSV with a line of column names and the label first."""
    features, labels = array("d"), array("q")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            labels.append(int(row.pop(0)))
            features.extend(np.array([float(cell) for cell in row]))
    return np.frombuffer(features).reshape(len(labels), -1), np.frombuffer(labels, np.int64)
