"""Steps on batches too large for the cache: thousands of examples, up to all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.backpropagation import Backpropagation
from core.config import RunConfig
from core.network import Parameters
from core.steps import Material, Steps
from core.team import Operation, in_turn

LARGE_BYTES = 6 * 1024 * 1024
"""How large the inputs of a batch are that is taken in chunks."""
CHUNK_BYTES = 512 * 1024
"""How much the widest layer puts out for a chunk: it stays in the cache from the forward pass to the gradient."""
UNITS = 16
"""Hidden layers are widened to a multiple of this: a matrix multiplication works on so many numbers at once."""


def can_chunk(config: RunConfig, n_features: int, batch_size: int, *, weighted: bool) -> bool:
    """Whether a batch is large, and each of its examples passes through the network without regard to the others."""
    apart = not (config.network.batch_norm or config.network.dropout or weighted)
    size = batch_size * n_features * np.dtype(config.training.dtype).itemsize
    return apart and config.training.delta_weights == "current" and size >= LARGE_BYTES


class ChunkedSteps(Steps):
    """Forward and backward a chunk of the batch at a time, and the sum of what the chunks say.

    Each member of the team takes as many chunks, into a gradient of its own. They work on a copy of the
    network whose hidden layers are a little wider; the weights to and from its additional units are 0.
    """

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        network = material.config.network
        self._batches = material.batches()
        hidden = [-(-n // UNITS) * UNITS for n in network.hidden_sizes]
        sizes = (material.x.shape[1], *hidden, material.targets.shape[1])
        self._wide, self._sum = (Parameters(network, sizes, material.parameters.flat.dtype) for _ in range(2))
        self._members = [_Member(material.config, self._wide, sizes) for _ in range(material.team.size)]
        self._passes = [material.team.together(self._parts_of(x, targets)) for x, targets, _ in self._batches.slots()]

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        material = self._material
        for step in range(start, end):
            if step == end - 1:
                material.before[...] = material.parameters.flat
            for wide, parameter in _pairs(self._wide, material.parameters):
                wide[...] = parameter
            self._passes[self._batches.fill(step)]()
            np.copyto(self._sum.flat, self._members[0].total)
            for member in self._members[1:]:
                np.add(self._sum.flat, member.total, self._sum.flat)
            for wide, gradient in _pairs(self._sum, material.gradient):
                gradient[...] = wide
            self._shape_gradient()
            self._check(step)
            material.optimizer.step(rate_of(step))

    def _parts_of(
        self, x: Float[ndarray, "batch n_features"], targets: Float[ndarray, "batch n_outputs"]
    ) -> list[Operation]:
        size = len(self._members)
        widest = max(weight.shape[1] for weight in self._wide.weights) * x.itemsize
        n = -(-len(x) * widest // (CHUNK_BYTES * size)) * size  # as many for each member
        chunks = [slice(start, stop) for start, stop in pairwise(len(x) * i // n for i in range(n + 1))]
        return [
            member.part([(x[chunk], targets[chunk]) for chunk in chunks[i * n // size : (i + 1) * n // size]], len(x))
            for i, member in enumerate(self._members)
        ]


def _pairs(wide: Parameters, narrow: Parameters) -> Iterator[tuple[ndarray, ndarray]]:
    """Each weight and bias of the wider network, without its additional units, beside that of the network itself."""
    for theirs, mine in zip((*wide.weights, *wide.biases), (*narrow.weights, *narrow.biases), strict=True):
        if theirs is not None and mine is not None:
            yield theirs[tuple(slice(n) for n in mine.shape)], mine


class _Member:
    def __init__(self, config: RunConfig, parameters: Parameters, sizes: Sequence[int]) -> None:
        self._config, self._parameters = config, parameters
        self._gradient = Parameters(config.network, sizes, parameters.flat.dtype)
        self._made: dict[tuple[int, int], Backpropagation] = {}
        self.total = np.zeros_like(parameters.flat)

    def part(self, chunks: list[tuple[ndarray, ndarray]], n_examples: int) -> Operation:
        operations: list[Operation] = []
        for i, (x, targets) in enumerate(chunks):
            step = self._backpropagation(len(x), n_examples)
            operations += [*step.forward(x), *step.backward(x, targets)]
            if i:
                operations.append(partial(np.add, self.total, self._gradient.flat, self.total))
            else:
                operations.append(partial(np.copyto, self.total, self._gradient.flat))
        return in_turn(operations)

    def _backpropagation(self, size: int, n_examples: int) -> Backpropagation:
        key = (size, n_examples)
        if key not in self._made:
            self._made[key] = Backpropagation(
                self._config, self._parameters, self._gradient, size, n_examples=n_examples
            )
        return self._made[key]
