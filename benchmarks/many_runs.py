"""Many runs: the list on the command line, and the Runs page in headless Chromium."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from annscope.core.config import RunConfig
from annscope.runs.catalogue import run_directory, run_ids
from annscope.runs.index import list_runs
from annscope.runs.worker import work
from annscope.runs.writer import create_run
from benchmarks import options, tables, threads
from benchmarks.dashboard import VIEWPORT, Figure, dashboard_in_browser
from benchmarks.others import Others
from benchmarks.tables import Table

N_TRAINED = 4
"""Runs that are trained; all others are copies of them under names of their own."""
LIST_GOAL, PAGE_GOAL = 0.5, 1.5
COMMANDS = {"table": (), "csv": ("--csv",), "json": ("--json",), "filter": ("--filter", "optimizer=adam accuracy>0.7")}


def main(argv: Sequence[str]) -> None:
    """Print the time of each form of the list and of loading the page, with its goal."""
    parser = options.parser("many-runs", __doc__ or "", rounds=5)
    parser.add_argument("--runs", type=int, default=2_000, metavar="N", help="number of runs (default: %(default)s)")
    given = parser.parse_args(argv)
    with dashboard_in_browser() as (served, browser), patch.dict(os.environ, {"ANNSCOPE_HOME": str(served.home)}):
        make_runs(given.runs)
        began = time.perf_counter()
        list_runs()
        figures = [Figure("index", "making the index", time.perf_counter() - began, None, "s")]
        meanwhile = Others()
        for name, rest in COMMANDS.items():
            seconds = statistics.median(_seconds_of_list(served.home, rest) for _ in range(given.rounds))
            about = " ".join(("annscope runs list", *rest))
            figures.append(Figure(name, about, seconds, LIST_GOAL if not rest else None, "s"))
        page = browser.new_context(viewport=VIEWPORT).new_page()
        is_there = f"""() => document.querySelector('[data-testid="stDataFrame"] canvas')
            && document.body.innerText.includes('{given.runs:,} of {given.runs:,} runs')"""
        loads = []
        for _ in range(given.rounds + 1):  # the first fills the browser's cache
            began = time.perf_counter()
            page.goto(f"{served.url}/all-runs")
            page.wait_for_function(is_there, polling="raf", timeout=60_000)
            loads.append(time.perf_counter() - began)
        figures.append(Figure("page", "the Runs page, to its table", statistics.median(loads[1:]), PAGE_GOAL, "s"))
        figures.append(Figure("first_visit", "its first load", loads[0], None, "s"))
        figures.append(Figure("others", "other programs meanwhile, of a core", meanwhile.share(), None, "share"))
    notes = [
        f"{given.runs:,} runs of moons with 20 epochs each; {given.threads} cores in total; medians of {given.rounds}."
    ]
    table = Table("Many runs", ["", "measured", "goal", ""], [each.row() for each in figures], notes)
    values = {
        "machine": threads.machine(given.threads),
        "runs": given.runs,
        "figures": {each.name: {"value": each.value, "goal": each.goal, "unit": each.unit} for each in figures},
    }
    tables.show("many-runs", [table], values, as_json=given.json, as_markdown=given.markdown, page=given.page)


def make_runs(n: int) -> None:
    """Fill the home with `n` records of finished runs."""
    for seed in range(min(n, N_TRAINED)):
        config = RunConfig().with_values({"data": "moons", "hidden": (8,), "epochs": 20, "seed": seed})
        for _ in work(run_directory(create_run(config))):
            pass
    trained = run_ids()
    for k in range(n - len(trained)):
        source = run_directory(trained[k % len(trained)])
        shutil.copytree(source, source.with_name(f"{source.name}-{k:06d}"), copy_function=_link)


def _link(source: str, target: str) -> None:
    # The files of 100,000 runs need not be 100,000 times on the disk.
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _seconds_of_list(home: Path, rest: Sequence[str]) -> float:
    command = [sys.executable, "-P", "-m", "annscope.runs.cli", "runs", "list", *rest]
    began = time.perf_counter()
    subprocess.run(command, env={**os.environ, "ANNSCOPE_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
