"""The Train page without a browser: the display of a run, and the buttons."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from annscope.core.config import RunConfig
from annscope.dashboard import address, state
from annscope.dashboard.components import commands
from annscope.dashboard.components.loading import code
from annscope.dashboard.components.welcome import EXAMPLES
from annscope.runs import control, launch
from annscope.runs.catalogue import run_ids
from annscope.runs.control import CommandReader
from tests.dashboard.conftest import component_data
from tests.records import train_run

APP = Path(__file__).parents[2] / "dashboard" / "navigation.py"
BUTTONS = (state.START, state.PAUSE, state.STEP, state.STOP)

WATCHED = RunConfig().with_values({"snapshot-every": "auto"})
"""The defaults of the dashboard."""


def open_page(**parameters: str) -> AppTest:
    """The page at an address."""
    page = AppTest.from_file(str(APP), default_timeout=20)
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, record: Callable[..., Any]) -> list[RunConfig]:
    """What was started, instead of starting it."""
    configs: list[RunConfig] = []

    def start(config: RunConfig, **_: Any) -> str:
        configs.append(config)
        run: str = record(1, "running").run
        return run

    monkeypatch.setattr(launch, "start", start)
    return configs


def test_the_first_visit_invites(started: list[RunConfig]) -> None:
    """Without any run the page shows an introduction, and one click trains on real digits."""
    page = open_page()
    assert "neural network" in page.title[0].value
    page.button(key=state.FIRST).click().run()
    assert not page.exception
    assert started == [WATCHED]
    assert page.query_params[address.RUN] == run_ids()[-1]


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_an_example_starts_with_its_settings(started: list[RunConfig], index: int) -> None:
    """Each card starts its settings, whatever the controls were before, and sets them."""
    page = open_page(epochs="3", seed="5")
    page.button(key=state.example(index)).click().run()
    assert not page.exception
    assert started == [WATCHED.with_values(EXAMPLES[index].settings)]
    assert page.session_state[state.SETTINGS]["hidden"] == EXAMPLES[index].settings["hidden"]


def test_start_uses_the_controls_and_shows_the_new_run(started: list[RunConfig], record: Callable[..., Any]) -> None:
    """Start trains with the settings of the sidebar, which keep their values."""
    old = record(2)
    page = open_page(run=old.run, epochs="7", data="digits", snapshot="1", probe="1")
    page.button(key=state.START).click().run()
    assert not page.exception
    assert started == [WATCHED.with_values({"epochs": 7, "data": "digits"})]
    assert page.query_params == {"run": run_ids()[-1], "epochs": "7", "data": "digits"}
    assert page.select_slider(key=state.control("epochs")).value == 7


@pytest.mark.parametrize(
    ("status", "enabled", "label"),
    [
        ("starting", {state.START, state.STOP}, "Pause"),
        ("running", {state.START, state.PAUSE, state.STOP}, "Pause"),
        ("paused", {state.START, state.PAUSE, state.STEP, state.STOP}, "Resume"),
        ("finished", {state.START, state.PAUSE}, "Go on"),
        ("stopped", {state.START, state.PAUSE}, "Resume"),
        ("interrupted", {state.START, state.PAUSE}, "Resume"),
        ("diverged", {state.START}, "Pause"),
        ("failed", {state.START, state.PAUSE}, "Resume"),
    ],
)
def test_buttons_can_be_pressed_when_they_make_sense(
    record: Callable[..., Any], status: str, enabled: set[str], label: str
) -> None:
    """A button whose command would fail is disabled, and every status has its label."""
    page = open_page(run=record(2, status).run)
    assert {key for key in BUTTONS if not page.button(key=key).disabled} == enabled
    assert page.button(key=state.PAUSE).label == label


@pytest.mark.parametrize(
    ("key", "status", "command"),
    [(state.PAUSE, "running", "pause"), (state.PAUSE, "paused", "resume"), (state.STEP, "paused", "step"),
     (state.STOP, "running", "stop")],
)  # fmt: skip
def test_a_button_sends_its_command(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, key: str, status: str, command: str
) -> None:
    """The worker gets exactly the command that was clicked."""
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.0)
    run = record(2, status)
    page = open_page(run=run.run)
    page.button(key=key).click().run()
    assert not page.exception
    assert [sent.name for sent in CommandReader(run.directory).poll()] == [command]


@pytest.mark.parametrize("status", ["stopped", "interrupted", "failed"])
def test_a_run_that_was_ended_is_resumed(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Resume continues what was stopped, at the pace that was chosen."""
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.0)
    calls: list[tuple[str, float | None]] = []
    monkeypatch.setattr(launch, "resume", lambda run, pace: calls.append((run, pace)))
    run = record(2, status)
    page = open_page(run=run.run)
    page.selectbox(key=state.PACE).select(10.0).run()
    page.button(key=state.PAUSE).click().run()
    assert calls == [(run.run, 10.0)]


