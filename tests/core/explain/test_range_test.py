"""The range test finds the learning rates at which the loss falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import ConfigError
from annscope.core.explain.range_test import RangePoint, range_test, suggest


def test_it_rises_through_the_range_and_ends_when_the_loss_explodes(
    dataset: Dataset, configure: Callable[..., RunConfig]
) -> None:
    """Rates rise evenly in the logarithm; the suggestion lies where the loss fell, below where it exploded."""
    points = list(range_test(dataset, configure(optimizer="sgd"), low=1e-5, high=1000.0, n_steps=80))
    ratios = [b.learning_rate / a.learning_rate for a, b in pairwise(points)]
    np.testing.assert_allclose(ratios, (1e8) ** (1 / 79))
    assert len(points) < 80
    found = suggest(points)
    assert found.learning_rate is not None
    assert 1e-3 < found.learning_rate <= found.lowest < points[-1].learning_rate


def test_it_ends_where_numbers_overflow(dataset: Dataset, configure: Callable[..., RunConfig]) -> None:
    """A step that becomes non-finite is the last point, with an undefined loss, and does not affect the suggestion."""
    far = replace(dataset, x_train=dataset.x_train * 1e30)
    points = list(range_test(far, configure(optimizer="sgd"), low=1e-6, high=1000.0, n_steps=50))
    assert len(points) < 50
    assert np.isnan([points[-1].loss, points[-1].smoothed]).all()
    assert all(np.isfinite(point.loss) for point in points[:-1])


def test_features_that_are_no_numbers_leave_nothing_to_suggest(
    dataset: Dataset, configure: Callable[..., RunConfig]
) -> None:
    """If the first step is non-finite, it is the only point, and a sentence gives advice."""
    endless = replace(dataset, x_train=np.where(dataset.x_train > 3, np.inf, dataset.x_train))
    points = list(range_test(endless, configure(batch_size="full")))
    assert len(points) == 1
    with pytest.raises(ConfigError, match="scale the features"):
        suggest(points)


def test_it_gives_its_points_to_the_last_step(dataset: Dataset, configure: Callable[..., RunConfig]) -> None:
    """Where no rate of the range is too large every step is a point, the first smoothed loss the loss itself."""
    points = list(range_test(dataset, configure(optimizer="sgd"), low=1e-5, high=1e-3, n_steps=12))
    assert len(points) == 12
    assert points[0].smoothed == pytest.approx(points[0].loss)
    assert (points[0].learning_rate, points[-1].learning_rate) == pytest.approx((1e-5, 1e-3))


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    """Without a fall there is no suggestion, and without one finite loss there is an error."""
    assert suggest([RangePoint(0.1, 1.0, 1.0), RangePoint(0.2, 2.0, 2.0)]).learning_rate is None
    with pytest.raises(ConfigError, match="scale the features"):
        suggest([RangePoint(0.1, float("nan"), float("nan"))])


@pytest.mark.parametrize(("low", "high", "n"), [(0.0, 1.0, 50), (1.0, 0.1, 50), (0.1, 1.0, 5)])
def test_a_range_that_is_none_is_refused(
    dataset: Dataset, configure: Callable[..., RunConfig], low: float, high: float, n: int
) -> None:
    """The error names what a range test needs."""
    with pytest.raises(ConfigError, match="a range test needs 0 < low < high"):
        list(range_test(dataset, configure(), low=low, high=high, n_steps=n))


def test_it_smooths_and_gives_up_as_it_says(dataset: Dataset, configure: Callable[..., RunConfig]) -> None:
    """Smoothed it is 0.8 of the last and 0.2 of the new loss, without bias; at four times the lowest it ends."""
    points = list(range_test(dataset, configure(optimizer="sgd"), low=1e-4, high=1000.0, n_steps=60))
    mean, lowest = 0.0, np.inf
    for step, point in enumerate(points):
        mean = 0.8 * mean + 0.2 * point.loss
        assert point.smoothed == pytest.approx(mean / (1 - 0.8 ** (step + 1)))
        lowest = min(lowest, point.smoothed)
        if np.isfinite(point.loss):
            assert (point.smoothed > 4 * lowest) == (point is points[-1])
    assert len(points) < 60


def test_a_rate_is_suggested_although_the_loss_rose_on_the_way() -> None:
    """It is where the loss falls fastest, before its lowest point."""
    losses = [2.3, 2.2, 2.25, 1.5, 1.2, 4.0]
    points = [RangePoint(10.0**i, loss, loss) for i, loss in enumerate(losses, -5)]
    found = suggest(points)
    assert (found.learning_rate, found.lowest) == (points[2].learning_rate, points[4].learning_rate)
