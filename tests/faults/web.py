"""Unauthorised and hostile requests, by the thousand: `python -m tests.faults.web`.

Real servers get requests that they must reject: under foreign names, by other sites' pages, by another user of this
machine (where root can take on one), with bodies and numbers without end, with more connections than there are file
descriptors. It takes a minute or two.
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import product
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from scripts.serving import ANNSCOPE, STREAMLIT, Served, dashboard
from tests.faults.tally import Tally, main
from tests.records import train_run

RUNS = 2
"""One server for each way to start."""
LIMIT_SECONDS = 10.0
"""Time limit in seconds, after which something counts as hanging."""
NOBODY = 65_534
MANY_LINES = 22_000

NAMES = ("127.0.0.1", "localhost", "[::1]")
FOREIGN = (
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example#127.0.0.1", "127.0.0.2",
    "0.0.0.0", "192.168.1.5", "[::]", "[fe80::1]", "2130706433", "0x7f000001", "127.1", "localhost.",
    "127.0.0.1@evil.example",
    "evil.example/127.0.0.1", "evil.example?127.0.0.1", "[::1", "%6cocalhost", "127.0.0.1 evil.example", "", "*",
    "null",
)  # fmt: skip
NUMBERS = (
    "1" * 4300,
    "1" * 4301,
    "9" * 20_000,
    "-1",
    "1e400",
    "NaN",
    "0x1",
    "1.5",
    "%00",
    "%F0%9F%94%AC",
    "1%2F..%2F2",
)
DEEP = 200_000
BODIES: tuple[bytes, ...] = (
    b"", b"null", b"1", b'"x"', b"[]", b"{}", b"[" * DEEP, b'{"x":' * DEEP, b"\xff\xfe", b'{"x": NaN}', b'{"x": [NaN]}',
    b'{"x": [1e400, 0]}', b'{"x": [' + b"9" * 5000 + b"]}", b'{"x": [1' + b"0" * 400 + b', 0]}', b'{"x": {"a": 1}}',
    b'{"x": [[1], [2, 3]]}', b'{"x": ["1", "2"]}', b'{"x": [true, false]}', b'{"x": [0, 0], "k": 1e400}',
    b'{"x": [0, 0], "k": -1}', b'{"x": [0, 0], "k": "8"}', b'{"x": [0, 0], "k": ' + b"9" * 4000 + b"}",
    b'{"x": [' + b"0," * 3_000_000 + b"0]}", b'{"changes": 5}', b'{"changes": [5]}', b'{"changes": [{}]}',
    b'{"changes": [{"layer": 1e400, "unit": 0}]}', b'{"changes": [{"layer": 0, "unit": -1}]}',
    b'{"changes": [{"layer": ' + b"9" * 4000 + b', "unit": 0}]}', b'{"changes": [{"layer": true, "unit": 0}]}',
    b'{"changes": [{"layer": 0, "unit": 0, "input": 0, "value": 1e999}]}',
    b'{"changes": [{"layer": 0, "unit": 0, "input": 0, "value": "1"}]}',
    b'{"changes": [{"layer": 0, "unit": 0, "more": 1}]}', b'{"changes": [' + b'{"layer":0,"unit":0},' * 20_000 + b"0]}",
)  # fmt: skip


def ask(
    served: Served, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, bytes]:
    """The status and the body of a response; 0 and the reason if there is none in time."""
    address = urlsplit(served.url).netloc
    with closing(http.client.HTTPConnection(address, timeout=LIMIT_SECONDS)) as connection:
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in ({"Host": address} | (headers or {})).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error).encode()


UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}  # fmt: skip


def names_and_origins(served: Served, run: str) -> Iterator[Tally]:
    """Every name for the server with every origin of a page, over HTTP and WebSocket."""
    count = Tally("foreign names and origins", "only this machine's names and this server's pages are accepted")
    port = urlsplit(served.url).port
    hosts = [f"{name}:{port}" for name in NAMES] + [f"{name}:{port}" for name in FOREIGN] + [*FOREIGN]
    origins = [None, "null", "", f"https://127.0.0.1:{port}", "file://", "http://127.0.0.1:1"]
    origins += [f"http://{host}" for host in hosts[:9]]
    paths = [("/", {}), (f"/annscope/runs/{run}/history", {}), (f"/annscope/runs/{run}/live", UPGRADE),
             ("/_stcore/stream", UPGRADE)]  # fmt: skip
    for host, origin, (path, more) in product(hosts, origins, paths):
        ours = host in {f"{name}:{port}" for name in NAMES} and origin in {None, f"http://{host}"}
        # The scheme is the proxy's to choose: of the same name and port, it is the same server.
        ours |= origin is not None and origin == f"https://{host}" and host == f"127.0.0.1:{port}"
        headers = {"Host": host, **more} | ({} if origin is None else {"Origin": origin})
        try:
            status, _ = ask(served, "GET", path, headers)
        except ValueError:  # no such header can be sent
            continue
        good = status in {200, 101} if ours else status in {400, 403}
        _see(count, good, (status, host, origin, path))
    yield count


def numbers_and_bodies(served: Served, run: str) -> Iterator[Tally]:
    """Hostile numbers and bodies."""
    count = Tally("hostile numbers and bodies", "a hostile number or body is rejected with a sentence, in time")
    base = f"/annscope/runs/{run}"
    places = ("snapshots/{}", "examples/test/{}", "neurons/{}/0", "neurons/0/{}", "histograms?start={}")
    questions = [("GET", f"{base}/{place.format(number)}", None) for place, number in product(places, NUMBERS)]
    questions += [
        ("POST", f"{base}/snapshots/{number}/{what}", b"{}")
        for what, number in product(("nearest", "what-if"), NUMBERS)
    ]
    questions += [
        ("POST", f"{base}/snapshots/0/{what}", body) for what, body in product(("nearest", "what-if"), BODIES)
    ]
    questions += [("GET", f"/annscope/runs/{'a' * length}/history", None) for length in (201, 5_000, 60_000)]
    for method, path, body in questions:
        started = time.monotonic()
        status, response = ask(served, method, path, body=body)
        seconds = time.monotonic() - started
        try:
            reported = json.loads(response)["error"]
        except (ValueError, KeyError, TypeError):
            reported = ""
        # An invalid path is rejected by Streamlit before it reaches us.
        good = (status == 400 and response == b"Bad Request") or (status in {400, 404} and 0 < len(reported) < 500)
        good &= seconds < LIMIT_SECONDS
        _see(count, good, (status, method, path[:80], (body or b"")[:60], response[:100], f"{seconds:.1f} s"))
    yield count


def another_user(served: Served, run: str) -> Iterator[Tally]:
    """Another user of this machine, with and without a lie about where they are."""
    count = Tally("other users of this machine", "another user of this machine has no access")
    script = (
        "import http.client, os\n"
        "'name'.encode('idna')\n"  # loads what that user cannot read
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        f"for headers in ({{}}, {{'X-Forwarded-For': '127.0.0.1'}}, {UPGRADE}):\n"
        f"    connection = http.client.HTTPConnection('127.0.0.1', {urlsplit(served.url).port}, timeout=10)\n"
        f"    connection.request('GET', '/annscope/runs/{run}/' + ('live' if 'Upgrade' in headers else 'history'),"
        " headers=headers)\n"
        "    print(connection.getresponse().status)\n"
    )
    if sys.platform == "linux" and os.getuid() == 0:
        for _ in range(20):
            done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
            for status in done.stdout.split() or [done.stderr]:
                _see(count, status == "403", status)
        yield count


def crowds(served: Served, _: str) -> Iterator[Tally]:
    """More viewers than runs, and more connections than file descriptors."""
    process = served.process.pid
    idle = Tally("crowds", "50 viewers of runs that are not there cost less than a tenth of a core")
    with ExitStack() as stack:
        for i in range(50):
            stack.enter_context(_upgraded(served, f"/annscope/runs/nobody-{i}/live"))
        used = _cpu_share(process)
        _see(idle, used < 0.1, f"{used:.2f} of a core")
    yield idle

    if not hasattr(resource, "prlimit"):
        return
    full = Tally("crowds", "out of file descriptors, the server waits without spinning, and continues")
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        resource.prlimit(process, resource.RLIMIT_NOFILE, (100, limits[1]))
        for _i in range(150):
            stack.enter_context(socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0), timeout=5))
        used = _cpu_share(process)
        _see(full, used < 0.2, f"{used:.2f} of a core")
    resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
    status, response = ask(served, "GET", "/_stcore/health")
    _see(full, status == 200, (status, response))
    log = (served.home / "dashboard.log").read_text()
    _see(full, log.count("Too many open files") == 1 and "Traceback" not in log, log[-300:])
    yield full


def a_long_run(served: Served, run: str) -> Iterator[Tally]:
    """A viewer joins a run of many thousand snapshots while others are served."""
    count = Tally(
        "long runs", f"no response waits 0.25 s while a run of {MANY_LINES:,} snapshots is read for the first time"
    )
    source, long = served.home / "runs" / run, served.home / "runs" / f"{run}-long"
    long.mkdir()
    for name in ("config.json", "status.json", "probe.safetensors"):
        (long / name).write_bytes((source / name).read_bytes())
    lines = [json.loads(line) for line in (source / "metrics.jsonl").read_text().splitlines()]
    line = next(line for line in lines if line["type"] == "snapshot")
    many = (json.dumps(line | {"number": number, "step": number}) for number in range(MANY_LINES))
    (long / "metrics.jsonl").write_text("\n".join(many) + "\n")
    with _upgraded(served, f"/annscope/runs/{long.name}/live"):
        until = time.monotonic() + 4
        while time.monotonic() < until:
            started = time.monotonic()
            status, _ = ask(served, "GET", "/_stcore/health")
            seconds = time.monotonic() - started
            _see(count, status == 200 and seconds < 0.25, f"{seconds:.2f} s")
            time.sleep(0.01)
    yield count


def the_end(served: Served, run: str) -> Iterator[Tally]:
    """Requests that never finish, when the server is told to end."""
    count = Tally("the end", "unfinished requests do not hold up the end by more than 5 s")
    port = urlsplit(served.url).port or 0
    with ExitStack() as stack:
        for path in (f"/annscope/runs/{run}/snapshots/0/nearest", "/_stcore/upload_file/a/b") * 5:
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000\r\n\r\n{{"
            stack.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(head.encode())
        for _ in range(5):
            stack.enter_context(_upgraded(served, f"/annscope/runs/{run}/live"))
        started = time.monotonic()
        served.process.send_signal(signal.SIGINT)
        try:
            status = served.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            status = -1
        seconds = time.monotonic() - started
    _see(count, status == 0 and seconds < 5, f"status {status}, {seconds:.1f} s")
    yield count


def _upgraded(served: Served, path: str) -> socket.socket:
    """A WebSocket that only listens, and reads what it is sent."""
    port = urlsplit(served.url).port or 0
    connection = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_SECONDS)
    head = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": f"127.0.0.1:{port}"} | UPGRADE).items())
    connection.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    threading.Thread(target=_drain, args=(connection,), daemon=True).start()
    return connection


def _drain(connection: socket.socket) -> None:
    try:
        while connection.recv(1 << 20):
            pass
    except OSError:
        return


def _cpu_share(process: int, seconds: float = 3.0) -> float:
    """How much of a core a process uses when it is idle."""
    time.sleep(1)
    before = _cpu(process)
    time.sleep(seconds)
    return (_cpu(process) - before) / seconds


def _cpu(process: int) -> float:
    import psutil

    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


def _record(home: Path) -> str:
    """The id of a small finished run."""
    with patch.dict(os.environ, {"ANNSCOPE_HOME": str(home)}):
        return train_run(data="xor", hidden=(3,), epochs=2).run


CHECKS: tuple[Callable[[Served, str], Iterator[Tally]], ...] = (
    names_and_origins, numbers_and_bodies, another_user, crowds, a_long_run, the_end,
)  # fmt: skip


def _see(tally: Tally, good: bool, failure: object) -> None:
    tally.count(None if good else str(failure)[:300])


def check(runs: int) -> Iterator[Tally]:
    """Try everything on this many servers, started alternately as `annscope` does and by `streamlit run`."""
    for i in range(runs):
        how, start = (("annscope", ANNSCOPE), ("streamlit run", STREAMLIT))[i % 2]
        checks = CHECKS if start == ANNSCOPE else CHECKS[:3]
        with tempfile.TemporaryDirectory() as folder:
            run = _record(Path(folder))
            with dashboard(Path(folder), start=start) as served:
                for attempt in checks:
                    for tally in attempt(served, run):
                        tally.fault += f" ({how})"
                        yield tally


if __name__ == "__main__":
    main("tests.faults.web", check, RUNS)
