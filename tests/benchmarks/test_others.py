"""CPU use of other programs during a benchmark."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from benchmarks import others


def test_what_a_benchmark_does_itself_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the cores' busy seconds those of the benchmark, and of all that it started, are taken off."""
    busy, own, clock = iter([100.0, 106.0]), iter([{1: 10.0}, {1: 12.0, 2: 1.0}]), iter([0.0, 2.0])
    monkeypatch.setattr(others, "busy_seconds", lambda: next(busy))
    monkeypatch.setattr(others, "own_seconds", lambda: next(own))
    monkeypatch.setattr(others.time, "perf_counter", lambda: next(clock))
    assert others.Others().share() == (6.0 - 3.0) / 2.0


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(others.__file__).parent.glob("[a-z]*.py")))
def test_every_benchmark_can_be_loaded(name: str) -> None:
    """Every benchmark can be imported; the other frameworks are imported only when they run."""
    assert importlib.import_module(f"benchmarks.{name}").__doc__
