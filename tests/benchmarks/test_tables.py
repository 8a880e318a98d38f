"""Statistics and tables of the benchmarks; nothing here is timed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks import contest, options, threads
from benchmarks.contest import Contest, Entry
from benchmarks.measurements import Measurement, interleaved, rate, ratio, rotated
from benchmarks.tables import Table, counted, filled, percent, seconds, short, times
from benchmarks.tasks import TASKS, Task
from benchmarks.time_to_accuracy import CHUNK, Learner, attempt


def test_each_contestant_has_each_place_equally_often() -> None:
    """Over as many rounds as there are contestants, each is first once."""
    orders = [rotated("abcd", number) for number in range(4)]
    for place in range(4):
        assert Counter(order[place] for order in orders) == dict.fromkeys("abcd", 1)
    assert rotated("abcd", 5) == list("bcda")
    assert rotated([], 3) == []


def test_median_and_quartiles_are_those_of_numpy() -> None:
    """The printed values are the usual median and quartiles, of a single round as well."""
    values = (3.0, 1.0, 10.0, 7.0, 2.0)
    measured = Measurement(values)
    assert measured.median == 3.0
    assert measured.quartiles == tuple(np.percentile(values, [25, 75]))
    assert Measurement((4.0,)).quartiles == (4.0, 4.0)


def test_a_ratio_compares_within_a_round() -> None:
    """A round in which the whole machine was slow does not move the ratio."""
    assert ratio(Measurement((20.0, 2.0, 20.0)), Measurement((10.0, 1.0, 10.0))) == 2.0
    with pytest.raises(ValueError, match="shorter"):
        ratio(Measurement((1.0, 2.0)), Measurement((1.0,)))


def test_a_rate_counts_whole_passes_until_the_time_is_full() -> None:
    """A turn ends with the pass that fills its time, and counts that pass."""
    clock: Iterator[float] = iter([0.0, 0.125, 0.25, 0.375])
    n_calls = []
    assert rate(lambda: n_calls.append(1), 100, 0.3, lambda: next(clock)) == pytest.approx(300 / 0.375)
    assert len(n_calls) == 3


def test_everyone_runs_once_a_round_in_rotating_order() -> None:
    """Contestants are measured in interleaved rounds, each time after an untimed pass."""
    calls: list[str] = []
    passes = {name: lambda name=name: calls.append(name) for name in "abc"}
    measured = interleaved(passes, 10, rounds=3, least_seconds=0.0)
    assert calls == list("aabbccbbccaaccaabb")
    assert all(len(measurement.values) == 3 for measurement in measured.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (counted(1, "round"), "1 round"),
        (counted(7, "round"), "7 rounds"),
        (short(936.0), "0.94k"),
        (short(87_640.0), "87.6k"),
        (short(1_225_300.0), "1,225k"),
        (times(1.849), "1.85 x"),
        (times(12.36), "12.4 x"),
        (times(310.2), "310 x"),
        (percent(0.014), "1.4 %"),
        (percent(0.6345), "63 %"),
        (percent(-0.004), "-0.4 %"),
        (seconds(1.254), "1.25 s"),
        (seconds(0.0123), "12.3 ms"),
        (seconds(7.6e-7), "0.76 µs"),
        (seconds(0.0), "0 µs"),
    ],
)
def test_figures_keep_three_digits_that_matter(text: str, expected: str) -> None:
    """Figures are rounded to what can be compared."""
    assert text == expected


@pytest.fixture
def measured() -> Contest:
    entries = (
        Entry("annscope", Measurement((200e3, 210e3, 190e3))),
        Entry("PyTorch eager", Measurement((100e3, 100e3, 100e3))),
        Entry("Keras (JAX)", absence="not installed (keras)"),
        Entry("JAX lax.scan epoch"),
    )
    return Contest(TASKS["T1"], entries, 0.55)


def test_a_missing_peer_is_named(measured: Contest) -> None:
    """A peer that is not installed is listed as such, and one that cannot do a task as a dash."""
    table = contest.summary([measured, measured], "samples")
    assert table.columns == ["", "T1", "T1"]
    assert [row[1] for row in table.rows] == ["200k", "100k (2.00 x)", "not installed", "-", "55 %"]
    listed = {line[0]: list(line[1:]) for line in contest.task_table(measured).rows}
    assert listed["Keras (JAX)"] == ["not installed (keras)", "", ""]
    assert listed["PyTorch eager"] == ["100k", "100k to 100k", "2.00 x"]


def test_json_has_the_same_values(measured: Contest) -> None:
    """The JSON form has every contestant, with a status if it has no measurement."""
    found = json.loads(json.dumps(contest.figures_of(measured)))
    assert [each["status"] for each in found["contestants"]] == ["measured", "measured", "not installed", "cannot"]
    assert found["contestants"][0]["samples_per_second"] == 200e3
    assert found["contestants"][1]["annscope_ratio"] == pytest.approx(2.0)
    assert found["matmul_share"] == 0.55


def test_a_table_is_markdown() -> None:
    """Cells stay in their columns whatever they hold."""
    table = Table("T", ["a", "b"], [["x|y", "1"]], ["note"])
    assert table.markdown() == "**T**\n\n| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n\nnote\n"


def test_a_table_draws_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal shows what the table holds, brackets included."""
    Table("Title [1]", ["a", "b"], [["x [bold]", "1"]], ["note [2]"]).print()
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("Title [1]", "x [bold]", "note [2]"))


