"""The Data page in a browser: data of one's own, from the file to the run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from scripts.serving import Served

pytestmark = pytest.mark.browser

STAGE = ".annscope-stage"


def passengers(n: int = 240) -> bytes:
    """A table as people have it: a row number, names, categories, gaps, and who survived in its second column."""
    rng = np.random.default_rng(0)
    lines = ["PassengerId,Survived,Pclass,Name,Sex,Age,Fare,Cabin"]
    for i in range(n):
        is_female, pclass = rng.random() < 0.4, rng.integers(1, 4)
        survived = int(rng.random() < (0.8 if is_female else 0.2))
        age = "" if rng.random() < 0.2 else f"{rng.normal(30, 9):.1f}"
        cabin = "" if rng.random() < 0.7 else f"C{i}"
        sex = "female" if is_female else "male"
        lines.append(f'{i + 1},{survived},{pclass},"Doe, Mr. {i}",{sex},{age},{rng.gamma(2, 15):.2f},{cabin}')
    return "\n".join(lines).encode()


def shades(n: int = 20) -> bytes:
    """A ZIP file of a folder with two classes of images, and a file that is no image."""
    rng = np.random.default_rng(0)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, low in (("dark", 0), ("bright", 130)):
            for i in range(n):
                file = io.BytesIO()
                Image.fromarray(rng.integers(low, low + 120, (10, 10)).astype(np.uint8)).save(file, "PNG")
                archive.writestr(f"shades/{name}/{i}.png", file.getvalue())
        archive.writestr("shades/dark/broken.png", b"not an image")
    return content.getvalue()


def upload(page: Page, name: str, kind: str, content: bytes) -> None:
    """Choose a file in the uploader, as a drop does."""
    field = page.locator("[data-testid=stFileUploader] input[type=file]")
    expect(field).to_be_attached()
    field.set_input_files({"name": name, "mimeType": kind, "buffer": content})


def line(page: Page, column: str) -> Locator:
    """The line of a column in the table of columns."""
    return page.locator(".annscope-columns tbody tr").filter(has=page.locator(f"th[title='{column}']"))


def train(page: Page) -> None:
    """Go to the Train page, start, and see the network."""
    page.get_by_role("button", name="Train on this").click()
    page.get_by_role("button", name=re.compile("^Start with my settings")).click()
    expect(page.locator(STAGE)).to_have_attribute("data-number", re.compile(r"^\d+$"))


def inspect(page: Page) -> Locator:
    """Go to the Inspect page and open the first of all examples; what it shows of it."""
    page.get_by_role("link", name="Inspect", exact=True).click()
    page.get_by_role("radio", name="All", exact=True).click()
    expect(page.get_by_role("heading", name="Every example")).to_be_visible()
    page.locator(".ai-tile").first.click()
    detail = page.get_by_label("The opened example")
    expect(detail).to_contain_text(re.compile(r"Example \d+ of the \w+ split"))
    return detail


def test_a_table_from_the_file_to_a_changed_prediction(open_tab: Callable[..., Page]) -> None:
    """Upload a table, choose its label, see and change what is left out, train, and change a value of an example."""
    page = open_tab("/data")
    upload(page, "passengers.csv", "text/csv", passengers())
    expect(page.get_by_role("heading", name="passengers.csv")).to_be_visible()

    # The label by a click in its line.
    label = page.get_by_role("button", name="Survived is the label")
    label.click()
    expect(label).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("[?&]label=Survived"))

    # What is left out, with the reason, and another treatment by its list; the keyboard stays where it was.
    expect(line(page, "PassengerId")).to_contain_text("left out: 1, 2, 3, ...: the number of the row")
    expect(line(page, "Name")).to_contain_text("left out")
    expect(line(page, "Sex")).to_contain_text("one-hot")
    expect(line(page, "Age")).to_contain_text("median where missing")
    treatment = page.get_by_label("What becomes of Fare")
    treatment.focus()
    treatment.select_option("leave out")
    expect(line(page, "Fare")).to_contain_text("left out: as asked")
    expect(page.get_by_label("What becomes of Fare")).to_be_focused()
    expect(page).to_have_url(re.compile("[?&]drop=Fare"))
    command = page.locator("[data-testid=stCode]")
    expect(command).to_contain_text("--label Survived")
    expect(command).to_contain_text("--drop Fare")

    # The choice is a link.
    again = open_tab("/data" + page.url.partition("/data")[2])
    expect(line(again, "Fare")).to_contain_text("left out: as asked")
    again.close()

    train(page)
    expect(page).to_have_url(re.compile("[?&]label=Survived"))

    # Back on the Data page everything is as it was left.
    page.get_by_role("link", name="Data", exact=True).click()
    expect(line(page, "Fare")).to_contain_text("left out: as asked")

    # An example is its row: the columns of the file that are features, not what they were encoded as.
    detail = inspect(page)
    expect(detail).to_contain_text("of the table")
    expect(detail.locator("dt")).to_have_text(["Pclass", "Sex", "Age"])
    sex = detail.locator("dd").nth(1).inner_text()
    other = {"female": "male", "male": "female"}[sex]

    # One value changed: what that does is said at once, and taken back.
    detail.get_by_role("link", name="Change its values").click()
    effect = page.locator(".dr-before-after")
    expect(effect).to_contain_text("Nothing is changed yet")
    shares = effect.locator("tbody tr").first.locator("td")
    # Both at one moment: at first they may be those of an earlier snapshot.
    page.wait_for_function(
        "() => { const [before, now] = document.querySelectorAll('.dr-before-after tbody tr:first-child td');"
        " return before.textContent && before.textContent === now.textContent; }"
    )
    page.get_by_label("Sex", exact=True).select_option(other)
    expect(effect).to_contain_text(f"Sex ({sex} → {other}): the prediction")
    expect(shares.nth(1)).not_to_have_text(shares.nth(0).inner_text())
    page.get_by_role("button", name="Back to").click()
    expect(effect).to_contain_text("Nothing is changed yet")
    expect(page.get_by_label("Sex", exact=True).locator("option:checked")).to_have_text(sex)


def test_a_zipped_folder_from_the_file_to_an_example(open_tab: Callable[..., Page]) -> None:
    """Upload images, see them by class and what is left out, train on them, and open one."""
    page = open_tab("/data")
    upload(page, "shades.zip", "application/zip", shades())
    expect(page.get_by_role("heading", name="shades.zip")).to_be_visible()
    for name in ("dark", "bright"):
        picture = page.get_by_role("img", name=f"10 training images of {name}")
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.naturalWidth") == 10 * 12 - 2
    expect(page.get_by_text("40 examples · images of 10x10 pixels")).to_be_visible()
    page.get_by_text("Left out: 1").click()
    train(page)
    detail = inspect(page)
    expect(detail).to_contain_text(re.compile("true class (dark|bright)"))
    expect(detail.locator("canvas")).to_have_js_property("width", 10)


def test_an_upload_is_deleted_again(served: Served, open_tab: Callable[..., Page]) -> None:
    """It is listed with its size; the question is asked once, and then the file is gone."""
    page = open_tab("/data")
    upload(page, "../passengers 1.csv", "text/csv", passengers(60))
    row = page.get_by_role("button", name=re.compile(r"passengers 1\.csv.*kB"))
    expect(row).to_be_visible()
    kept = list((served.home / "data" / "uploads").iterdir())
    assert [path.name for path in kept] == ["passengers 1.csv"]
    page.get_by_role("button", name=re.compile("Delete$")).click()
    expect(page.get_by_text("No run was trained on it.")).to_be_visible()
    page.get_by_role("button", name="Delete it").click()
    expect(row).to_have_count(0)
    assert not kept[0].exists()
    expect(page.get_by_role("heading", name="MNIST, 5,000 digits")).to_be_visible()


def test_a_built_in_set_is_chosen_by_the_keyboard(open_tab: Callable[..., Page]) -> None:
    """Its card is one button; Train proposes the settings that suit it, and its sidebar leads back."""
    page = open_tab("/data?data=digits")
    card = page.get_by_role("button", name="Spirals", exact=True)
    card.focus()
    card.press("Enter")
    expect(page.get_by_role("heading", name="Spirals")).to_be_visible()
    expect(page).to_have_url(re.compile("[?&]data=spirals"))
    page.get_by_role("button", name="Train on this").click()
    expect(page.get_by_text("A proposal for Spirals")).to_be_visible()
    page.get_by_role("link", name="Look at the data").click()
    expect(page.get_by_role("heading", name="Spirals")).to_be_visible()
    expect(page).to_have_url(re.compile("[?&]data=spirals"))


@pytest.mark.parametrize("width", [390, 900, 1440])
def test_nothing_is_wider_than_the_page(served: Served, open_tab: Callable[..., Page], width: int) -> None:
    """On a phone, too: what is wide scrolls by itself."""
    path = served.home / "passengers.csv"
    path.write_bytes(passengers())
    page = open_tab(f"/data?data={path}&label=Survived", width=width)
    expect(page.locator(".annscope-columns[data-ready]")).to_be_visible()
    expect(page.get_by_role("heading", name="Duplicates")).to_be_visible()
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
