"""Names that are markup, on the command line and on every page: tracebacks, missing names, external requests.

    python -m tests.faults.foreign_names [--runs N]

Trains networks on tables whose file names and class names are markup of rich, Streamlit, plotly and HTML, or escape
sequences of a terminal; then lets every command speak of them to terminals of three encodings, and opens every page and
view in Chromium. `runs` is how many of the names are tried.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from urllib.parse import urlencode, urlsplit

import numpy as np
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from annscope.dashboard.address import VIEWS
from annscope.runs import cli
from annscope.runs.catalogue import run_ids
from annscope.runs.terminal import visible
from scripts.serving import Served, dashboard, find_chromium, open_chromium
from tests.faults import tally
from tests.faults.tally import Tally

NAMES = (
    "[/bold]", "[red]", "[link=http://e.test]a", ":smile: [b]", "\x1b[31mred", "\x1b]0;title\x07", "\u202egnp",
    "\x9b2Jx", "![p](http://e.test/1)", "<img src=//e.test/2>", "[l](http://e.test)", "http://e.test/3", "www.e.test",
    "a@e.test", ":red[x] :red-badge[y]", ":material/check: :cat: :streamlit:", "$x^2$ `c`", "**b** _i_ ~~s~~",
    "&lt;i&gt; &#33;",
    "%{x} %{y:.2f}", "<a href='//e.test'>", "<script>alert(1)</script>", "# head", "1. one", "a -> b <- c",
    "=A1+\"http://e.test\"", "caf\u00e9 \u4e2d", "</style><b>",
)  # fmt: skip
RUNS = len(NAMES)
PER_FILE = 7
ENCODINGS = ("utf-8", "ascii", "cp1252")
COMMANDS = (
    ("evaluate", "latest"), ("evaluate", "latest", "--json"), ("check-gradient", "latest"), ("runs", "list"),
    ("runs", "show", "latest"), ("evaluate", "latest", "--split", "[/red]"), ("runs", "show", "[/red]\x1b[31m"),
    ("train", "--data", "[/red]\x1b[31m"), ("[/red]\x1b[31m",),
)  # fmt: skip
CONTROLS = {chr(code) for code in (*range(32), *range(127, 160), 0x202E)} - {"\n"}
WAIT_MS, SHOWN_MS = 60_000, 10_000


def check(runs: int) -> Iterable[Tally]:
    """Try the first `runs` names everywhere."""
    names = NAMES[:runs]
    groups = [names[k : k + PER_FILE] for k in range(0, len(names), PER_FILE)]
    commands, letters, pages, words, network = tallies = [
        Tally("names on the command line", "no traceback and no control character"),
        Tally("names on the command line", "every letter is shown"),
        Tally("names on the pages", "no exception, script or dialog"),
        Tally("names on the pages", "every letter is shown"),
        Tally("names on the pages", "no request to another machine"),
    ]
    with TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"ANNSCOPE_HOME": str(Path(folder) / "home")}):
        for k, group in enumerate(groups):
            file = Path(folder) / f"{k} [red] :red[{k}] ![p](e.test).csv"
            _train(file, group, commands)
            for command, encoding in product(COMMANDS, ENCODINGS):
                shown = _check_command(command, encoding, commands)
                if command == ("evaluate", "latest"):
                    for name in group:
                        vanished = visible(name, encoding) not in shown
                        letters.count(f"{name!r} vanished on a terminal of {encoding}" if vanished else None)
        with sync_playwright() as playwright:
            if find_chromium(playwright) is None:
                sys.stderr.write("No Chromium or Chrome found: the pages were not checked.\n")
                return tallies[:2]
            with dashboard(Path(folder) / "home") as served, contextlib.closing(open_chromium(playwright)) as browser:
                _check_pages(browser, served, groups, pages, words, network)
    return tallies


def _train(file: Path, names: Sequence[str], commands: Tally) -> None:
    rng = np.random.default_rng(0)
    with file.open("w", newline="", encoding="utf-8") as text:
        rows = csv.writer(text)
        rows.writerow(["x", "y", "label"])
        rows.writerows([*(rng.normal(size=2) + k), name] for k, name in enumerate(names) for _ in range(20))
    _check_command(("train", "--data", str(file), "--hidden", "8", "--epochs", "2"), "utf-8", commands)


def _check_command(command: Sequence[str], encoding: str, commands: Tally) -> str:
    """What a command shows on a terminal of an encoding."""
    shown = io.BytesIO()
    stream = io.TextIOWrapper(shown, encoding=encoding, write_through=True)
    failure = None
    try:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            cli.main(list(command))
    except SystemExit:
        pass
    except Exception as error:
        failure = f"{command}: {error!r}"
    text = shown.getvalue().decode(encoding)
    if CONTROLS & set(text):
        failure = f"{command}: {sorted(CONTROLS & set(text))} reached the terminal"
    commands.count(failure)
    return text


def _check_pages(
    browser: Browser, served: Served, groups: Sequence[Sequence[str]], pages: Tally, words: Tally, network: Tally
) -> None:
    page, host = browser.new_page(), urlsplit(served.url).netloc
    foreign: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda asked: foreign.append(asked.url) if _is_foreign(asked.url, host) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    for run, names in zip(run_ids(), groups, strict=True):
        for address, ready, name in _addresses(run, names):
            foreign.clear()
            wrong.clear()
            page.goto(served.url + address)
            page.locator(ready).first.wait_for(timeout=WAIT_MS)
            page.wait_for_load_state("networkidle")
            wrong += page.locator("[data-testid=stException]").all_text_contents()
            pages.count(f"{address}: {wrong[0]}" if wrong else None)
            network.count(f"{address}: {foreign[0]}" if foreign else None)
            if name is not None:
                words.count(None if _shows(page, name) else f"{address}: {name!r} vanished")


def _addresses(run: str, names: Sequence[str]) -> Iterator[tuple[str, str, str | None]]:
    """A URL, an element of its page, and the name that its text must contain."""
    alert = "[data-testid=stAlert]"
    yield f"/?{urlencode({'run': run})}", ".annscope-stage canvas", None
    yield f"/?{urlencode({'run': run, 'data': names[0], names[-1]: '1'})}", alert, None
    yield f"/drawing?{urlencode({'run': run, 'class': names[0][:-1], 'sample': names[-1]})}", alert, None
    for k, name in enumerate(names):
        view = list(VIEWS)[k % len(VIEWS)]
        about = {"run": run, "class": name}
        yield f"/classes?{urlencode(about | {'view': 'thresholds'})}", ".st-key-called", name
        yield f"/classes?{urlencode(about | {'view': 'classes'})}", "h5", name
        yield f"/classes?{urlencode(about | {'view': view, 'subset': name, 'show': name})}", alert, None


def _shows(page: Page, name: str) -> bool:
    """Whether some words of Streamlit's on the page come to hold a name letter by letter."""
    holds = """wanted => [...document.querySelectorAll("[data-testid=stMarkdownContainer]")]
        .some((words) => words.textContent.includes(wanted))"""
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(holds, arg=" ".join(visible(name).split()), timeout=SHOWN_MS)
        return True
    return False


def _is_foreign(url: str, host: str) -> bool:
    return urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != host


if __name__ == "__main__":
    tally.main("tests.faults.foreign_names", check, RUNS)
