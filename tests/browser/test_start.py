"""Every way to start the dashboard gives the same dashboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.serving import ANNSCOPE, STREAMLIT, Served, dashboard

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"
TOKEN = "only for those who were told"
START = re.compile("^Start with my settings")


@pytest.fixture(params=["annscope", "streamlit", "annscope with a token", "streamlit with a token"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A dashboard, started in each way."""
    start = STREAMLIT if request.param.startswith("streamlit") else ANNSCOPE
    environment = {"ANNSCOPE_TOKEN": TOKEN} if "token" in request.param else {}
    with dashboard(tmp_path / "home", environment=environment, start=start) as served:
        yield served


def entrance(served: Served) -> str:
    """The path of the address that the dashboard printed."""
    (printed,) = re.findall(r"annscope is at (\S+)", (served.home / "dashboard.log").read_text())
    assert printed.startswith(served.url)
    return str(printed.removeprefix(served.url)) or "/"


def test_the_live_view_draws(served: Served, open_tab: Callable[..., Page]) -> None:
    """The printed address opens the whole product: theme, pages, and a run that is shown while it trains."""
    page = open_tab(entrance(served))
    page.get_by_role("button", name=START).click()
    stage = page.locator(STAGE)
    expect(stage).to_have_attribute("data-number", re.compile(r"^[1-9]\d*$"))
    assert "token" not in page.url
    expect(page.get_by_role("button", name=re.compile("^(Start|Pause|Resume)")).first).to_be_visible()
    colour = page.evaluate("getComputedStyle(document.querySelector('.stApp')).color")
    assert colour == "rgb(27, 35, 48)"  # of the theme, beside the script
    page.get_by_role("link", name="Draw").click()
    expect(page.get_by_role("combobox", name=re.compile("^Run"))).to_be_visible()


def test_other_sites_are_rejected(served: Served, chromium: Browser) -> None:
    """Requests for foreign hosts and from other origins are rejected, and no page can frame the dashboard."""
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(f"{served.url}/_stcore/health", headers=headers))
    page = chromium.new_page()
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.set_content(f"<iframe src='{served.url}{entrance(served)}'></iframe>")
    expect(page.frame_locator("iframe").get_by_role("button", name=START)).to_have_count(0)
    page.close()
