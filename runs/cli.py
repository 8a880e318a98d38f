"""The command line, `annscope ...`: each setting in `core.config.FIELDS` becomes an option."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from annscope.core.config import FIELDS
from annscope.core.errors import AnnscopeError, did_you_mean
from annscope.core.recipes import RECIPES
from annscope.runs.options import (
    config_of,
    json_option,
    pace_option,
    parse_number,
    parse_pace,
    parse_setting,
    parse_threads,
    parse_whole_number,
    recipe_option,
    settings_options,
    threads_option,
)
from annscope.runs.sweep_cli import sweep
from annscope.runs.terminal import console, escape_unencodable, print_json, print_text, visible

if TYPE_CHECKING:
    from annscope.runs.annotations import Annotations

SPLITS = ("train", "validation", "test")

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130


class Group(click.Group):
    """A group of commands that suggests the nearest one for an unknown name."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            commands = self.list_commands(ctx)
            raise click.UsageError(f"no such command {name!r}{did_you_mean(name, commands)}; there are {commands}", ctx)
        return super().resolve_command(ctx, args)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status.

    0 when done, 1 when a run failed, 2 for a mistake (with one line on standard error), 130 after Ctrl-C.
    """
    escape_unencodable()
    try:
        status = annscope.main(args=arguments, prog_name="annscope", standalone_mode=False)
    except click.exceptions.Exit as end:
        status = end.exit_code
    except (click.Abort, KeyboardInterrupt):
        _print_error("ended.")
        status = INTERRUPTED
    except click.NoSuchOption as error:
        known = [name for option in error.ctx.command.params for name in option.opts] if error.ctx else []
        _print_error(f"no such option {error.option_name}{did_you_mean(error.option_name, known)}")
        status = MISTAKE
    except click.ClickException as error:
        _print_error(_one_line(error.format_message()))
        status = MISTAKE
    except AnnscopeError as error:
        _print_error(_one_line(str(error)))
        status = MISTAKE
    except BrokenPipeError:
        # The reader of our output has closed the pipe.
        _discard_output()
        status = 0
    except OSError as error:
        # For example, our output goes to a file on a full disk.
        _discard_output()
        with contextlib.suppress(OSError):
            _print_error(f"{error.filename or 'the output'} cannot be written: {error.strerror or error}.")
        status = FAILED
    sys.exit(status)


def _discard_output() -> None:
    """Discard what is still buffered, so that Python's last flush does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error(message: str) -> None:
    print_text(f"annscope: {message}", err=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


@click.group(cls=Group, invoke_without_command=True)
@click.version_option(package_name="annscope", message="annscope %(version)s")
@click.pass_context
def annscope(context: click.Context) -> None:
    """Watch a neural network while it trains.

    Without a command: opens the dashboard.
    """
    if context.invoked_subcommand is None:
        context.invoke(dashboard)


@annscope.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Address to listen on.")
@click.option(
    "--host", default=None, metavar="ADDRESS", help="Address to listen on for other machines; requires a token."
)
@click.option(
    "--origin",
    multiple=True,
    metavar="HOST",
    help="Public host name of the dashboard, such as a proxy's; requires a token.",
)
@click.option("--token", is_flag=True, help="Require a token on this machine too.")
@click.option("--headless", is_flag=True, help="Do not open a browser.")
def dashboard(
    port: int = 8501,
    host: str | None = None,
    origin: tuple[str, ...] = (),
    token: bool = False,
    headless: bool = False,
) -> None:
    """Open the dashboard in the browser."""
    command = [sys.executable, "-P", "-m", "annscope.dashboard", "--port", str(port)]
    command += [] if host is None else ["--host", host]
    command += [part for name in origin for part in ("--origin", name)]
    command += (["--token"] if token else []) + (["--headless"] if headless else [])
    raise click.exceptions.Exit(exec_program(command))


def exec_program(command: list[str]) -> int:
    """Replace this process by another program (exec); returns its exit status where that needs a second process."""
    if os.name == "posix":
        # Ending annscope then ends the dashboard: no process is left behind.
        os.execv(command[0], command)
    return subprocess.call(command)


@annscope.command()
@recipe_option
@threads_option
@pace_option
@settings_options
@json_option
def train(as_json: bool, recipe: str | None, threads: str | None, pace: str | None, **options: Any) -> None:
    """Train a network in this process; the dashboard can show and control it."""
    from annscope.runs.threads import use_threads, wanted_threads

    config = config_of(options, recipe)
    n_threads = wanted_threads() if threads is None else parse_threads(threads)
    use_threads(n_threads)
    from annscope.runs.launch import prepare

    _work(prepare(config, pace=parse_pace(pace)), None, as_json, is_new=True)


@annscope.command(name="find-learning-rate")
@recipe_option
@click.option(
    "--low", metavar="X", default="1e-06", show_default=True, help="Lowest learning rate, at which the test starts."
)
@click.option(
    "--high", metavar="X", default="10.0", show_default=True, help="Highest learning rate, at which the test ends."
)
@click.option("--steps", metavar="N", default="100", show_default=True, help="Number of steps of the test.")
@settings_options
@json_option
def find_learning_rate(as_json: bool, recipe: str | None, low: str, high: str, steps: str, **options: Any) -> None:
    """Suggest a learning rate by a range test: increase it step by step and find where the loss falls fastest."""
    from annscope.runs.threads import use_threads, wanted_threads

    config, n_steps = config_of(options, recipe), parse_whole_number("--steps", steps)
    use_threads(wanted_threads())
    from annscope.core.explain.range_test import suggest
    from annscope.runs.launch import checked
    from annscope.runs.learning_rate import search, sketch
    from annscope.runs.progress import progress_bar

    ends = {"low": parse_number("--low", low), "high": parse_number("--high", high)}
    points = []
    with progress_bar(quiet=as_json) as progress:
        for point in search(checked(config), **ends, n_steps=n_steps, progress=progress):
            points.append(point)
            if progress is not None:
                progress("Testing learning rates", len(points), n_steps)
            if as_json:
                print_json({"type": "point", **asdict(point)})
    found = suggest(points)
    if as_json:
        print_json({"type": "end", "suggestion": found.learning_rate, "lowest": found.lowest})
    else:
        _print(*sketch(points, found))


@annscope.command()
@json_option
def recipes(as_json: bool) -> None:
    """List the recipes: what each network is, where it comes from, what it reached."""
    if as_json:
        for recipe in RECIPES.values():
            print_json(asdict(recipe) | {"settings": dict(recipe.settings), "config": recipe.config.to_dict()})
        return
    for recipe in RECIPES.values():
        print_text(recipe.name, bold=True)
        options = " ".join(
            f"--{option} {FIELDS[option].format(value)}"
            if FIELDS[option].kind != "switch"
            else f"--{option}"
            if value
            else f"--no-{option}"
            for option, value in recipe.settings.items()
        )
        for text in (recipe.about, f"From: {recipe.source}.", f"Reached: {recipe.reached}.", options):
            print_text(click.wrap_text(text, 100, "  ", "  "))
        print_text("")


@annscope.command()
@click.argument("run")
@pace_option
@json_option
def resume(run: str, pace: str | None, as_json: bool) -> None:
    """Resume a run that was stopped or interrupted."""
    from annscope.runs.index import find_run
    from annscope.runs.launch import prepare_resume

    run = find_run(run)
    prepare_resume(run, pace=parse_pace(pace))
    _work_again(run, None, as_json)


@annscope.command(name="go-on")
@click.argument("run")
@click.option("--epochs", metavar="N", required=True, help="Number of epochs more.")
@pace_option
@json_option
def go_on(run: str, epochs: str, pace: str | None, as_json: bool) -> None:
    """Train a finished run for more epochs."""
    from annscope.runs.index import find_run
    from annscope.runs.launch import prepare_to_go_on

    n_more = parse_setting(FIELDS["epochs"], epochs)
    run = find_run(run)
    _, n_epochs = prepare_to_go_on(run, n_more, pace=parse_pace(pace))
    _work_again(run, n_epochs, as_json)


def _work_again(run: str, n_epochs: int | None, as_json: bool) -> None:
    from annscope.runs.catalogue import run_directory
    from annscope.runs.reader import RunReader
    from annscope.runs.record import recorded_threads
    from annscope.runs.threads import use_threads

    use_threads(recorded_threads(RunReader(run_directory(run)).description))
    _work(run, n_epochs, as_json)


def _work(run: str, n_epochs: int | None, as_json: bool, *, is_new: bool = False) -> None:
    from annscope.runs.catalogue import delete_run, run_directory
    from annscope.runs.launch import LaunchError
    from annscope.runs.progress import JsonView, view_for
    from annscope.runs.reader import RunReader
    from annscope.runs.worker import interrupted_by_signals, work

    reader = RunReader(run_directory(run))
    reader.new_lines()  # what a resumed run did earlier is not printed again
    with interrupted_by_signals() as interrupt, JsonView(run) if as_json else view_for(run) as view:
        for status in work(reader.directory, n_epochs=n_epochs, interrupt=interrupt):
            view.show(reader.new_lines(), status)
        could_begin = status["status"] != "failed" or reader.n_snapshots or (reader.directory / "worker.log").exists()
        if could_begin or not is_new:
            view.end(reader, status)
    if is_new and not could_begin:
        delete_run(run)
        raise LaunchError(status["message"] or "failed")
    if status["status"] == "interrupted":
        _print_error(f"interrupted at step {status['step']:,}; resume with: annscope resume {run}")
        raise click.exceptions.Exit(INTERRUPTED)
    if status["status"] in {"failed", "diverged"}:
        _print_error(_one_line(status["message"] or status["status"]))
        raise click.exceptions.Exit(FAILED)


@annscope.command()
@click.argument("run")
@click.option("--split", default=None, metavar="|".join(SPLITS), help="Examples to evaluate on.  [default: held-out]")
@click.option(
    "--step", default=None, metavar="N", help="Evaluate the snapshot of this step.  [default: the one the run keeps]"
)
@click.option("--report", "report_file", default=None, metavar="FILE", help="Write a page about it, to print, as HTML.")
@json_option
def evaluate(run: str, split: str | None, step: str | None, report_file: str | None, as_json: bool) -> None:
    """Evaluate a run's network: loss, accuracy, confusion matrix, precision, recall and F1 of each class."""
    from annscope.runs.catalogue import run_directory
    from annscope.runs.index import find_run
    from annscope.runs.reader import RunReader
    from annscope.runs.record import recorded_threads
    from annscope.runs.threads import use_threads

    reader = RunReader(run_directory(find_run(run)))
    use_threads(recorded_threads(reader.description))
    from annscope.runs.evaluation import EvaluationError, evaluate_run, report, table_of
    from annscope.runs.progress import progress_bar

    number = None if step is None else parse_whole_number("--step", step)
    with progress_bar(quiet=as_json) as progress:
        result = evaluate_run(reader, split=split, step=number, progress=progress)
    if report_file is not None:
        page = report(reader, split=split, step=number)
        try:
            Path(report_file).expanduser().write_text(page, encoding="utf-8")
        except OSError as error:
            raise EvaluationError(
                f"The report cannot be written to {report_file}: {error.strerror or error}."
            ) from error
    if as_json:
        print_json(result)
    else:
        _print(*table_of(result))


@annscope.command(name="check-gradient")
@click.argument("run")
@click.option(
    "--step", default=None, metavar="N", help="Evaluate the snapshot of this step.  [default: the one the run keeps]"
)
@json_option
def check_gradient(run: str, step: str | None, as_json: bool) -> None:
    """Check the gradient that a run uses, and the exact one, against central differences."""
    from annscope.runs.catalogue import run_directory
    from annscope.runs.index import find_run
    from annscope.runs.reader import RunReader
    from annscope.runs.record import recorded_threads
    from annscope.runs.threads import use_threads

    reader = RunReader(run_directory(find_run(run)))
    use_threads(recorded_threads(reader.description))
    from annscope.runs.evaluation import number_of
    from annscope.runs.gradient import check_run, plain, table_of
    from annscope.runs.progress import progress_bar

    number = reader.kept_number() if step is None else number_of(reader, parse_whole_number("--step", step))
    with progress_bar(quiet=as_json) as progress:
        checked = check_run(reader, number, progress)
    if as_json:
        print_json(plain(checked))
    else:
        _print(*table_of(checked))


@annscope.group(cls=Group)
def runs() -> None:
    """List, show, annotate and delete runs."""


@runs.command(name="list")
@click.option(
    "--filter", "text", metavar="CONDITIONS", help="Only runs that meet all of them: 'optimizer=adam accuracy>0.95'."
)
@click.option(
    "--sort", metavar="COLUMN", help="Sort by a column: figures best first, others from the least; -COLUMN reverses."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print every column as CSV.")
@json_option
def list_(text: str | None, sort: str | None, as_csv: bool, as_json: bool) -> None:
    """List every run, newest first."""
    from annscope.runs.index import list_runs
    from annscope.runs.query import order, select
    from annscope.runs.runs_table import csv_lines, json_of, table_lines, total_words

    found = list_runs()
    chosen = found if text is None else select(found, text)
    if sort is not None:
        chosen = order(chosen, sort)
    if as_json:
        for about in chosen:
            print_json(json_of(about))
    elif as_csv:
        print_text(csv_lines(chosen).rstrip("\n"))
    elif not found:
        print_text("There are no runs yet. Start one with: annscope train")
    elif not chosen:
        print_text(f"None of the {len(found):,} runs meets {text!r}.")
    else:
        print_text(table_lines(chosen))
        print_text(total_words(chosen))


@runs.command()
@click.argument("run")
@json_option
def show(run: str, as_json: bool) -> None:
    """Show the settings and the state of a run."""
    from annscope.core.evaluation.best import best_line
    from annscope.runs.catalogue import run_directory, size_of
    from annscope.runs.index import find_run
    from annscope.runs.progress import finding_lines
    from annscope.runs.quantities import byte_words
    from annscope.runs.reader import RunReader

    reader = RunReader(run_directory(find_run(run)))
    snapshots, status = reader.snapshot_lines(), reader.status()
    last, best = snapshots[-1] if snapshots else None, best_line(snapshots)
    findings = reader.findings(snapshots)
    if as_json:
        about = {"run": reader.run, "directory": str(reader.directory), "status": status}
        print_json(
            {
                **about,
                "description": reader.description,
                "n_snapshots": len(snapshots),
                "last": last,
                "best": best,
                "findings": [asdict(finding) for finding in findings],
            }
        )
        return
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("Run", reader.run)
    table.add_row("Directory", str(reader.directory))
    table.add_row("Status", status["status"])
    if status["message"]:
        table.add_row("", status["message"])
    table.add_row("Epoch", f"{status['epoch']} of {status['n_epochs']}")
    thinned = len(reader.thinned)
    table.add_row("Snapshots", f"{len(snapshots)}" + (f", {len(snapshots) - thinned} with arrays" if thinned else ""))
    table.add_row("Size", byte_words(size_of(reader.directory)))
    for name, line in (("Last", last), ("Best", best)):
        if line is not None:
            heldout = line["heldout"]
            loss = "not finite" if heldout["loss"] is None else f"{heldout['loss']:.4f}"
            accuracy = "unknown" if heldout["accuracy"] is None else f"{heldout['accuracy']:.2%}"
            table.add_row(name, f"step {line['step']:,}: held-out loss {loss}, {reader.accuracy_name} {accuracy}")
    config = reader.config_in_force
    for item in FIELDS.values():
        value = config.get(item)
        if not item.advanced or value != item.default:
            table.add_row(item.label, item.format(value))
    _print(table)
    for text in finding_lines(findings):
        print_text(text)


@runs.command()
@click.argument("run")
@click.argument("name")
@json_option
def rename(run: str, name: str, as_json: bool) -> None:
    """Give a run a name ("" takes it away); its id stays."""
    _annotate(run, as_json, lambda annotations: replace(annotations, name=name.strip()))


@runs.command()
@click.argument("run")
@click.argument("text")
@json_option
def note(run: str, text: str, as_json: bool) -> None:
    """Write a note on a run ("" takes it away)."""
    _annotate(run, as_json, lambda annotations: replace(annotations, note=text.strip()))


@runs.command()
@click.argument("run")
@click.argument("tags", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Take these tags away.")
@json_option
def tag(run: str, tags: tuple[str, ...], remove: bool, as_json: bool) -> None:
    """Give a run tags, by which lists are filtered."""
    _annotate(run, as_json, lambda annotations: annotations.untagged(tags) if remove else annotations.tagged(tags))


@runs.command()
@click.argument("run")
@click.option("--remove", is_flag=True, help="Take the star away.")
@json_option
def star(run: str, remove: bool, as_json: bool) -> None:
    """Mark a run with a star."""
    _annotate(run, as_json, lambda annotations: replace(annotations, starred=not remove))


def _annotate(run: str, as_json: bool, change: Callable[[Annotations], Annotations]) -> None:
    from annscope.runs.annotations import read_annotations, write_annotations
    from annscope.runs.catalogue import run_directory
    from annscope.runs.index import find_run

    directory = run_directory(find_run(run))
    annotations = change(read_annotations(directory))
    write_annotations(directory, annotations)
    if as_json:
        print_json({"type": "annotations", "run": directory.name, **asdict(annotations)})
    else:
        parts = [
            annotations.name or "no name",
            *(f"#{tag}" for tag in annotations.tags),
            "star" if annotations.starred else "",
            annotations.note,
        ]
        print_text(f"{directory.name}: {'  '.join(part for part in parts if part)}")


@runs.command()
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def delete(run: str, yes: bool, as_json: bool) -> None:
    """Delete a run and all its snapshots."""
    from annscope.runs.catalogue import delete_run
    from annscope.runs.index import find_run

    run = find_run(run)
    if not yes and not click.confirm(visible(f"Delete run {run} and all its snapshots?"), err=True):
        _print_error(f"run {run} was kept.")
        raise click.exceptions.Exit(FAILED)
    delete_run(run)
    if as_json:
        print_json({"type": "deleted", "run": run})
    else:
        print_text(f"Run {run} is deleted.")


def _print(*what: Any) -> None:
    shown = console()
    for part in what:
        shown.print(part)


annscope.add_command(sweep)

if __name__ == "__main__":
    main()
