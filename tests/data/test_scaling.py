"""Scalers scale by their names, fitted on training rows only."""

from __future__ import annotations

import numpy as np
import pytest

from annscope.data.examples import Examples
from annscope.data.scaling import fit_scaler


def examples(x: np.ndarray, **more: object) -> Examples:
    return Examples(x=x, y=np.zeros(len(x), dtype=np.int64), class_names=("a", "b"), **more)  # type: ignore[arg-type]


RNG = np.random.default_rng(5)
POINTS = examples(RNG.normal([5.0, -3.0, 1e6], [1.0, 20.0, 0.5], (5000, 3)))
IMAGES = examples(RNG.integers(0, 200, (50, 16), dtype=np.uint8), image_shape=(4, 4), pixel_max=255.0)
TRAIN = np.arange(0, 5000, 2)


@pytest.mark.parametrize("scaling", ["standard", "auto"])
def test_standard_gives_mean_0_and_deviation_1(scaling: str) -> None:
    """Standardised (and by default, features that are no pixels) means mean 0 and deviation 1 on the training rows."""
    x = fit_scaler(scaling, POINTS, TRAIN).apply(POINTS.x, TRAIN, "float64")
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(x.std(axis=0), 1, rtol=1e-9)


@pytest.mark.parametrize("scaling", ["standard", "unit", "auto", "none"])
@pytest.mark.parametrize("source", [POINTS, examples(POINTS.x.astype(np.uint8) % 7, image_shape=(1, 3))])
def test_scaling_learns_from_training_rows_only(scaling: str, source: Examples) -> None:
    """The other rows do not affect the scaled training rows."""
    rows = np.arange(30)
    spoiled = source.x.copy()
    spoiled[30:] = 250
    x = fit_scaler(scaling, source, rows).apply(source.x, rows, "float32")
    other = examples(spoiled, image_shape=source.image_shape)
    np.testing.assert_array_equal(x, fit_scaler(scaling, other, rows).apply(spoiled, rows, "float32"))


@pytest.mark.parametrize("scaling", ["unit", "auto"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_images_are_divided_by_white(scaling: str, dtype: str) -> None:
    """Pixels come to exactly pixel / 255 in the precision asked for, even where none is white."""
    rows = np.arange(50)
    x = fit_scaler(scaling, IMAGES, rows).apply(IMAGES.x, rows, dtype)
    np.testing.assert_array_equal(x, IMAGES.x.astype(dtype) / np.array(255, dtype=dtype))
    assert x.dtype == dtype
    assert x.flags.c_contiguous


def test_unknown_white_is_the_brightest_training_pixel() -> None:
    """A user's images of 0..16 become 0..1 too, and all-black ones stay 0."""
    digits = examples(np.array([[0.0, 4, 8, 16], [99, 0, 0, 0]]), image_shape=(2, 2))
    x = fit_scaler("unit", digits, np.array([0])).apply(digits.x, np.array([0]), "float64")
    np.testing.assert_array_equal(x, [[0, 0.25, 0.5, 1]])
    black = examples(np.zeros((2, 4)), image_shape=(2, 2))
    np.testing.assert_array_equal(fit_scaler("unit", black, np.arange(2)).apply(black.x, np.arange(2), "float64"), 0)


def test_unit_brings_other_features_to_0_and_1() -> None:
    """Least and greatest training value become 0 and 1."""
    x = fit_scaler("unit", POINTS, TRAIN).apply(POINTS.x, TRAIN, "float64")
    np.testing.assert_allclose(x.min(axis=0), 0)
    np.testing.assert_allclose(x.max(axis=0), 1)


def test_none_changes_nothing() -> None:
    """Raw pixels stay 0..255."""
    np.testing.assert_array_equal(
        fit_scaler("none", IMAGES, np.arange(3)).apply(IMAGES.x, np.arange(50), "float32"), IMAGES.x
    )


def test_div256_divides_by_256() -> None:
    """The scaling of the recipe l-layer: exact in either precision."""
    x = fit_scaler("div256", IMAGES, np.arange(3)).apply(IMAGES.x, np.arange(50), "float32")
    np.testing.assert_array_equal(x * 256, IMAGES.x)


@pytest.mark.parametrize("scaling", ["standard", "unit"])
def test_a_constant_feature_becomes_0(scaling: str) -> None:
    """No division by zero, and none by the rounding error of a mean."""
    constant = examples(np.full((1001, 2), 0.1))
    x = fit_scaler(scaling, constant, np.arange(1001)).apply(constant.x, np.arange(1001), "float64")
    np.testing.assert_allclose(x, 0, atol=1e-12)