def test_go_on_asks_for_how_many_epochs_more(record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run offers its own number of epochs again, and takes another one."""
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.0)
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr(launch, "go_on", lambda run, n_more, **_: calls.append((run, n_more)))
    run = record(2, "finished", epochs=3)
    page = open_page(run=run.run)
    page.button(key=state.PAUSE).click().run()
    assert calls == []
    assert page.number_input(key=state.MORE_EPOCHS).value == 3
    page.number_input(key=state.MORE_EPOCHS).set_value(5).run()
    page.button(key=state.TRAIN_ON).click().run()
    assert calls == [(run.run, 5)]


def test_the_pace_is_changed_while_it_trains(record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace of a run at work is what its worker keeps; a choice is sent to it, and holds for the next run."""
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.0)
    run = record(2, "running")
    run.set_status("running", pace=3.0)
    page = open_page(run=run.run)
    assert page.selectbox(key=state.PACE).value == 3.0
    page.selectbox(key=state.PACE).select(None).run()
    (sent,) = CommandReader(run.directory).poll()
    assert (sent.name, sent.value) == ("pace", None)


def test_the_learning_rate_is_moved_while_it_trains(record: Callable[..., Any]) -> None:
    """The live slider shows what is recorded, sends what is chosen, and follows what another tab did."""
    run = record(2, "running", **{"learning-rate": 0.0075})
    page = open_page(run=run.run, seed="3")
    slider = page.select_slider(key=state.LIVE_RATE)
    assert slider.value == 0.0075
    slider.set_value(0.02).run()
    assert not page.exception
    (sent,) = CommandReader(run.directory).poll()
    assert (sent.name, sent.value) == ("learning_rate", 0.02)
    assert page.select_slider(key=state.LIVE_RATE).value == 0.02, "it stays until the record confirms it"
    run.event("learning_rate", value=0.3)
    page.run()
    assert page.select_slider(key=state.LIVE_RATE).value == 0.3
    assert page.session_state[state.SETTINGS]["learning-rate"] == 0.001, "the next run's setting is another one"


def test_the_live_slider_does_not_go_back_while_it_is_moved(record: Callable[..., Any]) -> None:
    """The first choice is recorded after the second was made: the slider keeps the second, and its next keys."""
    run = record(2, "running", **{"learning-rate": 0.001})
    page = open_page(run=run.run)
    for rate in (0.002, 0.003, 0.005):
        page.select_slider(key=state.LIVE_RATE).set_value(rate).run()
    for recorded, shown in ((0.002, 0.005), (0.003, 0.005), (0.005, 0.005), (0.002, 0.002)):
        run.event("learning_rate", value=recorded)
        page.run()
        assert page.select_slider(key=state.LIVE_RATE).value == shown
    page.select_slider(key=state.LIVE_RATE).set_value(0.01).run()
    run.event("learning_rate", value=0.3)
    page.run()
    assert page.select_slider(key=state.LIVE_RATE).value == 0.3, "another tab was last"


def test_a_failed_command_is_shown(record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """When the worker ended between drawing and clicking, the page shows the error and stays."""
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.0)

    def fail(*_: object) -> str:
        raise control.ControlError("Run x is finished; pause needs a run in progress.")

    run = record(2, "running")
    page = open_page(run=run.run)
    monkeypatch.setattr(control, "send", fail)
    page.button(key=state.PAUSE).click().run()
    assert not page.exception
    assert "needs a run in progress" in page.error[0].value


def test_without_a_name_the_newest_run_is_shown(record: Callable[..., Any]) -> None:
    """The bare address shows the newest run and names it, so that a reload shows the same."""
    record(2)
    newest = record(3)
    page = open_page()
    assert page.query_params == {"run": newest.run}
    assert page.selectbox(key=state.PICKER).value == newest.run


def test_an_earlier_run_is_picked(record: Callable[..., Any]) -> None:
    """The list has every run, newest first, with how it ended and its best accuracy, and choosing one opens it."""
    old = record(2, "stopped")
    old.append(1, accuracy=0.875)
    new = record(3)
    page = open_page(run=new.run, snapshot="1")
    picker = page.selectbox(key=state.PICKER)
    assert "finished" in picker.options[0]
    assert "stopped" in picker.options[1]
    assert "best 87.5%" in picker.options[1]
    picker.set_value(old.run).run()
    assert not page.exception
    assert page.query_params == {"run": old.run}
    assert page.selectbox(key=state.PICKER).value == old.run


