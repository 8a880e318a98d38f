"""What limits 1,000 workers and 100,000 runs: a simulation with thin workers, and the list and the study when large.

The workers are those of a real Dask scheduler, but threads of this process that train nothing: each takes some seconds
for a trial and sends, piece by piece, the record of a run that was trained before. All of it shares this process, so
that the limits found are lower than those of a process for each part.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from annscope.core.config import RunConfig
from annscope.data.home import annscope_home
from annscope.runs.catalogue import run_directory, size_of
from annscope.runs.index import list_runs, summaries
from annscope.runs.sweeps.cluster import Cluster
from annscope.runs.sweeps.driver import TrialEnded, drive
from annscope.runs.sweeps.parcel import Parcel, pack
from annscope.runs.sweeps.space import parse_space
from annscope.runs.sweeps.study import Sweep, create_study
from annscope.runs.sweeps.trial import Assignment, Outcome, Word
from annscope.runs.worker import work
from annscope.runs.writer import create_run
from benchmarks.dashboard import Figure

WORKERS = (16, 64)
TRIAL_SECONDS = 6.0
"""How long a thin worker takes for a trial,"""
N_ROUNDS = 2
"""and how many of them each has."""
N_RUNS = 100_000
N_TRIALS = (100, 1_000, 10_000)
VARY = ("learning-rate=1e-5..1:log", "hidden=16|32|64|128|64,32", "dropout=0..0.5", "optimizer=sgd|momentum|adam")
MAX_LINKS = 30_000
"""Of one file: file systems have limits."""
SMALL_FILES = ("config.json", "status.json", "metrics.jsonl")


def measure_scale() -> list[Figure]:
    """The simulation for each number of workers, then the index and the study of many runs."""
    source = run_directory(create_run(RunConfig().with_values({"data": "mnist-5k", "epochs": 15})))
    for _ in work(source):
        pass
    figures = [Figure("record", "the record of a run (mnist-5k, 15 epochs)", size_of(source) / 1e6, None, "MB")]
    for n_workers in WORKERS:
        figures += _simulated(n_workers, source)
    return [*figures, *_of_the_study(), *_of_the_index(source)]


def _simulated(n_workers: int, source: Path) -> list[Figure]:
    config = RunConfig().with_values({"data": "mnist-5k", "epochs": 15, "seed": 0})
    n_trials = N_ROUNDS * n_workers
    sweep = Sweep(
        name=f"scale-{n_workers}", config=config, space=parse_space(VARY), n_trials=n_trials, sampler="random"
    )
    thin, n_words, n_ended = _Thin(source), 0, 0
    with thin.workers(n_workers) as address, Cluster(scheduler=address) as cluster:
        exchange = cluster.exchange

        def counted(words: Mapping[str, Word]) -> dict[str, Parcel]:
            nonlocal n_words
            parcels = exchange(words)
            n_words += len(parcels)
            return parcels

        began, cpu = time.monotonic(), time.process_time()
        with patch.object(cluster, "exchange", counted):
            for event in drive(sweep, create_study(sweep), cluster, threading.Event()):
                n_ended += isinstance(event, TrialEnded)
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
    busy = n_ended * TRIAL_SECONDS / (n_workers * wall)
    about = f"{n_workers} workers, {n_ended} trials of {TRIAL_SECONDS:.0f} s: "
    return [
        Figure(f"busy_{n_workers}", f"{about}share of their time in trials", busy, None, "share"),
        Figure(f"words_{n_workers}", f"{about}parcels with snapshots taken, a second", n_words / wall, None, ""),
        Figure(f"cpu_{n_workers}", f"{about}processor time of the process, of a core", cpu / wall, None, "share"),
    ]


class _Thin:
    """Workers that send the record of another run instead of training."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._began: dict[str, float] = {}
        self._n_bytes = (source / "metrics.jsonl").stat().st_size

    @contextmanager
    def workers(self, n: int) -> Iterator[str]:
        """So many of them, with a scheduler at the address that this yields."""
        from distributed import LocalCluster

        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        about: dict[str, Any] = {"protocol": "tcp", "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
        with (
            patch("annscope.runs.sweeps.cluster.train", self._train),
            patch("annscope.runs.sweeps.cluster.exchange", _exchange_of(self)),
            LocalCluster(n_workers=n, threads_per_worker=1, processes=False, **about) as cluster,
        ):
            yield str(cluster.scheduler_address)

    def _train(self, assignment: Assignment, scratch: str) -> Outcome:  # noqa: ARG002
        self._began[assignment.run] = time.monotonic()
        time.sleep(TRIAL_SECONDS)
        return Outcome("finished")

    def exchange(self, words: Mapping[str, Word]) -> dict[str, Parcel | None]:
        """What a run would have recorded by now, of the lines that have not arrived."""
        parcels: dict[str, Parcel | None] = {}
        for run, word in words.items():
            share = (time.monotonic() - self._began.get(run, time.monotonic())) / TRIAL_SECONDS
            is_due = word.received.n_bytes < share * self._n_bytes
            parcels[run] = pack(self._source, word.received, run, at_most=1) if is_due else None
        return parcels


_thin: list[_Thin] = []


def _exchange_of(thin: _Thin) -> Any:
    _thin[:] = [thin]
    return _exchange


def _exchange(words: Mapping[str, Word]) -> dict[str, Parcel | None]:
    return _thin[0].exchange(words)


def _of_the_study() -> list[Figure]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    figures = []
    space = parse_space(VARY)
    for n in N_TRIALS:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
        distributions = _distributions(space)
        study.add_trials(
            [
                optuna.trial.create_trial(params=params, distributions=distributions, value=k % 97 / 97)
                for k, params in enumerate(_some_parameters(space, n))
            ]
        )
        began = time.perf_counter()
        for _ in range(3):
            handle = study.ask()
            for dimension in space:
                dimension.suggest(handle)
            study.tell(handle.number, 0.5)
        figures.append(
            Figure(f"tpe_{n}", f"ask TPE for a trial among {n:,}", (time.perf_counter() - began) / 3, None, "s")
        )
    return figures


def _some_parameters(space: Any, n: int) -> Iterator[dict[str, Any]]:
    import optuna

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(n):
        handle = study.ask()
        yield {dimension.option: dimension.suggest(handle) for dimension in space}


def _distributions(space: Any) -> dict[str, Any]:
    import optuna

    handle = optuna.create_study().ask()
    for dimension in space:
        dimension.suggest(handle)
    return dict(handle.distributions)


def _of_the_index(source: Path) -> list[Figure]:
    """A list of many runs, which are links to the files of a few; and its index."""
    home = source.parent
    bases = [source, *(home / f"{source.name}-base-{k}" for k in range(N_RUNS // MAX_LINKS))]
    for base in bases[1:]:
        shutil.copytree(source, base)
    names = {f"{source.name}-{k:06d}": bases[k % len(bases)] for k in range(N_RUNS)}
    began = time.perf_counter()
    for run, base in names.items():
        (home / run).mkdir()
        for name in SMALL_FILES:
            os.link(base / name, home / run / name)
    made = time.perf_counter() - began
    began = time.perf_counter()
    summaries([base.name for base in bases])
    one = (time.perf_counter() - began) / len(bases)
    path = annscope_home() / "runs.sqlite3"
    with closing(sqlite3.connect(path)) as index, index:  # links have the sizes and times of their file
        index.executemany(
            "INSERT INTO runs SELECT ?, stamp, json_set(summary, '$.run', ?) FROM runs WHERE run = ?",
            ((run, run, base.name) for run, base in names.items()),
        )
    began = time.perf_counter()
    n_listed = len(list_runs())
    listed = time.perf_counter() - began
    return [
        Figure("folder", "make the folder of a run, and three files", made / N_RUNS, None, "s"),
        Figure("summary", "read the summary of a run that is not in the index", one, None, "s"),
        Figure("list", f"list {n_listed:,} runs that are in the index", listed, None, "s"),
        Figure("index", "size of that index", path.stat().st_size / 1e6, None, "MB"),
    ]
