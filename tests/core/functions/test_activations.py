"""Each function of a neuron, and its derivative."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annscope.core.engines.kernels import activation_kernel, softmax_in_place
from annscope.core.functions.activations import ACTIVATIONS, sigmoid
from annscope.core.functions.outputs import softmax

NAMES = tuple(ACTIVATIONS)

FAR = np.array([-1e4, -100.0, -20.0, 0.0, 20.0, 100.0, 1e4])


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
@settings(max_examples=15, deadline=None)
def test_the_derivative_is_the_slope_of_the_function(name: str, seed: int, n: int) -> None:
    """Central differences agree with the derivative, away from a kink."""
    activation, h = ACTIVATIONS[name], 1e-6
    z = np.random.default_rng(seed).normal(scale=3, size=n)
    z = z[np.abs(z) > 1e-3]
    slope = activation.derivative(z, activation(z))
    expected = (activation(z + h) - activation(z - h)) / (2 * h)
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_overflows_and_bounds_hold(name: str, dtype: str) -> None:
    """However large a sum, the value is finite, without a warning, and within the stated range."""
    activation = ACTIVATIONS[name]
    z = FAR.astype(dtype)
    a = activation(z)
    slope = activation.derivative(z, a)
    assert a.dtype == slope.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()
    assert activation.lowest is None or (a >= activation.lowest).all()
    assert activation.highest is None or (a <= activation.highest).all()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name in NAMES if activation_kernel(ACTIVATIONS[name]).in_place])
def test_in_place_it_is_the_same_function(name: str, dtype: str, order: Literal["C", "F"]) -> None:
    """The way for small arrays gives the values and the slopes of the function, at its kink too."""
    activation, kernel = ACTIVATIONS[name], activation_kernel(ACTIVATIONS[name])
    z, dz = np.random.default_rng(3).normal(size=(2, 7, 9)).astype(dtype)
    z[0, :4], dz[0, 2] = [0, -0.0, np.finfo(dtype).tiny, np.inf], -0.0
    a = activation(z)
    slope = activation.derivative(z, a)
    mine, errors, scratch = np.array(z, order=order), np.array(dz, order=order), np.empty_like(z, order=order)
    forward, backward = kernel.in_place(mine, errors, scratch)
    forward()
    for operation in backward:
        operation()
    np.testing.assert_array_equal(mine, a)
    np.testing.assert_array_equal(errors, dz * slope)


@pytest.mark.parametrize("name", [name for name in NAMES if not ACTIVATIONS[name].needs_input])
def test_it_may_write_over_its_input(name: str) -> None:
    """Where the derivative needs only the output, the sums can be overwritten."""
    z = np.linspace(-3, 3, 21)
    expected = ACTIVATIONS[name](z)
    activation_kernel(ACTIVATIONS[name]).function(z, z)
    np.testing.assert_allclose(z, expected, rtol=1e-15)


GOLDEN = [
        ("relu", -2.0, 0.0), ("relu", 3.0, 3.0), ("leaky_relu", -2.0, -0.02), ("sigmoid", 0.0, 0.5),
        ("tanh", 0.5, 0.46211715726000975), ("elu", -1.0, -0.6321205588285577), ("silu", 1.0, 0.7310585786300049),
        ("gelu", 1.0, 0.8411919906082768), ("softplus", 0.0, 0.6931471805599453),
]  # fmt: skip


def test_every_activation_has_a_golden_value() -> None:
    """A new one is not only its own derivative's integral, but the function of its name."""
    assert {name for name, *_ in GOLDEN} == set(ACTIVATIONS)


@pytest.mark.parametrize(("name", "z", "value"), GOLDEN)
def test_known_values(name: str, z: float, value: float) -> None:
    """Each function has the values of its definition."""
    assert ACTIVATIONS[name](np.array([z]))[0] == pytest.approx(value, rel=1e-12)


@given(logits=st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=8), shift=st.floats(-1e4, 1e4))
@settings(max_examples=50, deadline=None)
def test_softmax_sums_to_one_whatever_is_added_to_all(logits: list[float], shift: float) -> None:
    """Probabilities sum to 1, and depend on the differences of the logits only."""
    z = np.array(logits)
    p = softmax(z)
    assert p.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(softmax(z + shift), p, atol=1e-9)


def test_sigmoid_is_symmetric() -> None:
    """s(-z) = 1 - s(z)."""
    np.testing.assert_allclose(sigmoid(-FAR), 1 - sigmoid(FAR), atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_in_place_is_softmax_without_denormal_numbers(dtype: str) -> None:
    """An overconfident network is trained with normal numbers, and other networks are not affected."""
    numbers = np.finfo(dtype)
    drawn = np.random.default_rng(0).normal(size=(10, 64))
    for scale in (1, 10, 1000):
        logits = (scale * drawn).astype(dtype)
        expected = softmax(logits.T).T
        operation = softmax_in_place(logits)
        operation()
        np.testing.assert_allclose(logits, expected, rtol=8 * numbers.eps, atol=2 * float(numbers.tiny) ** (1 / 3))
        assert logits.min() ** 2 > numbers.tiny, "its square is a normal number too"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_classes", [1, 3, 40])
@pytest.mark.parametrize("special", [0.0, 200.0, -200.0, 1e4, np.inf, -np.inf, np.nan])
def test_softmax_of_many_short_rows_is_that_of_each(special: float, n_classes: int, dtype: str) -> None:
    """Also where one row has a logit so large, or all so small, that e^z would leave the numbers."""
    logits = np.random.default_rng(0).normal(0, 5, (60, n_classes)).astype(dtype)
    logits[7, 0] = special
    logits[9] = special
    with np.errstate(invalid="ignore"):
        expected = np.array([softmax(row) for row in logits])
        found = softmax(logits)
    np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype == "float32" else 1e-14)