def test_an_unknown_run_is_a_warning_and_the_newest_is_shown(record: Callable[..., Any]) -> None:
    """A link to a deleted run gives a warning and the newest run."""
    run = record(2)
    page = open_page(run=run.run[:-1] + "x")
    assert "There is no run" in page.warning[0].value
    assert page.query_params == {"run": run.run}


def test_what_the_next_run_changes_stands_in_chips(record: Callable[..., Any]) -> None:
    """Each setting that differs from the run shown has a chip that takes it back; one button takes all back."""
    run = record(2, seed=11, noise=0.4, **{"snapshot-every": "auto"})
    page = open_page(run=run.run, data="xor", hidden="3", noise="0.4", seed="11", activation="tanh", epochs="20")
    chips = [button.label for button in page.sidebar.button if button.key.startswith(state.difference(""))]
    assert chips == ["Activation relu → tanh", "Epochs 10 → 20"]
    page.button(key=state.difference("activation")).click().run()
    assert page.session_state[state.SETTINGS]["activation"] == "relu"
    assert page.session_state[state.SETTINGS]["epochs"] == 20
    page.button(key=state.AS_SHOWN).click().run()
    assert not page.exception
    assert page.query_params == {"run": run.run, "data": "xor", "hidden": "3", "seed": "11", "noise": "0.4"}
    assert page.number_input(key=state.control("seed")).value == 11
    assert "The same settings as the run shown." in [caption.value for caption in page.sidebar.caption]


