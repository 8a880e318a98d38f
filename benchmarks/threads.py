"""Number of cores and threads of a benchmark, fixed before any library is imported."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

from annscope.runs.threads import BLAS_VARIABLES

DEFAULT = 2


def wanted(arguments: Sequence[str]) -> int:
    """The value of `--threads N` or `--threads=N` among the arguments, the default without one.

    An invalid number is left to the benchmark's own parser to report.
    """
    for index, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--threads":
            value = value or "".join(arguments[index + 1 : index + 2])
            return int(value) if value.isdigit() and int(value) > 0 else DEFAULT
    return DEFAULT


def pin(n_threads: int) -> None:
    """Limit this process to `n_threads` cores, and every library it will import to as many threads.

    BLAS and OpenMP (NumPy, scikit-learn, PyTorch) read their variables, XLA (JAX, Keras) reads NPROC; the
    affinity, where the system supports it, limits all others.
    """
    os.environ.update(dict.fromkeys(BLAS_VARIABLES, str(n_threads)))
    os.environ["NPROC"] = str(n_threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["KERAS_BACKEND"] = "jax"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_threads])


def drop_priority_right() -> None:
    """Drop, for this process and its descendants, root's right to raise the priority.

    Chromium run by root raises the priority of some of its processes above the trainer's.
    """
    if sys.platform == "linux" and os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _CAP_SYS_NICE, 0, 0, 0)


_DROP_FROM_BOUNDING_SET, _CAP_SYS_NICE = 24, 23  # <linux/prctl.h>, <linux/capability.h>


def from_environment() -> int:
    """The number that `pin` set, for a library with its own setting."""
    return int(os.environ.get("OMP_NUM_THREADS", str(DEFAULT)))


def machine(n_threads: int) -> dict[str, Any]:
    """The machine and versions on which the results depend."""
    from annscope.runs.record import library_versions

    versions = library_versions()
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": n_threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": f"{versions['numpy']} with {versions['blas']}",  # and its kernels, which decide most of the speed
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
