"""Worker: the process that trains. It loads the data, trains, records and handles commands.

    python -m annscope.runs.worker DIRECTORY [--epochs N]
    python -m annscope.runs.worker --wait

DIRECTORY is the record of a run, made by `runs.writer.create_run`; a run that has been started is
continued. With `--wait`, the worker makes its imports first and then reads its arguments from standard
input, as JSON. It exits when its standard input is a pipe that closes (the dashboard that started it is
gone), or at SIGTERM, after writing a checkpoint.

Time is counted in finished steps. At each step, the worker first takes a snapshot if one is scheduled, then handles
the commands: one that changes the mathematics is recorded as an event of that step before it takes effect. A
resumed run starts at its last checkpoint, computes again what came after it, and applies each recorded change at
the same step: so settings and events together determine every bit.

With snapshots in between (`snapshot_every` is "auto") and at a pace, the clock decides which steps have a snapshot, and
when the next is taken. That changes no bit of the parameters.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import importlib
import json
import os
import signal
import stat
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annscope.core.errors import AnnscopeError, DivergedError
from annscope.runs.atomic import StorageError, why_not_written
from annscope.runs.between import InBetween
from annscope.runs.changes import Change, apply_changes
from annscope.runs.control import Command, CommandReader
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError, library_versions, recorded_threads
from annscope.runs.schema import TrainerState, check, check_pairs
from annscope.runs.status import Loading, State, Status, new_status, publish_failure, write_status
from annscope.runs.threads import limit_blas
from annscope.runs.writer import RunWriter

if TYPE_CHECKING:
    from annscope.core.dataset import Dataset
    from annscope.core.training import Trainer

NEEDED = (
    "annscope.core.evaluation.metrics",
    "annscope.core.training",
    "annscope.data.datasets",
    "annscope.data.embedded",
    "annscope.runs.thread_workers",
    "psutil",
    "safetensors.numpy",
    "threadpoolctl",
)
"""Modules that training needs, imported while a worker waits for its run."""
POLL_SECONDS = 0.02
"""Seconds of training between two polls of the commands."""
HEARTBEAT_SECONDS = 0.25
CHECKPOINT_SECONDS = 2.0
"""Minimum seconds between two checkpoints."""
CHECKPOINT_SHARE = 0.01
"""Maximum share of the time that checkpoints may take."""


class _Stopped(Exception):  # noqa: N818
    """The user stopped the run."""


class _Interrupted(Exception):  # noqa: N818
    """The process must exit."""


def work(directory: Path, *, n_epochs: int | None = None, interrupt: threading.Event | None = None) -> Iterator[Status]:
    """Train the run in `directory` until it ends, recording it; yields its status, at least at each snapshot.

    `n_epochs` changes how many epochs the run has. Setting `interrupt` makes it write a checkpoint
    and end as "interrupted" within a few steps; so does closing the generator. The last status
    says how it ended: an error in the data or the mathematics is a status, not an exception.

    Raises LockedError if another process works on the run, RecordError if its record is damaged.
    """
    with RunWriter(directory) as writer:
        worker = _Worker(writer, interrupt or threading.Event())
        reason: Exception | GeneratorExit | None = None
        try:
            yield from worker.train(n_epochs)
        except (Exception, GeneratorExit) as error:
            reason = error
        worker.conclude(reason)
        if isinstance(reason, GeneratorExit):
            raise reason
        yield worker.status


def _save_traceback(directory: Path) -> str:
    try:
        with (directory / "worker.log").open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
    except OSError as error:
        return f"the traceback could not be written: {error.strerror}"
    return "the traceback is in worker.log of the run"


class _Worker:
    """One session of training a run."""

    # Available once the data is loaded:
    trainer: Trainer
    _speed: _Speed
    _in_between: InBetween

    def __init__(self, writer: RunWriter, interrupt: threading.Event) -> None:
        self.writer = writer
        self.interrupt = interrupt
        self.loaded = False
        earlier = RunReader(writer.directory).status()
        self.status = new_status(apply_changes(writer.config, writer.changes), control_from=earlier["control_from"])
        self.status["step"], self.status["epoch"] = earlier["step"], earlier["epoch"]
        self._commands = CommandReader(writer.directory, earlier["control_from"])
        self._waiting: list[Command] = []
        self._next_step = 0.0  # at the pace of the run, on the monotonic clock
        self._since: float | None = None  # when the steps since the last snapshot began
        self._rates: list[float] = []
        self._n_applied = 0
        self._snapshot_step: int | None = None
        self._train_seconds = 0.0
        self._chunk = 1
        self._next_checkpoint = time.monotonic() + CHECKPOINT_SECONDS
        self._next_status = 0.0

    def train(self, n_epochs: int | None) -> Iterator[Status]:
        """Run the whole session until training ends; `conclude` must follow."""
        yield self._publish_status("starting")
        dataset = yield from self._load()
        self._begin(dataset, n_epochs)
        yield self._publish_status("running")
        try:
            yield from self._train(dataset)
        except DivergedError:
            yield from self._record_last_steps(dataset)
            raise

    def _train(self, dataset: Dataset) -> Iterator[Status]:
        while True:
            if self.interrupt.is_set():
                raise _Interrupted
            if self._wants_snapshot():
                self._take_snapshot()
                yield self._publish_status()
            self._handle_commands(dataset)
            if self.trainer.finished:
                break
            pause = POLL_SECONDS if self._paused else self._next_step - time.monotonic()
            if pause > 0:
                self.interrupt.wait(min(pause, POLL_SECONDS))
            else:
                self._since = self._since or time.monotonic()
                self._train_briefly()
                if time.monotonic() >= self._next_checkpoint:
                    self._save()
            if time.monotonic() >= self._next_status:
                yield self._publish_status()

    def conclude(self, reason: Exception | GeneratorExit | None) -> None:
        """Record how the session ended, by the exception that ended it (None: training completed); raises nothing."""
        try:
            if reason is None:
                self._end("finished", "finished", self.trainer.stop_reason)
            elif isinstance(reason, _Stopped):
                self._end("stopped", "stop", "Stopped; resuming continues from here.")
            elif isinstance(reason, _Interrupted | GeneratorExit):
                self._end("interrupted", "interrupted", "Interrupted; resuming continues from here.")
            elif isinstance(reason, DivergedError):
                about = {
                    "layer": reason.layer,
                    "quantity": reason.quantity,
                    "advice": reason.advice,
                    "learning_rate": self.trainer.learning_rate,
                }
                self._end("diverged", "diverged", str(reason), checkpoint=False, **about)
            else:
                raise reason
        except StorageError as error:
            self._fail(f"{error} {self._what_is_saved()}")
        except AnnscopeError as error:
            self._fail(str(error))
        except OSError as error:
            path = Path(error.filename or self.writer.directory)
            self._fail(f"{why_not_written(path, error)} {self._what_is_saved()}")
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error} ({_save_traceback(self.writer.directory)}).")

    def _end(self, state: State, event: str, message: str | None, *, checkpoint: bool = True, **about: Any) -> None:
        # The status comes last, so that what it reports as saved is saved.
        if self.loaded:
            if state != "interrupted":
                self.writer.record_best()
            if checkpoint:
                self._save()
            self.writer.event(event, self.trainer.step, durable=True, message=message, **about)
        self._publish_status(state, message=message)

    def _fail(self, message: str) -> None:
        # Works even if the record can no longer be written (a full disk).
        publish_failure(self.writer.directory, self.status, message)
        if self.loaded:
            with contextlib.suppress(StorageError):
                self.writer.event("failed", self.trainer.step, message=message)

    def _what_is_saved(self) -> str:
        n_snapshots, step = self.writer.n_snapshots, self.writer.checkpoint_step
        if not n_snapshots:
            return "Nothing was recorded yet; resuming starts the run from the beginning."
        snapshots = f"Saved: {n_snapshots:,} snapshot{'s' if n_snapshots > 1 else ''}"
        if step is None:
            return f"{snapshots}; resuming starts again at step 0 and gives the same result."
        return f"{snapshots} and the checkpoint of step {step:,}; resuming continues from there."

    def _load(self) -> Generator[Status, None, Dataset]:
        # In a separate thread, so that a slow download can be shown, stopped and interrupted.
        config = self.writer.config
        results: list[Dataset | BaseException] = []
        loading: list[Loading] = []
        done = threading.Event()

        def note(what: str, n_done: int, total: int) -> None:
            loading[:] = [{"what": what, "done": n_done, "total": total}]

        def load() -> None:
            try:
                from annscope.data.datasets import load_run_dataset

                results.append(load_run_dataset(config, note))
            except BaseException as error:
                results.append(error)
            done.set()

        threading.Thread(target=load, name="loading", daemon=True).start()
        while not done.wait(POLL_SECONDS):
            if self.interrupt.is_set():
                raise _Interrupted
            self._waiting += self._commands.poll()
            if any(command.name == "stop" for command in self._waiting):
                raise _Stopped
            if time.monotonic() >= self._next_status:
                yield self._publish_status(loading=loading[0] if loading else None)
        (result,) = results
        if isinstance(result, BaseException):
            raise result
        return result

    def _begin(self, dataset: Dataset, n_epochs: int | None) -> None:
        from annscope.core.evaluation.metrics import HISTOGRAM_EDGES
        from annscope.core.network import layer_sizes
        from annscope.core.training import Trainer
        from annscope.runs.thread_workers import ThreadWorkers

        writer = self.writer
        known = writer.description["dataset"]
        if known is not None and known["fingerprint"] != dataset.fingerprint:
            raise RecordError(f"The data set {dataset.name} has changed since run {writer.run} was started.")
        n_threads = recorded_threads(writer.description)
        limit_blas()
        saved = writer.load_checkpoint()
        if saved is not None:
            try:
                check(saved.checkpoint.state, TrainerState)
                check_pairs(saved.checkpoint.state.get("batch_losses", []))
            except ValueError as error:
                raise RecordError(f"The checkpoint of run {writer.run} is damaged: {error}.") from error
            self._n_applied, self._train_seconds = saved.n_changes, saved.train_seconds
            self._snapshot_step = saved.checkpoint.step if saved.snapshot_taken else None
        config = apply_changes(writer.config, writer.changes[: self._n_applied])
        self._workers = ThreadWorkers(n_threads)
        self.trainer = Trainer(dataset, config, checkpoint=saved.checkpoint if saved else None, workers=self._workers)
        self._speed = _Speed(self.trainer, self._train_seconds)
        self.loaded = True
        if known is None:
            sizes = layer_sizes(config.network, dataset.n_features, dataset.n_classes)
            writer.describe(dataset, self.trainer.probe, sizes, HISTOGRAM_EDGES, n_threads)
            for note in dataset.notes:
                self._warn(note)
        if writer.last_step >= 0:
            # The record stays valid: further epochs count from where it ends.
            end = max(writer.last_step, self.trainer.step)
            if n_epochs in {None, apply_changes(writer.config, writer.changes).training.n_epochs}:
                writer.event("resume", self.trainer.step)
            else:
                writer.event("epochs", end, n_epochs=n_epochs)
            self._compare_environment()
        self._speed.restart(self.trainer, self._train_seconds)
        self._in_between = InBetween()

    def _compare_environment(self) -> None:
        then, now = self.writer.description["versions"], library_versions()
        changed = [
            f"{what} {then[what]} then, {now[what]} now" for what in now if then.get(what, now[what]) != now[what]
        ]
        if changed:
            self._warn(f"The last bits may differ from those of an uninterrupted run: {'; '.join(changed)}.")

    def _warn(self, message: str) -> None:
        self.writer.event("warning", self.trainer.step, message=message)
        self.status["message"] = message

    @property
    def _paused(self) -> bool:
        return self.status["status"] == "paused"

    @property
    def _pace(self) -> float | None:
        return self.status["pace"]

    def _wants_snapshot(self) -> bool:
        trainer, step = self.trainer, self.trainer.step
        if step == self._snapshot_step:
            return False
        if trainer.should_judge or self.writer.is_recorded(step):
            return True
        if step < self.writer.last_step:  # computed again
            return False
        is_auto = self.writer.config.training.snapshot_every == "auto"
        return is_auto and self._in_between.wants(step, is_scheduled=trainer.should_snapshot)

    def _take_snapshot(self) -> None:
        """Record where the run stands, and wait before the next step as its pace demands."""
        if self._snapshot_step == self.trainer.step:
            return
        began = time.process_time()
        snapshot = self.trainer.snapshot(self._train_seconds)
        self.writer.append(snapshot)
        self._snapshot_step = self.trainer.step
        self._in_between.note(0.0 if snapshot.judged else time.process_time() - began)
        if self._pace is not None and self.trainer.step >= self.writer.last_step:
            self._next_step = (self._since or time.monotonic()) + 1 / self._pace
        self._since = None

    def _record_last_steps(self, dataset: Dataset) -> Iterator[Status]:
        """Record the last steps before training diverged, as far as their losses are finite."""
        from annscope.runs.replay import N_LAST_STEPS, replay

        end = self.trainer.step
        with contextlib.suppress(DivergedError):
            for trainer in replay(self.writer, dataset, end, self._workers):
                if self.interrupt.is_set():
                    return
                if trainer.step > end - N_LAST_STEPS:
                    self.writer.append(trainer.snapshot(self._train_seconds))
                if time.monotonic() >= self._next_status:
                    yield self._publish_status()

    def _handle_commands(self, dataset: Dataset) -> None:
        commands, self._waiting = self._waiting + self._commands.poll(), []
        self._apply_changes(dataset)
        for command in commands:
            if command.name == "pause" and not self._paused:
                self._take_snapshot()  # so that what is seen is where it stands
                self.writer.event("pause", self.trainer.step)
                self._save()
                self._publish_status("paused")
            elif command.name == "resume" and self._paused:
                self.writer.event("resume", self.trainer.step)
                self._speed.restart(self.trainer, self._train_seconds)
                self._publish_status("running")
            elif command.name == "step" and self._paused and not self.trainer.finished:
                self._advance(1)
                self._take_snapshot()
                self._publish_status()
            elif command.name == "stop":
                self._take_snapshot()
                raise _Stopped
            elif command.name == "pace":
                self._set_pace(command.value)
            elif command.name in {"pin", "unpin"}:
                self.writer.event(command.name, self.trainer.step, number=command.value)
            elif command.value is not None:
                self._rates.append(command.value)
            self._apply_changes(dataset)

    def _set_pace(self, pace: float | None) -> None:
        if pace == self._pace:
            return
        self.status["pace"] = pace
        stands_at_one = self._snapshot_step == self.trainer.step
        self._next_step = time.monotonic() + 1 / pace if pace is not None and stands_at_one else 0.0
        self.writer.event("pace", self.trainer.step, value=pace)
        self._publish_status()

    def _apply_changes(self, dataset: Dataset) -> None:
        from annscope.core.training import Trainer

        # While a resumed run computes recorded steps again, a new learning rate waits for the first step after them.
        if self._rates and self.trainer.step >= self.writer.last_step:
            for rate in self._rates:
                self.writer.event("learning_rate", self.trainer.step, value=rate)
            self._rates.clear()
        for change in self._next_changes():
            if change.step != self.trainer.step:
                break
            self._n_applied += 1
            if change.option == "epochs":
                config = apply_changes(self.writer.config, self.writer.changes[: self._n_applied])
                self.trainer = Trainer(dataset, config, checkpoint=self.trainer.checkpoint(), workers=self._workers)
            else:
                self.trainer.change_learning_rate(float(change.value))
            self._publish_status()

    def _next_changes(self) -> Sequence[Change]:
        return self.writer.changes[self._n_applied :]

    def _train_briefly(self) -> None:
        n_steps, seconds = self._advance(self._chunk)
        if seconds > 0:
            self._chunk = max(1, min(2 * self._chunk, int(n_steps / seconds * POLL_SECONDS)))

    def _advance(self, n_steps: int) -> tuple[int, float]:
        if changes := self._next_changes():
            n_steps = min(n_steps, changes[0].step - self.trainer.step)
        if self.trainer.step < self.writer.last_step:  # computed again
            recorded = self.writer.next_recorded(self.trainer.step)
            n_steps = n_steps if recorded is None else min(n_steps, recorded - self.trainer.step)
        started = time.perf_counter()
        n_steps = self.trainer.advance(n_steps)
        seconds = time.perf_counter() - started
        self._train_seconds += seconds
        return n_steps, seconds

    def _save(self) -> None:
        started = time.monotonic()
        self.writer.save_checkpoint(
            self.trainer.checkpoint(),
            train_seconds=self._train_seconds,
            n_changes=self._n_applied,
            snapshot_taken=self._snapshot_step == self.trainer.step,
        )
        now = time.monotonic()
        self._next_checkpoint = now + max(CHECKPOINT_SECONDS, (now - started) / CHECKPOINT_SHARE)

    def _publish_status(
        self, state: State | None = None, *, message: str | None = None, loading: Loading | None = None
    ) -> Status:
        status = self.status
        status["heartbeat"] = time.time()
        self._next_status = time.monotonic() + HEARTBEAT_SECONDS
        status["loading"] = loading
        if state is not None:
            status["status"] = state
            status["message"] = message or (status["message"] if state in {"running", "paused"} else None)
        if self.loaded:
            trainer = self.trainer
            if not self._paused:
                self._speed.measure(trainer, self._train_seconds)
            status["step"], status["epoch"] = trainer.step, trainer.epoch
            status["total_steps"] = trainer.total_steps
            status["n_epochs"] = trainer.total_steps // trainer.steps_per_epoch
            status["samples_seen"] = trainer.samples_seen
            status["learning_rate"] = trainer.learning_rate
            status["samples_per_second"] = self._speed.samples_per_second
            status["seconds_left"] = None
            if status["status"] == "running" and self._speed.seconds_per_step is not None:
                status["seconds_left"] = (trainer.total_steps - trainer.step) * self._speed.seconds_per_step
        write_status(self.writer.directory, status)
        return status


class _Speed:
    """Training speed, smoothed over about a second.

    `samples_per_second` counts the time of updates alone, `seconds_per_step` everything.
    """

    def __init__(self, trainer: Trainer, train_seconds: float) -> None:
        self.samples_per_second: float | None = None
        self.seconds_per_step: float | None = None
        self.restart(trainer, train_seconds)

    def restart(self, trainer: Trainer, train_seconds: float) -> None:
        """Exclude the time since the last measurement, in which nothing was trained."""
        self._clock, self._step = time.perf_counter(), trainer.step
        self._samples, self._seconds = trainer.samples_seen, train_seconds

    def measure(self, trainer: Trainer, train_seconds: float) -> None:
        """Include the steps since the last measurement."""
        n_steps, seconds = trainer.step - self._step, train_seconds - self._seconds
        if n_steps <= 0 or seconds <= 0:
            return
        rate = (trainer.samples_seen - self._samples) / seconds
        each = (time.perf_counter() - self._clock) / n_steps
        self.samples_per_second = _smooth(self.samples_per_second, rate)
        self.seconds_per_step = _smooth(self.seconds_per_step, each)
        self.restart(trainer, train_seconds)


def _smooth(old: float | None, new: float, share: float = 0.3) -> float:
    return new if old is None else (1 - share) * old + share * new


@contextlib.contextmanager
def interrupted_by_signals() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C, SIGTERM and closing the terminal; a second Ctrl-C exits at once."""
    interrupt = threading.Event()

    def note(number: int, _: object) -> None:
        interrupt.set()
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # ignored by nohup
            signal.signal(number, note)
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt_when_input_closes(interrupt: threading.Event) -> None:
    """Set `interrupt` when standard input closes, if it is a pipe."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def wait() -> None:
        # The raw descriptor: a daemon thread blocked in sys.stdin would hold its lock when Python exits.
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        interrupt.set()

    threading.Thread(target=wait, name="standard input", daemon=True).start()


def main(arguments: Sequence[str] | None = None, interrupt: threading.Event | None = None) -> int:
    """Train a run; the exit status is 0 however the run ended, and 2 if it could not be trained at all."""
    parser = argparse.ArgumentParser(prog="python -m annscope.runs.worker", description="Train the run in a directory.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--epochs", type=int, default=None)
    given = parser.parse_args(arguments)
    try:
        for _ in work(given.directory, n_epochs=given.epochs, interrupt=interrupt):
            pass
    except AnnscopeError as error:
        with contextlib.suppress(OSError):  # standard error is a file on the same disk
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
        return 2
    return 0


def wait_for_arguments() -> list[str]:
    """Make the imports, wait for the arguments on standard input, and log to the directory that they name.

    Exits if the input closes before.
    """
    for name in NEEDED:
        importlib.import_module(name)
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit()
    arguments: list[str] = json.loads(line)
    log = os.open(Path(arguments[0]) / "worker.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for output in (1, 2):
        os.dup2(log, output)
    os.close(log)
    return arguments


if __name__ == "__main__":
    faulthandler.enable()
    given_arguments = wait_for_arguments() if sys.argv[1:] == ["--wait"] else sys.argv[1:]
    with interrupted_by_signals() as ending:
        interrupt_when_input_closes(ending)
        sys.exit(main(given_arguments, interrupt=ending))
