"""Interleaved timing of contestants: rounds in rotating order, medians, quartiles, ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

Pass = Callable[[], object]

REST_SECONDS = 0.05
"""Pause before a turn, in which the idle threads of the previous contestant stop spinning."""
SETTLE_SHARE = 0.3
"""Untimed warm-up at the beginning of each turn, until the caches hold the contestant's own data."""


def rotated(items: Sequence[T], round_number: int) -> list[T]:
    """The items in the order of one round, rotated by one in each round, so that each item has every place."""
    start = round_number % len(items) if items else 0
    return [*items[start:], *items[:start]]


@dataclass(frozen=True)
class Measurement:
    """Measurements of one contestant, one value per round; `quartiles` are the first and the third."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return first, third


def ratio(ours: Measurement, theirs: Measurement) -> float:
    """The median over the rounds of ours / theirs, round by round: a slowdown of a whole round cancels out."""
    pairs = zip(ours.values, theirs.values, strict=True)
    return statistics.median(our / their for our, their in pairs)


def rate(
    one_pass: Pass, n_examples: int, least_seconds: float, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Examples per second, over as many whole passes as fill `least_seconds`."""
    begin, n_passes = clock(), 0
    while True:
        one_pass()
        n_passes += 1
        seconds = clock() - begin
        if seconds >= least_seconds:
            return n_passes * n_examples / seconds


def interleaved(
    passes: Mapping[str, Pass],
    n_examples: int,
    *,
    rounds: int,
    least_seconds: float,
    prepare: Callable[[str], None] = lambda _: None,
) -> dict[str, Measurement]:
    """Examples per second of each contestant, measured in `rounds` rounds in which each is prepared and timed once."""
    values: dict[str, list[float]] = {name: [] for name in passes}
    for round_number in range(rounds):
        for name in rotated(list(passes), round_number):
            prepare(name)
            time.sleep(REST_SECONDS)
            rate(passes[name], n_examples, SETTLE_SHARE * least_seconds)
            values[name].append(rate(passes[name], n_examples, least_seconds))
    return {name: Measurement(tuple(series)) for name, series in values.items()}