def test_a_page_is_filled_between_its_marks() -> None:
    """Writing results into the docs again leaves the rest of the page unchanged."""
    page = "# Top\n<!-- training -->\nold\n<!-- /training -->\nEnd\n"
    once = filled(page, "training", "new\n")
    assert once == "# Top\n<!-- training -->\n\nnew\n\n<!-- /training -->\nEnd\n"
    assert filled(once, "training", "new\n") == once
    with pytest.raises(ValueError, match="no place for telemetry"):
        filled(page, "telemetry", "new")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], 2), (["--threads", "1"], 1), (["--json", "--threads=3"], 3), (["--threads", "none"], 2), (["--threads"], 2)],
)
def test_the_number_of_threads_is_read_before_anything_else(arguments: list[str], expected: int) -> None:
    """`--threads` is known before a library that starts threads is imported."""
    assert threads.wanted(arguments) == expected


def test_an_unknown_name_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt task or peer is one sentence and status 2."""
    assert options.chosen("--tasks", None, ["T1", "T2"]) == ["T1", "T2"]
    assert options.chosen("--tasks", "T2, T1", ["T1", "T2"]) == ["T2", "T1"]
    with pytest.raises(SystemExit) as ended:
        options.chosen("--tasks", "T9", ["T1", "T2"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "--tasks must be among T1, T2, got 'T9'\n"


def test_evaluation_is_not_timed() -> None:
    """Time to accuracy counts training alone, and ends at the first evaluation that reaches it."""
    now = [0.0]
    seen: list[int] = []
    labels = np.arange(4)

    def learn() -> None:
        now[0] += 2.0
        seen.append(1)

    def predict(x: np.ndarray) -> np.ndarray:
        now[0] += 100.0
        return np.where(x < len(seen), labels, -1)

    reached = attempt(Learner(learn, predict), labels, labels, 0.75, clock=lambda: now[0])
    assert (reached.seconds, reached.n_examples, reached.accuracy) == (6.0, 3 * CHUNK, 0.75)
    missed = attempt(Learner(learn, lambda x: x - 1), labels, labels, 0.5, clock=lambda: now[0])
    assert missed.seconds is None


def test_batches_divide_the_examples() -> None:
    """Every contestant sees every example in a pass: none can drop a batch that is not full."""
    assert all(task.n_examples % task.batch == 0 for task in TASKS.values())
    assert Task("T", (4, 2), 0, "sgd", 0.1, 30).batch == 30
