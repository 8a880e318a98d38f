"""How many threads a run computes with: part of what makes it repeatable to the bit.

A run shares its work among threads of its own, or for its steps among processes (`runs.thread_workers`), so each matrix
multiplication has one: two kinds of threads would wait for each other.
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
MOST_UNASKED = 2


def wanted_threads() -> int:
    """What the environment asks for; else two, but never the last core: the dashboard wants one as well."""
    for name in (VARIABLE, *BLAS_VARIABLES):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return int(value)
    return max(1, min(MOST_UNASKED, (os.cpu_count() or 1) - 1))


def environment(n_threads: int) -> dict[str, str]:
    """The environment variables that a process of a run is started with."""
    return dict.fromkeys(BLAS_VARIABLES, "1") | {VARIABLE: str(n_threads)}


def limit_blas(n_threads: int = 1) -> None:
    """Give each matrix multiplication of this process so many threads from now on."""
    import numpy as np  # noqa: F401  (its BLAS has to be loaded to be found)
    from threadpoolctl import threadpool_limits

    threadpool_limits(n_threads, user_api="blas")


def use_threads(n_threads: int) -> None:
    """Have this process, and those it starts, compute as a run with so many threads does."""
    os.environ.update(environment(n_threads))
    limit_blas()
