"""Steps: what training did between a snapshot and the one before it, derived from the record and the data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from annscope.core.errors import AnnscopeError
from annscope.core.explain.one_step import most_moved, step_batch
from annscope.dashboard.queries.examples import source_of
from annscope.dashboard.queries.live_runs import LiveRun, encode_frame, or_null
from annscope.runs.encoding import tensor_bytes
from annscope.runs.record import RecordError

N_SHOWN = 24
"""How many examples of a batch are sent with their features."""


def step_to(live_run: LiveRun, number: int) -> bytes:
    """What led to a snapshot from the one before it, as one message (`live_runs.encode_frame`).

    {"first": step, "last": step, "moved": [...], "batch": {...} or None, "missing": reason or None}: after a single
    step, its batch has "indices", "labels" and the mean loss "before" and "after"; `x` are the features of the first
    `N_SHOWN` examples. After more steps than one, and where the data is not on this machine, the batch is None.

    Raises RecordError for the first snapshot, and for one that cannot be read.
    """
    reader = live_run.reader
    if number == 0:
        raise RecordError(f"No step led to snapshot 0 of run {live_run.run}.")
    lines = [reader.snapshot_line(number - 1), reader.snapshot_line(number)]
    before, after = reader.network(number - 1), reader.network(number)
    first, last = (line["step"] for line in lines)
    about: dict[str, Any] = {
        "number": number,
        "first": first,
        "last": last,
        "moved": [asdict(each) for each in most_moved(before.parameters, after.parameters)],
        "batch": None,
        "missing": None,
    }
    shown = np.empty((0, reader.layer_sizes[0]), np.float32)
    if last == first + 1:
        try:
            dataset = source_of(live_run.run).dataset
            batch = step_batch(dataset, reader.config, first, before, after)
        except AnnscopeError as error:
            about["missing"] = str(error)
        else:
            shown = batch.x[:N_SHOWN].astype(np.float32)
            about["batch"] = {
                "indices": batch.indices.tolist(),
                "labels": dataset.y_train[batch.indices].tolist(),
                "before": or_null(batch.loss_before),
                "after": or_null(batch.loss_after),
            }
    return encode_frame(about, tensor_bytes({"x": np.ascontiguousarray(shown)}))
