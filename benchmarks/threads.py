"""How many cores and threads a benchmark may use: settled before any library is imported."""

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

    What is no number is left for the benchmark's own parser to complain about.
    """
    for index, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--threads":
            value = value or "".join(arguments[index + 1 : index + 2])
            return int(value) if value.isdigit() and int(value) > 0 else DEFAULT
    return DEFAULT


def pin(n_threads: int) -> None:
    """Hold this process to `n_threads` cores, and every library it will import to as many threads.

    BLAS and OpenMP (NumPy, scikit-learn, PyTorch) read their variables, XLA (JAX, Keras) reads NPROC; the
    affinity, where the system has one, holds for whoever asks neither.
    """
    os.environ.update(dict.fromkeys(BLAS_VARIABLES, str(n_threads)))
    os.environ["NPROC"] = str(n_threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["KERAS_BACKEND"] = "jax"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_threads])


def as_an_ordinary_user() -> None:
    """Give up, for this process and all that it starts, the right to raise its own priority, where root has it.

    A Chromium of root's puts some of its processes above the trainer; nobody else's can.
    """
    if sys.platform == "linux" and os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _CAP_SYS_NICE, 0, 0, 0)


_DROP_FROM_BOUNDING_SET, _CAP_SYS_NICE = 24, 23  # <linux/prctl.h>, <linux/capability.h>


def from_environment() -> int:
    """What `pin` has settled, for a library that wants to be told itself."""
    return int(os.environ.get("OMP_NUM_THREADS", str(DEFAULT)))


def machine(n_threads: int) -> dict[str, Any]:
    """What the figures depend on besides the code."""
    import numpy as np

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": n_threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
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
