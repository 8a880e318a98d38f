"""The Draw page as a person uses it, with networks trained for it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy import ndarray
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from annscope.core.dataset import Dataset
from annscope.core.explain.saliency import input_gradient, occlusion
from annscope.core.images.centering import as_box, as_mnist
from annscope.data.datasets import load_dataset
from annscope.runs.reader import RunReader
from scripts.serving import Served
from tests.records import RunInProgress, train_run

pytestmark = pytest.mark.browser

ONE = [(0.5, 0.15), (0.5, 0.85)]
"""A digit as corners of a line, in shares of the sheet."""


@pytest.fixture
def digits(served: Served) -> RunReader:
    """A network that knows MNIST's digits well enough for a plain 1."""
    del served
    return train_run(data="mnist-5k", epochs=5, hidden=(32,))


def sheet(page: Page) -> Locator:
    """The drawing pad."""
    return page.get_by_label("Drawing pad.")


def top(page: Page) -> Locator:
    """The predicted class."""
    return page.locator(".dr-name")


def draw(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw one stroke with the mouse."""
    sheet(page).scroll_into_view_if_needed()
    box = sheet(page).bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def upload(page: Page, name: str, kind: str, content: bytes) -> None:
    """Choose a file."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def test_a_drawn_one_is_predicted_undone_and_cleared(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """A stroke is classified while it is drawn, with all that depends on it; after undo there is no prediction."""
    page = open_tab(f"/drawing?run={digits.run}")
    expect(page.locator(".dr-sure")).to_have_text("No prediction yet")
    draw(page, ONE)
    expect(top(page)).to_have_text("1")
    assert page.evaluate("window.__annscope.predicted.length") > 1
    expect(page.locator(".dr-neighbor")).to_have_count(8)
    expect(page.locator(".dr-verdict").first).to_contain_text("changes at")
    page.get_by_role("button", name="Undo").click()
    expect(top(page)).to_have_text("?")
    expect(page.locator(".dr-neighbor")).to_have_count(0)
    page.get_by_role("button", name="Redo").click()
    expect(top(page)).to_have_text("1")
    page.get_by_role("button", name="Clear").click()
    expect(top(page)).to_have_text("?")
    expect(page.locator(".dr-best")).to_have_count(0)


def test_the_keyboard_draws_too(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """Without a mouse, arrow keys move, Shift draws and Ctrl+Z undoes; moving alone leaves no ink."""
    page = open_tab(f"/drawing?run={digits.run}")
    sheet(page).focus()
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    expect(top(page)).to_have_text("?")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowDown")
    expect(top(page)).to_have_text("1")
    page.keyboard.press("Control+z")
    expect(top(page)).to_have_text("?")
    page.keyboard.press("Space")
    expect(top(page)).not_to_have_text("?")
    page.keyboard.press("Delete")
    expect(top(page)).to_have_text("?")


def photo_of_a_one() -> bytes:
    """A JPEG of a 1 in pen at the left of a ruled sheet in uneven light, and a 0 at its right."""
    image = Image.new("RGB", (400, 300), (240, 235, 225))
    pen = ImageDraw.Draw(image)
    for y in range(20, 300, 40):
        pen.line([(0, y), (400, y)], (170, 190, 220), 2)
    pen.line([(110, 70), (105, 230)], (25, 35, 70), 12)
    pen.ellipse([250, 90, 310, 210], outline=(25, 35, 70), width=12)
    light = np.linspace(1, 0.45, 400)[None, :, None]
    file = io.BytesIO()
    Image.fromarray((np.asarray(image) * light).astype(np.uint8)).save(file, "JPEG")
    return file.getvalue()


def test_a_photo_is_read_beside_its_original(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """A photo gives the digit of the part that is framed, by mouse or keys, also when it is pasted or dropped; a file
    that cannot be read changes nothing.
    """
    page = open_tab(f"/drawing?run={digits.run}")
    photo = photo_of_a_one()
    original, crop = page.locator(".dr-original"), page.locator(".dr-crop")
    expect(sheet(page)).to_be_visible()
    expect(original).to_be_hidden()
    upload(page, "one.jpg", "image/jpeg", photo)
    expect(crop).to_have_accessible_name(re.compile("the whole image"))
    expect(page.locator(".dr-said")).to_contain_text("Read as pen on paper")
    expect(page.locator(".dr-said")).to_contain_text("Colours became shades of grey.")
    expect(page.get_by_label("dark on light")).to_be_checked()
    # By keys to the left half, where the 1 is, and by mouse to the right one.
    crop.focus()
    for _ in range(25):
        page.keyboard.press("Shift+ArrowLeft")
    expect(crop).to_have_accessible_name(re.compile("0 to 50 % across"))
    expect(top(page)).to_have_text("1")
    box = crop.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(crop).to_have_accessible_name(re.compile("50 to 100 % across"))
    expect(top(page)).to_have_text("0")
    # What cannot be read is one sentence, and the sheet stays.
    upload(page, "notes.txt", "text/plain", b"one")
    expect(page.locator(".dr-notice")).to_contain_text("“notes.txt” is no image that can be read")
    expect(top(page)).to_have_text("0")
    crop.focus()
    page.keyboard.press("Escape")
    expect(crop).to_have_accessible_name(re.compile("the whole image"))
    expect(page.locator(".dr-notice")).to_be_hidden()
    # The original is there as long as nothing else is on the sheet.
    draw(page, ONE)
    expect(original).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(original).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(top(page)).to_have_text("?")
    expect(original).to_be_hidden()
    # Dropped on the sheet, and pasted anywhere.
    transfer = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(bytes)], 'one.jpg', { type: 'image/jpeg' }));
          return transfer;
        }""",
        list(photo),
    )
    for kind in ("dragenter", "dragover", "drop"):
        sheet(page).dispatch_event(kind, {"dataTransfer": transfer})
    expect(original).to_be_visible()
    expect(top(page)).not_to_have_text("?")
    page.get_by_role("button", name="Clear").click()
    expect(original).to_be_hidden()
    page.evaluate(
        "(clipboardData) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))",
        transfer,
    )
    expect(original).to_be_visible()


