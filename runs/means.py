"""Repeated training: the mean of a figure over runs that differ in their seed alone, and how far it may be off.

The sample is of runs, not of examples: it tells settings apart, where `core.evaluation.comparison` tells two trained
networks apart. The first axis of every array is the run. Intervals are arrays whose last axis is (low, high), of the
level of `core.evaluation.intervals`; NaN where there is nothing to go by: a single run, or runs that do not vary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.evaluation.intervals import LEVEL, MAX_RESAMPLES, SEED, percentile_interval

Values = Float[ndarray, "n_runs *shape"]
Interval = Float[ndarray, "*shape 2"]
Curve = tuple[Float[ndarray, " _"], Float[ndarray, " _"]]
"""Places in ascending order, and the values there."""


def t_quantile(degrees: Float[ndarray, "*shape"] | float) -> Float[ndarray, "*shape"]:
    """The quantile of Student's t distribution at (1 + LEVEL) / 2, for 1 or more degrees of freedom."""
    from scipy.special import stdtrit

    return np.asarray(stdtrit(degrees, (1 + LEVEL) / 2))


def mean(values: Values) -> Float[ndarray, "*shape"]:
    """The mean over the runs."""
    return np.asarray(values.mean(axis=0))


def deviation(values: Values) -> Float[ndarray, "*shape"]:
    """The standard deviation, of a sample (n - 1); NaN of one run."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(values.std(axis=0, ddof=1))


def _standard_error(values: Values) -> Float[ndarray, "*shape"]:
    return np.asarray(deviation(values) / sqrt(len(values)))


def _around(middle: ndarray, half: Any) -> ndarray:
    return np.stack([middle - half, middle + half], axis=-1)


def t_interval(values: Values) -> Interval:
    """Student's interval of the mean."""
    if len(values) < 2:
        return np.full((*values.shape[1:], 2), np.nan)
    error = _varying(_standard_error(values), values)
    return _around(mean(values), t_quantile(len(values) - 1.0) * error)


def bootstrap_interval(values: Values) -> Interval:
    """The percentile interval of the mean of runs drawn again with replacement: too narrow for a handful of runs."""
    n = len(values)
    if n < 2:
        return np.full((*values.shape[1:], 2), np.nan)
    draws = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=MAX_RESAMPLES)
    return percentile_interval(np.tensordot(draws / n, values, axes=1))


@dataclass(frozen=True)
class Band:
    """A way to show the spread of runs about their mean."""

    label: str
    of: Callable[[Values], Interval]


BANDS: dict[str, Band] = {
    "sd": Band("Standard deviation", lambda values: _around(mean(values), deviation(values))),
    "se": Band("Standard error", lambda values: _around(mean(values), _standard_error(values))),
    "range": Band("Range", lambda values: np.stack([values.min(axis=0), values.max(axis=0)], axis=-1)),
    "t": Band("95 % t interval", t_interval),
    "bootstrap": Band("95 % bootstrap interval", bootstrap_interval),
}


@dataclass(frozen=True, eq=False)
class MeanDifference:
    """The mean of the second group less that of the first, with its interval."""

    difference: Float[ndarray, "*shape"]
    interval: Interval
    n_first: int
    n_second: int
    is_paired: bool


def mean_difference(
    first: Values,
    second: Float[ndarray, "n_second *shape"],
    *,
    seeds: tuple[Sequence[object], Sequence[object]] | None = None,
) -> MeanDifference:
    """The difference of the means of two groups of runs with Welch's interval (Welch 1947).

    With the `seeds` of both, and the same ones in both, runs of the same seed are paired: the interval is Student's of
    their differences.
    """
    n, m = len(first), len(second)
    difference = mean(second - mean(first))
    if seeds is not None and n > 1 and n == m and set(seeds[0]) == set(seeds[1]):
        order = [list(seeds[1]).index(seed) for seed in seeds[0]]
        return MeanDifference(difference, t_interval(second[order] - first), n, m, is_paired=True)
    if min(n, m) < 2:
        return MeanDifference(difference, np.full((*difference.shape, 2), np.nan), n, m, is_paired=False)
    a, b = (_varying(_standard_error(values), values) ** 2 for values in (first, second))
    # One group may be constant, such as a cell of a matrix that is always 0; not both.
    a, b = np.where(np.isnan(a) & ~np.isnan(b), 0, a), np.where(np.isnan(b) & ~np.isnan(a), 0, b)
    degrees = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    interval = _around(difference, t_quantile(degrees) * np.sqrt(a + b))
    return MeanDifference(difference, interval, n, m, is_paired=False)


def _varying(error: ndarray, values: Values) -> ndarray:
    # Rounding gives runs that are all alike a tiny deviation.
    return np.where((values == values[0]).all(axis=0), np.nan, error)


def on_common_axis(
    curves: Sequence[Curve], *, limit: int = 400
) -> tuple[Float[ndarray, " n_common"], Float[ndarray, "n_runs n_common"]]:
    """Curves of several runs at the same places, up to where the shortest ends; interpolated linearly in between.

    The places are those of the curves' own points, or `limit` evenly spaced ones of more. No curve may be empty.
    """
    end = min(float(x[-1]) for x, _ in curves)
    start = max(float(x[0]) for x, _ in curves)
    places = np.unique(np.concatenate([x for x, _ in curves]))
    places = places[(places >= start) & (places <= end)]
    if len(places) > limit:
        places = np.linspace(start, end, limit)
    return places, np.stack([np.interp(places, x, y) for x, y in curves])
