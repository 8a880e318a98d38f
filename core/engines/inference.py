"""Inference: what `Network` computes, for many examples and fast.

Examples are predicted a batch at a time, so that their activations stay in the cache; batches lie in a
work queue that the workers empty. Within a batch there are as few passes over a layer's outputs as can be. Where NumPy
repeats a row beside many others, as a bias beside the sums of each example, going on from one row to the next takes as
long as adding a hundred numbers: so a bias is held for a tile of examples at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.dataset import Labels
from annscope.core.engines.kernels import ActivationKernel, activation_kernel
from annscope.core.engines.workers import SINGLE, Workers, work_queue
from annscope.core.network import Network
from annscope.core.snapshot import LayerParameters

BATCH = 2048
"""Examples that are predicted at once, at most."""
LARGEST_BATCH = 2**21
"""Numbers that the widest layer puts out for a batch, at most; but it has a tile of examples at least."""
TILE = 128
"""Examples in a tile, at most: of wide layers it has fewer, a whole part of so many."""
NUMBERS_IN_CACHE = 12_800
"""Biases of a tile, at most: so few stay in the nearest caches while the sums of a batch pass by."""
SMALL_PRODUCT = 1_000_000
"""Multiplications up to which OpenBLAS takes two matrices as they lie; for more it first puts them in another order.

