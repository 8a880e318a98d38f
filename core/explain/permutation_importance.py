"""Permutation importance: how much worse a network is when the values of a feature are shuffled among the examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def permutation_importance(
    score: Callable[[Float[ndarray, "n n_inputs"]], float],
    x: Float[ndarray, "n n_inputs"],
    groups: Sequence[slice],
    orders: Int[ndarray, "n_repeats n"],
) -> tuple[float, Float[ndarray, "n_groups n_repeats"]]:
    """The score, and by how much it drops when a group of inputs is taken from other examples.

    The inputs of a group, such as the one-hot parts of a category, are shuffled together, in each of the `orders`
    (permutations of the examples), which are the same for all groups: what `sklearn.inspection.permutation_importance`
    computes (Breiman 2001, "Random forests", section 10).
    """
    baseline = score(x)
    shuffled = x.copy()
    drops = np.empty((len(groups), len(orders)))
    for k, group in enumerate(groups):
        for r, order in enumerate(orders):
            shuffled[:, group] = x[order, group]
            drops[k, r] = baseline - score(shuffled)
        shuffled[:, group] = x[:, group]
    return baseline, drops