def test_start_asks_before_it_replaces_a_run_at_work(
    started: list[RunConfig], record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run is at work, Start asks: that run is stopped first, or goes on beside the new one."""
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.0)
    run = record(2, "running")
    for answer, sent in ((state.STOP_AND_START, ["stop"]), (state.START_BESIDE, [])):
        page = open_page(run=run.run)
        reader = CommandReader(run.directory)
        reader.poll()
        page.button(key=state.START_BELOW).click().run()
        assert started == []
        page.button(key=answer).click().run()
        assert not page.exception
        assert started.pop() == WATCHED
        assert [command.name for command in reader.poll()] == sent
        assert page.query_params[address.RUN] == run_ids()[-1]


def test_a_run_without_worker_is_interrupted(record: Callable[..., Any]) -> None:
    """A run whose process died is shown as interrupted, not as running for ever."""
    run = record(2)
    run.set_status("running", pid=2**22 + 1, pid_started=1.0)
    page = open_page(run=run.run)
    assert page.button(key=state.PAUSE).label == "Resume"


def test_a_damaged_run_is_a_sentence(record: Callable[..., Any]) -> None:
    """A record that cannot be read is texts to be so, and the other runs stay in reach."""
    good, bad = record(2), record(2)
    (bad.directory / "config.json").write_text("{")
    page = open_page(run=bad.run)
    assert "config.json" in page.error[0].value
    page.selectbox(key=state.PICKER).set_value(good.run).run()
    assert not page.error
    assert page.query_params == {"run": good.run}


def test_a_snapshot_that_was_not_recorded_is_named(record: Callable[..., Any]) -> None:
    """A link to a snapshot that does not exist gives a warning with the last one."""
    run = record(3).run
    page = open_page(run=run, snapshot="7")
    assert "snapshot must be a whole number from 0 to 2, got '7'." in page.warning[0].value.replace("\\", "")
    assert not open_page(run=run, snapshot="2").warning


def test_the_live_view_gets_the_parameters_of_the_address(record: Callable[..., Any]) -> None:
    """A link with a snapshot and a probe image opens on them."""
    run = record(3)
    page = open_page(run=run.run, snapshot="1", probe="2")
    assert on_stage(page) == {
        "run": run.run, "snapshot": 1, "probe": 2, "sample": None, "since": None, "beside": None, "same": None,
        "names": None, "way": None, "status": "finished",
    }  # fmt: skip
    assert page.query_params == {"run": run.run, "snapshot": "1", "probe": "2"}


@pytest.mark.parametrize(("text", "is_kept"), [("start", True), ("last", True), ("1", False)])
def test_a_link_says_since_when_changes_are_shown(record: Callable[..., Any], text: str, is_kept: bool) -> None:
    """The moment of the address reaches the stage; the number of a pinned snapshot is not kept for another run."""
    other, run = record(2), record(3)
    page = open_page(run=run.run, since=text)
    assert on_stage(page)["since"] == text
    assert not page.warning
    page.selectbox(key=state.PICKER).set_value(other.run).run()
    assert on_stage(page)["since"] == (text if is_kept else None)


def test_a_moment_that_cannot_be_is_named(record: Callable[..., Any]) -> None:
    """A wrong moment in the address is one sentence, and the weights are shown."""
    page = open_page(run=record(2).run, since="yesterday")
    assert on_stage(page)["since"] is None
    (warning,) = page.warning
    assert "since must be start, last or the number of a snapshot, got 'yesterday'." in warning.value.replace("\\", "")


def test_the_live_view_gets_another_run_beside_the_one_shown(record: Callable[..., Any]) -> None:
    """By a link, with what both are called and by what their moments are the same, or by the list of the other runs."""
    before, run = record(2, "stopped"), record(3)
    page = open_page(run=run.run, beside=before.run, same="time")
    assert not page.warning
    about = on_stage(page)
    assert (about["beside"], about["same"]) == (before.run, "time")
    assert about["names"] == {each.run: [each.run, "the same settings"] for each in (run, before)}

    page = open_page(run=run.run)
    page.session_state[state.BESIDE] = True
    page.run()
    choice = page.selectbox(key=state.PICKER_BESIDE)
    assert len(choice.options) == 1
    choice.select_index(0).run()
    assert page.query_params[address.BESIDE] == before.run
    assert on_stage(page)["beside"] == before.run


def test_a_run_that_cannot_stand_beside_is_named(record: Callable[..., Any]) -> None:
    """The run shown itself, one that does not exist, and a measure that there is not: one sentence each."""
    record(2)
    run = record(3).run
    for beside in (run, f"{run}x"):
        page = open_page(run=run, beside=beside, same="epochs")
        assert on_stage(page)["beside"] is None
        about, same = (each.value.replace("\\", "") for each in page.warning)
        assert f"beside must be another run than the one shown, got {beside!r}" in about
        assert "same must be one of epoch, step, time, got 'epochs' (did you mean 'epoch'?)" in same


def stage_of(page: AppTest) -> Any:
    """The live view, among the components of the page."""
    (stage,) = (each.proto for each in page.get("bidi_component") if "train/main.js" in each.proto.json)
    return stage


def on_stage(page: AppTest) -> dict[str, Any]:
    """What the stage is told, but for where its code is."""
    about: dict[str, Any] = json.loads(stage_of(page).json)
    assert about.pop("base") == "/annscope"
    assert {name: about.pop(name) for name in code("train/main.js")} == code("train/main.js")
    return about


@pytest.mark.parametrize(("text", "sample"), [("validation-1", "validation-1"), ("1", "validation-1")])
def test_a_link_names_any_example(record: Callable[..., Any], text: str, sample: str) -> None:
    """An example is named by its split and its place there; a place alone is one of the split that judges."""
    page = open_page(run=record(2).run, sample=text)
    assert on_stage(page)["sample"] == sample
    assert on_stage(page)["probe"] is None
    assert not page.warning


@pytest.mark.parametrize("text", ["validation-1000000", "nowhere-1", "one", "validation-", "1,", "1,nan"])
def test_an_example_that_is_not_there_is_named(record: Callable[..., Any], text: str) -> None:
    """A wrong example in the address is one sentence, with one that there is, and the recorded ones are shown."""
    page = open_page(run=record(2).run, sample=text)
    assert on_stage(page)["sample"] is None
    (warning,) = page.warning
    assert "sample must be such as validation-0" in warning.value.replace("\\", "")


@pytest.mark.parametrize(("data", "sample"), [("xor", "0.5,-1.25e-3"), ("digits", None)])
def test_a_link_names_a_point_of_2d_data(data: str, sample: str | None) -> None:
    """A point of the plane goes to the live view as it is written; where the data has no plane it is an error."""
    page = open_page(run=train_run(data=data, hidden=(2,), epochs=1).run, sample="0.5,-1.25e-3")
    assert on_stage(page)["sample"] == sample
    assert bool(page.warning) == (sample is None)


def test_the_stage_stays_mounted(record: Callable[..., Any]) -> None:
    """Moving a control, starting and picking never take the live views off the page."""
    first, second = record(2), record(2)
    page = open_page(run=first.run)
    identity = stage_of(page).id
    page.select_slider(key=state.control("epochs")).set_value(20).run()
    assert stage_of(page).id == identity
    page.selectbox(key=state.PICKER).set_value(second.run).run()
    assert stage_of(page).id == identity


def test_a_run_started_here_is_seen_from_its_beginning(started: list[RunConfig], record: Callable[..., Any]) -> None:
    """A run is watched from its beginning in the tab that started it, and in no other."""
    other = record(2)
    assert component_data(open_page(run=other.run), state.STAGE)["way"] is None
    page = open_page(run=other.run)
    page.button(key=state.START).click().run()
    assert started
    assert component_data(page, state.STAGE)["way"] == "watch"
