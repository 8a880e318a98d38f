"""The Inspect page in a browser: from a number to the images behind it, and back by a link."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard.components.parts import PER_SHEET
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.dashboard.queries.selections import Selection, select
from scripts.serving import Served
from tests.records import RunInProgress, train_run

pytestmark = pytest.mark.browser


@pytest.fixture
def run(served: Served) -> str:
    """A run of two epochs on real digits."""
    del served
    return train_run(data="digits", hidden=(8,), epochs=2).run


def gallery(page: Page) -> Locator:
    """The gallery, once it is drawn."""
    return page.locator(".ai-gallery[data-ready]")


def fullest_wrong_cell(predictions: Predictions) -> tuple[int, int]:
    """The most frequent confusion, as true and predicted class."""
    wrong = predictions.confusion.copy()
    wrong[range(10), range(10)] = 0
    i, j = divmod(int(wrong.argmax()), 10)
    return i, j


def test_from_a_cell_to_its_images_and_back_by_a_link(served: Served, run: str, open_tab: Callable[..., Page]) -> None:
    """A cell opens exactly its images, one of them shows all its probabilities, and the link restores the same view."""
    predictions = predictions_of(run, 1, "test")
    i, j = fullest_wrong_cell(predictions)
    count = int(predictions.confusion[i, j])
    page = open_tab(f"/classes?run={run}&snapshot=1&subset=test")
    expect(gallery(page)).to_have_attribute("data-count", str(int((~predictions.right).sum())))

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
    expect(shown.locator(".nv-canvas")).to_be_visible()
    expect(shown.locator("body")).to_contain_text(f"Test example {sample} through the network")

    # The link restores it, in another tab.
    other = open_tab(page.url.removeprefix(served.url), scheme="dark")
    expect(gallery(other)).to_have_attribute("data-count", str(count))
    expect(gallery(other)).to_have_attribute("data-sample", str(sample))
    expect(other.locator(f".ai-matrix [data-show='{i}-{j}']")).to_have_attribute("aria-selected", "true")

    # To the other page and back nothing is forgotten.
    page.get_by_role("link", name="Train").click()
    expect(page).to_have_url(re.compile(rf"/\?.*run={run}&snapshot=1"))
    page.get_by_role("link", name="Inspect").click()
    expect(gallery(page)).to_have_attribute("data-sample", str(sample))


def test_the_page_follows_the_snapshot_that_is_dragged_to(run: str, open_tab: Callable[..., Page]) -> None:
    """Headline, matrix and images are those of the snapshot under the hand, before it lets go."""
    page = open_tab(f"/classes?run={run}")
    expect(gallery(page)).to_have_attribute("data-count", str(int((~predictions_of(run, 2, "validation").right).sum())))
    slider = page.get_by_role("slider", name="Snapshot")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    for share, number in ((0.5, 1), (0.02, 0)):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2, steps=4)
        predictions = predictions_of(run, number, "validation")
        expect(gallery(page)).to_have_attribute("data-count", str(int((~predictions.right).sum())))
        expect(page.locator(".ai-matrix [data-show='3-3']")).to_have_text(str(predictions.confusion[3, 3] or "·"))
        expect(
            page.get_by_text(re.compile(f"epoch {number}: {predictions.accuracy:.2%}".replace("%", " ?%")))
        ).to_be_visible()
    page.mouse.up()
    expect(page).to_have_url(re.compile("snapshot=0"))


def test_every_number_opens_the_examples_it_counts(run: str, open_tab: Callable[..., Page]) -> None:
    """For cells, headings, totals and rows of tables, the gallery holds exactly the examples that are counted."""
    predictions = predictions_of(run, 1, "validation")
    confusion = predictions.confusion
    page = open_tab(f"/classes?run={run}&snapshot=1")

    title = gallery(page).get_by_role("heading").first

    def opens(place: Locator, count: int) -> None:
        before = title.inner_text()
        place.click()
        expect(title).not_to_have_text(before)  # the count alone may be that of what was chosen before
        expect(gallery(page)).to_have_attribute("data-count", str(count))
        expect(gallery(page).locator(".ai-count")).to_have_text(f"{count} of {len(predictions.labels)}")
        expect(gallery(page).locator(".ai-tile")).to_have_count(min(42, count))

    matrix = page.locator(".ai-matrix[data-ready]")
    expect(matrix).to_be_visible()
    for i, j in ((0, 0), fullest_wrong_cell(predictions), (int(confusion.sum(axis=0).argmin()), 5)):
        opens(matrix.locator(f"td[data-show='{i}-{j}']"), int(confusion[i, j]))
    opens(matrix.locator("thead th[data-show='predicted-4']"), int(confusion[:, 4].sum()))
    opens(matrix.locator("tbody th[data-show='true-6']"), int(confusion[6].sum()))
    total = matrix.locator("td.mx-total[data-show='true-8']").first
    opens(total, int(total.inner_text()))
    opens(page.get_by_role("button", name="Every example"), len(predictions.labels))
    opens(page.get_by_role("radio", name="Mistakes"), int((~predictions.right).sum()))

    def rows(view: str, table: str) -> Locator:
        page.get_by_role("radio", name=view, exact=True).click()
        return page.locator(f".st-key-inspect-part-{table} tbody tr")

    def count_in(row: Locator) -> int:
        return int(row.get_by_role("cell").first.inner_text())

    expect(rows("Classes", "classes")).to_have_count(10)
    opens(page.locator(".st-key-inspect-part-classes tr[data-row='2']"), int(confusion[2].sum()))
    row = rows("Confused pairs", "pairs").first
    opens(row, count_in(row))
    row = rows("Calibration", "bins").nth(int(predictions.calibration.count.argmax()))
    opens(row, count_in(row))
    expect(rows("Thresholds", "areas")).to_have_count(10)
    called = page.get_by_role("button", name=re.compile("^Show the .* predicted as"))
    opens(called, int((predictions.probabilities[:, 2] >= 0.5).sum()))


def test_one_click_opens_an_image_in_the_network_view(run: str, open_tab: Callable[..., Page]) -> None:
    """The arrow that a tile shows on hover leads there; it is no tab stop, since keyboard users have a link."""
    page = open_tab(f"/classes?run={run}&snapshot=1&subset=test")
    tile = gallery(page).locator(".ai-tile").nth(2)
    sample = tile.get_attribute("data-sample")
    arrow = gallery(page).get_by_label(f"Show example {sample} in network view")
    expect(arrow).to_have_css("opacity", "0")
    tile.hover()
    expect(arrow).to_have_css("opacity", "1")
    expect(arrow).to_have_attribute("tabindex", "-1")
    arrow.click()
    network = page.locator("[data-view=network]")
    expect(network).to_contain_text(f"Test example {sample} through the network")
    expect(network.locator("[data-number]")).to_have_attribute("data-number", "1")


def test_to_the_network_view_and_to_draw_and_back(run: str, open_tab: Callable[..., Page]) -> None:
    """The browser's Back leads from the network view to the example that was open; Draw has a link back to it."""
    predictions = predictions_of(run, 1, "test")
    i, j = fullest_wrong_cell(predictions)
    count = str(int(predictions.confusion[i, j]))
    page = open_tab(f"/classes?run={run}&snapshot=1&subset=test&show={i}-{j}")
    expect(gallery(page)).to_have_attribute("data-count", count)
    gallery(page).locator(".ai-tile").first.click()
    sample = gallery(page).locator(".ai-tile").first.get_attribute("data-sample")
    expect(page).to_have_url(re.compile(rf"[?&]sample=test-{sample}(&|$)"))
    gallery(page).get_by_role("link", name="Show in network view").click()
    network = page.locator("[data-view=network]")
    expect(network).to_contain_text(f"Test example {sample} through the network")
    expect(network.locator("[data-number]")).to_have_attribute("data-number", "1")
    address = page.url
    page.go_back()
    expect(gallery(page)).to_have_attribute("data-sample", str(sample))
    expect(gallery(page)).to_have_attribute("data-count", count)
    expect(page.locator(f".ai-matrix [data-show='{i}-{j}']")).to_have_attribute("aria-selected", "true")
    assert "snapshot=1" in page.url
    assert "subset=test" in page.url
    page.go_forward()
    expect(network).to_contain_text(f"Test example {sample} through the network")
    assert page.url == address
    page.go_back()
    gallery(page).get_by_role("link", name="Open in Draw").click()
    expect(page.locator(".dr-truth")).to_contain_text(f"test example {sample}")
    page.get_by_role("link", name="Open in Inspect").click()
    expect(gallery(page)).to_have_attribute("data-sample", str(sample))
    assert "snapshot=1" in page.url


