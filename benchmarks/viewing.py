"""Cost of viewing: frames and scrubbing in the browser, many viewers of a server, training while it is viewed."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from itertools import pairwise

import psutil
from playwright.sync_api import Browser, Page
from websockets.asyncio.client import connect

from annscope.runs.reader import RunReader
from benchmarks import options, tables, threads
from benchmarks.dashboard import NUMBER, STAGE, Figure, cpu_seconds, dashboard_in_browser
from benchmarks.others import Others
from benchmarks.tables import Table
from scripts.serving import Served

N_VIEWERS = 16
WATCHED_SECONDS = 8.0
TRAINED_SECONDS = 4.0
SETTLING_SECONDS = 1.5
"""Pause after a page was opened, or left, in seconds."""
QUIET = 0.1
MAX_TRIES = 4
"""Quiet rounds, with less than `QUIET` of a core used by others, are sought in at most this many times the rounds."""
TIMED_FRAMES = """
(() => {
  // All the callbacks of one frame get the same time: their durations add up to the frame's.
  const frames = (window.__frames = new Map());
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) => ask((now) => {
    const begin = performance.now();
    act(now);
    frames.set(now, (frames.get(now) ?? 0) + performance.now() - begin);
  });
})()
"""
SCRUB = """
async (numbers) => {
  const slider = document.querySelector('input[aria-label="Timeline"]');
  const stage = document.querySelector('.annscope-stage');
  const times = [];
  for (const number of numbers) {
    const begin = performance.now();
    slider.value = number;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (stage.dataset.number !== String(number)) await new Promise((done) => requestAnimationFrame(done));
    times.push(performance.now() - begin);
  }
  return times;
}
"""


def main(argv: Sequence[str]) -> None:
    """Print each measurement with its goal."""
    given = options.parser("viewing", __doc__ or "", rounds=7).parse_args(argv)
    figures = measure(given.rounds)
    notes = [f"mnist-5k, 784-64-32-10, a snapshot each epoch; 1440 x 1000; {given.threads} cores in total."]
    table = Table("Cost of viewing", ["", "measured", "goal", ""], [figure.row() for figure in figures], notes)
    values = {
        "machine": threads.machine(given.threads),
        "figures": {each.name: {"value": each.value, "goal": each.goal, "unit": each.unit} for each in figures},
    }
    tables.show("viewing", [table], values, as_json=given.json, as_markdown=given.markdown, page=given.page)


def measure(n_rounds: int) -> list[Figure]:
    """All measurements of one dashboard."""
    with dashboard_in_browser() as (served, browser):
        figures = _in_the_browser(browser, served)
        figures += _many_viewers(browser, served)
        figures += _training_while_viewed(browser, served, n_rounds)
    return figures


def _in_the_browser(browser: Browser, served: Served) -> list[Figure]:
    page = _start(browser, served, "epochs=60&snapshot-every=epoch")
    page.locator(f"{STAGE}[data-status=finished]").wait_for(timeout=120_000)
    page.wait_for_timeout(1000)
    page.add_init_script(TIMED_FRAMES)
    page.reload()
    page.locator(f"{STAGE}[data-number='60']").wait_for(timeout=20_000)
    numbers = [(7 * k) % 60 for k in range(1, 40)]
    steps = sorted(float(each) / 1000 for each in page.evaluate(SCRUB, numbers))
    page.get_by_role("combobox", name="Time of a replay").select_option("15")
    page.get_by_role("button", name="Play", exact=True).click()
    page.evaluate("window.__frames.clear()")
    page.wait_for_timeout(6000)
    times, lengths = page.evaluate("[[...window.__frames.keys()], [...window.__frames.values()]]")
    frames = sorted(float(each) / 1000 for each in lengths)
    between = statistics.median(later - earlier for earlier, later in pairwise(times)) / 1000
    page.context.close()
    return [
        Figure(
            "scrub_median",
            "scrubbing, from a step of the timeline to the drawn snapshot, median",
            statistics.median(steps),
            0.05,
            "s",
        ),
        Figure("scrub_p95", "scrubbing, 95th percentile", steps[int(0.95 * (len(steps) - 1))], None, "s"),
        Figure("frame_median", "main thread for a frame of the replay, median", statistics.median(frames), 0.008, "s"),
        Figure(
            "frame_p95",
            "main thread for a frame of the replay, 95th percentile",
            frames[int(0.95 * (len(frames) - 1))],
            None,
            "s",
        ),
        Figure(
            "frames_per_second", "frames a second in the replay, by the median time between two", 1 / between, None, ""
        ),
        Figure("frames_drawn", "of the frames of its six seconds, drawn", len(frames) / (6 / between), None, "share"),
    ]


def _many_viewers(browser: Browser, served: Served) -> list[Figure]:
    page = _start(browser, served, "epochs=100000&snapshot-every=320")
    page.wait_for_function(f"() => ({NUMBER})() >= 5", timeout=60_000)
    run = page.evaluate("new URL(location.href).searchParams.get('run')")
    page.goto("about:blank")
    server = psutil.Process(served.process.pid)
    with ThreadPoolExecutor(1) as beside:  # Playwright has an event loop of its own in this thread
        one, many = (beside.submit(asyncio.run, _share_with(served, run, n, server)).result() for n in (1, N_VIEWERS))
    page.goto(f"{served.url}/?run={run}")
    page.get_by_role("button", name="Stop").click()
    page.locator(f"{STAGE}[data-status=stopped]").wait_for(timeout=30_000)
    page.context.close()
    each = (many - one) / (N_VIEWERS - 1)
    return [
        Figure("one_viewer", "server CPU for one viewer of a live run, of a core", one, 0.10, "share"),
        Figure("next_viewer", f"and for each of {N_VIEWERS - 1} more", each, 0.01, "share"),
    ]


async def _share_with(served: Served, run: str, n: int, server: psutil.Process) -> float:
    """The share of a core that the server takes while `n` viewers follow a run and acknowledge each frame."""
    url = served.url.replace("http", "ws") + f"/annscope/runs/{run}/live"
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connect(url, max_size=None)) for _ in range(n)]
        viewers = [asyncio.create_task(_acknowledge(socket)) for socket in sockets]
        await asyncio.sleep(1)
        before, begin = cpu_seconds(server), time.perf_counter()
        await asyncio.sleep(WATCHED_SECONDS)
        share = (cpu_seconds(server) - before) / (time.perf_counter() - begin)
        for viewer in viewers:
            viewer.cancel()
    return share


async def _acknowledge(socket: object) -> None:
    async for message in socket:  # type: ignore[attr-defined]
        if isinstance(message, bytes):
            await socket.send("ack")  # type: ignore[attr-defined]


def _training_while_viewed(browser: Browser, served: Served, n_rounds: int) -> list[Figure]:
    """Slowdown of training by a viewer: one run, viewed and not viewed in alternation."""
    page = _start(browser, served, "data=mnist-5k&epochs=100000&hidden=128,64&snapshot-every=epoch")
    page.wait_for_function(f"() => ({NUMBER})() >= 5", timeout=60_000)
    run = page.evaluate("new URL(location.href).searchParams.get('run')")
    reader = RunReader(served.home / "runs" / run)
    rounds: list[tuple[float, float]] = []  # the CPU use of other programs, and the slowdown
    while sum(others < QUIET for others, _ in rounds) < n_rounds and len(rounds) < MAX_TRIES * n_rounds:
        rate, meanwhile = {}, Others()
        for watch in (True, False) if len(rounds) % 2 else (False, True):  # so that a drift of the machine cancels out
            page.goto(f"{served.url}/?run={run}" if watch else "about:blank")
            if watch:
                page.wait_for_function(f"() => ({NUMBER})() >= 0", timeout=60_000)
            page.wait_for_timeout(1000 * SETTLING_SECONDS)
            rate[watch] = _steps_per_second(reader, page)
        rounds.append((meanwhile.share(), rate[False] / rate[True] - 1))
    losses = [loss for _, loss in sorted(rounds)[:n_rounds]]
    page.goto(f"{served.url}/?run={run}")
    page.get_by_role("button", name="Stop").click()
    page.locator(f"{STAGE}[data-status=stopped]").wait_for(timeout=30_000)
    page.context.close()
    low, middle, high = statistics.quantiles(losses, n=4) if n_rounds > 1 else losses * 3
    return [
        Figure("training_slower", "training with one viewer, slower by", middle, 0.10, "share"),
        Figure("training_slower_low", "the lower quarter of the rounds", low, None, "share"),
        Figure("training_slower_high", "the upper quarter", high, None, "share"),
        Figure(
            "others", "other programs meanwhile, of a core at most", sorted(rounds)[:n_rounds][-1][0], None, "share"
        ),
    ]


def _steps_per_second(reader: RunReader, page: Page) -> float:
    """Updates per second over `TRAINED_SECONDS`, measured from one write of the record to another."""
    first = reader.snapshot_lines()[-1]
    page.wait_for_timeout(1000 * TRAINED_SECONDS)
    last = reader.snapshot_lines()[-1]
    seconds = reader.snapshot_written(last["number"]) - reader.snapshot_written(first["number"])
    return float(last["step"] - first["step"]) / seconds


def _start(browser: Browser, served: Served, settings: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(f"{served.url}/?{settings}")
    page.get_by_role("button", name="Start").first.click()
    page.wait_for_function(f"() => document.querySelector('{STAGE}')", timeout=30_000)
    return page
