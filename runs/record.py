"""Record of a run: a directory that one process writes and any number may read.

    config.json               the settings, the data set's fingerprint, versions, everything that is fixed
    probe.safetensors         the few images whose forward pass every snapshot holds
    snapshots/000012.safetensors   parameters, probe activations, histograms and confusion matrix
    metrics.jsonl             one line per snapshot or event, in order; append-only
    status.json               what the run is doing now
    checkpoint.safetensors    everything needed for an exact resume
    control.jsonl             commands to the worker (`runs.control`)
    worker.lock, worker.log   held by the writer; what it printed, tracebacks among it
    worker.reserve            reserved space, released on a full disk so that the run can report it

A snapshot's arrays are written to a temporary file that is then renamed, and then its line is appended:
the line is the commit. A reader trusts complete lines only, so a process that is killed at any
time, or finds the disk full, loses at most the snapshot it was writing, and resuming computes that
one again. Flushing each snapshot to the disk would cost more than it saves: files that are written once are
flushed then, and each checkpoint with everything before it, so a *power cut* may lose what
came after the last checkpoint (seconds), and resuming computes that again too.

Each array has a checksum in the metadata of its file (`runs.encoding`), checked whenever it is read.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from annscope.core.errors import AnnscopeError
from annscope.runs.threads import wanted_threads

FORMAT = 1

Line = dict[str, Any]
"""One object of `metrics.jsonl`."""


class RecordError(AnnscopeError):
    """A run that does not exist, or a record that cannot be read: the message is the reason."""


def recorded_threads(description: Mapping[str, Any]) -> int:
    """The number of threads that a resumed run must use to give the same bits, or that a new one may use."""
    return int(description.get("threads") or description.get("blas_threads") or wanted_threads())


def snapshot_path(directory: Path, number: int) -> Path:
    return directory / "snapshots" / f"{number:06d}.safetensors"


def library_versions() -> dict[str, str]:
    """The versions that a run's bits may depend on, besides its settings and its threads.

    The processor is among them, since BLAS has different kernels for each kind.
    """
    import numpy as np

    try:
        annscope = version("annscope")
    except PackageNotFoundError:
        annscope = "unknown"
    return {"annscope": annscope, "numpy": np.__version__, "python": platform.python_version(), "blas": _blas()}


@cache
def _blas() -> str:
    from threadpoolctl import threadpool_info

    found = {
        " ".join(str(library[key]) for key in ("internal_api", "version", "architecture") if library.get(key))
        for library in threadpool_info()
        if library["user_api"] == "blas" and "numpy" in library["filepath"]
    }
    return ", ".join(sorted(found)) or "unknown"