def test_back_undoes_a_click_at_once(run: str, open_tab: Callable[..., Page]) -> None:
    """Each click is an entry of the browser's history; Back undoes the last one, also right after it."""
    page = open_tab(f"/classes?run={run}")
    title = gallery(page).get_by_role("heading").first
    expect(title).to_have_text("Every mistake")
    for cell, words in (("1-1", "1, correctly predicted"), ("2-2", "2, correctly predicted")):
        page.locator(f".ai-matrix [data-show='{cell}']").click()
        expect(title).to_have_text(words)
        expect(page).to_have_url(re.compile(f"show={cell}"))
    page.go_back()
    expect(title).to_have_text("1, correctly predicted")
    page.go_back()
    expect(title).to_have_text("Every mistake")
    page.go_forward()
    expect(title).to_have_text("1, correctly predicted")


def test_two_clicks_in_a_row_are_both_done(served: Served, run: str, open_tab: Callable[..., Page]) -> None:
    """A busy server hears of a second choice before it has answered the first: the page shows the second."""
    page = open_tab(f"/classes?run={run}&snapshot=1")
    title = gallery(page).get_by_role("heading").first
    for _ in range(8):
        page.locator(".ai-matrix thead th[data-show='predicted-4']").click()
        expect(title).to_have_text("Predicted: 4")
        page.wait_for_timeout(300)  # until that is drawn to its end
        served.process.send_signal(signal.SIGSTOP)
        page.locator(".ai-matrix tbody th[data-show='true-8']").click()
        page.get_by_role("button", name="Every example").click()
        page.wait_for_timeout(300)
        served.process.send_signal(signal.SIGCONT)
        expect(title).to_have_text("Every example")


