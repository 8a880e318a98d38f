"""Commands to a running worker: lines that any process may append and the worker reads.

Appending is one write, so two dashboards never overwrite each other's commands, and the worker
handles them in the order in which they arrived.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annscope.core.config import FIELDS
from annscope.core.errors import AnnscopeError, one_of
from annscope.runs.atomic import GrowingLines, append_line
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.schema import parse_json
from annscope.runs.status import LIVE

COMMANDS = ("pause", "resume", "step", "stop", "learning_rate", "pace", "pin", "unpin")
FILE = "control.jsonl"
MAX_PACE = 1000.0


class ControlError(AnnscopeError):
    """A command that cannot be sent: the message gives the reason."""


@dataclass(frozen=True)
class Command:
    """One command; `value` is the new learning rate or pace, the number of the snapshot to pin or unpin, else None."""

    name: str
    value: float | int | None
    id: str


def send(run: str, command: str, value: float | int | None = None) -> str:
    """Send a command to the worker of a run; returns the command's id.

    The worker responds through the record: by an event, or by a changed status.

    A pace is a number of snapshots a second, or None for as fast as it can.

    Raises ControlError for an unknown command, for a pace that breaks its rule and for a run that no process is
    working on, ConfigError for a learning rate that breaks its rule, RecordError for a run that does not exist.
    """
    directory = run_directory(run)
    line = _check({"command": command, "value": value, "id": uuid.uuid4().hex})
    status = RunReader(directory).status()["status"]
    if status not in LIVE:
        raise ControlError(f"Run {run} is {status}; {command.replace('_', ' ')} needs a run in progress.")
    end_of_commands(directory)
    append_line(directory / FILE, {"command": line.name, "value": line.value, "id": line.id})
    return line.id


def _check(values: Any) -> Command:
    command = values["command"]
    if command not in COMMANDS:
        raise ControlError(one_of("command", command, COMMANDS))
    value = values.get("value")
    if command == "learning_rate":
        value = FIELDS["learning-rate"].check(value)
    elif command == "pace":
        value = check_pace(value)
    elif command in {"pin", "unpin"}:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ControlError(f"{command} needs the number of a snapshot, got {value!r}.")
    else:
        value = None
    return Command(command, value, str(values.get("id", "")))


def check_pace(value: Any) -> float | None:
    """A pace as a number of snapshots a second, or None; raises ControlError for anything else."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 < value <= MAX_PACE):
        rule = f"pace must be a number of snapshots a second, above 0 and at most {MAX_PACE:g}"
        raise ControlError(f"{rule}, got {value!r}.")
    return float(value)


class CommandReader:
    """Reader of the commands that arrive, each once. Lines that are not valid commands are ignored."""

    def __init__(self, directory: Path, position: int = 0) -> None:
        self._lines = GrowingLines(directory / FILE, position)

    def poll(self) -> list[Command]:
        """The commands since the last call; without new ones this costs one `stat` of the file."""
        commands = []
        try:
            texts = list(self._lines.read())
        except (OSError, ValueError):
            return []  # not a file that a command could have been written to
        for text in texts:
            try:
                commands.append(_check(parse_json(text)))
            except (AnnscopeError, ValueError, TypeError, KeyError):
                continue
        return commands


def end_of_commands(directory: Path) -> int:
    """Offset in bytes at which the next command will be written: what comes before was meant for earlier workers.

    Raises ControlError if no command can be written.
    """
    lines = GrowingLines(directory / FILE)
    try:
        for _ in lines.read():
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ControlError(f"Run {directory.name} cannot take commands: {FILE}: {reason}.") from error
    return lines.position
