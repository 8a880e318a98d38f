"""`annscope find-learning-rate`: the points, the suggestion, and a sketch as text."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from typing import Any

import pytest

from annscope.core.config import RunConfig
from annscope.core.explain.range_test import RangePoint, Suggestion, suggest
from annscope.core.recipes import RECIPES
from annscope.runs import cli
from annscope.runs.learning_rate import (
    N_STEPS,
    SearchError,
    in_words,
    options_of,
    rounded,
    search,
    search_elsewhere,
    sketch,
)
from tests.runs.conftest import Run

SMALL = ["find-learning-rate", "--data", "blobs", "--samples", "90", "--hidden", "5", "--batch-size", "16"]


def test_it_prints_one_object_a_point_and_the_end(run: Run) -> None:
    """With --json, standard output holds the documented objects and nothing else."""
    status, out, err = run(*SMALL, "--low", "1e-4", "--high", "1", "--steps", "20", "--json")
    assert (status, err) == (0, "")
    *points, end = [json.loads(line) for line in out.splitlines()]
    assert [list(point) for point in points] == [["type", "learning_rate", "loss", "smoothed"]] * len(points)
    assert {point["type"] for point in points} == {"point"}
    assert points[0]["learning_rate"] == pytest.approx(1e-4)
    assert 10 < len(points) <= 20
    assert list(end) == ["type", "suggestion", "lowest"]
    assert end["type"] == "end"
    assert end["suggestion"] <= end["lowest"]
    assert {end["suggestion"], end["lowest"]} <= {point["learning_rate"] for point in points}


def test_it_shows_a_sketch_to_people(run: Run) -> None:
    """Bars, the two marks, and the suggestion in words."""
    status, out, err = run(*SMALL, "--low", "1e-4", "--high", "1", "--steps", "50")
    assert (status, err) == (0, "")
    assert out.count("< suggested") == out.count("< lowest loss") == 1
    assert "The loss fell fastest at a learning rate of" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--low", "x"], "--low must be a number, got 'x'"),
        (["--low", "1", "--high", "0.1"], "a range test needs 0 < low < high <= 1000"),
        (["--steps", "many"], "--steps must be a whole number"),
        (["--recipe", "l-leyer"], "did you mean 'l-layer'"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, arguments: list[str], message: str) -> None:
    """An invalid option ends with status 2 and an error message."""
    status, out, err = run(*SMALL, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_without_a_fall_nothing_is_suggested() -> None:
    """A loss that never fell is reported; the sketch marks the lowest loss alone; a non-finite loss is a full bar."""
    points = [RangePoint(0.1, 1.0, 1.0), RangePoint(0.2, 2.0, 2.0), RangePoint(0.3, float("nan"), float("nan"))]
    found = Suggestion(None, 0.1)
    assert in_words(found) == "The loss never fell: no learning rate in this range can be suggested."
    table = sketch(points, found)[0]
    columns = [list(column.cells) for column in table.columns]  # type: ignore[union-attr]
    assert columns[1] == ["1.0000", "2.0000", "not finite"]
    assert columns[2] == ["#  < lowest loss", "#" * 40, "#" * 40]


@pytest.mark.parametrize("name", RECIPES)
def test_options_spell_a_config(name: str) -> None:
    """The command line that is made of a config describes the same run, switches and empty lists too."""
    config = RECIPES[name].config.with_values({"hidden": (), "bias": False})
    command = cli.annscope.commands["train"].make_context("train", options_of(config))
    assert cli.config_of(command.params, None) == config
    assert options_of(RunConfig()) == []


def test_a_suggestion_has_two_digits() -> None:
    """The value on the button is the value that is used."""
    assert rounded(0.006579332246575682) == 0.0066
    assert rounded(2.048e-05) == 2e-05
    assert rounded(1.0) == 1.0


CONFIG = RunConfig().with_values({"data": "blobs", "samples": 90, "hidden": (5,), "optimizer": "sgd"})


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that the test has started."""
    started: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(begin(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def test_a_search_elsewhere_finds_the_same(processes: list[subprocess.Popen[bytes]]) -> None:
    """The separate process gives the points that this one would have computed, and has ended afterwards."""
    *news, found = [new for new in search_elsewhere(CONFIG) if new is not None]
    points = list(search(CONFIG, low=1e-6, high=10.0, n_steps=N_STEPS))
    assert news == points
    assert found == suggest(points)
    assert [process.poll() for process in processes] == [0]


def test_leaving_a_search_ends_its_process(processes: list[subprocess.Popen[bytes]]) -> None:
    """Closing the generator, or dropping it, ends the process."""
    with closing(search_elsewhere(CONFIG.with_values({"data": "mnist-5k", "hidden": (512, 512)}))) as news:
        next(news)
        assert processes[0].poll() is None
    assert processes[0].poll() is not None


def test_a_failed_search_in_a_process_gives_the_reason(processes: list[subprocess.Popen[bytes]]) -> None:
    """The sentence is that of the command line; a process that was killed is one as well."""
    with pytest.raises(SearchError, match=r"^There is no data set 'nothing'.*\.$"):
        list(search_elsewhere(CONFIG.with_values({"data": "nothing"})))
    news = search_elsewhere(CONFIG)
    next(news)
    processes[-1].kill()
    with pytest.raises(SearchError, match=r"^The search ended before it was done \(exit status -9\)\.$"):
        list(news)
