"""The command line: its output, as text and as JSON, and its exit status."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

import annscope.core.training
from annscope.core.config import FIELDS, RunConfig
from annscope.core.errors import DivergedError
from annscope.data.datasets import load_dataset
from annscope.runs import cli, progress
from annscope.runs.catalogue import run_directory
from annscope.runs.control import send
from annscope.runs.index import find_run, list_runs
from annscope.runs.reader import RunReader
from annscope.runs.worker import work
from annscope.runs.writer import create_run
from tests.runs.conftest import Run

SMALL = ["--data", "blobs", "--samples", "90", "--hidden", "5", "--batch-size", "16", "--learning-rate", "0.05"]


class Screen(io.StringIO):
    """A terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def train(run: Run, *arguments: str) -> dict[str, Any]:
    """Train and give the last object."""
    status, out, err = run("train", *SMALL, *arguments, "--json")
    assert (status, err) == (0, "")
    return objects(out)[-1]


def test_training_prints_one_object_a_snapshot_and_the_end(run: Run) -> None:
    """With --json, standard output holds the documented objects and nothing else."""
    status, out, err = run("train", *SMALL, "--epochs", "2", "--learning-rate", "1e-7", "--json")
    assert (status, err) == (0, "")
    *snapshots, end = objects(out)
    assert [list(line) for line in snapshots] == [
        ["type", "run", "step", "epoch", "learning_rate", "train_loss", "train_accuracy", "heldout_loss",
         "heldout_accuracy", "samples_per_second"]
    ] * 3  # fmt: skip
    assert [line["epoch"] for line in snapshots] == [0, 1, 2]
    assert snapshots[0]["samples_per_second"] is None
    assert snapshots[1]["samples_per_second"] > 0
    assert list(end) == ["type", "status", "run", "directory", "parameters_sha256", "findings"]
    assert [list(finding) for finding in end["findings"]] == [["level", "title", "why", "remedy", "settings"]]
    assert end["status"] == "finished"
    assert run_directory(end["run"]).samefile(end["directory"])


def test_the_same_command_twice_gives_the_same_parameters(run: Run) -> None:
    """parameters_sha256 depends on the options alone."""
    one, two, other = train(run), train(run), train(run, "--seed", "1")
    assert one["run"] != two["run"]
    assert one["parameters_sha256"] == two["parameters_sha256"] != other["parameters_sha256"]


def test_health_findings_are_printed_at_the_end_of_a_run(run: Run) -> None:
    """A learning rate that is far too high is reported as text, as JSON, and by runs show afterwards."""
    options = ("--learning-rate", "30", "--optimizer", "sgd", "--epochs", "3", "--seed", "1")
    (finding,) = [each for each in train(run, *options)["findings"] if each["title"] == "Learning rate too high"]
    assert list(finding) == ["level", "title", "why", "remedy", "settings"]
    sentence = f"  Learning rate too high. {finding['why']} {finding['remedy']}"
    assert 0 < finding["settings"]["learning-rate"] <= 3
    for command in (("train", *SMALL, *options), ("runs", "show", "latest")):
        assert sentence in run(*command)[1].splitlines()
    assert finding in objects(run("runs", "show", "latest", "--json")[1])[-1]["findings"]
    assert "Health" not in run("train", *SMALL, "--learning-rate", "0.005")[1]


def test_several_threads_give_the_same_bits_every_time(run: Run) -> None:
    """A run remembers its number of threads: the same command, and the same run stopped and resumed, end alike."""
    options = ("--data", "mnist-5k", "--hidden", "64,32", "--threads", "2")
    one, two = (train(run, *options, "--epochs", "2") for _ in range(2))
    assert one["parameters_sha256"] == two["parameters_sha256"]
    assert RunReader(run_directory(one["run"])).description["threads"] == 2
    train(run, *options, "--epochs", "1")
    resumed = objects(run("go-on", "latest", "--epochs", "1", "--json")[1])[-1]
    assert resumed["parameters_sha256"] == one["parameters_sha256"]


def test_neurons_in_plain_python_make_the_same_run(run: Run) -> None:
    """--engine pure_python records what NumPy records, to within rounding, at every snapshot."""
    options = ["--optimizer", "sgd", "--dtype", "float64", "--epochs", "2", "--engine"]
    one, other = (RunReader(run_directory(train(run, *options, name)["run"])) for name in ("pure_python", "numpy"))
    for number in range(3):
        for mine, theirs in zip(one.snapshot(number).parameters, other.snapshot(number).parameters, strict=True):
            np.testing.assert_allclose(mine.weight, theirs.weight, rtol=0, atol=1e-12)


