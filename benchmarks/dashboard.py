"""What a viewer waits for and what the server pays, measured in headless Chromium on one dashboard."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from scripts.serving import dashboard, open_chromium

STAGE = ".annscope-stage"
DRAWN = "() => (window.__annscope?.drawn ?? []).map(d => d.drawn - d.written)"
NUMBER = f"() => Number(document.querySelector('{STAGE}')?.dataset.number ?? -1)"


def main(argv: list[str]) -> None:
    """Print page load, Start to first picture, written to drawn, server CPU and memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks dashboard")
    parser.add_argument("--snapshots", type=int, default=500, help="length of the watched run")
    parser.add_argument("--loads", type=int, default=7, help="how often the page is loaded")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        page.goto(served.url)
        page.get_by_role("button", name="Start").first.wait_for()

        loads = [_seconds_to_load(page, served.url) for _ in range(options.loads)]
        page.goto(f"{served.url}/?data=mnist-5k&hidden=64,32&epochs={options.snapshots}")
        page.get_by_role("button", name="Start").first.wait_for()
        begin = time.perf_counter()
        page.get_by_role("button", name="Start").first.click()
        page.wait_for_function(f"({NUMBER})() >= 0", timeout=30_000)
        first_picture = time.perf_counter() - begin

        server = psutil.Process(served.process.pid)
        page.wait_for_function(f"({NUMBER})() >= 20", timeout=60_000)
        early, cpu_before, begin = server.memory_info().rss, _cpu_seconds(server), time.perf_counter()
        last = options.snapshots
        page.wait_for_function(f"({NUMBER})() >= {last}", timeout=600_000)
        watched = time.perf_counter() - begin
        cpu = (_cpu_seconds(server) - cpu_before) / watched
        latencies = sorted(page.evaluate(DRAWN))
        browser.close()
        figures = {
            "page_load_seconds": statistics.median(loads),
            "start_to_first_picture_seconds": first_picture,
            "written_to_drawn_ms_median": statistics.median(latencies),
            "written_to_drawn_ms_p95": latencies[int(0.95 * (len(latencies) - 1))],
            "snapshots_per_second": (last - 20) / watched,
            "server_cpu_of_a_core": cpu,
            "server_memory_mb_at_snapshot_20": early / 1e6,
            f"server_memory_mb_at_snapshot_{last}": server.memory_info().rss / 1e6,
        }
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<40}{value:>10.3f}")


def _seconds_to_load(page: Page, url: str) -> float:
    begin = time.perf_counter()
    page.goto(url)
    page.get_by_role("button", name="Start").first.wait_for()
    return time.perf_counter() - begin


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
