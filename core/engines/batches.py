"""Batches: the order of the examples, shuffled again in every epoch, none left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.engines.partition import even_parts
from annscope.core.engines.workers import SINGLE, Workers

Augment: TypeAlias = Callable[[ndarray, int, int], None]

BLOCK_BYTES = 400 * 1024
"""How much is gathered at once: few calls, and still warm in the cache when its last batch is used."""
MOST_SLOTS = 64
MOST_IN_PLACE = 1024
"""Batches of an epoch up to which each has a slot of its own, where none is gathered: operations are made for each."""


class Batches:
    """Batches of rows, shuffled and gathered a block at a time into buffers that are made once, or used where they lie.

    A block has one or more *slots*, each a batch; batch k of an epoch lies in slot k modulo
    `n_slots`. The last batch of an epoch is smaller where the batch size does not divide the
    number of examples, and lies in a slot of its own (`last_slot`). With one batch an epoch there
    is nothing to shuffle, and it is the examples themselves. Without shuffling a batch is some of the examples
    themselves, unless there are too many batches.

    `augments`, where there are any, change gathered features in place, each of them in the same way, one
    for each worker; they are told the epoch of the features and the place in it of the first
    of them. A single batch is then a copy, made again for each step.
    """

    def __init__(
        self,
        x: Float[ndarray, "n n_features"],
        targets: Float[ndarray, "n n_classes"],
        weights: Float[ndarray, " n"] | None,
        batch_size: int,
        *,
        seed: int,
        shuffle: bool = True,
        augments: Sequence[Augment] = (),
        workers: Workers = SINGLE,
    ) -> None:
        self.n_examples = len(x)
        self.batch_size = min(batch_size, self.n_examples)
        self.per_epoch = -(-self.n_examples // self.batch_size)
        self._seed, self._shuffle, self._augments, self._workers = seed, shuffle, augments, workers
        self._sources = [x, targets] if weights is None else [x, targets, weights]
        self._is_whole = self.per_epoch == 1
        rest = self.n_examples % self.batch_size
        self.n_slots, n_whole = 1, self.n_examples // self.batch_size
        self._in_place = not (shuffle or augments or self._is_whole) and n_whole <= MOST_IN_PLACE
        if self._is_whole:
            self._block = self._sources if not augments else [x.copy(), *self._sources[1:]]
        elif self._in_place:
            self.n_slots, self._block = n_whole, self._sources
        else:
            slots = BLOCK_BYTES // max(1, self.batch_size * x.shape[1] * x.itemsize)
            self.n_slots = int(min(MOST_SLOTS, max(1, slots), n_whole))
            rows = self.n_slots * self.batch_size
            self._block = [self._buffer(rows, source) for source in self._sources]
        self.last_slot = self.n_slots if rest and not self._is_whole else None
        if self._in_place:
            self._rest = [source[self.n_examples - rest :] for source in self._sources]
        else:
            self._rest = [self._buffer(rest, source) for source in self._sources]
        self._epoch = -1
        self._order: Int[ndarray, " n"] = np.empty(0, np.int64)
        self._gathered = -1  # the batch of the epoch that slot 0 holds

    def _buffer(self, n: int, source: ndarray) -> ndarray:
        """Room for so many examples, where every worker sees them."""
        return self._workers.zeros((n, *source.shape[1:]), source.dtype)

    @property
    def is_constant(self) -> bool:
        """Whether all steps meet the same batch, which is all the examples as they are."""
        return self._is_whole and not self._augments

    def slots(self) -> Iterator[tuple[ndarray, ndarray, ndarray | None]]:
        """The buffers of every slot, the smaller last one included: features, targets, and weights if there are any."""
        for slot in range(self.n_slots):
            rows = slice(slot * self.batch_size, (slot + 1) * self.batch_size)
            yield _three([part[rows] for part in self._block])
        if self.last_slot is not None:
            yield _three(self._rest)

    def fill(self, step: int) -> int:
        """See to it that the batch of update number `step` (from 0) lies in its slot; returns which slot."""
        if self._is_whole:
            if self._augments:
                self._epoch, self._order = step, np.arange(self.n_examples)
                self._gather(0, self._block[:1])
            return 0
        epoch, batch = divmod(step, self.per_epoch)
        if self._in_place:
            return batch
        if epoch != self._epoch:
            self._epoch, self._gathered = epoch, -1
            self._order = epoch_order(self.n_examples, self._seed, epoch, shuffle=self._shuffle)
        if self.last_slot is not None and batch == self.per_epoch - 1:
            self._gather(batch * self.batch_size, self._rest)
            return self.last_slot
        slot = batch % self.n_slots
        if self._gathered != batch - slot:
            self._gathered = batch - slot
            start = self._gathered * self.batch_size
            whole = min(self.n_slots, self.n_examples // self.batch_size - self._gathered) * self.batch_size
            self._gather(start, [part[:whole] for part in self._block])
        return slot

    def visits(self, start: int, end: int) -> Iterator[int]:
        """The slots of the batches of the updates `start` up to `end`, each filled when its turn comes."""
        step = start
        while step < end:
            slot = self.fill(step)
            batch = step % self.per_epoch
            whole = 1 if self._is_whole else self.n_examples // self.batch_size
            n = min(max(1, min(self.n_slots - slot, whole - batch)), end - step)
            yield from range(slot, slot + n)
            step += n

    def _gather(self, start: int, into: list[ndarray]) -> None:
        """Fill these with the examples of the epoch from number `start` on."""
        n = len(into[0])
        size = self._workers.size if self._augments and n >= self._workers.size else 1
        parts = [
            partial(self._gather_part, i, start + rows.start, [part[rows] for part in into])
            for i, rows in enumerate(even_parts(n, size))
        ]
        self._workers.parallel(parts)()

    def _gather_part(self, i: int, start: int, into: list[ndarray]) -> None:
        rows = self._order[start : start + len(into[0])]
        for source, part in zip(self._sources, into, strict=False):
            # mode="clip" writes straight into `out`; the rows are within bounds anyway.
            np.take(source, rows, axis=0, out=part, mode="clip")
        if self._augments:
            self._augments[i](into[0], self._epoch, start)


def _three(parts: list[ndarray]) -> tuple[ndarray, ndarray, ndarray | None]:
    return parts[0], parts[1], parts[2] if len(parts) > 2 else None


@lru_cache(maxsize=2)
def epoch_order(n_examples: int, seed: int, epoch: int, *, shuffle: bool = True) -> Int[ndarray, " n"]:
    """The order of the examples in an epoch; it depends on nothing but the seed and the epoch.

    It is read-only, and kept: steps go by it, and so do the losses of their batches.
    """
    order = np.random.default_rng([seed, 1, epoch]).permutation(n_examples) if shuffle else np.arange(n_examples)
    order.flags.writeable = False
    return order
