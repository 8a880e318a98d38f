"""How many threads the matrix multiplications use: part of what makes a run repeatable to the bit."""

from __future__ import annotations

import os

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def wanted_threads() -> int:
    """What the environment asks for, or 1.

    Layers of a few hundred neurons are multiplied faster by one thread than by several that wait
    for each other, and the dashboard wants a core as well.
    """
    for name in VARIABLES:
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return int(value)
    return 1


def environment(n_threads: int) -> dict[str, str]:
    """The environment variables that a process needs before it imports NumPy."""
    return dict.fromkeys(VARIABLES, str(n_threads))


def set_threads(n_threads: int) -> int | None:
    """Use so many threads from now on, in this process; returns how many are used, None when it cannot be told."""
    import numpy as np  # noqa: F401  (its BLAS has to be loaded to be found)
    from threadpoolctl import threadpool_info, threadpool_limits

    threadpool_limits(n_threads, user_api="blas")
    counts = [int(pool["num_threads"]) for pool in threadpool_info() if pool.get("user_api") == "blas"]
    return max(counts, default=None)
