"""A layer that answers for many examples: as few passes over what it puts out as can be, each of them quick.

Where NumPy repeats a row beside many others, as a bias beside the sums of each example, going on from one row
to the next takes as long as adding a hundred numbers. So a bias is held for a slab of examples at once.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.functions.activations import Activation
from annscope.core.snapshot import LayerParameters

SLAB = 128
"""Examples in a slab, at most: of wide layers it has fewer, a whole part of so many."""
NUMBERS_AT_HAND = 12_800
"""Biases of a slab, at most: so few stay in the nearest caches while the sums of a block pass by."""
SMALL_PRODUCT = 1_000_000
"""Multiplications up to which OpenBLAS takes two matrices as they lie; for more it first puts them in another order.

So it is on processors with AVX-512, where a layer of few inputs then takes a fifth less time. On others small products
cost such a layer a twentieth, and where one product may have several threads they leave them idle.
"""
LEAST_ROWS = 64
"""Examples of which such a small product is worth a call."""
_PARTS = (SLAB, SLAB // 2, SLAB // 4, SLAB // 8, 1)


class AnsweringLayer:
    """A layer's parameters and its activation function; None where it puts out the sums themselves, as logits.

    The biases are a copy.
    """

    def __init__(self, layer: LayerParameters, activation: Activation | None) -> None:
        self._weight, self._activation = layer.weight, activation
        self._rows = _most_rows(NUMBERS_AT_HAND // layer.weight.shape[1])
        self._rows_of_product = _most_rows(SMALL_PRODUCT // max(1, layer.weight.size))
        self._biases = None if layer.bias is None else np.broadcast_to(layer.bias, (self._rows, len(layer.bias))).copy()

    def write(self, x: Float[ndarray, "n n_in"], out: Float[ndarray, "n n_out"]) -> None:
        """What the layer puts out for these examples, into `out`, whose rows lie next to each other."""
        needs_input = self._activation is not None and self._activation.needs_input
        z = np.empty_like(out) if needs_input else out
        self._multiply(x, z)
        for sums, outputs in zip(_slabs(z, self._rows), _slabs(out, self._rows), strict=True):
            if self._biases is not None:
                sums += self._biases if sums.ndim == 3 else self._biases[0]
            if self._activation is not None:
                self._activation.function(sums, outputs)

    def _multiply(self, x: Float[ndarray, "n n_in"], z: Float[ndarray, "n n_out"]) -> None:
        rows, is_large = self._rows_of_product, len(x) * self._weight.size > SMALL_PRODUCT
        if is_large and rows >= LEAST_ROWS and x.flags.c_contiguous:
            for part, sums in zip(_slabs(x, rows), _slabs(z, rows), strict=True):
                np.matmul(part, self._weight, out=sums)
        else:
            np.matmul(x, self._weight, out=z)


def _most_rows(n: int) -> int:
    """The largest part of a slab that has at most `n` examples, but at least one."""
    return next((part for part in _PARTS if part <= n), 1)


def _slabs(a: Float[ndarray, "n width"], rows: int) -> list[ndarray]:
    """The same numbers as whole slabs of so many rows, [n_slabs, rows, width], and as the rows that are left."""
    n_slabs, n_left = divmod(len(a), rows)
    slabs = [a[: n_slabs * rows].reshape(n_slabs, rows, a.shape[1])] if n_slabs else []
    return [*slabs, a[n_slabs * rows :]] if n_left else slabs
