"""The worker, run in this process: what it records, how it handles commands, and that settings and events decide."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import annscope.core.training
import annscope.data.datasets
from annscope.core.config import RunConfig
from annscope.core.errors import DivergedError
from annscope.data.errors import DataError
from annscope.runs import between, worker
from annscope.runs.catalogue import run_directory
from annscope.runs.control import send
from annscope.runs.encoding import parameters_sha256
from annscope.runs.launch import LaunchError, prepare, prepare_resume, prepare_to_go_on
from annscope.runs.liveness import LockedError
from annscope.runs.reader import RunReader
from annscope.runs.record import Line
from annscope.runs.status import Status
from annscope.runs.worker import work
from annscope.runs.writer import RunWriter, create_run
from tests.records import final_sha256, train_to_the_end


@pytest.fixture
def config(config: RunConfig) -> RunConfig:
    """Four epochs of four steps, a snapshot every second step."""
    return config.with_values({"epochs": 4, "snapshot-every": 2})


def begin(config: RunConfig) -> Path:
    return run_directory(create_run(config))


def resume(directory: Path) -> Status:
    return train_to_the_end(prepare_resume(directory.name))


def go_on(directory: Path, n_more: int) -> Status:
    _, n_epochs = prepare_to_go_on(directory.name, n_more)
    return train_to_the_end(directory, n_epochs)


def sha256(directory: Path) -> str:
    return final_sha256(directory.name)


def until(session: Iterator[Status], step: int) -> Status:
    """Run a session until it has reached a step."""
    return next(status for status in session if status["step"] >= step)


def events(directory: Path, *names: str) -> list[tuple[str, int]]:
    return [(line["event"], line["step"]) for line in RunReader(directory).lines() if line.get("event") in names]


def curve(directory: Path) -> list[tuple[int, float, float]]:
    """The lines of the run without the times."""
    return [
        (line["step"], line["learning_rate"], line["heldout"]["loss"]) for line in RunReader(directory).snapshot_lines()
    ]


def killed(directory: Path, name: str) -> Path:
    """A copy of the run on the disk, as it would be left if its process were killed now."""
    copy = directory.with_name(name)
    shutil.copytree(directory, copy, ignore=shutil.ignore_patterns("*.part"))
    status = json.loads((copy / "status.json").read_text())
    (copy / "status.json").write_text(json.dumps({**status, "pid": 0}))
    assert RunReader(copy).status()["status"] == "interrupted"
    return copy


def test_a_run_is_recorded_from_its_first_to_its_last_step(config: RunConfig) -> None:
    """Snapshots from step 0 to the end, a description, probe images, and the status finished."""
    directory = begin(config)
    statuses = [dict(status) for status in work(directory)]
    reader = RunReader(directory)
    steps = [line["step"] for line in reader.snapshot_lines()]
    assert steps[0] == 0
    assert steps[-1] == statuses[-1]["total_steps"] == statuses[-1]["step"]
    assert statuses[0]["status"] == "starting"
    assert "running" in {status["status"] for status in statuses}
    assert statuses[-1]["status"] == "finished"
    assert statuses[-1]["epoch"] == statuses[-1]["n_epochs"] == 4
    assert reader.description["layer_sizes"] == [2, 3, 2]
    assert reader.description["dataset"]["name"] == "xor"
    assert reader.description["threads"] >= 1
    assert len(reader.probe().x) == len(reader.snapshot(0).probe_activations[0])
    assert [name for name, _ in events(directory, "best", "finished")] == ["best", "finished"]
    assert reader.network(0).predict_proba(reader.probe().x).shape[1] == 2


def test_the_same_run_twice_gives_the_same_bits(config: RunConfig) -> None:
    """Settings alone decide the parameters; another seed gives others."""
    one, two, other = begin(config), begin(config), begin(config.with_values({"seed": 1}))
    for directory in (one, two, other):
        train_to_the_end(directory)
    assert sha256(one) == sha256(two) != sha256(other)
    assert curve(one) == curve(two)


def test_pausing_stepping_and_snapshots_change_nothing(config: RunConfig) -> None:
    """A run that was paused and stepped, and so has more snapshots, ends with the same bits."""
    plain, watched = begin(config), begin(config)
    train_to_the_end(plain)
    for command in ("pause", "pause", "step", "step", "step", "resume", "step", "resume"):
        send(watched.name, command)
    train_to_the_end(watched)
    assert sha256(watched) == sha256(plain)
    assert events(watched, "pause", "resume") == [("pause", 0), ("resume", 3)]
    steps = [line["step"] for line in RunReader(watched).snapshot_lines()]
    assert steps[:4] == [0, 1, 2, 3]
    assert set(curve(plain)) <= set(curve(watched))


WATCHED = {"data": "digits", "hidden": (12, 7), "batch-size": 100, "epochs": 3, "patience": 2}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_snapshots_in_between_and_a_pace_change_nothing(monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
    """However closely and slowly a run is watched, its parameters and its best snapshot are the same."""
    monkeypatch.setenv("ANNSCOPE_THREADS", threads)
    config = RunConfig().with_values(WATCHED)
    plain, watched = begin(config), begin(config.with_values({"snapshot-every": "auto"}))
    paced = run_directory(prepare(config.with_values({"snapshot-every": "auto"}), pace=100.0))
    for directory in (plain, watched, paced):
        train_to_the_end(directory)
    assert sha256(plain) == sha256(watched) == sha256(paced)
    assert set(curve(plain)) < set(curve(watched)) & set(curve(paced))
    best = [[(line["step"], line["heldout"]) for line in RunReader(each).events() if line["event"] == "best"]
            for each in (plain, watched, paced)]  # fmt: skip
    assert best[0] == best[1] == best[2]
    assert events(paced, "pace") == [("pace", 0)]


def test_a_slow_run_has_a_snapshot_every_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """With "auto" snapshots follow the clock too, within what they may cost."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(between, "SECONDS_BETWEEN", 0.0)
    config = RunConfig().with_values(
        {"data": "digits", "train-examples": 200, "batch-size": 10, "epochs": 1, "snapshot-every": "auto"}
    )
    n_steps = 0
    for cost, free in ((1.0, 1.0), (0.0, 0.0)):
        monkeypatch.setattr(between, "MAX_COST", cost)
        monkeypatch.setattr(between, "FREE_SECONDS", free)
        directory = begin(config)
        n_steps = train_to_the_end(directory)["step"]
        lines = RunReader(directory).snapshot_lines()
        expected = [*range(n_steps + 1)] if cost else [0, 1, n_steps]
        assert [line["step"] for line in lines] == expected
        assert [line["step"] for line in lines if line["judged"]] == [0, n_steps]


