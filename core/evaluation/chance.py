"""What a network scores that answers without looking: every example with the shares of the classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from annscope.core.functions.losses import fused_loss
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.snapshot import Confusion


@dataclass(frozen=True)
class Chance:
    """The lowest `loss` of a constant answer, and the `accuracy` of always predicting the most frequent class.

    NaN where it is not known. With K classes of the same size the cross-entropy is ln K, the accuracy 1 / K.
    """

    loss: float
    accuracy: float


def chance(confusion: Confusion | None, loss: str, output: str) -> Chance:
    """Chance on the examples that a matrix counts, with a loss and an output function by their names.

    Which labels occur together no matrix tells: of several labels an example the accuracy is NaN.
    """
    if confusion is None or not confusion.any():
        return Chance(math.nan, math.nan)
    support = confusion.sum(axis=-1)
    shares = support / support.sum(axis=-1, keepdims=True)
    values = fused_loss(loss, output).values
    if confusion.ndim == 3:
        return Chance(_of_units(shares[:, 1], values), math.nan)
    accuracy = float(shares.max())
    if not OUTPUTS[output].sums_to_one:
        return Chance(_of_units(shares[1:] if OUTPUTS[output].is_binary else shares, values), accuracy)
    found = shares[shares > 0]
    logits = np.tile(np.log(found), (len(found), 1))
    return Chance(float(found @ values(logits, np.eye(len(found)))), accuracy)


def _of_units(shares: ndarray, values: Callable[[ndarray, ndarray], ndarray]) -> float:
    """The loss of sigmoid units that each give the share of the examples in which they should give 1."""
    p = shares[(shares > 0) & (shares < 1)]
    logits = np.log(p / (1 - p))[:, None]
    loss = p * values(logits, np.ones_like(logits)) + (1 - p) * values(logits, np.zeros_like(logits))
    return float(loss.sum())
