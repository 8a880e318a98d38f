"""The search for a learning rate: the points of a range test as they come, and a sketch of them for people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.config import FIELDS, RunConfig
from core.learning_rate_finder import RangePoint, Suggestion, range_test

if TYPE_CHECKING:
    from rich.console import RenderableType

ROWS = 24
BAR = 40


def search(config: RunConfig, *, low: float, high: float, n_steps: int) -> Iterator[RangePoint]:
    """Load the data of a config and take its range test, point by point.

    Raises ConfigError for a range that is none, DataError for data that cannot be read.
    """
    from data.datasets import load_dataset

    dataset = load_dataset(config.data, dtype=config.training.dtype, seed=config.training.seed)
    yield from range_test(dataset, config, low=low, high=high, n_steps=n_steps)


def options_of(config: RunConfig) -> list[str]:
    """The settings of a config that differ from the defaults, as options of the command line."""
    options: list[str] = []
    for option, item in FIELDS.items():
        value = config.get(item)
        if value == item.default:
            continue
        if item.kind == "switch":
            options.append(f"--{option}" if value else f"--no-{option}")
        else:
            options += [f"--{option}", item.format(value)]
    return options


def rounded(rate: float) -> float:
    """A learning rate in two digits: which one it is exactly matters little."""
    return float(f"{rate:.1e}")


def sketch(points: Sequence[RangePoint], found: Suggestion) -> list[RenderableType]:
    """Bars of the smoothed loss against the learning rate, and the suggestion in words."""
    from rich.table import Table

    shown = _spread(points, found)
    losses = [point.smoothed for point in points if math.isfinite(point.smoothed)]
    # A loss that exploded is a full bar, or the fall before it would not be seen.
    lowest, top = min(losses), min(max(losses), 1.25 * losses[0])
    table = Table(box=None, pad_edge=False)
    table.add_column("Learning rate", justify="right")
    table.add_column("Loss", justify="right")
    table.add_column("", no_wrap=True)
    for point in shown:
        finite = math.isfinite(point.smoothed)
        share = (point.smoothed - lowest) / (top - lowest) if finite and top > lowest else float(not finite)
        mark = "  < suggested" if point.learning_rate == found.learning_rate else ""
        mark += "  < lowest loss" if point.learning_rate == found.lowest else ""
        table.add_row(
            f"{point.learning_rate:.2g}",
            f"{point.smoothed:.4f}" if finite else "not finite",
            "#" * (1 + round(min(1.0, share) * (BAR - 1))) + mark,
        )
    return [table, "\n" + in_words(found)]


def _spread(points: Sequence[RangePoint], found: Suggestion) -> list[RangePoint]:
    """At most about `ROWS` points over the whole range, the marked ones and the last among them."""
    every = max(1, math.ceil(len(points) / ROWS))
    marked = {found.learning_rate, found.lowest, points[-1].learning_rate}
    return [point for i, point in enumerate(points) if i % every == 0 or point.learning_rate in marked]


def in_words(found: Suggestion) -> str:
    """What the test says, in one or two sentences."""
    if found.learning_rate is None:
        return "The loss never fell: no learning rate of this range can be suggested."
    return (
        f"The loss fell fastest at a learning rate of {rounded(found.learning_rate):g}: begin with that. "
        f"It was lowest at {rounded(found.lowest):g}; beyond that it grows again."
    )
