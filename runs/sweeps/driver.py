"""The driver of a sweep: asks the study for trials, has their runs trained, prunes them and tells the study.

With pruning, the first seed of a trial decides: its figures are compared with those of the first seeds of the other
trials, and the other seeds are only trained if it comes through. What is pruned gets the ordinary command to stop.

What is under way when the driver ends in any way is under way in the study as well: `drive` takes it up again, each
run at its last checkpoint.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.best import best_line
from annscope.runs.annotations import Annotations, write_annotations
from annscope.runs.atomic import StorageError, drop_half_line, read_file, replace_file, to_json, writing
from annscope.runs.catalogue import run_directory
from annscope.runs.control import ControlError, send
from annscope.runs.launch import LaunchError, prepare, prepare_resume
from annscope.runs.liveness import LockedError, WriterLock, is_alive, started
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError
from annscope.runs.schema import parse_json
from annscope.runs.status import LIVE, Status, publish_failure, write_status
from annscope.runs.sweeps.catalogue import JOURNAL, LOCK, sweep_directory
from annscope.runs.sweeps.cluster import Cluster
from annscope.runs.sweeps.errors import SweepError
from annscope.runs.sweeps.parcel import Received, commands_of, outset, unpack, what_is_here
from annscope.runs.sweeps.space import settings_of
from annscope.runs.sweeps.study import Sweep, config_of_trial, seeds_of
from annscope.runs.sweeps.trial import ENDED, Assignment, Outcome, Word

if TYPE_CHECKING:
    from optuna import Study, Trial

TICK_SECONDS = 0.2
"""Between two rounds in which the driver hears from all runs."""
ENDING_SECONDS = 10.0
"""How long the runs have to write a checkpoint after Ctrl-C."""

STATUS = "status.json"

TrialState = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class RunEnded:
    """A run of a trial has ended; `settings` are those that are varied, with the seed."""

    trial: int
    run: str
    settings: dict[str, Any]
    state: str
    message: str | None


@dataclass(frozen=True)
class TrialEnded:
    """A trial has ended, with the mean of its runs' figures if it is complete, and the reason if it failed."""

    trial: int
    state: TrialState
    value: float | None
    settings: dict[str, Any]
    runs: tuple[str, ...]
    message: str | None


@dataclass(frozen=True)
class Progress:
    """How far a sweep is."""

    n_ended: int
    n_trials: int
    n_running: int
    seconds_left: float | None
    message: str | None = None


Event = RunEnded | TrialEnded | Progress


@dataclass
class _Trial:
    """A trial in progress. `waiting`, `runs` and `outcomes` go by the place of a seed among the seeds."""

    handle: Trial
    settings: dict[str, Any]
    waiting: list[int]
    runs: dict[int, str] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    reported: set[int] = field(default_factory=set)
    first: RunReader | None = None
    error: str | None = None


def drive(sweep: Sweep, study: Study, cluster: Cluster, interrupt: threading.Event) -> Iterator[Event]:
    """Carry a sweep on until all trials have ended, its budget is used up or `interrupt` is set.

    Raises SweepError if another process drives it or the scheduler is lost, StorageError if the disk here is full.
    """
    directory = sweep_directory(sweep.name)
    try:
        lock = WriterLock(directory / LOCK)
    except LockedError:
        raise SweepError(f"The sweep {sweep.name} is in progress already, in another process.") from None
    try:
        with writing(directory / JOURNAL):
            drop_half_line(directory / JOURNAL)  # of a session that ended on a full disk
            yield from _Driver(sweep, study, cluster, interrupt).drive()
    finally:
        with contextlib.suppress(OSError):
            (directory / STATUS).unlink(missing_ok=True)
        lock.release()


