"""Multi-label data set: traits of the digits of mnist-5k.

The labels depend on the digit, not on how it was written: `loop` is true of 0, 6, 8
and 9, whose printed forms enclose a white area, even if it was written open, and not of a
closed 4. A 1 has none of the labels; 5 and 7, and 6 and 8, have the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annscope.data.embedded import load_mnist_5k
from annscope.data.examples import Examples
from annscope.data.info import DatasetInfo

TRAITS: dict[str, tuple[int, ...]] = {
    "even": (0, 2, 4, 6, 8),
    "prime": (2, 3, 5, 7),
    "above 4": (5, 6, 7, 8, 9),
    "loop": (0, 6, 8, 9),
}
"""Each label, and the digits that have it."""


def load_mnist_5k_traits() -> Examples:
    """The images of `mnist-5k`, labelled with the traits of their digits."""
    digits = load_mnist_5k()
    table = np.array([[digit in having for having in TRAITS.values()] for digit in range(10)], np.int64)
    return replace(digits, y=table[digits.y], class_names=tuple(TRAITS))


MNIST_5K_TRAITS = DatasetInfo(
    name="mnist-5k-traits", label="MNIST, traits of digits",
    description="The digits of mnist-5k asked four questions: even? prime? above 4? a loop? Any number may be true.",
    n_features=784, n_classes=len(TRAITS), image_shape=(28, 28), n_examples=5000, is_multilabel=True,
    is_centred_by_mass=True, load=lambda *_: load_mnist_5k_traits(),
)  # fmt: skip