So it is on processors with AVX-512, where a layer of few inputs then takes a fifth less time. On others small products
cost such a layer a twentieth, and where one product may have several threads they leave them idle.
"""
LEAST_ROWS = 64
"""Examples of which such a small product is worth a call."""
_PARTS = (TILE, TILE // 2, TILE // 4, TILE // 8, 1)


class Inference:
    """Predictions of a network as it is now: once its parameters have changed, a new one is needed.

    Workers share the examples; the bits of a prediction do not depend on how many there are.
    """

    def __init__(self, network: Network, workers: Workers = SINGLE) -> None:
        self.network = network
        self._workers = workers
        kernels = [*map(activation_kernel, network.activation_functions), None]
        self._layers = [InferenceLayer(*each) for each in zip(network.parameters, kernels, strict=True)]
        widest = max(layer.weight.shape[1] for layer in network.parameters)
        self._batch = min(BATCH, max(TILE, LARGEST_BATCH // widest))

    def activations(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """What every layer puts out; the probabilities that the output units give last."""
        return self.with_probabilities(self.outputs_and_logits(x))

    def outputs_and_logits(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """What every hidden layer puts out, and the weighted sums of the output layer last."""
        layers = self._buffers(x, len(x))

        def predict(rows: slice) -> None:
            self._write(x[rows], [layer[rows] for layer in layers])

        batches = self.batches(len(x))
        work_queue(self._workers, batches, [predict] * min(self._workers.size, len(batches)))()
        return tuple(layers)

    def with_probabilities(self, layers: tuple[Float[ndarray, "n _"], ...]) -> tuple[Float[ndarray, "n _"], ...]:
        """From `outputs_and_logits` to `activations`."""
        return (*layers[:-1], self.network.output(layers[-1]))

    def logits(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_outputs"]:
        """The weighted sums of the output layer."""
        logits = np.empty((len(x), self.network.parameters[-1].weight.shape[1]), self._dtype(x))
        self._in_batches(x, lambda rows, found: np.copyto(logits[rows], found))
        return logits

    def predict(
        self, x: Float[ndarray, "n n_features"], *, is_multilabel: bool = False
    ) -> tuple[Labels, Float[ndarray, "n n_classes"]]:
        """The predictions and the probabilities."""
        network = self.network
        probabilities = np.empty((len(x), network.n_classes), self._dtype(x))
        predictions = np.empty(probabilities.shape if is_multilabel else len(x), np.int64)

        def take(rows: slice, logits: ndarray) -> None:
            predictions[rows] = network.predictions(logits, is_multilabel=is_multilabel)
            probabilities[rows] = network.probabilities(logits)

        self._in_batches(x, take)
        return predictions, probabilities

    def predict_proba(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_classes"]:
        """The probability of each class; with a sigmoid output each stands for itself and they need not sum to 1."""
        return self.predict(x)[1]

    def _in_batches(self, x: Float[ndarray, "n n_features"], take: Callable[[slice, ndarray], None]) -> None:
        """Has the logits taken, batch by batch, while they are in the cache.

        Workers `take` in parallel, each what belongs to the rows of its batch.
        """
        batches = self.batches(len(x))
        n = max(rows.stop - rows.start for rows in batches)

        def predict(buffers: Sequence[ndarray], rows: slice) -> None:
            layers = [layer[: rows.stop - rows.start] for layer in buffers]
            self._write(x[rows], layers)
            take(rows, layers[-1])

        # All buffers are made by one thread, which gets back what it gave up before; to another one the system gives
        # new pages each time.
        n_workers = min(self._workers.size, len(batches))
        work_queue(self._workers, batches, [partial(predict, self._buffers(x, n)) for _ in range(n_workers)])()

    def batches(self, n: int) -> list[slice]:
        """The examples that are predicted at once; of none one batch that is empty.

        From three batches on the first and the last are half as long as the others: so two workers begin and end
        theirs at different times, and do not wait for each other with Python's lock between two products.
        """
        if n <= self._batch // 4:
            return [slice(0, n)]
        n_tiles, n_batches = -(-n // TILE), -(-n // self._batch)
        bounds = [n_tiles * (2 * i + 1) // (2 * n_batches) * TILE for i in range(n_batches)]
        return [slice(start, stop) for start, stop in pairwise([0, *bounds, n]) if start < stop]

    def _buffers(self, x: ndarray, n: int) -> list[ndarray]:
        """Arrays for the activations of each layer for `n` examples."""
        return [np.empty((n, layer.weight.shape[1]), self._dtype(x)) for layer in self.network.parameters]

    def _dtype(self, x: ndarray) -> np.dtype:
        return np.result_type(x, self.network.parameters[-1].weight)

    def _write(self, x: ndarray, layers: Sequence[ndarray]) -> None:
        """What each layer puts out for some examples, and the logits last, into arrays that are there."""
        for layer, out in zip(self._layers, layers, strict=True):
            layer.write(x, out)
            x = out


class InferenceLayer:
    """A layer's parameters and its activation; None where it puts out the sums themselves, as logits.

    The biases are a copy.
    """

    def __init__(self, layer: LayerParameters, activation: ActivationKernel | None) -> None:
        self._weight, self._activation = layer.weight, activation
        self._rows = _most_rows(NUMBERS_IN_CACHE // layer.weight.shape[1])
        self._rows_of_product = _most_rows(SMALL_PRODUCT // max(1, layer.weight.size))
        self._biases = None if layer.bias is None else np.broadcast_to(layer.bias, (self._rows, len(layer.bias))).copy()

    def write(self, x: Float[ndarray, "n n_in"], out: Float[ndarray, "n n_out"]) -> None:
        """What the layer puts out for these examples, into `out`, whose rows lie next to each other."""
        needs_input = self._activation is not None and self._activation.needs_input
        z = np.empty_like(out) if needs_input else out
        self._multiply(x, z)
        for sums, outputs in zip(_tiles(z, self._rows), _tiles(out, self._rows), strict=True):
            if self._biases is not None:
                sums += self._biases if sums.ndim == 3 else self._biases[0]
            if self._activation is not None:
                self._activation.function(sums, outputs)

    def _multiply(self, x: Float[ndarray, "n n_in"], z: Float[ndarray, "n n_out"]) -> None:
        rows, is_large = self._rows_of_product, len(x) * self._weight.size > SMALL_PRODUCT
        if is_large and rows >= LEAST_ROWS and x.flags.c_contiguous:
            for part, sums in zip(_tiles(x, rows), _tiles(z, rows), strict=True):
                np.matmul(part, self._weight, out=sums)
        else:
            np.matmul(x, self._weight, out=z)


def _most_rows(n: int) -> int:
    """The largest part of a tile that has at most `n` examples, but at least one."""
    return next((part for part in _PARTS if part <= n), 1)


def _tiles(a: Float[ndarray, "n width"], rows: int) -> list[ndarray]:
    """The same numbers as whole tiles of so many rows, [n_tiles, rows, width], and as the rows that are left."""
    n_tiles, n_left = divmod(len(a), rows)
    tiles = [a[: n_tiles * rows].reshape(n_tiles, rows, a.shape[1])] if n_tiles else []
    return [*tiles, a[n_tiles * rows :]] if n_left else tiles
