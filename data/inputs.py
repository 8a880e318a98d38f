"""Extra inputs for 2-D data: functions of the two coordinates, beside which they stand.

`dashboard/frontend/src/lib/model/plane.js` computes the same for a point of the decision map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.data.errors import DataError
from annscope.data.examples import Examples

Coordinate = Float[ndarray, " n"]

EXTRA: dict[str, tuple[Callable[[Coordinate, Coordinate], Coordinate], str]] = {
    "x1^2": (lambda x1, _: x1 * x1, "{0}²"),
    "x2^2": (lambda _, x2: x2 * x2, "{1}²"),
    "x1x2": (lambda x1, x2: x1 * x2, "{0}·{1}"),
    "sinx1": (lambda x1, _: np.sin(np.pi * x1), "sin π{0}"),
    "sinx2": (lambda _, x2: np.sin(np.pi * x2), "sin π{1}"),
}
"""Each of `core.config.EXTRA_INPUTS`, with its name, where those of the coordinates are filled in."""


def with_inputs(examples: Examples, names: Sequence[str], data: str) -> Examples:
    """The examples of the data set called `data` with these inputs beside their two coordinates.

    They are computed from the coordinates as they stand in the source, and scaled like them.
    Raises DataError for data that is not two-dimensional.
    """
    if not names:
        return examples
    if not is_plane(examples):
        raise DataError(f"extra inputs need data with two features, and {data} has {examples.x.shape[1]}")
    coordinates = examples.feature_names or ("x1", "x2")
    extra = tuple(EXTRA[name][1].format(*coordinates) for name in names)
    widened = examples.with_features(lambda points: _widened(points, names))
    # Numbers as they stand: nothing is left to encode.
    return replace(widened, feature_names=(*coordinates, *extra), columns=())


def is_plane(examples: Examples) -> bool:
    """Whether the examples are points of a plane: two numbers, none of them missing."""
    are_numbers = all(column.kind == "number" and not column.n_missing for column in examples.columns)
    return examples.x.shape[1] == 2 and examples.image_shape is None and are_numbers


def _widened(points: Float[ndarray, "n 2"] | ndarray, names: Sequence[str]) -> Float[ndarray, "n n_inputs"]:
    x = points.astype(np.float64)
    return np.column_stack([x, *(EXTRA[name][0](x[:, 0], x[:, 1]) for name in names)])
