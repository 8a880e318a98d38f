"""Sweeps: what TPE with pruning saves beside random search, how busy the workers are, and what each part costs."""

from __future__ import annotations

import math
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING
from unittest.mock import patch

from annscope.core.config import RunConfig
from annscope.runs.catalogue import run_directory
from annscope.runs.launch import checked, prepare
from annscope.runs.reader import RunReader
from annscope.runs.sweeps.cluster import Cluster
from annscope.runs.sweeps.driver import TrialEnded, drive, driver_status
from annscope.runs.sweeps.launch import start_sweep, stop_sweep
from annscope.runs.sweeps.parcel import Received, outset
from annscope.runs.sweeps.space import parse_space
from annscope.runs.sweeps.study import Sweep, create_study
from annscope.runs.sweeps.trial import Assignment, Word
from annscope.runs.threads import environment
from benchmarks import options, tables, threads
from benchmarks.dashboard import (
    DRAWN,
    VIEWPORT,
    Figure,
    dashboard_in_browser,
    start_run,
    wait_for_snapshot,
    written_to_drawn,
)
from benchmarks.others import Others, own_seconds
from benchmarks.sweep_scale import measure_scale
from benchmarks.tables import Table

if TYPE_CHECKING:
    from optuna import Study

N_STUDIES = 5
N_TRIALS = 25
EPOCHS = 15
LONG_EPOCHS = 300
"""Of the runs of a sweep that trains while another run is watched."""
WATCHED = 300
"""Snapshots of the run that is watched."""
VARY = ("learning-rate=1e-5..1:log", "hidden=16|32|64|128|64,32", "dropout=0..0.5", "optimizer=sgd|momentum|adam")


def sweep(name: str, **about: object) -> Sweep:
    """A sweep of these benchmarks; `about` overrides its parts."""
    config = RunConfig().with_values({"data": "mnist-5k", "epochs": EPOCHS, "seed": 0})
    parts: dict = {"config": config, "space": parse_space(VARY), "n_trials": N_TRIALS} | about
    return Sweep(name=name, **parts)


def curve(about: Sweep, study: Study, cluster: Cluster, until: float = math.inf) -> list[tuple[int, float]]:
    """The training steps so far and the best figure so far, after each trial; ends when the figure is `until`."""
    steps, best, points, interrupt = 0, 0.0, [], threading.Event()
    for event in drive(about, study, cluster, interrupt):
        if isinstance(event, TrialEnded) and not interrupt.is_set():
            steps += sum(RunReader(run_directory(run)).status()["step"] for run in event.runs)
            best = max(best, event.value or 0.0)
            points.append((steps, best))
            if best >= until:
                interrupt.set()
    return points


def measure_steps() -> list[Figure]:
    """For each study, the share of the steps of random search after which TPE with pruning has as much.

    TPE may try more settings: those that are pruned cost little.
    """
    figures = []
    with Cluster() as cluster:
        for k in range(N_STUDIES):
            config = RunConfig().with_values({"data": "mnist-5k", "epochs": EPOCHS, "seed": k})
            at_random = sweep(f"random-{k}", config=config, sampler="random")
            points = curve(at_random, create_study(at_random), cluster)
            total, reached = points[-1]
            first = next(steps for steps, best in points if best == reached)
            # With seeds of its own: with the same, its first trials would be those of random search.
            others = config.with_values({"seed": 100 + k})
            tpe = sweep(f"tpe-{k}", config=others, sampler="tpe", pruner="median", n_trials=4 * N_TRIALS)
            steps, best = curve(tpe, create_study(tpe), cluster, until=reached)[-1]
            about = (
                f"study {k}: random search {reached:.2%} in {total:,} steps, first after {first:,}; TPE with pruning "
                f"{best:.2%} in {steps:,}, of those of random search"
            )
            figures.append(Figure(f"study_{k}", about, steps / total, None, "share"))
    share = median(each.value for each in figures)
    return [*figures, Figure("share", f"median of {N_STUDIES} studies", share, 0.5, "share")]


def measure_busy() -> list[Figure]:
    """Which share of the cores the workers used from the first trial to the last, and what used the rest."""
    n_workers = os.cpu_count() or 1
    about = sweep("busy", n_trials=40, sampler="random")
    checked(about.config)  # before there are workers, as `annscope sweep` does
    study = create_study(about)
    with Cluster(n_workers=n_workers) as cluster:
        driver = os.getpid()
        before, meanwhile, began = own_seconds(), Others(), time.monotonic()
        curve(about, study, cluster)
        wall = time.monotonic() - began
        used = {pid: now - before.get(pid, 0.0) for pid, now in own_seconds().items()}
        others = meanwhile.share()
    of_driver = used.pop(driver)
    of_workers = sum(used.values())
    free = n_workers * wall - others * wall
    return [
        Figure("seconds", f"40 trials of mnist-5k, {EPOCHS} epochs, on {n_workers} workers", wall, None, "s"),
        Figure("idle", "of the cores, not used by the workers", 1 - of_workers / (n_workers * wall), 0.15, "share"),
        Figure("idle_of_free", "the same of what other programs left", 1 - of_workers / free, 0.15, "share"),
        Figure("driver", "the process of the sweep, of a core", of_driver / wall, None, "share"),
        Figure("others", "other programs meanwhile, of a core", others, None, "share"),
    ]


