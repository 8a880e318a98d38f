"""Moments too small to matter become 0 now and then; those that matter are kept, over any number of steps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.engines.update_kernels import FLUSH_EVERY, UpdateKernel, update_kernel
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.network import Parameters

N_STEPS = 2 * FLUSH_EVERY + 100
SIZES = (5, 4)


def optimizer_of(name: str) -> tuple[UpdateKernel, Parameters, Parameters]:
    config = RunConfig().with_values({"hidden": (), "optimizer": name, "momentum": 0.9, "weight-decay": 0.0})
    parameters, gradient = (Parameters(config.network, SIZES, "float32") for _ in range(2))
    return update_kernel(OPTIMIZERS[name], config.training, parameters, gradient), parameters, gradient


def moments_of(name: str, gradients: ndarray) -> dict[str, ndarray]:
    """The moments by the papers' recursions for these gradients, [step, parameter], in float64 and never flushed."""
    keep, new = (
        {
            "velocity": (0.9, lambda g: g),
            "mean": (0.9, lambda g: g),
            "square": (0.99, lambda g: 0.01 * g * g) if name == "rmsprop" else (0.999, lambda g: g * g),
        },
        OPTIMIZERS[name].moments,
    )
    moments = {moment: np.zeros(gradients.shape[1]) for moment in new}
    for g in gradients:
        for moment, value in moments.items():
            share, of = keep[moment]
            moments[moment] = share * value + of(g)
    return moments


WITH_MOMENTS = [name for name, optimizer in OPTIMIZERS.items() if optimizer.moments]


@pytest.mark.parametrize("name", WITH_MOMENTS)
def test_moments_that_matter_are_kept_over_hundreds_of_steps(name: str) -> None:
    """Gradients from 1 down to 1e-12 give the moments of the recursion, across every flush."""
    optimizer, parameters, gradient = optimizer_of(name)
    sizes = np.geomspace(1, 1e-12, len(parameters.flat))
    gradients = (np.random.default_rng(0).normal(1, 0.3, (N_STEPS, len(sizes))) * sizes).astype("float32")
    for g in gradients:
        gradient.flat[...] = g
        optimizer.step(1e-3)
    for moment, expected in moments_of(name, gradients.astype("float64")).items():
        np.testing.assert_allclose(optimizer.moments[moment], expected, rtol=1e-4, err_msg=moment)


@pytest.mark.parametrize("name", WITH_MOMENTS)
def test_moments_that_fade_end_as_nothing(name: str) -> None:
    """Where the gradient stays 0 no denormal number is left to compute with."""
    optimizer, _, gradient = optimizer_of(name)
    gradient.flat[...] = 1e-15
    optimizer.step(1e-3)
    gradient.flat[...] = 0
    for _ in range(4 * FLUSH_EVERY):
        optimizer.step(1e-3)
        for moment in optimizer.moments.values():
            small = np.abs(moment[moment != 0])
            assert not (small < np.finfo("float32").tiny).any()
