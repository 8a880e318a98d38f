"""Saving what is seen on Train: views as pictures, the timeline as a film."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from scripts.serving import Served
from tests.records import train_run

pytestmark = pytest.mark.browser

VIEWS = ("network", "tiles", "layers", "map", "curves", "confusion", "classes")
N_EPOCHS = 6


@pytest.fixture
def run(served: Served) -> str:
    """A run on points in the plane, which has every view."""
    del served
    return train_run(data="spirals", hidden=(8,), epochs=N_EPOCHS).run


def dialog_of(page: Page) -> Locator:
    """The dialog that saves, opened."""
    page.get_by_role("button", name="Save as a picture or a film").click()
    return page.get_by_role("dialog", name="Save as a picture or a film")


def saved(page: Page, button: Locator, path: Path) -> Path:
    """What a click on a button saves."""
    with page.expect_download(timeout=120_000) as download:
        button.click()
    download.value.save_as(path)
    return path


def test_each_view_saves_as_a_picture_of_twice_its_size(open_tab: Any, run: str, tmp_path: Path) -> None:
    """With what it shows, its title and the line about the run; afterwards the view is as sharp as the screen again."""
    page = open_tab(f"/?run={run}")
    for view in VIEWS:
        card = page.locator(f"[data-view={view}]")
        card.scroll_into_view_if_needed()
        card.locator("canvas, table").first.wait_for()
        picture = Image.open(saved(page, card.locator("> .as-save"), tmp_path / f"{view}.png")).convert("RGB")
        box = card.bounding_box()
        assert box is not None
        assert abs(picture.width - 2 * (box["width"] + 24)) <= 4
        assert picture.height > 2 * box["height"]
        colors = picture.getcolors(picture.width * picture.height)
        assert colors is not None
        assert len(colors) > 20, f"{view} is blank"
        title, foot = (
            picture.crop((0, 40, picture.width, 100)),
            picture.crop((0, picture.height - 52, 600, picture.height)),
        )
        assert all(part.getextrema()[0][0] < 200 for part in (title, foot)), view
    canvas = page.locator(".ch-canvas")
    expect(canvas).to_have_js_property("width", canvas.evaluate("node => Math.round(node.clientWidth)"))


@pytest.mark.parametrize("form", ["webp", "gif"])
def test_the_timeline_saves_as_a_film_with_every_snapshot(open_tab: Any, run: str, tmp_path: Path, form: str) -> None:
    """As wide as chosen and as long as a replay; the snapshot that was looked at is shown again."""
    page = open_tab(f"/?run={run}&snapshot=3")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "3")
    dialog = dialog_of(page)
    dialog.get_by_label("View").select_option("Loss and accuracy")
    dialog.get_by_label("Format").select_option(form)
    dialog.get_by_label("Size").select_option("480")
    path = saved(page, dialog.get_by_role("button", name="Save", exact=True), tmp_path / f"film.{form}")
    expect(dialog.get_by_role("status")).to_contain_text(f"Saved: {N_EPOCHS + 1} snapshots")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "3")
    assert "snapshot=3" in page.url
    with Image.open(path) as film:
        assert (film.format, film.n_frames, film.width) == (form.upper(), N_EPOCHS + 1, 480)
        times = []
        for number in range(film.n_frames):
            film.seek(number)
            film.load()
            times.append(film.info["duration"])
    assert 6000 < sum(times) < 7000


def test_a_film_is_cancelled_and_nothing_is_saved(open_tab: Any, run: str) -> None:
    """The dialog says so, and is ready for another one."""
    page = open_tab(f"/?run={run}")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", str(N_EPOCHS))
    page.route("**/film", lambda _: None)  # a server that takes its time
    downloads: list[object] = []
    page.on("download", lambda download: downloads.append(download))
    dialog = dialog_of(page)
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("Writing")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_role("status")).to_have_text("Cancelled.")
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", str(N_EPOCHS))
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    assert downloads == []


def test_a_video_is_recorded_where_the_browser_can(open_tab: Any, run: str, tmp_path: Path) -> None:
    """By the browser itself, which is not asked where it cannot."""
    page = open_tab(f"/?run={run}")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", str(N_EPOCHS))
    dialog = dialog_of(page)
    dialog.get_by_label("Format").select_option("video")
    dialog.get_by_label("Size").select_option("480")
    path = saved(page, dialog.get_by_role("button", name="Save", exact=True), tmp_path / "film.webm")
    content = path.read_bytes()
    assert content.startswith(b"\x1a\x45\xdf\xa3")  # EBML, the container of WebM
    assert len(content) > 10_000


def test_the_ghost_of_the_run_beside_goes_with_one_click(open_tab: Any, run: str) -> None:
    """And comes back with another; without one there is no such button."""
    other = train_run(data="spirals", hidden=(4,), epochs=2).run
    page = open_tab(f"/?run={run}&beside={other}")
    canvas = page.locator(".ch-canvas")
    expect(canvas).to_have_attribute("data-beside", "3")
    switch = page.get_by_role("button", name="Run beside")
    switch.click()
    expect(canvas).to_have_attribute("data-beside", "0")
    switch.click()
    expect(canvas).to_have_attribute("data-beside", "3")
    page.goto(page.url.replace(f"&beside={other}", ""))
    expect(canvas).to_have_attribute("data-beside", "0")
    expect(switch).to_be_hidden()


def test_the_losses_of_the_batches_and_chance_are_in_the_curves(open_tab: Any, run: str) -> None:
    """One of each step, and the loss of answering without looking, which for three equal classes is ln 3."""
    page = open_tab(f"/?run={run}")
    canvas = page.locator(".ch-canvas")
    steps = RunReader(run_directory(run)).snapshot_line(N_EPOCHS)["step"]
    expect(canvas).to_have_attribute("data-batches", str(steps))
    assert float(canvas.get_attribute("data-chance") or 0) == pytest.approx(math.log(3), abs=0.01)
    expect(page.locator(".ch-lines")).to_contain_text("each batch")
