"""Changes of weights since a moment, and connections: looked at, dragged, typed, and what that does."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from annscope.core.explain.what_if import Change, with_changes
from annscope.core.network import Network
from annscope.data.datasets import load_dataset
from annscope.runs.reader import RunReader
from tests.records import RunInProgress, train_run

pytestmark = pytest.mark.browser


def percent(share: float) -> str:
    """A share as the page writes it."""
    return f"{100 * share:.1f} %"


def number_in(text: str) -> float:
    """The number in a text with a minus sign of its own."""
    return float(text.replace("−", "-"))


def opened(open_tab: Callable[..., Page], number: int, path: str = "/", **about: object) -> Page:
    """The page once it shows a snapshot."""
    page = open_tab(path, **about)
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", str(number))
    return page


def since(page: Page, view: str) -> Locator:
    """The choice of what weights show, in the head of one view."""
    return page.locator(f"[data-view={view}]").get_by_role("combobox", name="What pictures of weights show")


def test_changes_since_a_moment_are_shown_everywhere_and_kept_in_the_address(open_tab: Callable[..., Page]) -> None:
    """One choice holds for tiles, connections and distributions; its numbers are the record's; a link restores it."""
    reader = train_run(data="digits", hidden=(24,), epochs=3)
    page = opened(open_tab, 3)
    tiles, network = page.locator("[data-view=tiles]"), page.locator("[data-view=network]")
    since(page, "tiles").select_option("start")
    expect(tiles.locator(".nv")).to_have_attribute("data-shows", "start")
    expect(network.locator(".nv")).to_have_attribute("data-shows", "start")
    for view in ("network", "distributions"):
        expect(since(page, view)).to_have_value("start")
    expect(tiles.locator("h3")).to_have_text("First-layer weights change since step 0")
    expect(network.locator(".nv-legend")).to_contain_text("change since step 0")
    expect(page).to_have_url(re.compile("since=start"))

    tiles.locator("summary").click()
    rows = tiles.locator("tbody tr")
    expect(rows).to_have_count(24)
    weights = [reader.snapshot(number).parameters[0].weight for number in range(4)]
    norms = np.linalg.norm(weights[3] - weights[0], axis=0)
    expect(rows.first.locator("td").first).to_have_text(f"{norms[0]:.4f}")
    told = [number_in(row.locator("td").first.inner_text()) for row in rows.all()]
    assert told == pytest.approx(norms, abs=1e-4)

    distributions = page.locator("[data-view=distributions]")
    distributions.scroll_into_view_if_needed()
    expect(distributions.locator(".as-say")).to_contain_text(
        "Change since step 0 of the weights of hidden 1 at epoch 3: 1,536 numbers"
    )

    page.get_by_role("slider", name="Timeline").press("Home")
    expect(tiles.locator("h3")).to_have_text("First-layer weights no change: this is step 0")
    page.get_by_role("slider", name="Timeline").press("ArrowRight")
    expect(page.locator(".annscope-stage")).to_have_attribute("data-number", "1")
    expect(since(page, "tiles").locator("option[value=pinned]")).to_be_disabled()
    page.get_by_role("button", name="Pin", exact=True).click()
    since(page, "network").select_option("pinned")
    page.get_by_role("slider", name="Timeline").press("ArrowRight")
    step = reader.snapshot_line(1)["step"]
    expect(tiles.locator("h3")).to_have_text(f"First-layer weights change since step {step}")
    expect(page).to_have_url(re.compile("since=1(?!\\d)"))
    expect(page).to_have_url(re.compile("snapshot=2"))

    linked = opened(open_tab, 2, f"/?{page.url.partition('?')[2]}")
    heading = linked.locator("[data-view=tiles] h3")
    expect(heading).to_have_text(f"First-layer weights change since step {step}")
    expect(since(linked, "tiles")).to_have_value("pinned")
    linked.get_by_role("button", name="Pinned", exact=True).click()
    expect(heading).to_have_text("First-layer weights")
    expect(linked).not_to_have_url(re.compile("since="))


def test_a_run_at_work_shows_what_its_last_snapshot_changed(
    open_tab: Callable[..., Page], start_run: Callable[..., RunInProgress]
) -> None:
    """While a run trains, each snapshot is compared with the one before it."""
    training = start_run(data="digits", hidden=(16,), epochs=8)
    training.train_until(snapshot=2)
    page = opened(open_tab, 2, "/?since=last")
    heading = page.locator("[data-view=tiles] h3")
    for number in (2, 3, 4):
        training.train_until(snapshot=number)
        step = training.reader.snapshot_line(number - 1)["step"]
        expect(heading).to_have_text(f"First-layer weights change since step {step}")
    page.get_by_role("slider", name="Timeline").press("Home")
    expect(heading).to_have_text("First-layer weights no snapshot before this one")


def held_out(reader: RunReader, number: int, change: Change) -> tuple[float, float, int]:
    """The held-out accuracy as recorded and with a change, and of how many examples."""
    x, y = load_dataset(reader.config.data).split("validation")
    network = reader.network(number)
    changed = Network(network.config, network.n_features, network.n_classes, with_changes(network.parameters, [change]))
    accuracy = float((changed.logits(x).argmax(axis=1) == y).mean())
    return reader.snapshot_line(number)["heldout"]["accuracy"], accuracy, len(y)


