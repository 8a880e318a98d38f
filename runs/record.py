"""The record of a run: a directory that one process writes and any number may read.

    config.json               the settings, the data set's fingerprint, versions, everything that is fixed
    probe.safetensors         the few images whose way through the network every snapshot shows
    snapshots/000012.safetensors   parameters, probe activations, histograms and confusion matrix
    metrics.jsonl             one line a snapshot or event, in order; the only thing that is appended to
    status.json               what the run is doing now
    checkpoint.safetensors    all that an exact resume needs
    control.jsonl             commands to the worker (`runs.control`)
    worker.lock, worker.log   held by the writer; what it printed, tracebacks among it
    worker.reserve            a little room, given back on a full disk so that the run can say so

A snapshot's arrays are written under a temporary name, whole, and renamed, then its line is appended:
the line is the commit. A reader believes complete lines only, so a process that is killed at any
instant, or finds the disk full, loses at most the snapshot it was writing, and resuming computes that
one again. Forcing each snapshot to the disk would cost more than it saves: what is made once is forced
when it is made, checkpoints are forced, and everything before them, so a *power cut* may lose what
came after the last checkpoint (seconds), and resuming computes that again too.

Each array has a checksum in the metadata of its file (`runs.encoding`), checked whenever it is read.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from annscope.core.errors import AnnscopeError
from annscope.runs.threads import wanted_threads

FORMAT = 1

Line = dict[str, Any]
"""One object of `metrics.jsonl`."""


class RecordError(AnnscopeError):
    """A run that is not there, or a record that cannot be read: the text says what is wrong with it."""


def recorded_threads(description: Mapping[str, Any]) -> int:
    """The number of threads that going on with a run has to use for the same bits, or a new one may use."""
    return int(description.get("threads") or description.get("blas_threads") or wanted_threads())


def snapshot_path(directory: Path, number: int) -> Path:
    return directory / "snapshots" / f"{number:06d}.safetensors"


def library_versions() -> dict[str, str]:
    """What a run's bits may depend on besides its settings and its threads.

    BLAS has kernels of its own for each kind of processor.
    """
    import numpy as np
    from threadpoolctl import threadpool_info

    try:
        annscope = version("annscope")
    except PackageNotFoundError:
        annscope = "unknown"
    blas = {
        " ".join(str(library[key]) for key in ("internal_api", "version", "architecture") if library.get(key))
        for library in threadpool_info()
        if library["user_api"] == "blas" and "numpy" in library["filepath"]
    }
    return {
        "annscope": annscope,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "blas": ", ".join(sorted(blas)) or "unknown",
    }
