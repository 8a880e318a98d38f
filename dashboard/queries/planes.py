"""2-D data for the decision map: its points as in the source, and how the network's inputs come from them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import SPLITS
from annscope.dashboard.queries.examples import ExampleError, is_plane, source_of
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.data.datasets import load_run_dataset
from annscope.runs.painted import save_points

MAX_POINTS = 2000
"""How many points of a data set are drawn at most; of more, a fixed sample."""
_MARGIN = 0.08
"""Room around the points, as a share of the map's side."""
_ALIKE = 4.0
"""Up to this ratio of their ranges, both axes have the same scale."""


def plane(run: str) -> dict[str, Any]:
    """The points of a run's 2-D data and what a browser needs to make further ones, as JSON values.

    `points` are [x, y, class or row of 0 and 1] by split, at most `MAX_POINTS` in all, `index` their places in it and
    `totals` how many there are. `ends` are those of both axes. The network's inputs are
    `(raw - offset) / divisor`, where `raw` are the coordinates and `inputs` (`data.inputs`).
    """
    reader = get_live_run(run).reader
    dataset, config = source_of(run).dataset, reader.config
    if not is_plane(run):
        raise ExampleError(f"The data of run {run} is not two-dimensional.")
    points = _points(config)
    rows = _sample([len(x) for x, _ in points.values()])
    return {
        "inputs": list(config.data.inputs),
        "names": list(dataset.feature_names) or ["x1", "x2"],
        "offset": (dataset.offset * np.ones(dataset.n_features)).tolist(),
        "divisor": (dataset.divisor * np.ones(dataset.n_features)).tolist(),
        "ends": ends(np.concatenate([x for x, _ in points.values()])),
        "points": {
            name: [[*point, label] for point, label in zip(x[kept].tolist(), y[kept].tolist(), strict=True)]
            for (name, (x, y)), kept in zip(points.items(), rows, strict=True)
        },
        "index": {name: kept.tolist() for name, kept in zip(points, rows, strict=True)},
        "totals": {name: len(x) for name, (x, _) in points.items()},
    }


@lru_cache(maxsize=2)
def _points(config: RunConfig) -> dict[str, tuple[Float[ndarray, "n 2"], ndarray]]:
    """The coordinates and labels by split, as in the source: the splits depend on neither inputs nor scaling."""
    dataset = load_run_dataset(config.with_values({"extra-inputs": (), "scaling": "none", "dtype": "float64"}))
    return {name: dataset.split(name) for name in SPLITS}


def _sample(sizes: list[int]) -> list[ndarray]:
    """Which rows of each split are drawn: all, or evenly spaced ones in proportion."""
    share = min(1.0, MAX_POINTS / sum(sizes))
    return [np.linspace(0, size - 1, int(size * share)).astype(int) if size else np.arange(0) for size in sizes]


def ends(points: Float[ndarray, "n 2"]) -> list[list[float]]:
    """The ends of both axes of a square map of all points: of one scale, unless their ranges are very different."""
    low, high = points.min(axis=0), points.max(axis=0)
    spans = np.where(high > low, high - low, 1.0)
    if spans.max() <= _ALIKE * spans.min():
        spans = np.full(2, spans.max())
    middle, half = (low + high) / 2, spans / 2 / (1 - 2 * _MARGIN)
    return [[float(at - reach), float(at + reach)] for at, reach in zip(middle, half, strict=True)]


def save(run: str, points: Sequence[tuple[float, float, int]]) -> Path:
    """Save points painted on the map of a run as a data set; a class that the run lacks is named by a number."""
    about = get_live_run(run).reader.description["dataset"]
    names = list(about["class_names"]) if about else []
    free = (str(number) for number in itertools.count() if str(number) not in names)
    names += itertools.islice(free, max(0, 1 + max((label for *_, label in points), default=0) - len(names)))
    return save_points([(x, y, names[label]) for x, y, label in points])
