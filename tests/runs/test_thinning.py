"""A record's budget: lines stay, arrays of old snapshots go, and the rest is even in the logarithm of the step."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from annscope.core.config import RunConfig
from annscope.runs import control, thinning
from annscope.runs.catalogue import run_directory, size_of
from annscope.runs.cli import annscope
from annscope.runs.index import list_runs
from annscope.runs.quantities import byte_words
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError, snapshot_path
from annscope.runs.thinning import LEFT, MEGABYTE, Numbers, surplus
from annscope.runs.writer import RunWriter, create_run
from tests.records import handmade_snapshot, train_run, train_to_the_end

SMALL = {"data": "xor", "samples": 60, "hidden": (300, 30), "batch-size": 16, "epochs": 60, "megabytes": 1}


@given(st.integers(3, 400), st.floats(0.05, 1.0), st.sets(st.integers(0, 399), max_size=8))
def test_what_is_left_fits_and_keeps_what_it_must(n: int, share: float, protected: set[int]) -> None:
    """The first, the last and the protected stay; the rest fits, or there is nothing more that may go."""
    steps, sizes = {i: 10 * i for i in range(n)}, dict.fromkeys(range(n), 1000)
    gone = set(surplus(steps, sizes, protected, int(share * 1000 * n)))
    left = set(range(n)) - gone
    assert {0, n - 1} | (protected & set(range(n))) <= left
    assert len(left) * 1000 <= share * 1000 * n or left == {0, n - 1} | (protected & set(range(n)))


def test_what_is_left_is_even_in_the_logarithm_of_the_step() -> None:
    """Of 10,000 snapshots a hundred stay, about as many between steps 100 and 1,000 as between 1,000 and 10,000."""
    steps = {i: i for i in range(10_001)}
    left = sorted(set(steps) - set(surplus(steps, dict.fromkeys(steps, 1), (), 100)))
    assert len(left) == 100
    gaps = [np.log1p(b) - np.log1p(a) for a, b in pairwise(left) if a >= 100]
    assert max(gaps) <= 2.1 * min(gaps)


def test_nothing_goes_within_the_budget() -> None:
    """A run that fits keeps everything."""
    assert surplus({0: 0, 1: 5, 2: 9}, {0: 10, 1: 10, 2: 10}, (), 30) == []


@pytest.fixture
def thinned() -> Path:
    """The directory of a finished run that had to thin out."""
    return train_run(**SMALL).directory


@given(st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=5), st.integers(-2, 42))
def test_numbers_are_a_set(parts: list[list[int]], number: int) -> None:
    """However they came together, numbers are held as unbroken runs, and are the set of them."""
    numbers, plain = Numbers(), set[int]()
    for part in parts:
        numbers, plain = numbers.with_ranges(Numbers.of(part).ranges), plain | set(part)
    assert list(numbers) == sorted(plain)
    assert (numbers == plain, len(numbers), number in numbers) == (True, len(plain), number in plain)
    assert all(first <= last for first, last in numbers.ranges)
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(numbers.ranges))


def test_a_run_stays_within_its_budget_and_keeps_every_line(thinned: Path) -> None:
    """Every snapshot has its line, the arrays fit, and first, best and last are among those that are left."""
    lines = RunReader(thinned).snapshot_lines()
    assert [line["number"] for line in lines] == list(range(61))
    files = {int(path.stem) for path in (thinned / "snapshots").iterdir()}
    assert sum(path.stat().st_size for path in (thinned / "snapshots").iterdir()) <= MEGABYTE
    best = min(lines, key=lambda line: line["heldout"]["loss"])["number"]
    assert {0, 60, best} <= files < set(range(61))


def test_the_record_lists_what_was_thinned_out(thinned: Path) -> None:
    """The events name exactly the snapshots whose arrays are gone, and reading one gives the reason."""
    reader = RunReader(thinned)
    events = [line for line in reader.lines() if line.get("event") == "thinned"]
    gone = {number for event in events for number in Numbers(event["ranges"])}
    files = {int(path.stem) for path in (thinned / "snapshots").iterdir()}
    assert gone == set(range(61)) - files == reader.thinned
    assert all(event["budget"] == MEGABYTE for event in events)
    with pytest.raises(RecordError, match=r"thinned out.*1 MB"):
        reader.snapshot(min(gone))


def test_thinning_changes_no_bit_of_the_result(thinned: Path) -> None:
    """Thinning does not change the bits of a run, nor of one that is resumed in between."""
    unthinned = train_run(**SMALL | {"megabytes": "auto"}).directory
    last = RunReader(unthinned).snapshot(60).parameters
    assert not RunReader(unthinned).thinned
    for a, b in zip(RunReader(thinned).snapshot(60).parameters, last, strict=True):
        np.testing.assert_array_equal(a.weight, b.weight)
    train_to_the_end(thinned, n_epochs=90)
    train_to_the_end(unthinned, n_epochs=90)
    for a, b in zip(
        RunReader(thinned).snapshot(90).parameters, RunReader(unthinned).snapshot(90).parameters, strict=True
    ):
        np.testing.assert_array_equal(a.weight, b.weight)


def test_a_file_left_behind_by_an_ended_process_goes_when_the_record_is_opened(thinned: Path) -> None:
    """A process that is killed between the line and the removal leaves a file; the next writer removes it."""
    number = min(RunReader(thinned).thinned)
    snapshot_path(thinned, number).write_bytes(b"left")
    RunWriter(thinned).close()
    assert not snapshot_path(thinned, number).exists()


def test_snapshots_with_an_event_and_pinned_ones_stay(config: RunConfig) -> None:
    """A change of the learning rate, a pause or a pin protects the snapshot it belongs to; unpinned, it may go."""
    directory = run_directory(create_run(config.with_values({"megabytes": 1})))
    with RunWriter(directory) as writer:
        size = 0
        for i in range(2000):
            writer.append(handmade_snapshot(i))
            size = size or snapshot_path(directory, 0).stat().st_size
            if i == 150:
                writer.event("learning_rate", 150, value=0.1)
                writer.event("pin", 150, number=140)
                writer.event("pin", 150, number=141)
                writer.event("unpin", 150, number=141)
    gone = RunReader(directory).thinned
    assert not {0, 140, 150, 1999} & gone
    assert 141 in gone
    assert 2000 - len(gone) <= MEGABYTE // size
    assert 2000 - len(gone) >= LEFT * MEGABYTE // size - 5


def test_a_pin_needs_a_number(config: RunConfig) -> None:
    """Pinning nothing is a sentence."""
    run = create_run(config)
    with pytest.raises(control.ControlError, match="needs the number of a snapshot, got None"):
        control.send(run, "pin")


def test_the_list_shows_the_size_of_runs_and_the_free_space(thinned: Path) -> None:
    """The list shows which runs fill the disk before it is full."""
    result = CliRunner().invoke(annscope, ["runs", "list"])
    assert byte_words(size_of(thinned)) in result.output
    assert " in total; " in result.output
    shown = CliRunner().invoke(annscope, ["runs", "show", thinned.name])
    n_files = len(list((thinned / "snapshots").iterdir()))
    assert f"61, {n_files} with arrays" in shown.output
    (listed,) = list_runs()
    assert listed.n_bytes == sum(path.stat().st_size for path in thinned.rglob("*") if path.is_file())


def test_snapshots_in_between_have_a_budget_of_their_own(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they take too much, they are thinned out alone: every snapshot at the end of an epoch keeps its arrays."""
    monkeypatch.setattr(thinning, "BETWEEN", 100_000)
    directory = run_directory(create_run(config.with_values({"epochs": 40})))
    with RunWriter(directory) as writer:
        for step in range(120):
            writer.append(replace(handmade_snapshot(step), judged=step % 4 == 0))
    reader = RunReader(directory)
    judged = {line["number"] for line in reader.snapshot_lines() if line["judged"]}
    sizes = {int(path.stem): path.stat().st_size for path in (directory / "snapshots").iterdir()}
    assert judged <= sizes.keys()
    assert 50_000 < sum(size for number, size in sizes.items() if number not in judged) <= 100_000
    assert reader.thinned == set(range(120)) - sizes.keys()
