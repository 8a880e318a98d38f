"""A long run: 50,000 snapshots stay within their budget, and the memory of the server and of a watching tab stays flat.

    python -m tests.faults.long_run [--snapshots 50000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import CDPSession, sync_playwright

from annscope.runs.reader import RunReader
from scripts.serving import dashboard, open_chromium

MEGABYTES = 20
WARM = 0.2
"""Growth is counted from this share of the run on: what is made once is made by then."""
MOST_GROWTH = 30.0
"""Megabytes, of the server and of the tab, from there to the end."""
PATIENCE_SECONDS = 900


def main(arguments: list[str] | None = None) -> int:
    """Train, watch and measure; prints a line a tenth, and the exit status is 1 where anything grew or was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.long_run", description=__doc__)
    parser.add_argument("--snapshots", type=int, default=50_000)
    n = parser.parse_args(arguments).snapshots
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served, sync_playwright() as playwright:
        options = [
            "--data", "moons", "--samples", "60", "--hidden", "8", "--batch-size", "full", "--epochs", str(n),
            "--megabytes", str(MEGABYTES),
        ]  # fmt: skip
        trainer = subprocess.Popen(
            [sys.executable, "-P", "-m", "annscope.runs.cli", "train", *options],
            env={**os.environ, "ANNSCOPE_HOME": folder},
            stdout=subprocess.DEVNULL,
        )
        try:
            browser = open_chromium(playwright)
            page = browser.new_page()
            session = page.context.new_cdp_session(page)
            session.send("HeapProfiler.enable")
            directory = _directory_of_run(Path(folder))
            page.goto(f"{served.url}/?run={directory.name}")
            page.wait_for_selector(".annscope-stage[data-number]")
            server, reader = psutil.Process(served.process.pid), RunReader(directory)
            measured: list[tuple[int, float, float]] = []
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline and trainer.poll() is None:
                time.sleep(1)
                done = reader.n_snapshots
                if done >= n * (len(measured) + 1) / 10:
                    measured.append((done, server.memory_info().rss / 1e6, _heap(session)))
                    sys.stdout.write("%7d snapshots: server %4.0f MB, tab %3.0f MB\n" % measured[-1])
            browser.close()
            if trainer.wait(timeout=60) != 0:
                sys.stdout.write("the run did not finish\n")
                return 1
        finally:
            trainer.kill()
        warm = [each for each in measured if each[0] >= WARM * n]
        growth = [max(each[k] for each in warm) - warm[0][k] for k in (1, 2)]
        n_lines = reader.n_snapshots
        n_arrays, stored = len(list((directory / "snapshots").iterdir())), _size(directory / "snapshots")
        sys.stdout.write(
            f"growth: server {growth[0]:.0f} MB, tab {growth[1]:.0f} MB; {n_lines:,} lines; {n_arrays:,} snapshots keep "
            f"their arrays in {stored / 1e6:.1f} MB of {MEGABYTES}\n"
        )
        return int(max(growth) > MOST_GROWTH or n_lines != n + 1 or stored > MEGABYTES * 1e6)


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


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


if __name__ == "__main__":
    sys.exit(main())
