"""A configuration as a command is that configuration again."""

from __future__ import annotations

import shlex

import pytest

from annscope.core.config import FIELDS, RunConfig
from annscope.runs.cli import train
from annscope.runs.command_line import command_line
from annscope.runs.options import config_of


def parsed(command: str) -> RunConfig:
    """The configuration that the command line makes of a command."""
    program, name, *arguments = shlex.split(command)
    assert (program, name) == ("annscope", "train")
    given = train.make_context("train", list(arguments)).params
    return config_of({name: value for name, value in given.items() if name.startswith("option_")}, None)


def test_the_defaults_need_no_options() -> None:
    """What is as usual is not said."""
    assert command_line(RunConfig()) == "annscope train"


@pytest.mark.parametrize(
    "settings",
    [
        {"data": "/home/me/it's my file.csv"},
        {"data": "moons", "noise": 0.25, "extra-inputs": ("x1^2", "x1x2")},
        {"hidden": (), "epochs": 3},
        {"hidden": (8, 4), "activation": ("relu", "tanh"), "batch-norm": True, "bias": False, "shuffle": False},
        {"batch-size": "full", "snapshot-every": 7, "learning-rate": 1e-5, "optimizer": "sgd"},
    ],
)
def test_a_command_gives_the_same_configuration(settings: dict[str, object]) -> None:
    """Quoted for a shell, with every kind of setting."""
    config = RunConfig().with_values(settings)
    assert parsed(command_line(config)) == config
    assert all(f"--{option}" in command_line(config) or f"--no-{option}" in command_line(config) for option in settings)


def test_every_setting_has_its_option() -> None:
    """A setting that is added is not forgotten."""
    for option, item in FIELDS.items():
        if item.kind == "switch":
            config = RunConfig().with_values({option: not item.default})
            assert parsed(command_line(config)) == config
