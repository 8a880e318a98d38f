"""Training images as they might also have been: moved, turned, stretched, slanted and bent, again in every epoch.

The smooth random displacements are those of Simard, Steinkraus & Platt 2003, "Best practices for
convolutional neural networks applied to visual document analysis", section 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.lib.stride_tricks import sliding_window_view
from numpy.random import Generator

from annscope.core.config import AUGMENTATIONS, TrainingConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import ConfigError

N_FIELDS = 256
"""Random displacements made for an epoch; an image takes two of them, one down and one across: 65,536 pairs."""
FIELD_BYTES = 32 * 2**20
"""Of large images there are fewer."""
CHUNK_BYTES = 256 * 1024
"""So little is distorted at once that it stays in the cache."""
N_JUDGED = 1000
"""Number of images from which the background is estimated."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """What the images of a training split have in common.

    `shape` is (height, width). `lowest` and `highest` bound the features. A feature is
    (raw - `offset`) / `divisor` of a raw pixel, and `background` is the raw pixel around a figure:
    the median along the edges of the first images.
    """

    shape: tuple[int, int]
    lowest: float
    highest: float
    background: float
    offset: Float[ndarray, " n_features"] | float = 0.0
    divisor: Float[ndarray, " n_features"] | float = 1.0


def canvas_of(dataset: Dataset) -> Canvas:
    """The canvas of a data set of images. Raises ConfigError for one that has none."""
    if dataset.image_shape is None:
        wanted = " and ".join([", ".join(AUGMENTATIONS[:-1]), AUGMENTATIONS[-1]])
        raise ConfigError(f"{wanted} need a data set of images, and {dataset.name} has none: they must be 0")
    x, offset, divisor = dataset.x_train, dataset.offset, dataset.divisor
    if np.ndim(offset) == np.ndim(divisor) == 0:  # scaled by one number: features will do for pixels
        offset, divisor = 0.0, 1.0
    edge = np.ones(dataset.image_shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    raw = x[:N_JUDGED] * divisor + offset
    return Canvas(
        dataset.image_shape, float(x.min()), float(x.max()), float(np.median(raw[:, edge.ravel()])), offset, divisor
    )


@dataclass(frozen=True, eq=False)
class Distortions:
    """What becomes of each example of an epoch, in the order in which the epoch meets them.

    The pixel of the new image at p = [row, column] shows what lay at `inverse` p + `origin`, plus,
    where images are bent, the displacements down and across that the `fields` numbered `pair` have
    at p, in pixels. Images that are moved and no more are moved by `shift`, [down, right] in pixels.
    """

    shift: Int[ndarray, "n 2"]
    inverse: Float[ndarray, "n 2 2"]
    origin: Float[ndarray, "n 2"]
    pair: Int[ndarray, "n 2"]
    fields: Float[ndarray, "n_fields height width"]


class Augmentation:
    """Distorts gathered images in place; what becomes of one follows from seed, epoch and place in the epoch alone.

    An image's height and width are scaled, each by a factor between 1 - `zoom` and 1 + `zoom`; it is
    slanted by up to `shear` and turned by up to `rotate` degrees about its middle, moved by up to
    `shift` whole pixels down and across, all drawn evenly, and bent by displacements with a standard
    deviation of `elastic` pixels. Between pixels values are interpolated linearly (where images are
    only moved, nothing is), beyond the edge lies the background, and no value leaves the range that
    the training images have. Features that are each scaled on their own are distorted as the pixels
    they were.

    Raises ConfigError for images that could be moved out of sight.
    """

    def __init__(self, training: TrainingConfig, canvas: Canvas, n_examples: int) -> None:
        if training.shift >= min(canvas.shape):
            height, width = canvas.shape
            raise ConfigError(f"shift must be less than the images' side, {height}x{width}, got {training.shift}")
        self._training, self._canvas, self._n = training, canvas, n_examples
        self._bends = bool(training.rotate or training.zoom or training.shear or training.elastic)
        self._is_scaled_by_pixel = np.ndim(canvas.offset) > 0 or np.ndim(canvas.divisor) > 0
        self._dtype = np.dtype(training.dtype)
        self._offset, self._divisor = (np.asarray(part, self._dtype) for part in (canvas.offset, canvas.divisor))
        self._chunk = max(1, CHUNK_BYTES // (math.prod(canvas.shape) * self._dtype.itemsize))
        self._bend = Bend(self._chunk, canvas, self._dtype) if self._bends else None
        self._epoch = -1
        self._drawn: Distortions

    def again(self) -> Augmentation:
        """Another one that distorts in the same way: its buffers are for one thread alone."""
        return Augmentation(self._training, self._canvas, self._n)

    def __call__(self, images: Float[ndarray, "k n_features"], epoch: int, place: int) -> None:
        """Distort the examples of an epoch from number `place` (from 0) on."""
        if epoch != self._epoch:
            generator = np.random.default_rng([self._training.seed, 4, epoch])
            self._drawn = draw_distortions(self._training, self._canvas.shape, self._n, generator)
            self._epoch = epoch
        for start in range(0, len(images), self._chunk):
            self._distort(images[start : start + self._chunk], place + start)

    def _distort(self, images: Float[ndarray, "k n_features"], place: int) -> None:
        canvas, which = self._canvas, slice(place, place + len(images))
        if self._is_scaled_by_pixel:
            np.multiply(images, self._divisor, images)
            np.add(images, self._offset, images)
        pictures = images.reshape(-1, *canvas.shape)
        if self._bend is None:
            move(pictures, self._drawn.shift[which], canvas.background)
        else:
            self._bend(pictures, self._drawn, which)
        if self._is_scaled_by_pixel:
            np.subtract(images, self._offset, images)
            np.divide(images, self._divisor, images)
        np.clip(images, canvas.lowest, canvas.highest, out=images)  # which rounding may have left


def move(images: Float[ndarray, "k height width"], shift: Int[ndarray, "k 2"], background: float) -> None:
    """Move each image by whole pixels, [down, right], in place."""
    k, height, width = images.shape
    reach = int(np.abs(shift).max())
    padded = np.full((k, height + 2 * reach, width + 2 * reach), background, images.dtype)
    padded[:, reach : reach + height, reach : reach + width] = images
    top, left = reach - shift[:, 0], reach - shift[:, 1]
    images[...] = sliding_window_view(padded, (height, width), axis=(1, 2))[np.arange(k), top, left]


class Bend:
    """Takes every pixel of up to `k` images from anywhere between the pixels they had; its buffers are made once."""

    def __init__(self, k: int, canvas: Canvas, dtype: np.dtype) -> None:
        height, width = canvas.shape
        self._height, self._width = height, width
        # One pixel of background on every side: all that lies beyond is the same.
        self._padded: Float[ndarray, "k height+2 width+2"] = np.full(
            (k, height + 2, width + 2), canvas.background, dtype
        )
        self._first = (np.arange(k, dtype=np.int64) * self._padded[0].size)[:, None, None]
        self._down, self._right, self._work, self._corner, self._next = np.empty((5, k, height, width), dtype)
        self._index = np.empty((k, height, width), np.intp)

    def __call__(self, images: Float[ndarray, "k height width"], drawn: Distortions, which: slice) -> None:
        """Distort images, in place, by what was `drawn` for those numbered `which`."""
        k = len(images)
        self._padded[:k, 1:-1, 1:-1] = images
        self._look(self._down[:k], drawn, which, 0, self._height)
        self._look(self._right[:k], drawn, which, 1, self._width)
        self._interpolate(images)

    def _look(
        self, source: Float[ndarray, "k height width"], drawn: Distortions, which: slice, axis: int, size: int
    ) -> None:
        """Where each pixel comes from along one axis, counted in the padded images."""
        by_row = drawn.inverse[which, axis, 0, None] * np.arange(self._height) + (drawn.origin[which, axis, None] + 1)
        by_column = drawn.inverse[which, axis, 1, None] * np.arange(self._width)
        np.add(by_row.astype(source.dtype)[:, :, None], by_column.astype(source.dtype)[:, None, :], source)
        if len(drawn.fields):
            displacement = self._work[: len(source)]
            np.take(drawn.fields, drawn.pair[which, axis], axis=0, out=displacement, mode="clip")
            np.add(source, displacement, source)
        np.clip(source, 0, size + 1, out=source)

    def _interpolate(self, images: Float[ndarray, "k height width"]) -> None:
        k = len(images)
        down, right, work, index = self._down[:k], self._right[:k], self._work[:k], self._index[:k]
        corner, neighbor = self._corner[:k], self._next[:k]
        pixels, stride = self._padded.reshape(-1), self._width + 2
        np.floor(down, corner)
        np.subtract(down, corner, down)  # the share of the pixel below
        np.floor(right, work)
        np.subtract(right, work, right)  # and of the one to the right
        np.multiply(corner, stride, corner)
        np.add(corner, work, corner)
        np.copyto(index, corner, casting="unsafe")
        np.add(index, self._first[:k], index)
        for row, out in ((0, images), (stride, work)):
            # mode="clip" writes straight into `out`; what it clips has no share.
            np.take(pixels[row:], index, out=corner, mode="clip")
            np.take(pixels[row + 1 :], index, out=neighbor, mode="clip")
            np.subtract(neighbor, corner, neighbor)
            np.multiply(neighbor, right, neighbor)
            np.add(corner, neighbor, out)
        np.subtract(work, images, work)
        np.multiply(work, down, work)
        np.add(images, work, images)


def draw_distortions(training: TrainingConfig, shape: tuple[int, int], n: int, generator: Generator) -> Distortions:
    """What becomes of `n` images of this shape in one epoch."""

    def up_to(amount: float, *more: int) -> Float[ndarray, "n ..."]:
        return amount * (2 * generator.random((n, *more)) - 1)

    shift = generator.integers(-training.shift, training.shift, (n, 2), endpoint=True)
    size = 1 + up_to(training.zoom, 2)
    slant, angle = np.tan(np.radians(up_to(training.shear))), np.radians(up_to(training.rotate))
    # Forwards [down, right] = turn slant scale p; so p = 1 / scale slant^-1 turn^-1 [down, right].
    cos, sin = np.cos(angle), np.sin(angle)
    inverse = np.empty((n, 2, 2))
    inverse[:, 0, 0], inverse[:, 0, 1] = cos, -sin
    inverse[:, 1, 0], inverse[:, 1, 1] = sin - slant * cos, cos + slant * sin
    inverse /= size[:, :, None]
    middle = (np.array(shape) - 1) / 2
    moved = middle + shift
    origin = middle - inverse[:, :, 0] * moved[:, None, 0] - inverse[:, :, 1] * moved[:, None, 1]
    n_fields = max(2, min(N_FIELDS, FIELD_BYTES // (math.prod(shape) * 4)))
    pair = generator.integers(0, n_fields, (n, 2))
    fields = np.empty((0, *shape), np.float32)
    if training.elastic:
        fields = smooth_fields(n_fields, shape, training.elastic_smoothing, generator)
        fields *= np.float32(training.elastic)
    return Distortions(shift, inverse, origin, pair, fields.astype(training.dtype, copy=False))


def smooth_fields(
    n: int, shape: tuple[int, int], sigma: float, generator: Generator
) -> Float[ndarray, "n height width"]:
    """Random fields, as float32: even noise between -1 and 1 under a Gaussian of `sigma` pixels (Simard et al. 2003).

    They are scaled to a standard deviation of 1: their alpha = 34 with sigma = 4 is an `elastic` of 1.4.
    """
    down, right = (_gaussian(length, sigma) for length in shape)
    noise = generator.random((n, down.shape[1], right.shape[1]), dtype=np.float32)
    noise = (2 * noise - 1) * np.float32(math.sqrt(3))
    fields: ndarray = down @ noise @ right.T
    return fields


def _gaussian(length: int, sigma: float) -> Float[ndarray, "length wider"]:
    """What takes noise, which reaches beyond both ends, to `length` smooth values of the same variance."""
    reach = math.ceil(3 * sigma)
    distance = np.arange(length + 2 * reach) - reach - np.arange(length)[:, None]
    kernel = np.where(np.abs(distance) <= reach, np.exp(-0.5 * (distance / sigma) ** 2), 0.0)
    kernel /= np.sqrt(np.square(kernel).sum(axis=1, keepdims=True))
    return kernel.astype(np.float32)


def augmentation_of(dataset: Dataset, training: TrainingConfig) -> Augmentation | None:
    """What distorts the training images, or None when nothing is to be done to them.

    Raises ConfigError when the examples are no images.
    """
    if not training.is_augmented:
        return None
    return Augmentation(training, canvas_of(dataset), len(dataset.y_train))
