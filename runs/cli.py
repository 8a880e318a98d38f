"""The command line, `annscope ...`: what stands in `core.config.FIELDS` becomes its options."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from core.config import FIELDS, Field, RunConfig
from core.dataset_names import SPLITS
from core.errors import AnnscopeError, ConfigError, did_you_mean, one_of
from runs.atomic import to_json

Function = TypeVar("Function", bound=Callable[..., Any])

MISTAKE = 2
INTERRUPTED = 130


class Group(click.Group):
    """A group that names the nearest command when there is none of the name given."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            commands = self.list_commands(ctx)
            raise click.UsageError(f"no such command {name!r}{did_you_mean(name, commands)}; there are {commands}")
        return super().resolve_command(ctx, args)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status.

    0 when done, 1 when a run failed, 2 for a mistake (with one line on standard error), 130 after Ctrl-C.
    """
    try:
        status = annscope.main(args=arguments, prog_name="annscope", standalone_mode=False)
    except click.exceptions.Exit as end:
        status = end.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("ended.")
        status = INTERRUPTED
    except click.ClickException as error:
        _complain(_one_line(error.format_message()))
        status = MISTAKE
    except AnnscopeError as error:
        _complain(_one_line(str(error)))
        status = MISTAKE
    except BrokenPipeError:
        # Whoever read our output has seen enough; do not fail again when Python flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


def _complain(message: str) -> None:
    click.echo(f"annscope: {message}", err=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


@click.group(cls=Group, invoke_without_command=True)
@click.version_option(version("annscope"), message="annscope %(version)s")
@click.pass_context
def annscope(context: click.Context) -> None:
    """See a neural network think while it learns.

    Without a command: opens the dashboard.
    """
    if context.invoked_subcommand is None:
        context.invoke(dashboard)


@annscope.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Where it listens.")
@click.option("--headless", is_flag=True, help="Do not open a browser.")
def dashboard(port: int = 8501, headless: bool = False) -> None:
    """Open the dashboard in the browser."""
    command = [sys.executable, "-m", "dashboard", "--port", str(port)] + (["--headless"] if headless else [])
    if os.name == "posix":
        # Become the dashboard: whoever ends annscope then ends the dashboard.
        os.execv(sys.executable, command)
    raise click.exceptions.Exit(subprocess.call(command))


def _settings(function: Function) -> Function:
    for item in reversed(FIELDS.values()):
        function = _option(item)(function)
    return function


def _option(item: Field) -> Callable[[Function], Function]:
    name, argument = f"--{item.option}", f"option_{item.option.replace('-', '_')}"
    if item.kind == "switch":
        shown = "on" if item.default else "off"
        return click.option(f"{name}/--no-{item.option}", argument, default=None, help=f"{item.help}  [default: {shown}]")
    text = f"{item.help}  [{'|'.join(item.choices)}]" if item.choices else item.help
    metavar = {"integer": "N", "number": "X", "count": f"N|{item.word}", "sizes": "N,N,..."}.get(item.kind, "NAME")
    text += f"  [default: {item.format(item.default)}]"
    return click.option(name, argument, default=None, metavar=metavar, help=text)


def _config(options: dict[str, Any]) -> RunConfig:
    values = {}
    for item in FIELDS.values():
        given = options[f"option_{item.option.replace('-', '_')}"]
        if given is not None:
            try:
                values[item.option] = given if isinstance(given, bool) else item.parse(given)
            except ConfigError as error:
                raise ConfigError(str(error).replace(item.name, f"--{item.option}", 1)) from error
    return RunConfig().with_values(values)


_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output, nothing else.")


@annscope.command()
@_settings
@_json
def train(as_json: bool, **options: Any) -> None:
    """Train a network here; the dashboard can watch and control it."""
    from data.datasets import check_name
    from runs.launch import with_full_path
    from runs.record import create_run
    from runs.threads import wanted_threads

    config = with_full_path(_config(options))
    check_name(config.data.name)
    _work(create_run(config), wanted_threads(), None, as_json)


@annscope.command()
@click.argument("run")
@click.option("--epochs", metavar="N", default=None, help="How many epochs the run is to have in all.")
@_json
def resume(run: str, epochs: str | None, as_json: bool) -> None:
    """Go on with a run that was stopped or interrupted, or give a finished one more epochs."""
    from runs.launch import prepare_resume, recorded_threads
    from runs.record import find_run

    try:
        n_epochs = None if epochs is None else FIELDS["epochs"].parse(epochs)
    except ConfigError as error:
        raise ConfigError(str(error).replace("n_epochs", "--epochs", 1)) from error
    run = find_run(run)
    directory = prepare_resume(run, n_epochs)
    _work(run, recorded_threads(directory), n_epochs, as_json)
