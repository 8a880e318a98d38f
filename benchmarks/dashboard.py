"""What a viewer waits for and what the server pays, measured in headless Chromium on one dashboard."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import options, tables, threads
from benchmarks.others import Others
from benchmarks.tables import Table, percent, seconds
from runs.threads import BLAS_VARIABLES, VARIABLE
from scripts.serving import dashboard, open_chromium

STAGE = ".annscope-stage"
DRAWN = "() => (window.__annscope?.drawn ?? []).map(d => [d.drawn, d.drawn - d.written])"
ANSWERED = "() => (window.__annscope?.answered ?? []).map(a => a.ms)"
NUMBER = f"() => Number(document.querySelector('{STAGE}')?.dataset.number ?? -1)"
SETTLED = 20
"""The snapshot from which CPU and memory are counted: what is made once is made by then."""
N_MEMORY = 6
"""How often memory is looked at while the run is watched."""
PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Figure:
    """One figure and the most it should be, both in the same unit."""

    name: str
    about: str
    value: float
    goal: float | None
    unit: str

    def row(self) -> list[str]:
        """As it stands in the table."""
        goal = "" if self.goal is None else f"at most {self._written(self.goal)}"
        met = "" if self.goal is None else "met" if self.value <= self.goal else "missed"
        return [self.about, self._written(self.value), goal, met]

    def _written(self, value: float) -> str:
        if self.unit == "s":
            return seconds(value)
        if self.unit == "share":
            return percent(value)
        return f"{value:.1f} {self.unit}".rstrip()


def main(argv: Sequence[str]) -> None:
    """Print page load, Start to first picture, written to drawn, server CPU and memory, each beside its goal."""
    parser = options.parser("dashboard", __doc__ or "", rounds=None)
    parser.add_argument("--snapshots", type=int, default=500, metavar="N", help="length of the watched run")
    parser.add_argument("--loads", type=int, default=7, metavar="N", help="how often the page is loaded")
    given = parser.parse_args(argv)
    if given.snapshots <= SETTLED:
        parser.error(f"--snapshots must be above {SETTLED}, got {given.snapshots}")

    figures, memory = measure(given.snapshots, given.loads)
    rows = [figure.row() for figure in figures]
    notes = [
        f"mnist-5k, 784-64-32-10, a snapshot each epoch, as fast as it trains; one viewer, 1440 x 1000; "
        f"{given.threads} cores for trainer, server and browser together. "
        "Drawn is when the page has laid out and painted a snapshot, of those that a viewer gets: at most 24 a second.",
        "Server memory: " + ", ".join(f"{size:.0f} MB at {number}" for number, size in memory.items()) + ".",
    ]
    table = Table("What a viewer waits for, and what the server pays", ["", "measured", "goal", ""], rows, notes)
    values = {
        "machine": threads.machine(given.threads),
        "snapshots": given.snapshots,
        "figures": {each.name: {"value": each.value, "goal": each.goal, "unit": each.unit} for each in figures},
        "server_memory_mb": {str(number): size for number, size in memory.items()},
    }
    tables.show("dashboard", [table], values, as_json=given.json, as_markdown=given.markdown, page=given.page)


def measure(last: int, n_loads: int) -> tuple[list[Figure], dict[int, float]]:
    """All figures of one dashboard watched over one run of `last` snapshots, and its memory in MB by snapshot."""
    threads.as_an_ordinary_user()
    with (
        _threads_as_usual(),
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        dashboard(Path(folder)) as served,
        sync_playwright() as playwright,
    ):
        browser = open_chromium(playwright)
        visits = [_seconds_of_a_first_visit(browser, served.url) for _ in range(min(3, n_loads))]
        page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        _seconds_to_load(page, served.url)  # the first load of all fills the browser's cache
        loads = [_seconds_to_load(page, served.url) for _ in range(n_loads)]

        page.goto(f"{served.url}/?data=mnist-5k&hidden=64,32&epochs={last}")
        start = page.get_by_role("button", name="Start").first
        start.wait_for()
        begin = time.perf_counter()
        start.click()
        _wait_for_snapshot(page, 0)
        first_picture = time.perf_counter() - begin

        server = psutil.Process(served.process.pid)
        _wait_for_snapshot(page, SETTLED)
        memory = {SETTLED: server.memory_info().rss / 1e6}
        cpu_before, begin, meanwhile = _cpu_seconds(server), time.perf_counter(), Others()
        others = 0.0
        for part in range(1, N_MEMORY):
            number = SETTLED + (last - SETTLED) * part // (N_MEMORY - 1)
            _wait_for_snapshot(page, number)
            memory[number] = server.memory_info().rss / 1e6
            if number < last:  # the time of a trainer that has ended could not be told from others'
                others = meanwhile.share()
        watched = time.perf_counter() - begin
        cpu = (_cpu_seconds(server) - cpu_before) / watched
        drawn = page.evaluate(DRAWN)
        latencies = sorted(float(each) / 1000 for _, each in drawn)
        drawn_per_second = 1000 * (len(drawn) - 1) / (drawn[-1][0] - drawn[0][0])
        answers = _seconds_to_answer(page, f"{served.url}/drawing")
        inspected = [_seconds_to_inspect(page, f"{served.url}/classes") for _ in range(n_loads)]
        browser.close()
    growth = memory[last] / memory[SETTLED] - 1
    return [
        Figure("page_load", "page load, to the Start button", statistics.median(loads), 1.5, "s"),
        Figure("first_visit", "the same with an empty browser cache", statistics.median(visits), 1.5, "s"),
        Figure("start_to_picture", "click on Start to the first drawn snapshot", first_picture, 2.0, "s"),
        Figure("written_to_drawn_median", "written to drawn, median", statistics.median(latencies), 0.045, "s"),
        Figure("written_to_drawn_p95", "written to drawn, 95th percentile", _p95(latencies), 0.08, "s"),
        Figure("inspect", "Inspect, to matrix and images", statistics.median(each for each, _ in inspected), 1.5, "s"),
        Figure("first_chart", "and its first charts", statistics.median(each for _, each in inspected), 1.5, "s"),
        Figure(
            "stroke_to_answer_median",
            "stroke of the pen to drawn answer, median",
            statistics.median(answers),
            0.08,
            "s",
        ),
        Figure("stroke_to_answer_p95", "stroke of the pen to drawn answer, 95th percentile", _p95(answers), 0.08, "s"),
        Figure("snapshots_per_second", "snapshots a second, recorded", (last - SETTLED) / watched, None, ""),
        Figure("drawn_per_second", "and drawn", drawn_per_second, None, ""),
        Figure("others", "other programs meanwhile, of a core", others, None, "share"),
        Figure("server_cpu", "server CPU for one viewer, of a core", cpu, 0.10, "share"),
        Figure("memory_growth", f"server memory, growth from snapshot {SETTLED} to {last}", growth, 0.05, "share"),
    ], memory


@contextmanager
def _threads_as_usual() -> Iterator[None]:
    """Leave the number of threads to the trainer, as it is for a user; the cores stay limited."""
    with patch.dict(os.environ):
        for name in (VARIABLE, *BLAS_VARIABLES):
            os.environ.pop(name, None)
        yield


def _wait_for_snapshot(page: Page, number: int) -> None:
    page.wait_for_function(f"({NUMBER})() >= {number}", timeout=1000 * PATIENCE_SECONDS, polling=50)


def _seconds_to_load(page: Page, url: str) -> float:
    begin = time.perf_counter()
    page.goto(url)
    page.get_by_role("button", name="Start").first.wait_for()
    return time.perf_counter() - begin


def _seconds_of_a_first_visit(browser: Browser, url: str) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    seconds = _seconds_to_load(context.new_page(), url)
    context.close()
    return seconds


def _seconds_to_answer(page: Page, url: str) -> list[float]:
    """From each event of a pointer that draws zigzags to the answer on screen, in order of length."""
    page.goto(url)
    sheet = page.get_by_label("Drawing pad.")
    sheet.wait_for()
    page.wait_for_timeout(1000)  # a person looks before drawing
    box = sheet.bounding_box()
    assert box
    for _ in range(5):
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.15 * box["height"])
        page.mouse.down()
        for x, y in ((0.7, 0.3), (0.35, 0.5), (0.65, 0.7), (0.3, 0.85)):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=20)
        page.mouse.up()
        page.wait_for_timeout(700)
        page.get_by_role("button", name="Clear").click()
    return sorted(float(each) / 1000 for each in page.evaluate(ANSWERED))


def _seconds_to_inspect(page: Page, url: str) -> tuple[float, float]:
    """Until Inspect shows its matrix and the images, and from a click, a look later, until both curves are drawn."""
    begin = time.perf_counter()
    page.goto(url)
    for part in ("matrix", "gallery"):
        page.locator(f".annscope-inspect.ai-{part}[data-ready]").wait_for()
    ready = time.perf_counter() - begin
    page.wait_for_timeout(1500)  # a person looks before clicking
    begin = time.perf_counter()
    page.get_by_role("radio", name="Thresholds").click()
    for k in range(2):
        page.locator(".ai-chart[data-drawn]").nth(k).wait_for()
    return ready, time.perf_counter() - begin


def _p95(ordered: Sequence[float]) -> float:
    return ordered[int(0.95 * (len(ordered) - 1))]


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