def test_a_resumed_run_repairs_the_snapshots_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut that lost the arrays of recorded snapshots, those in between are computed again as well."""
    monkeypatch.setattr(worker, "CHECKPOINT_SECONDS", 1e9)
    config = RunConfig().with_values(WATCHED | {"snapshot-every": "auto"})
    directory = begin(config)
    session = work(directory)
    until(session, 12)
    copy = killed(directory, "killed")
    session.close()
    recorded = RunReader(copy).snapshot_lines()
    assert not all(line["judged"] for line in recorded)
    for line in recorded:
        (copy / "snapshots" / f"{line['number']:06d}.safetensors").write_bytes(b"")
    assert resume(copy)["status"] == "finished"
    reader = RunReader(copy)
    assert reader.snapshot_lines()[: len(recorded)] == recorded
    for line in recorded:
        assert reader.snapshot(line["number"]).step == line["step"]


def test_pausing_takes_a_snapshot_at_once(config: RunConfig) -> None:
    """What is seen of a paused run is where it stands."""
    directory = begin(config.with_values({"snapshot-every": 1_000_000}))
    session = work(directory)
    next(status for status in session if status["status"] == "running")
    for command in ("pause", "step", "resume", "pause"):
        send(directory.name, command)
    step = next(status["step"] for status in session if status["status"] == "paused")
    assert RunReader(directory).snapshot_lines()[-1]["step"] == step
    session.close()


def test_a_run_keeps_its_pace_and_answers_meanwhile(config: RunConfig) -> None:
    """At a pace a run takes its time for each snapshot, and handles a command at once while it waits."""
    started = time.monotonic()
    train_to_the_end(run_directory(prepare(config, pace=50.0)))  # nine snapshots
    assert time.monotonic() - started >= 8 / 50
    waiting = run_directory(prepare(config, pace=0.001))
    session = work(waiting)
    assert next(status for status in session if status["status"] == "running" and status["pace"])["step"] == 0
    send(waiting.name, "learning_rate", 0.25)
    send(waiting.name, "pace")
    *_, status = session
    assert (status["status"], status["pace"], status["learning_rate"]) == ("finished", None, 0.25)
    assert events(waiting, "pace", "learning_rate") == [("pace", 0), ("learning_rate", 0), ("pace", 0)]


def test_a_paused_run_waits(config: RunConfig) -> None:
    """While paused no step is made, and the heartbeat continues."""
    directory = begin(config)
    session = work(directory)
    until(session, 0)
    send(directory.name, "pause")
    paused = next(status for status in session if status["status"] == "paused")
    step, heartbeat = paused["step"], paused["heartbeat"]
    later = next(session)
    assert later["step"] == step
    assert later["heartbeat"] > heartbeat
    assert later["seconds_left"] is None
    send(directory.name, "resume")
    *_, last = session
    assert last["status"] == "finished"


AUGMENTED = {"data": "digits", "batch-size": 400, "shift": 1, "rotate": 10.0, "elastic": 0.5}
"""A config with augmentation and four batches per epoch."""


@pytest.mark.parametrize("more", [{}, AUGMENTED], ids=["points", "augmented images"])
def test_a_run_killed_at_any_step_resumes_to_the_same_bits(
    config: RunConfig, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any time, before or after a checkpoint and a changed learning rate, a run resumes to the same end."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.0)
    config = config.with_values(more)
    plain, changed = begin(config), begin(config)
    train_to_the_end(plain)
    copies = []
    for number, status in enumerate(work(changed)):
        if status["step"] == 4:
            send(changed.name, "learning_rate", 0.05)
        if status["step"] == 8:
            send(changed.name, "pause")  # which makes a checkpoint
            send(changed.name, "resume")
        if status["status"] == "running":
            copies.append(killed(changed, f"killed-{number}"))
    rates = {step: rate for step, rate, _ in curve(changed)}
    assert (rates[0], rates[max(rates)]) == (0.001, 0.05)
    ends = {True: changed, False: plain}
    expected = [ends[bool(events(copy, "learning_rate"))] for copy in copies]
    assert set(expected) == {plain, changed}
    for copy, end in zip(copies, expected, strict=True):
        resume(copy)
        assert sha256(copy) == sha256(end)
        assert curve(copy) == curve(end)


def test_a_change_is_replayed_from_before_its_checkpoint(config: RunConfig) -> None:
    """A run killed with a change in its record but not in its checkpoint applies the change at its step."""
    directory = begin(config)
    session = work(directory)
    until(session, 4)
    send(directory.name, "learning_rate", 0.5)
    until(session, 8)
    copy = killed(directory, "killed")
    assert not (copy / "checkpoint.safetensors").exists()
    *_, _ = session
    resume(copy)
    assert len(events(copy, "learning_rate")) == 1
    assert sha256(copy) == sha256(directory)
    assert curve(copy) == curve(directory)


def test_a_new_rate_waits_until_the_recorded_steps_are_computed_again(config: RunConfig) -> None:
    """A learning rate that is changed while a resumed run catches up takes effect after what is recorded."""
    directory = begin(config)
    session = work(directory)
    until(session, 8)
    copy = killed(directory, "killed")
    recorded = curve(copy)
    session.close()
    prepare_resume(copy.name)
    send(copy.name, "learning_rate", 0.5)
    train_to_the_end(copy)
    assert curve(copy)[: len(recorded)] == recorded
    ((_, step),) = events(copy, "learning_rate")
    assert step >= recorded[-1][0]


def test_a_stopped_run_has_its_last_step_and_can_be_resumed(config: RunConfig) -> None:
    """Stop takes a snapshot of where it stopped; resuming ends where an uninterrupted run ends."""
    plain, stopped = begin(config), begin(config)
    train_to_the_end(plain)
    for command in ("pause", "step", "stop"):
        send(stopped.name, command)
    status = train_to_the_end(stopped)
    assert (status["status"], status["step"]) == ("stopped", 1)
    assert RunReader(stopped).snapshot_lines()[-1]["step"] == 1
    assert "resum" in str(status["message"])
    assert resume(stopped)["status"] == "finished"
    assert sha256(stopped) == sha256(plain)
    assert RunReader(stopped).status()["message"] is None


def test_an_interrupted_run_resumes_with_the_same_bits(config: RunConfig) -> None:
    """Whether told to end or closed by its consumer, a session leaves a run that resumes exactly."""
    plain, told, closed = begin(config), begin(config), begin(config)
    train_to_the_end(plain)
    interrupt = threading.Event()
    session = work(told, interrupt=interrupt)
    until(session, 4)
    interrupt.set()
    *_, status = session
    assert status["status"] == RunReader(told).status()["status"] == "interrupted"
    session = work(closed)
    until(session, 6)
    session.close()
    assert RunReader(closed).status()["status"] == "interrupted"
    for directory in (told, closed):
        resume(directory)
        assert sha256(directory) == sha256(plain)
        assert curve(directory) == curve(plain)


def test_more_epochs_are_recorded_and_survive_a_kill(config: RunConfig) -> None:
    """A finished run given more epochs continues from its end, also if it is killed meanwhile."""
    directory = begin(config)
    train_to_the_end(directory)
    first = curve(directory)
    with pytest.raises(LaunchError, match="has finished its 4 epochs"):
        prepare_resume(directory.name)
    _, n_epochs = prepare_to_go_on(directory.name, 2)
    session = work(directory, n_epochs=n_epochs)
    until(session, first[-1][0] + 4)
    copy = killed(directory, "killed")
    *_, status = session
    assert (status["status"], status["epoch"], status["n_epochs"]) == ("finished", 6, 6)
    assert curve(directory)[: len(first)] == first
    assert events(directory, "epochs", "resume") == [("epochs", first[-1][0])]
    assert RunReader(directory).config_in_force.training.n_epochs == 6
    assert resume(copy)["n_epochs"] == 6
    assert sha256(copy) == sha256(directory)


def test_only_a_finished_run_goes_on(config: RunConfig) -> None:
    """A stopped run is resumed, and only a finished one goes on; each error says what to do instead."""
    directory = begin(config)
    send(directory.name, "stop")
    train_to_the_end(directory)
    with pytest.raises(LaunchError, match="is stopped; resume it before"):
        prepare_to_go_on(directory.name, 2)
    resume(directory)
    with pytest.raises(LaunchError, match="say how many more"):
        prepare_resume(directory.name)
    assert go_on(directory, 1)["epoch"] == 5


def test_a_running_run_is_not_resumed(config: RunConfig) -> None:
    """Only one process may work on a run: a second one gets an error, however it is started."""
    directory = begin(config)
    session = work(directory)
    until(session, 2)
    with pytest.raises(LaunchError, match="only one process can train it at a time"):
        prepare_resume(directory.name)
    with pytest.raises(LockedError):
        next(work(directory))
    session.close()


def test_a_diverging_run_reports_the_step_and_keeps_its_record(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Divergence is an event and a sentence; the record before it stays readable and nothing resumes into it."""
    directory = begin(config)
    advance = annscope.core.training.Trainer.advance

    def diverge(self: annscope.core.training.Trainer, max_steps: int) -> int:
        if self.step >= 4:
            raise DivergedError(step=5, layer=0, quantity="gradient", advice="Try a smaller learning rate.")
        return advance(self, max_steps)

    monkeypatch.setattr(annscope.core.training.Trainer, "advance", diverge)
    status = train_to_the_end(directory)
    assert status["status"] == "diverged"
    assert (
        status["message"] == "Training diverged at step 5: gradient not finite in layer 1. Try a smaller learning rate."
    )
    line: Line = RunReader(directory).lines()[-1]
    assert (line["event"], line["layer"], line["quantity"]) == ("diverged", 0, "gradient")
    assert [line["step"] for line in RunReader(directory).snapshot_lines()] == [0, 2, 4]
    with pytest.raises(LaunchError, match="diverged and would do so again"):
        prepare_resume(directory.name)


