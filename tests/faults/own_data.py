"""Hostile and broken data of one's own, in the two ways that it is met: `annscope train --data` and the Data page.

Each is tried in a process of its own, whose time and memory are measured. A command must say one sentence, and so must
the questions that the page asks; no run, no temporary file and no process may be left.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tests.faults.tally import Tally, main

RUNS = 1
MAX_SECONDS = 120
MAX_MEGABYTES = 1200
"""Of the whole process, which holds everything that training and the page need: some 260 MB before that."""
MEGABYTE = 1 << 20
NOBODY = 65534

Make = Callable[[Path], Path]


def check(runs: int) -> Iterator[Tally]:
    """Every case, this many times."""
    tally = Tally("data of one's own", f"one sentence within {MAX_SECONDS} s and {MAX_MEGABYTES:,} MB, nothing left")
    for _ in range(runs):
        for name, make in CASES.items():
            with tempfile.TemporaryDirectory(prefix="annscope-own-") as folder:
                tally.count(_tried(name, make, Path(folder)))
    yield tally


def _tried(name: str, make: Make, folder: Path) -> str | None:
    """What went wrong with one case, if anything did."""
    home, temporary, place = (folder / each for each in ("home", "tmp", "data"))
    for each in (folder, home, temporary, place):
        each.mkdir(exist_ok=True)
        each.chmod(0o777)
    path = make(place)
    code = f"from tests.faults.own_data import attempt; attempt({str(path)!r}, {name!r})"
    environment = {**os.environ, "ANNSCOPE_HOME": str(home), "TMPDIR": str(temporary), "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=MAX_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{name}: no result within {MAX_SECONDS} s"
    if done.returncode:
        return f"{name}: {done.stderr[-2000:]}"
    found = json.loads(done.stdout.splitlines()[-1])
    for how in ("train", "page"):
        said = found[how]
        if "Traceback" in said or "\n" in said.strip() or len(said) > 1000:
            return f"{name}, {how}: more than a sentence: {said[:500]}"
        if bool(said) != (name not in FINE):
            return f"{name}, {how}: {said or 'was taken'}"
    if found["megabytes"] > MAX_MEGABYTES:
        return f"{name}: took {found['megabytes']:,} MB"
    left = [str(each.relative_to(folder)) for each in (*home.glob("runs/*"), *temporary.iterdir())]
    return f"{name}: left {left[:5]}" if left and name not in FINE else None


def attempt(name: str, case: str) -> None:
    """Train on a data set and ask what the Data page asks; prints what each says, empty if it is fine, and the memory.

    Called in a process of its own.
    """
    import resource

    # Imported while the rights to read them are there.
    import annscope.dashboard.queries.data_sets
    import annscope.runs.cli
    import annscope.runs.worker  # noqa: F401

    if "permission" in case and os.geteuid() == 0:
        _page("xor")
        os.seteuid(NOBODY)
        said = {"train": _loaded(name), "page": _page(name)}  # a run needs rights that this user has not here
        print(json.dumps({**said, "megabytes": 0}))
        return
    with _changing(Path(name)) if case == "changes while it is read" else contextlib.nullcontext():
        said = {"train": _train(name), "page": _page(name)}
    print(json.dumps({**said, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


def _train(name: str) -> str:
    from annscope.runs import cli

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main(["train", "--data", name, "--epochs", "1", "--hidden", "4", "--json"])
        except SystemExit as end:
            status = end.code or 0
    err.seek(0)
    return err.read().strip() if status else ""


def _loaded(name: str) -> str:
    from annscope.core.config import DataConfig
    from annscope.core.errors import AnnscopeError
    from annscope.data.datasets import load_dataset

    try:
        load_dataset(DataConfig(name=name))
    except AnnscopeError as error:
        return str(error)
    return ""


def _page(name: str) -> str:
    from annscope.core.config import RunConfig
    from annscope.core.errors import AnnscopeError
    from annscope.dashboard.queries.data_sets import overview_of
    from annscope.dashboard.queries.data_tables import is_read_as_table, view_of
    from annscope.data.datasets import check_data

    config = RunConfig().with_values({"data": name})
    try:
        check_data(config.data)
        if is_read_as_table(name):
            problem = view_of(config.data).problem
            if problem is not None:
                return problem
        overview_of(config)
    except AnnscopeError as error:
        return str(error)
    return ""


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Rows are appended to the file meanwhile."""
    done = threading.Event()

    def append() -> None:
        while not done.wait(0.005):
            with path.open("a") as file:
                file.write("1,2,u\n")

    thread = threading.Thread(target=append)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


# ---- how they are made


