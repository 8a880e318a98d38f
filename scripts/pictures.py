"""`python -m scripts.pictures`: make the pictures of the README by driving a real dashboard on real digits."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from scripts.serving import dashboard, open_chromium

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"


def main() -> None:
    """Train one network, then photograph it in light and dark, wide and narrow."""
    with tempfile.TemporaryDirectory() as folder, dashboard(Path(folder)) as served, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        url = train_one(browser, served.url)
        for scheme in ("light", "dark"):
            for name, width in (("train", 1440), ("train-narrow", 900)):
                photograph(browser, url, f"{name}-{scheme}", scheme=scheme, width=width)
        browser.close()


def train_one(browser: Browser, url: str) -> str:
    """Train on mnist-5k through the page as a person would; returns the address of the finished run."""
    page = browser.new_page()
    page.goto(f"{url}/?data=mnist-5k&hidden=64,32&epochs=20&seed=0")
    page.get_by_role("button", name="Start").first.click()
    page.locator(".annscope-stage[data-status=finished]").wait_for(timeout=120_000)
    address = page.url
    page.close()
    return address


def photograph(browser: Browser, url: str, name: str, *, scheme: str, width: int) -> Path:
    """A picture of the whole page, `width` CSS pixels wide, as `docs/pictures/<name>.png`."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(url)
    page.locator(".annscope-stage[data-number]:not([data-number='-1'])").wait_for(timeout=30_000)
    page.wait_for_load_state("networkidle")
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    context.close()
    print(path)
    return path


if __name__ == "__main__":
    main()