INK = """
(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value > 127).length / (canvas.width * canvas.height);
}
"""
"""The share of a sheet that is inked."""


def touches(page: Page) -> Callable[..., None]:
    """A function that sends touch events: their kind and the places on the sheet."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        box = sheet(page).bounding_box()
        assert box
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": finger}
            for finger, (x, y) in enumerate(fingers)
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch


def test_a_finger_draws_and_a_second_one_does_not_disturb(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """A finger draws one stroke without scrolling; a palm beside it leaves no mark."""
    page = open_tab(f"/drawing?run={digits.run}", touch=True, width=900)
    expect(sheet(page)).to_be_visible()
    sheet(page).scroll_into_view_if_needed()
    main = "document.querySelector('[data-testid=stMain]').scrollTop"
    before = page.evaluate(main)
    touch = touches(page)
    touch("touchStart", (0.5, 0.15))
    for step in range(1, 15):
        touch("touchMove", (0.5, 0.15 + step * 0.05))
    touch("touchEnd")
    expect(top(page)).to_have_text("1")
    assert page.evaluate(main) == before
    page.get_by_role("button", name="Undo").tap()
    expect(top(page)).to_have_text("?")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    touch("touchStart", (0.5, 0.15))
    touch("touchStart", (0.5, 0.15), (0.9, 0.9))
    for step in range(1, 15):
        touch("touchMove", (0.5, 0.15 + step * 0.05), (0.9 - step * 0.01, 0.9))
    touch("touchEnd")
    corner = """
    (canvas) => {
      const [w, h] = [canvas.width, canvas.height];
      const { data } = canvas.getContext('2d').getImageData(0.7 * w, 0.8 * h, 0.3 * w, 0.2 * h);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    }
    """
    assert sheet(page).evaluate(corner) == 0
    expect(top(page)).to_have_text("1")
    # A stroke that the system takes away (a gesture, a call) ends where it was; the next one is another.
    touch("touchStart", (0.2, 0.5))
    touch("touchCancel")
    inked = sheet(page).evaluate(INK)
    touch("touchStart", (0.8, 0.3))
    touch("touchEnd")
    assert sheet(page).evaluate(INK) > inked
    for _ in range(2):
        page.get_by_role("button", name="Undo").tap()
    expect(top(page)).to_have_text("1")


def test_a_pen_draws_as_thick_as_it_is_pressed(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """More pressure draws a thicker line; the other end of the pen erases."""
    page = open_tab(f"/drawing?run={digits.run}")
    expect(sheet(page)).to_be_visible()
    pen = page.context.new_cdp_session(page)
    box = sheet(page).bounding_box()
    assert box

    def stroke(force: float) -> float:
        for kind, y in (("mousePressed", 0.2), *(("mouseMoved", 0.2 + 0.05 * k) for k in range(1, 13)),
                        ("mouseReleased", 0.8)):  # fmt: skip
            pen.send(
                "Input.dispatchMouseEvent",
                {
                    "type": kind, "x": box["x"] + 0.5 * box["width"], "y": box["y"] + y * box["height"],
                    "button": "left", "buttons": 0 if kind == "mouseReleased" else 1, "clickCount": 1,
                    "pointerType": "pen", "force": force,
                },
            )  # fmt: skip
        expect(top(page)).not_to_have_text("?")
        inked = float(sheet(page).evaluate(INK))
        page.get_by_role("button", name="Undo").click()
        expect(top(page)).to_have_text("?")
        return inked

    light, firm, hard = (stroke(force) for force in (0.1, 0.5, 1.0))
    assert sheet(page).bounding_box() == box, "the pad stays as it is while one draws"
    assert 0 < light < firm < hard
    assert hard > 2 * light
    draw(page, ONE)
    mouse = float(sheet(page).evaluate(INK))
    assert light < mouse < hard, "a mouse, which cannot press, draws in between"


def test_everything_is_saved(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """The numbers of each card are saved in full precision, each picture as a PNG, and nothing if there is none."""
    page = open_tab(f"/drawing?run={digits.run}&sample=test-217")
    expect(page.locator(".dr-neighbor")).to_have_count(8)
    expect(page.locator(".dr-verdict").last).not_to_be_empty()

    def saved(card: str, kind: str) -> bytes:
        with page.expect_download() as download:
            page.get_by_label(card, exact=True).get_by_role("button", name=kind, exact=True).click()
        assert download.value.suggested_filename.startswith(f"{digits.run}-snapshot-5-")
        return download.value.path().read_bytes()

    def table(card: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(saved(card, "CSV").decode())))

    dataset = load_dataset(digits.config.data)
    image = dataset.x_test[217]
    expected = digits.network(5).predict_proba(image[None])[0]
    head, *rows = table("Prediction")
    assert (head, [row[0] for row in rows]) == (["class", "probability"], list(dataset.class_names))
    np.testing.assert_allclose([float(row[1]) for row in rows], expected, atol=1e-5)

    page.get_by_role("button", name="Gradient").click()
    head, *rows = table("What the network sees")
    assert head == ["row", "column", "input", "gradient"]
    np.testing.assert_allclose([float(row[2]) for row in rows], image, atol=1e-6)
    gradient = input_gradient(digits.network(5), image, int(expected.argmax()))
    np.testing.assert_allclose([float(row[3]) for row in rows], gradient, atol=1e-5)

    head, *rows = table("Most alike in training")
    assert len(rows) == 8
    for row in rows:
        assert row[1] == dataset.class_names[dataset.y_train[int(row[0])]]
        np.testing.assert_allclose([float(value) for value in row[3:]], dataset.x_train[int(row[0])], atol=1e-6)
    head, *rows = table("Where does the prediction change?")
    assert {row[0] for row in rows} == {"Rotate", "Move across", "Move down", "Scale", "Thin, thicken", "Noise"}
    (unmoved,) = [row for row in rows if row[0] == "Noise" and float(row[1]) == 0]
    predicted = dataset.class_names[int(expected.argmax())]
    assert (head[2:], unmoved[2], unmoved[4]) == (["class", "probability", "prediction"], predicted, predicted)
    assert float(unmoved[3]) == pytest.approx(expected.max(), abs=1e-5)

    for card in (
        "Your drawing",
        "What the network sees",
        "Where does the prediction change?",
        "Most alike in training",
    ):
        assert saved(card, "PNG").startswith(b"\x89PNG")
    with page.expect_download() as download:
        page.locator(".dr-live").get_by_role("button", name="PNG").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_real_example_has_its_address(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """A link with run, snapshot and sample shows exactly these; drawing on the example removes it from the link."""
    page = open_tab(f"/drawing?run={digits.run}&snapshot=0&sample=test-321")
    expect(page.locator(".dr-truth")).to_have_text("true class: 6 (test example 321)")
    expect(page.locator(".dr-time output")).to_contain_text("epoch 0, step 0")
    page.get_by_role("button", name="›").click()
    page.wait_for_url("**sample=test-322**")
    page.get_by_label("Snapshot of the network").fill("5")
    page.wait_for_url("**snapshot=5**")
    expect(page.locator(".dr-time output")).to_contain_text("epoch 5")
    draw(page, ONE)
    page.wait_for_url(lambda url: "sample" not in url)
    expect(page.locator(".dr-truth")).to_have_text("")


def test_the_slider_follows_a_run_in_progress(
    start_run: Callable[..., RunInProgress], open_tab: Callable[..., Page]
) -> None:
    """The slider follows a live run; a chosen snapshot stays, and choosing the last one follows again."""
    training = start_run(data="digits", epochs=7)
    training.train_until(snapshot=1)
    page = open_tab(f"/drawing?run={training.run}")
    moment, slider = page.locator(".dr-time output"), page.get_by_label("Snapshot of the network")
    expect(moment).to_contain_text("epoch 1,")
    draw(page, ONE)
    training.train_until(snapshot=3)
    expect(moment).to_contain_text("epoch 3,")
    expect(slider).to_have_js_property("value", "3")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()  # the drawing stays
    slider.fill("2")
    page.wait_for_url("**snapshot=2**")
    training.train_until(snapshot=4)
    expect(slider).to_have_attribute("max", "4")
    expect(moment).to_contain_text("epoch 2,")
    slider.fill("4")
    page.wait_for_url(lambda url: "snapshot" not in url)
    training.finish()
    expect(moment).to_contain_text("epoch 7,")
    expect(page.get_by_role("combobox", name="Run")).to_have_value(re.compile("finished"))


def test_the_browser_computes_what_python_does(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """Centring, forward pass, gradient and occlusion in the browser agree with the core's to 1e-5."""
    page = open_tab(f"/drawing?run={digits.run}")
    expect(sheet(page)).to_be_visible()
    rng = np.random.default_rng(7)
    inks = [rough_ink(rng, height, width) for height, width in ((280, 280), (61, 113), (40, 9), (3, 5))]
    dataset: Dataset = load_dataset(digits.config.data)
    image = dataset.x_test[217]
    found = page.evaluate(
        """async ([inks, run, image]) => {
            const at = (name) => import(`${location.origin}/annscope/assets/${name}.js`);
            const { asBox, asMnist } = await at('lib/model/ink');
            const { createModel } = await at('lib/model/inference');
            const { openRun } = await at('draw/source');
            const server = openRun(`${location.origin}/annscope`, run);
            const { description } = await server.history();
            const model = createModel(description, await server.frame(5));
            return {
                centered: inks.map((ink) => [...asMnist(ink).data]),
                boxed: inks.map((ink) => [...asBox(ink, 8, 8).data]),
                probabilities: [...model.probabilities(image)],
                gradient: [...model.gradient(image, 4)],
                occlusion: [...model.occlusion(image, [28, 28], 4, 5, new Float64Array(784))],
            };
        }""",
        [
            [{"height": ink.shape[0], "width": ink.shape[1], "data": ink.ravel().tolist()} for ink in inks],
            digits.run,
            image.tolist(),
        ],
    )
    for ink, centered, boxed in zip(inks, found["centered"], found["boxed"], strict=True):
        np.testing.assert_allclose(centered, as_mnist(ink).ravel(), atol=1e-5)
        np.testing.assert_allclose(boxed, as_box(ink, 8, 8).ravel(), atol=1e-5)
    network = digits.network(5)
    np.testing.assert_allclose(found["probabilities"], network.predict_proba(image[None])[0], atol=1e-5)
    np.testing.assert_allclose(found["gradient"], input_gradient(network, image, 4), atol=1e-5)
    expected = occlusion(network, image.reshape(28, 28), 4, patch=5)
    np.testing.assert_allclose(found["occlusion"], expected.ravel(), atol=1e-5)


