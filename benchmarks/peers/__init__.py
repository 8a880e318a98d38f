"""Contestants: each module builds, for a task, a function that makes one pass over its examples.

`build(task, x, y)` returns that function, or None if the framework does not support the task. Importing a module
raises ImportError if its framework is not installed. All start from random weights of the same kind, hold
the data ready in their own form, and do nothing in a pass but draw an order, where the task shuffles, and train (or
predict).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Peer:
    """A contestant: `function` of `benchmarks.peers.<module>` builds it; it needs `package` installed.

    `has_own_threads` if it has its own worker threads, and each matrix multiplication uses one thread.
    """

    label: str
    module: str
    package: str
    function: str = "build"
    has_own_threads: bool = False

    def builder(self) -> Callable[..., Callable[[], Any] | None]:
        """The function that builds it. Raises ImportError if its framework is not installed."""
        found: Callable[..., Callable[[], Any] | None] = getattr(
            importlib.import_module(f"benchmarks.peers.{self.module}"), self.function
        )
        return found


ANNSCOPE = Peer("annscope", "annscope", "numpy", has_own_threads=True)
MATMUL = Peer("multiplications alone", "matmul", "numpy")
PEERS = {
    "annscope-1": Peer("annscope, 1 thread", "annscope", "numpy", "build_one_thread", has_own_threads=True),
    "numpy": Peer("naive NumPy", "naive_numpy", "numpy"),
    "pytorch": Peer("PyTorch eager", "pytorch", "torch"),
    "torch-compile": Peer("torch.compile", "pytorch_compiled", "torch"),
    "scikit-learn": Peer("scikit-learn", "scikit_learn", "scikit-learn"),
    "keras": Peer("Keras (JAX)", "keras_jax", "keras"),
    "jax": Peer("JAX step", "jax_numpy", "jax"),
    "jax-scan": Peer("JAX lax.scan epoch", "jax_numpy", "jax", "build_scan"),
}
