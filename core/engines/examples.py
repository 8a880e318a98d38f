"""Training examples as engines take them: batch size, targets and weights."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import RunConfig, TrainingConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import epoch_order
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.images.augmentation import augmentation_of


def batch_size_of(dataset: Dataset, training: TrainingConfig) -> int:
    """How many examples a step takes, at most all."""
    n = len(dataset.y_train)
    return n if training.batch_size == "full" else min(n, int(training.batch_size))


def batch_of(
    dataset: Dataset, training: TrainingConfig, step: int
) -> tuple[Int[ndarray, " batch"], Float[ndarray, "batch n_features"]]:
    """The indices and the features of the examples of step number `step` (from 0), as every engine meets them."""
    n, size = len(dataset.y_train), batch_size_of(dataset, training)
    epoch, batch = divmod(step, training.steps_per_epoch(n))
    shuffle = training.shuffle and size < n  # all examples at once have no order
    indices = epoch_order(n, training.seed, epoch, shuffle=shuffle)[batch * size : (batch + 1) * size]
    x = dataset.x_train[indices].astype(training.dtype)
    augment = augmentation_of(dataset, training)
    if augment is not None:
        augment(x, epoch, batch * size)
    return indices, x


def targets_of(dataset: Dataset, config: RunConfig, dtype: np.dtype) -> Float[ndarray, "n n_outputs"]:
    """What the output of each training example should be."""
    targets = OUTPUTS[config.network.output].targets(dataset.y_train, dataset.n_classes, dtype)
    if config.training.label_smoothing:
        share = dtype.type(config.training.label_smoothing)
        n_values = 2 if dataset.is_multilabel else dataset.n_classes  # a label is there or not
        targets = targets * (1 - share) + share / n_values
    return targets


def weights_of(dataset: Dataset, training: TrainingConfig, dtype: np.dtype) -> Float[ndarray, " n"] | None:
    """How much each training example counts, or None where all count the same."""
    weights = dataset.weights_train
    if training.class_weight == "balanced":
        counts = np.bincount(dataset.y_train, minlength=dataset.n_classes)
        balance = len(dataset.y_train) / (dataset.n_classes * np.maximum(counts, 1))
        balanced = balance[dataset.y_train]
        weights = balanced if weights is None else weights * balanced
    return None if weights is None else weights.astype(dtype)


def is_weighted(dataset: Dataset, config: RunConfig) -> bool:
    """Whether some training examples may count more than others."""
    return dataset.weights_train is not None or config.training.class_weight != "none"
