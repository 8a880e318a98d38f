"""Damaged runs and odd folders: every page works beside them, with one error message."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from annscope.dashboard import address, state
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.server.routes import routes
from annscope.runs import control
from annscope.runs.record import RecordError

PAGES = ("train", "inspect", "draw")


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser on this machine."""
    with TestClient(Starlette(routes=routes)) as browser:
        yield browser


def open_page(page: str, **parameters: str) -> AppTest:
    """A page at an address, drawn as the server draws it."""
    test = AppTest.from_string(
        f"""
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.pages import {page}
with show_errors():
    {page}.page()
""",
        default_timeout=20,
    )
    test.query_params.update(parameters)
    test.run()
    assert not test.exception
    return test


def labels(page: AppTest) -> list[str]:
    """The options of the list of runs."""
    return list(page.selectbox(key=state.PICKER).options)


def of_damage(page: AppTest) -> list[str]:
    """The messages of a page about damage; the data of a handmade record is never what it was."""
    return [error.value for error in page.error if "has changed since" not in error.value]


@pytest.mark.parametrize("page", PAGES)
def test_odd_folders_are_lines_in_the_list_and_nothing_else(record: Callable[..., Any], page: str) -> None:
    """A copy, a stray folder, a name that is no text: each is listed with the reason; the newest run is shown."""
    run = record(2)
    for name in (f"{run.run} (copy)", f"{run.run}.bak", "__MACOSX", os.fsdecode(b"\xff")):
        shutil.copytree(run.directory, run.directory.with_name(name))
    run.directory.with_name("zzz").mkdir()
    shown = open_page(page)
    assert shown.query_params[address.RUN] == run.run
    assert not of_damage(shown)
    about = labels(shown)
    assert len(about) == 6
    assert sum("This is not a run" in label for label in about) == 4
    assert sum("has no config.json" in label for label in about) == 1


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"), ("config.json", b"[" * 100_000), ("status.json", b'{"status": 5}'),
        ("metrics.jsonl", b"nonsense\n"), ("metrics.jsonl", b'{"type": "snapshot", "number": 7}\n'),
    ],
)  # fmt: skip
def test_a_damaged_run_is_a_sentence_on_every_page(
    record: Callable[..., Any], page: str, name: str, content: bytes
) -> None:
    """At its own address a damaged record gives the reason, and the other run can still be selected."""
    good, bad = record(2), record(2)
    (bad.directory / name).write_bytes(content)
    shown = open_page(page, run=bad.run)
    messages = [block.value for block in (*shown.error, *shown.info)]
    assert any(name.split(".")[0] in sentence.replace("\\", "") for sentence in messages)
    assert any(good.run not in label and "unreadable" not in label for label in labels(shown))
    assert not of_damage(open_page(page, run=good.run))


def test_routes_respond_to_a_damaged_run_with_an_error(record: Callable[..., Any], client: TestClient) -> None:
    """No route fails over a record that cannot be read, nor over one without arrays yet."""
    bad, young = record(2), record(described=False)
    young.set_status("running")
    (bad.directory / "snapshots" / "000001.safetensors").write_bytes(b"not arrays")
    for run in (bad, young):
        for name in ("probe", "snapshots/1", "histograms", "classes", "neurons/0/0", "input", "labels"):
            response = client.get(f"/annscope/runs/{run.run}/{name}")
            assert response.status_code in {200, 404}
            assert response.json() if response.status_code == 404 else True


@pytest.mark.parametrize("page", PAGES)
def test_a_run_of_another_version_is_an_error_on_every_page(record: Callable[..., Any], page: str) -> None:
    """Settings that this version does not know are named in one message, and none is guessed."""
    run = record(2)
    path = run.directory / "config.json"
    path.write_text(path.read_text().replace('"momentum"', '"lookahead"'))
    shown = open_page(page, run=run.run)
    messages = " ".join(block.value for block in (*shown.error, *shown.info)).replace("\\", "")
    assert "other settings (training lookahead, training momentum)" in messages


def test_an_unresponsive_run_is_not_shown_as_running(record: Callable[..., Any]) -> None:
    """What the page is sent is for how long the process has been silent, instead of a time left."""
    run = record(2)
    run.set_status("running", seconds_left=480.0, heartbeat=time.time() - 12)
    status = get_live_run(run.run).status
    assert re.search(r"No heartbeat for \d+ s", status["message"] or "")
    assert (status["status"], status["seconds_left"]) == ("unresponsive", None)
    assert get_live_run(run.run).at_work


def test_a_command_error_disappears_when_it_is_no_longer_true(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of a command is shown until a precondition has changed: here, the settings."""
    run = record(2)
    run.set_status("running")
    page = open_page("train", run=run.run)

    def fail(*_: object) -> str:
        raise control.ControlError("Run x is starting; pause needs a run in progress.")

    monkeypatch.setattr(control, "send", fail)
    page.button(key=state.PAUSE).click().run()
    assert "pause needs a run" in page.error[0].value
    page.run()
    assert page.error
    page.number_input(key=state.control("seed")).set_value(5).run()
    assert not page.error


def test_a_full_disk_is_named_on_the_page(record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that cannot be written because the disk is full is one sentence that names the disk."""
    run = record(2)
    run.set_status("running")
    page = open_page("train", run=run.run)

    def fill(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", str(run.directory / "control.jsonl"))

    monkeypatch.setattr(control, "send", fill)
    page.button(key=state.PAUSE).click().run()
    assert not page.exception
    assert page.error[0].value.startswith("The disk mounted at")
    assert "is full" in page.error[0].value


def test_a_run_that_cannot_be_brought_back_is_one_sentence(record: Callable[..., Any]) -> None:
    """What fails when a button of the Runs page is pressed is said on the page, which stays as it was."""
    record(2)
    page = open_page("runs")
    page.session_state[state.RUNS_DISCARDED] = ["gone"]
    page.run()
    next(button for button in page.button if button.label == "Undo").click().run()
    assert not page.exception
    assert len(page.error) == 1
    assert page.error[0].value.startswith("Run gone cannot be brought back")
    assert page.caption


def test_a_home_that_cannot_be_listed_is_a_sentence_on_every_page(home: Path) -> None:
    """If the path of the runs is no folder, each page has an error."""
    home.mkdir(exist_ok=True)
    (home / "runs").write_text("")
    for page in PAGES:
        assert "cannot be listed" in open_page(page).error[0].value


def test_a_status_that_is_no_file_any_more_ends_the_following(record: Callable[..., Any]) -> None:
    """A record that breaks while it is watched is an error in words for its viewers."""
    run = record(1)
    get_live_run(run.run)
    (run.directory / "status.json").unlink()
    (run.directory / "status.json").symlink_to("status.json")
    with pytest.raises(RecordError, match="cannot be read"):
        get_live_run(run.run)
