"""The Inspect page as a person uses it: from a number to the images behind it, and back by a link."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from core.config import RunConfig
from dashboard.derived import Answers, answers_of, forget
from runs.record import create_run, run_directory
from runs.worker import work
from scripts.serving import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def run(served: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two epochs on real digits, in the home of the dashboard."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(served.home))
    forget()
    made = create_run(RunConfig().with_values({"data": "digits", "hidden": (8,), "epochs": 2}))
    list(work(run_directory(made)))
    return made


def gallery(page: Page) -> Locator:
    """The gallery, once it is drawn."""
    return page.locator(".ai-gallery[data-ready]")


def fullest_wrong_cell(answers: Answers) -> tuple[int, int]:
    """The most frequent confusion."""
    wrong = answers.confusion.copy()
    wrong[range(10), range(10)] = 0
    i, j = divmod(int(wrong.argmax()), 10)
    return i, j


def test_from_a_cell_to_its_images_and_back_by_a_link(served: Served, run: str, open_tab: Callable[..., Page]) -> None:
    """A cell opens exactly its images, one of them all its probabilities, and the link shows the same again."""
    answers = answers_of(run, 1, "test")
    i, j = fullest_wrong_cell(answers)
    count = int(answers.confusion[i, j])
    page = open_tab(f"/classes?run={run}&snapshot=1&subset=test")
    expect(gallery(page)).to_have_attribute("data-count", str(int((~answers.right).sum())), timeout=20_000)

    cell = page.locator(f".ai-matrix [data-show='{i}-{j}']")
    expect(cell).to_have_text(str(count))
    cell.click()
    expect(gallery(page)).to_have_attribute("data-count", str(count))
    tiles = gallery(page).locator(".ai-tile")
    expect(tiles).to_have_count(count)
    expect(gallery(page).locator(".ai-tile b")).to_have_text([f"{i} → {j}"] * count)

    # One click opens all probabilities of an image; its link leads to the network view.
    tiles.last.click()
    detail = gallery(page).locator(".ai-detail")
    expect(detail.get_by_role("row")).to_have_count(10)
    sample = tiles.last.get_attribute("data-sample")
    expect(page).to_have_url(re.compile(rf"[?&]sample=test-{sample}(&|$)"))
    link = detail.get_by_role("link", name="Show in network view")
    for part in (f"run={run}", "snapshot=1", f"sample=test-{sample}"):
        expect(link).to_have_attribute("href", re.compile(rf"[?&]{part}(&|$)"))
    shown = open_tab(link.get_attribute("href") or "")
    expect(shown.locator(".nv-canvas")).to_be_visible(timeout=20_000)
    expect(shown.locator("body")).to_contain_text(f"Test example {sample} through the network", timeout=20_000)

    # The link restores it, in another tab.
    other = open_tab(page.url.removeprefix(served.url), scheme="dark")
    expect(gallery(other)).to_have_attribute("data-count", str(count), timeout=20_000)
    expect(gallery(other)).to_have_attribute("data-sample", str(sample))
    expect(other.locator(f".ai-matrix [data-show='{i}-{j}']")).to_have_attribute("aria-selected", "true")

    # To the other page and back nothing is forgotten.
    page.get_by_role("link", name="Train").click()
    expect(page).to_have_url(re.compile(rf"/\?.*run={run}&snapshot=1"))
    page.get_by_role("link", name="Inspect").click()
    expect(gallery(page)).to_have_attribute("data-sample", str(sample), timeout=20_000)


def test_by_keyboard_alone(run: str, open_tab: Callable[..., Page]) -> None:
    """Arrow keys move through the matrix, Enter opens a cell, and Escape closes an example again."""
    answers = answers_of(run, 2, "validation")
    page = open_tab(f"/classes?run={run}")
    expect(gallery(page)).to_be_visible(timeout=20_000)
    page.locator(".ai-matrix [data-show='0-0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".ai-matrix [data-show='2-1']")).to_be_focused()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("show=2-2"))
    expect(gallery(page)).to_have_attribute("data-count", str(int(answers.confusion[2, 2])))
    tile = gallery(page).locator(".ai-tile").first
    tile.focus()
    page.keyboard.press("Enter")
    expect(gallery(page).locator(".ai-detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(gallery(page).locator(".ai-detail")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("sample="))


def test_a_class_never_predicted_shows_no_precision(run: str, open_tab: Callable[..., Page]) -> None:
    """What is undefined is n/a on screen, in the table and in the formula, never 0."""
    answers = answers_of(run, 0, "validation")
    never = next(c for c in range(10) if not answers.confusion[:, c].any())
    page = open_tab(f"/classes?run={run}&snapshot=0&view=classes&class={never}")
    row = page.locator(f".ai-table tr[data-row='{never}']")
    expect(row.get_by_role("cell").first).to_have_text("n/a", timeout=20_000)
    expect(page.locator(".st-key-inspect-body .katex").first).to_contain_text("n/a")
    expect(row.get_by_role("cell").last).to_have_text(str(int(answers.classes.support[never])))


def test_a_point_of_a_curve_opens_what_it_calls_positive(run: str, open_tab: Callable[..., Page]) -> None:
    """The threshold that was clicked is in the address, and the gallery holds what it calls the class."""
    answers = answers_of(run, 2, "validation")
    page = open_tab(f"/classes?run={run}&view=thresholds&class=3")
    point = page.locator(".st-key-roc .scatterlayer .trace .point").nth(12)
    expect(point).to_be_attached(timeout=30_000)
    threshold = float(answers.roc_curves[3].thresholds[12])
    box = point.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".st-key-roc .hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile("show=called-3"))
    chosen = re.search(r"threshold=([^&]+)", page.url)
    assert chosen is not None
    assert float(chosen[1]) in answers.roc_curves[3].thresholds, "a point of the curve"
    assert abs(float(chosen[1]) - threshold) < 0.2, "and one near the mouse"
    called = int((answers.probabilities[:, 3] >= float(chosen[1])).sum())
    expect(gallery(page)).to_have_attribute("data-count", str(called))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900])
def test_nothing_sticks_out(run: str, open_tab: Callable[..., Page], width: int, scheme: str) -> None:
    """On a narrow and a wide screen the page is never wider than the window."""
    page = open_tab(f"/classes?run={run}&view=classes&sample=validation-0", width=width, scheme=scheme)
    expect(gallery(page)).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
