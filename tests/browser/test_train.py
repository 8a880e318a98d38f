"""The Train page as a person uses it, with a real worker behind it."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from annscope.runs.reader import RunReader
from scripts.serving import Served

pytestmark = pytest.mark.browser

LONG = "/?epochs=5000&snapshot-every=300&learning-rate=0.0005&seed=3"
"""A run on mnist-5k that lasts until it is stopped."""
STAGE = ".annscope-stage"


def button(page: Page, name: str) -> Locator:
    """A button of the head of the page; its shortcut stands in its name."""
    return page.locator(".st-key-head").get_by_role("button", name=re.compile(f"^{name}"))


def head(page: Page) -> Locator:
    """The head of the page, which says what the run is doing."""
    return page.locator(".st-key-head")


def record(served: Served, page: Page) -> RunReader:
    """The record of the run that the address names."""
    found = re.search(r"[?&]run=([^&]+)", page.url)
    assert found, page.url
    return RunReader(served.home / "runs" / found[1])


def events(reader: RunReader, name: str) -> list[dict[str, object]]:
    """The events of one name."""
    return [line for line in reader.lines() if line.get("event") == name]


def workers(served: Served) -> list[psutil.Process]:
    """The processes that the dashboard started."""
    return psutil.Process(served.process.pid).children(recursive=True)


@pytest.fixture(autouse=True)
def no_worker_left(served: Served) -> Iterator[None]:
    """Whatever a test leaves running would be noticed, and ended."""
    yield
    left = workers(served) if served.process.poll() is None else []
    for worker in left:
        worker.terminate()
    psutil.wait_procs(left, timeout=10)


def test_the_journey(served: Served, open_tab: Callable[..., Page]) -> None:
    """Start, watch, change the learning rate, pause, step, resume, scrub back, reload, stop: nothing is lost."""
    page = open_tab(LONG)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)

    # Watch: over 85 % within 15 s, in one and the same element from beginning to end.
    expect(stage).to_have_attribute("data-number", re.compile(r"^\d+$"), timeout=15_000)
    page.evaluate(f"window.firstStage = document.querySelector('{STAGE}')")
    expect(head(page)).to_contain_text(re.compile(r"held-out accuracy (8[5-9]|9\d|100)"), timeout=15_000)
    reader = record(served, page)

    # The learning rate moves while it trains.
    thumb = page.locator(".st-key-live-learning-rate").get_by_role("slider")
    expect(thumb).to_have_attribute("aria-valuetext", "0.0005")
    thumb.focus()
    thumb.press("ArrowRight")
    expect(thumb).to_have_attribute("aria-valuetext", "0.0007")

    # Pause by its key, one step by its button.
    thumb.blur()
    page.keyboard.press("p")
    expect(head(page)).to_contain_text("paused")
    assert [event["value"] for event in events(reader, "learning_rate")] == [0.0007], "commands are obeyed in order"
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
        expect(tab.locator(STAGE)).to_have_attribute("data-number", "0", timeout=15_000)
        expect(head(tab)).to_contain_text("running")
        expect(tab.locator(".st-key-control-epochs").get_by_role("slider")).to_have_attribute("aria-valuetext", "5000")

    button(second, "Stop").click()
    for tab in (second, page):
        expect(head(tab)).to_contain_text("stopped")
    assert reader.status()["status"] == "stopped"
    _, alive = psutil.wait_procs(workers(served), timeout=10)
    assert alive == []


def test_no_worker_outlives_a_killed_server(served: Served, open_tab: Callable[..., Page]) -> None:
    """A server that is killed leaves no training behind, and the run says that it was interrupted."""
    page = open_tab(LONG)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    expect(page.locator(STAGE)).to_have_attribute("data-number", re.compile(r"^\d+$"), timeout=15_000)
    reader, started = record(served, page), workers(served)
    assert started
    page.goto("about:blank")
    served.process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
    assert reader.status()["status"] == "interrupted"
    assert (reader.directory / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900])
def test_nothing_sticks_out(open_tab: Callable[..., Page], width: int, scheme: str) -> None:
    """On a narrow and a wide screen the page is never wider than the window."""
    page = open_tab("/", width=width, scheme=scheme)
    page.get_by_role("button", name=re.compile("^Train on real digits")).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_file_of_ones_own_is_typed(open_tab: Callable[..., Page]) -> None:
    """A path that is no file is named at once, and the data set stays what it was."""
    page = open_tab("/?epochs=7")
    box = page.locator(".st-key-control-data").get_by_role("combobox")
    box.fill("missing.csv")
    box.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("there is no file missing.csv")
    expect(page).to_have_url(re.compile(r"\?epochs=7$"))


def test_a_moved_slider_is_in_the_address_and_survives_a_reload(open_tab: Callable[..., Page]) -> None:
    """What is set by hand is there after a reload, by the address alone."""
    page = open_tab("/")
    thumb = page.locator(".st-key-control-epochs").get_by_role("slider")
    thumb.focus()
    for _ in range(3):
        thumb.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"\?epochs=13$"))
    page.reload()
    expect(thumb).to_have_attribute("aria-valuetext", "13")


def test_augmentation_is_seen_before_it_is_used(served: Served, open_tab: Callable[..., Page]) -> None:
    """The images answer to the sliders; the run that is started then has those settings; for points there are none."""
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
    expect(head(page)).to_contain_text("finished", timeout=20_000)
    assert record(served, page).config.training.rotate == 5.0
    points = open_tab("/?data=moons")
    points.get_by_text("Advanced", exact=True).wait_for()
    expect(points.get_by_text("Augmentation", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("option", "comes"), [("elastic", "elastic-smoothing"), ("optimizer", "weight-decay"), ("hidden-count", "hidden-2")]
)
def test_a_control_keeps_the_keyboard_when_another_one_comes(
    open_tab: Callable[..., Page], option: str, comes: str
) -> None:
    """Whoever sets it by keys goes on where they are: nothing that appears takes the focus away."""
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


def test_what_is_folded_away_keeps_its_value(open_tab: Callable[..., Page]) -> None:
    """Controls that nobody sees are not drawn; a link sets them all the same, and what was chosen stays."""
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
    """A link shows its moment; play moves on by itself; a moment pinned there is compared with the last one."""
    page = open_tab("/?data=digits&hidden=16&epochs=6")
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-status", "finished", timeout=20_000)
    link = page.url.removeprefix(served.url) + "&snapshot=2"

    tab = open_tab(link)
    shown = tab.locator(STAGE)
    expect(shown).to_have_attribute("data-number", "2", timeout=15_000)
    tab.get_by_role("button", name="Pin", exact=True).click()
    tab.get_by_role("button", name="Play", exact=True).click()
    expect(shown).to_have_attribute("data-number", "6", timeout=15_000)
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


def test_figures_on_the_stage_are_those_of_the_record(served: Served, open_tab: Callable[..., Page]) -> None:
    """Confusion matrix and classes show the recorded numbers, and undefined as n/a."""
    page = open_tab("/?data=digits&hidden=16&epochs=3")
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    expect(page.locator(STAGE)).to_have_attribute("data-status", "finished", timeout=20_000)
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


def test_a_zoom_outlives_new_snapshots(open_tab: Callable[..., Page]) -> None:
    """Dragging over the curves zooms in; it is still zoomed when the run has gone on, and no frame is blank."""
    page = open_tab(LONG)
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", re.compile(r"^([5-9]|\d\d+)$"), timeout=20_000)
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
          const look = () => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const first = data.slice(0, 3).join();
            let same = true;
            for (let i = 0; i < data.length && same; i += 4) same = data.slice(i, i + 3).join() === first;
            window.blank += same;
            window.looking = requestAnimationFrame(look);
          };
          look();
        }"""
    )
    at = int(stage.get_attribute("data-number") or 0)
    page.evaluate(
        """([stage, number]) => new Promise((resolve) => {
          const look = () => {
            if (Number(document.querySelector(stage).dataset.number) > number) resolve();
            else requestAnimationFrame(look);
          };
          look();
        })""",
        [STAGE, at + 5],
    )
    page.evaluate("cancelAnimationFrame(window.looking)")
    assert page.evaluate("window.blank") == 0
    expect(zoomed).to_be_enabled()
    zoomed.click()
    expect(zoomed).to_be_disabled()
    button(page, "Stop").click()
    expect(head(page)).to_contain_text("stopped")
