"""Options of the commands: each setting in `core.config.FIELDS`, and what several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from annscope.core.config import FIELDS, Field, RunConfig
from annscope.core.errors import ConfigError
from annscope.core.recipes import recipe as recipe_named

Function = TypeVar("Function", bound=Callable[..., Any])


def settings_options(function: Function) -> Function:
    """Give a command an option for each setting; it receives them as `**options`, those not given as None."""
    for item in reversed(FIELDS.values()):
        function = _option(item)(function)
    return function


def _option(item: Field) -> Callable[[Function], Function]:
    name, argument = f"--{item.option}", _argument(item)
    if item.kind == "switch":
        shown = item.format(item.default) if item.words else "on" if item.default else "off"
        return click.option(
            f"{name}/--no-{item.option}", argument, default=None, help=f"{item.help}  [default: {shown}]"
        )
    text = f"{item.help}  [{'|'.join(item.choices)}]" if item.choices else item.help
    metavar = {
        "integer": "N",
        "number": "X",
        "count": "|".join(("N", *item.words)),
        "sizes": "N,N,...",
        "names": "NAME,...",
    }.get(item.kind, "NAME")
    text += f"  [default: {item.format(item.default)}]"
    return click.option(name, argument, default=None, metavar=metavar, help=text)


def _argument(item: Field) -> str:
    return "option_" + item.option.replace("-", "_")


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Those of the settings' options that were given, by their names, as they were typed."""
    return {name: options[_argument(item)] for name, item in FIELDS.items() if options[_argument(item)] is not None}


def config_of(options: dict[str, Any], recipe: str | None) -> RunConfig:
    """The config that parsed options stand for, those not given from a recipe or the defaults."""
    settings = {} if recipe is None else dict(recipe_named(recipe).settings)
    typed = {name: parse_setting(FIELDS[name], value) for name, value in given_options(options).items()}
    return RunConfig().with_values(settings | typed)


def parse_setting(item: Field, given: str | bool) -> Any:
    """The value of a setting as typed. Raises ConfigError, which names its option."""
    try:
        return given if isinstance(given, bool) else item.parse(given)
    except ConfigError as error:
        # The error names the option as it was typed.
        raise ConfigError(str(error).replace(item.name, f"--{item.option}", 1)) from error


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per line on standard output, nothing else."
)


pace_option = click.option(
    "--pace",
    metavar="X",
    default=None,
    help="Train at a person's pace: so many snapshots a second. The result is the same.  [default: as fast as it can]",
)


recipe_option = click.option(
    "--recipe", metavar="NAME", default=None, help="Start from the settings of a recipe (see: annscope recipes)."
)
threads_option = click.option(
    "--threads", metavar="N", default=None, help="Number of cores to use; part of what makes a run reproducible."
)


def parse_pace(text: str | None) -> float | None:
    """The value of `--pace`. Raises ConfigError."""
    return None if text is None else parse_number("--pace", text)


def parse_threads(text: str) -> int:
    """The value of `--threads`. Raises ConfigError."""
    if not text.isdigit() or int(text) < 1:
        raise ConfigError(f"--threads must be a whole number at least 1, got {text!r}")
    return int(text)


def parse_whole_number(option: str, text: str) -> int:
    """A whole number at least 0. Raises ConfigError, which names the option."""
    if not text.isdigit():
        raise ConfigError(f"{option} must be a whole number at least 0, got {text!r}")
    return int(text)


def parse_number(option: str, text: str) -> float:
    """A number. Raises ConfigError, which names the option."""
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{option} must be a number, got {text!r}") from None
