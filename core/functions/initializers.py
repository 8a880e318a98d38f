"""Initialisers: how the first random weights are drawn, each from a generator that the caller seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator


def he(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Normal with standard deviation scale * sqrt(2 / n_in) (He et al. 2015, equation 10)."""
    return generator.normal(0.0, scale * np.sqrt(2 / n_in), (n_in, n_out))


def glorot(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Uniform within scale * sqrt(6 / (n_in + n_out)) of 0 (Glorot & Bengio 2010, equation 16)."""
    bound = scale * np.sqrt(6 / (n_in + n_out))
    return generator.uniform(-bound, bound, (n_in, n_out))


def lecun(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Normal with standard deviation scale / sqrt(n_in) (LeCun et al. 1998, equation 16)."""
    return generator.normal(0.0, scale / np.sqrt(n_in), (n_in, n_out))


def uniform(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Uniform in [-scale, scale)."""
    return generator.uniform(-scale, scale, (n_in, n_out))


def unit_uniform(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Uniform in [0, scale)."""
    return generator.uniform(0.0, scale, (n_in, n_out))


def normal(generator: Generator, n_in: int, n_out: int, scale: float) -> Float[ndarray, "n_in n_out"]:
    """Normal with standard deviation `scale`."""
    return generator.normal(0.0, scale, (n_in, n_out))


def legacy_normal(
    generator: np.random.RandomState, n_in: int, n_out: int, scale: float
) -> Float[ndarray, "n_in n_out"]:
    """Normal with standard deviation `scale`, as `numpy.random.randn(n_out, n_in)` drew it before NumPy 1.17."""
    return generator.standard_normal((n_out, n_in)).T * scale


@dataclass(frozen=True)
class Initializer:
    """A way to draw a weight, [n_in, n_out] in float64: `draw(generator, n_in, n_out, scale)`.

    One that `is_legacy` draws from a `RandomState` that begins at the bare seed, as its users seeded it.
    """

    name: str
    label: str
    formula: str
    draw: Callable[[Any, int, int, float], ndarray]
    is_legacy: bool = False

    def generator(self, seed: int) -> Any:
        """The generator that the weights of a network of this seed are drawn from."""
        return np.random.RandomState(seed) if self.is_legacy else np.random.default_rng([seed, 0])


INITIALIZERS: dict[str, Initializer] = {
    initializer.name: initializer
    for initializer in (
        Initializer("he", "He", "N(0, s sqrt(2 / n_in))", he),
        Initializer("glorot", "Glorot", "U(-b, b), b = s sqrt(6 / (n_in + n_out))", glorot),
        Initializer("lecun", "LeCun", "N(0, s / sqrt(n_in))", lecun),
        Initializer("uniform", "Uniform", "U(-s, s)", uniform),
        Initializer("unit_uniform", "Uniform from 0", "U(0, s)", unit_uniform),
        Initializer("normal", "Normal", "N(0, s)", normal),
        Initializer("legacy_normal", "Normal (legacy)", "s randn(n_out, n_in)^T", legacy_normal, is_legacy=True),
    )
}
"""Every initialiser by its name; s is its scale."""
