"""`python -m scripts.pictures`: make the pictures of the README by driving a real dashboard on real digits."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from core.config import DataConfig
from data.datasets import is_ready
from scripts.serving import dashboard, open_chromium

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
STAGE = ".annscope-stage[data-number]"


def main() -> None:
    """Train one network, then photograph every page in light and dark, and the first one wide and narrow."""
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        run = train_one(browser, served.url)
        pages = {
            "train": (f"/?run={run}", STAGE),
            "inspect": (f"/classes?run={run}&subset=validation&show=9-4", ".ai-sheet"),
            "draw": (f"/drawing?run={run}&sample=test-18", ".nv-canvas"),
        }
        for scheme in ("light", "dark"):
            for name, (path, ready) in pages.items():
                photograph(browser, served.url + path, ready, f"{name}-{scheme}", scheme=scheme)
            photograph(
                browser, served.url + pages["train"][0], STAGE, f"train-narrow-{scheme}", scheme=scheme, width=900
            )
        browser.close()


def train_one(browser: Browser, url: str) -> str:
    """Train on MNIST (on its 5,000 embedded images where it is not at hand) through the page; returns the run."""
    settings = "data=mnist&hidden=128,64&epochs=8" if is_ready(DataConfig(name="mnist")) else "data=mnist-5k&epochs=20"
    page = browser.new_page()
    page.goto(f"{url}/?{settings}&seed=0")
    page.get_by_role("button", name="Start").first.click()
    page.locator(".annscope-stage[data-status=finished]").wait_for(timeout=240_000)
    (run,) = parse_qs(urlsplit(page.url).query)["run"]
    page.close()
    return run


def photograph(browser: Browser, url: str, ready: str, name: str, *, scheme: str, width: int = 1440) -> Path:
    """A picture of a page, `width` CSS pixels wide, as `docs/pictures/<name>.png`, once `ready` is there."""
    context = browser.new_context(
        viewport={"width": width, "height": 1120}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page: Page = context.new_page()
    page.goto(url)
    page.locator(ready).first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # what glides has arrived
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    context.close()
    print(path.relative_to(PICTURES.parents[1]))
    return path


if __name__ == "__main__":
    main()
