"""Number of threads of a run: part of what makes it reproducible to the bit.

A run divides its work among its own threads, or its steps among processes (`runs.thread_workers`), so each matrix
multiplication uses one thread: BLAS threads beside them would oversubscribe the cores.
"""

from __future__ import annotations

import os

BLAS_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
VARIABLE = "ANNSCOPE_THREADS"
MAX_UNASKED = 2


def wanted_threads() -> int:
    """The number set in the environment; else two, but never the last core, which the dashboard needs."""
    for name in (VARIABLE, *BLAS_VARIABLES):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return int(value)
    return max(1, min(MAX_UNASKED, (os.cpu_count() or 1) - 1))


def environment(n_threads: int) -> dict[str, str]:
    """The environment variables for the process of a run."""
    return dict.fromkeys(BLAS_VARIABLES, "1") | {VARIABLE: str(n_threads)}


def limit_blas(n_threads: int = 1) -> None:
    """Limit each matrix multiplication of this process to the given number of threads from now on."""
    import numpy as np  # noqa: F401  (its BLAS has to be loaded to be found)
    from threadpoolctl import threadpool_limits

    threadpool_limits(n_threads, user_api="blas")


def use_threads(n_threads: int) -> None:
    """Make this process, and those it starts, compute with the given number of threads."""
    os.environ.update(environment(n_threads))
    limit_blas()
