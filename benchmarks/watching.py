"""What a person sees of a run: the time from a click to its first picture, and the snapshots painted in Watch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, TimeoutError

from annscope.core.config import FIELDS
from annscope.core.recipes import RECIPES
from annscope.runs.encoding import parameters_sha256
from annscope.runs.reader import RunReader
from benchmarks import options, tables, threads
from benchmarks.dashboard import STAGE, VIEWPORT, dashboard_in_browser
from benchmarks.tables import Table, seconds
from scripts.serving import Served

FIRST_PICTURE = 1.0
"""Goal for the first button: seconds from the click to the first picture."""
PAINTED = 100
"""Goal for the first button: snapshots painted,"""
PAINTED_EARLY = 20
"""and those of them within the first epoch."""
MOST_SECONDS = 40.0
"""For so long a run is watched at most."""
RUNS: dict[str, dict[str, Any] | None] = {
    "the first button": None,
    "spirals, 200 epochs": {"data": "spirals", "epochs": 200},
    "recipe full-batch": dict(RECIPES["full-batch"].settings),
    "mnist 784-128-64": {"data": "mnist", "hidden": (128, 64)},
    "recipe pure-python": dict(RECIPES["pure-python"].settings),
}
"""The runs that are watched, by their settings; None: those of the first button."""
NOTE = f"""() => {{
  const began = performance.now();
  const painted = (window.painted = []);
  let isAnother = !document.querySelector('{STAGE}');
  document.addEventListener('click', () => (window.clicked ??= performance.now() - began), {{ capture: true }});
  new MutationObserver(() => {{
    const {{ number, step }} = document.querySelector('{STAGE}')?.dataset ?? {{}};
    isAnother ||= number === undefined; // until then the run before is there
    if (!isAnother || number === undefined || painted.at(-1)?.number === number) return;
    painted.push({{ number, step, at: performance.now() - began - window.clicked }});
  }}).observe(document.body, {{ subtree: true, childList: true, attributeFilter: ['data-number'] }});
}}"""
"""Notes each snapshot that the stage has painted, with the milliseconds since the first click."""
IS_OVER = f"""() => {{
  const stage = document.querySelector('{STAGE}')?.dataset;
  return stage?.live === 'true' && ['finished', 'failed', 'diverged'].includes(stage.status);
}}"""


@dataclass(frozen=True)
class Seen:
    """What was seen of one run."""

    name: str
    first_picture: float
    shown: float
    painted: int
    painted_early: int
    recorded: int
    recorded_early: int
    megabytes: float
    trained: float
    is_same: bool | None

    def row(self) -> list[str]:
        """Its row in the table."""
        return [
            self.name,
            seconds(self.first_picture),
            f"{self.painted} of {self.recorded}",
            f"{self.painted_early} of {self.recorded_early}",
            seconds(self.shown),
            seconds(self.trained),
            f"{self.megabytes:.0f} MB",
            {True: "yes", False: "no", None: "not ended"}[self.is_same],
        ]


def main(argv: Sequence[str]) -> None:
    """Print what is seen of each run."""
    parser = options.parser("watching", __doc__ or "", rounds=1)
    parser.add_argument("--only", metavar="TEXT", default="", help="only the runs with this text in their names")
    given = parser.parse_args(argv)
    names = [name for name in RUNS if given.only in name]
    with dashboard_in_browser() as (served, browser):
        found = [watch(browser, served, name) for name in names]
    notes = [
        f"Watch, in headless Chromium, 1440 x 1000; {given.threads} cores in total for trainer, server and browser; at "
        f"most {MOST_SECONDS:.0f} s of a run. Same bits: as by `annscope train` with a snapshot each epoch.",
        f"Goals for the first button: first picture within {FIRST_PICTURE:.0f} s, at least {PAINTED} snapshots painted "
        f"over about 12 s, at least {PAINTED_EARLY} of them within the first epoch.",
    ]
    head = [
        "run",
        "click to first picture",
        "painted",
        "in the first epoch",
        "shown in",
        "trained in",
        "record",
        "same bits",
    ]
    table = Table("What is seen of a run", head, [each.row() for each in found], notes)
    values = {"machine": threads.machine(given.threads), "runs": [each.__dict__ for each in found]}
    tables.show("watching", [table], values, as_json=given.json, as_markdown=given.markdown, page=given.page)


def watch(browser: Browser, served: Served, name: str) -> Seen:
    """Start a run by a click and watch it to its end."""
    settings = RUNS[name]
    with browser.new_context(viewport=VIEWPORT) as context:
        page = context.new_page()
        query = "&".join(f"{option}={FIELDS[option].format(value)}" for option, value in (settings or {}).items())
        page.goto(f"{served.url}/?run=none&{query}" if settings else served.url)
        label = "Train on real digits" if settings is None else "Start"
        button = page.get_by_role("button", name=label).first
        button.wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate(NOTE)
        button.click()
        page.wait_for_function("() => window.painted.length > 0", timeout=60_000)
        run = page.evaluate("new URL(location.href).searchParams.get('run')")
        reader = RunReader(served.home / "runs" / run)
        with suppress(TimeoutError):  # a run that takes longer is watched no further
            page.wait_for_function(IS_OVER, timeout=1000 * MOST_SECONDS)
        painted: list[dict[str, Any]] = page.evaluate("window.painted")
    lines, per_epoch = reader.snapshot_lines(), reader.steps_per_epoch
    steps = {int(each["step"]) for each in painted}
    return Seen(
        name=name,
        first_picture=painted[0]["at"] / 1000,
        shown=(painted[-1]["at"] - painted[0]["at"]) / 1000,
        painted=len(steps),
        painted_early=sum(step <= per_epoch for step in steps),
        recorded=len(lines),
        recorded_early=sum(line["step"] <= per_epoch for line in lines),
        megabytes=sum(path.stat().st_size for path in (reader.directory / "snapshots").iterdir()) / 1e6,
        trained=float(lines[-1]["train_seconds"]),
        is_same=_is_same(reader, served.home, settings or {}),
    )


def _is_same(reader: RunReader, home: Path, settings: Mapping[str, Any]) -> bool | None:
    """Whether the run ended with the bits of a run on the command line; None if it has not ended."""
    if reader.status()["status"] != "finished":
        return None
    options = [part for option, value in settings.items() for part in (f"--{option}", FIELDS[option].format(value))]
    command = [sys.executable, "-P", "-m", "annscope.runs.cli", "train", "--json", *options]
    done = subprocess.run(command, env={**os.environ, "ANNSCOPE_HOME": str(home)}, check=True, capture_output=True)
    expected: str = json.loads(done.stdout.splitlines()[-1])["parameters_sha256"]
    return parameters_sha256(reader.snapshot(reader.n_snapshots - 1).parameters) == expected