def test_the_advice_after_a_divergence_does_not_depend_on_the_snapshots() -> None:
    """One snapshot an epoch, one a step and those that follow the learning name the same step, losses and remedy."""
    wild = RunConfig().with_values(
        {"data": "digits", "optimizer": "sgd", "activation": "leaky_relu", "learning-rate": 3}
    )
    found = []
    for each in ("epoch", "auto", 1):
        directory = begin(wild.with_values({"snapshot-every": each}))
        assert train_to_the_end(directory)["status"] == "diverged"
        (finding, *_) = RunReader(directory).findings()
        at, losses = finding.why.split(" stopped being finite; ")
        found.append((finding.title, at.split(" the ")[0], losses, finding.settings))
    assert found[0][0] == "Training diverged"
    assert "at first and" in found[0][2]
    assert found[1:] == found[:1] * 2


def test_the_last_steps_before_a_divergence_are_recorded(config: RunConfig) -> None:
    """Up to ten snapshots, a step apart, have the same bits as those of a run that records every step."""
    wild = config.with_values(
        {"optimizer": "sgd", "activation": "leaky_relu", "learning-rate": 0.01, "epochs": 50, "hidden": (8, 8)}
    )

    def diverging(snapshot_every: int) -> RunReader:
        """The record of a run whose learning rate was raised at step 30."""
        directory = begin(wild.with_values({"snapshot-every": snapshot_every}))
        session = work(directory)
        until(session, 0)
        session.close()
        with RunWriter(directory) as writer:
            writer.event("learning_rate", 30, value=20.0)
        assert resume(directory)["status"] == "diverged"
        return RunReader(directory)

    reader, stepwise = diverging(1000), diverging(1)
    end = reader.events()[-1]
    assert (end["event"], end["learning_rate"]) == ("diverged", 20.0)
    first, *lines = reader.snapshot_lines()
    steps = [line["step"] for line in lines]
    start = max(end["step"] - 9, 31)  # the change at step 30 is recorded already, and a record only grows
    assert steps == list(range(start, start + len(steps)))
    assert len(steps) >= 3
    assert lines[-1]["train"]["loss"] > 100 * first["train"]["loss"]
    finding, *_ = reader.findings()
    assert finding.why.startswith(f"At step {end['step']:,} ")
    assert "the learning rate was 20." in finding.why

    numbers = {line["step"]: line["number"] for line in stepwise.snapshot_lines()}
    for line in lines:
        one, other = reader.snapshot(line["number"]), stepwise.snapshot(numbers[line["step"]])
        assert parameters_sha256(one.parameters) == parameters_sha256(other.parameters)