class _Driver:
    """One session of a sweep."""

    def __init__(self, sweep: Sweep, study: Study, cluster: Cluster, interrupt: threading.Event) -> None:
        self.sweep, self.study, self.cluster, self.interrupt = sweep, study, cluster, interrupt
        self.prunes = sweep.pruner != "none"
        self.seeds = seeds_of(sweep)
        self.trials: list[_Trial] = []
        self.events: list[Event] = []
        self.place: dict[str, tuple[_Trial, int]] = {}  # of each run that is being trained
        self.received: dict[str, Received] = {}
        self.readers: dict[str, RunReader] = {}  # of the runs of the trials in progress
        self.stopped: set[str] = set()
        self.began = time.monotonic()
        self.n_before = self.n_ended = sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))

    def drive(self) -> Iterator[Event]:
        self._take_up()
        next_tick = 0.0
        while not self.interrupt.is_set():
            if self._is_over_budget():
                self._stop_all()
            else:
                self._fill()
            if time.monotonic() >= next_tick:
                self._exchange()
                self._prune()
                self.events.append(self._progress())
                next_tick = time.monotonic() + TICK_SECONDS
            yield from self._new_events()
            if not self.trials:
                return
            self.cluster.wait(max(0.01, next_tick - time.monotonic()))
            self._conclude()
        self._interrupt()
        yield from self._new_events()

    def _new_events(self) -> list[Event]:
        events, self.events = self.events, []
        return events

    def _is_over_budget(self) -> bool:
        return self.sweep.budget is not None and time.monotonic() - self.began > self.sweep.budget

    def _take_up(self) -> None:
        """Continue the trials that an earlier session left in progress."""
        import optuna

        for frozen in self.study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            trial = self._begin(optuna.Trial(self.study, frozen._trial_id))
            trial.reported = set(frozen.intermediate_values)
            for k, run in enumerate(frozen.user_attrs.get("runs", [])):
                with contextlib.suppress(RecordError):  # deleted meanwhile: it is trained again
                    status = _status_of_left(run_directory(run))
                    trial.runs[k] = run
                    if status["status"] in ENDED:
                        trial.outcomes[k] = Outcome(status["status"], status["message"])
            self._go_on(trial)

    def _begin(self, handle: Trial) -> _Trial:
        settings = settings_of({each.option: each.suggest(handle) for each in self.sweep.space})
        trial = _Trial(handle, settings, waiting=[0] if self.prunes else [*range(len(self.seeds))])
        self.trials.append(trial)
        return trial

    def _fill(self) -> None:
        """Submit runs: one more than the workers can train, so that none of them waits for the next."""
        n_free = self.cluster.n_slots() + 1 - len(self.cluster.runs)
        trials = iter([*self.trials])
        while n_free > 0:
            trial = next(trials, None)
            if trial is None:
                if self.n_ended + len(self.trials) >= self.sweep.n_trials:
                    return
                trial = self._begin(self.study.ask())
            for k in trial.waiting[:n_free]:
                if trial.error is None:
                    n_free -= self._submit(trial, k)

    def _submit(self, trial: _Trial, k: int) -> bool:
        """Have the run of one seed trained; False if that has to wait, or if there cannot be such a run."""
        try:
            if k in trial.runs:
                prepare_resume(trial.runs[k])
            else:
                trial.runs[k] = prepare(config_of_trial(self.sweep, trial.settings, self.seeds[k]))
                write_annotations(run_directory(trial.runs[k]), Annotations(tags=(self.sweep.name,)))
                trial.handle.set_user_attr("runs", [trial.runs[j] for j in sorted(trial.runs)])
        except (LaunchError, LockedError):
            return False  # a worker of an earlier session has not noticed yet that it is on its own
        except StorageError:
            raise
        except AnnscopeError as error:
            trial.error = str(error)
            self._go_on(trial)
            return False
        trial.waiting.remove(k)
        run = trial.runs[k]
        directory = run_directory(run)
        self.place[run], self.received[run] = (trial, k), what_is_here(directory)
        if k == 0:
            trial.first = self._reader(run)
        self.cluster.submit(Assignment(run, outset(directory)))
        return True

    def _exchange(self) -> None:
        """Hear from the runs, and bring home what is new in the records of those that are trained elsewhere."""
        write_driver_status(self.directory, self._progress())
        for run, parcel in self.cluster.exchange({run: self._word(run) for run in self.cluster.runs}).items():
            received = self.received.get(run)
            if received is not None and received.attempt in {None, parcel.attempt}:
                self.received[run] = unpack(run_directory(run), parcel, received)

    @property
    def directory(self) -> Path:
        return sweep_directory(self.sweep.name)

    def _word(self, run: str) -> Word:
        return Word(self.received[run], commands_of(run_directory(run)), interrupt=self.interrupt.is_set())

    def _prune(self) -> None:
        for trial in self.trials if self.prunes else ():
            if trial.first is None or 0 in trial.outcomes:
                continue
            n_reported = len(trial.reported)
            for line in trial.first.new_lines():
                if line["type"] == "snapshot" and line["step"] > 0 and line.get("judged", True):
                    self._report(trial, line["epoch"], self.sweep.figure.of(line))
            if len(trial.reported) > n_reported and trial.handle.should_prune():
                self._stop(trial.runs[0])

    def _report(self, trial: _Trial, epoch: int, value: float | None) -> None:
        if value is not None and epoch not in trial.reported:
            trial.handle.report(value, epoch)
            trial.reported.add(epoch)

    def _stop(self, run: str) -> None:
        if run not in self.stopped:
            self.stopped.add(run)
            with contextlib.suppress(ControlError):  # it has just ended
                send(run, "stop")

    def _stop_all(self) -> None:
        """Stop what is in progress when the budget is used up."""
        for trial in [*self.trials]:
            for run, (each, _) in self.place.items():
                if each is trial:
                    self._stop(run)
            if trial.waiting:
                trial.outcomes |= {k: Outcome("stopped") for k in trial.waiting}
                trial.waiting.clear()
                self._go_on(trial)

    def _conclude(self) -> None:
        for run, outcome in self.cluster.outcomes():
            trial, k = self.place.pop(run)
            directory = run_directory(run)
            received = self.received.pop(run)
            is_lost = outcome.parcel is not None and received.attempt not in {None, outcome.parcel.attempt}
            if outcome.parcel is not None and not is_lost:
                unpack(directory, outcome.parcel, received)
            status = self._reader(run).status()
            if outcome.state == "interrupted" or is_lost:
                write_status(directory, {**status, "status": "interrupted"})
                trial.waiting.append(k)  # its worker is gone: another one takes it up
                continue
            if outcome.state == "failed" and status["status"] != "failed":
                publish_failure(directory, status, outcome.message or "failed")
            trial.outcomes[k] = outcome
            settings = trial.settings | {"seed": self.seeds[k]}
            self.events.append(RunEnded(trial.handle.number, run, settings, outcome.state, outcome.message))
            self._go_on(trial)

    def _go_on(self, trial: _Trial) -> None:
        """Have the other seeds of a trial trained, or end it, as far as its outcomes are known."""
        failed = next((each for each in trial.outcomes.values() if each.state == "failed"), None)
        trial.error = trial.error or (None if failed is None else failed.message)
        is_over = trial.error is not None or any(each.state == "stopped" for each in trial.outcomes.values())
        in_progress = [k for each, k in self.place.values() if each is trial]
        trial.waiting = [] if is_over else [k for k in self._wanted(trial) if k not in (*trial.outcomes, *in_progress)]
        if not trial.waiting and not in_progress:
            self._end(trial)

    def _wanted(self, trial: _Trial) -> range:
        return range(1) if self.prunes and 0 not in trial.outcomes else range(len(self.seeds))

    def _end(self, trial: _Trial) -> None:
        import optuna

        state: TrialState = "complete"
        values = [self._value(trial.runs[k]) for k in sorted(trial.outcomes) if k in trial.runs]
        if trial.error is not None:
            state = "failed"
        elif any(each.state == "stopped" for each in trial.outcomes.values()):
            state = "pruned"
        elif any(value is None for value in values):
            state, trial.error = "failed", "Training diverged before there was a figure."
        value = fmean(value for value in values if value is not None) if state == "complete" else None
        if trial.error is not None:
            trial.handle.set_user_attr("error", trial.error)
        told = {"pruned": optuna.trial.TrialState.PRUNED, "failed": optuna.trial.TrialState.FAIL}
        self.study.tell(trial.handle.number, value, state=told.get(state))
        self.trials.remove(trial)
        self.n_ended += 1
        runs = tuple(trial.runs[k] for k in sorted(trial.runs))
        for run in runs:
            self.readers.pop(run, None)
        self.events.append(TrialEnded(trial.handle.number, state, value, trial.settings, runs, trial.error))

    def _value(self, run: str) -> float | None:
        line = best_line(self._reader(run).snapshot_lines())
        return None if line is None else self.sweep.figure.of(line)

    def _reader(self, run: str) -> RunReader:
        if run not in self.readers:
            self.readers[run] = RunReader(run_directory(run))
        return self.readers[run]

    def _interrupt(self) -> None:
        """Have every run write a checkpoint, and bring it home."""
        patience = time.monotonic() + ENDING_SECONDS
        while self.cluster.runs and time.monotonic() < patience:
            self._exchange()
            self.cluster.wait(TICK_SECONDS)
            self._conclude()

    def _progress(self) -> Progress:
        seconds = time.monotonic() - self.began
        n_now, n_left = self.n_ended - self.n_before, self.sweep.n_trials - self.n_ended
        left = seconds / n_now * n_left if n_now else None
        if self.sweep.budget is not None:
            until = max(0.0, self.sweep.budget - seconds)
            left = until if left is None else min(left, until)
        n_slots = self.cluster.n_slots()
        message = None if n_slots else "Waiting for a worker to join the scheduler."
        return Progress(self.n_ended, self.sweep.n_trials, min(len(self.place), n_slots), left, message)


