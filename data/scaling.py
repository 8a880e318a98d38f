"""Feature scaling, fitted on the training split alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.data.errors import DataError
from annscope.data.examples import Examples, Features

_LARGE = 1e100
_ROWS_AT_ONCE = 4096  # keeps the float64 scratch buffer small however large the data set is


@dataclass(frozen=True, eq=False)
class Scaler:
    """Linear scaler: `(x - offset) / divisor` for each feature."""

    offset: Float[ndarray, " n_features"] | float
    divisor: Float[ndarray, " n_features"] | float

    def apply(self, x: Features, rows: Int[ndarray, " n_rows"], dtype: str) -> Float[ndarray, "n_rows n_features"]:
        """The chosen rows, scaled in float64 and rounded once to `dtype`; C-contiguous.

        Raises DataError for values that are too large for `dtype`.
        """
        scaled = np.empty((len(rows), x.shape[1]), dtype=dtype)
        if x.dtype == np.uint8 and not np.any(self.offset) and np.all(scaled.dtype.type(self.divisor) == self.divisor):
            # A quotient of numbers that float32 holds exactly is rounded there as after float64 (Figueroa, 1995).
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                part = slice(start, start + _ROWS_AT_ONCE)
                np.divide(x[rows[part]], self.divisor, out=scaled[part], dtype=dtype)
            return scaled
        limit = np.finfo(scaled.dtype).max
        shifts, divides = np.any(self.offset), np.any(np.not_equal(self.divisor, 1.0))
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            block = x[rows[start : start + _ROWS_AT_ONCE]].astype(np.float64)
            if shifts:
                block -= self.offset
            if divides:
                block /= self.divisor
            if block.size and max(block.max(), -block.min()) > limit:
                column = int(np.abs(block).max(axis=0).argmax())
                raise DataError(
                    f"feature {column + 1} has values up to {np.abs(block).max():.3g}, more than {dtype} can hold: "
                    "scale with standard or unit, or leave the column out"
                )
            scaled[start : start + _ROWS_AT_ONCE] = block
        return scaled


def fit_scaler(scaling: str, examples: Examples, rows: Int[ndarray, " n_rows"]) -> Scaler:
    """Fit the scaler that `scaling` names on the training rows.

    - "none" leaves the values as they are.
    - "unit" divides images by the value of white (the brightest of the training rows where the source
      does not define it), and scales other features to 0..1 by their training minimum and maximum.
    - "div256" divides by 256, as the recipe l-layer does.
    - "standard" gives each feature mean 0 and standard deviation 1 over the training rows.
    - "auto" is "unit" for images and "standard" for everything else.

    A feature that is constant over the training rows is shifted but not divided.
    """
    is_image = examples.image_shape is not None
    if scaling == "auto":
        scaling = "unit" if is_image else "standard"
    if scaling == "none":
        return Scaler(0.0, 1.0)
    if scaling == "div256":
        return Scaler(0.0, 256.0)
    if scaling == "unit" and examples.pixel_max is not None:
        return Scaler(0.0, examples.pixel_max)
    train = examples.x[rows]
    if scaling == "unit" and is_image:
        brightest = float(train.max())
        return Scaler(0.0, brightest if brightest > 0 else 1.0)
    least, greatest = train.min(axis=0), train.max(axis=0)
    constant = least == greatest
    if scaling == "unit":
        low = least.astype(np.float64)
        return Scaler(low, np.where(constant, 1.0, greatest - low))
    # Squares of very large or very small values are not finite or 0: they are computed in units of the largest.
    largest = np.maximum(np.abs(least.astype(np.float64)), np.abs(greatest.astype(np.float64)))
    is_ordinary = (largest < _LARGE) & (largest > 1 / _LARGE)
    units = np.where(is_ordinary | (largest == 0), 1.0, largest)
    if not is_ordinary.all() and (units != 1.0).any():
        train = train / units
    mean = train.mean(axis=0, dtype=np.float64)
    variance = np.zeros_like(mean)
    for start in range(0, len(train), _ROWS_AT_ONCE):
        variance += np.square(train[start : start + _ROWS_AT_ONCE] - mean).sum(axis=0)
    return Scaler(mean * units, np.where(constant, 1.0, np.sqrt(variance / len(train)) * units))
