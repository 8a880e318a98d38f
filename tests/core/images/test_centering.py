"""Ink becomes what a digit data set holds, wherever and however large it was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy import ndarray

from annscope.core.config import DataConfig
from annscope.core.errors import ConfigError
from annscope.core.images.centering import MNIST_BOX, as_box, as_mnist, resized
from annscope.data.datasets import load_dataset

INKS = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.floats(0, 1, width=16))


@pytest.fixture(scope="module")
def digits() -> ndarray:
    """Real MNIST images, [n, 28, 28]."""
    return load_dataset(DataConfig(name="mnist-5k")).x_test[::2].reshape(-1, 28, 28)


def test_an_mnist_digit_stays_as_it_is(digits: ndarray) -> None:
    """What MNIST holds was made this way: its images come through unchanged."""
    for digit in digits:
        np.testing.assert_allclose(as_mnist(digit), digit, atol=1e-6)


@given(ink=INKS, top=st.integers(0, 9), left=st.integers(0, 9), margin=st.integers(0, 5))
def test_where_it_was_drawn_does_not_matter(ink: ndarray, top: int, left: int, margin: int) -> None:
    """The same ink elsewhere on the paper gives the same image, to the bit."""
    moved = np.pad(ink, ((top, margin), (left, margin)))
    assert np.array_equal(as_mnist(ink), as_mnist(moved))
    assert np.array_equal(as_box(ink, 8, 8), as_box(moved, 8, 8))


@given(ink=INKS, times=st.integers(2, 5))
def test_how_large_it_was_drawn_does_not_matter(ink: ndarray, times: int) -> None:
    """The same figure several times as large gives the same image."""
    larger = np.kron(ink, np.ones((times, times)))
    np.testing.assert_allclose(as_box(larger, 8, 8), as_box(ink, 8, 8), atol=1e-9)
    np.testing.assert_allclose(resized(larger, 1 / times), ink, atol=1e-12)


@given(ink=INKS)
def test_the_figure_fills_the_box_and_stands_in_the_middle(ink: ndarray) -> None:
    """The longer side is 20 pixels, nothing is cut off, and the centre of mass is in the middle or at an edge."""
    image = as_mnist(ink)
    assert image.shape == (28, 28)
    assert image.min() >= 0
    assert image.max() <= 1 + 1e-12
    if not (ink > 0).any():
        assert not image.any()
        return
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == MNIST_BOX
    for axis, at in ((1, rows), (0, columns)):
        center = image.sum(axis=axis) @ np.arange(28) / image.sum()
        assert abs(center - 14) <= 0.5 + 1e-6 or at[0] == 0 or at[-1] == 27


@given(ink=INKS)
def test_no_ink_is_lost_or_made(ink: ndarray) -> None:
    """Scaling keeps the amount of ink: its sum goes with the area."""
    assert resized(ink, 0.37).sum() == pytest.approx(ink.sum() * 0.37**2, abs=1e-9)


def test_a_bar_fills_the_8x8_image() -> None:
    """A drawing for the 8x8 digits touches both ends of the longer side, in the middle of the other."""
    bar = np.zeros((50, 30))
    bar[10:42, 3:11] = 1
    expected = np.zeros((8, 8))
    expected[:, 3:5] = 1
    np.testing.assert_allclose(as_box(bar, 8, 8), expected, atol=1e-12)
    np.testing.assert_allclose(as_box(bar.T, 8, 8), expected.T, atol=1e-12)


def test_ink_that_is_no_number_is_refused() -> None:
    """A NaN never becomes an image."""
    with pytest.raises(ConfigError, match="ink must be finite"):
        as_mnist(np.array([[0.0, np.nan]]))
