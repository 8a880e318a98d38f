"""From ink on paper to the small images that digit data sets are made of.

An ink image is a float array [h, w], 0 where the paper is bare and 1 under full ink, of any size.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.errors import ConfigError

MNIST_SIDE = 28
MNIST_BOX = 20
_ROUNDING = 1e-9
"""What a product of whole numbers and a ratio may be off by before it counts as more than a whole number."""


def as_mnist(ink: Float[ndarray, "h w"], side: int = MNIST_SIDE, box: int = MNIST_BOX) -> Float[ndarray, "side side"]:
    """An ink image in the form of MNIST (LeCun et al. 1998, section III.A).

    What is inked is cut out, its longer side scaled to `box` pixels (aspect ratio kept, every pixel
    the mean of the area it covers), and laid into a square so that its centre of mass comes as near
    to the middle of pixel side / 2 (counted from 0, as in MNIST's own files) as whole pixels allow,
    and never over the edge. Without ink all is 0.
    """
    figure = _scaled(ink, box)
    height, width = figure.shape
    total = float(figure.sum())
    if total == 0:
        return np.zeros((side, side))
    row = float(figure.sum(axis=1) @ np.arange(height)) / total
    column = float(figure.sum(axis=0) @ np.arange(width)) / total
    return _laid(figure, side, side, _shift(row, height, side), _shift(column, width, side))


def as_box(ink: Float[ndarray, "h w"], height: int, width: int) -> Float[ndarray, "height width"]:
    """An ink image that fills a whole image, as in the 8x8 `digits` and most pictures.

    What is inked is cut out and scaled until it touches two opposite edges (aspect ratio kept, every
    pixel the mean of the area it covers), in the middle between the other two. Without ink all is 0.
    """
    inked = _inked(ink)
    if inked.size == 0:
        return np.zeros((height, width))
    scale = min(height / inked.shape[0], width / inked.shape[1])
    figure = resized(inked, scale)[:height, :width]
    return _laid(figure, height, width, (height - figure.shape[0]) // 2, (width - figure.shape[1]) // 2)


def resized(ink: Float[ndarray, "h w"], scale: float) -> Float[ndarray, "new_h new_w"]:
    """An image `scale` times as large, each pixel the mean of the area it covers; beyond the edge all is 0."""
    rows, columns = _area_weights(ink.shape[0], scale), _area_weights(ink.shape[1], scale)
    smaller: ndarray = rows @ ink @ columns.T
    return smaller


def _area_weights(n: int, scale: float) -> Float[ndarray, "n_new n"]:
    """What share of new pixel i, which covers i / scale to (i + 1) / scale, lies on old pixel j."""
    n_new = max(1, math.ceil(n * scale - _ROUNDING))
    left, old = np.arange(n_new)[:, None], np.arange(n)[None, :]
    overlap = np.minimum((left + 1) / scale, old + 1) - np.maximum(left / scale, old)
    weights: ndarray = np.maximum(overlap, 0) * scale
    return weights


def _inked(ink: Float[ndarray, "h w"]) -> Float[ndarray, "rows columns"]:
    """The smallest rectangle that holds every pixel above 0; empty without one."""
    if not np.isfinite(ink).all():
        raise ConfigError("ink must be finite numbers, got NaN or infinity")
    rows, columns = np.flatnonzero((ink > 0).any(axis=1)), np.flatnonzero((ink > 0).any(axis=0))
    if not len(rows):
        return np.empty((0, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)


def _scaled(ink: Float[ndarray, "h w"], box: int) -> Float[ndarray, "rows columns"]:
    inked = _inked(ink)
    return inked if inked.size == 0 else resized(inked, box / max(inked.shape))


def _shift(center: float, length: int, side: int) -> int:
    """How far in a figure begins whose centre of mass is to stand in the middle."""
    return min(max(math.floor(side / 2 - center + 0.5 - _ROUNDING), 0), side - length)


def _laid(
    figure: Float[ndarray, "rows columns"], height: int, width: int, top: int, left: int
) -> Float[ndarray, "height width"]:
    image = np.zeros((height, width))
    image[top : top + figure.shape[0], left : left + figure.shape[1]] = figure
    return image
