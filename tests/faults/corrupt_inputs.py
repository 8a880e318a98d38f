"""Damaged records and unrelated folders, by the thousand: `python -m tests.faults.corrupt_inputs [--runs N]`.

Copies of a good record are damaged at random, as disks, copies by hand and other programs damage them, and then read
by every command and by the dashboard: by its routes and by its pages. Each must respond in time, with a result or with
one sentence; and beside the damaged run a good one must stay as it was. The same number of tries does the same damage.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import random
import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.tally import Tally, main

RUNS = 3000
LIMIT_SECONDS = 20.0
"""Time limit in seconds, after which something counts as hanging."""
GOOD = "2026-01-01-0000-00-good"
RUN = "2026-01-02-0000-00-bad"
RECORD_FILES = (
    "config.json", "status.json", "metrics.jsonl", "control.jsonl", "probe.safetensors", "checkpoint.safetensors",
    "snapshots/000000.safetensors", "snapshots/000002.safetensors",
)  # fmt: skip
COMMANDS = (
    ("runs", "list"), ("runs", "list", "--json"), ("runs", "show", RUN), ("runs", "show", RUN, "--json"),
    ("evaluate", RUN), ("evaluate", RUN, "--json"), ("check-gradient", RUN), ("resume", RUN),
    ("go-on", RUN, "--epochs", "5"), ("resume", "latest", "--json"), ("runs", "delete", RUN, "--yes"),
)  # fmt: skip
ROUTES = (
    "history", "probe", "snapshots/0", "snapshots/2", "input", "labels", "examples/train/0", "histograms", "classes",
    "neurons/0/1",
)  # fmt: skip
QUESTIONS = (
    ("snapshots/2/what-if", {"changes": [{"layer": 0, "unit": 1}]}),
    ("snapshots/2/nearest", {"x": [0.1, 0.2]}),
)
PAGES = ("train", "inspect", "draw")
PAGE = """
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.pages import {page}
with show_errors():
    {page}.page()
