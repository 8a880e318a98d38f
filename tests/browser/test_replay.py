"""Replay of a run, and reconnection to a restarted dashboard."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from scripts.serving import Served, dashboard
from tests.records import train_run

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"
N_EPOCHS = 12


@contextmanager
def training(home: Path) -> Iterator[None]:
    """A long run of the command line, independent of any dashboard; it ends with the context."""
    options = ["--data", "mnist-5k", "--hidden", "32", "--epochs", "5000", "--snapshot-every", "200"]
    process = subprocess.Popen(
        [sys.executable, "-m", "annscope.runs.cli", "train", *options, "--learning-rate", "0.0005"],
        env={**os.environ, "ANNSCOPE_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for_snapshot(home: Path) -> None:
    """Wait until the run in `home` has recorded a snapshot."""
    deadline = time.monotonic() + 60
    while not any("snapshot" in path.read_text() for path in home.glob("runs/*/metrics.jsonl")):
        assert time.monotonic() < deadline, "no snapshot within a minute"
        time.sleep(0.05)


@pytest.fixture
def finished(served: Served) -> None:
    """A finished run with a snapshot before the first epoch and one after each."""
    del served
    train_run(data="mnist-5k", hidden=(32,), epochs=N_EPOCHS)


@pytest.mark.usefixtures("finished")
def test_a_link_names_a_snapshot(open_tab: Callable[..., Page]) -> None:
    """A link shows the snapshot it names, or the last if there is no such one; a button shows the latest."""
    page = open_tab("/?snapshot=3")
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", "3")
    expect(stage).to_have_attribute("data-live", "false")
    timeline = page.get_by_role("slider", name="Timeline")
    expect(timeline).to_have_value("3")
    expect(timeline).to_have_attribute("max", str(N_EPOCHS))
    stage.get_by_role("button", name="Latest").click()
    expect(stage).to_have_attribute("data-number", str(N_EPOCHS))
    expect(page).not_to_have_url(re.compile("snapshot="))

    beyond = open_tab("/?snapshot=4000").locator(STAGE)
    expect(beyond).to_have_attribute("data-number", str(N_EPOCHS))


@pytest.mark.usefixtures("finished")
def test_an_earlier_run_has_its_whole_history(open_tab: Callable[..., Page]) -> None:
    """Of a run opened after its end, a class's F1 and a pinned neuron's activations begin at the first snapshot."""
    page = open_tab("/")
    expect(page.locator(STAGE)).to_have_attribute("data-number", str(N_EPOCHS))
    table = page.get_by_role("table", name="Precision, recall, F1 and support of each class")
    table.scroll_into_view_if_needed()
    lines = table.locator("tbody .ch-trend path")
    expect(lines).to_have_count(10)
    for k in range(10):
        expect(lines.nth(k)).to_have_attribute("d", re.compile(r"^M0\.0 .*L"))
    network = page.locator(".nv-canvas")
    network.focus()
    network.press("ArrowRight")
    network.press("Enter")
    pinned = page.locator(".nv-dock")
    expect(pinned).to_contain_text(f"this example, over {N_EPOCHS + 1} snapshots")


@pytest.mark.usefixtures("finished")
def test_the_replay_plays_to_the_end(open_tab: Callable[..., Page]) -> None:
    """Play goes through every snapshot to the last and then follows the run, in every view."""
    page = open_tab("/?snapshot=5")
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", "5")
    page.evaluate(
        f"""() => {{
          const stage = document.querySelector('{STAGE}');
          window.numbers = [Number(stage.dataset.number)];
          new MutationObserver(() => {{
            const number = Number(stage.dataset.number ?? NaN);
            if (number !== window.numbers.at(-1)) window.numbers.push(number);
          }}).observe(stage, {{ attributes: true, attributeFilter: ['data-number'] }});
        }}"""
    )
    stage.get_by_label("Time of a replay").select_option("5")
    stage.get_by_role("button", name="Play", exact=True).click()
    expect(stage.get_by_role("button", name="Pause the replay")).to_be_visible()
    expect(stage).to_have_attribute("data-live", "true")
    expect(stage).to_have_attribute("data-number", str(N_EPOCHS))
    assert page.evaluate("window.numbers") == list(range(5, N_EPOCHS + 1)), "no snapshot is left out, none is blank"
    expect(stage.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.usefixtures("finished")
def test_the_keyboard_steps_and_plays(open_tab: Callable[..., Page]) -> None:
    """Comma and full stop step from anywhere on the page, except in text fields; the space bar plays."""
    page = open_tab("/?snapshot=6")
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", "6")
    page.keyboard.press(".")
    expect(stage).to_have_attribute("data-number", "7")
    page.keyboard.press(",")
    page.keyboard.press(",")
    expect(stage).to_have_attribute("data-number", "5")
    box = page.locator(".st-key-control-data").get_by_role("combobox")
    box.focus()
    box.press(",")
    box.press("Escape")
    timeline = page.get_by_role("slider", name="Timeline")
    timeline.focus()
    timeline.press("ArrowRight")
    expect(stage).to_have_attribute("data-number", "6")
    expect(page).to_have_url(re.compile("snapshot=6"))
    timeline.press(" ")
    expect(stage.get_by_role("button", name="Pause the replay")).to_be_visible()
    timeline.press(" ")
    expect(stage.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.usefixtures("finished")
def test_events_are_on_the_timeline(open_tab: Callable[..., Page]) -> None:
    """Events are on the timeline in words, reachable by keyboard, and select their snapshot."""
    page = open_tab("/")
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", str(N_EPOCHS))
    happened = stage.get_by_role("group", name="What happened")
    best = happened.get_by_role("button", name=re.compile("Best so far"))
    best.focus()
    expect(stage.locator(".as-timeline .nv-tip")).to_contain_text("Best so far")
    best.press("Enter")
    expect(page).to_have_url(re.compile(r"snapshot=\d+"))
    expect(happened.get_by_role("button", name=re.compile(r"Finished.* step"))).to_be_attached()


@pytest.mark.usefixtures("finished")
def test_an_error_stops_only_its_view(chromium: Browser, served: Served) -> None:
    """An error in one view is shown once, on its card; the other views and the timeline go on."""
    page = chromium.new_context().new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(
        "**/assets/train/confusion/confusion.js",
        lambda route: route.fulfill(
            content_type="text/javascript",
            body="""export function createConfusion(root, store) {
              const stop = store.on('frame', () => requestAnimationFrame(draw));
              function draw() { throw new Error('the ink is dry'); }
              return { update: draw, destroy: stop };
            }""",
        ),
    )
    page.goto(served.url + "/?snapshot=2")
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", "2")
    expect(stage.get_by_role("alert")).to_contain_text("the ink is dry")
    page.keyboard.press(".")
    page.keyboard.press(".")
    expect(stage).to_have_attribute("data-number", "4")
    expect(stage.locator('[data-view="network"] canvas').first).to_be_visible()
    assert errors == ["the ink is dry"]
    page.context.close()


def test_the_page_reconnects_to_a_restarted_dashboard(tmp_path: Path, chromium: Browser) -> None:
    """While the server restarts the picture stays with a notice, and the page reconnects by itself."""
    home = tmp_path / "home"
    page = chromium.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    with (
        training(home),
        ExitStack() as first,
    ):
        served = first.enter_context(dashboard(home))
        wait_for_snapshot(home)
        page.goto(served.url)
        stage = page.locator(STAGE)
        expect(stage).to_have_attribute("data-number", re.compile(r"^\d+$"))
        page.evaluate(f"window.firstStage = document.querySelector('{STAGE}')")
        first.close()
        expect(stage.locator(".as-notice")).to_contain_text("trying again")
        before = int(stage.get_attribute("data-number") or -1)
        assert before >= 0, "the picture stays"
        with dashboard(home, port=urlsplit(served.url).port):
            later = re.compile(rf"^(?!{before}$)\d+$")
            expect(stage).to_have_attribute("data-number", later)
            expect(stage.locator(".as-notice")).to_be_hidden()
            assert page.evaluate(f"window.firstStage === document.querySelector('{STAGE}')"), "never replaced"
            page.goto("about:blank")
    assert failures == []
    page.context.close()


@pytest.mark.usefixtures("finished")
def test_a_failed_first_request_is_repeated(chromium: Browser, served: Served) -> None:
    """A page whose first request fails shows a notice and then the run, without a reload."""
    with chromium.new_context() as context:
        page = context.new_page()
        is_said = False

        def fail_until_it_is_said(route: Route) -> None:
            if is_said:
                route.continue_()
            else:
                route.fulfill(status=503, json={"error": "not this time"})

        page.route("**/runs/*/probe", fail_until_it_is_said)
        page.goto(served.url)
        stage = page.locator(STAGE)
        expect(stage.locator(".as-notice")).to_contain_text("not this time")
        is_said = True
        expect(stage).to_have_attribute("data-number", str(N_EPOCHS))
        expect(stage.locator(".as-notice")).to_be_hidden()


@pytest.mark.usefixtures("finished")
def test_a_finished_run_that_is_on_its_way_is_said_to_load(chromium: Browser, served: Served) -> None:
    """Until its first picture is there, a run that has snapshots is not said to have ended before them."""
    with chromium.new_context() as context:
        page = context.new_page()
        held: list[Route] = []
        page.route("**/runs/*/probe", lambda route: held.append(route))
        page.goto(served.url)
        stage = page.locator(STAGE)
        expect(stage).to_contain_text("Loading the run")
        expect(stage).not_to_contain_text("ended before its first snapshot")
        for route in held:
            route.continue_()
        expect(stage).to_have_attribute("data-number", str(N_EPOCHS))
