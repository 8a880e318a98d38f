"""What the units of an output layer stand for: the way from labels to their targets, and from their answers to classes.

- softmax: one unit a class.
- sigmoid: one unit a class, each judged by itself; or one a label, where an example carries any
  number of them (in multi-label data).
- binary: one sigmoid unit for two classes. It gives the probability p of the second one; the first
  has 1 - p (Bishop 2006, section 4.3.2). Its cross-entropy is that of a softmax over the logits
  (0, z), with half the parameters.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Labels
from annscope.core.errors import ConfigError
from annscope.core.functions.activations import sigmoid
from annscope.core.functions.losses import one_hot


def n_outputs(output: str, n_classes: int) -> int:
    """How many units the output layer has."""
    return 1 if output == "binary" else n_classes


def check_fits(config: RunConfig, n_classes: int, data: str, *, is_multilabel: bool = False) -> None:
    """Raises ConfigError where the output, or weights of classes, make no sense for the data set called `data`."""
    output, weights = config.network.output, config.training.class_weight
    if is_multilabel and output != "sigmoid":
        raise ConfigError(
            f"{data} gives an example any number of labels: output must be 'sigmoid', one unit a label, got {output!r}"
        )
    if output == "binary" and n_classes != 2:
        raise ConfigError(
            f"output 'binary' is one unit that tells two classes apart, and {data} has {n_classes}; take softmax"
        )
    if is_multilabel and weights != "none":
        raise ConfigError(f"class_weight must be 'none' with several labels an example, got {weights!r}")


def targets_for(labels: Labels, output: str, n_classes: int, dtype: str | np.dtype) -> Float[ndarray, "n _"]:
    """What each output unit should say of each example: 0 or 1."""
    if labels.ndim == 2:
        return labels.astype(dtype)
    if output == "binary":
        return labels[:, None].astype(dtype)
    return one_hot(labels, n_classes, dtype)


def class_probabilities(answers: Float[ndarray, "n _"], output: str) -> Float[ndarray, "n n_classes"]:
    """The probability of each class or label, from what the output units say."""
    return np.concatenate([1 - answers, answers], axis=1) if output == "binary" else answers


def predicted(logits: Float[ndarray, "n _"], output: str, *, is_multilabel: bool) -> Labels:
    """The class of the largest logit; with one unit for two classes the second one where p >= 0.5.

    Of multi-label data a row of 0 and 1 for each example: 1 for every label with p >= 0.5.
    """
    if is_multilabel:
        return (sigmoid(logits) >= 0.5).astype(np.int64)
    if output == "binary":
        return (sigmoid(logits[:, 0]) >= 0.5).astype(np.int64)
    classes: ndarray = logits.argmax(axis=1)
    return classes
