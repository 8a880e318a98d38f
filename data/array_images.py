"""Arrays of images in any layout, as rows of grey values: channels first or last, colour, flat rows, any range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from annscope.data.labelled import are_pixels, is_square

_CHANNELS = {1, 3, 4}
_LUMA = (0.299, 0.587, 0.114)  # ITU-R 601-2
_SMALLEST_FRACTIONS = 64  # features: 8x8; fewer fractions are more likely measured
_ROWS_AT_ONCE = 4096
_SAMPLE = 500  # examples


@dataclass(frozen=True)
class Layout:
    """How the examples of an array are images: `shape` is (height, width), or None if they are none."""

    shape: tuple[int, int] | None
    channels: int = 1
    channels_first: bool = False
    low: float = 0.0
    high: float | None = None
    """The values of black and white, where values were shifted so that black is 0; else `high` is None."""
    notes: tuple[str, ...] = ()

    def rows(self, x: Shaped[ndarray, "n *shape"]) -> Shaped[ndarray, "n n_features"]:
        """The examples as rows of features: bytes stay bytes, everything else becomes float64."""
        if self.shape is not None and self.channels > 1:
            grey = np.empty((len(x), *self.shape), np.uint8 if x.dtype == np.uint8 else np.float64)
            for start in range(0, len(x), _ROWS_AT_ONCE):
                part = x[start : start + _ROWS_AT_ONCE].astype(np.float64)
                grey[start : start + _ROWS_AT_ONCE] = _grey(np.moveaxis(part, 1, -1) if self.channels_first else part)
            x = grey
        rows = x.reshape(len(x), -1)
        if rows.dtype != np.uint8:
            rows = rows.astype(np.float64)
        return rows if self.high is None else (rows - self.low) / (self.high - self.low)


def layout_of(name: str, x: Shaped[ndarray, "n *shape"]) -> Layout:
    """How the training examples `x`, called `name`, are images."""
    shape, channels, first, notes = _axes(name, x, x.shape[1:])
    if shape is None:
        return Layout(None, notes=tuple(notes))
    low, high = 0.0, None
    least = float(x.min()) if x.size else 0.0
    if x.dtype.kind in "if" and least < 0:
        greatest = float(x.max())
        low, high = (-1.0, 1.0) if least >= -1 and greatest <= 1 else (least, greatest)
        if math.isfinite(low) and math.isfinite(high) and high > low:
            notes.append(f"The pixels of {name} lie between {least:g} and {greatest:g}: "
                         f"{low:g} became black, 0, and {high:g} white, 1.")  # fmt: skip
        else:
            low, high = 0.0, None
    return Layout(shape, channels, first, low, high, tuple(notes))


def _axes(name: str, x: ndarray, sizes: Sequence[int]) -> tuple[tuple[int, int] | None, int, bool, list[str]]:
    """(height, width), the number of channels, whether they come first, and what to say."""
    shown = "x".join(map(str, sizes))
    if len(sizes) == 2:
        return (sizes[0], sizes[1]), 1, False, []
    if len(sizes) == 3 and (sizes[2] in _CHANNELS or sizes[0] in _CHANNELS):
        first = sizes[2] not in _CHANNELS
        height, width, channels = (*sizes[1:], sizes[0]) if first else sizes
        if channels == 1:
            return (height, width), 1, first, []
        order = "channels first" if first else "channels last"
        either = ", though both are possible" if sizes[2] in _CHANNELS and sizes[0] in _CHANNELS else ""
        note = f"The images of {name} have {channels} channels ({shown}, {order}{either}): they became shades of grey."
        if channels == 4:
            note = f"{note[:-1]}, on white where they are transparent."
        return (height, width), channels, first, [note]
    if len(sizes) > 2:
        return None, 1, False, [f"Each example of {name}, {shown} values, is taken as a row of {math.prod(sizes)}."]
    if not sizes or not is_square(sizes[0]):
        return None, 1, False, []
    side = math.isqrt(sizes[0])
    if are_pixels(x) or _look_like_pixels(x, side):
        return (
            (side, side),
            1,
            False,
            [f"The {sizes[0]} values of each example are taken as an image of {side}x{side}."],
        )
    return None, 1, False, []


def _look_like_pixels(x: ndarray, side: int) -> bool:
    """Whether fractions in squares are images: in 0..1 or -1..1, with neighbours nearer to each other than others."""
    if x.dtype.kind != "f" or side * side < _SMALLEST_FRACTIONS or x.min() < -1 or x.max() > 1:
        return False
    sample = x[:: max(1, len(x) // _SAMPLE)].astype(np.float64).reshape(-1, side, side)
    near = (np.abs(np.diff(sample, axis=1)).mean() + np.abs(np.diff(sample, axis=2)).mean()) / 2
    flat = sample.reshape(len(sample), -1)
    other = np.abs(flat - flat[:, np.random.default_rng(0).permutation(side * side)]).mean()
    return bool(near < 0.75 * other)


def _grey(x: Float[ndarray, "n height width channels"]) -> Float[ndarray, "n height width"]:
    """Shades of grey of colours; of what is transparent, on white, which is 255, or 1 for fractions."""
    grey: Float[ndarray, "n height width"] = x[..., :3] @ np.array(_LUMA)
    if x.shape[-1] == 4:
        white = 255.0 if x.max() > 1 else 1.0
        opacity = x[..., 3] / white
        grey = grey * opacity + white * (1 - opacity)
    return np.rint(grey) if x.max() > 1 else grey