"""
ODD_VALUES: tuple[str, ...] = (
    "null", "true", "-1", "0", "1", "3", "1.5", "1e308", "-1e308", "1e400", "NaN", "-Infinity", "9" * 30, "9" * 5000,
    "9007199254740993", '""', '"x"', '"\\ud800"', '"a\\u0000b"', '"%s"' % ("long" * 20_000), "[]", "{}", "[[]]",
    '{"a": {"b": 1}}', "[" * 100_000 + "]" * 100_000, '{"a":' * 50_000 + "1" + "}" * 50_000, '"1999-13-77"',
    '"0001-01-01T00:00:00"', '"running"', '"unresponsive"', '"../../../etc/passwd"', "[1, 2]", "[-1]", '["a", "a"]',
)  # fmt: skip
PLACEHOLDER = "put an odd value here"


class Hang(BaseException):
    """A command or request timed out."""


class NothingThereError(Exception):
    """What was to be damaged is gone already, or was damaged beyond that."""


class Damage:
    """Damages a record in one of many ways; `about` describes it."""

    def __init__(self, rng: random.Random, run: Path) -> None:
        self.rng, self.run = rng, run
        self.about = ""
        kinds: tuple[tuple[Callable[[], str], int], ...] = (
            (self.bytes, 4), (self.values, 8), (self.lines, 2), (self.kinds, 2), (self.tensors, 3), (self.folders, 2),
        )  # fmt: skip
        for _ in range(rng.choice((1, 1, 1, 2))):
            kind = rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
            with contextlib.suppress(
                NothingThereError, ValueError, LookupError, TypeError, FileExistsError, RecursionError
            ):
                self.about += kind() + "; "

    def bytes(self) -> str:
        """What a failing disk, a power cut or half a copy leaves."""
        rng, path = self.rng, self.run / self.rng.choice(RECORD_FILES)
        content = bytearray(content_of(path))
        size = len(content)
        how = rng.choice(("cut", "zeroed", "zeros inside", "flipped", "longer", "empty", "noise", "old end"))
        start, end = sorted((rng.randint(0, size), rng.randint(0, size)))
        if how == "cut":
            del content[start:]
        elif how == "zeroed":
            content[:] = bytes(size)
        elif how == "zeros inside":
            content[start:end] = bytes(end - start)
        elif how == "flipped":
            for _ in range(rng.choice((1, 3, 30))):
                if size:
                    content[rng.randrange(size)] ^= 1 << rng.randrange(8)
        elif how == "longer":
            content += rng.randbytes(rng.choice((1, 100, 100_000)))
        elif how == "empty":
            content.clear()
        elif how == "noise":
            content[:] = rng.randbytes(size)
        else:
            content += content[start:]
        path.write_bytes(content)
        return f"{path.name} {how}"

    def values(self) -> str:
        """One value of a JSON file is another, is missing, or one is too many."""
        rng = self.rng
        name = rng.choice(
            ("config.json", "status.json", "metrics.jsonl", "metrics.jsonl", "control.jsonl", "config.json")
        )
        path = self.run / name
        text = content_of(path).decode()
        lines = text.splitlines() if name.endswith("jsonl") else [text]
        at = rng.randrange(len(lines))
        values = json.loads(lines[at])
        about = self.change(values)
        lines[at] = json.dumps(values).replace(f'"{PLACEHOLDER}"', rng.choice(ODD_VALUES))
        path.write_text("\n".join(lines) + "\n")
        return f"{name} {about}"

    def change(self, values: Any) -> str:
        """Change one value somewhere inside."""
        rng, place = self.rng, values
        names: list[Any] = []
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                return "as it was"
            key = rng.choice(keys)
            names.append(key)
            if not isinstance(place[key], dict | list) or not place[key] or rng.random() < 0.2:
                break
            place = place[key]
        how = rng.choice(("odd", "odd", "odd", "missing", "unknown"))
        if how == "odd":
            place[key] = PLACEHOLDER
        elif how == "missing":
            del place[key]
        elif isinstance(place, dict):
            place["a setting of tomorrow"] = PLACEHOLDER
        return f"{'.'.join(map(str, names))} {how}"

    def lines(self) -> str:
        """Lines that are missing, twice there or in another order, or no lines."""
        rng, path = self.rng, self.run / self.rng.choice(("metrics.jsonl", "control.jsonl"))
        lines = content_of(path).decode().splitlines()
        how = rng.choice(("missing", "twice", "swapped", "foreign", "none"))
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        if how == "missing":
            del lines[at]
        elif how == "twice":
            lines.insert(other, lines[at])
        elif how == "swapped":
            lines[at], lines[other] = lines[other], lines[at]
        elif how == "foreign":
            event = rng.choice(("learning_rate", "epochs", "best", "new"))
            lines.insert(at, json.dumps({"type": "event", "event": event, "step": 1}))
        else:
            lines = []
        path.write_text("".join(f"{line}\n" for line in lines))
        return f"{path.name}, lines {how}"

    def kinds(self) -> str:
        """Something else is in the place of a file."""
        rng = self.rng
        path = self.run / rng.choice((*RECORD_FILES, "snapshots", "worker.lock", "worker.log", "status.json.part"))
        if not path.parent.is_dir():
            raise NothingThereError
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        how = rng.choice(("missing", "folder", "pipe", "endless", "loop", "nowhere", "huge", "file", "closed"))
        if how == "folder":
            path.mkdir()
        elif how == "pipe":
            os.mkfifo(path)
        elif how == "endless":
            path.symlink_to("/dev/zero")
        elif how == "loop":
            path.symlink_to(path.name)
        elif how == "nowhere":
            path.symlink_to("nowhere")
        elif how == "huge":
            path.touch()
            os.truncate(path, 2**36)
        elif how == "file":
            path.write_bytes(b"x")
        elif how == "closed":
            path.write_bytes(b"{}")
            path.chmod(0)
        return f"{path.relative_to(self.run)} {how}"

    def tensors(self) -> str:
        """A safetensors file whose header tells something else, or whose values are odd."""
        rng = self.rng
        path = self.run / rng.choice([name for name in RECORD_FILES if name.endswith("safetensors")])
        content = content_of(path)
        length = int.from_bytes(content[:8], "little")
        header, data = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
        if rng.random() < 0.3:
            start = rng.randrange(max(1, len(data) - 8))
            data[start : start + 4] = rng.choice(
                (b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f", b"\xff\xff\xff\xff")
            )
            about = "values"
        elif "annscope" in header.get("__metadata__", {}) and rng.random() < 0.6:
            state = json.loads(header["__metadata__"]["annscope"])
            about = self.change(state)
            odd = rng.choice([value for value in ODD_VALUES if len(value) < 10_000])
            header["__metadata__"]["annscope"] = json.dumps(state).replace(f'"{PLACEHOLDER}"', odd)
        else:
            name = rng.choice([name for name in header if name != "__metadata__"])
            how = rng.choice(("dtype", "shape", "gone", "renamed"))
            about = f"{name} {how}"
            if how == "dtype":
                header[name]["dtype"] = "I32" if header[name]["dtype"] == "F32" else "F32"
            elif how == "shape":
                header[name]["shape"] = header[name]["shape"][::-1] or [1]
                if len(header[name]["shape"]) == 1:
                    header[name]["shape"].append(1)
            else:
                about_it = header.pop(name)
                if how == "renamed":
                    header["other"] = about_it
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + data)
        return f"{path.name} {about}"

    def folders(self) -> str:
        """Unrelated files and folders beside the runs."""
        rng, runs = self.rng, self.run.parent
        name = rng.choice(
            (f"{RUN} (copy)", f"{RUN}.bak", "__MACOSX", "zzz", "..x", "a b", "[red]x", "é", os.fsdecode(b"\xff\xfe"),
             "z" * 250, "new\nline", "-x")
        )  # fmt: skip
        how = rng.choice(("copy", "empty", "loop", "file", "pipe", "link"))
        path = runs / name
        if how == "copy":
            shutil.copytree(runs / GOOD, path)
        elif how == "empty":
            path.mkdir()
        elif how == "loop":
            path.symlink_to(name)
        elif how == "file":
            path.touch()
        elif how == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(runs / GOOD)
        return f"{name!a} beside it, {how}"


def content_of(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 2**20:
        raise NothingThereError
    return path.read_bytes()


class Trial:
    """Tries one thing after another on damaged records, and counts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.logged: list[str] = []

    def prepare(self) -> None:
        """Train the good run, and leave another one at its last but one epoch."""
        from annscope.runs import control
        from tests.records import RunInProgress, train_run

        settings = {"data": "xor", "samples": 60, "hidden": (4,), "epochs": 4, "batch_size": 16}
        good, stopped = train_run(**settings), RunInProgress(**settings)
        stopped.train_until(snapshot=2)
        control.send(stopped.run, "learning_rate", 0.002)
        control.send(stopped.run, "stop")
        stopped.finish()
        (self.home / "good").mkdir()
        good.directory.rename(self.home / "good" / GOOD)
        stopped.reader.directory.rename(self.home / "good" / RUN)

    def damaged(self, what: str, n: int) -> Iterator[tuple[random.Random, str]]:
        """Damage a fresh copy of the record, this many times; yields the random generator and what was done."""
        runs = self.home / "runs"
        for i in range(n):
            rng = random.Random(f"{what} {i}")
            shutil.rmtree(runs, ignore_errors=True)
            shutil.copytree(self.home / "good", runs)
            yield rng, f"{what} {i}: {Damage(rng, runs / RUN).about}"

    def attempt(self, tally: Tally, about: str, action: Callable[[], str | None]) -> None:
        """Do it in time; what it returns, raises, warns of or has logged is what is wrong."""
        self.logged.clear()
        wrong: str | None
        signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                wrong = action()
        except Hang:
            wrong = "hangs"
        except Exception:
            wrong = traceback.format_exc()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if wrong is None and self.logged:
            wrong = "logged: " + self.logged[0]
        tally.count(None if wrong is None else f"{about}\n{wrong[-2000:]}")

    def commands(self, n: int) -> Tally:
        """Every command on damaged records."""
        from annscope.runs import cli

        tally = Tally("a damaged record or an unrelated folder", "each command responds with one sentence")
        for rng, about in self.damaged("command", n):
            command = rng.choice(COMMANDS)

            def run(command: tuple[str, ...] = command) -> str | None:
                out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    try:
                        cli.main(list(command))
                    except SystemExit as end:
                        status = end.code or 0
                for stream in (out, err):
                    stream.seek(0)
                output, printed = err.read(), out.read()
                if status not in {0, 1, 2}:
                    return f"exit status {status}\n{output}"
                if status and (len(output.splitlines()) != 1 or not output.startswith("annscope: ")):
                    return f"is not one sentence:\n{output}"
                if not status and len(output.splitlines()) > 1:  # a warning is one sentence
                    return f"printed {output}"
                log = self.home / "runs" / RUN / "worker.log"
                if (
                    log.is_file()
                    and not log.is_symlink()
                    and log.stat().st_size < 2**20
                    and b"Traceback" in log.read_bytes()
                ):
                    return log.read_text()
                if command[:2] == ("runs", "list") and GOOD not in printed:
                    return f"the good run is not listed:\n{printed}"
                return None

            self.attempt(tally, f"{about} {' '.join(command)}", run)
        return tally

    def routes(self, n: int) -> Tally:
        """Routes of the dashboard."""
        from starlette.applications import Starlette
        from starlette.testclient import TestClient

        from annscope.dashboard.server.routes import routes

        tally = Tally("a damaged record or an unrelated folder", "each route of the dashboard responds")
        with TestClient(Starlette(routes=routes)) as client:
            for rng, about in self.damaged("route", n):
                self.forget()
                name, asked = rng.choice([*((name, None) for name in ROUTES), *QUESTIONS, ("live", None)])

                def ask(name: str = name, asked: Any = asked) -> str | None:
                    address = f"/annscope/runs/{RUN}/{name}"
                    if name == "live":
                        return None if listen(client, address) else "no greeting and no end"
                    response = client.get(address) if asked is None else client.post(address, json=asked)
                    if response.status_code >= 500 or not (response.status_code == 200 or response.json()["error"]):
                        return f"status {response.status_code}"
                    good = client.get(f"/annscope/runs/{GOOD}/history")
                    return None if good.status_code == 200 else f"the good run: {good.text}"

                self.attempt(tally, f"{about} {name}", ask)
        return tally

    def pages(self, n: int) -> Tally:
        """Pages of the dashboard, at the damaged run and at the good one."""
        from streamlit.testing.v1 import AppTest

        logging.getLogger("streamlit.runtime.scriptrunner_utils").setLevel(logging.ERROR)  # it misses a server
        tally = Tally("a damaged record or an unrelated folder", "each page is drawn")
        for rng, about in self.damaged("page", n):
            self.forget()
            page, run = rng.choice(PAGES), rng.choice((RUN, RUN, GOOD, None))

            def draw(page: str = page, run: str | None = run) -> str | None:
                test = AppTest.from_string(PAGE.format(page=page), default_timeout=LIMIT_SECONDS)
                if run is not None:
                    test.query_params["run"] = run
                test.run()
                if test.exception:
                    return str(test.exception[0].stack_trace or test.exception[0].message)
                if run == GOOD and test.error:
                    return f"of the good run: {test.error[0].value}"
                return None

            self.attempt(tally, f"{about} {page} {run}", draw)
        return tally

    @staticmethod
    def forget() -> None:
        """As if the server had just started."""
        from annscope.dashboard.queries.caches import clear_caches

        clear_caches()


