"""Commands: appended by any process, read once, in order, and rejected with a sentence if they are invalid."""

from __future__ import annotations

from pathlib import Path

import pytest

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.runs.catalogue import run_directory
from annscope.runs.control import Command, CommandReader, end_of_commands, send
from annscope.runs.reader import RunReader
from annscope.runs.status import write_status
from annscope.runs.writer import create_run


@pytest.fixture
def run(config: RunConfig) -> str:
    """A run that this process works on, according to its status."""
    return create_run(config)


def test_commands_are_read_once_and_in_order(run: str) -> None:
    """What is sent arrives as it was sent, with the id that send returned."""
    reader = CommandReader(run_directory(run))
    assert reader.poll() == []
    ids = [send(run, "pause"), send(run, "learning_rate", 0.25)]
    assert reader.poll() == [Command("pause", None, ids[0]), Command("learning_rate", 0.25, ids[1])]
    assert reader.poll() == []


def test_earlier_commands_are_not_for_a_later_worker(run: str) -> None:
    """A reader that starts where the commands ended sees only later ones."""
    directory = run_directory(run)
    assert end_of_commands(directory) == 0
    send(run, "stop")
    reader = CommandReader(directory, end_of_commands(directory))
    send(run, "pause")
    assert [command.name for command in reader.poll()] == ["pause"]


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[]", "{}", '{"command": "explode"}', '{"command": "learning_rate", "value": -1}', '{"command": []}'],
)
def test_what_is_no_command_is_passed_over(run: str, line: str) -> None:
    """A foreign line in the file hides neither the commands before it nor those after."""
    directory = run_directory(run)
    send(run, "pause")
    with (directory / "control.jsonl").open("a") as file:
        file.write(line + "\n")
    send(run, "resume")
    assert [command.name for command in CommandReader(directory).poll()] == ["pause", "resume"]


def test_half_a_command_waits_for_its_end(run: str) -> None:
    """A command that is still being written is read when it is whole."""
    directory = run_directory(run)
    reader = CommandReader(directory)
    with (directory / "control.jsonl").open("a") as file:
        file.write('{"command": "pau')
    assert reader.poll() == []
    with (directory / "control.jsonl").open("a") as file:
        file.write('se"}\n')
    assert [command.name for command in reader.poll()] == ["pause"]


@pytest.mark.parametrize(
    ("command", "value", "message"),
    [
        ("pase", None, "did you mean 'pause'"),
        ("learning_rate", None, "learning_rate must be a number above 0"),
        ("learning_rate", 0.0, "got 0.0"),
        ("learning_rate", float("nan"), "got nan"),
    ],
)
def test_a_wrong_command_is_rejected(run: str, command: str, value: float | None, message: str) -> None:
    """Nothing is written for a command that does not exist or breaks a rule."""
    with pytest.raises(AnnscopeError, match=message):
        send(run, command, value)
    assert end_of_commands(run_directory(run)) == 0


def test_a_run_that_nobody_works_on_takes_no_commands(run: str) -> None:
    """A command to a finished run, or to one that does not exist, raises an error."""
    directory: Path = run_directory(run)
    write_status(directory, {**RunReader(directory).status(), "status": "finished"})  # type: ignore[typeddict-item]
    with pytest.raises(AnnscopeError, match="is finished; learning rate needs a run in progress"):
        send(run, "learning_rate", 0.5)
    with pytest.raises(AnnscopeError, match="There is no run 'elsewhere'"):
        send("elsewhere", "pause")
