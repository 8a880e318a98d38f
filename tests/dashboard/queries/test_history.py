"""The lines of a run that the server keeps in memory: few, and the ones that matter."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from annscope.dashboard.queries.history import History


def snapshot(number: int, loss: float | None = None) -> dict[str, Any]:
    return {"type": "snapshot", "number": number, "step": 10 * number, "heldout": {"loss": loss, "accuracy": 0.5}}


def test_memory_stays_flat_over_fifty_thousand_snapshots() -> None:
    """However long a run, only so many lines are kept, evenly, with the first, the best, the newest and events."""
    history = History(most=256)
    for number in range(50_000):
        history.add(snapshot(number, abs(number - 777) + 1.0))
        if number == 4_321:
            history.add({"type": "event", "event": "learning_rate", "step": 43_210, "value": 0.1})
        assert len(history.snapshot_lines()) <= 256
    numbers = [line["number"] for line in history.snapshot_lines()]
    assert {0, 777, 4_321, 49_999} <= set(numbers)
    assert {number % 256 for number in numbers} - {777 % 256, 4_321 % 256, 49_999 % 256} == {0}
    assert history.newest == 49_999
    assert history.n_lines == 50_001


@given(st.integers(1, 200), st.integers(0, 200), st.integers(8, 300))
def test_a_viewer_that_asks_again_and_again_misses_nothing_that_is_kept(n: int, seen: int, most: int) -> None:
    """What came after the lines a viewer has is exactly what is kept of them, in order."""
    history = History(most)
    for number in range(n):
        history.add(snapshot(number))
    whole = [json.loads(text)["number"] for text in history.since(0)]
    assert whole == [line["number"] for line in history.snapshot_lines()]
    assert [json.loads(text)["number"] for text in history.since(seen)] == [each for each in whole if each >= seen]


def test_one_event_says_all_that_was_thinned_out() -> None:
    """However often a run was thinned out, a viewer learns of it once, with all the numbers."""
    history = History()
    for number in range(10):
        history.add(snapshot(number))
    history.add({"type": "event", "event": "thinned", "step": 90, "ranges": [[1, 3], [5, 5]], "n_kept": 6})
    history.add({"type": "event", "event": "thinned", "step": 90, "ranges": [[4, 4]], "n_kept": 5})
    (event,) = [line for line in map(json.loads, history.since(0)) if line["type"] == "event"]
    assert (event["ranges"], event["n_kept"]) == ([[1, 5]], 5)
    assert history.thinned == {1, 2, 3, 4, 5}
