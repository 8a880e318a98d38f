"""Starting the dashboard from the command line."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config

from annscope.dashboard import __main__ as command
from annscope.dashboard.server.listening import is_free, listen
from scripts.serving import Served, dashboard


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as other:
        other.bind((command.HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_one_sentence_with_a_free_one(taken_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Starting a second dashboard names a port that is free."""
    assert command.main(["--port", str(taken_port), "--headless"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"annscope: port {taken_port} is in use; ")
    named = int(line.partition(";")[2].split()[0])
    assert named > taken_port
    assert is_free(command.HOST, named)


def test_small_responses_are_sent_at_once() -> None:
    """What the server writes in two parts does not wait for the browser to acknowledge the first."""

    async def delays_nothing() -> bool:
        accepted = asyncio.get_running_loop().create_future()
        with listen(command.HOST, 0) as listener:
            server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listener)
            async with server:
                _, ours = await asyncio.open_connection(*listener.getsockname())
                theirs = await accepted
                delays = theirs.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                for writer in (ours, theirs):
                    writer.close()
                    await writer.wait_closed()
        return bool(delays)

    assert asyncio.run(delays_nothing())


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches only a console's own programs there")
def test_ctrl_c_ends_it_without_a_word(tmp_path: Path) -> None:
    """The usual end of a dashboard is no error: nothing is printed beside the address, and the exit status is 0."""
    with dashboard(tmp_path) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=30) == 0
    printed = (tmp_path / "dashboard.log").read_text()
    assert served.url in printed
    assert "Traceback" not in printed
    assert "KeyboardInterrupt" not in printed


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_is_none_is_named(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that cannot be a port is an error with the range."""
    assert command.main([f"--port={port}"]) == 2
    assert f"at least 1 and at most 65535, got {port}" in capsys.readouterr().err


def test_the_configuration_holds_from_every_folder() -> None:
    """Theme and protection do not depend on where the dashboard is started from, and they are installed with it."""
    script = Path(command.__file__).with_name("app.py")
    file = Path(config.file_util.get_main_script_streamlit_file_path(str(script), "config.toml"))
    settings = tomllib.loads(file.read_text(encoding="utf-8"))
    assert settings["theme"]["light"]["primaryColor"] == "#2360C9"
    assert settings["theme"]["dark"]["primaryColor"] == "#6EA0FF"
    assert settings["server"]["address"] == command.HOST
    assert settings["runner"]["magicEnabled"] is False  # else a constant's documentation would be a part of the page
    known = config.get_config_options()
    assert {f"{section}.{name}" for section, table in settings.items() for name in table} - set(known) <= {
        "theme.light", "theme.dark"
    }  # fmt: skip


def test_it_is_closed_to_the_world_whatever_the_configuration_says() -> None:
    """The server is for this machine alone and sends no usage statistics, unless it was started for others."""
    options = command.options(command.HOST, 8765, headless=True)
    assert (options["server.address"], options["server.port"], options["server.headless"]) == ("127.0.0.1", 8765, True)
    assert options["server.enableCORS"] is options["server.enableXsrfProtection"] is True
    assert options["browser.gatherUsageStats"] is False
    assert set(options) <= set(config.get_config_options())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host=192.0.2.77"], "this machine has no such address"),
        (["--origin=lab/annscope"], "origin must be a name such as lab.example.org, got 'lab/annscope'"),
    ],
)
def test_a_place_that_cannot_be_is_one_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An address of another machine, or what is no name, is named before anything is started."""
    assert command.main([*options, "--headless"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches only a console's own programs there")
def test_an_unfinished_request_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A client that sends half a request cannot block the shutdown, nor make it an error."""
    with dashboard(tmp_path) as served, socket.create_connection(("127.0.0.1", port_of(served))) as half:
        half.sendall(
            b"POST /annscope/runs/x/snapshots/0/nearest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
        )
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=30) == 0
    assert "Traceback" not in (tmp_path / "dashboard.log").read_text()


def port_of(served: Served) -> int:
    return int(served.url.rpartition(":")[2])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit there")
def test_out_of_descriptors_it_rests_instead_of_spinning(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio tries to accept hundreds of times in a row: only the first failure is reported."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with listen(command.HOST, 0) as listener, socket.create_connection(listener.getsockname()):
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                listener.accept()
            with pytest.raises(BlockingIOError):
                listener.accept()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        monkeypatch.setattr(time, "monotonic", lambda: float("inf"))
        accepted, _ = listener.accept()
        accepted.close()
