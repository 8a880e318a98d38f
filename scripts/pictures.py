"""Pictures of the README: `python -m scripts.pictures` takes them from a real dashboard on real digits."""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from annscope.core.config import DataConfig
from annscope.data.datasets import is_ready
from annscope.data.info import DatasetInfo
from annscope.data.toy import POINTS
from scripts.serving import Served, dashboard, open_chromium

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
STAGE = ".annscope-stage[data-number]"
SIZE: ViewportSize = {"width": 1440, "height": 1120}
Scheme: TypeAlias = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
MOVING_WIDTH = 760
SECONDS, FRAME_MS = 12, 200
MOST_BYTES, MOST_MAP_BYTES = 700_000, 300_000
MAPS_ACROSS, MAP_SIDE, MAP_HEAD, MAP_GAP = 3, 300, 32, 12
PAPER, INK = {"light": "#ffffff", "dark": "#0e1117"}, {"light": "#1b2333", "dark": "#e6e9ef"}
PAINTED_SETTINGS = "hidden=24,16&activation=tanh&initializer=glorot&learning-rate=0.02&batch-size=16&epochs=200"
AREA = """
([stage, network]) => {
  const { x, y, width } = stage.getBoundingClientRect();
  return { x, y, width, height: network.getBoundingClientRect().bottom + 1 - y };
}
"""
WATCHED = """
async ([run, seconds, frameMs]) => {
  const [{ filmOf }, { lines, description, status }] = await Promise.all([
    import('/annscope/assets/train/saving/schedule.js'),
    fetch(`/annscope/runs/${run}/history`).then((response) => response.json()),
  ]);
  const snapshots = lines.filter(({ type }) => type === 'snapshot');
  const span = { stepsPerEpoch: description.steps_per_epoch, totalSteps: status.total_steps };
  return filmOf(snapshots, span, seconds, (number) => number, frameMs);
}
"""
SHOW = "(slider, number) => { slider.value = number; slider.dispatchEvent(new Event('input', { bubbles: true })); }"


def main() -> None:
    """Take a picture of every page, and an animation of a network while it trains, in light and dark."""
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        run = train_one(browser, served)
        pages = {
            "train": (f"/?run={run}", STAGE),
            "inspect": (f"/classes?run={run}&subset=validation&show=true-9&only=wrong", ".ai-sheet"),
            "draw": (f"/drawing?run={run}&sample=test-18", ".nv-canvas"),
        }
        for scheme in SCHEMES:
            for name, (path, ready) in pages.items():
                photograph(browser, served.url + path, ready, f"{name}-{scheme}", scheme=scheme)
        learning = train_one(browser, served, "snapshot-every=auto")
        points = {info.label: train_one(browser, served, _settings(info)) for info in POINTS}
        points["Painted by hand"] = paint_spiral(browser, served, next(iter(points.values())))
        for scheme in SCHEMES:
            film(browser, served.url, learning, f"learning-{scheme}", scheme=scheme)
            maps(browser, served.url, points, f"maps-{scheme}", scheme=scheme)
        browser.close()


def _settings(info: DatasetInfo) -> str:
    """The settings that are proposed for a data set, as an address has them."""
    values = {"data": info.name, **info.proposal}
    words = {name: ",".join(map(str, value)) if isinstance(value, tuple) else value for name, value in values.items()}
    return urlencode(words, safe=",")


def train_one(browser: Browser, served: Served, settings: str | None = None) -> str:
    """Train on the Train page, on MNIST or if that is not available on 5,000 images of it; returns the run."""
    if settings is None:
        is_here = is_ready(DataConfig(name="mnist"))
        settings = "data=mnist&hidden=128,64&epochs=8" if is_here else "data=mnist-5k&epochs=20"
    page = browser.new_page()
    page.goto(f"{served.url}/?{settings}&seed=0")
    run = _start(page, served.home)
    page.close()
    return run


def photograph(browser: Browser, url: str, ready: str, name: str, *, scheme: Scheme) -> Path:
    """Save a picture of a page as `docs/pictures/<name>.png`, once `ready` is visible."""
    context = browser.new_context(viewport=SIZE, color_scheme=scheme)
    page: Page = context.new_page()
    page.goto(url)
    page.locator(ready).first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # transitions have ended
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    context.close()
    print(path.relative_to(PICTURES.parents[1]))
    return path


