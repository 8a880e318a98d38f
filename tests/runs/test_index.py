"""The index of the runs, their annotations, and the queries of the list."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from annscope.runs.annotations import AnnotationError, Annotations, read_annotations, write_annotations
from annscope.runs.catalogue import delete_run, run_directory
from annscope.runs.cli import main
from annscope.runs.control import send
from annscope.runs.index import find_run, list_runs
from annscope.runs.query import QueryError, differing, order, select
from annscope.runs.record import RecordError
from tests.records import RunInProgress, train_run

SMALL = {"data": "moons", "hidden": (4,), "epochs": 3}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path))
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints; it must succeed."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    text = capsys.readouterr()
    assert not end.value.code, text.err
    return text.out


@pytest.fixture
def index(home: Path) -> Path:
    """The file of the index."""
    return home / "runs.sqlite3"


def test_the_list_is_the_same_with_and_without_the_index(index: Path) -> None:
    """What the index remembers is what the folders say, every value of it."""
    runs = [train_run(**SMALL, seed=seed).run for seed in range(3)]
    changed = RunInProgress(**SMALL)
    send(changed.run, "learning_rate", 0.5)
    changed.finish()
    runs.append(changed.run)
    first = list_runs()
    assert [len(about.rates) for about in first] == [1, 0, 0, 0]
    assert index.exists()
    assert list_runs() == first
    assert [about.run for about in first] == runs[::-1]
    index.unlink()
    assert list_runs() == first


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(500)])
def test_a_damaged_index_is_made_again(index: Path, content: bytes) -> None:
    """The folders stay the truth, whatever is in the file."""
    train_run(**SMALL)
    first = list_runs()
    index.write_bytes(content)
    assert list_runs() == first
    assert list_runs() == first
    assert index.read_bytes()[:15] == b"SQLite format 3"


def test_what_changes_is_read_again(home: Path) -> None:
    """A new name, more epochs, a deleted run and a damaged record are in the next list."""
    first, second = (train_run(**SMALL, seed=seed).run for seed in (1, 2))
    list_runs()
    write_annotations(run_directory(first), Annotations(name="mine"))
    assert {about.run: about.annotations.name for about in list_runs()} == {first: "mine", second: ""}
    (run_directory(second) / "config.json").write_text("{}")
    assert [about.status for about in list_runs()] == ["finished", "unreadable"]
    shutil.rmtree(home / "runs" / second)
    delete_run(first)
    assert list_runs() == []


def test_a_live_run_is_never_remembered() -> None:
    """Its figures are those of its last snapshot at every look."""
    training = RunInProgress(**SMALL)
    for number in (0, 1, 2):
        training.train_until(snapshot=number)
        (about,) = list_runs()
        assert about.accuracy == training.reader.snapshot_lines()[-1]["heldout"]["accuracy"]
    training.interrupt()
    assert list_runs()[0].status == "interrupted"


def test_annotations_are_kept_and_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command says what the run has now, `list` has it, and a name stands for its run."""
    run, other = (train_run(**SMALL, seed=seed).run for seed in (1, 2))
    printed(capsys, "runs", "rename", run, "The wide one")
    printed(capsys, "runs", "note", run, "Wider than\nthe others.")
    printed(capsys, "runs", "tag", run, "wide", "good")
    printed(capsys, "runs", "tag", run, "wide", "--remove")
    line = json.loads(printed(capsys, "runs", "star", "the wide one", "--json"))
    assert line["run"] == run
    assert read_annotations(run_directory(run)) == Annotations(
        "The wide one", "Wider than\nthe others.", ("good",), True
    )
    for text in ("wide", "name='The wide one'", "tags=good", "starred=yes", "wider"):
        assert run in printed(capsys, "runs", "list", "--filter", text)
        assert other not in printed(capsys, "runs", "list", "--filter", text)
    assert find_run("THE WIDE ONE") == run


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"name": "x" * 81}, "at most 80 characters, this one has 81"),
        ({"name": "a\nb"}, "one line of visible characters"),
        ({"tags": ("a,b",)}, "without a comma, not 'a,b'"),
        ({"tags": tuple("abcdefghijklmnopqrstu")}, "can have 20 tags, not 21"),
    ],
)
def test_annotations_that_cannot_be(annotations: dict[str, str | tuple[str, ...]], message: str) -> None:
    """One sentence says the rule."""
    with pytest.raises(AnnotationError, match=message):
        Annotations(**annotations)  # type: ignore[arg-type]


