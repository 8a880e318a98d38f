"""Steps on batches too large for the cache: thousands of examples, up to all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.buffers import EVERY
from annscope.core.engines.partition import even_parts
from annscope.core.engines.sparsity_order import SparsityOrder, sparsity_order_of
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.workers import SINGLE, Operation, Workers, sequence
from annscope.core.network import Parameters

LARGE_BYTES = 6 * 1024 * 1024
"""How large the inputs of a batch are that is taken in chunks."""
CHUNK_BYTES = 512 * 1024
"""How much the widest layer puts out for a chunk: it stays in the cache from the forward pass to the gradient."""
CHUNKS = 10
"""Chunks of a sparsity-ordered batch, at least: more leave out more zeros, but have to be added up."""
LEAST_ZEROS = 0.1
"""Share of the inputs that sparsity ordering has to leave out to be worth more chunks and a copy of the examples."""
UNITS = 16
"""Hidden layers are widened to a multiple of this: a matrix multiplication works on so many numbers at once."""

Chunk: TypeAlias = tuple[ndarray, ndarray]
"""Features and targets of some examples; sparsity-ordered, without the first features, which are 0 in all of them."""


class ChunkedSteps(Strategy):
    """Forward and backward a chunk of the batch at a time, and the sum of the chunks' gradients.

    Each worker takes as many chunks, into a gradient of its own. They work on a copy of the
    network whose hidden layers are a little wider; the weights to and from its additional units are 0.
    Where all steps have the same batch and it has many zeros, it is sparsity-ordered, and so are the copy's features.
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
        # Batches that are gathered again for each step are not where persistent workers would see them.
        self._workers = context.workers.persistent() if self._batches.is_constant else context.workers
        self._wide = Parameters(network, sizes, context.parameters.flat.dtype, allocate=self._workers.zeros)
        self._is_noted = self._workers.zeros(1, np.dtype(np.int64))  # whether the loss of the step is
        self._chunk_workers = [
            _ChunkWorker(context, self._wide, sizes, self._workers, self._is_noted) for _ in range(self._workers.size)
        ]
        features: Int[ndarray, " n_features"] | slice = EVERY
        order = sparsity_order_of(context.x) if self._batches.is_constant else None
        if order is not None and order.widths.mean() <= (1 - LEAST_ZEROS) * context.x.shape[1]:
            features = order.features
            dealt = [self.ordered_chunks(order)]
        else:
            dealt = [self._chunks(x, targets) for x, targets, _ in self._batches.slots()]
        self._passes = [self._pass_over(chunks) for chunks in dealt]
        self._parameters = list(_pairs(self._wide, context.parameters, features))
        self._gradients = list(_pairs(self._chunk_workers[0].total, context.gradient, features))

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        context, losses = self.context, self.context.batch_losses
        for step in range(start, end):
            is_noted = step % losses.every == 0
            self._is_noted[0] = is_noted
            if step == end - 1:
                context.before[...] = context.parameters.flat
            for wide, parameter, rows in self._parameters:
                wide[...] = parameter[rows]
            self._passes[self._batches.fill(step)]()
            if is_noted:
                losses.put(step, sum(float(worker.loss[0]) for worker in self._chunk_workers))
            first, *others = (worker.total.flat for worker in self._chunk_workers)
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
        """The chunks of a batch for each worker."""
        each, size = self._n_chunks(len(x)), len(self._chunk_workers)
        chunks = [(x[part], targets[part]) for part in even_parts(len(x), each * size)]
        return [chunks[i * each : (i + 1) * each] for i in range(size)]

    def ordered_chunks(self, order: SparsityOrder) -> list[list[Chunk]]:
        """The chunks of all examples, sparsity-ordered, for each worker: as much work for each.

        Each begins at another place: workers at the same place are done with every multiplication at the same
        moment, and then wait for each other.
        """
        context, size = self.context, len(self._chunk_workers)
        n, n_features = context.x.shape
        each = max(-(-CHUNKS // size), self._n_chunks(n))
        dealt = []
        for i in range(size):
            examples, widths = order.examples[i::size], order.widths[i::size]
            chunks = []
            for part in even_parts(len(examples), min(each, len(examples)) or 1):
                rows = examples[part]
                columns = order.features[n_features - widths[part].max(initial=0) :]
                chunks.append((context.x[np.ix_(rows, columns)], context.targets[rows]))
            first = len(chunks) * i // size
            dealt.append(chunks[first:] + chunks[:first])
        return dealt

    def _n_chunks(self, n_examples: int) -> int:
        """In how many chunks each worker takes a batch for their widest layer to stay in the cache."""
        widest: int = max(weight.shape[1] for weight in self._wide.weights) * self._wide.flat.itemsize
        return -(-n_examples * widest // (CHUNK_BYTES * len(self._chunk_workers)))

    def _pass_over(self, dealt: list[list[Chunk]]) -> Operation:
        n_examples = sum(len(x) for chunks in dealt for x, _ in chunks)
        parts = [worker.part(chunks, n_examples) for worker, chunks in zip(self._chunk_workers, dealt, strict=True)]
        return self._workers.parallel(parts)


def _pairs(
    wide: Parameters, narrow: Parameters, features: Int[ndarray, " n_features"] | slice
) -> Iterator[tuple[ndarray, ndarray, ndarray | slice]]:
    """Each weight and bias of the copy without its additional units, that of the network, and which rows it has."""
    pairs = zip((*wide.weights, *wide.biases), (*narrow.weights, *narrow.biases), strict=True)
    for i, (theirs, mine) in enumerate(pairs):
        if theirs is not None and mine is not None:
            yield theirs[tuple(slice(n) for n in mine.shape)], mine, EVERY if i else features


class _ChunkWorker:
    """The chunks of one worker: the `total` of their gradients, and their part of the `loss` of a batch."""

    def __init__(
        self,
        context: StepContext,
        parameters: Parameters,
        sizes: Sequence[int],
        workers: Workers,
        is_noted: Int[ndarray, " 1"],
    ) -> None:
        config = context.config
        self._config, self._parameters = config, parameters
        self._losses, self._is_noted = context.batch_losses, is_noted
        self.loss: Float[ndarray, " 1"] = workers.zeros(1, np.dtype(np.float64))
        self.total = Parameters(config.network, sizes, parameters.flat.dtype, allocate=workers.zeros)
        self._gradient = Parameters(config.network, sizes, parameters.flat.dtype, allocate=SINGLE.zeros)
        self._made: dict[tuple[int, int], Backpropagation] = {}

    def part(self, chunks: list[Chunk], n_examples: int) -> Operation:
        operations: list[Operation] = [partial(self.total.flat.fill, 0), partial(self.loss.fill, 0)]
        n_features, n_units = self._gradient.weights[0].shape
        for x, targets in chunks:
            step = self._backpropagation(len(x), n_examples)
            first = (n_features - x.shape[1]) * n_units  # the rows before are those of features that are 0
            gradient, total = self._gradient.flat[first:], self.total.flat[first:]
            operations += [*step.forward(x), partial(self._note, step.logits, targets, n_examples)]
            operations += [*step.backward(x, targets), partial(np.add, total, gradient, total)]
        return sequence(operations)

    def _note(
        self, logits: Float[ndarray, "n_outputs n"], targets: Float[ndarray, "n n_outputs"], n_examples: int
    ) -> None:
        if self._is_noted[0]:
            self.loss[0] += self._losses.sum_of(logits, targets) / n_examples

    def _backpropagation(self, size: int, n_examples: int) -> Backpropagation:
        key = (size, n_examples)
        if key not in self._made:
            self._made[key] = Backpropagation(
                self._config, self._parameters, self._gradient, size, n_examples=n_examples
            )
        return self._made[key]
