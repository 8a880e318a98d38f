"""Downloads resume where they broke off, if possible, and never mix two versions of a file."""

from __future__ import annotations

import hashlib
import os
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from annscope.data.download import CHUNK_BYTES, fetch
from annscope.data.errors import DataError
from tests.data.conftest import Mirror

StartMirror = Callable[[dict[str, bytes]], Mirror]

NAME = "archive.gz"
BODY = np.random.default_rng(0).bytes(400_000)
OTHER = np.random.default_rng(1).bytes(400_000)
WALL = 10 * CHUNK_BYTES


@pytest.fixture
def mirror(start_mirror: StartMirror) -> Mirror:
    """A mirror of one file that supports ranges."""
    started = start_mirror({NAME: BODY})
    started.ranges = True
    return started


def check(partial: Path, url: str) -> None:
    """As the hash of MNIST is checked."""
    if partial.read_bytes() not in (BODY, OTHER):
        raise DataError(f"{url} is not what was asked for")


def get(folder: Path, *mirrors: Mirror) -> list[tuple[int, int]]:
    """Download the file; returns the reported progress as (done, total)."""
    told: list[tuple[int, int]] = []
    fetch(
        folder / NAME, [mirror.url for mirror in mirrors], what="It", check=check, advice="sit back", most=1 << 20,
        progress=lambda _, done, total: told.append((done, total)),
    )  # fmt: skip
    return told


def responses(mirror: Mirror) -> list[tuple[int, int]]:
    """The offset and the length of each response."""
    return [(start, n) for _, start, n in mirror.sent]


def only(folder: Path) -> Path:
    """The one file in a folder."""
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("n_breaks", [1, 2, 4])
def test_a_broken_transfer_is_resumed(mirror: Mirror, tmp_path: Path, n_breaks: int) -> None:
    """However often it breaks off, almost nothing is sent twice, and progress never goes back."""
    mirror.cut[NAME] = n_breaks
    told = get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert len(responses(mirror)) == n_breaks + 1
    assert sum(n for _, n in responses(mirror)) <= len(BODY) + n_breaks * CHUNK_BYTES
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {len(BODY)}
    assert told[-1] == (len(BODY), len(BODY))


def test_a_server_that_sends_no_parts_begins_again(mirror: Mirror, tmp_path: Path) -> None:
    """Then the whole file is downloaded again, and no unusable part is kept."""
    mirror.ranges = False
    mirror.cut[NAME] = 1
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert responses(mirror) == [(0, 200_000), (0, 400_000)]
    (tmp_path / NAME).unlink()
    mirror.cut[NAME] = 2
    with pytest.raises(DataError, match="the transfer broke off"):
        get(tmp_path, mirror)
    assert list(tmp_path.iterdir()) == []


def test_the_next_call_resumes(mirror: Mirror, tmp_path: Path) -> None:
    """What was received before the failure is not downloaded again."""
    mirror.wall[NAME] = WALL
    with pytest.raises(DataError, match=r"It could not be downloaded \(127.*: the transfer broke off\): sit back"):
        get(tmp_path, mirror)
    assert only(tmp_path).name.endswith(".part")
    mirror.wall.clear()
    mirror.sent.clear()
    told = get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert responses(mirror) == [(WALL, len(BODY) - WALL)]
    assert min(told)[0] > WALL


def test_a_stuck_server_is_left_for_the_next_one(mirror: Mirror, start_mirror: StartMirror, tmp_path: Path) -> None:
    """An attempt without progress is the last one, and parts from two servers are never combined."""
    mirror.wall[NAME] = WALL
    whole = start_mirror({NAME: OTHER})
    get(tmp_path, mirror, whole)
    assert (tmp_path / NAME).read_bytes() == OTHER
    assert responses(mirror) == [(0, WALL), (WALL, 0)]
    assert responses(whole) == [(0, 400_000)]


