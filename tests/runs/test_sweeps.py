"""Tests of sweeps: what is varied, how records travel, what the driver makes of runs, and Dask itself."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import optuna
import psutil
import pytest

from annscope.core.config import RunConfig
from annscope.runs.atomic import StorageError
from annscope.runs.catalogue import run_directory, run_ids, runs_home
from annscope.runs.control import send
from annscope.runs.index import list_runs
from annscope.runs.reader import RunReader
from annscope.runs.sweeps.catalogue import (
    discard_sweep,
    purge_discarded_sweeps,
    restore_sweep,
    sweep_directory,
    sweep_names,
    sweeps_home,
)
from annscope.runs.sweeps.cluster import Cluster
from annscope.runs.sweeps.driver import TrialEnded, drive
from annscope.runs.sweeps.errors import SweepError
from annscope.runs.sweeps.parcel import Received, lay_out, outset, pack, unpack
from annscope.runs.sweeps.space import parse_dimension, parse_space, settings_of
from annscope.runs.sweeps.study import Sweep, create_study, open_study
from annscope.runs.sweeps.trial import Assignment, Outcome, train
from tests.configs import make_config
from tests.records import damage, final_sha256, train_run
from tests.runs.conftest import Run


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning-rate", "must be NAME=A|B|C or NAME=LOW..HIGH[:log]"),
        ("learnig-rate=0.1|0.2", "did you mean 'learning-rate'?"),
        ("learning-rate=0.1", "one value only"),
        ("learning-rate=0.1|0.1", "'0.1' twice"),
        ("learning-rate=0.1..0.01", "from a lower to a higher"),
        ("learning-rate=0.1..x", "learning_rate must be a number"),
        ("learning-rate=0.1..0.2:lg", "must end in :log"),
        ("dropout=0..0.5:log", "must begin above 0"),
        ("batch-size=full..64", "from a number to a number"),
        ("activation=relu|rleu", "did you mean 'relu'?"),
        ("seed=1|2", "--seeds N"),
        ("split=0.1|0.2", "cannot be compared"),
    ],
)
def test_what_cannot_be_varied_is_said_in_a_sentence(text: str, words: str) -> None:
    """Each invalid --vary names what is wrong and what would be right."""
    with pytest.raises(SweepError) as error:
        parse_dimension(text)
    assert words in str(error.value)
    assert str(error.value).count("\n") == 0


def test_spaces_are_written_as_they_are_read() -> None:
    """A space that is stored is the same when it is read again."""
    texts = ["learning-rate=0.0001..0.1:log", "hidden=64|128,64|", "batch-norm=true|false", "batch-size=16..64"]
    space = parse_space(texts)
    assert parse_space([str(each) for each in space]) == space
    assert settings_of({"hidden": "128,64", "batch-norm": "true", "learning-rate": 0.01}) == {
        "hidden": (128, 64), "batch-norm": True, "learning-rate": 0.01,
    }  # fmt: skip


def test_a_record_that_travels_piece_by_piece_arrives_whole(config: RunConfig, tmp_path: Path) -> None:
    """Parcels that are cut, lost or sent twice, and a thinned record, still make the same record elsewhere."""
    source = train_run(config.with_values({"snapshot-every": 1, "epochs": 4})).directory
    arrived = tmp_path / source.name
    lay_out(arrived, {"metrics.jsonl": b""})
    received = Received(0)
    for _ in range(100):
        parcel = pack(source, received, "attempt", at_most=5_000)
        pack(source, received, "attempt")  # lost
        late = received
        received = unpack(arrived, parcel, received)
        received = unpack(arrived, pack(source, late, "attempt", at_most=5_000), received)  # twice
        if not parcel.lines:
            break
    for name in ("metrics.jsonl", "config.json", "status.json", "checkpoint.safetensors", "probe.safetensors"):
        assert (arrived / name).read_bytes() == (source / name).read_bytes(), name
    snapshots = sorted(path.name for path in (source / "snapshots").iterdir())
    assert snapshots == sorted(path.name for path in (arrived / "snapshots").iterdir())
    assert outset(arrived).keys() >= outset(source).keys() - {"control.jsonl"}


class Inline:
    """A cluster that trains runs one after another in this process, each when the driver waits."""

    def __init__(self, before: Callable[[str], None] = lambda _: None) -> None:
        self.runs: list[str] = []
        self._before = before
        self._assignments: dict[str, Assignment] = {}
        self._ended: list[tuple[str, Outcome]] = []

    def n_slots(self) -> int:
        return 1

    def submit(self, assignment: Assignment) -> None:
        self.runs.append(assignment.run)
        self._assignments[assignment.run] = assignment

    def exchange(self, words: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def wait(self, seconds: float) -> None:  # noqa: ARG002
        if self.runs:
            run = self.runs.pop(0)
            self._before(run)
            self._ended.append((run, train(self._assignments[run], str(runs_home()))))

    def outcomes(self) -> Iterator[tuple[str, Outcome]]:
        while self._ended:
            yield self._ended.pop(0)


def make_sweep(config: RunConfig, *vary: str, **about: Any) -> Sweep:
    return Sweep(**{"name": "test", "n_trials": 4, "config": config, "space": parse_space(vary)} | about)


def ended(sweep: Sweep, cluster: Any, interrupt: threading.Event | None = None) -> list[TrialEnded]:
    study = open_study(sweep.name)[1] if sweep.name in sweep_names() else create_study(sweep)
    events = drive(sweep, study, cluster, interrupt or threading.Event())
    return [event for event in events if isinstance(event, TrialEnded)]


def test_a_trial_is_the_mean_over_its_seeds(config: RunConfig) -> None:
    """The value of a trial is the mean of its runs' figures, each of the snapshot that the run keeps."""
    sweep = make_sweep(config, "learning-rate=0.1|0.01", sampler="grid", n_trials=2, n_seeds=3)
    for trial in ended(sweep, Inline()):
        found = [about for about in list_runs() if about.run in trial.runs]
        assert trial.value == pytest.approx(sum(about.best_accuracy or 0.0 for about in found) / 3, abs=1e-12)
        assert sorted(about.settings["seed"] for about in found) == [0, 1, 2]
        assert {about.settings["learning-rate"] for about in found} == {trial.settings["learning-rate"]}
        assert all(about.annotations.tags == ("test",) for about in found)


