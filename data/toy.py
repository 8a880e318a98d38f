"""Two-dimensional toy data sets, whose decision boundaries can be drawn.

Labels alternate (0, 1, 0, 1, ...), so that every class has the same size to within one point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.data.examples import Examples
from annscope.data.info import DatasetInfo

Points = Float[ndarray, "n 2"]
Labels = Int[ndarray, " n"]


def moons(labels: Labels, noise: float, rng: np.random.Generator) -> Points:
    """Two interleaved half circles of radius 1, each point scattered by a normal of deviation `noise`."""
    angle = np.pi * rng.random(len(labels))
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points: Points = np.where(labels[:, None] == 0, upper, lower)
    return _scattered(points, noise, rng)


def circles(labels: Labels, noise: float, rng: np.random.Generator) -> Points:
    """A circle of radius 1 around one of radius 0.5, each point scattered by a normal of deviation `noise`."""
    angle = 2 * np.pi * rng.random(len(labels))
    radius = np.where(labels == 0, 1.0, 0.5)
    return _scattered(_polar(radius, angle), noise, rng)


def spirals(labels: Labels, noise: float, rng: np.random.Generator) -> Points:
    """Three arms that wind out to radius 1 over 4 radians, each angle turned by a normal of deviation `2 * noise`.

    With the default noise these are the arms of Stanford's CS231n notes, "Neural networks case study".
    """
    radius = rng.random(len(labels))
    angle = 4 * (labels + radius) + 2 * noise * rng.standard_normal(len(labels))
    return _polar(radius, angle)


def xor(labels: Labels, noise: float, rng: np.random.Generator) -> Points:
    """The corners of the unit square, of one class where the coordinates differ; no noise is the truth table."""
    first = np.arange(len(labels)) // 2 % 2  # so that the points cycle through all four corners
    corners: Points = np.stack([first, first ^ labels], axis=1).astype(np.float64)
    return _scattered(corners, noise, rng)


def blobs(labels: Labels, noise: float, rng: np.random.Generator) -> Points:
    """Three round clouds on a circle of radius 1, of standard deviation 0.1 + `noise`."""
    return _scattered(_polar(np.ones(len(labels)), 2 * np.pi / 3 * labels), 0.1 + noise, rng)


SHAPES: dict[str, tuple[Callable[[Labels, float, np.random.Generator], Points], int]] = {
    "moons": (moons, 2),
    "circles": (circles, 2),
    "spirals": (spirals, 3),
    "xor": (xor, 2),
    "blobs": (blobs, 3),
}
"""The generator of each set's points, and its number of classes."""


def make_points(name: str, n_samples: int, noise: float, seed: int) -> Examples:
    """`n_samples` points of one of `SHAPES`; the same arguments give the same points."""
    place, n_classes = SHAPES[name]
    labels = np.arange(n_samples, dtype=np.int64) % n_classes
    return Examples(
        x=place(labels, noise, np.random.default_rng(seed)),
        y=labels,
        class_names=tuple(str(label) for label in range(n_classes)),
        feature_names=("x", "y"),
    )


def _polar(radius: Float[ndarray, " n"], angle: Float[ndarray, " n"]) -> Points:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _scattered(points: Points, deviation: float, rng: np.random.Generator) -> Points:
    scattered: Points = points + deviation * rng.standard_normal(points.shape)
    return scattered


PLANE: dict[str, Any] = {
    "hidden": (8, 8), "activation": "tanh", "initializer": "glorot", "learning-rate": 0.02, "batch-size": 32,
    "epochs": 60,
}  # fmt: skip
"""Settings with which a few hundred points of the plane are learned: small tanh layers, which bend it smoothly."""


def _info(name: str, label: str, description: str, **suited: Any) -> DatasetInfo:
    return DatasetInfo(
        name=name,
        label=label,
        description=description,
        n_features=2,
        n_classes=SHAPES[name][1],
        load=lambda config, seed, _: make_points(
            name, config.n_samples, config.noise, int(seed if config.seed == "auto" else config.seed)
        ),
        options=("split", "scaling", "samples", "noise", "data-seed", "extra-inputs"),
        suited=PLANE | suited,
    )


POINTS = (
    _info("moons", "Moons", "Two interleaved half circles."),
    _info("circles", "Circles", "A ring around a ring: not linearly separable."),
    _info(
        "spirals", "Spirals", "Three interleaved spiral arms: hard for a small network.",
        **{"hidden": (32, 16), "learning-rate": 0.01, "epochs": 150},
    ),
    _info("xor", "XOR", "Opposite corners are of the same class: not solvable by a single layer."),
    _info("blobs", "Blobs", "Three clouds that are linearly separable."),
)  # fmt: skip
"""The data sets of this module."""
