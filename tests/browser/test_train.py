"""The Train page in a browser, with a real worker."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.writer import create_run
from scripts.serving import Served
from tests.configs import make_config
from tests.records import RunInProgress, train_run, train_to_the_end

pytestmark = pytest.mark.browser

LONG = "/?epochs=5000&snapshot-every=300&learning-rate=0.0005&seed=3"
"""A run on mnist-5k that lasts until it is stopped."""
STAGE = ".annscope-stage"


def button(page: Page, name: str) -> Locator:
    """A button of the page's header; its shortcut is part of its name."""
    return page.locator(".st-key-head").get_by_role("button", name=re.compile(f"^{name}"))


def head(page: Page) -> Locator:
    """The strip above the live view, which shows the status of the run."""
    return page.locator(".as-strip")


def record(served: Served, page: Page) -> RunReader:
    """The record of the run that the address names."""
    found = re.search(r"[?&]run=([^&]+)", page.url)
    assert found, page.url
    return RunReader(served.home / "runs" / found[1])


def events(reader: RunReader, name: str) -> list[dict[str, object]]:
    """The events of one name."""
    return [line for line in reader.lines() if line.get("event") == name]


def test_the_journey(served: Served, open_tab: Callable[..., Page]) -> None:
    """Start, watch, change the learning rate, pause, step, resume, scrub back, reload, stop: nothing is lost."""
    page = open_tab(LONG)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)

    # Watch: over 85 % within 15 s, in one and the same element from beginning to end.
    expect(stage).to_have_attribute("data-number", re.compile(r"^\d+$"))
    page.evaluate(f"window.firstStage = document.querySelector('{STAGE}')")
    expect(head(page)).to_contain_text(re.compile(r"held-out accuracy (8[5-9]|9\d|100)"))
    reader = record(served, page)

    # The learning rate moves while it trains.
    thumb = page.locator(".st-key-live-learning-rate").get_by_role("slider")
    expect(thumb).to_have_attribute("aria-valuetext", "0.0005")
    thumb.focus()
    thumb.press("ArrowRight")
    expect(thumb).to_have_attribute("aria-valuetext", "0.0007")

    # Pause by its key, one step by its button.
    thumb.blur()
    press_until(head(page).filter(has_text="paused"), "p")
    assert [event["value"] for event in events(reader, "learning_rate")] == [0.0007], "commands are handled in order"
    step = reader.status()["step"]
    button(page, "Step").click()
    expect(stage).to_have_attribute("data-step", str(step + 1))
    assert reader.status()["step"] == step + 1
    button(page, "Resume").click()
    expect(head(page)).to_contain_text("running")

    # Scrub back while it goes on: the stage stays where it was put.
    timeline = page.get_by_role("slider", name="Timeline")
    timeline.focus()
    timeline.press("Home")
    expect(stage).to_have_attribute("data-number", "0")
    expect(page).to_have_url(re.compile("snapshot=0"))
    assert page.evaluate(f"window.firstStage === document.querySelector('{STAGE}')"), "the stage was never replaced"

    # A reload and a second tab show the same.
    page.reload()
    second = open_tab(page.url.removeprefix(served.url))
    for tab in (page, second):
        expect(tab.locator(STAGE)).to_have_attribute("data-number", "0")
        expect(head(tab)).to_contain_text("running")
        expect(tab.locator(".st-key-control-epochs").get_by_role("slider")).to_have_attribute("aria-valuetext", "5000")

    button(second, "Stop").click()
    for tab in (second, page):
        expect(head(tab)).to_contain_text("stopped")
    assert reader.status()["status"] == "stopped"
    of_the_run = [worker for worker in served.workers() if worker.pid == reader.status()["pid"]]
    _, alive = psutil.wait_procs(of_the_run, timeout=10)
    assert alive == []


def press_until(there: Locator, key: str) -> None:
    """Press a key until something is there: a page that is being made anew does not hear it."""
    for _ in range(6):
        there.page.keyboard.press(key)
        with contextlib.suppress(TimeoutError):
            return there.wait_for(timeout=15_000)
    raise AssertionError(f"{key} had no effect")


def test_s_asks_before_it_replaces_a_run_at_work(
    served: Served, start_run: Callable[..., RunInProgress], open_tab: Callable[..., Page]
) -> None:
    """While the run shown is at work, S only opens a question; its answer starts the next run."""
    first = start_run(data="digits", hidden=(8,), epochs=50)
    first.train_until(snapshot=1)
    page = open_tab("/?data=digits&hidden=8&epochs=2")
    expect(page.locator(STAGE)).to_have_attribute("data-number", "1")
    question = page.get_by_role("dialog", name="A run is still training")
    for _ in range(2):
        press_until(question, "s")
        assert len(list((served.home / "runs").iterdir())) == 1
        page.keyboard.press("Escape")
        expect(question).to_be_hidden()
    press_until(question, "s")
    question.get_by_role("button", name="Start beside it").click()
    expect(page).not_to_have_url(re.compile(first.run))
    expect(page.locator(STAGE)).to_have_attribute("data-status", "finished")
    first.train_until(snapshot=3)  # it was not stopped


