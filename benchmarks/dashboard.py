"""Latency for a viewer and cost for the server, measured in headless Chromium on one dashboard."""

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
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from annscope.runs.threads import BLAS_VARIABLES, VARIABLE
from benchmarks import options, tables, threads
from benchmarks.others import Others
from benchmarks.tables import Table, percent, seconds
from scripts.serving import Served, dashboard, open_chromium

STAGE = ".annscope-stage"
VIEWPORT: ViewportSize = {"width": 1440, "height": 1000}
DRAWN = "() => (window.__annscope?.drawn ?? []).map(d => [d.drawn, d.drawn - d.written])"
PREDICTED = "() => (window.__annscope?.predicted ?? []).map(a => a.ms)"
NUMBER = f"() => Number(document.querySelector('{STAGE}')?.dataset.number ?? -1)"
START_IS_THERE = """() => [...document.querySelectorAll("button")].some(
    (button) => button.textContent.includes("Start") && button.checkVisibility())"""
PAGES = {
    "train": ("", "Train with a run, to its drawn network", f"() => ({NUMBER})() >= 0"),
    "inspect": (
        "classes",
        "Inspect, to matrix and images",
        """() => ["matrix", "gallery"].every((part) => document.querySelector(`.ai-${part}[data-ready]`))""",
    ),
    "draw": ("drawing", "Draw, to pad and network", """() => document.querySelector(".dr-live canvas")"""),
}
"""The pages that show a run: path, what is waited for, and a script that checks for it."""
CHARTS_ARE_DRAWN = """() => document.querySelectorAll(".ai-chart[data-drawn]").length >= 2"""
SETTLED = 20
"""The snapshot from which CPU and memory are measured, after one-time work is done."""
N_MEMORY = 6
"""Number of memory measurements during the run."""
PATIENCE_SECONDS = 600
WINDOW_MS = 1500
"""For so long after it was opened, a window of the browser is busy with itself: half a second of the processor."""


@dataclass(frozen=True)
class Figure:
    """One measurement and its goal, the maximum it should be, in the same unit."""

    name: str
    about: str
    value: float
    goal: float | None
    unit: str

    def row(self) -> list[str]:
        """Its row in the table."""
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
    """Print load times, latencies, server CPU and memory, each with its goal."""
    parser = options.parser("dashboard", __doc__ or "", rounds=None)
    parser.add_argument("--snapshots", type=int, default=500, metavar="N", help="number of snapshots of the run")
    parser.add_argument("--loads", type=int, default=7, metavar="N", help="number of page loads")
    given = parser.parse_args(argv)
    if given.snapshots <= SETTLED:
        parser.error(f"--snapshots must be above {SETTLED}, got {given.snapshots}")

    figures, memory = measure(given.snapshots, given.loads)
    rows = [figure.row() for figure in figures]
    notes = [
        f"mnist-5k, 784-64-32-10, a snapshot each epoch, as fast as it trains; one viewer, 1440 x 1000; "
        f"{given.threads} cores in total for trainer, server and browser. "
        "Drawn is when the page has laid out and painted a snapshot, of those that a viewer gets: at most 24 a second.",
        "Server memory: " + ", ".join(f"{size:.0f} MB at {number}" for number, size in memory.items()) + ".",
    ]
    table = Table("Latency for a viewer, and cost for the server", ["", "measured", "goal", ""], rows, notes)
    values = {
        "machine": threads.machine(given.threads),
        "snapshots": given.snapshots,
        "figures": {each.name: {"value": each.value, "goal": each.goal, "unit": each.unit} for each in figures},
        "server_memory_mb": {str(number): size for number, size in memory.items()},
    }
    tables.show("dashboard", [table], values, as_json=given.json, as_markdown=given.markdown, page=given.page)


def measure(last: int, n_loads: int) -> tuple[list[Figure], dict[int, float]]:
    """All measurements of one dashboard during a run of `last` snapshots, and its memory in MB by snapshot."""
    with dashboard_in_browser() as (served, browser):
        page, loaded = _loads(browser, served.url, START_IS_THERE, n_loads)
        loading = [*_of_loading("start", "page load, Train before any run, to the Start button", *loaded)]

        first_picture = start_run(page, served.url, last)

        server = psutil.Process(served.process.pid)
        wait_for_snapshot(page, SETTLED)
        memory = {SETTLED: server.memory_info().rss / 1e6}
        cpu_before, begin, meanwhile = cpu_seconds(server), time.perf_counter(), Others()
        others = 0.0
        for part in range(1, N_MEMORY):
            number = SETTLED + (last - SETTLED) * part // (N_MEMORY - 1)
            wait_for_snapshot(page, number)
            memory[number] = server.memory_info().rss / 1e6
            if number < last:  # the CPU time of a trainer that has ended could not be attributed
                others = meanwhile.share()
        watched = time.perf_counter() - begin
        cpu = (cpu_seconds(server) - cpu_before) / watched
        drawn = page.evaluate(DRAWN)
        drawn_per_second = 1000 * (len(drawn) - 1) / (drawn[-1][0] - drawn[0][0])
        predictions = _seconds_to_prediction(page, f"{served.url}/drawing")
        for name, (path, about, is_there) in PAGES.items():
            page, loaded = _loads(browser, f"{served.url}/{path}", is_there, n_loads)
            loading += _of_loading(name, about, *loaded)
        charts = [_seconds_to_charts(page, f"{served.url}/classes") for _ in range(n_loads)]
    growth = memory[last] / memory[SETTLED] - 1
    return [
        *loading,
        Figure("first_chart", "first charts of Inspect, from the click", statistics.median(charts), 1.5, "s"),
        Figure("start_to_picture", "click on Start to the first drawn snapshot", first_picture, 2.0, "s"),
        *written_to_drawn(drawn),
        Figure(
            "stroke_to_prediction_median",
            "stroke of the pen to drawn prediction, median",
            statistics.median(predictions),
            0.08,
            "s",
        ),
        Figure(
            "stroke_to_prediction_p95",
            "stroke of the pen to drawn prediction, 95th percentile",
            p95(predictions),
            0.08,
            "s",
        ),
        Figure("snapshots_per_second", "snapshots a second, recorded", (last - SETTLED) / watched, None, ""),
        Figure("drawn_per_second", "and drawn", drawn_per_second, None, ""),
        Figure("others", "other programs meanwhile, of a core", others, None, "share"),
        Figure("server_cpu", "server CPU for one viewer, of a core", cpu, 0.10, "share"),
        Figure("memory_growth", f"server memory, growth from snapshot {SETTLED} to {last}", growth, 0.05, "share"),
    ], memory