def listen(client: Any, address: str) -> bool:
    """Whether a viewer is greeted, or told that there is nothing to view; without data it is right to wait."""
    from starlette.websockets import WebSocketDisconnect

    with client.websocket_connect(address) as socket:
        described = json.loads((Path(os.environ["ANNSCOPE_HOME"]) / "good" / RUN / "config.json").read_text())[
            "dataset"
        ]
        try:
            return bool(json.loads(socket.receive_text())["type"] == "hello") and described is not None
        except WebSocketDisconnect as end:
            return end.code == 4404


class Listening(logging.Handler):
    """Collects logged errors."""

    def __init__(self, logged: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.logged = logged

    def emit(self, record: logging.LogRecord) -> None:
        self.logged.append(self.format(record))


def check(runs: int) -> Iterator[Tally]:
    """Six commands of ten tries, then routes, and pages for the last one in twenty-five, as they take longest."""
    before = os.environ.get("ANNSCOPE_HOME")
    with tempfile.TemporaryDirectory(prefix="annscope-faults-") as home:
        os.environ["ANNSCOPE_HOME"] = home

        def hang(*_: object) -> None:
            raise Hang

        earlier = signal.signal(signal.SIGALRM, hang)
        trial = Trial(Path(home))
        ears = Listening(trial.logged)
        for name in (None, "streamlit"):
            logging.getLogger(name).addHandler(ears)
        try:
            trial.prepare()
            pages = max(1, runs // 25)
            commands = max(1, runs * 62 // 100)
            yield trial.commands(commands)
            yield trial.routes(max(1, runs - commands - pages))
            yield trial.pages(pages)
        finally:
            signal.signal(signal.SIGALRM, earlier)
            for name in (None, "streamlit"):
                logging.getLogger(name).removeHandler(ears)
            if before is None:
                del os.environ["ANNSCOPE_HOME"]
            else:
                os.environ["ANNSCOPE_HOME"] = before


if __name__ == "__main__":
    main("tests.faults.corrupt_inputs", check, RUNS)