def test_a_failed_run_shows_its_failure_alone(served: Served, tmp_path: Path, open_tab: Callable[..., Page]) -> None:
    """A run that failed before its first snapshot says why, with nothing of the run that was shown before."""
    assert served.home.exists()
    shown = train_run(data="digits", hidden=(8,), epochs=4)
    path = tmp_path / "points.csv"
    path.write_text("x,y,label\n" + "0,1,a\n1,0,b\n" * 20, encoding="utf-8")
    failed = create_run(make_config(data=str(path)))
    path.unlink()
    message = train_to_the_end(run_directory(failed))["message"]
    page = open_tab(f"/?run={shown.run}")
    stage, star = page.locator(STAGE), page.locator(".as-mark[data-kind=best]")
    expect(stage).to_have_attribute("data-number", "4")
    expect(star).to_have_count(1)
    page.locator(".st-key-picker").get_by_role("combobox").click()
    page.get_by_role("option").filter(has_text="failed").click()
    for again in (False, True):
        if again:
            page.reload()
        expect(stage.locator(".as-waiting").get_by_role("alert")).to_contain_text(str(message))
        expect(stage.locator(".as-columns")).to_be_hidden()
        expect(star).to_have_count(0)
        expect(page.get_by_text("about to begin")).to_have_count(0)
        expect(page).to_have_url(re.compile(failed))


def test_no_worker_survives_a_killed_server(served: Served, open_tab: Callable[..., Page]) -> None:
    """After the server is killed no worker is left, and the run is interrupted."""
    page = open_tab(LONG)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    expect(page.locator(STAGE)).to_have_attribute("data-number", re.compile(r"^\d+$"))
    reader, started = record(served, page), served.workers()
    assert started
    page.goto("about:blank")
    served.process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
    assert reader.status()["status"] == "interrupted"
    assert (reader.directory / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900])
def test_the_page_is_never_wider_than_the_window(open_tab: Callable[..., Page], width: int, scheme: str) -> None:
    """On a narrow and a wide screen the page is never wider than the window."""
    page = open_tab("/", width=width, scheme=scheme)
    page.get_by_role("button", name=re.compile("^Train on real digits")).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_path_of_a_file_is_typed(open_tab: Callable[..., Page]) -> None:
    """A path that is no file is named at once, and nothing can be started until it is corrected."""
    page = open_tab("/?epochs=7")
    box = page.locator(".st-key-control-data").get_by_role("combobox")
    box.fill("missing.csv")
    box.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("there is no file missing.csv")
    for key in ("start", "start-below"):
        expect(page.locator(f".st-key-{key} button").first).to_be_disabled()


def test_a_moved_slider_is_in_the_address_and_survives_a_reload(open_tab: Callable[..., Page]) -> None:
    """A setting survives a reload by the address alone."""
    page = open_tab("/")
    thumb = page.locator(".st-key-control-epochs").get_by_role("slider")
    thumb.focus()
    for _ in range(3):
        thumb.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"\?epochs=50$"))
    page.reload()
    expect(thumb).to_have_attribute("aria-valuetext", "50")


def test_augmentation_has_a_preview(served: Served, open_tab: Callable[..., Page]) -> None:
    """The preview follows the sliders, the started run has those settings, and points have no such sliders."""
    page = open_tab("/?data=digits&epochs=2")
    pictures = page.locator(".annscope-augmented img")
    expect(pictures).to_have_count(0)
    page.get_by_text("Augmentation", exact=True).click()
    expect(pictures).to_have_count(18)
    plain, met = pictures.nth(0), pictures.nth(3)
    expect(met).to_have_attribute("src", plain.get_attribute("src") or "")
    slider = page.locator(".st-key-control-rotate").get_by_role("slider")
    slider.focus()
    for degrees in range(1, 6):
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(rf"rotate={degrees}\.0"))
    expect(met).not_to_have_attribute("src", plain.get_attribute("src") or "")
    expect(pictures).to_have_count(18)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    expect(head(page)).to_contain_text("finished")
    assert record(served, page).config.training.rotate == 5.0
    points = open_tab("/?data=moons")
    points.get_by_text("Advanced", exact=True).wait_for()
    expect(points.get_by_text("Augmentation", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("option", "comes"), [("elastic", "elastic-smoothing"), ("optimizer", "weight-decay"), ("hidden-count", "hidden-2")]
)
def test_a_control_keeps_the_focus_when_another_one_appears(
    open_tab: Callable[..., Page], option: str, comes: str
) -> None:
    """A control that is set by keyboard keeps the focus when others appear."""
    page = open_tab("/?data=digits&shift=1&optimizer=adam")
    page.get_by_text("Advanced", exact=True).click()
    control, other = (page.locator(f".st-key-control-{name} input").first for name in (option, comes))
    expect(control).to_be_visible()
    expect(other).to_have_count(0)
    control.focus()
    for key in ("ArrowDown", "Enter") if option == "optimizer" else ("ArrowRight",):
        page.keyboard.press(key)
    expect(other).to_be_visible()
    expect(control).to_be_focused()


def test_collapsed_controls_keep_their_values(open_tab: Callable[..., Page]) -> None:
    """Collapsed controls are not drawn; a link still sets them, and their values stay."""
    page = open_tab("/?data=digits&dropout=0.2")
    control, advanced = page.locator(".st-key-control-dropout input"), page.get_by_text("Advanced", exact=True)
    expect(advanced).to_be_visible()
    expect(control).to_have_count(0)
    advanced.click()
    expect(control).to_have_attribute("aria-valuetext", "0.2")
    control.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"dropout=0\.25"))
    advanced.click()
    expect(control).to_have_count(0)
    page.locator(".st-key-control-epochs input").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"epochs=\d+.*dropout=0\.25|dropout=0\.25.*epochs=\d+"))
    advanced.click()
    expect(control).to_have_attribute("aria-valuetext", "0.25")


