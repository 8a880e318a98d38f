"""Partition: which rows of which layers each worker computes and updates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from annscope.core.network import Parameters

LEAST_SHARE = 16_384
"""Numbers of a weight that are worth a worker of their own: handing over work takes some microseconds."""
LEAST_COLUMNS = 128
"""The columns that a weight above the first counts for at least: what its inputs cost besides, in sums, biases,
activations and derivatives, takes as long as so many."""


def even_parts(n: int, n_parts: int) -> list[slice]:
    """`n` things in a row as so many parts, as even as can be."""
    return [slice(start, stop) for start, stop in pairwise(n * i // n_parts for i in range(n_parts + 1))]


def aligned_parts(whole: slice, n_parts: int, multiple: int) -> list[slice]:
    """A slice as so many parts, as even as can be where each begins at a multiple of this from its start."""
    size = whole.stop - whole.start
    starts = [whole.start + size * i // n_parts // multiple * multiple for i in range(n_parts)]
    return [slice(start, stop) for start, stop in pairwise([*starts, whole.stop])]


def row_shares(n_rows: int, n_columns: int, n_workers: int, extra: int = 0) -> list[slice]:
    """The rows of a weight that each worker computes, even shares: the last rows for the first worker.

    So what the first worker updates lies next to what follows the weight, which nobody shares. `extra` is
    how many numbers it updates besides: its share of the rows is so much smaller.
    """
    n = max(1, min(n_workers, n_rows, n_rows * n_columns // LEAST_SHARE))
    firsts = max(1, round((n_rows - (n - 1) * extra / n_columns) / n))
    others = n_rows - firsts
    bounds = [*(others * i // max(1, n - 1) for i in range(n)), n_rows]
    return [slice(start, stop) for start, stop in pairwise(bounds)][::-1]


def layer_rows(parameters: Parameters, i: int, n_workers: int) -> list[slice]:
    """The inputs of layer `i`, which are rows of its weight, that each worker computes.

    All that is too small to be shared is the first worker's; a first layer that is shared makes up for it.
    """
    return _rows(parameters, i, n_workers, 0 if i else _n_unshared(parameters, n_workers))


def _rows(parameters: Parameters, i: int, n_workers: int, extra: int = 0) -> list[slice]:
    n_in, n_out = parameters.weights[i].shape
    return row_shares(n_in, max(n_out, LEAST_COLUMNS) if i else n_out, n_workers, extra)


def _n_unshared(parameters: Parameters, n_workers: int) -> int:
    weights = enumerate(parameters.weights)
    shared = [weight.size for i, weight in weights if len(_rows(parameters, i, n_workers)) > 1]
    return len(parameters.flat) - sum(shared)


def vector_shares(parameters: Parameters, n_workers: int) -> list[list[slice]]:
    """The parts of the flat vector that each worker updates; what is not shared is the first's."""
    workers: list[list[slice]] = [[] for _ in range(n_workers)]
    start = 0
    for i, weight in enumerate(parameters.weights):
        n_out = weight.shape[1]
        for worker, rows in zip(workers, layer_rows(parameters, i, n_workers), strict=False):
            worker.append(slice(start + rows.start * n_out, start + rows.stop * n_out))
        start += weight.size
    workers[0].append(slice(start, len(parameters.flat)))
    return [_joined(worker) for worker in workers]


def _joined(slices: Sequence[slice]) -> list[slice]:
    """The same places, with what lies next to each other as one."""
    joined: list[slice] = []
    for part in slices:
        if joined and joined[-1].stop == part.start:
            joined[-1] = slice(joined[-1].start, part.stop)
        else:
            joined.append(part)
    return joined