def test_by_keyboard_alone(run: str, open_tab: Callable[..., Page]) -> None:
    """Arrow keys move through the matrix, Enter opens a cell, and Escape closes an example again."""
    predictions = predictions_of(run, 2, "validation")
    page = open_tab(f"/classes?run={run}")
    expect(gallery(page)).to_be_visible()
    page.locator(".ai-matrix [data-show='0-0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".ai-matrix [data-show='2-1']")).to_be_focused()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("show=2-2"))
    expect(gallery(page)).to_have_attribute("data-count", str(int(predictions.confusion[2, 2])))
    tile = gallery(page).locator(".ai-tile").first
    tile.focus()
    page.keyboard.press("Enter")
    expect(gallery(page).locator(".ai-detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(gallery(page).locator(".ai-detail")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("sample="))


def test_from_the_headline_to_the_mistakes_of_the_weakest_class(run: str, open_tab: Callable[..., Page]) -> None:
    """One click; then what is right of it, example after example by keys, quick clicks on pages, and the report."""
    predictions = predictions_of(run, 2, "train")
    page = open_tab(f"/classes?run={run}&subset=train")
    weakest = predictions.weakest
    assert weakest is not None
    support, n_right = int(predictions.classes.support[weakest]), int(predictions.confusion[weakest, weakest])
    show = page.get_by_role("button", name=f"Show its {support - n_right} mistakes")
    show.click(timeout=30_000)
    expect(gallery(page)).to_have_attribute("data-count", str(support - n_right))
    expect(page).to_have_url(re.compile(f"show=true-{weakest}&only=wrong"))
    page.get_by_role("radio", name="Right", exact=True).click()
    expect(gallery(page)).to_have_attribute("data-count", str(n_right))
    expect(page).to_have_url(re.compile("only=right"))

    page.get_by_role("button", name="Every example").click()
    pager = gallery(page).get_by_role("navigation", name="Pages of the gallery")
    n_pages = -(-len(predictions.labels) // 42)
    expect(pager).to_contain_text(f"page 1 of {n_pages}")
    following = pager.get_by_role("button", name="Next page")
    for _ in range(10):
        following.dispatch_event("click")
    expect(page).to_have_url(re.compile("sheet=10(&|$)"))
    expect(pager).to_contain_text(f"page 11 of {n_pages}")

    tiles = gallery(page).locator(".ai-tile")
    tiles.nth(40).click()
    for place, at in ((41, "sheet=10"), (0, "sheet=11")):  # over the end of the page
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(at))
        expect(tiles.nth(place)).to_have_attribute("aria-pressed", "true")
        expect(tiles.nth(place)).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    assert download.value.suggested_filename == f"{run}-snapshot-2-train-report.html"
    assert "Weakest: <b>" in download.value.path().read_text(encoding="utf-8")


def test_two_networks_in_one_gallery(run: str, open_tab: Callable[..., Page]) -> None:
    """What another run fixes and breaks, with both predictions under each image, in every view and by a link."""
    other = train_run(data="digits", hidden=(8,), epochs=1, seed=5).run
    one, two = predictions_of(run, 2, "test"), predictions_of(other, 1, "test")
    page = open_tab(f"/classes?run={run}&subset=test&view=compare")
    broken = (~one.right & two.right).nonzero()[0]
    page.get_by_role("button", name=f"Broken: {len(broken)}").click(timeout=30_000)
    expect(gallery(page)).to_have_attribute("data-count", str(len(broken)))
    expect(page.locator(".st-key-inspect-body")).to_contain_text("McNemar's exact test")
    first = int(broken[one.confidence[broken].argmax()])
    words = f"{one.labels[first]}: A {one.predicted[first]}, B {two.predicted[first]}"
    expect(gallery(page).locator(".ai-tile b").first).to_have_text(words)
    cell = page.locator(".ai-matrix [data-show='ab-1-1']")
    cell.click()
    either = int(((one.labels == 1) & ((one.predicted == 1) | (two.predicted == 1))).sum())
    expect(gallery(page)).to_have_attribute("data-count", str(either))

    linked = open_tab(f"/classes?run={run}&snapshot=2&subset=test&show=broken&against={other}:1", scheme="dark")
    expect(gallery(linked)).to_have_attribute("data-count", str(len(broken)), timeout=30_000)
    expect(gallery(linked).locator(".ai-tile b").first).to_have_text(words)


def chart(page: Page, name: str) -> Locator:
    """A chart, once it is drawn."""
    return page.locator(f".st-key-inspect-part-{name} .ai-chart[data-drawn]")


def click_on_point(page: Page, name: str, point: Locator) -> None:
    """Move to a point of a chart and click."""
    box = point.bounding_box()
    assert box is not None
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*at)
    expect(chart(page, name).locator(".hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(*at)


def test_a_point_of_a_curve_opens_its_predicted_positives(run: str, open_tab: Callable[..., Page]) -> None:
    """The clicked threshold is in the address, and the gallery holds its predicted positives."""
    predictions = predictions_of(run, 2, "validation")
    page = open_tab(f"/classes?run={run}&view=thresholds&class=3")
    point = chart(page, "roc").locator(".scatterlayer .trace .point").nth(12)
    expect(point).to_be_attached()
    threshold = float(predictions.roc_curves[3].thresholds[12])
    click_on_point(page, "roc", point)
    expect(page).to_have_url(re.compile("show=called-3"))
    chosen = re.search(r"threshold=([^&]+)", page.url)
    assert chosen is not None
    assert float(chosen[1]) in predictions.roc_curves[3].thresholds, "a point of the curve"
    assert abs(float(chosen[1]) - threshold) < 0.2, "and one near the mouse"
    called = int((predictions.probabilities[:, 3] >= float(chosen[1])).sum())
    expect(gallery(page)).to_have_attribute("data-count", str(called))
    # Those of another class are marked as mistakes of this threshold, whatever class is most probable.
    places = select(Selection("called", 3), predictions, float(chosen[1]), "sure")[:PER_SHEET]
    false_alarms = int((~predictions.is_class(3)[places]).sum())
    expect(gallery(page).locator(".ai-wrong")).to_have_count(false_alarms)

    # While the slider is dragged, the page follows it.
    slider = page.get_by_role("slider", name=re.compile("^Threshold: predict 3"))
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2, steps=4)
    dragged = slider.input_value()
    assert 0.25 < float(dragged) < 0.35
    expect(page).to_have_url(re.compile(rf"threshold={re.escape(dragged)}(&|$)"))
    count = int((predictions.probabilities[:, 3] >= float(dragged)).sum())
    expect(gallery(page)).to_have_attribute("data-count", str(count))
    page.mouse.up()


def test_a_bar_of_the_calibration_opens_its_examples(run: str, open_tab: Callable[..., Page]) -> None:
    """A click on a bar shows exactly the predictions of that bin."""
    predictions = predictions_of(run, 2, "validation")
    page = open_tab(f"/classes?run={run}&view=calibration")
    bar = chart(page, "calibration").locator(".barlayer .point").last
    expect(bar).to_be_attached()
    click_on_point(page, "calibration", bar)
    fullest = int(predictions.calibration.count.nonzero()[0][-1])
    expect(page).to_have_url(re.compile(f"show=bin-{fullest}"))
    expect(gallery(page)).to_have_attribute("data-count", str(int(predictions.calibration.count[fullest])))


@pytest.mark.parametrize("view", ["roc", "precision-recall", "calibration", "evolution"])
def test_the_points_of_a_chart_by_keyboard(run: str, open_tab: Callable[..., Page], view: str) -> None:
    """Tab reaches the chart, arrow keys move along its points and announce them, Enter opens exactly their examples."""
    address = {"roc": "thresholds", "precision-recall": "thresholds", "calibration": "calibration"}.get(view, "epochs")
    page = open_tab(f"/classes?run={run}&view={address}&class=3&figure=precision")
    shown = chart(page, view)
    expect(shown).to_be_visible()
    shown.get_by_role("button", name="Save as a PNG picture").focus()
    page.keyboard.press("Tab")
    plot, sentence = shown.get_by_role("application"), shown.locator("[aria-live=polite]")
    expect(plot).to_be_focused()
    assert plot.evaluate("element => getComputedStyle(element).outlineStyle") == "solid", "where the focus is, is seen"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    before = sentence.inner_text()
    page.keyboard.press("ArrowRight")
    expect(sentence).not_to_have_text(before)
    cursor = "element => element.data.at(-1).x.length"
    assert plot.evaluate(cursor) == 1, "the point is marked"
    page.keyboard.press("ArrowLeft")
    expect(sentence).to_have_text(before)

    predictions = predictions_of(run, 2, "validation")
    if address == "thresholds":
        threshold = plot.evaluate(
            """element => element.data.find((trace) => trace.meta?.walk)
               .customdata[Number(element.closest('[data-at]').dataset.at)]"""
        )
        assert f"threshold {threshold:.4g}" in before
        count = int((predictions.probabilities[:, 3] >= threshold).sum())
        spelled = "show=called-3"
    elif view == "calibration":
        held = predictions.calibration.count.nonzero()[0]
        assert f"{predictions.calibration.count[held[-2]]:,} predictions" in before
        count, spelled = int(predictions.calibration.count[held[-2]]), f"show=bin-{held[-2]}"
    else:
        earlier = predictions_of(run, 1, "validation")
        assert f"Precision {earlier.classes.precision[3]:.4f}" in before
        count, spelled = int(earlier.confusion[:, 3].sum()), "snapshot=1.*show=predicted-3"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(spelled))
    expect(gallery(page)).to_have_attribute("data-count", str(count))
    expect(plot).to_be_focused()

    # Plus zooms in and stays with new data; 0 shows all again.
    page.keyboard.press("+")
    expect(shown).to_have_attribute("data-zoomed", "true")
    page.keyboard.press("Enter")
    page.keyboard.press("0")
    expect(shown).to_have_attribute("data-zoomed", "false")
    page.keyboard.press("Tab")
    expect(plot).not_to_be_focused()
    assert plot.evaluate(cursor) == 0, "no mark is left behind"


def test_a_curve_is_zoomed_and_reset_by_mouse(run: str, open_tab: Callable[..., Page]) -> None:
    """A drag zooms in, a button or a double-click resets; another class keeps the zoom."""
    page = open_tab(f"/classes?run={run}&view=thresholds&class=3")
    shown = chart(page, "roc")
    expect(shown).to_be_visible()
    plot = shown.get_by_role("application")
    ranges = "element => [element.layout.xaxis.range, element.layout.yaxis.range]"
    whole = plot.evaluate(ranges)

    def drag() -> None:
        box = plot.bounding_box()
        assert box
        page.mouse.move(box["x"] + 90, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 190, box["y"] + 160, steps=5)
        page.mouse.up()
        expect(shown).to_have_attribute("data-zoomed", "true")

    drag()
    part_of_it = plot.evaluate(ranges)
    assert whole[0][0] < part_of_it[0][0] < part_of_it[0][1] < whole[0][1]
    page.locator(".st-key-inspect-part-areas tbody tr").nth(5).click()
    expect(shown).to_contain_text(f"{predictions_of(run, 2, 'validation').roc_areas[0][5]:.4f}")
    assert plot.evaluate(ranges) == part_of_it
    shown.get_by_role("button", name="Whole").click()
    expect(shown).to_have_attribute("data-zoomed", "false")
    assert plot.evaluate(ranges) == whole
    drag()
    plot.dblclick(position={"x": 150, "y": 120})
    expect(shown).to_have_attribute("data-zoomed", "false")
    assert plot.evaluate(ranges) == whole


def test_the_evolution_has_its_numbers_on_screen(run: str, open_tab: Callable[..., Page]) -> None:
    """A row per snapshot, a column per class; a row selects its snapshot and shows the examples of its metric."""
    page = open_tab(f"/classes?run={run}&view=epochs&class=3&figure=recall&subset=test")
    rows = page.locator(".st-key-inspect-part-snapshots tbody tr")
    expect(rows).to_have_count(3)
    for number in range(3):
        told = rows.nth(number).locator("td").all_inner_texts()[1:]
        recalls = predictions_of(run, number, "test").classes.recall
        assert told == [f"{value:.4f}" for value in recalls]
    rows.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("snapshot=1.*show=true-3"))
    support = int(predictions_of(run, 1, "test").classes.support[3])
    expect(gallery(page)).to_have_attribute("data-count", str(support))
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")


def test_the_page_follows_a_run_in_progress(
    start_run: Callable[..., RunInProgress], open_tab: Callable[..., Page]
) -> None:
    """The view stays while its numbers are updated; a fixed snapshot stays, and Live follows the run again."""
    training = start_run(data="digits", hidden=(8,), epochs=7)
    run = training.run
    training.train_until(snapshot=1)
    page = open_tab(f"/classes?run={run}&view=thresholds&class=3&show=all&sample=validation-5")
    headline, moment = page.locator(".st-key-inspect-headline"), page.locator(".ai-snapshot")
    expect(headline).to_contain_text("epoch 1:")
    shown = chart(page, "roc")
    expect(shown).to_be_visible()
    plot = shown.get_by_role("application")
    plot.focus()
    page.keyboard.press("+")
    expect(shown).to_have_attribute("data-zoomed", "true")
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 150")
    training.train_until(snapshot=2)
    expect(headline).to_contain_text("epoch 2:")
    predictions = predictions_of(run, 2, "validation")
    expect(headline).to_contain_text(f"{predictions.accuracy:.2%}")
    expect(shown).to_contain_text(f"{predictions.roc_areas[0][3]:.4f}")
    p = float(predictions.probabilities[5, int(predictions.labels[5])])
    expect(gallery(page).locator(".ai-bars .ai-true em")).to_have_text(f"{p:.4f}" if p >= 0.001 else re.compile("e-"))
    expect(plot).to_be_focused()
    expect(shown).to_have_attribute("data-zoomed", "true")
    expect(gallery(page)).to_have_attribute("data-sample", "5")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 150

    # One step back: that snapshot stays, while the run goes on.
    page.get_by_role("button", name="One snapshot earlier").click()
    expect(headline).to_contain_text("epoch 1:")
    training.train_until(snapshot=4)
    expect(moment).to_have_attribute("data-last", "4")
    expect(headline).to_contain_text("epoch 1:")
    expect(moment).to_have_attribute("data-following", "false")
    page.get_by_role("button", name="Live").click()
    expect(headline).to_contain_text("epoch 4:")
    expect(page).not_to_have_url(re.compile("snapshot="))
    # So does going to the end of the slider.
    page.get_by_role("button", name="One snapshot earlier").click()
    expect(headline).to_contain_text("epoch 3:")
    page.get_by_role("button", name="One snapshot later").click()
    training.train_until(snapshot=5)
    expect(headline).to_contain_text("epoch 5:")

    training.train_until(snapshot=7)
    expect(headline).to_contain_text("epoch 7:")


def test_a_run_in_progress_does_not_scroll_back_to_what_was_clicked(
    start_run: Callable[..., RunInProgress], open_tab: Callable[..., Page]
) -> None:
    """The images that a row opened on a narrow screen stay in view while the numbers are updated."""
    training = start_run(data="digits", hidden=(8,), epochs=7)
    run = training.run
    training.train_until(snapshot=1)
    page = open_tab(f"/classes?run={run}&view=classes", width=900, height=700)
    headline = page.locator(".st-key-inspect-headline")
    expect(headline).to_contain_text("epoch 1:")
    expect(gallery(page)).to_be_visible()
    page.locator(".ai-table tr[data-row='3']").click()
    expect(gallery(page).get_by_role("heading").first).to_have_text("True class: 3")
    expect(gallery(page).locator(".ai-tile").first).to_be_in_viewport(ratio=1)
    training.train_until(snapshot=2)
    expect(headline).to_contain_text("epoch 2:")
    figures = page.locator(".ai-table tr[data-row='3']").get_by_role("cell")
    expect(figures.nth(1)).to_contain_text(f"{predictions_of(run, 2, 'validation').classes.recall[3]:.4f}")
    expect(gallery(page).locator(".ai-tile").first).to_be_in_viewport(ratio=1)


def test_what_is_pressed_while_it_changes_is_chosen(
    start_run: Callable[..., RunInProgress], open_tab: Callable[..., Page]
) -> None:
    """A row or an image that is pressed when the next snapshot comes is not replaced before it is let go."""
    training = start_run(data="digits", hidden=(8,), epochs=7)
    training.train_until(snapshot=1)
    page = open_tab(f"/classes?run={training.run}&view=classes")
    headline = page.locator(".st-key-inspect-headline")
    expect(headline).to_contain_text("epoch 1:")
    row = page.locator(".ai-table tr[data-row='3']")
    row.hover()
    page.mouse.down()
    training.train_until(snapshot=2)
    expect(headline).to_contain_text("epoch 2:")
    page.wait_for_timeout(500)  # in which the table would be drawn
    page.mouse.up()
    expect(gallery(page).get_by_role("heading").first).to_have_text("True class: 3")
    recall = predictions_of(training.run, 2, "validation").classes.recall[3]
    expect(row.get_by_role("cell").nth(1)).to_contain_text(f"{recall:.4f}")

    tile = gallery(page).locator(".ai-tile").nth(1)
    sample = tile.get_attribute("data-sample")
    tile.hover()
    page.mouse.down()
    training.train_until(snapshot=3)
    expect(headline).to_contain_text("epoch 3:")
    page.wait_for_timeout(500)
    page.mouse.up()
    expect(gallery(page)).to_have_attribute("data-sample", str(sample))


def test_the_page_stops_polling_when_the_run_has_ended(
    start_run: Callable[..., RunInProgress], open_tab: Callable[..., Page]
) -> None:
    """A page that waits for the first snapshot shows it, and a run that has ended is not polled."""
    training = start_run(data="digits", hidden=(8,), epochs=7)
    run = training.run
    page = open_tab("/classes")
    sent: list[float] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(1)))
    page.goto(page.url.partition("?")[0] + f"?run={run}")
    expect(page.get_by_text("This run has no snapshot yet")).to_be_visible()
    training.train_until(snapshot=0)
    expect(page.locator(".st-key-inspect-headline")).to_contain_text("epoch 0:")
    training.finish()
    expect(page.get_by_role("button", name="Latest")).to_be_visible()
    expect(page.locator(".st-key-inspect-headline")).to_contain_text("epoch 7:")
    so_far = len(sent)
    assert so_far > 2
    page.evaluate("() => new Promise((resolve) => { setTimeout(resolve, 2500); })")
    assert len(sent) == so_far


