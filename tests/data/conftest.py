"""Fixtures of the tests of data: a temporary home, and a small replacement of MNIST with local mirrors."""

from __future__ import annotations

import gzip
import hashlib
import re
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from annscope.data.mnist import MNIST, IdxSet


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `ANNSCOPE_HOME`, no MNIST folder, and no proxy between the test and its own server."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ANNSCOPE_MNIST_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "home"


def idx_bytes(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@dataclass
class SmallMnist:
    """60 training and 20 test images under MNIST's file names; `content` may be spoiled by a test."""

    content: dict[str, bytes]

    @property
    def archives(self) -> dict[str, bytes]:
        return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in self.content.items()}

    def idx_set(self, *mirrors: str) -> IdxSet:
        """The description of these files as they are now, hashes included."""
        files = tuple(replace(file, sha256=hashlib.sha256(self.content[file.name]).hexdigest()) for file in MNIST.files)
        return replace(MNIST, mirrors=mirrors, files=files)

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for name, content in self.content.items():
            (folder / name).write_bytes(content)
        return folder


@pytest.fixture
def small_mnist() -> SmallMnist:
    rng = np.random.default_rng(1)
    return SmallMnist(
        {
            "train-images-idx3-ubyte": idx_bytes(rng.integers(0, 256, (60, 28, 28), dtype=np.uint8)),
            "train-labels-idx1-ubyte": idx_bytes(np.arange(60, dtype=np.uint8) % 10),
            "t10k-images-idx3-ubyte": idx_bytes(rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)),
            "t10k-labels-idx1-ubyte": idx_bytes(np.arange(20, dtype=np.uint8) % 10),
        }
    )


@dataclass
class Mirror:
    """A web server on this machine: `files` by name; those in `cut` break off half-way, the given number of times.

    With `ranges` it supports ranges (RFC 9110); with a `version` it sends it as ETag, and ranges of no
    other. Nothing beyond a `wall` is sent. `sent` records the offset and the length of each response.
    """

    url: str = ""
    ranges: bool = False
    version: str | None = None
    shifted: int | None = 0
    """Error of the offset in its Content-Range, which should be 0; with None the header is missing."""
    wall: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[str, int, int]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def start_mirror() -> Iterator[Callable[[dict[str, bytes]], Mirror]]:
    """Starts a mirror that serves the given files; all stop with the test."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(files: dict[str, bytes]) -> Mirror:
        mirror = Mirror(files=dict(files))

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                mirror.asked.append(name)
                if name not in mirror.files:
                    self.send_error(404)
                    return
                body, start = mirror.files[name], 0
                asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                if mirror.ranges and asked and self.headers.get("If-Range", mirror.version) == mirror.version:
                    start = int(asked[1])
                    self.send_response(206 if start < len(body) else 416)
                    start = min(start + (mirror.shifted or 0), len(body))
                    place = f"{start}-{len(body) - 1}" if start < len(body) else "*"
                    if mirror.shifted is not None:
                        self.send_header("Content-Range", f"bytes {place}/{len(body)}")
                else:
                    self.send_response(200)
                if mirror.ranges:
                    self.send_header("Accept-Ranges", "bytes")
                if mirror.version is not None:
                    self.send_header("ETag", mirror.version)
                rest = body[start:]
                self.send_header("Content-Length", str(len(rest)))
                if mirror.cut.get(name, 0) > 0:
                    mirror.cut[name] -= 1
                    rest = rest[: len(rest) // 2]
                rest = rest[: max(0, mirror.wall.get(name, len(body)) - start)]
                # Before the client receives anything: it may send the next request at once, to another thread.
                mirror.sent.append((name, start, len(rest)))
                self.end_headers()
                self.wfile.write(rest)

            def log_message(self, *_: object) -> None:
                """A test's output stays its own."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        mirror.url = f"http://127.0.0.1:{server.server_address[1]}/files"
        return mirror

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()