def _file(name: str, content: bytes | Callable[[], bytes], size: int = 0) -> Make:
    """A file; with `size` as long as that, as a sparse file."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content())
        if size:
            os.truncate(folder / name, size)
        return folder / name

    return make


def _changed(make: Make, change: Callable[[Path], object]) -> Make:
    def both(folder: Path) -> Path:
        path = make(folder)
        change(path)
        return path

    return both


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "p.csv")
    return folder / "p.csv"


def _loop(folder: Path) -> Path:
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")
    return folder / "a.csv"


def _images(n: int) -> Make:
    """Two classes of images, this many in all."""

    def make(folder: Path) -> Path:
        for k, label in enumerate(("dark", "bright")):
            (folder / "pets" / label).mkdir(parents=True)
            packed = io.BytesIO()
            Image.fromarray(np.full((4, 4), 90 + 90 * k, np.uint8)).save(packed, "png")
            for i in range(n // 2):
                (folder / "pets" / label / f"{i}.png").write_bytes(packed.getvalue())
        return folder / "pets"

    return make


def _circles(pets: Path) -> None:
    (pets / "dark" / "up").symlink_to("..")
    (pets / "bright" / "dark").symlink_to(pets / "dark")
    (pets / "bright" / "self").symlink_to("self")
    os.mkfifo(pets / "dark" / "p.png")


def _zipped(name: str, member: str, chunk: bytes, n: int) -> Make:
    """An archive of a file of this chunk, again and again."""

    def make(folder: Path) -> Path:
        with (
            zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open(member, "w", force_zip64=True) as file,
        ):
            for _ in range(n):
                file.write(chunk)
        return folder / name

    return make


def _pickled(folder: Path) -> Path:
    np.savez(folder / "o.npz", x=np.array([[1, "a"], [2, None]], object), y=np.array([0, 1]))
    return folder / "o.npz"


def _workbook(cells: dict[str, object]) -> Make:
    def make(folder: Path) -> Path:
        import openpyxl

        book = openpyxl.Workbook()
        for cell, value in cells.items():
            book.active[cell] = value
        book.save(folder / "w.xlsx")
        return folder / "w.xlsx"

    return make


def _parquet(folder: Path) -> Path:
    import pandas as pd

    pd.DataFrame({"a": range(1000), "b": [0, 1] * 500}).to_parquet(folder / "p.parquet")
    return folder / "p.parquet"


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:200] = bytes(100)
    path.write_bytes(content)


ROWS = b"".join(b"%d,%d,%s\n" % (i * 7 % 13, i % 5, (b"u", b"v")[i % 2]) for i in range(100))
HUGE = b"".join(gzip.compress(each, 1) for each in [b"1" * MEGABYTE]) * 2048
"""Two gigabytes in one line, packed into two megabytes."""

CASES: dict[str, Make] = {
    "a table": _file("good.csv", ROWS),
    "images": _images(40),
    "a million columns": _file("wide.csv", lambda: b",".join(b"%d" % i for i in range(1_000_000)) + b"\n" + ROWS),
    "a million columns of numbers": _file("wide.csv", (b"1," * 999_999 + b"1\n") * 3),
    "a line of two gigabytes": _file("line.csv.gz", HUGE),
    "a line of two gigabytes after good ones": _file("line.csv.gz", gzip.compress(ROWS * 200) + HUGE),
    "two gigabytes of nothing": _file("sparse.csv", ROWS, (1 << 31) - 1),
    "a terabyte of nothing": _file("sparse.csv", ROWS, 1 << 40),
    "a ZIP of gigabytes of rows": _zipped("bomb.zip", "t.csv", b"1,2,u\n2,3,v\n" * 90_000, 1100),
    "a gzip of gigabytes of rows": _file("bomb.csv.gz", lambda: gzip.compress(b"1,2,3,4,u\n" * 100_000, 1) * 2000),
    "a ZIP of gigabytes of an image": _zipped("bomb.zip", "pets/a/z.png", bytes(MEGABYTE), 300),
    "a workbook of gigabytes": _zipped("bomb.xlsx", "xl/worksheets/sheet1.xml", b" " * MEGABYTE, 1100),
    "a workbook with a cell in the last corner": _workbook({"A1": "x", "XFD1048576": 1}),
    "a workbook without a cell": _workbook({}),
    "a pickled array": _pickled,
    "a pickle": _file("p.pkl", pickle.dumps([1, 2])),
    "a pickle by another name": _file("p.csv", pickle.dumps([1, 2])),
    "links in a circle": _loop,
    "a folder of circles and a pipe": _changed(_images(40), _circles),
    "50,000 files": _images(50_000),
    "a pipe": _fifo,
    "a device": lambda folder: (folder / "z.csv").symlink_to("/dev/zero") or folder / "z.csv",
    "changes while it is read": _file("live.csv", ROWS * 4000),
    "no permission": _changed(_file("closed.csv", ROWS), lambda path: path.chmod(0)),
    "a folder without permission": _changed(_images(40), lambda path: (path / "dark").chmod(0)),
    "a damaged Parquet file": _changed(_parquet, _damage),
    "half a Parquet file": _changed(_parquet, lambda path: os.truncate(path, path.stat().st_size // 2)),
    "an ARFF file without data": _file("a.arff", b"@relation r\n@attribute a numeric\n"),
    "an IDX file that claims too much": _file(
        "train-images-idx3-ubyte", struct.pack(">4B3I", 0, 0, 8, 3, *[1 << 20] * 3)
    ),
    "a quote that never ends": _file("q.csv", b'1,2,"u\n' + ROWS * 20_000),
    "rows that grow": _file("g.csv", lambda: b"".join(b"1," * i + b"1\n" for i in range(1, 3000))),
    "nothing but delimiters": _file("d.csv", b",,\n" * 500_000),
    "half a megabyte of blank lines": _file("b.csv", b"\n" * 500_000 + ROWS),
}  # fmt: skip
"""Each case, and how it is made in an empty folder."""

FINE = {"a table", "images", "a folder of circles and a pipe", "50,000 files", "half a megabyte of blank lines"}
"""Those that can be used."""

if __name__ == "__main__":
    main("tests.faults.own_data", check, RUNS)
