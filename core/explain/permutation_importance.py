"""Permutation importance: how much worse a network is when the values of a feature are shuffled among the examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def permutation_importance(
    judge: Callable[[Float[ndarray, "n_judged n_inputs"]], Float[ndarray, " n_judged"]],
    x: Float[ndarray, "n n_inputs"],
    groups: Sequence[slice],
    orders: Int[ndarray, "n_repeats n"],
) -> tuple[float, Float[ndarray, "n_groups n_repeats"]]:
    """The mean score, and by how much it drops when a group of inputs is taken from other examples.

    `judge` scores each example, such as 1 for a right prediction; it is given the examples, in their order, one or
    several times. The inputs of a group, such as the one-hot parts of a category, are shuffled together, in each of the
    `orders` (permutations of the examples), which are the same for all groups: what
    `sklearn.inspection.permutation_importance` computes (Breiman 2001, "Random forests", section 10).
    """
    baseline = float(judge(x).mean())
    shuffled = np.tile(x, (len(orders), 1))
    drops = np.empty((len(groups), len(orders)))
    for k, group in enumerate(groups):
        shuffled[:, group] = x[orders.ravel(), group]
        drops[k] = baseline - judge(shuffled).reshape(orders.shape).mean(axis=1)
        shuffled[:, group] = np.tile(x[:, group], (len(orders), 1))
    return baseline, drops