def _status_of_left(directory: Path) -> Status:
    """The status of a run that an earlier session left: interrupted, unless a process still writes it.

    Its record may name a worker with another home, which lives on but writes nothing here.
    """
    status = RunReader(directory).status()
    if status["status"] in LIVE:
        with contextlib.suppress(LockedError):
            WriterLock(directory / "worker.lock").release()
            status["status"] = "interrupted"
            write_status(directory, status)
    return status


def write_driver_status(directory: Path, progress: Progress, pid: int | None = None) -> None:
    """Write which process drives a sweep, this one unless said otherwise, and how far it is. Raises StorageError."""
    pid = pid or os.getpid()
    process = {"pid": pid, "pid_started": started(pid), "host": platform.node()}
    content = to_json({**process, "heartbeat": time.time(), **asdict(progress)})
    replace_file(directory / STATUS, content.encode())


def driver_status(name: str) -> tuple[int, Progress] | None:
    """The id of the process that drives a sweep and how far it is; None if no process does."""
    try:
        about = parse_json(read_file(sweep_directory(name) / STATUS))
        if not is_alive(about):
            return None
        return int(about["pid"]), Progress(**{each.name: about[each.name] for each in fields(Progress)})
    except (OSError, ValueError, KeyError, TypeError):
        return None