def test_damaged_annotations_are_said(home: Path) -> None:
    """An annotation file that cannot be read makes one unreadable line, which names it."""
    run = train_run(**SMALL).run
    (home / "runs" / run / "labels.json").write_text('{"name": 3}')
    (about,) = list_runs()
    assert about.status == "unreadable"
    assert "labels.json" in str(about.message)


def test_filter_and_sort() -> None:
    """Settings are compared as they are parsed, figures as numbers; the better figures come first."""
    plain = train_run(**SMALL, seed=1, optimizer="sgd").run
    adam = train_run(**SMALL, seed=2, optimizer="adam", learning_rate=0.05, batch_size="full").run
    runs = list_runs()
    by_run = {about.run: about for about in runs}

    def chosen(text: str) -> set[str]:
        return {about.run for about in select(runs, text)}

    assert chosen("optimizer=adam") == {adam}
    assert chosen("learning-rate=0.05 hidden=4") == {adam}
    assert chosen("batch-size=full") == {adam}
    assert chosen("batch-size<1000") == {plain}
    assert chosen("accuracy>=0 epoch=3 seconds<60") == {plain, adam}
    assert chosen("accuracy>1") == set()
    assert chosen("MOONS finished") == {plain, adam}
    assert chosen("") == {plain, adam}
    by_loss = sorted(by_run, key=lambda run: by_run[run].loss or 0)
    assert [about.run for about in order(runs, "heldout-loss")] == by_loss
    assert [about.run for about in order(runs, "-heldout-loss")] == by_loss[::-1]
    accuracies = [about.accuracy for about in order(runs, "accuracy")]
    assert accuracies == sorted(accuracies, key=lambda value: -(value or 0))
    assert chosen("loss=cross_entropy") == {plain, adam}, "the setting, which no figure hides"
    assert differing(runs) == ["optimizer", "learning-rate", "batch-size", "seed"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acuracy>0.9", "Runs have no .acuracy. to filter by .did you mean .accuracy."),
        ("accuracy>high", "accuracy is compared with a number, not 'high'"),
        ("optimizer=adamm", "optimizer cannot be compared with 'adamm'"),
        ("starred=perhaps", "starred is compared with yes or no, not 'perhaps'"),
        ("tags>a", "Tags are filtered by = or !="),
        ("name='open", "cannot be read"),
    ],
)
def test_a_filter_that_cannot_be_followed(text: str, message: str) -> None:
    """One sentence names the part and what would be right."""
    with pytest.raises(QueryError, match=message):
        select([], text)


def test_csv_has_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that a spreadsheet would evaluate is escaped; the figures are in full."""
    reader = train_run(**SMALL)
    printed(capsys, "runs", "rename", "latest", "=A1+1")
    header, line = printed(capsys, "runs", "list", "--csv").splitlines()
    cells = dict(zip(header.split(","), line.split(","), strict=True))
    assert cells["name"] == "'=A1+1"
    assert float(cells["accuracy"]) == reader.snapshot_lines()[-1]["heldout"]["accuracy"]
    assert cells["hidden"] == "4"


def test_a_run_that_is_named_like_none() -> None:
    """The nearest name or id is proposed."""
    write_annotations(run_directory(train_run(**SMALL).run), Annotations(name="baseline"))
    with pytest.raises(RecordError, match="did you mean 'baseline'"):
        find_run("baselin")


@pytest.mark.usefixtures("home")
def test_a_list_from_the_index_loads_little() -> None:
    """2,000 runs are listed in half a second: neither tables of Rich nor the reader of records is needed."""
    train_run(**SMALL)
    list_runs()
    script = (
        "import sys; from annscope.runs.cli import annscope\n"
        "annscope.main(['runs', 'list'], standalone_mode=False)\n"
        "print(*{'pandas', 'scipy', 'rich', 'streamlit', 'plotly', 'annscope.runs.reader'} & sys.modules.keys())"
    )
    listed = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert "finished" in listed.stdout
    assert listed.stdout.splitlines()[-1] == ""
