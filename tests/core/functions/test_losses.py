"""Each loss with its output function: values of the definition, gradients of the values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from annscope.core.config import RunConfig
from annscope.core.engines.kernels import loss_kernel
from annscope.core.functions.losses import LOSSES, fused_loss
from annscope.core.functions.outputs import OUTPUTS, one_hot

PAIRS = [(loss, output) for loss in LOSSES for output in OUTPUTS]


def drawn(seed: int, n: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits, examples along axis 0, and targets of which some are spread over several classes."""
    rng = np.random.default_rng(seed)
    targets = one_hot(rng.integers(0, n_classes, n), n_classes, "float64")
    spread = rng.uniform(0, 0.5, (n, 1)) * rng.integers(0, 2, (n, 1))
    return rng.normal(scale=3, size=(n, n_classes)), targets * (1 - spread) + spread / n_classes


@pytest.mark.parametrize(("name", "output"), PAIRS)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8), n_classes=st.integers(2, 6))
@settings(max_examples=12, deadline=None)
def test_the_gradient_is_the_slope_of_the_value(name: str, output: str, seed: int, n: int, n_classes: int) -> None:
    """Central differences agree in every logit, for certain and for smoothed targets; the fast form is the same."""
    loss, h = fused_loss(name, output), 1e-6
    logits, targets = drawn(seed, n, n_classes)
    slopes = np.empty_like(logits)
    for k in range(n_classes):
        step = h * (np.arange(n_classes) == k)
        slopes[:, k] = (loss.values(logits + step, targets) - loss.values(logits - step, targets)) / (2 * h)
    gradient = loss.gradient(OUTPUTS[output](logits), targets)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-8)
    kernel = loss_kernel(RunConfig().with_values({"loss": name, "output": output}))
    fast = logits.T.copy()
    kernel.output(fast)()
    kernel.gradient(fast, targets.T, 0.25)
    np.testing.assert_allclose(fast.T * 4, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "output"), PAIRS)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8), n_classes=st.integers(2, 6))
@settings(max_examples=12, deadline=None)
def test_values_are_those_of_the_definition(name: str, output: str, seed: int, n: int, n_classes: int) -> None:
    """Fused with its output function a loss equals the formula on the probabilities."""
    loss = fused_loss(name, output)
    logits, targets = drawn(seed, n, n_classes)
    p, t = OUTPUTS[output](logits), targets
    if name == "squared_error":
        expected = np.square(p - t).sum(axis=1) / 2
    elif output == "softmax":
        expected = -(t * np.log(p)).sum(axis=1)
    else:
        expected = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=1)
    np.testing.assert_allclose(loss.values(logits, targets), expected, rtol=1e-9, atol=1e-12)


def test_cross_entropy_is_that_of_scikit_learn() -> None:
    """The mean over examples is `sklearn.metrics.log_loss`."""
    rng = np.random.default_rng(0)
    logits, y = rng.normal(size=(50, 4)), np.arange(50) % 4
    loss = fused_loss("cross_entropy", "softmax")
    mine = loss.values(logits, one_hot(y, 4, "float64")).mean()
    assert mine == pytest.approx(log_loss(y, OUTPUTS["softmax"](logits)), rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "output"), PAIRS)
def test_certainty_has_a_loss_and_a_gradient(name: str, output: str, dtype: str) -> None:
    """Logits of 10,000, right or wrong, give finite numbers of the type they came in, without a warning."""
    loss = fused_loss(name, output)
    logits = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4]], dtype)
    targets = one_hot(np.array([0, 0]), 3, dtype)
    values, gradient = loss.values(logits, targets), loss.gradient(OUTPUTS[output](logits), targets)
    assert values.dtype == gradient.dtype == dtype
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    if (name, output) == ("cross_entropy", "softmax"):
        assert values.tolist() == pytest.approx([0, 2e4 + np.log(2)], rel=1e-6)


def test_one_hot_rows() -> None:
    """A 1 at the label, 0 elsewhere, in the type asked for."""
    rows = one_hot(np.array([2, 0]), 3, "float32")
    assert rows.dtype == "float32"
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_the_diagonal_is_a_quirk_of_softmax_with_squared_error_alone() -> None:
    """Everywhere else the setting changes nothing."""
    for name, output in PAIRS:
        same = fused_loss(name, output, "diagonal") == fused_loss(name, output)
        assert same == ((name, output) != ("squared_error", "softmax"))


def test_a_derivative_of_softmax_is_a_setting_of_the_squared_error_alone() -> None:
    """With cross-entropy nothing is left of it but p - t, so there is no choice to offer."""
    assert {name: loss.settings for name, loss in LOSSES.items()} == {
        "cross_entropy": (),
        "squared_error": ("softmax_derivative",),
    }
