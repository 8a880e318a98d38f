"""The lines of a run that the server keeps in memory: few, and the ones that matter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annscope.dashboard.queries.history import History


def snapshot(number: int, loss: float | None = None) -> dict[str, Any]:
    return {"type": "snapshot", "number": number, "step": 10 * number, "heldout": {"loss": loss, "accuracy": 0.5}}


def test_memory_stays_flat_over_fifty_thousand_snapshots() -> None:
    """However long a run, only so many lines are kept, evenly, with the first, the best, the newest and events."""
    history = History(limit=256)
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
def test_a_viewer_that_polls_misses_nothing_that_is_kept(n: int, seen: int, limit: int) -> None:
    """What came after the lines a viewer has is exactly what is kept of them, in order."""
    history = History(limit)
    for number in range(n):
        history.add(snapshot(number))
    whole = [json.loads(text)["number"] for text in history.since(0)]
    assert whole == [line["number"] for line in history.snapshot_lines()]
    assert [json.loads(text)["number"] for text in history.since(seen)] == [each for each in whole if each >= seen]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"event": "learning_rate", "value": 0.012345}, "Learning rate 0.0123 from step 1,200"),
        ({"event": "epochs", "n_epochs": 30}, "Goes on to 30 epochs from step 1,200"),
        ({"event": "pace", "value": 10.0}, "At a pace of 10 snapshots a second from step 1,200"),
        ({"event": "pace", "value": None}, "As fast as it can from step 1,200"),
        ({"event": "pause"}, "Paused at step 1,200"),
        ({"event": "stop", "message": "Stopped; resuming continues from here."}, "Stopped at step 1,200"),
        ({"event": "warning", "message": "Two files were left out."}, "Two files were left out."),
        ({"event": "warning"}, "Warning at step 1,200"),
        (
            {"event": "thinned", "ranges": [[1, 1]], "n_kept": 1500, "budget": 2 * 10**9},
            "Only 1,500 snapshots so far keep their arrays, to stay within 2,000 MB at step 1,200",
        ),
        (
            {"event": "best", "number": 1, "heldout": {"loss": 0.25, "accuracy": 0.9}},
            "Best so far: held-out loss 0.2500, at step 1,200",
        ),
        (
            {"event": "best", "number": 1, "heldout": {"loss": None}},
            "Best so far: held-out loss not finite, at step 1,200",
        ),
        ({"event": "of_a_later_version"}, "Of a later version at step 1,200"),
    ],
)
def test_an_event_comes_with_its_words(event: dict[str, Any], words: str) -> None:
    """Curves and timeline show the same event texts, which the server writes."""
    history = History()
    history.add({"type": "event", "step": 1200, **event})
    (text,) = history.since(0)
    assert json.loads(text)["words"] == words


def test_the_best_snapshot_is_the_first_with_the_lowest_held_out_loss() -> None:
    """A run that only got worse has its best snapshot before training; a loss that is not finite is never the best."""
    history = History()
    assert json.loads(history.best_text()) is None
    for number, loss in enumerate((None, 0.5, 0.7, 0.5)):
        history.add(snapshot(number, loss))
    best = {"number": 1, "step": 10, "words": "Best so far: held-out loss 0.5000, at step 10"}
    assert json.loads(history.best_text()) == best
    history.add(snapshot(4, 0.00001))
    assert json.loads(history.best_text())["words"] == "Best so far: held-out loss 1.0e-05, at step 40"


def test_one_event_names_all_thinned_snapshots() -> None:
    """However often a run was thinned out, a viewer learns of it once, with all the numbers."""
    history = History()
    for number in range(10):
        history.add(snapshot(number))
    history.add(
        {"type": "event", "event": "thinned", "step": 90, "ranges": [[1, 3], [5, 5]], "n_kept": 6, "budget": 10**6}
    )
    history.add({"type": "event", "event": "thinned", "step": 90, "ranges": [[4, 4]], "n_kept": 5, "budget": 10**6})
    (event,) = [line for line in map(json.loads, history.since(0)) if line["type"] == "event"]
    assert (event["ranges"], event["n_kept"]) == ([[1, 5]], 5)
    assert history.thinned == {1, 2, 3, 4, 5}
