"""Pictures of the README: `python -m scripts.pictures` takes them from a real dashboard on real digits."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from annscope.core.config import DataConfig
from annscope.data.datasets import is_ready
from scripts.serving import dashboard, open_chromium

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
STAGE = ".annscope-stage[data-number]"
SIZE: ViewportSize = {"width": 1440, "height": 1120}
Scheme: TypeAlias = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
MOVING_WIDTH = 960
FRAME_MS, LAST_FRAME_MS = 130, 2500
AREA = """
([stage, network]) => {
  const { x, y, width } = stage.getBoundingClientRect();
  return { x, y, width, height: network.getBoundingClientRect().bottom + 1 - y };
}
"""
SHOW = "(slider, number) => { slider.value = number; slider.dispatchEvent(new Event('input', { bubbles: true })); }"


def main() -> None:
    """Take a picture of every page, and an animation of a network while it trains, in light and dark."""
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        run = train_one(browser, served.url)
        pages = {
            "train": (f"/?run={run}", STAGE),
            "inspect": (f"/classes?run={run}&subset=validation&show=9-4", ".ai-sheet"),
            "draw": (f"/drawing?run={run}&sample=test-18", ".nv-canvas"),
        }
        for scheme in SCHEMES:
            for name, (path, ready) in pages.items():
                photograph(browser, served.url + path, ready, f"{name}-{scheme}", scheme=scheme)
        learning = train_one(browser, served.url, "data=mnist-5k&hidden=64,32&epochs=4&snapshot-every=8")
        for scheme in SCHEMES:
            animate(browser, served.url, learning, f"learning-{scheme}", scheme=scheme)
        browser.close()


def train_one(browser: Browser, url: str, settings: str | None = None) -> str:
    """Train on the Train page, on MNIST or if that is not available on 5,000 images of it; returns the run."""
    if settings is None:
        is_here = is_ready(DataConfig(name="mnist"))
        settings = "data=mnist&hidden=128,64&epochs=8" if is_here else "data=mnist-5k&epochs=20"
    page = browser.new_page()
    page.goto(f"{url}/?{settings}&seed=0")
    page.get_by_role("button", name="Start").first.click()
    page.locator(".annscope-stage[data-status=finished]").wait_for(timeout=240_000)
    (run,) = parse_qs(urlsplit(page.url).query)["run"]
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


def animate(browser: Browser, url: str, run: str, name: str, *, scheme: Scheme) -> Path:
    """Save all snapshots of a run as the animation `docs/pictures/<name>.webp`."""
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
    frames = []
    for number in range(int(timeline.get_attribute("max") or 0) + 1):
        timeline.evaluate(SHOW, str(number))
        page.locator(f".annscope-stage[data-number='{number}']").wait_for()
        page.wait_for_timeout(60)
        picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        frames.append(picture.resize(size, Image.Resampling.LANCZOS))
    context.close()
    path = PICTURES / f"{name}.webp"
    durations = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=75, method=4)
    print(path.relative_to(PICTURES.parents[1]))
    return path


if __name__ == "__main__":
    main()