def test_settings_that_do_not_go_together_are_a_failed_trial(config: RunConfig) -> None:
    """One impossible combination costs its own trial, not the sweep."""
    sweep = make_sweep(config, "activation=relu|relu,tanh", sampler="grid", n_trials=2)
    assert {trial.trial: trial.state for trial in ended(sweep, Inline())} == {0: "complete", 1: "failed"}


def test_a_trial_whose_first_seed_is_stopped_is_pruned(config: RunConfig) -> None:
    """A trial that falls behind ends as a stopped run, and its other seeds are never trained."""

    def stop(run: str) -> None:
        if RunReader(run_directory(run)).config.training.learning_rate == 0.01:
            send(run, "stop")

    sweep = make_sweep(config, "learning-rate=0.1|0.01", sampler="grid", n_trials=2, n_seeds=2, pruner="median")
    trials = ended(sweep, Inline(stop))
    assert {trial.trial: (trial.state, len(trial.runs)) for trial in trials} == {0: ("complete", 2), 1: ("pruned", 1)}
    assert [each.state.name for each in open_study("test")[1].trials] == ["COMPLETE", "PRUNED"]


def test_a_run_that_falls_behind_is_stopped_while_it_trains(config: RunConfig) -> None:
    """What a run reports epoch by epoch reaches the pruner, and its decision reaches the run."""

    class InThreads(Inline):
        def submit(self, assignment: Assignment) -> None:
            self.runs.append(assignment.run)
            threading.Thread(target=self._train, args=(assignment,)).start()

        def _train(self, assignment: Assignment) -> None:
            outcome = train(assignment, str(runs_home()))
            self.runs.remove(assignment.run)
            self._ended.append((assignment.run, outcome))

        def wait(self, seconds: float) -> None:
            time.sleep(seconds / 10)

    sweep = make_sweep(config.with_values({"epochs": 100_000}), "dropout=0|0.1", n_trials=1, n_seeds=2, pruner="median")
    study = create_study(sweep)
    study.pruner = optuna.pruners.ThresholdPruner(lower=2.0)  # no accuracy is as high
    events = [*drive(sweep, study, InThreads(), threading.Event())]  # type: ignore[arg-type]
    (trial,) = (event for event in events if isinstance(event, TrialEnded))
    assert (trial.state, len(trial.runs)) == ("pruned", 1)
    assert 1 in study.trials[0].intermediate_values


