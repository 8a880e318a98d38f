"""Output functions: what the units of an output layer stand for, from labels to targets and from logits to classes.

- softmax: one unit a class.
- sigmoid: one unit a class, each judged by itself; or one a label, where an example carries any
  number of them (in multi-label data).
- binary: one sigmoid unit for two classes. It gives the probability p of the second one; the first
  has 1 - p (Bishop 2006, section 4.3.2). Its cross-entropy is that of a softmax over the logits
  (0, z), with half the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.core.functions.activations import sigmoid


@dataclass(frozen=True)
class Output:
    """An output function; `gives` describes its values in help texts.

    If it `sums_to_one`, its units share one probability; else each has its own.
    """

    name: str
    label: str
    formula: str
    gives: str
    function: Callable[[ndarray], ndarray]
    sums_to_one: bool = False
    takes_labels: bool = False
    """Whether an example may carry any number of labels."""
    is_binary: bool = False
    """Whether one unit tells two classes apart."""

    def __call__(self, logits: Float[ndarray, "n n_outputs"]) -> Float[ndarray, "n n_outputs"]:
        """What the output units give, as a new array."""
        return self.function(logits)

    def n_units(self, n_classes: int) -> int:
        """How many units the output layer has."""
        return 1 if self.is_binary else n_classes

    def targets(self, labels: Labels, n_classes: int, dtype: str | np.dtype) -> Float[ndarray, "n n_outputs"]:
        """What each output unit should give for each example: 0 or 1."""
        if labels.ndim == 2:
            return labels.astype(dtype)
        if self.is_binary:
            return labels[:, None].astype(dtype)
        return one_hot(labels, n_classes, dtype)

    def class_probabilities(self, outputs: Float[ndarray, "n n_outputs"]) -> Float[ndarray, "n n_classes"]:
        """The probability of each class or label, from what the output units give."""
        return np.concatenate([1 - outputs, outputs], axis=1) if self.is_binary else outputs

    def predictions(self, logits: Float[ndarray, "n n_outputs"], *, is_multilabel: bool) -> Labels:
        """The class of the largest logit; with one unit for two classes the second one where p >= 0.5.

        Of multi-label data a row of 0 and 1 for each example: 1 for every label with p >= 0.5.
        """
        if is_multilabel:
            return (sigmoid(logits) >= 0.5).astype(np.int64)
        if self.is_binary:
            return (sigmoid(logits[:, 0]) >= 0.5).astype(np.int64)
        classes: ndarray = logits.argmax(axis=1)
        return classes


def softmax(logits: Float[ndarray, "... n_classes"]) -> Float[ndarray, "... n_classes"]:
    """e^z_k / sum_j e^z_j; the largest logit is subtracted first, so that nothing overflows."""
    if logits.ndim == 2 and logits.shape[1] < logits.shape[0]:
        # Many short rows: the sums run five times as fast along the long axis.
        return _softmax(np.array(logits.T, order="C"), axis=0).T
    return _softmax(logits, axis=-1)


def _softmax(logits: ndarray, axis: int) -> ndarray:
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    exponentials /= exponentials.sum(axis=axis, keepdims=True)
    return exponentials


def one_hot(labels: ndarray, n_classes: int, dtype: str | np.dtype) -> Float[ndarray, "n n_classes"]:
    """A row for each label, 1 at its class and 0 elsewhere."""
    return np.eye(n_classes, dtype=dtype)[labels]


OUTPUTS: dict[str, Output] = {
    output.name: output
    for output in (
        Output(
            "softmax", "Softmax", "e^z_k / sum_j e^z_j", "probabilities that sum to 1", softmax, sums_to_one=True
        ),
        Output(
            "sigmoid", "Sigmoid", "1 / (1 + e^-z_k)", "each class or label a probability of its own", sigmoid,
            takes_labels=True,
        ),
        Output(
            "binary", "Binary", "1 / (1 + e^-z)", "the probability of the second of two classes", sigmoid,
            is_binary=True,
        ),
    )
}  # fmt: skip
"""Every output function by its name."""
