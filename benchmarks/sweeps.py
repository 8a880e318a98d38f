"""Sweeps: what TPE with pruning saves beside random search, how busy the workers are, and what each part costs.

python -m benchmarks.sweeps steps     # training steps until TPE with pruning has what random search reaches
python -m benchmarks.sweeps busy      # share of the cores' time in which runs are trained
python -m benchmarks.sweeps costs     # of a trial, a run and a word with a worker
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import threading
import time
from statistics import median

import psutil

from annscope.core.config import RunConfig
from annscope.runs.catalogue import run_directory
from annscope.runs.launch import prepare
from annscope.runs.reader import RunReader
from annscope.runs.sweeps.cluster import Cluster
from annscope.runs.sweeps.driver import TrialEnded, drive
from annscope.runs.sweeps.parcel import Received, outset
from annscope.runs.sweeps.space import parse_space
from annscope.runs.sweeps.study import Sweep, create_study
from annscope.runs.sweeps.trial import Assignment, Word

N_STUDIES = 5
N_TRIALS = 25
EPOCHS = 15
VARY = ("learning-rate=1e-5..1:log", "hidden=16|32|64|128|64,32", "dropout=0..0.5", "optimizer=sgd|momentum|adam")


def sweep(name: str, **about: object) -> Sweep:
    """A sweep of these benchmarks; `about` overrides its parts."""
    config = RunConfig().with_values({"data": "mnist-5k", "epochs": EPOCHS, "seed": 0})
    parts: dict = {"config": config, "space": parse_space(VARY), "n_trials": N_TRIALS} | about
    return Sweep(name=name, **parts)


def curve(about: Sweep, cluster: Cluster, until: float = math.inf) -> list[tuple[int, float]]:
    """The training steps so far and the best figure so far, after each trial; ends when the figure is `until`."""
    steps, best, points, interrupt = 0, 0.0, [], threading.Event()
    for event in drive(about, create_study(about), cluster, interrupt):
        if isinstance(event, TrialEnded) and not interrupt.is_set():
            steps += sum(RunReader(run_directory(run)).status()["step"] for run in event.runs)
            best = max(best, event.value or 0.0)
            points.append((steps, best))
            if best >= until:
                interrupt.set()
    return points


def measure_steps() -> None:
    """Print, for each study, the steps of random search and those after which TPE with pruning has as much.

    TPE may try more settings: those that are pruned cost little.
    """
    shares = []
    with Cluster() as cluster:
        for k in range(N_STUDIES):
            config = RunConfig().with_values({"data": "mnist-5k", "epochs": EPOCHS, "seed": k})
            points = curve(sweep(f"random-{k}", config=config, sampler="random"), cluster)
            total, reached = points[-1]
            first = next(steps for steps, best in points if best == reached)
            # With seeds of its own: with the same, its first trials would be those of random search.
            others = config.with_values({"seed": 100 + k})
            tpe = sweep(f"tpe-{k}", config=others, sampler="tpe", pruner="median", n_trials=4 * N_TRIALS)
            steps, best = curve(tpe, cluster, until=reached)[-1]
            shares.append(steps / total)
            print(
                f"study {k}: random {reached:.4f} in {total:,} steps, first after {first:,}; "
                f"TPE {best:.4f} in {steps:,}",
                flush=True,
            )
    print(f"median share: {median(shares):.0%}")


def measure_busy() -> None:
    """Print which share of the workers' time went into training: its seconds, by the records."""
    n_workers = os.cpu_count() or 1
    about = sweep("busy", n_trials=40, sampler="random")
    with Cluster(n_workers=n_workers) as cluster:
        workers = psutil.Process().children(recursive=True)
        before, began = sum(sum(each.cpu_times()[:2]) for each in workers), time.monotonic()
        curve(about, cluster)
        wall = time.monotonic() - began
        used = sum(sum(each.cpu_times()[:2]) for each in workers) - before
    print(f"40 trials on {n_workers} workers: {wall:.1f} s, workers used {used / wall / n_workers:.0%} of their cores")


def measure_costs() -> None:
    """Print what a trial, a run and a word cost the driver, and how many bytes a record has on its way."""
    about = sweep("costs", sampler="tpe")
    study = create_study(about)

    def trial() -> None:
        handle = study.ask()
        for dimension in about.space:
            dimension.suggest(handle)
        study.tell(handle.number, 0.5)

    _print_each("ask and tell a trial (TPE, journal)", trial, 50)
    runs: list[str] = []
    _print_each("create the record of a run", lambda: runs.append(prepare(about.config)), 20)
    with Cluster(n_workers=1) as cluster:
        cluster.submit(Assignment(runs[0], outset(run_directory(runs[0]))))
        time.sleep(1)
        words = {runs[0]: Word(Received(0))}
        _print_each("a word with a worker that shares the disk", lambda: cluster.exchange(words), 50)


def _print_each(what: str, act, n: int) -> None:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    for _ in range(n):
        act()
    print(f"{what}: {(time.perf_counter() - began) / n * 1000:.1f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["ANNSCOPE_HOME"] = home
        {"steps": measure_steps, "busy": measure_busy, "costs": measure_costs}[sys.argv[1]]()
