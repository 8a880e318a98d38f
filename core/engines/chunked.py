"""Steps on batches too large for the cache: thousands of examples, up to all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.buffers import EVERY
from annscope.core.engines.partition import even_parts
from annscope.core.engines.sparsity_order import Staircase, staircase_of
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.workers import ALONE, Operation, Team, in_turn
from annscope.core.network import Parameters

LARGE_BYTES = 6 * 1024 * 1024
"""How large the inputs of a batch are that is taken in chunks."""
CHUNK_BYTES = 512 * 1024
"""How much the widest layer puts out for a chunk: it stays in the cache from the forward pass to the gradient."""
STAIRS = 10
"""In how many chunks the team goes down a staircase, at least: more leave out more zeros, but have to be added up."""
LEAST_ZEROS = 0.1
"""Share of the inputs that a staircase has to leave out to be worth more chunks and a copy of the examples."""
UNITS = 16
"""Hidden layers are widened to a multiple of this: a matrix multiplication works on so many numbers at once."""

Chunk: TypeAlias = tuple[ndarray, ndarray]
"""Features and targets of some examples; of a staircase's features the last ones, without those that are 0 in all."""


class ChunkedSteps(Strategy):
    """Forward and backward a chunk of the batch at a time, and the sum of what the chunks say.

    Each member of the team takes as many chunks, into a gradient of its own. They work on a copy of the
    network whose hidden layers are a little wider; the weights to and from its additional units are 0.
    Where all steps meet the same batch and it has many zeros, its chunks are those of a staircase, and the
    copy's features are in the order of the staircase.
    """

    @classmethod
    def suits(cls, workload: Workload) -> bool:
        """A batch is large, and each of its examples passes through the network independently of the others."""
        network, training = workload.config.network, workload.config.training
        independent = not (network.batch_norm or network.dropout or workload.is_weighted)
        size = workload.batch_size * workload.sizes[0] * np.dtype(training.dtype).itemsize
        return independent and training.delta_weights == "current" and size >= LARGE_BYTES

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        network = context.config.network
        self._batches = context.batches()
        hidden = [-(-n // UNITS) * UNITS for n in network.hidden_sizes]
        sizes = (context.x.shape[1], *hidden, context.targets.shape[1])
        # Batches that are gathered anew for each step are not where a lasting team's members would see them.
        self._team = context.team.lasting() if self._batches.is_constant else context.team
        self._wide = Parameters(network, sizes, context.parameters.flat.dtype, allocate=self._team.zeros)
        self._members = [_Member(context.config, self._wide, sizes, self._team) for _ in range(self._team.size)]
        features: Int[ndarray, " n_features"] | slice = EVERY
        stairs = staircase_of(context.x) if self._batches.is_constant else None
        if stairs is not None and stairs.widths.mean() <= (1 - LEAST_ZEROS) * context.x.shape[1]:
            features = stairs.features
            dealt = [self._stairs(stairs)]
        else:
            dealt = [self._chunks(x, targets) for x, targets, _ in self._batches.slots()]
        self._passes = [self._pass_over(chunks) for chunks in dealt]
        self._parameters = list(_pairs(self._wide, context.parameters, features))
        self._gradients = list(_pairs(self._members[0].total, context.gradient, features))

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        context = self._context
        for step in range(start, end):
            if step == end - 1:
                context.before[...] = context.parameters.flat
            for wide, parameter, rows in self._parameters:
                wide[...] = parameter[rows]
            self._passes[self._batches.fill(step)]()
            first, *others = (member.total.flat for member in self._members)
            for total in others:
                np.add(first, total, first)
            for wide, gradient, rows in self._gradients:
                gradient[rows] = wide
            self._shape_gradient()
            self._check(step)
            context.optimizer.step(rate_of(step))

    def _chunks(
        self, x: Float[ndarray, "batch n_features"], targets: Float[ndarray, "batch n_outputs"]
    ) -> list[list[Chunk]]:
        """The chunks of a batch for each member."""
        each, size = self._n_chunks(len(x)), len(self._members)
        chunks = [(x[part], targets[part]) for part in even_parts(len(x), each * size)]
        return [chunks[i * each : (i + 1) * each] for i in range(size)]

    def _stairs(self, stairs: Staircase) -> list[list[Chunk]]:
        """The chunks of all examples for each member: a staircase of its own, with as much under it as the others'.

        Each begins in another place of it: members that are in the same place are done with every
        multiplication at the same moment, and then wait for each other.
        """
        context, size = self._context, len(self._members)
        n, n_features = context.x.shape
        each = max(-(-STAIRS // size), self._n_chunks(n))
        dealt = []
        for i in range(size):
            examples, widths = stairs.examples[i::size], stairs.widths[i::size]
            chunks = []
            for part in even_parts(len(examples), min(each, len(examples)) or 1):
                rows = examples[part]
                columns = stairs.features[n_features - widths[part].max(initial=0) :]
                chunks.append((context.x[np.ix_(rows, columns)], context.targets[rows]))
            first = len(chunks) * i // size
            dealt.append(chunks[first:] + chunks[:first])
        return dealt

    def _n_chunks(self, n_examples: int) -> int:
        """In how many chunks each member takes a batch for their widest layer to stay in the cache."""
        widest: int = max(weight.shape[1] for weight in self._wide.weights) * self._wide.flat.itemsize
        return -(-n_examples * widest // (CHUNK_BYTES * len(self._members)))

    def _pass_over(self, dealt: list[list[Chunk]]) -> Operation:
        n_examples = sum(len(x) for chunks in dealt for x, _ in chunks)
        parts = [member.part(chunks, n_examples) for member, chunks in zip(self._members, dealt, strict=True)]
        return self._team.together(parts)


def _pairs(
    wide: Parameters, narrow: Parameters, features: Int[ndarray, " n_features"] | slice
) -> Iterator[tuple[ndarray, ndarray, ndarray | slice]]:
    """Each weight and bias of the copy without its additional units, that of the network, and which rows it has."""
    pairs = zip((*wide.weights, *wide.biases), (*narrow.weights, *narrow.biases), strict=True)
    for i, (theirs, mine) in enumerate(pairs):
        if theirs is not None and mine is not None:
            yield theirs[tuple(slice(n) for n in mine.shape)], mine, EVERY if i else features


class _Member:
    def __init__(self, config: RunConfig, parameters: Parameters, sizes: Sequence[int], team: Team) -> None:
        self._config, self._parameters = config, parameters
        self.total = Parameters(config.network, sizes, parameters.flat.dtype, allocate=team.zeros)
        self._gradient = Parameters(config.network, sizes, parameters.flat.dtype, allocate=ALONE.zeros)
        self._made: dict[tuple[int, int], Backpropagation] = {}

    def part(self, chunks: list[Chunk], n_examples: int) -> Operation:
        operations: list[Operation] = [partial(self.total.flat.fill, 0)]
        n_features, n_units = self._gradient.weights[0].shape
        for x, targets in chunks:
            step = self._backpropagation(len(x), n_examples)
            first = (n_features - x.shape[1]) * n_units  # the rows before are those of features that are 0
            gradient, total = self._gradient.flat[first:], self.total.flat[first:]
            operations += [*step.forward(x), *step.backward(x, targets), partial(np.add, total, gradient, total)]
        return in_turn(operations)

    def _backpropagation(self, size: int, n_examples: int) -> Backpropagation:
        key = (size, n_examples)
        if key not in self._made:
            self._made[key] = Backpropagation(
                self._config, self._parameters, self._gradient, size, n_examples=n_examples
            )
        return self._made[key]
