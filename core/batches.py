"""The order in which a network meets its examples: every epoch shuffled anew, in batches, none left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

BLOCK_BYTES = 1 << 20
"""How much is gathered at once: few calls, and still warm in the cache when its last batch is used."""
MOST_SLOTS = 64


class Batches:
    """Batches of shuffled rows, gathered a block at a time into buffers that are made once.

    A block has one or more *slots*, each a batch; batch k of an epoch lies in slot k modulo
    `n_slots`. The last batch of an epoch is smaller where the batch size does not divide the
    number of examples, and lies in a slot of its own (`last_slot`). With one batch an epoch there
    is nothing to shuffle, and it is the examples themselves.
    """

    def __init__(
        self, x: Float[ndarray, "n n_features"], targets: Float[ndarray, "n n_classes"], batch_size: int, seed: int
    ) -> None:
        self.n_examples = len(x)
        self.batch_size = min(batch_size, self.n_examples)
        self.per_epoch = -(-self.n_examples // self.batch_size)
        self._x, self._targets, self._seed = x, targets, seed
        self._is_whole = self.per_epoch == 1
        rest = self.n_examples % self.batch_size
        self.n_slots = 1
        if self._is_whole:
            self._x_block, self._target_block = x, targets
        else:
            slots = BLOCK_BYTES // max(1, self.batch_size * x.shape[1] * x.itemsize)
            self.n_slots = int(min(MOST_SLOTS, max(1, slots), self.n_examples // self.batch_size))
            rows = self.n_slots * self.batch_size
            self._x_block = np.empty((rows, x.shape[1]), x.dtype)
            self._target_block = np.empty((rows, targets.shape[1]), targets.dtype)
        self.last_slot = self.n_slots if rest and not self._is_whole else None
        self._x_rest = np.empty((rest, x.shape[1]), x.dtype)
        self._target_rest = np.empty((rest, targets.shape[1]), targets.dtype)
        self._epoch = -1
        self._order: Int[ndarray, " n"] = np.empty(0, np.int64)
        self._gathered = -1  # the batch that slot 0 holds, counted from the start of the run

    def slots(self) -> Iterator[tuple[Float[ndarray, "batch n_features"], Float[ndarray, "batch n_classes"]]]:
        """The buffers of every slot, the smaller last one included."""
        for slot in range(self.n_slots):
            rows = slice(slot * self.batch_size, (slot + 1) * self.batch_size)
            yield self._x_block[rows], self._target_block[rows]
        if self.last_slot is not None:
            yield self._x_rest, self._target_rest

    def fill(self, step: int) -> int:
        """See to it that the batch of update number `step` (from 0) lies in its slot; returns which slot."""
        if self._is_whole:
            return 0
        epoch, batch = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._gathered = epoch, -1
            self._order = np.random.default_rng([self._seed, 1, epoch]).permutation(self.n_examples)
        if self.last_slot is not None and batch == self.per_epoch - 1:
            self._gather(self._order[batch * self.batch_size :], self._x_rest, self._target_rest)
            return self.last_slot
        slot = batch % self.n_slots
        if self._gathered != batch - slot:
            self._gathered = batch - slot
            start = self._gathered * self.batch_size
            rows = self._order[start : start + self.n_slots * self.batch_size]
            whole = len(rows) - len(rows) % self.batch_size
            self._gather(rows[:whole], self._x_block[:whole], self._target_block[:whole])
        return slot

    def _gather(self, rows: Int[ndarray, " k"], x: ndarray, targets: ndarray) -> None:
        # mode="clip" writes straight into `out`; the rows are within bounds anyway.
        np.take(self._x, rows, axis=0, out=x, mode="clip")
        np.take(self._targets, rows, axis=0, out=targets, mode="clip")
