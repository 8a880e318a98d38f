"""Augmentation preview: a few training images as the first epochs of a run would see them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import DataConfig, RunConfig
from annscope.core.engines.batches import epoch_order
from annscope.core.images.augmentation import Augmentation, Canvas, canvas_of
from annscope.data.datasets import find_path, load_dataset

N_IMAGES = 3
N_EPOCHS = 5


@dataclass(frozen=True, eq=False)
class Augmented:
    """`originals` are training images of several classes, `augmented` the same in the first epochs; from 0 to 1."""

    originals: Float[ndarray, "n_images height width"]
    augmented: Float[ndarray, "n_images n_epochs height width"]
    is_photo: bool


def augmented(config: RunConfig) -> Augmented:
    """Some training images as a run with this config augments them: the same pixels that it will learn from.

    Raises AnnscopeError when the data cannot be loaded or holds no images, or for settings that do not fit them.
    """
    training = config.training
    path = find_path(config.data.name)
    changed = 0 if path is None else path.stat().st_mtime_ns
    chosen, n, canvas, is_photo = _some_images(
        config.data, training.seed, training.dtype, config.network.takes_labels, changed
    )
    augment = Augmentation(training, canvas, n)
    originals = np.stack(list(chosen.values()))
    images = np.repeat(originals[:, None], N_EPOCHS, axis=1)
    is_whole = training.batch_size == "full" or int(training.batch_size) >= n
    for epoch in range(N_EPOCHS):
        order = epoch_order(n, training.seed, epoch, shuffle=training.shuffle and not is_whole)
        for i, index in enumerate(chosen):
            augment(images[i, epoch : epoch + 1], epoch, int(np.flatnonzero(order == index)[0]))
    return Augmented(_shades(originals, originals, canvas), _shades(images, originals, canvas), is_photo)


@lru_cache(maxsize=8)
def _some_images(
    data: DataConfig, seed: int, dtype: str, takes_labels: bool, changed: int
) -> tuple[dict[int, Float[ndarray, " n_features"]], int, Canvas, bool]:
    """Some training images by index, the number of all training images, the canvas that they share, and whether they
    are photographs.

    `changed`, the time when the file of the data was last changed, is part of the cache key.
    """
    del changed
    dataset = load_dataset(data, dtype=dtype, seed=seed, takes_labels=takes_labels)
    first = np.unique(dataset.y_train, axis=0, return_index=True)[1]
    chosen = first[np.linspace(0, len(first) - 1, min(N_IMAGES, len(first))).astype(int)].tolist()
    return (
        {index: dataset.x_train[index].copy() for index in chosen},
        len(dataset.y_train),
        canvas_of(dataset),
        dataset.is_photo,
    )


def _shades(
    images: Float[ndarray, "... n_features"], originals: Float[ndarray, "n_images n_features"], canvas: Canvas
) -> Float[ndarray, "... height width"]:
    """Raw pixels, scaled from 0 for the darkest pixel of the originals to 1 for the brightest."""
    raw, reference = (part * canvas.divisor + canvas.offset for part in (images, originals))
    lowest, highest = reference.min(), reference.max()
    shades: ndarray = np.clip((raw - lowest) / (highest - lowest or 1), 0, 1)
    return shades.reshape(*images.shape[:-1], *canvas.shape)
