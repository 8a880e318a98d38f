"""Steps with the bias trick, for small networks: where calling NumPy takes longer than what it computes.

The bias of a layer is the weight of an input that is always 1: one multiplication makes weighted sums with
their biases, one makes the gradient of both. The mean over the batch is part of the softmax, and a softmax
without the search for the largest logit is tried first.

Where a step is worth it, workers share the examples of its batch: each makes the gradient of its own; then each adds
up a share of these gradients, and updates the parameters that it belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import NetworkConfig
from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.kernels import least_probability, loss_kernel, softmax_in_place
from annscope.core.engines.partition import aligned_parts, even_parts
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.update_kernels import update_kernel
from annscope.core.engines.workers import CACHE_LINE, SINGLE, OneOf, Operation, SequentialWorkers, Workers, sequence
from annscope.core.network import Parameters

MOST_NUMBERS = 100_000
"""Parameters, or numbers in the widest layer of a batch, up to which one worker takes such steps."""
LEAST_WORK = 500_000
"""Parameters times examples of a batch from which on workers share it: they wait for each other twice a step."""


class BiasTrickSteps(Strategy):
    """Works on a copy of the parameters, the gradient and the optimizer, with each bias the last row of its weight.

    What it was given is brought up to date when `take` ends.
    """

    needs_persistent_workers = True

    @classmethod
    def suits(cls, workload: Workload) -> bool:
        """Each layer has biases that are treated just as its weights are, and a network is small or shared."""
        network, training, sizes = workload.config.network, workload.config.training, workload.sizes
        plain = training.delta_weights == "current" and not (training.decays or training.is_augmented)
        has_biases = network.bias and not network.batch_norm
        is_small = max(_n_parameters(sizes), workload.batch_size * max(sizes)) <= MOST_NUMBERS
        return plain and has_biases and (is_small or cls.n_shares(workload) > 1)

    @staticmethod
    def n_shares(workload: Workload) -> int:
        """How many workers share a batch: one, unless its examples pass through the network independently."""
        config = workload.config
        independent = not (config.network.dropout or workload.is_weighted or config.training.shapes_gradient)
        is_worth_it = workload.batch_size * _n_parameters(workload.sizes) >= LEAST_WORK
        return workload.n_workers if independent and is_worth_it else 1

    def __init__(self, context: StepContext) -> None:
        # The examples are held once, with their column of ones.
        self._given = replace(context, x=context.x[:0].copy(), targets=context.targets[:0], weights=None)
        config, dtype = context.config, context.parameters.flat.dtype
        sizes = (context.x.shape[1], *(weight.shape[1] for weight in context.parameters.weights))
        is_weighted = context.weights is not None
        workload = Workload(config, sizes, context.batch_size, context.workers.size, is_weighted)
        n_shares = self.n_shares(workload)
        workers = context.workers if context.workers.hands_over_quickly else SequentialWorkers(context.workers.size)
        if n_shares == 1:
            workers = SINGLE
        self._order = _order(config.network, sizes)
        is_quick = loss_kernel(config).is_softmax_cross_entropy and not is_weighted
        parameters = _with_bias_rows(config.network, sizes, dtype, workers.zeros)
        self._makers = [_GradientMaker(context, parameters, workers, is_quick=is_quick) for _ in range(n_shares)]
        gradients = [maker.gradient for maker in self._makers]
        gradient = gradients[0] if n_shares == 1 else _with_bias_rows(config.network, sizes, dtype, workers.zeros)
        x = np.ones((len(context.x), sizes[0] + 1), dtype)
        x[:, :-1] = context.x
        shares = aligned_parts(slice(0, len(gradient.flat)), n_shares, CACHE_LINE // dtype.itemsize)
        optimizer = update_kernel(
            context.optimizer.optimizer, config.training, parameters, gradient, workers, [[share] for share in shares]
        )
        super().__init__(
            replace(
                context,
                x=x,
                targets=QuickSoftmax.shares(context.targets, context.batch_size) if is_quick else context.targets,
                parameters=parameters,
                gradient=gradient,
                before=np.empty_like(parameters.flat),
                optimizer=optimizer,
                workers=workers,
            )
        )
        self._batches = self.context.batches()
        self._squares = workers.zeros(n_shares, dtype)
        self._passes = [self._pass(*slot) for slot in self._batches.slots()]
        self._sums = [list(_sum(gradient.flat[share], [each.flat[share] for each in gradients])) for share in shares]
        self._update = _side_by_side(
            workers, [[*sums, *update] for sums, update in zip(self._sums, optimizer.operations, strict=True)]
        )

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        self._enter()
        try:
            with np.errstate(all="ignore"):  # a quick softmax that overflows is computed again
                self._take(start, end, rate_of)
        finally:
            self._leave()

    def _take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        context, passes, is_finite = self.context, self._passes, math.isfinite
        optimizer, shapes_gradient = context.optimizer, self._shapes_gradient
        losses, every = context.batch_losses, context.batch_losses.every
        begin, update, has_moments = optimizer.begin, self._update, bool(optimizer.moments)
        begin_at_same_rate, rate, last = optimizer.begin_at_same_rate, math.nan, end - 1
        coming = map(passes.__getitem__, self._batches.visits(start, end))
        for step, one in zip(range(start, end), coming, strict=True):
            if step == last:
                context.before[...] = context.parameters.flat
            if step % every:
                for operation in one.both:
                    operation()
            else:
                for operation in one.forward:
                    operation()
                losses.note(step, np.concatenate(one.logits, axis=1))
                for operation in one.backward:
                    operation()
            if not is_finite(one.square()):
                for operation in one.again:
                    operation()
                for operation in chain.from_iterable(self._sums):
                    operation()
                self._check(step)
            if shapes_gradient:
                self._shape_gradient()
            now = rate_of(step)
            if has_moments or now != rate:
                begin(now)
                rate = now
            else:
                begin_at_same_rate()
            for operation in update:
                operation()

    def _pass(
        self,
        x: Float[ndarray, "batch n_inputs"],
        targets: Float[ndarray, "batch n_outputs"],
        weights: Float[ndarray, " batch"] | None,
    ) -> _Pass:
        workers, makers = self.context.workers, self._makers
        parts = [
            maker.part(x[rows], targets[rows], weights, len(x))
            for maker, rows in zip(makers, even_parts(len(x), len(makers)), strict=True)
        ]
        square: Callable[[], Any] = parts[0].square
        if len(parts) > 1:
            for i, part in enumerate(parts):
                part.backward.append(partial(part.square, self._squares[i : i + 1].reshape(())))
            square = partial(sum, self._squares.data)
        return _Pass(
            _side_by_side(workers, [part.forward for part in parts]),
            [part.logits for part in parts],
            _side_by_side(workers, [part.backward for part in parts]),
            _side_by_side(workers, [[*part.forward, *part.backward] for part in parts]),
            square,
            _side_by_side(workers, [[*part.forward, *part.careful] for part in parts if part.careful]),
        )

    def _enter(self) -> None:
        mine, given, order = self.context, self._given, self._order
        for with_rows, vector in self._pairs():
            vector.take(order, 0, with_rows, "clip")
        mine.optimizer.n_steps = given.optimizer.n_steps

    def _leave(self) -> None:
        for with_rows, vector in self._pairs():
            vector[self._order] = with_rows
        self._given.optimizer.n_steps = self.context.optimizer.n_steps

    def _pairs(self) -> Iterator[tuple[Float[ndarray, " n_parameters"], Float[ndarray, " n_parameters"]]]:
        """Each vector of the network with bias rows, beside that of the network it was given."""
        mine, given = self.context, self._given
        yield mine.parameters.flat, given.parameters.flat
        yield mine.gradient.flat, given.gradient.flat
        yield mine.before, given.before
        for name, moment in mine.optimizer.moments.items():
            yield moment, given.optimizer.moments[name]


def _n_parameters(sizes: Sequence[int]) -> int:
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))


def _side_by_side(workers: Workers, parts: Sequence[Sequence[Operation]]) -> tuple[Operation, ...]:
    """The operations of each worker as one that all take part in; those of a single worker as they are."""
    return (workers.parallel([sequence(part) for part in parts]),) if len(parts) > 1 else tuple(chain(*parts))


def _sum(total: ndarray, parts: Sequence[ndarray]) -> Iterator[Operation]:
    """Operations that add up two parts or more, nothing without any."""
    for i, part in enumerate(parts[1:]):
        yield partial(np.add, total if i else parts[0], part, total)


@dataclass(frozen=True, eq=False, slots=True)
class _Pass:
    """The operations of a step, `forward` and `backward` or `both` at once; `logits` are there after `forward`.

    Where the `square` of what they made is not finite, `again` makes it with more care.
    """

    forward: tuple[Operation, ...]
    logits: Sequence[Float[ndarray, "n_outputs _"]]
    backward: tuple[Operation, ...]
    both: tuple[Operation, ...]
    square: Callable[[], Any]
    again: tuple[Operation, ...] = ()


class _GradientMaker:
    """Makes the `gradient` of the examples that one worker has of a batch."""

    def __init__(self, context: StepContext, parameters: Parameters, workers: Workers, *, is_quick: bool) -> None:
        self._context, self._parameters, self._workers, self._is_quick = context, parameters, workers, is_quick
        # What a quick softmax sums lies in front of the gradient: so one sum of squares checks both.
        n, n_classes = len(parameters.flat), context.targets.shape[1]
        n_sums = 2 * context.batch_size * n_classes if is_quick else 0
        scratch = self._scratch = workers.zeros(n_sums + n, parameters.flat.dtype)
        sizes = (parameters.weights[0].shape[0] - 1, *(weight.shape[1] for weight in parameters.weights))
        self.gradient = _with_bias_rows(context.config.network, sizes, scratch.dtype, lambda *_: scratch[n_sums:])
        self._made: dict[tuple[int, int], tuple[Backpropagation, QuickSoftmax | None]] = {}

    def part(
        self,
        x: Float[ndarray, "n n_inputs"],
        targets: Float[ndarray, "n n_outputs"],
        weights: Float[ndarray, " n"] | None,
        n_examples: int,
    ) -> _Part:
        """Its operations for these examples of a batch of so many."""
        n_sums = 2 * targets.size if self._is_quick else 0
        watched = self._scratch[len(self._scratch) - len(self.gradient.flat) - n_sums :]
        square = partial(watched.dot, watched)
        if not len(x):
            return _Part([], targets.T, [partial(watched.fill, 0)], square, [])
        step, softmax = self._backpropagation(len(x), n_examples, watched[:n_sums])
        forward = [*step.draw(), *step.forward(x)]
        if softmax is None:
            return _Part(forward, step.logits, step.backward(x, targets, weights), square, [])
        quick, careful = (step.backward(x, targets, errors=errors) for errors in softmax.errors(targets))
        return _Part(forward, step.logits, quick, square, careful)

    def _backpropagation(
        self, n: int, n_examples: int, sums: Float[ndarray, " _"]
    ) -> tuple[Backpropagation, QuickSoftmax | None]:
        if (n, n_examples) not in self._made:
            context = self._context
            step = Backpropagation(
                context.config,
                self._parameters,
                self.gradient,
                n,
                generator=context.generator,
                workers=OneOf(self._workers),
                n_examples=n_examples,
                bias_trick=True,
            )
            softmax = None
            if self._is_quick:
                softmax = QuickSoftmax(step.logits, sums.reshape(2, -1), context.batch_size, n_examples)
            self._made[n, n_examples] = step, softmax
        return self._made[n, n_examples]


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """What one worker does in a `_Pass`."""

    forward: list[Operation]
    logits: Float[ndarray, "n_outputs n"]
    backward: list[Operation]
    square: Callable[..., Any]
    careful: list[Operation]


class QuickSoftmax:
    """Softmax with cross-entropy, in as few operations as possible: dz = p / n - t / n, with p / n = e^z / (n sum e^z).

    The logits lie by example. `n` is the size of a whole batch; a smaller one, of `n_examples`, has its errors scaled.
    They are those of all its examples, or of some. No largest logit is subtracted before e^z: that was in order, with
    no sum near 0 or near infinity, if the squares of `sums`, which are n sum e^z and the reciprocals of that, are
    finite: in float32 for largest logits between -40 and 38 or so.
    """

    def __init__(
        self, logits: Float[ndarray, "n_classes batch"], sums: Float[ndarray, "2 _"], n: int, n_examples: int
    ) -> None:
        self._logits = logits.T
        self._more = np.array(n / n_examples, logits.dtype)
        both = sums.reshape(2, *self._logits.shape)
        self._quick, self._careful = self._both(both[0], both[1], n)

    def _both(
        self, sums: Float[ndarray, "batch n_classes"], reciprocals: Float[ndarray, "batch n_classes"], n: int
    ) -> tuple[list[Operation], list[Operation]]:
        z = self._logits
        times_n = np.full((z.shape[1], z.shape[1]), n, z.dtype)  # a multiplication sums, and for each class at once
        quick: list[Operation] = [
            partial(np.exp, z, z),
            partial(z.dot, times_n, sums),
            partial(np.reciprocal, sums, reciprocals),
            partial(np.multiply, z, reciprocals, z),
        ]
        careful: list[Operation] = [softmax_in_place(z.T), partial(np.multiply, z, np.array(1 / n, z.dtype), z)]
        return quick, careful

    @staticmethod
    def shares(targets: Float[ndarray, "n n_classes"], n: int) -> Float[ndarray, "n n_classes"]:
        """What `errors` wants of the targets: t / n, less the least probability, so that it is added to every p."""
        shares: ndarray = (targets - targets.dtype.type(least_probability(targets.dtype))) / targets.dtype.type(n)
        return shares

    def errors(self, shares: Float[ndarray, "batch n_classes"]) -> tuple[list[Operation], list[Operation]]:
        """From the logits to the errors in their place: quickly, and carefully, without overflow."""
        difference: list[Operation] = [partial(np.subtract, self._logits, shares, self._logits)]
        if self._more != 1:
            difference.append(partial(np.multiply, self._logits, self._more, self._logits))
        return self._quick + difference, self._careful + difference


def _with_bias_rows(
    network: NetworkConfig,
    sizes: Sequence[int],
    dtype: str | np.dtype,
    allocate: Callable[[int, np.dtype], ndarray] = SINGLE.zeros,
) -> Parameters:
    """The parameters with each bias as the last row of its weight."""
    shapes = [(n_in + 1, n_out) for n_in, n_out in pairwise(sizes)]
    no_biases = replace(network, bias=False, constant_input=False)
    return Parameters(no_biases, sizes, dtype, allocate=allocate, shapes=shapes)


def _order(network: NetworkConfig, sizes: Sequence[int]) -> Int[ndarray, " n_parameters"]:
    """The place of each parameter of the network with bias rows in the flat vector of the network itself."""
    with_rows, plain = _with_bias_rows(network, sizes, "int64"), Parameters(network, sizes, "int64")
    plain.flat[...] = np.arange(len(plain.flat))
    for both, weight, bias in zip(with_rows.weights, plain.weights, plain.biases, strict=True):
        both[:-1], both[-1] = weight, bias
    return with_rows.flat