def test_a_connection_is_reached_and_changed_by_keys(open_tab: Callable[..., Page]) -> None:
    """From a neuron, E leads along its connections, with the numbers of the record; a typed weight is evaluated."""
    reader = train_run(data="digits", hidden=(24,), epochs=3)
    page = opened(open_tab, 3)
    canvas, card = page.locator(".nv-canvas"), page.locator(".nv-edge-float")
    canvas.focus()
    for key in ("ArrowDown", "e"):
        canvas.press(key)
    x = np.float64(reader.probe().x[0])
    weight = np.float64(reader.snapshot(3).parameters[0].weight[:, 0])
    strongest = np.argsort(-np.abs(x * weight), kind="stable")
    expect(card).to_be_visible()
    expect(card).to_contain_text(f"layer0.weight[{strongest[0]}, 0]")
    canvas.press("ArrowDown")
    place = int(strongest[1])
    expect(card).to_contain_text(f"layer0.weight[{place}, 0]")
    contribution = card.locator("dd").nth(1)
    assert number_in(contribution.inner_text().partition(" of ")[0]) == pytest.approx(
        x[place] * weight[place], abs=1e-4
    )
    canvas.press("Enter")
    dock, banner = page.locator(".nv-edge-dock"), page.locator(".nv-banner")
    expect(dock).to_be_visible()
    expect(card).to_be_hidden()
    dock.locator("summary").click()
    history = dock.locator("tbody td")
    expect(history).to_have_count(4)
    recorded = [reader.snapshot(number).parameters[0].weight[place, 0] for number in range(4)]
    assert [number_in(text) for text in history.all_inner_texts()] == pytest.approx(recorded, abs=1e-6)

    field = dock.get_by_role("spinbutton", name="Weight", exact=True)
    field.fill("-2.5")
    before, after, n = held_out(reader, 3, Change(0, 0, input=place, value=-2.5))
    expect(banner).to_contain_text(f"held-out accuracy {percent(before)} → {percent(after)}")
    expect(banner).to_contain_text(f" points), {n} examples")
    field.press("Escape")
    expect(banner).to_be_hidden()
    expect(dock).to_be_visible()
    field.press("Escape")
    expect(dock).to_be_hidden()
    expect(canvas).to_be_focused()


def on_a_connection(page: Page, canvas: Locator) -> tuple[float, float]:
    """A point between two layers at which the pointer is on a connection, where it is now."""
    box = canvas.bounding_box()
    assert box
    for share in (0.62, 0.4, 0.7, 0.3):
        for y in range(60, int(box["height"]) - 40, 3):
            at = box["x"] + share * box["width"], box["y"] + y
            page.mouse.move(*at)
            if "nv-on-edge" in (canvas.get_attribute("class") or ""):
                return at
    raise AssertionError("no connection is under the pointer anywhere")


def test_a_connection_is_dragged_and_escape_takes_it_back(open_tab: Callable[..., Page]) -> None:
    """Dragging a connection up raises its weight in place, which the held-out figure follows; Escape undoes it."""
    reader = train_run(data="digits", hidden=(24,), epochs=3)
    page = opened(open_tab, 3)
    canvas, card, banner = page.locator(".nv-canvas"), page.locator(".nv-edge-float"), page.locator(".nv-banner")
    canvas.scroll_into_view_if_needed()
    x, y = on_a_connection(page, canvas)
    expect(card).to_be_visible()
    code = card.locator("code").inner_text()
    layer, place, unit = map(int, re.fullmatch(r"layer(\d)\.weight\[(\d+), (\d+)\]", code).groups())  # type: ignore[union-attr]
    recorded = float(reader.snapshot(3).parameters[layer].weight[place, unit])
    assert number_in(card.locator(".nv-value").inner_text()) == pytest.approx(recorded, abs=1e-4)

    page.mouse.down()
    page.mouse.move(x, y - 50, steps=5)
    expect(banner).to_contain_text("1 change")
    expect(card.locator("dl")).to_contain_text("recorded weight")
    page.keyboard.press("Escape")
    expect(banner).to_be_hidden()
    page.mouse.up()

    on_a_connection(page, canvas)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=5)
    page.mouse.up()
    dock = page.locator(".nv-edge-dock")
    expect(dock).to_be_visible()
    expect(dock.locator("code")).to_have_text(code)
    value = float(dock.get_by_role("spinbutton", name="Weight", exact=True).input_value())
    assert value > recorded
    before, after, n = held_out(reader, 3, Change(layer, unit, input=place, value=value))
    expect(banner).to_contain_text(f"held-out accuracy {percent(before)} → {percent(after)}")
    expect(banner).to_contain_text(f"{n} examples")
    dock.get_by_role("button", name="Restore").click()
    expect(banner).to_be_hidden()
    dock.get_by_role("button", name="Unpin").click()
    expect(dock).to_be_hidden()