@pytest.mark.parametrize("version", ['"1"', None])
def test_a_file_that_changed_meanwhile_is_fetched_whole(mirror: Mirror, tmp_path: Path, version: str | None) -> None:
    """Whether the server tells it, or only the hash does."""
    mirror.version, mirror.wall[NAME] = version, WALL

    class Changing(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            if not mirror.sent:
                return BODY
            mirror.wall.clear()
            mirror.version = version and '"2"'
            return OTHER

    mirror.files = Changing(mirror.files)
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == OTHER
    spliced = [] if version else [(WALL, len(BODY) - WALL)]
    assert responses(mirror) == [(0, WALL), *spliced, (0, 400_000)]


def test_what_a_killed_process_left_is_used(mirror: Mirror, tmp_path: Path) -> None:
    """Once it has been silent for long enough to be sure; the file of a living one is left alone."""
    mirror.wall[NAME] = WALL
    with pytest.raises(DataError):
        get(tmp_path, mirror)
    mirror.wall.clear()
    kept = only(tmp_path)
    killed = kept.with_name(f"{kept.stem}.abc.part")
    kept.rename(killed)
    mirror.sent.clear()
    get(tmp_path, mirror)
    assert responses(mirror) == [(0, 400_000)]
    assert killed.exists()
    (tmp_path / NAME).unlink()
    os.utime(killed, (time.time() - 100,) * 2)
    mirror.sent.clear()
    get(tmp_path, mirror)
    assert responses(mirror) == [(WALL, len(BODY) - WALL)]
    assert only(tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("there", [BODY, BODY + b"more", OTHER[:100] + BODY[100:], OTHER[:1000]])
def test_after_any_partial_file_the_file_is_right(mirror: Mirror, tmp_path: Path, there: bytes) -> None:
    """All of it, more than all, or something else: what comes out is the file."""
    digest = hashlib.sha256(f"{mirror.url}/{NAME}".encode()).hexdigest()[:12]
    (tmp_path / f".{NAME}.{digest}.part").write_bytes(there)
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert len(mirror.asked) == (1 if there == BODY else 2)


@pytest.mark.parametrize("shifted", [10, -10, None])
def test_a_part_that_begins_elsewhere_is_not_believed(mirror: Mirror, tmp_path: Path, shifted: int | None) -> None:
    """A server that responds with another part than requested is asked for the whole file."""
    mirror.cut[NAME], mirror.shifted = 1, shifted
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert responses(mirror)[-1] == (0, 400_000)


def test_two_at_once_do_not_meet(mirror: Mirror, tmp_path: Path) -> None:
    """Two processes that download the same file at the same time both get it, and nothing else is left."""
    mirror.cut[NAME] = 3
    faults: list[Exception] = []

    def run() -> None:
        try:
            get(tmp_path, mirror)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert only(tmp_path).read_bytes() == BODY


def test_wrong_content_is_not_kept(mirror: Mirror, tmp_path: Path) -> None:
    """A complete file with the wrong hash is not resumed."""
    mirror.files[NAME] = b"<html>Please log in</html>"
    with pytest.raises(DataError, match="is not what was asked for"):
        get(tmp_path, mirror)
    assert list(tmp_path.iterdir()) == []


# ---- mirrors that break the rules


@dataclass
class Response:
    """A raw response of a mirror: status, header fields and body; with `endless` the body repeats."""

    status: str
    fields: list[str]
    body: bytes = b""
    endless: bool = False


@pytest.fixture
def start_liar() -> Iterator[Callable[..., Mirror]]:
    """Starts a mirror that gives the responses of a list in order, then repeats the last."""
    with ExitStack() as stack:

        def start(*responses: Response) -> Mirror:
            mirror = Mirror()

            class Handler(socketserver.StreamRequestHandler):
                def handle(self) -> None:
                    asked = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
                    response = responses[min(len(mirror.asked), len(responses) - 1)]
                    mirror.asked.append(asked)
                    head = [f"HTTP/1.1 {response.status}", *response.fields, "Connection: close", "", ""]
                    with suppress(OSError):  # it is not obliged to listen to the end
                        self.wfile.write("\r\n".join(head).encode() + response.body)
                        while response.endless:
                            self.wfile.write(response.body)

            server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
            return mirror

        yield start


def ranged(start: int, end: int, total: int | str, body: bytes, **more: str) -> Response:
    """A 206 response for the bytes from `start` to `end` inclusive."""
    fields = [f"Content-Range: bytes {start}-{end}/{total}", f"Content-Length: {len(body)}"]
    return Response("206 Partial Content", fields + [f"{name}: {value}" for name, value in more.items()], body)


HALF = 12 * CHUNK_BYTES
LAST = len(BODY) - 1
WHOLE = Response("200 OK", [f"Content-Length: {len(BODY)}"], BODY)
BROKEN = Response("200 OK", [f"Content-Length: {len(BODY)}", "Accept-Ranges: bytes", 'ETag: "1"'], BODY[:HALF])
REST = ranged(HALF, LAST, len(BODY), BODY[HALF:])
TOO_LONG = 10**30


@pytest.mark.parametrize(
    "second",
    [
        ranged(HALF + 5, LAST, len(BODY), BODY[HALF + 5 :]),
        ranged(HALF - 5, LAST, len(BODY), BODY[HALF - 5 :]),
        ranged(HALF, LAST + 7, len(BODY) + 7, BODY[HALF:] + b"0123456"),
        ranged(HALF, HALF + 9, HALF + 10, BODY[HALF : HALF + 10]),
        ranged(HALF, LAST, len(BODY), OTHER[HALF:], ETag='"2"'),
        Response("206 Partial Content", [f"Content-Length: {HALF}"], BODY[HALF:]),
        Response(
            "206 Partial Content", ["Content-Type: multipart/byteranges; boundary=x", "Content-Length: 3"], b"--x"
        ),
        Response("206 Partial Content", ["Content-Range: bytes 5-4/nonsense", "Content-Length: 3"], b"abc"),
        Response("416 Range Not Satisfiable", [f"Content-Range: bytes */{LAST}", "Content-Length: 0"]),
        ranged(HALF, TOO_LONG, "*", BODY[HALF:]),
    ],
    ids=["later", "earlier", "longer whole", "shorter whole", "other version", "unsaid", "several parts", "nonsense",
         "416 with another size", "huge number"],
)  # fmt: skip
def test_a_wrong_part_is_never_put_behind_a_right_one(
    start_liar: Callable[..., Mirror], tmp_path: Path, second: Response
) -> None:
    """A response with another range, size or version is discarded, and the file downloaded from its beginning."""
    mirror = start_liar(BROKEN, second, WHOLE)
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert ["range:" in asked.lower() for asked in mirror.asked] == [False, True, False]


def test_a_range_longer_or_shorter_than_announced_is_handled(start_liar: Callable[..., Mirror], tmp_path: Path) -> None:
    """A mirror that sends more than its range is abandoned for the next; a missing rest is requested."""
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    longer = Response(REST.status, [REST.fields[0], "Transfer-Encoding: chunked"], chunked)
    good = start_liar(WHOLE)
    get(tmp_path, start_liar(BROKEN, longer), good)
    assert only(tmp_path).read_bytes() == BODY
    assert len(good.asked) == 1
    (tmp_path / NAME).unlink()
    middle = ranged(HALF, HALF + 99, len(BODY), BODY[HALF : HALF + 100])
    get(tmp_path, start_liar(BROKEN, middle, ranged(HALF + 100, LAST, len(BODY), BODY[HALF + 100 :])))
    assert only(tmp_path).read_bytes() == BODY


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        ([ranged(7, LAST, len(BODY), BODY[7:])], "sent another range than requested"),
        ([ranged(0, LAST, 99, BODY)], "sent another range than requested"),
        ([Response("206 Partial Content", ["Content-Length: 3"], b"abc")], "another range than requested"),
        ([BROKEN, Response("206 Partial Content", ["Content-Length: 3"], b"abc")], "range than requested"),
        ([Response("416 Range Not Satisfiable", ["Content-Length: 0"])], "status 416"),
        ([Response("200 OK", [], bytes(4096), endless=True)], "sent more bytes than announced"),
        ([BROKEN, Response("206 Partial Content", ["Content-Range: bytes 196608-399999/400000"], bytes(4096), True)],
         "sent more bytes than announced"),
        ([Response("200 OK", [f"Content-Length: {'9' * 5000}"], b"abc")], ""),
        ([Response("302 Found", ["Location: /again", "Content-Length: 0"])], "Exceeded 30 redirects"),
        ([Response("999 What", ["no field at all"], b"\xff\xfe")], ""),
    ],
    ids=["206 unasked", "206 of another whole", "206 unsaid", "206 unsaid ever after", "416 unasked", "endless",
         "endless part", "huge length", "redirects in a circle", "no HTTP"],
)  # fmt: skip
def test_a_mirror_that_is_wrong_ever_after_ends_in_a_sentence(
    start_liar: Callable[..., Mirror], tmp_path: Path, responses: list[Response], reason: str
) -> None:
    """Any misbehaviour gives no endless loop, no file, and the reason beside the mirror's name."""
    mirror = start_liar(*responses)
    with pytest.raises(DataError, match=rf"^It could not be downloaded \(127.*{reason}.*\): sit back$"):
        get(tmp_path, mirror)
    assert not (tmp_path / NAME).exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= len(BODY)
    assert len(mirror.asked) <= 40
