"""The features that are 0 in every training example, as the edge of MNIST is: training leaves their weights alone.

Their gradient is 0 at every step, so no optimizer moves them, unless a penalty or decay does, or images
are augmented. Leaving them out of the arithmetic changes no result and saves their share of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import TrainingConfig

LEAST_SAVING = 0.02
"""Share of the features below which it is not worth a second copy of the examples."""


@dataclass(frozen=True, eq=False)
class UsedFeatures:
    """Which features are used, and the way between flat vectors with the first weight of all and of the used ones."""

    columns: Int[ndarray, " n_used"]
    n_features: int
    n_units: int

    def narrow(self, wide: Float[ndarray, " n_wide"]) -> Float[ndarray, " n_narrow"]:
        """A flat vector (parameters, a gradient, a moment) without the rows of the unused features."""
        first = self.n_features * self.n_units
        rows = wide[:first].reshape(self.n_features, self.n_units)[self.columns]
        return np.concatenate([rows.ravel(), wide[first:]])

    def widen(self, narrow: Float[ndarray, " n_narrow"], wide: Float[ndarray, " n_wide"]) -> None:
        """Write what `narrow` holds into its places of `wide`; the rows of the unused features stay as they are."""
        first, n_used = self.n_features * self.n_units, len(self.columns) * self.n_units
        wide[:first].reshape(self.n_features, self.n_units)[self.columns] = narrow[:n_used].reshape(-1, self.n_units)
        wide[first:] = narrow[n_used:]


def used_features(x: Float[ndarray, "n n_features"], training: TrainingConfig, n_units: int) -> UsedFeatures | None:
    """Which features a first layer of `n_units` units can learn from; None where all, or nearly all, are to be kept."""
    if training.is_augmented or training.decays:
        return None
    columns = np.flatnonzero(x.any(axis=0))
    n_features = x.shape[1]
    if not len(columns) or n_features - len(columns) < LEAST_SAVING * n_features:
        return None
    return UsedFeatures(columns, n_features, n_units)
