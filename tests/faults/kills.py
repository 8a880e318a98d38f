"""Workers killed at any time: the record stays intact, no process is left behind, resuming gives the same bits."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import psutil

from annscope.core.config import RunConfig
from annscope.runs import launch
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.threads import environment
from annscope.runs.writer import create_run
from tests.faults.tally import Tally, main
from tests.records import damage, final_sha256

RUNS = 200
KILLS_A_RUN = 5
PATIENCE_SECONDS = 60.0
N_THREADS = 2  # worker processes divide the steps, and must not be left behind

CONFIG = RunConfig().with_values(
    {"data": "mnist-5k", "hidden": (128, 64), "batch-size": 250, "epochs": 20, "snapshot-every": 8}
)


def check(runs: int) -> Iterator[Tally]:
    """Kill workers this many times, several times per run."""
    tallies = [
        Tally("SIGKILL", guarantee)
        for guarantee in (
            "every listed snapshot is whole", "no process is left", "the run is seen to be interrupted",
            "the run is resumed to the same bits",
        )
    ]  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="annscope-kills-") as home,
        patch.dict(os.environ, {"ANNSCOPE_HOME": home, **environment(N_THREADS)}),
        ThreadPoolExecutor(2) as two,
    ):
        uninterrupted = create_run(CONFIG)
        started = time.monotonic()
        _worker(uninterrupted).wait(PATIENCE_SECONDS)
        length, expected = time.monotonic() - started, final_sha256(uninterrupted)
        for _ in two.map(lambda seed: _kill(seed, length, expected, *tallies), range(-(-runs // KILLS_A_RUN))):
            pass
    yield from tallies


def _kill(seed: int, length: float, expected: str, damaged: Tally, orphans: Tally, words: Tally, bits: Tally) -> None:
    chance = random.Random(seed)
    run, n_kills = create_run(CONFIG), 0
    while n_kills < KILLS_A_RUN:
        worker = _worker(run)
        try:
            worker.wait(chance.uniform(0.0, 0.9 * length))
            bits.count(_loss(run, expected))  # it was quicker than we; the next one
            run = create_run(CONFIG)
            continue
        except subprocess.TimeoutExpired:
            helpers = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
        worker.wait()
        n_kills += 1
        left = psutil.wait_procs(helpers, timeout=PATIENCE_SECONDS)[1]
        orphans.count(f"{len(left)} of {len(helpers)}" if left else None)
        damaged.count(damage(run))
        status = RunReader(run_directory(run)).status()
        if status["status"] == "finished":  # it had recorded its end, and only had to exit
            bits.count(_loss(run, expected))
            run = create_run(CONFIG)
        elif status["pid"] != os.getpid():  # else it was killed before it had published a status
            words.count(None if status["status"] == "interrupted" else str(status))
            launch.prepare_resume(run)
    _worker(run).wait(PATIENCE_SECONDS)
    bits.count(_loss(run, expected))


def _loss(run: str, expected: str) -> str | None:
    status = RunReader(run_directory(run)).status()
    if status["status"] != "finished":
        return f"{status['status']}: {status['message']}"
    return damage(run) or (None if final_sha256(run) == expected else "other bits")


def _worker(run: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "annscope.runs.worker", str(run_directory(run))]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main("tests.faults.kills", check, RUNS)