class Away(Inline):
    """The same with a worker whose home is another one."""

    def __init__(self, home: Path, before: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(before)
        self._home = home
        (home / "runs").mkdir(parents=True)

    def wait(self, seconds: float) -> None:
        with mock.patch.dict(os.environ, {"ANNSCOPE_HOME": str(self._home)}):
            super().wait(seconds)


@pytest.fixture
def limit() -> Iterator[Callable[[int | None], None]]:
    """Sets how large files may be, as on a disk with so much space left; None: as before."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def set_limit(n_bytes: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard if n_bytes is None else n_bytes, hard))

    yield set_limit
    set_limit(None)


@pytest.mark.parametrize("where", ["here", "away"])
def test_a_full_disk_is_a_failed_trial(
    config: RunConfig, where: str, tmp_path: Path, limit: Callable[[int | None], None]
) -> None:
    """A worker without space, in this home or in another one, says so in one sentence, and the sweep goes on."""
    home = runs_home()

    def shrink(run: str) -> None:
        limit(20_000 if RunReader(home / run).config.network.hidden_sizes == (400,) else None)

    sweep = make_sweep(config, "hidden=400|3", sampler="grid", n_trials=2)
    wide, narrow = ended(sweep, Inline(shrink) if where == "here" else Away(tmp_path / "away", shrink))
    assert (wide.state, narrow.state) == ("failed", "complete")
    assert "ulimit -f" in (wide.message or "")
    assert RunReader(run_directory(wide.runs[0])).status()["status"] == "failed"
    assert damage(narrow.runs[0]) is None


def test_a_full_disk_of_the_sweep_is_a_sentence_and_costs_no_trial(
    config: RunConfig, limit: Callable[[int | None], None]
) -> None:
    """A journal that cannot grow ends the sweep, and is whole again when the sweep is resumed."""
    sweep = make_sweep(config, "learning-rate=0.1|0.01", sampler="grid", n_trials=2)
    create_study(sweep)
    journal = sweep_directory(sweep.name) / "study.log"
    with pytest.raises(StorageError, match="ulimit -f"):
        ended(sweep, Inline(lambda _: limit(journal.stat().st_size + 20)))
    limit(None)
    assert not journal.read_bytes().endswith(b"\n")
    assert {trial.state for trial in ended(sweep, Inline())} == {"complete"}
    assert len(list_runs()) == 2
    limit(10)  # bytes
    with pytest.raises(StorageError):
        create_study(make_sweep(config, "dropout=0|0.1", name="other"))
    assert sweep_names() == [sweep.name]
    limit(None)
    assert create_study(make_sweep(config, "dropout=0|0.1", name="other")) is not None


def test_a_sweep_is_deleted_and_comes_back(config: RunConfig) -> None:
    """Not while it is in progress; its journal goes with it, and comes back with it."""
    sweep = make_sweep(config, "dropout=0|0.1", n_trials=1)
    events = drive(sweep, create_study(sweep), Inline(), threading.Event())  # type: ignore[arg-type]
    next(events)
    with pytest.raises(SweepError, match="stop it before deleting it"):
        discard_sweep(sweep.name)
    assert [*events]
    discard_sweep(sweep.name)
    with pytest.raises(SweepError, match="There is no sweep"):
        open_study(sweep.name)
    restore_sweep(sweep.name)
    assert open_study(sweep.name)[1].trials[0].value is not None
    discard_sweep(sweep.name)
    purge_discarded_sweeps()
    with pytest.raises(SweepError, match="cannot be brought back"):
        restore_sweep(sweep.name)
    assert [*sweeps_home().iterdir()] == []


def test_an_interrupted_sweep_goes_on_where_it_was(config: RunConfig) -> None:
    """Trials that had ended are not trained again, and those in progress keep their settings and their runs."""
    interrupt = threading.Event()
    sweep = make_sweep(config, "learning-rate=0.01..0.1", n_trials=3)
    first = ended(sweep, Inline(lambda _: interrupt.set() if len(list_runs()) > 2 else None), interrupt)
    rest = ended(sweep, Inline())
    assert [trial.trial for trial in (*first, *rest)] == [0, 1, 2]
    assert len(list_runs()) == 3
    assert len({trial.settings["learning-rate"] for trial in (*first, *rest)}) == 3


def test_a_sweep_never_chooses_by_the_test_examples(config: RunConfig) -> None:
    """Without held-out examples there is no sweep."""
    with pytest.raises(SweepError, match="split"):
        make_sweep(config.with_values({"split": 0.0}), "dropout=0|0.1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "A sweep varies something"),
        (("--vary", "learning-rate=0.1..0.2", "--sampler", "grid"), "vary it as NAME=A|B|C"),
        (("--vary", "hidden=8|16", "--hidden", "4"), "both given and varied"),
        (("--vary", "hidden=8|16", "--sampler", "tpee"), "did you mean 'tpe'?"),
        (("--vary", "hidden=8|16", "--budget", "soon"), "90s, 10m or 2h"),
        (("--vary", "hidden=8|16", "--trials", "0"), "--trials must be a whole number at least 1"),
        (("--vary", "hidden=8|16", "--workers", "2", "--scheduler", "tcp://x:1"), "give one of them"),
        (("--resume", "nothing"), "There is no sweep 'nothing'"),
        (("--resume", "nothing", "--vary", "hidden=8|16"), "give no other settings"),
    ],
)
def test_mistakes_on_the_command_line_are_one_sentence(run: Run, options: tuple[str, ...], words: str) -> None:
    """A mistake starts nothing, and is one line on standard error."""
    status, out, error = run("sweep", *options)
    assert (status, out) == (2, "")
    assert words in error
    assert error.count("\n") == 1
    assert sweep_names() == []


def test_what_is_missing_is_named(run: Run) -> None:
    """Without the extra there is one sentence that says how to get it."""
    with mock.patch("annscope.runs.sweeps.errors.find_spec", return_value=None):
        status, out, error = run("sweep", "--vary", "hidden=8|16")
    assert (status, out) == (2, "")
    assert error == "annscope: A sweep needs optuna, distributed, cryptography: pip install 'annscope[sweep]'.\n"


GRID = {"learning-rate": (0.1, 0.01), "hidden": ((8,), (16,), (16, 8))}
VARY = ("--vary", "learning-rate=0.1|0.01", "--vary", "hidden=8|16|16,8", "--seeds", "3", "--sampler", "grid")


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The hashes of the 18 runs of the grid, trained one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANNSCOPE_HOME", str(tmp_path_factory.mktemp("hand")))
        return {
            final_sha256(
                train_run(make_config(data="digits", epochs=2, seed=seed, hidden=sizes, learning_rate=rate)).run
            )
            for rate, sizes, seed in product(*GRID.values(), range(3))
        }


def hashes(lines: str) -> set[str]:
    return {line["parameters_sha256"] for line in map(json.loads, lines.splitlines()) if line["type"] == "run"}


def command(*options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "annscope.runs.cli", "sweep", "--json", *options]


def until(condition: Callable[[], Any], seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.05)
    return found


@contextmanager
def started(arguments: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that has ended when the block has."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_grid_gives_the_same_bits_whoever_is_killed(by_hand: set[str]) -> None:
    """18 runs have the bits of 18 runs by hand, on two workers, though one is killed, then the sweep, and on one."""
    arguments = ("--data", "digits", "--epochs", "2", *VARY, "--name", "grid", "--workers", "2")
    with started(command(*arguments)) as driver:
        before = [driver.stdout.readline()]
        workers = [each for each in psutil.Process(driver.pid).children() if "spawn_main" in " ".join(each.cmdline())]
        workers[0].kill()
        before += [driver.stdout.readline() for _ in range(6)]
    resumed = subprocess.run(command("--resume", "grid", "--workers", "1"), capture_output=True, text=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert hashes("".join(before) + resumed.stdout) <= by_hand
    assert {final_sha256(run) for run in run_ids()} == by_hand
    assert len(by_hand) == 18
    assert json.loads(resumed.stdout.splitlines()[-1])["command"].startswith("annscope train --data digits")


class Scheduler(NamedTuple):
    """A Dask scheduler in a process of its own."""

    address: str
    process: "subprocess.Popen[bytes]"


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Scheduler]:
    """A file with the address and the process of a Dask scheduler with two workers, each with a home of its own."""
    about = tmp_path / "scheduler.json"
    dask = [sys.executable, "-P", "-m", "dask"]
    options = ["--scheduler-file", str(about), "--no-dashboard"]
    processes = [subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *options], stderr=-3)]
    for k in range(2):
        home = tmp_path / f"worker{k}"
        home.mkdir()
        processes.append(
            subprocess.Popen(
                [*dask, "worker", "--nthreads", "1", "--local-directory", str(home), *options],
                env={**os.environ, "ANNSCOPE_HOME": str(home)}, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
    until(about.exists)
    yield Scheduler(json.loads(about.read_text())["address"], processes[0])
    for process in reversed(processes):
        process.kill()
        process.wait()


def test_records_travel_from_other_homes_and_a_lost_worker_or_scheduler_is_no_loss(
    scheduler: Scheduler,
) -> None:
    """Workers with other homes fill this one while they train; one that is killed has its run trained again.

    When the scheduler is killed the sweep ends with a sentence, and goes on elsewhere.
    """
    expected = {final_sha256(train_run(make_config(data="digits", epochs=250, hidden=(n,))).run) for n in (8, 16)}
    earlier = set(run_ids())
    options = ("--data", "digits", "--epochs", "250", "--vary", "hidden=8|16", "--sampler", "grid", "--name", "away")
    with started(command(*options, "--scheduler", scheduler.address)) as driver:
        run = until(lambda: [*{*run_ids()} - earlier])[0]
        send(run, "pause")
        reader = RunReader(run_directory(run))
        until(lambda: reader.status()["status"] == "paused")
        assert reader.n_snapshots > 0
        os.kill(reader.status()["pid"], signal.SIGKILL)
        output = driver.communicate(timeout=300)[0]
        assert driver.returncode == 0
    assert hashes(output) == expected
    runs = {*run_ids()} - earlier
    assert len(runs) == 2
    assert {final_sha256(run) for run in runs} == expected
    assert [damage(run) for run in runs] == [None, None]

    earlier = set(run_ids())
    config = make_config(data="digits", epochs=250)
    sweep = make_sweep(config, "hidden=8|16", sampler="grid", n_trials=2)

    def kill_in_the_middle() -> None:
        with Cluster(scheduler=scheduler.address) as cluster:
            for _ in drive(sweep, create_study(sweep), cluster, threading.Event()):
                for run in {*run_ids()} - earlier:
                    if RunReader(run_directory(run)).status()["status"] == "starting":
                        send(run, "pause")
                    elif RunReader(run_directory(run)).status()["status"] == "paused":
                        scheduler.process.kill()

    with pytest.raises(SweepError, match="is lost"):
        kill_in_the_middle()
    assert {trial.state for trial in ended(sweep, Inline())} == {"complete"}
    assert {final_sha256(run) for run in {*run_ids()} - earlier} == expected


def test_an_address_without_a_scheduler_is_said() -> None:
    """An address where nothing listens is one sentence."""
    with pytest.raises(SweepError, match="There is no Dask scheduler at tcp://"):
        Cluster(scheduler="tcp://127.0.0.1:9")
