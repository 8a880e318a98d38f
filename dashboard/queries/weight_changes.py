"""How the weights of a run changed: computed from the parameters of two snapshots when asked, never stored."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from annscope.core.evaluation.metrics import N_BINS, UPDATE_BINS, WEIGHT_BINS
from annscope.dashboard.queries.live_runs import LiveRun, encode_frame
from annscope.dashboard.queries.lru_cache import Cache
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.runs.record import RecordError

MAX_SNAPSHOTS = 96
"""For how many snapshots the changes are drawn at most."""
CACHED = 2048

Since = int | Literal["last"]
"""The number of a snapshot, or "last": the one before each."""


def histograms(live_run: LiveRun, since: Since, start: int = 0) -> bytes:
    """Histograms of the change of each layer's weights, of the snapshots from number `start` on, as one message.

    As `LiveRun.histograms`, of one kind, which names the bins: those of weights, or of updates where `since` is "last".
    The first snapshot, before which there is none, has no counts then. One that cannot be read is omitted.

    Raises RecordError when the snapshot to compare with cannot be read.
    """
    kept = live_run.snapshots()
    lines = {line["number"]: line for line in kept.lines if line["number"] >= start}
    base = None if since == "last" else _weights(live_run, since)
    kind = "update" if since == "last" else "weight"
    found: dict[int, ndarray] = {}
    for number in Snapshots(list(lines.values()), kept.thinned).spread(MAX_SNAPSHOTS):
        before = _before(number, kept.thinned) if since == "last" else since
        with suppress(RecordError):
            key = (live_run.run, kind, number, before)
            found[number] = _counts.get(key, partial(_count, live_run, number, before, base))
    shape = (len(found), len(live_run.reader.layer_sizes) - 1, 1, N_BINS)
    counts = np.array(list(found.values()), np.int32).reshape(shape)
    about = {
        "numbers": list(found),
        "steps": [lines[number]["step"] for number in found],
        "kinds": [kind],
        "shape": shape,
    }
    return encode_frame(about, counts.astype("<i4").tobytes())


def _count(
    live_run: LiveRun, number: int, before: int | None, base: list[ndarray] | None
) -> Int[ndarray, "n_layers 1 64"]:
    now = _weights(live_run, number)
    if before is None:
        return np.zeros((len(now), 1, N_BINS), np.int32)
    bins = UPDATE_BINS if base is None else WEIGHT_BINS
    pairs = zip(now, _weights(live_run, before) if base is None else base, strict=True)
    return np.array([[bins.count(after - earlier)] for after, earlier in pairs])


def _weights(live_run: LiveRun, number: int) -> list[ndarray]:
    """Each layer's weights at a snapshot, as predictions are made with them."""
    arrays = live_run.reader.arrays(number)
    return [arrays[f"layer{i}.weight"] for i in range(len(live_run.reader.layer_sizes) - 1)]


def _before(number: int, thinned: Collection[int]) -> int | None:
    """The last snapshot before this one that has arrays."""
    return next((each for each in range(number - 1, -1, -1) if each not in thinned), None)


_counts: Cache[tuple[str, str, int, int | None], ndarray] = Cache(CACHED)


def clear_cache() -> None:
    """Remove all cached counts."""
    _counts.clear()