def measure_costs() -> list[Figure]:
    """What a trial, a run and a word cost the process of the sweep."""
    about = sweep("costs", sampler="tpe")
    study = create_study(about)

    def trial() -> None:
        handle = study.ask()
        for dimension in about.space:
            dimension.suggest(handle)
        study.tell(handle.number, 0.5)

    runs: list[str] = []
    figures = [
        _each("trial", "ask and tell a trial among 100 (TPE, journal)", trial, 100),
        _each("record", "create the record of a run", lambda: runs.append(prepare(about.config)), 20),
    ]
    with Cluster(n_workers=1) as cluster:
        cluster.submit(Assignment(runs[0], outset(run_directory(runs[0]))))
        time.sleep(1)
        words = {runs[0]: Word(Received(0))}
        word = _each("word", "a word with a worker that shares the disk", lambda: cluster.exchange(words), 50)
    return [*figures, word]


def _each(name: str, about: str, act: Callable[[], object], n: int) -> Figure:
    began = time.perf_counter()
    for _ in range(n):
        act()
    return Figure(name, about, (time.perf_counter() - began) / n, None, "s")


def measure_meanwhile() -> list[Figure]:
    """How soon a snapshot is drawn while no sweep is in progress, and while one is on all cores."""
    figures: list[Figure] = []
    n_workers, shown = os.cpu_count() or 1, "none"
    with dashboard_in_browser() as (served, browser), patch.dict(os.environ, {"ANNSCOPE_HOME": str(served.home)}):
        for is_swept, words in ((False, ", no sweep"), (True, f", a sweep on {n_workers} workers")):
            if is_swept:
                config = RunConfig().with_values({"data": "mnist-5k", "epochs": LONG_EPOCHS})
                start_sweep(sweep("meanwhile", config=config, n_trials=10_000, sampler="random"))
                while (status := driver_status("meanwhile")) is None or status[1].n_running < n_workers:
                    time.sleep(0.1)
            page = browser.new_context(viewport=VIEWPORT).new_page()
            meanwhile, began = Others(), time.perf_counter()
            start_run(page, served.url, WATCHED, shown)
            shown = str(page.evaluate("() => new URL(location.href).searchParams.get('run')"))
            wait_for_snapshot(page, WATCHED)
            rate = WATCHED / (time.perf_counter() - began)
            name = "swept" if is_swept else "alone"
            latencies = written_to_drawn(page.evaluate(DRAWN), words)
            figures += [replace(each, name=f"{name}_{each.name}") for each in latencies]
            figures.append(Figure(f"{name}_rate", f"snapshots a second{words}", rate, None, ""))
            others = meanwhile.share()
            figures.append(Figure(f"{name}_others", "other programs meanwhile, of a core", others, None, "share"))
            page.close()
        stop_sweep("meanwhile")
        while driver_status("meanwhile") is not None:
            time.sleep(0.1)
    return figures


PARTS: dict[str, tuple[str, Callable[[], list[Figure]]]] = {
    "steps": ("Steps until TPE with pruning has what random search reaches", measure_steps),
    "busy": ("How busy a sweep keeps the cores", measure_busy),
    "meanwhile": ("The live view while a sweep is in progress", measure_meanwhile),
    "scale": ("Many workers and many runs, simulated", measure_scale),
    "costs": ("What each part costs the process of a sweep", measure_costs),
}


def main(argv: Sequence[str]) -> None:
    """Print each part, with its goals."""
    parser = options.parser("sweeps", __doc__ or "", rounds=None)
    parser.add_argument("--only", metavar="A,B", help=f"of {', '.join(PARTS)} (default: all)")
    given = parser.parse_args(argv)
    shown, values = [], {}
    for part in options.chosen("--only", given.only, PARTS):
        title, measure = PARTS[part]
        # One thread for each run, as `annscope sweep` has on two cores.
        with tempfile.TemporaryDirectory() as home, patch.dict(os.environ, environment(1) | {"ANNSCOPE_HOME": home}):
            figures = measure()
        shown.append(Table(title, ["", "measured", "goal", ""], [each.row() for each in figures]))
        values[part] = {each.name: {"value": each.value, "goal": each.goal, "unit": each.unit} for each in figures}
    values = {"machine": threads.machine(given.threads), **values}
    tables.show("sweeps", shown, values, as_json=given.json, as_markdown=given.markdown, page=given.page)
