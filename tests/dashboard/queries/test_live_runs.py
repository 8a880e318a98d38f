"""Live runs: the record of a run is read once per process, for all viewers."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annscope.dashboard.queries import live_runs
from annscope.dashboard.queries.live_runs import encode_frame, get_live_run
from annscope.runs.reader import RunReader
from annscope.runs.record import Line, RecordError


@given(st.dictionaries(st.text(), st.integers() | st.text()), st.binary())
def test_a_frame_holds_both_parts_and_the_arrays_are_aligned(about: dict[str, Any], content: bytes) -> None:
    """The browser can lay typed arrays on the message as it is."""
    frame = encode_frame(about, content)
    (n,) = struct.unpack("<I", frame[:4])
    assert (4 + n) % 8 == 0
    assert json.loads(frame[4 : 4 + n]) == about
    assert frame[4 + n :] == content


def test_all_viewers_share_one_reader_and_one_frame(record: Callable[..., Any]) -> None:
    """However many watch a run, it is read and encoded once."""
    run = record(2).run
    assert get_live_run(run) is get_live_run(run)
    assert get_live_run(run).frame(1) is get_live_run(run).frame(1)


def test_runs_and_frames_are_cached_in_bounded_memory(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening many runs, or scrubbing a long run, does not fill the memory."""
    monkeypatch.setattr(live_runs, "CACHED_RUNS", 2)
    opened = []
    for run in [record(live_runs.CACHED_FRAMES + 2) for _ in range(4)]:
        opened.append(get_live_run(run.run))
        frames = [opened[-1].frame(number) for number in range(live_runs.CACHED_FRAMES + 2)]
        cached = [opened[-1].frame(number) is frames[number] for number in reversed(range(len(frames)))]
        assert cached == [True] * live_runs.CACHED_FRAMES + [False] * 2
    assert [get_live_run(each.run) is each for each in reversed(opened)] == [True, True, False, False]


def test_a_learning_rate_that_was_changed_is_the_last_recorded_one(record: Callable[..., Any]) -> None:
    """The live slider starts from the configuration and follows the record."""
    run = record(1, "running", **{"learning-rate": 0.05})
    assert get_live_run(run.run).learning_rate == 0.05
    run.event("learning_rate", value=0.2)
    run.event("learning_rate", value=0.1)
    assert get_live_run(run.run).learning_rate == 0.1


def test_a_deleted_run_is_removed_from_the_cache(record: Callable[..., Any]) -> None:
    """A deleted run is an error for every later request."""
    run = record(1)
    get_live_run(run.run)
    run.directory.rename(run.directory.with_name(".gone"))
    for _ in range(2):
        with pytest.raises(RecordError, match=run.run):
            get_live_run(run.run)


def test_polling_stops_when_the_last_viewer_unsubscribes(record: Callable[..., Any]) -> None:
    """A closed tab costs nothing any more."""

    async def watch_and_leave() -> None:
        watched = get_live_run(record(1, "running").run)
        one, two = asyncio.Event(), asyncio.Event()
        watched.subscribe(one)
        watched.subscribe(two)
        (polling,) = (each for each in threading.enumerate() if watched.run in each.name)
        watched.unsubscribe(one)
        polling.join(0.05)
        assert polling.is_alive()
        watched.unsubscribe(two)
        polling.join(10)
        assert not polling.is_alive()

    asyncio.run(watch_and_leave())


def test_a_process_that_died_is_noticed_while_watched(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file changes when a worker is killed, and the viewers learn of it all the same."""
    monkeypatch.setattr(live_runs, "LIVENESS_SECONDS", 0.0)
    run = record(1)
    run.set_status("running")
    watched = get_live_run(run.run)
    assert watched.status["status"] == "running"
    monkeypatch.setattr("annscope.runs.reader.is_alive", lambda _: False)
    watched.refresh()
    assert watched.status["status"] == "interrupted"


def test_a_record_that_is_slow_to_read_does_not_block_others(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one run is read, the server responds to others: nothing is read on the event loop."""
    begun, read = threading.Event(), threading.Event()
    was_free: list[bool] = []

    def slowly(_: RunReader) -> list[Line]:
        begun.set()
        was_free.append(read.wait(10))
        return []

    async def watch() -> None:
        watched = get_live_run(record(1, "running").run)
        monkeypatch.setattr(RunReader, "new_lines", slowly)
        changed = asyncio.Event()
        watched.subscribe(changed)
        assert begun.wait(10)
        for _ in range(100):
            await asyncio.sleep(0)
        watched.unsubscribe(changed)
        (reading,) = (each for each in threading.enumerate() if watched.run in each.name)
        read.set()
        reading.join(10)

    asyncio.run(watch())
    assert was_free == [True]