@contextmanager
def dashboard_in_browser() -> Iterator[tuple[Served, Browser]]:
    """A dashboard without runs, and a browser, with as many threads as a user has."""
    threads.drop_priority_right()
    with (
        _threads_as_usual(),
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        dashboard(Path(folder)) as served,
        sync_playwright() as playwright,
    ):
        browser = open_chromium(playwright)
        yield served, browser
        browser.close()


@contextmanager
def _threads_as_usual() -> Iterator[None]:
    """Let the trainer choose its number of threads, as for a user; the cores stay limited."""
    with patch.dict(os.environ):
        for name in (VARIABLE, *BLAS_VARIABLES):
            os.environ.pop(name, None)
        yield


def start_run(page: Page, url: str, n_epochs: int, shown: str = "none") -> float:
    """Start a run of mnist-5k while one that has ended is `shown`, and follow it live.

    Returns the seconds from the click to the first drawn snapshot.
    """
    page.goto(f"{url}/?run={shown}&data=mnist-5k&hidden=64,32&epochs={n_epochs}&snapshot-every=epoch")
    start = page.get_by_role("button", name="Start").first
    start.wait_for()
    begin = time.perf_counter()
    start.click()
    page.wait_for_function(f"() => ![null, '{shown}'].includes(new URL(location.href).searchParams.get('run'))")
    page.evaluate("() => window.__annscope?.drawn?.splice(0)")
    wait_for_snapshot(page, 0)
    first_picture = time.perf_counter() - begin
    page.get_by_role("button", name="Live", exact=True).click()
    return first_picture


def written_to_drawn(drawn: Sequence[Sequence[float]], about: str = "") -> list[Figure]:
    """The latencies of drawn snapshots, as `DRAWN` gives them."""
    latencies = sorted(float(each) / 1000 for _, each in drawn)
    return [
        Figure("written_to_drawn_median", f"written to drawn{about}, median", statistics.median(latencies), 0.045, "s"),
        Figure("written_to_drawn_p95", f"written to drawn{about}, 95th percentile", p95(latencies), 0.08, "s"),
    ]


def wait_for_snapshot(page: Page, number: int) -> None:
    page.wait_for_function(f"() => ({NUMBER})() >= {number}", timeout=1000 * PATIENCE_SECONDS, polling=50)


def _seconds_to_load(page: Page, url: str, is_there: str) -> float:
    """Seconds until a condition holds, checked in each frame, since Playwright's own waiting rounds up."""
    begin = time.perf_counter()
    page.goto(url)
    page.wait_for_function(is_there, polling="raf")
    return time.perf_counter() - begin


def _loads(browser: Browser, url: str, is_there: str, n_loads: int) -> tuple[Page, tuple[list[float], list[float]]]:
    """A page, and the seconds of its loads with a filled and with an empty browser cache."""
    visits = []
    for _ in range(min(5, n_loads)):
        context = browser.new_context(viewport=VIEWPORT)
        page = context.new_page()
        page.wait_for_timeout(WINDOW_MS)
        visits.append(_seconds_to_load(page, url, is_there))
        context.close()
    page = browser.new_context(viewport=VIEWPORT).new_page()
    _seconds_to_load(page, url, is_there)  # fills the browser's cache
    return page, ([_seconds_to_load(page, url, is_there) for _ in range(n_loads)], visits)


def _of_loading(name: str, about: str, loads: list[float], visits: list[float]) -> list[Figure]:
    return [
        Figure(f"{name}_load", about, statistics.median(loads), 1.5, "s"),
        Figure(f"{name}_first_visit", "the same with an empty browser cache", statistics.median(visits), 1.5, "s"),
    ]


def _seconds_to_prediction(page: Page, url: str) -> list[float]:
    """Seconds from each event of a pointer that draws zigzags to the prediction on screen, sorted."""
    page.goto(url)
    sheet = page.get_by_label("Drawing pad.")
    sheet.wait_for()
    page.wait_for_timeout(1000)  # a user pauses before drawing
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
    return sorted(float(each) / 1000 for each in page.evaluate(PREDICTED))


def _seconds_to_charts(page: Page, url: str) -> float:
    """Seconds on Inspect from a click, after a pause, until both curves are drawn."""
    _seconds_to_load(page, url, PAGES["inspect"][2])
    page.wait_for_timeout(1500)  # a user pauses before clicking
    tab = page.get_by_role("radio", name="Thresholds")
    begin = time.perf_counter()
    tab.click()
    page.wait_for_function(CHARTS_ARE_DRAWN, polling="raf")
    return time.perf_counter() - begin


def p95(ordered: Sequence[float]) -> float:
    return ordered[int(0.95 * (len(ordered) - 1))]


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