def test_replay_compare_and_return(served: Served, open_tab: Callable[..., Page]) -> None:
    """A link shows its snapshot, play moves on by itself, and a pinned snapshot is compared with the last one."""
    page = open_tab("/?data=digits&hidden=16&epochs=6&snapshot-every=epoch")
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-status", "finished")
    link = page.url.removeprefix(served.url) + "&snapshot=2"

    tab = open_tab(link)
    shown = tab.locator(STAGE)
    expect(shown).to_have_attribute("data-number", "2")
    tab.get_by_role("button", name="Pin", exact=True).click()
    tab.get_by_role("button", name="Play", exact=True).click()
    expect(shown).to_have_attribute("data-number", "6")
    expect(tab.get_by_role("button", name="Play", exact=True)).to_be_visible()
    record_lines = record(served, tab).snapshot_lines()
    compared = tab.locator("[data-view=compare]")
    for number in (2, 6):
        expect(compared).to_contain_text(f"{record_lines[number]['heldout']['loss']:.4f}")

    # Back with a key, then to the last one: the address follows.
    tab.keyboard.press(",")
    expect(shown).to_have_attribute("data-number", "5")
    expect(tab).to_have_url(re.compile("snapshot=5"))
    tab.get_by_role("button", name="Latest").click()
    expect(shown).to_have_attribute("data-number", "6")
    expect(tab).not_to_have_url(re.compile("snapshot="))


def test_metrics_on_the_stage_are_the_recorded_ones(served: Served, open_tab: Callable[..., Page]) -> None:
    """Confusion matrix and table of classes show the recorded numbers, undefined ones as n/a."""
    page = open_tab("/?data=digits&hidden=16&epochs=3&snapshot-every=epoch")
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    expect(page.locator(STAGE)).to_have_attribute("data-status", "finished")
    for number in (3, 0):
        page.get_by_role("slider", name="Timeline").press("End" if number else "Home")
        expect(page.locator(STAGE)).to_have_attribute("data-number", str(number))
        confusion = record(served, page).snapshot(number).confusion
        cells = page.locator("[data-view=confusion] td[data-show]")
        expect(cells).to_have_text([str(count) if count else "·" for count in confusion.ravel().tolist()])
        never = [i for i, predicted in enumerate(confusion.sum(axis=0)) if not predicted]
        precision = page.locator("[data-view=classes] tbody td:nth-child(2)")
        for i in range(10):
            right, predicted = int(confusion[i, i]), int(confusion[:, i].sum())
            expect(precision.nth(i)).to_have_text("n/a" if i in never else f"{right / predicted:.3f}")
    assert never, "at the beginning some class is never predicted"


def test_a_zoom_survives_new_snapshots(open_tab: Callable[..., Page]) -> None:
    """Dragging over the curves zooms in; the zoom stays while the run goes on, and no frame is blank."""
    page = open_tab(LONG)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", re.compile(r"^([5-9]|\d\d+)$"))
    canvas = page.locator("[data-view=curves] canvas")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 60, steps=4)
    page.mouse.up()
    zoomed = page.get_by_role("button", name="Whole run")
    expect(zoomed).to_be_enabled()
    page.evaluate(
        """() => {
          const canvas = document.querySelector('[data-view=curves] canvas');
          window.blank = 0;
          const sample = () => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const first = data.slice(0, 3).join();
            let same = true;
            for (let i = 0; i < data.length && same; i += 4) same = data.slice(i, i + 3).join() === first;
            window.blank += same;
            window.sampling = requestAnimationFrame(sample);
          };
          sample();
        }"""
    )
    at = int(stage.get_attribute("data-number") or 0)
    page.evaluate(
        """([stage, number]) => new Promise((resolve) => {
          const sample = () => {
            if (Number(document.querySelector(stage).dataset.number) > number) resolve();
            else requestAnimationFrame(sample);
          };
          sample();
        })""",
        [STAGE, at + 5],
    )
    page.evaluate("cancelAnimationFrame(window.sampling)")
    assert page.evaluate("window.blank") == 0
    expect(zoomed).to_be_enabled()
    zoomed.click()
    expect(zoomed).to_be_disabled()
    button(page, "Stop").click()
    expect(head(page)).to_contain_text("stopped")
