"""Unusual files and folders of a user: each is read or rejected with one sentence.

First those made on purpose, each in a process of its own that is ended after a while and whose memory is measured; then
good files altered at random.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from unittest.mock import patch

import numpy as np
from PIL import Image

from annscope.core.config import DataConfig
from annscope.data.datasets import check_name, holds_images, load_dataset
from annscope.data.errors import DataError
from tests.faults.tally import Tally, main

RUNS = 2000
MAX_SECONDS = 60
MAX_MEGABYTES = 1000
"""Of a process that reads an odd file, the interpreter and its libraries included."""
IDX_NAME = "train-images-idx3-ubyte"

Make = Callable[[Path], Path]


def check(runs: int) -> Iterator[Tally]:
    """Every unusual file once, then this many altered ones."""
    with tempfile.TemporaryDirectory(prefix="annscope-odd-") as folder:
        yield _odd(Path(folder))
    with tempfile.TemporaryDirectory(prefix="annscope-odd-") as folder:
        yield _altered(Path(folder), runs)


def _odd(folder: Path) -> Tally:
    tally = Tally("odd files and folders", f"a result or one sentence, below {MAX_MEGABYTES:,} MB")
    for name, make in ODD.items():
        place = folder / name.replace(" ", "-")
        place.mkdir()
        path = make(place)
        idx = {"ANNSCOPE_MNIST_DIR": str(place)} if path.name == IDX_NAME else {}
        code = f"from tests.faults.odd_files import read; read({'mnist' if idx else str(path)!r})"
        try:
            done = subprocess.run(
                [sys.executable, "-c", code], env=os.environ | idx,
                capture_output=True, text=True, timeout=MAX_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            tally.count(f"{name}: no result within {MAX_SECONDS} s")
            continue
        if done.returncode:
            tally.count(f"{name}: {done.stderr[-2000:]}")
            continue
        reported = json.loads(done.stdout)
        wrong = None
        if reported["megabytes"] > MAX_MEGABYTES:
            wrong = f"{name}: took {reported['megabytes']:,} MB"
        elif "\n" in reported["sentence"] or len(reported["sentence"]) > 2000:
            wrong = f"{name}: more than a sentence: {reported['sentence'][:200]}"
        elif bool(reported["sentence"]) != (name not in FINE):
            wrong = f"{name}: {reported['sentence'] or 'was read'}"
        tally.count(wrong)
    return tally


def read(name: str) -> None:
    """Load a data set, and print why it cannot be (empty where it can) and the most memory that it took."""
    import resource

    sentence = ""
    try:
        holds_images(name)
        check_name(name)
        load_dataset(DataConfig(name=name, image_size=8))
    except DataError as error:
        sentence = str(error)
    print(json.dumps({"sentence": sentence, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


def _altered(folder: Path, runs: int) -> Tally:
    """Alter good files at random places and ask what they hold."""
    tally = Tally("altered files", "a result or one sentence")
    chance = random.Random(0)
    good = [make(_made(folder / name)) for name, make in GOOD.items()]
    images = next(path for path in good if path.is_dir())
    previous = signal.signal(signal.SIGALRM, _too_long)
    try:
        for i in range(runs):
            path = good[i % len(good)]
            altered = min(images.rglob("*.*")) if path == images else path
            whole = altered.read_bytes()
            altered.write_bytes(_alter(whole, chance))
            idx = path.name.startswith(IDX_NAME)
            environment = {"ANNSCOPE_MNIST_DIR": str(path.parent) if idx else ""}
            signal.alarm(MAX_SECONDS)
            try:
                with patch.dict(os.environ, environment), contextlib.suppress(DataError):
                    holds_images(str(path))
                    load_dataset(DataConfig(name="mnist" if idx else str(path)))
                tally.count()
            except Exception:
                tally.count(f"{path.name}: {traceback.format_exc()[-1500:]}")
            finally:
                signal.alarm(0)
                altered.write_bytes(whole)
    finally:
        signal.signal(signal.SIGALRM, previous)
    return tally


def _too_long(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"no result within {MAX_SECONDS} s")


def _alter(whole: bytes, chance: random.Random) -> bytes:
    content = bytearray(whole)
    for _ in range(chance.choice((1, 1, 3, 20))):
        kind, at = chance.randrange(5), chance.randrange(len(content) or 1)
        if kind == 0 and content:
            content[at] = chance.randrange(256)
        elif kind == 1:
            del content[at : at + chance.randrange(1, 50)]
        elif kind == 2:
            content[at:at] = chance.randbytes(chance.randrange(1, 50))
        elif kind == 3:
            content[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        else:
            del content[at:]
    return bytes(content)


# ---- how they are made


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _file(name: str, content: bytes, size: int = 0) -> Make:
    """A file; with `size` as long as that, as a sparse file."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        if size:
            os.truncate(folder / name, size)
        return folder / name

    return make


