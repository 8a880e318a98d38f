"""A cache for what is computed from a run or a data set."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """A least-recently-used cache of computed values; thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        """The value of a key; `compute` is called if it is not cached, one call at a time."""
        with self._lock:
            if key not in self._values:
                self._values[key] = compute()
                while len(self._values) > self._limit:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]

    def find(self, key: Key) -> Value | None:
        """The value of a key, if it is cached."""
        with self._lock:
            return self._values.get(key)

    def clear(self) -> None:
        """Remove all values."""
        with self._lock:
            self._values.clear()
