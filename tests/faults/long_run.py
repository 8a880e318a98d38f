"""A run of very many snapshots stays within its budget, and the memory of the server and of a watching tab stays flat.

python -m tests.faults.long_run --runs 50000
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import CDPSession, sync_playwright

from annscope.runs.catalogue import size_of
from annscope.runs.reader import RunReader
from scripts.serving import dashboard, open_chromium
from tests.faults.tally import Tally, main

RUNS = 10_000
"""How many snapshots the one run has."""
MEGABYTES = 20
WARM = 0.2
"""Growth is counted from this share of the run on: what is made once is made by then."""
MAX_GROWTH = 30.0
"""Megabytes, of the server and of the tab, from there to the end."""
PACE = 150
"""Snapshots a second, so that the run is watched while it trains."""
PATIENCE_SECONDS = 900


def check(runs: int) -> Iterator[Tally]:
    """Train, watch and measure; prints a line for each tenth of the run."""
    flat = Tally("long run", f"server and tab grow by less than {MAX_GROWTH:.0f} MB")
    whole = Tally("long run", f"every line stays, the arrays stay within {MEGABYTES} MB")
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served:
        measured, directory = _watched(Path(folder), served.url, served.process.pid, runs)
        warm = [each for each in measured if each[0] >= WARM * runs]
        for k, who in ((1, "server"), (2, "tab")):
            growth = max((each[k] for each in warm), default=float("inf")) - (warm[0][k] if warm else 0.0)
            flat.count(None if growth < MAX_GROWTH else f"the {who} grew by {growth:.0f} MB")
        n_lines, stored = RunReader(directory).n_snapshots, size_of(directory / "snapshots")
        whole.count(None if n_lines == runs + 1 else f"{n_lines:,} lines of {runs + 1:,}")
        whole.count(None if stored <= MEGABYTES * 1e6 else f"the arrays take {stored / 1e6:.1f} MB")
    yield flat
    yield whole


def _watched(home: Path, url: str, server_id: int, n: int) -> tuple[list[tuple[int, float, float]], Path]:
    """Snapshots, and megabytes of the server and of the tab, ten times while a run trains; and its directory."""
    options = ["--data", "moons", "--samples", "60", "--hidden", "8", "--batch-size", "full"]
    options += ["--epochs", str(n), "--megabytes", str(MEGABYTES), "--pace", str(PACE)]
    trainer = subprocess.Popen(
        [sys.executable, "-P", "-m", "annscope.runs.cli", "train", *options],
        env={**os.environ, "ANNSCOPE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    measured: list[tuple[int, float, float]] = []
    try:
        with sync_playwright() as playwright:
            page = open_chromium(playwright).new_page()
            session = page.context.new_cdp_session(page)
            directory = _directory_of_run(home)
            page.goto(f"{url}/?run={directory.name}")
            page.wait_for_selector(".annscope-stage[data-number]")
            server, reader = psutil.Process(server_id), RunReader(directory)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline and trainer.poll() is None:
                time.sleep(1)
                done = reader.n_snapshots
                if done >= n * (len(measured) + 1) / 10:
                    measured.append((done, server.memory_info().rss / 1e6, _heap(session)))
                    print(
                        f"{done:7,} snapshots: server {measured[-1][1]:4.0f} MB, tab {measured[-1][2]:3.0f} MB",
                        file=sys.stderr,
                        flush=True,
                    )
        return measured, directory
    finally:
        trainer.kill()
        trainer.wait()


def _directory_of_run(home: Path) -> Path:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for path in (home / "runs").glob("[!.]*/metrics.jsonl"):
            return path.parent
        time.sleep(0.05)
    raise RuntimeError("no run began")


def _heap(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


if __name__ == "__main__":
    main("tests.faults.long_run", check, RUNS)