def test_every_setting_is_an_option(run: Run) -> None:
    """Each field of the one table can be given, and its help and default are shown."""
    status, out, _ = run("train", "--help")
    assert status == 0
    text = " ".join(out.split())
    for item in FIELDS.values():
        assert f"--{item.option}" in text
        if item.kind != "switch":
            assert f"[default: {item.format(item.default)}]" in text
    given = {
        "epochs": "1", "hidden": "4,3", "activation": "tanh,relu", "batch-size": "full", "snapshot-every": "2",
        "split": "0.25", "dtype": "float64",
    }  # fmt: skip
    end = train(run, "--no-bias", "--stop-when-all-right", *(part for k, v in given.items() for part in (f"--{k}", v)))
    config = RunReader(run_directory(end["run"])).config
    for option, value in given.items():
        assert FIELDS[option].format(config.get(FIELDS[option])) == value
    assert config.network.bias is False
    assert config.training.stop_when_all_right is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "no such command 'trian' (did you mean 'train'?)"),
        (["runs", "lst"], "no such command 'lst' (did you mean 'list'?)"),
        (["train", "--hiden", "3"], "no such option --hiden (did you mean '--hidden'?)"),
        (["train", "--hidden"], "Option '--hidden' requires an argument."),
        (["train", "more"], "Got unexpected extra argument (more)"),
        (["train", "--activation", "rleu"], "got 'rleu' (did you mean 'relu'?)"),
        (["train", "--optimizer", "adamm"], "--optimizer must be one of"),
        (["train", "--epochs", "0"], "--epochs must be a whole number at least 1 and at most 1e+06, got 0"),
        (["train", "--hidden", "64,x"], "--hidden must be"),
        (["train", "--threads", "0"], "--threads must be a whole number at least 1, got '0'"),
        (["train", "--threads", "two"], "--threads must be a whole number at least 1, got 'two'"),
        (["train", "--activation", "relu,tanh,tanh"], "one for each of the 2 hidden layers, got 3"),
        (["train", "--pace", "fast"], "--pace must be a number, got 'fast'"),
        (["train", "--pace", "-1"], "pace must be a number of snapshots a second, above 0"),
        (["train", "--output", "binary"], "data set mnist-5k has 10; use softmax"),
        (["train", "--data", "mnits"], "(did you mean 'mnist'?)"),
        (["resume", "latest"], "there are no runs yet"),
        (["evaluate", "latest"], "there are no runs yet"),
        (["runs", "show", "nothing"], "There is no run 'nothing'"),
        (["dashboard", "--port", "0"], "0 is not in the range"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(run: Run, arguments: list[str], message: str) -> None:
    """For any invalid input, standard error has one line that explains it, and no run is created."""
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("annscope: ")
    assert err.count("\n") == 1
    assert list_runs() == []


def test_a_wrong_run_names_the_nearest(run: Run) -> None:
    """A mistyped run, step or split names the nearest that exists; a part of an id is enough."""
    name = train(run, "--epochs", "1")["run"]
    assert run("runs", "show", "blobs")[0] == 0
    wrong = name.replace("blobs", "blops")
    for arguments, message in (
        (["evaluate", wrong], f"did you mean '{name}'"),
        (["evaluate", "latest", "--step", "1"], "the nearest is of step 0"),
        (["evaluate", "latest", "--step", "one"], "--step must be a whole number"),
        (["evaluate", "latest", "--split", "tset"], "did you mean 'test'"),
        (["resume", name], "has finished its 1 epochs"),
        (["go-on", name], "Missing option '--epochs'"),
        (["go-on", name, "--epochs", "many"], "--epochs must be a whole number"),
    ):
        status, out, err = run(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert message in err


def test_resuming_gives_the_bits_of_one_long_run(run: Run) -> None:
    """A finished run given more epochs ends where the longer run ends (with a constant learning rate)."""
    train(run, "--epochs", "2")
    status, out, _ = run("go-on", "latest", "--epochs", "2", "--json")
    assert status == 0
    *snapshots, end = objects(out)
    assert [line["epoch"] for line in snapshots] == [3, 4]
    assert end["parameters_sha256"] == train(run, "--epochs", "4")["parameters_sha256"]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_evaluate_agrees_with_scikit_learn(run: Run, split: str) -> None:
    """Confusion matrix and precision, recall and F1 equal scikit-learn's to 1e-12, null where undefined."""
    end = train(run, "--epochs", "1", "--learning-rate", "0.0001")
    status, out, _ = run("evaluate", end["run"], "--split", split, "--json")
    assert status == 0
    (result,) = objects(out)
    reader = RunReader(run_directory(end["run"]))
    config = reader.config
    x, y = load_dataset(config.data, seed=config.training.seed).split(split)
    predicted = reader.network(reader.kept_number()).predict_proba(x).argmax(axis=1)
    assert result["split"] == split
    assert result["confusion_matrix"] == confusion_matrix(y, predicted, labels=range(3)).tolist()
    assert result["accuracy"] == pytest.approx(np.mean(predicted == y), abs=1e-12)
    expected = precision_recall_fscore_support(y, predicted, labels=range(3), zero_division=np.nan)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        found = [np.nan if row[name] is None else row[name] for row in result["per_class"]]
        assert np.allclose(found, values, rtol=0, atol=1e-12, equal_nan=True)


def test_a_report_is_one_page(run: Run, tmp_path: Path) -> None:
    """It has the figures of the evaluation, images as they are, the settings and the commands, and loads nothing."""
    end = objects(run("train", "--data", "digits", "--hidden", "8", "--epochs", "2", "--json")[1])[-1]
    file = tmp_path / "report.html"
    status, out, _ = run("evaluate", end["run"], "--split", "test", "--report", str(file), "--json")
    assert status == 0
    (result,) = objects(out)
    page = file.read_text(encoding="utf-8")
    assert f"<b>{100 * result['accuracy']:.1f} %</b>" in page
    recall = min(row["recall"] for row in result["per_class"])
    assert re.search(rf"Weakest: <b>\d</b>, recall {100 * recall:.1f} % \(", page)
    assert all(f"{row['recall']:.4f}<small>" in page for row in result["per_class"])
    assert "annscope train --data digits --hidden 8 --epochs 2" in page
    assert f"annscope evaluate {end['run']} --split test --step {result['step']} --report report.html" in page
    assert page.count("data:image/png;base64,") > 5
    assert not re.search(r"""(?:src|href)=["'](?!data:)|url\(|<script""", page)
    status, _, err = run("evaluate", end["run"], "--report", str(tmp_path / "nowhere" / "report.html"))
    assert (status, err.count("\n")) == (2, 1)
    assert "cannot be written to" in err


def test_evaluate_uses_the_requested_step(run: Run) -> None:
    """--step 0 is the network before training; without it, the last."""
    end = train(run, "--epochs", "3")
    lines = RunReader(run_directory(end["run"])).snapshot_lines()
    for arguments, line in (([], lines[-1]), (["--step", "0"], lines[0])):
        (result,) = objects(run("evaluate", end["run"], *arguments, "--json")[1])
        assert result["step"] == line["step"]
        assert result["split"] == "validation"
        assert result["accuracy"] == pytest.approx(line["heldout"]["accuracy"], abs=1e-12)
        assert result["loss"] == pytest.approx(line["heldout"]["loss"], rel=1e-6)


def test_people_get_tables(run: Run) -> None:
    """Without --json, each command prints readable text, and suggests what to do next."""
    assert "There are no runs yet" in run("runs", "list")[1]
    status, out, _ = run("train", *SMALL, "--epochs", "2")
    assert status == 0
    name = find_run("latest")
    assert out.count("epoch") >= 3
    assert f"annscope evaluate {name}" in out
    _, out, _ = run("evaluate", "latest")
    assert "Precision" in out
    assert "Confusion matrix (rows: true class, columns: predicted)" in out
    _, out, _ = run("runs", "list")
    assert name in out
    assert "finished" in out
    _, out, _ = run("runs", "show", "latest")
    assert "2 of 2" in out
    assert "Learning rate" in out


def test_programs_get_objects(run: Run) -> None:
    """`runs list --json` and `runs show --json` hold the content of the record."""
    name = train(run, "--epochs", "1")["run"]
    broken = create_run(RunConfig())
    (run_directory(broken) / "config.json").write_text("{")
    listed = {line["run"]: line for line in objects(run("runs", "list", "--json")[1])}
    assert listed[name]["status"] == "finished"
    assert listed[name]["epoch"] == 1
    assert listed[broken]["status"] == "unreadable"
    assert broken in run("runs", "list")[1]
    (shown,) = objects(run("runs", "show", name, "--json")[1])
    assert shown["description"]["run"] == name
    assert shown["n_snapshots"] == 2
    assert shown["last"]["epoch"] == 1


def test_deleting_asks_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is deleted when that is confirmed or --yes is given, and kept otherwise."""
    name = train(run, "--epochs", "1")["run"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    status, _, err = run("runs", "delete", name)
    assert status == 1
    assert "was kept" in err
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run("runs", "delete", name)[0] == 130
    assert [summary.run for summary in list_runs()] == [name]
    assert run("runs", "delete", name, "--yes", "--json")[:2] == (0, f'{{"type": "deleted", "run": "{name}"}}\n')
    assert list_runs() == []
    one, two = train(run, "--epochs", "1")["run"], create_run(RunConfig())
    assert "is running" in run("runs", "delete", two, "--yes")[2]
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert run("runs", "delete", one)[1] == f"Run {one} is deleted.\n"


def test_a_diverged_run_ends_with_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Divergence is one line on standard error, and a status."""

    def diverge(*_: object) -> int:
        raise DivergedError(step=1, layer=None, quantity="loss", advice="Try a smaller learning rate.")

    monkeypatch.setattr(annscope.core.training.Trainer, "advance", diverge)
    status, out, err = run("train", *SMALL, "--json")
    assert status == 1
    assert objects(out)[-1]["status"] == "diverged"
    assert err == "annscope: Training diverged at step 1: loss not finite. Try a smaller learning rate.\n"


def test_the_progress_bar_shows_figures(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a bar shows epoch, loss, accuracy, speed and the time left."""
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("TERM", "xterm")
    run = create_run(config)
    reader = RunReader(run_directory(run))
    with progress.BarView(run) as view:
        for status in work(reader.directory):
            view.show(reader.new_lines(), status)
        view.show([{"type": "event", "event": "warning", "step": 1, "message": "Take care of [/bold]."}], status)
        view.end(reader, status)
    for other in ({"loading": {"what": "Downloading [red]", "done": 1, "total": 2}}, {"status": "paused"}):
        with progress.BarView(run) as view:
            view.show([], {**status, **other})  # type: ignore[typeddict-item]
    text = screen.getvalue()
    for part in (
        "epoch 2 of 2",
        "loss",
        "accuracy",
        "samples/s",
        "Take care of [/bold].",
        "Downloading [red]",
        "(paused)",
    ):
        assert part in text


def test_plain_lines_tell_of_downloads_and_warnings(config: RunConfig, capsys: pytest.CaptureFixture[str]) -> None:
    """In a log a download is one line, and a warning goes to standard error."""
    run = create_run(config)
    status = RunReader(run_directory(run)).status()
    view = progress.PlainView(run)
    for done in (1, 2):
        view.show([], {**status, "loading": {"what": "Downloading MNIST", "done": done, "total": 2}})
    view.show([{"type": "event", "event": "warning", "step": 1, "message": "Take care."}], status)
    assert capsys.readouterr() == ("Downloading MNIST\n", "Take care.\n")


def test_without_a_command_the_dashboard_opens(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`annscope` is `annscope dashboard`: the dashboard's module with its port, in place of this process."""
    started: list[list[str]] = []

    def start(command: list[str]) -> int:
        started.append(command)
        return 3

    monkeypatch.setattr(cli, "exec_program", start)
    assert run()[0] == 3
    assert run("dashboard", "--port", "9000", "--headless")[0] == 3
    assert started == [
        [sys.executable, "-P", "-m", "annscope.dashboard", "--port", "8501"],
        [sys.executable, "-P", "-m", "annscope.dashboard", "--port", "9000", "--headless"],
    ]


def test_the_version_is_printed(run: Run) -> None:
    """--version names the program and its version."""
    assert run("--version")[1].startswith("annscope ")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C cannot be sent to one process on Windows")
def test_ctrl_c_leaves_a_run_that_resumes_to_the_same_bits() -> None:
    """Ctrl-C ends with status 130 and the command that resumes, and the resumed run equals an uninterrupted one."""
    # Long enough to be still running when the signal arrives, on any machine.
    options = [*SMALL, "--epochs", "40000", "--snapshot-every", "2000", "--json"]
    command = [sys.executable, "-m", "annscope.runs.cli"]
    process = subprocess.Popen([*command, "train", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(2):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert objects(out)[-1]["status"] == "interrupted"
    name = objects(out)[-1]["run"]
    assert err.endswith(f"resume with: annscope resume {name}\n")
    assert err.count("\n") == 1
    resumed, uninterrupted = (
        subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, timeout=120).stdout
        for arguments in (["resume", name, "--json"], ["train", *options])
    )
    assert objects(resumed)[-1]["parameters_sha256"] == objects(uninterrupted)[-1]["parameters_sha256"]


def test_a_run_of_the_command_line_handles_the_dashboards_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands reach a run that trains in a terminal too."""
    show = progress.JsonView.show

    def stop(self: progress.JsonView, lines: Any, status: Any) -> None:
        show(self, lines, status)
        if status["status"] == "running" and status["step"] == 0:
            send(find_run("latest"), "stop")

    monkeypatch.setattr(progress.JsonView, "show", stop)
    status, out, _ = run("train", *SMALL, "--epochs", "1000000", "--json")
    assert status == 0
    assert objects(out)[-1]["status"] == "stopped"


def table(tmp_path: Path) -> str:
    """A table whose label is a guess, with a row number and a column that has missing cells."""
    rows = [f"{i + 1},{'' if i % 5 == 0 else i * 7 % 60},{'mf'[i % 2]},{i % 3}" for i in range(60)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["Id,age,sex,group", *rows]))
    return str(path)


def test_what_is_guessed_about_a_table_is_said_once_and_kept(run: Run, tmp_path: Path) -> None:
    """On standard error for people, as an object for programs, and in the record."""
    options = ("--data", table(tmp_path), "--epochs", "1", "--hidden", "4")
    status, out, err = run("train", *options, "--label", "4")
    assert status == 0
    assert err.count("left out Id (1, 2, 3, ...: the number of the row)") == 1
    assert "left out" not in out
    status, out, err = run("train", *options, "--json")
    data, *_, end = objects(out)
    assert (status, err, data["type"], end["type"]) == (0, "", "data", "end")
    assert data["table"]["label"]["names"] == ["sex"]
    assert data["feature_names"] == ["age", "age is missing", "group"]
    assert "people.csv: the label is column 3, sex (the only column of text with few values)" in data["notes"][0]
    about = RunReader(run_directory(end["run"])).description["dataset"]
    assert (about["notes"], about["table"]) == (data["notes"], data["table"])
    assert status == 0


def test_options_of_a_table_are_settings_of_the_run(run: Run, tmp_path: Path) -> None:
    """They are recorded, and evaluation later reads the table in the same way."""
    options = ("--keep", "Id", "--drop", "sex", "--as-category", "age,4", "--label", "group", "--no-header")
    status, out, err = run("train", "--data", table(tmp_path), *options, "--json")
    assert (status, out, err.strip()) == (
        2,
        "",
        f"annscope: --keep: {table(tmp_path)} has no column 'Id'; its columns are 1 to 4",
    )
    options = ("--keep", "Id", "--drop", "sex", "--as-category", "age", "--label", "group", "--epochs", "1")
    *_, end = objects(run("train", "--data", table(tmp_path), *options, "--json")[1])
    config = RunReader(run_directory(end["run"])).config.data
    assert (config.keep, config.drop, config.as_category, config.label) == (("Id",), ("sex",), ("age",), "group")
    evaluated = objects(run("evaluate", end["run"], "--split", "test", "--json")[1])[0]
    assert np.sum(evaluated["confusion_matrix"]) == 6


@pytest.mark.parametrize("shape", ["titanic", "adult", "wdbc"])
def test_tables_as_they_are_published_train_without_an_option(run: Run, tmp_path: Path, shape: str) -> None:
    """Missing cells, texts, names, identifiers and True and False need no preparation by hand."""
    rng = np.random.default_rng(0)
    lines = {
        "titanic": [
            "PassengerId,Survived,Pclass,Name,Sex,Age,Fare,Embarked",
            *(
                f'{i},{i % 2},{i % 3},"Doe, Mx. ""N{i}""",{"fm"[i % 2]}ale,{i % 70 if i % 6 else ""},7,{"CQS"[i % 3]}'
                for i in range(1, 121)
            ),
        ],
        "adult": [
            f"{20 + i % 50}, {('Private', '?', 'State-gov')[i % 3]}, {i % 60}, {('<=50K', '>50K')[i % 2]}"
            for i in range(80)
        ],
        "wdbc": [
            '"id","diagnosis","radius","texture",',
            *(f"{842000 + i * 37 % 997},{'BM'[i % 2]},{a},{b}" for i, (a, b) in enumerate(rng.normal(size=(100, 2)))),
        ],
    }[shape]
    path = tmp_path / f"{shape}.csv"
    path.write_text("\n".join(lines))
    status, out, _ = run("train", "--data", str(path), "--epochs", "1", "--json")
    assert (status, objects(out)[-1]["status"]) == (0, "finished")


def test_a_run_that_could_not_begin_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    """Data that is rejected is a mistake of one line, and no failed run in the list."""
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(["area,price", *(f"{i * 7 % 60},{i * 31.7}" for i in range(60))]))
    for as_json in ((), ("--json",)):
        status, out, err = run("train", "--data", str(path), *as_json)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "the column price, has 60 different numbers, so it looks measured" in err
    assert list_runs() == []