def film(browser: Browser, url: str, run: str, name: str, *, scheme: Scheme) -> Path:
    """Save what *Watch* shows of a run, from its beginning to its end, as the animation `docs/pictures/<name>.webp`."""
    # With reduced motion each frame shows a snapshot, without transitions in between.
    context = browser.new_context(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{url}/?run={run}")
    page.locator(STAGE).wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    stage, network = page.locator(STAGE), page.locator("[data-view=network]")
    clip = page.evaluate(AREA, [stage.element_handle(), network.element_handle()])
    timeline = page.get_by_role("slider", name="Timeline")
    size = (MOVING_WIDTH, round(MOVING_WIDTH * clip["height"] / clip["width"]))
    frames, durations = [], []
    for frame in page.evaluate(WATCHED, [run, SECONDS, FRAME_MS]):
        timeline.evaluate(SHOW, str(frame["number"]))
        page.locator(f".annscope-stage[data-number='{frame['number']}']").wait_for()
        page.wait_for_timeout(60)
        picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        frames.append(picture.resize(size, Image.Resampling.LANCZOS))
        durations.append(round(frame["ms"]))
    context.close()
    return _save(name, frames, MOST_BYTES, duration=durations, loop=0)


def maps(browser: Browser, url: str, runs: Mapping[str, str], name: str, *, scheme: Scheme) -> Path:
    """Save the decision maps of some runs, each under its name, as one picture `docs/pictures/<name>.webp`."""
    context = browser.new_context(viewport=SIZE, color_scheme=scheme, device_scale_factor=1.5)
    page = context.new_page()
    rows = -(-len(runs) // MAPS_ACROSS)
    paper, ink = (PAPER[scheme], INK[scheme])
    sheet = Image.new(
        "RGB", (MAPS_ACROSS * (MAP_SIDE + MAP_GAP) + MAP_GAP, rows * (MAP_SIDE + MAP_HEAD) + MAP_GAP), paper
    )
    for place, (label, run) in enumerate(runs.items()):
        page.goto(f"{url}/?run={run}")
        canvas = page.locator(".mp-canvas[data-side]")
        canvas.wait_for(timeout=60_000)
        page.wait_for_timeout(2500)  # the map is refined
        picture = Image.open(io.BytesIO(page.locator(".mp-box").screenshot())).convert("RGB")
        down, across = divmod(place, MAPS_ACROSS)
        left, top = MAP_GAP + across * (MAP_SIDE + MAP_GAP), down * (MAP_SIDE + MAP_HEAD)
        ImageDraw.Draw(sheet).text((left, top + 9), label, fill=ink, font=ImageFont.load_default(14))
        sheet.paste(picture.resize((MAP_SIDE, MAP_SIDE), Image.Resampling.LANCZOS), (left, top + MAP_HEAD))
    context.close()
    return _save(name, [sheet], MOST_MAP_BYTES)


def paint_spiral(browser: Browser, served: Served, run: str) -> str:
    """Paint two arms of a spiral on the decision map of a run, and train on them; returns the run."""
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{served.url}/?run={run}&{PAINTED_SETTINGS}")
    card, canvas = page.locator("[data-view=map]"), page.locator(".mp-canvas")
    canvas.wait_for(timeout=60_000)
    card.get_by_role("button", name="Paint").click()
    card.get_by_role("button", name="Clear").click()
    box = canvas.bounding_box()
    if box is None:
        raise RuntimeError("the decision map has no place on the page")
    for arm in range(2):
        canvas.focus()
        page.keyboard.press(str(arm + 1))
        for step in range(48):
            angle, radius = math.pi * arm + 1.5 * math.pi * step / 47, 0.06 + 0.38 * step / 47
            across, down = 0.5 + radius * math.cos(angle), 0.5 - radius * math.sin(angle)
            page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
            if step == 0:
                page.mouse.down()
        page.mouse.up()
    card.get_by_role("button", name="Use these points").click()
    card.get_by_text("press Start").wait_for()
    found = _start(page, served.home)
    page.close()
    return found


def _start(page: Page, home: Path) -> str:
    """Start a run by the button of the page, and wait for its end; returns the run."""
    before = {path.name for path in home.glob("runs/*")}
    page.get_by_role("button", name="Start").first.click()

    def is_new(url: str) -> bool:
        return not before.issuperset(parse_qs(urlsplit(url).query).get("run", before))

    page.wait_for_url(is_new, timeout=60_000)
    (run,) = parse_qs(urlsplit(page.url).query)["run"]
    page.locator(".annscope-stage[data-status=finished]").wait_for(timeout=240_000)
    return run


def _save(name: str, frames: Sequence[Image.Image], most: int, **options: Any) -> Path:
    """Save frames as WebP in the best quality that is no larger than `most` bytes."""
    path = PICTURES / f"{name}.webp"
    for quality in (85, 75, 65, 55, 45, 35):
        options |= {"save_all": True, "append_images": frames[1:], "quality": quality, "method": 4}
        frames[0].save(path, **options)
        if path.stat().st_size <= most:
            break
    print(path.relative_to(PICTURES.parents[1]), f"{path.stat().st_size:,} bytes, quality {quality}")
    return path


if __name__ == "__main__":
    main()
