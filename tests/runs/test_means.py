"""Means over repeated runs: equal to scipy's, and their intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from annscope.runs.means import (
    BANDS,
    bootstrap_interval,
    mean_difference,
    on_common_axis,
    t_interval,
    t_quantile,
)

EXACT = {"rel": 1e-10, "abs": 1e-10}
RNG = np.random.default_rng(5)


def test_the_quantile_is_that_of_students_distribution() -> None:
    """From one degree of freedom, where its tails are longest, to so many that it is the normal one."""
    degrees = np.concatenate([np.linspace(1, 40, 79), [100.0, 1e3, 1e4]])
    assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), **EXACT)
    assert t_quantile(2.5) == pytest.approx(stats.t.ppf(0.975, 2.5), **EXACT)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 12), (12, 12)])
def test_intervals_are_scipys(n: int, m: int) -> None:
    """Student's of a mean, Welch's of a difference, and the paired one, for every figure of an array at once."""
    first, second = RNG.normal(0.9, 0.01, (n, 4)), RNG.normal(0.91, 0.03, (m, 4))
    one = stats.ttest_1samp(first, 0).confidence_interval()
    assert t_interval(first) == pytest.approx(np.stack(one, axis=-1), **EXACT)
    welch = stats.ttest_ind(second, first, equal_var=False).confidence_interval()
    found = mean_difference(first, second)
    assert found.interval == pytest.approx(np.stack(welch, axis=-1), **EXACT)
    assert found.difference == pytest.approx(second.mean(axis=0) - first.mean(axis=0), **EXACT)
    if n == m:
        seeds = list(range(n))
        pairs = mean_difference(first, second[::-1], seeds=(seeds, seeds[::-1]))
        related = stats.ttest_rel(second, first).confidence_interval()
        assert pairs.is_paired
        assert pairs.interval == pytest.approx(np.stack(related, axis=-1), **EXACT)
        assert not mean_difference(first, second, seeds=(seeds, [*seeds[1:], 99])).is_paired


def test_the_bootstrap_is_scipys_but_for_its_draws() -> None:
    """Two seeded bootstraps of the same runs differ by no more than their draws make them."""
    values = RNG.normal(0.9, 0.01, 12)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=1, n_resamples=9999).confidence_interval
    assert bootstrap_interval(values) == pytest.approx([*theirs], abs=0.0006)


def test_what_cannot_be_said_is_not_a_number() -> None:
    """One run has no interval, and neither have runs that do not vary: certainty would be made up."""
    one, three, alike = np.array([0.9]), np.array([0.8, 0.9, 0.95]), np.full(3, 0.1)
    for values in (one, alike):
        assert np.isnan(t_interval(values)).all()
    assert np.isnan(mean_difference(one, three).interval).all()
    assert np.isnan(mean_difference(alike, alike + 0.2).interval).all()
    assert np.isnan(mean_difference(alike, alike + 0.2, seeds=([1, 2, 3], [1, 2, 3])).interval).all()
    assert mean_difference(alike, three).interval == pytest.approx(t_interval(three - 0.1), **EXACT)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """In 4,000 simulated experiments Student's and Welch's do in 95 % of them, however few the seeds; a bootstrap of
    three seeds in far fewer, which is why no conclusion is drawn from it."""
    n_experiments = 4000
    few, many = RNG.normal(0, 1, (3, n_experiments)), RNG.normal(0, 2, (12, n_experiments))

    def coverage(interval: np.ndarray) -> float:
        return float(((interval[:, 0] <= 0) & (interval[:, 1] >= 0)).mean())

    assert coverage(t_interval(few)) == pytest.approx(0.95, abs=0.012)
    assert coverage(t_interval(many)) == pytest.approx(0.95, abs=0.012)
    assert coverage(mean_difference(few, many).interval) == pytest.approx(0.95, abs=0.02)
    pairs = mean_difference(many, many + RNG.normal(0, 0.2, many.shape), seeds=(range(12), range(12)))
    assert coverage(pairs.interval) == pytest.approx(0.95, abs=0.012)
    assert coverage(bootstrap_interval(few)) < 0.8
    assert coverage(BANDS["se"].of(many)) == pytest.approx(0.66, abs=0.03)


def test_curves_meet_where_all_have_points() -> None:
    """The mean goes up to where the shortest run ends; where all have the same places, nothing is interpolated."""
    x = np.array([0.0, 1.0, 2.0, 3.0])
    places, values = on_common_axis([(x, x**2), (x[:3], -x[:3])])
    assert places.tolist() == [0, 1, 2]
    assert values.tolist() == [[0, 1, 4], [0, -1, -2]]
    places, values = on_common_axis([(x, x), (x + 0.5, 10 * x)], limit=5)
    assert places[0] == 0.5
    assert places[-1] == 3.0
    assert values[1].tolist() == pytest.approx((10 * (places - 0.5)).tolist())
