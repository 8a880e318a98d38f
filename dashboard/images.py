"""Small pictures as data URLs, for HTML that a page writes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from annscope.dashboard.figures.style import class_color
from annscope.data.png import data_url

_GAP = 2  # pixels between two images of a strip
_SCATTER = (120, 90)
_RADIUS = 1.6


def strip(images: Sequence[UInt8[ndarray, "height width"]], n_columns: int) -> UInt8[ndarray, "height width"]:
    """Images of one size beside each other, `n_columns` in a row, with a gap of no ink between them."""
    height, width = images[0].shape
    n_rows = -(-len(images) // n_columns)
    sheet = np.zeros((n_rows * (height + _GAP) - _GAP, n_columns * (width + _GAP) - _GAP), np.uint8)
    for i, image in enumerate(images):
        top, left = (i // n_columns) * (height + _GAP), (i % n_columns) * (width + _GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def scatter_url(points: Float[ndarray, "n 2"], labels: Int[ndarray, " n"], *, dark: bool) -> str:
    """Points of the plane in the colours of their classes, as an SVG."""
    width, height = _SCATTER
    low, high = points.min(axis=0), points.max(axis=0)
    space = np.array([width, height]) - 4 * _RADIUS
    spans = np.where(high > low, high - low, 1.0)
    spans = np.full(2, (spans / space).max()) * space  # one scale for both axes
    at = ((points - (low + high) / 2) / spans * space) * [1, -1] + np.array([width, height]) / 2
    discs = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{class_color(label, dark=dark)}"/>'
        for (x, y), label in zip(at.tolist(), labels.tolist(), strict=True)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" opacity="0.85">{discs}</svg>'
    return data_url("image/svg+xml", svg.encode())