def _link(name: str, target: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).symlink_to(target)
        return folder / name

    return make


def _pipe(name: str) -> Make:
    def make(folder: Path) -> Path:
        os.mkfifo(folder / name)
        return folder / name

    return make


def _socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "s.csv"))
    return folder / "s.csv"


def _folder_named(name: str) -> Make:
    return lambda folder: _made(folder / name)


def npz(header: str, content: bytes = b"", name: str = "bomb.npz") -> Make:
    """An archive whose array `x` has this header."""

    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text, values in (("x", header, content), ("y", described("(2,)", "'<i8'"), bytes(16))):
                head = text.encode("latin1")
                length = len(head).to_bytes(2, "little")
                archive.writestr(f"{member}.npy", b"\x93NUMPY\x01\x00" + length + head + values)
        return folder / name

    return make


def described(shape: str, kind: str = "'<f8'") -> str:
    """The header of an array."""
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}}}\n"


def png(height: int, width: int, content: bytes = b"") -> bytes:
    """A grey image by its header."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", content or zlib.compress(bytes(9))), (b"IEND", b"")]
    parts = [len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def images(folder: Path) -> Path:
    """Two classes of ten images."""
    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        for i in range(10):
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(_made(folder / "pets" / label) / f"{i}.png")
    return folder / "pets"


def _beside(add: Callable[[Path], object]) -> Make:
    """A folder of good images with something odd beside them."""

    def make(folder: Path) -> Path:
        pets = images(folder)
        add(pets)
        return pets

    return make


def _zip(add: Callable[[zipfile.ZipFile], object]) -> Make:
    """An archive of good images with something odd beside them."""

    def make(folder: Path) -> Path:
        pets = images(folder)
        with zipfile.ZipFile(folder / "pets.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in pets.rglob("*.png"):
                archive.write(path, path.relative_to(folder))
            add(archive)
        return folder / "pets.zip"

    return make


def _circles(pets: Path) -> None:
    (pets / "a" / "up").symlink_to("..")
    (pets / "a" / "top").symlink_to("/")
    (pets / "a" / "b").symlink_to(pets / "b")
    (pets / "b" / "a").symlink_to(pets / "a")
    (pets / "b" / "self").symlink_to("self")


def _deep(pets: Path) -> None:
    folder = pets / "a"
    for _ in range(400):
        folder = folder / "d"
        folder.mkdir()


def _good_npz(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    np.savez_compressed(folder / "good.npz", x=rng.normal(size=(30, 4)), y=np.arange(30) % 3)
    return folder / "good.npz"


def _good_idx(folder: Path) -> Path:
    head = struct.pack(">BBBBIII", 0, 0, 8, 3, 5, 28, 28)
    (folder / f"{IDX_NAME}.gz").write_bytes(gzip.compress(head + bytes(5 * 784)))
    for name in ("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / name).write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, 5) + bytes(5))
    (folder / "t10k-images-idx3-ubyte").write_bytes(head + bytes(5 * 784))
    return folder / f"{IDX_NAME}.gz"


ROWS = "".join(f"{i},{i % 7},{'cat' if i % 2 else 'dog'}\n" for i in range(40)).encode()
LABELS = b"a,label:x,label:y\n" + b"1,0,1\n2,1,0\n3,1,1\n" * 10

GOOD: dict[str, Make] = {
    "csv": _file("good.csv", ROWS),
    "labels": _file("labels.csv", LABELS),
    "npz": _good_npz,
    "idx": _good_idx,
    "images": images,
}

TERABYTE = 1 << 40
BRACKETS = "(" * 4000 + "2" + ")" * 4000

ODD: dict[str, Make] = {
    "good csv": _file("good.csv", ROWS),
    "good npz": _good_npz,
    "good images": images,
    "pipe csv": _pipe("p.csv"),
    "pipe npz": _pipe("p.npz"),
    "pipe without suffix": _pipe("pipe"),
    "pipe idx": _pipe(IDX_NAME),
    "socket": _socket,
    "folder csv": _folder_named("f.csv"),
    "folder npz": _folder_named("f.npz"),
    "folder idx": _folder_named(IDX_NAME),
    "link to zeros csv": _link("z.csv", "/dev/zero"),
    "link to zeros npz": _link("z.npz", "/dev/zero"),
    "link to zeros idx": _link(IDX_NAME, "/dev/zero"),
    "link to nothing": _link("n.csv", "nothing.csv"),
    "link to itself": _link("l.csv", "l.csv"),
    "link to memory": _link("m.csv", "/proc/self/mem"),
    "empty csv": _file("e.csv", b""),
    "sparse csv": _file("s.csv", ROWS, TERABYTE),
    "sparse csv of a gigabyte": _file("s.csv", ROWS, 1 << 30),
    "sparse npz": _file("s.npz", b"PK\x03\x04", TERABYTE),
    "sparse npz of a gigabyte": _file("s.npz", b"PK\x03\x04", 1 << 30),
    "sparse idx": _file(IDX_NAME, b"\0\0\x08\x03", TERABYTE),
    "gzip bomb idx": _file(IDX_NAME, gzip.compress(bytes(1 << 20)) * 5000),
    "csv of one line": _file("o.csv", b"1," * 20_000_000),
    "csv of one cell": _file("o.csv", b"1" * 40_000_000),
    "csv of one quote": _file("o.csv", b'1,2,"' + b"\n" * 20_000_000),
    "csv of one row of many lines": _file("o.csv", b'"\n",' * 8_000_000),
    "csv of zeros": _file("o.csv", bytes(30_000_000)),
    "csv of names": _file("o.csv", b"".join(b"1,name%d\n" % i for i in range(300_000))),
    "csv of one long label": _file("o.csv", b"1," + b"l" * 100_000 + b"\n" + b"2,s\n" * 300_000),
    "csv of a number of many digits": _file("o.csv", b"1," + b"9" * 100_000 + b"\n2,3\n"),
    "npz of terabytes": npz(described("(1000000000000, 784)")),
    "npz of texts": npz(described("(2, 2)", "'<U500000000'")),
    "npz of nothing a trillion times": npz(described("(1000000000000, 1)", "'<U0'")),
    "npz of zeros": npz(described("(200000000, 1)"), bytes(1_000_000)),
    "npz of objects": npz(described("(2, 2)", "'|O'"), b"\x80\x04N." * 9),
    "npz of negative size": npz(described("(-2, -2)"), bytes(32)),
    "npz of many digits": npz(described(f"({'9' * 4000}, 2)")),
    "npz of brackets": npz(described(BRACKETS)),
    "npz of minus signs": npz(described("-" * 9000 + "2")),
    "npz of nested types": npz(described("(2, 2)", "[('a'," * 1000 + "'<f8'" + ")]" * 1000)),
    "npz of a long header": npz("x" * 60_000),
    "npy": _file("a.npz", b"\x93NUMPY\x01\x00\x04\x00{}\n\n"),
    "images and circles": _beside(_circles),
    "images and a deep folder": _beside(_deep),
    "images and a pipe": _beside(lambda pets: os.mkfifo(pets / "a" / "p.png")),
    "images and zeros": _beside(lambda pets: (pets / "a" / "z.png").symlink_to("/dev/zero")),
    "images and a class by two names": _beside(lambda pets: (pets / "c").symlink_to(pets / "a")),
    "images and a class that leads up": _beside(lambda pets: (pets / "c").symlink_to("..")),
    "images and 529 megapixels": _beside(lambda pets: (pets / "a" / "z.png").write_bytes(png(23_000, 23_000))),
    "images and 49 megapixels": _beside(
        lambda pets: (pets / "a" / "z.png").write_bytes(png(7000, 7000, zlib.compress(bytes(7000 * 7001), 9)))
    ),
    "images and a sparse one": _beside(lambda pets: os.truncate(pets / "a" / "0.png", TERABYTE)),
    "images and half a one": _beside(lambda pets: os.truncate(pets / "a" / "0.png", 60)),
    "images of a thousand classes and more": _beside(lambda pets: [(pets / f"c{i}").mkdir() for i in range(5000)]),
    "zip of images": _zip(lambda _: None),
    "zip of zeros": _zip(lambda zipped: [zipped.writestr(f"pets/a/z{i}.png", bytes(200_000_000)) for i in range(8)]),
    "zip of a file of zeros": _zip(lambda zipped: zipped.writestr("pets/a/z.png", bytes(300_000_000))),
    "zip of names": _zip(lambda zipped: [zipped.writestr(f"pets/a/{i}" + "n" * 60_000, b"") for i in range(1200)]),
    "zip of deep folders": _zip(lambda zipped: zipped.writestr("pets/" + "a/" * 500 + "z.png", b"")),
    "sparse zip": _file("s.zip", b"PK\x03\x04", TERABYTE),
    "pipe zip": _pipe("p.zip"),
    "a name too long": lambda folder: folder / ("n" * 300 + ".csv"),
}
"""Each odd file by its name, and how it is made in an empty folder."""

FINE = {
    "good csv", "good npz", "good images", "images and circles", "images and a pipe", "images and zeros",
    "images and a deep folder", "images and 49 megapixels", "images and half a one", "csv of one long label",
    "zip of images", "zip of zeros",
}  # fmt: skip
"""Those that can be read."""

if __name__ == "__main__":
    main("tests.faults.odd_files", check, RUNS)
