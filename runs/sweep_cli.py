"""`annscope sweep`: train many runs with different settings, and find the best."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from annscope.core.config import FIELDS
from annscope.runs.options import (
    config_of,
    given_options,
    json_option,
    parse_threads,
    parse_whole_number,
    recipe_option,
    settings_options,
    threads_option,
)
from annscope.runs.terminal import console, print_json, print_text, visible

if TYPE_CHECKING:
    from optuna import Study

    from annscope.runs.sweeps.driver import Event, Progress, RunEnded, TrialEnded
    from annscope.runs.sweeps.study import Sweep

FAILED, INTERRUPTED = 1, 130


@click.command()
@click.option(
    "--vary", multiple=True, metavar="NAME=VALUES", help="Vary a setting: NAME=A|B|C, or NAME=LOW..HIGH[:log]; repeat."
)
@click.option("--trials", metavar="N", default=None, help="Number of settings to try.  [default: 20, or a whole grid]")
@click.option("--seeds", metavar="N", default="1", show_default=True, help="Train each with N seeds, from --seed on.")
@click.option(
    "--metric", metavar="NAME", default="heldout-accuracy", show_default=True,
    help="Choose by this figure, averaged over seeds.  [heldout-accuracy|heldout-loss]",
)  # fmt: skip
@click.option(
    "--sampler",
    metavar="NAME",
    default="tpe",
    show_default=True,
    help="How settings are chosen.  [tpe|random|grid|qmc]",
)
@click.option(
    "--prune", "pruner", metavar="NAME", default="none", show_default=True,
    help="Stop a trial whose first seed falls behind.  [median|hyperband|none]",
)  # fmt: skip
@click.option("--budget", metavar="TIME", default=None, help="Stop after this time: 90s, 10m, 2h.")
@click.option("--workers", metavar="N", default=None, help="Number of worker processes here.  [default: all cores]")
@click.option(
    "--scheduler", metavar="ADDRESS", default=None, help="Dask scheduler whose workers to use: tcp://HOST:PORT."
)
@click.option("--name", metavar="NAME", default=None, help="Name of the sweep.  [default: the data set and the time]")
@click.option("--resume", metavar="NAME", default=None, help="Continue this sweep; with other workers if you like.")
@recipe_option
@threads_option
@settings_options
@json_option
def sweep(
    vary: tuple[str, ...], trials: str | None, seeds: str, metric: str, sampler: str, pruner: str, budget: str | None,
    workers: str | None, scheduler: str | None, name: str | None, resume: str | None, recipe: str | None,
    threads: str | None, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Train runs with different settings, several at a time, and find the best by their held-out examples."""
    from annscope.runs.sweeps.errors import SweepError, require_packages
    from annscope.runs.threads import use_threads, wanted_threads

    require_packages()
    if workers is not None and scheduler is not None:
        raise SweepError("--workers starts workers here, --scheduler uses those of a scheduler; give one of them.")
    n_workers = None if workers is None else parse_whole_number("--workers", workers)
    if n_workers == 0:
        raise SweepError("--workers must be a whole number at least 1, got '0'.")
    use_threads(wanted_threads() if threads is None else parse_threads(threads))
    if resume is not None:
        from annscope.runs.sweeps.study import open_study

        given = given_options(options)
        if vary or name or recipe or given:
            raise SweepError("--resume continues a sweep as it was asked for; give no other settings with it.")
        about, study = open_study(resume)
    else:
        from annscope.runs.launch import checked
        from annscope.runs.sweeps.space import n_combinations, parse_space
        from annscope.runs.sweeps.study import N_TRIALS, Sweep, create_study, new_name

        space = parse_space(vary)
        twice = {each.option for each in space} & {*given_options(options)}
        if twice:
            raise SweepError(f"--{min(twice)} is both given and varied; leave one of them out.")
        config = checked(config_of(options, recipe))
        n_combined = n_combinations(space) if sampler == "grid" or not space else None
        n_trials = (n_combined or N_TRIALS) if trials is None else parse_whole_number("--trials", trials)
        about = Sweep(
            name=name or new_name(config), config=config, space=space,
            n_trials=n_trials if n_combined is None else min(n_trials, n_combined),
            n_seeds=parse_whole_number("--seeds", seeds), metric=metric, sampler=sampler, pruner=pruner,
            budget=None if budget is None else _seconds(budget),
        )  # fmt: skip
        study = create_study(about)
    _carry_on(about, study, n_workers, scheduler, as_json)


_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


def _seconds(text: str) -> float:
    from annscope.runs.sweeps.errors import SweepError

    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip())
    if found is None or found[2] not in _UNITS or not float(found[1]):
        raise SweepError(f"--budget must be a time such as 90s, 10m or 2h, got {text!r}.")
    return float(found[1]) * _UNITS[found[2]]