@pytest.mark.parametrize(
    ("view", "row"), [("matrix", ".ai-matrix th[data-show='true-3']"), ("classes", ".ai-table tr[data-row='3']")]
)
def test_on_a_narrow_screen_a_click_shows_its_images(
    run: str, open_tab: Callable[..., Page], view: str, row: str
) -> None:
    """On a narrow screen the gallery is below: it scrolls into view, and so does an example that is opened in it."""
    page = open_tab(f"/classes?run={run}&view={view}", width=900, height=700)
    expect(gallery(page)).to_be_visible()
    page.get_by_role("button", name="One snapshot earlier").click()
    expect(page.locator(".st-key-inspect-headline")).to_contain_text("epoch 1:")
    expect(gallery(page)).to_have_attribute("data-count", str(int((~predictions_of(run, 1, "validation").right).sum())))
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0, "nothing scrolls by itself"
    page.locator(row).click()
    expect(page).to_have_url(re.compile("show="))
    expect(gallery(page).locator(".ai-tile").first).to_be_in_viewport(ratio=1)
    expect(gallery(page).get_by_role("heading").first).to_be_in_viewport(ratio=1)
    gallery(page).locator(".ai-tile").last.click()
    expect(gallery(page).locator(".ai-detail")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("view", ["classes", "pairs", "thresholds", "calibration", "epochs"])
def test_every_table_can_be_saved_as_a_picture(run: str, open_tab: Callable[..., Page], view: str) -> None:
    """Every table can be saved as a PNG that is named after run, snapshot and split."""
    page = open_tab(f"/classes?run={run}&view={view}")
    table = page.locator(".annscope-inspect.ai-table[data-ready]")
    expect(table).to_be_visible()
    with page.expect_download() as download:
        table.get_by_role("button", name="Save as a PNG picture").click()
    assert re.fullmatch(rf"{run}-snapshot-2-validation-\w+\.png", download.value.suggested_filename)
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900])
def test_the_page_is_never_wider_than_the_window(
    run: str, open_tab: Callable[..., Page], width: int, scheme: str
) -> None:
    """On a narrow and a wide screen the page is never wider than the window."""
    page = open_tab(f"/classes?run={run}&view=classes&sample=validation-0", width=width, scheme=scheme)
    expect(gallery(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