def test_trouble_with_the_data_is_a_failed_run_that_can_be_tried_again(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data set that cannot be loaded is a one-sentence error, and the run starts once it can."""
    directory = begin(config)
    load_examples = annscope.data.datasets.load_examples

    def offline(*_: object, **__: object) -> None:
        raise DataError("MNIST could not be downloaded.")

    monkeypatch.setattr(annscope.data.datasets, "load_examples", offline)
    status = train_to_the_end(directory)
    assert (status["status"], status["message"]) == ("failed", "MNIST could not be downloaded.")
    monkeypatch.setattr(annscope.data.datasets, "load_examples", load_examples)
    assert resume(directory)["status"] == "finished"


@pytest.mark.parametrize("place", ["load_examples", "advance"])
def test_a_fault_of_ours_is_one_sentence_and_a_traceback_in_the_log(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """An unexpected exception ends the run as failed; its traceback is in the run's directory."""

    def break_down(*_: object, **__: object) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(
        annscope.data.datasets if place == "load_examples" else annscope.core.training.Trainer, place, break_down
    )
    directory = begin(config)
    status = train_to_the_end(directory)
    assert status["status"] == "failed"
    assert "KeyError" in str(status["message"])
    assert "Traceback" in (directory / "worker.log").read_text()


def test_a_data_set_that_changed_is_rejected(config: RunConfig) -> None:
    """A run is not continued on other data than it was started with."""
    directory = begin(config)
    send(directory.name, "stop")
    train_to_the_end(directory)
    description = json.loads((directory / "config.json").read_text())
    description["dataset"]["fingerprint"] = "other"
    (directory / "config.json").write_text(json.dumps(description))
    status = resume(directory)
    assert status["status"] == "failed"
    assert "has changed since" in str(status["message"])


def test_another_library_is_warned_of(config: RunConfig) -> None:
    """A run that is resumed with another NumPy warns that the last bits may differ."""
    directory = begin(config)
    send(directory.name, "stop")
    train_to_the_end(directory)
    description = json.loads((directory / "config.json").read_text())
    description["versions"]["numpy"] = "1.0"
    (directory / "config.json").write_text(json.dumps(description))
    resume(directory)
    (warning,) = [line for line in RunReader(directory).lines() if line.get("event") == "warning"]
    assert "numpy 1.0 then" in warning["message"]


def test_what_was_left_out_of_the_data_is_in_the_record(config: RunConfig, tmp_path: Path) -> None:
    """A note about how the data was interpreted is a warning of the run, once, however often it is resumed."""
    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for i in range(20):
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(tmp_path / "pets" / label / f"{i}.png")
    os.link(tmp_path / "pets" / "a" / "0.png", tmp_path / "pets" / "b" / "same.png")
    directory = begin(config.with_values({"data": str(tmp_path / "pets")}))
    assert train_to_the_end(directory)["status"] == "finished"
    go_on(directory, 2)
    reader = RunReader(directory)
    (warning,) = [line for line in reader.lines() if line.get("event") == "warning"]
    assert (warning["step"], warning["message"]) == (0, "Left out of pets: images there by another name (b/same.png).")
    about = reader.description["dataset"]
    assert (about["notes"], about["left_out"]) == ([warning["message"]], ["b/same.png: images there by another name"])


@pytest.mark.parametrize("how", ["stop", "interrupt"])
def test_loading_can_be_watched_and_ended(config: RunConfig, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A long download shows its progress, and can be stopped or interrupted in the middle."""
    endless = threading.Event()

    def download(_data: object, _seed: int, progress: worker.Callable[[str, int, int], None], **_: object) -> None:
        progress("Downloading", 3, 10)
        endless.wait()
        raise DataError("given up")

    monkeypatch.setattr(annscope.data.datasets, "load_examples", download)
    directory = begin(config)
    interrupt = threading.Event()
    session = work(directory, interrupt=interrupt)
    loading = next(status["loading"] for status in session if status["loading"])
    assert loading == {"what": "Downloading", "done": 3, "total": 10}
    if how == "stop":
        send(directory.name, "pause")
        send(directory.name, "stop")
    else:
        interrupt.set()
    *_, status = session
    endless.set()
    assert status["status"] == {"stop": "stopped", "interrupt": "interrupted"}[how]
    assert RunReader(directory).lines() == []


def test_a_checkpoint_is_made_now_and_then(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are saved regularly during training."""
    monkeypatch.setattr(worker, "CHECKPOINT_SECONDS", 0.0)
    directory = begin(config)
    session = work(directory)
    until(session, 4)
    with_checkpoint = killed(directory, "killed")
    session.close()
    assert (with_checkpoint / "checkpoint.safetensors").exists()


def test_the_command_line_of_the_worker(config: RunConfig, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`python -m annscope.runs.worker` trains a directory, and explains on standard error if it cannot."""
    directory = begin(config)
    assert worker.main([str(directory), "--epochs", "2"]) == 0
    assert RunReader(directory).status()["status"] == "finished"
    assert worker.main([str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err == "There is no run 'nothing'.\n"


def test_a_record_that_is_damaged_is_not_written(config: RunConfig) -> None:
    """A damaged record raises an error before anything in it is changed."""
    directory = begin(config)
    (directory / "metrics.jsonl").write_text("nonsense\n")
    before = (directory / "status.json").read_bytes()
    with pytest.raises(Exception, match="cannot be read"):
        train_to_the_end(directory)
    assert (directory / "status.json").read_bytes() == before
    RunWriter(begin(config)).close()