def _carry_on(sweep: Sweep, study: Study, n_workers: int | None, scheduler: str | None, as_json: bool) -> None:
    from annscope.runs.sweeps.cluster import Cluster
    from annscope.runs.sweeps.driver import drive
    from annscope.runs.sweeps.priority import yield_to_others
    from annscope.runs.worker import interrupted_by_signals

    if scheduler is None:
        yield_to_others()
    view = _JsonView(sweep) if as_json else _TextView(sweep)
    with interrupted_by_signals() as interrupt, Cluster(n_workers=n_workers, scheduler=scheduler) as cluster, view:
        for event in drive(sweep, study, cluster, interrupt):
            view.show(event)
    if interrupt.is_set():
        print_text(f"annscope: interrupted; continue with: annscope sweep --resume {sweep.name}", err=True)
        raise click.exceptions.Exit(INTERRUPTED)
    view.end(study)
    if not any(trial.value is not None for trial in study.get_trials(deepcopy=False)):
        print_text("annscope: no trial was completed.", err=True)
        raise click.exceptions.Exit(FAILED)


class _JsonView:
    """One object for each run and each trial that ends, and one for the best trial at the end."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def __enter__(self) -> _JsonView:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, event: Event) -> None:
        from annscope.runs.sweeps.driver import RunEnded, TrialEnded

        if isinstance(event, RunEnded):
            print_json({"type": "run", "sweep": self._sweep.name} | _about_run(event))
        elif isinstance(event, TrialEnded):
            print_json({"type": "trial", "sweep": self._sweep.name, "metric": self._sweep.metric} | asdict(event))

    def end(self, study: Study) -> None:
        from annscope.runs.sweeps.study import best_trial

        best = best_trial(self._sweep, study)
        about = {"best": None if best is None else best.number, "value": None if best is None else best.value}
        command = None if best is None else best.command
        print_json({"type": "end", "sweep": self._sweep.name, **about, "command": command})


def _about_run(event: RunEnded) -> dict[str, Any]:
    from annscope.core.evaluation.best import best_line
    from annscope.runs.catalogue import run_directory
    from annscope.runs.progress import last_sha256
    from annscope.runs.reader import RunReader

    reader = RunReader(run_directory(event.run))
    best = best_line(reader.snapshot_lines()) or {"heldout": {"accuracy": None, "loss": None}, "step": 0, "epoch": 0}
    return {
        "trial": event.trial,
        "run": event.run,
        "status": event.state,
        "message": event.message,
        "settings": event.settings,
        "heldout_accuracy": best["heldout"]["accuracy"],
        "heldout_loss": best["heldout"]["loss"],
        "step": best["step"],
        "epoch": best["epoch"],
        "parameters_sha256": last_sha256(reader),
    }


class _TextView:
    """A line for each trial that ends, a progress bar below them on a terminal, and the best at the end."""

    def __init__(self, sweep: Sweep) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._sweep = sweep
        self._bar = Bar(
            TextColumn("{task.description}", markup=False), BarColumn(bar_width=None),
            TextColumn("{task.fields[rest]}", markup=False), console=console(), disable=not sys.stdout.isatty(),
        )  # fmt: skip
        self._task = self._bar.add_task(visible(f"Sweep {sweep.name}"), total=sweep.n_trials, rest="")

    def __enter__(self) -> _TextView:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: Event) -> None:
        from annscope.runs.sweeps.driver import Progress, TrialEnded

        if isinstance(event, TrialEnded):
            self._bar.console.print(visible(describe(event)))
        elif isinstance(event, Progress):
            self._bar.update(self._task, completed=event.n_ended, rest=progress_words(event))

    def end(self, study: Study) -> None:
        from annscope.runs.sweeps.study import best_trial

        best = best_trial(self._sweep, study)
        if best is not None:
            print_text(f"Best: trial {best.number}, {self._sweep.figure.label} {best.value:.4f}.")
            print_text(best.command)


def describe(event: TrialEnded) -> str:
    """One trial that has ended, its figure first."""
    settings = "  ".join(f"{option}={FIELDS[option].format(value)}" for option, value in event.settings.items())
    figure = event.state if event.value is None else f"{event.value:.4f}"
    return f"trial {event.trial:>3}  {figure:<8}  {settings}" + (f"  {event.message}" if event.message else "")


def progress_words(progress: Progress) -> str:
    """How far a sweep is, in few words."""
    from annscope.runs.quantities import duration

    words = [f"{progress.n_ended} of {progress.n_trials} trials", f"{progress.n_running} runs in progress"]
    if progress.seconds_left is not None:
        words.append(f"{duration(progress.seconds_left)} left")
    return progress.message or ", ".join(words)