def rough_ink(rng: np.random.Generator, height: int, width: int) -> ndarray:
    """Random spots of ink."""
    ink = np.zeros((height, width))
    ink[height // 4 : height // 4 + height // 2 + 1, width // 5 : width // 5 + width // 2 + 1] = rng.random(
        (height // 2 + 1, width // 2 + 1)
    ).round(3)
    return ink


def test_the_prediction_changes_at_the_reported_angle(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """Rotated by the reported angle, the image is predicted as another class, and by one degree less it is not."""
    page = open_tab(f"/drawing?run={digits.run}")
    draw(page, ONE)
    expect(top(page)).to_have_text("1")
    verdict, turn = page.locator(".dr-verdict").first, page.get_by_label("Rotate", exact=True)
    expect(verdict).to_have_text(re.compile(r"changes at −\d+° and \d+°"))
    found = re.search(r"and (\d+)", verdict.inner_text())
    assert found
    turn.fill(str(int(found[1]) - 1))
    expect(page.locator(".dr-change-head output").first).to_have_text(f"{int(found[1]) - 1}°")
    expect(top(page)).to_have_text("1")
    turn.fill(found[1])
    expect(top(page)).not_to_have_text("1")
    page.get_by_role("button", name="Reset").click()
    expect(top(page)).to_have_text("1")
    expect(turn).to_have_value("0")


def test_maps_lie_over_the_image_with_their_numbers(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """The attribution for any class is drawn over the image, and each number can be read."""
    page = open_tab(f"/drawing?run={digits.run}&sample=test-217")
    expect(top(page)).not_to_have_text("?")
    page.get_by_role("button", name="Occlusion").click()
    page.locator(".dr-numbers summary").click()
    expect(page.locator(".dr-table caption")).to_contain_text("Drop in the probability of")
    expect(page.locator(".dr-table td:not(:empty)")).to_have_count(784)
    page.get_by_role("button", name="Gradient").click()
    page.get_by_label("Class to explain").select_option("7")
    expect(page.locator(".dr-table caption")).to_have_text("d logit of “7” / d pixel")


def test_the_map_of_a_class_has_its_address(open_tab: Callable[..., Page], digits: RunReader) -> None:
    """A link restores the chosen map and class; without them it names neither."""
    page = open_tab(f"/drawing?run={digits.run}&sample=test-3")
    page.get_by_role("button", name="Occlusion").click()
    expect(page).to_have_url(re.compile(r"[?&]view=occlusion(&|$)"))
    page.get_by_label("Class to explain").select_option("7")
    expect(page).to_have_url(re.compile(r"[?&]class=7(&|$)"))
    again = open_tab(page.url.removeprefix(page.url.partition("/drawing")[0]))
    expect(again.get_by_role("button", name="Occlusion")).to_have_attribute("aria-pressed", "true")
    expect(again.get_by_label("Class to explain")).to_have_value("7")
    again.get_by_text("Numbers", exact=True).first.click()
    expect(again.locator(".dr-table caption")).to_have_text("Drop in the probability of “7”")
    again.get_by_label("Class to explain").select_option("the prediction")
    expect(again).not_to_have_url(re.compile(r"[?&]class="))
    again.get_by_role("button", name="Image", exact=True).click()
    expect(again).not_to_have_url(re.compile(r"[?&]view="))
    expect(again).to_have_url(re.compile(r"[?&]sample=test-3(&|$)"))


def test_a_point_is_dragged_through_the_plane(open_tab: Callable[..., Page]) -> None:
    """For 2-D data, a point that is dragged or moved by keys is classified where it is."""
    reader = train_run(data="blobs", epochs=20, hidden=(8,))
    page = open_tab(f"/drawing?run={reader.run}")
    plane = page.get_by_role("slider", name="The point to judge")
    expect(plane).to_be_visible()
    plane.focus()
    before = float(plane.get_attribute("aria-valuenow") or "")
    page.keyboard.press("Shift+ArrowRight")
    expect(plane).not_to_have_attribute("aria-valuenow", f"{before:.2f}")
    assert float(plane.get_attribute("aria-valuenow") or "") == pytest.approx(before + 0.15, abs=0.05)
    place = page.locator(".dr-plane-card .dr-tip")
    dataset = load_dataset(replace(reader.config.data, scaling="none"), seed=reader.config.training.seed)
    page.get_by_label("Number of the example").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator(".dr-truth")).to_contain_text(f"true class: {dataset.class_names[dataset.y_test[3]]}")
    expect(place).to_contain_text(f"{dataset.x_test[3][0]:.2f}".replace("-", "−"))


def test_pages_keep_the_selected_run(open_tab: Callable[..., Page]) -> None:
    """From Train to Draw and back, the selected run and the settings stay, even if there is a newer run."""
    older = train_run(data="xor", epochs=1, hidden=(4,))
    newer = train_run(data="moons", epochs=1, hidden=(4,))
    page = open_tab(f"/?run={older.run}")
    page.get_by_role("link", name="Draw").click()
    page.wait_for_url(f"**/drawing?run={older.run}")
    expect(page.get_by_role("combobox", name="Run")).to_have_value(re.compile("xor"))
    expect(page.get_by_role("slider", name="The point to judge")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    page.get_by_role("link", name="Train").click()
    page.wait_for_url(lambda url: f"run={older.run}" in url and newer.run not in url and "drawing" not in url)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_without_a_run_the_page_links_to_training(open_tab: Callable[..., Page]) -> None:
    """Without a run there is no drawing pad but a link to training."""
    page = open_tab("/drawing")
    page.get_by_role("link", name="Train a network").click()
    expect(page.get_by_role("heading", name="See a neural network think")).to_be_visible()
    expect(sheet(page)).to_have_count(0)
