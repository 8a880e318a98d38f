"""Starting the dashboard from the command line."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from annscope.dashboard import __main__ as command
from scripts.serving import dashboard


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind((command.HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_one_sentence_with_a_free_one(taken_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever starts a second dashboard learns which port would do."""
    assert command.main(["--port", str(taken_port), "--headless"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"annscope: port {taken_port} is taken; ")
    named = int(line.partition(";")[2].split()[0])
    assert named > taken_port
    assert command.is_free(named)


def test_small_answers_are_sent_at_once() -> None:
    """What the server writes in two parts does not wait for the browser to acknowledge the first."""

    async def delays_nothing() -> bool:
        accepted = asyncio.get_running_loop().create_future()
        with command.listen(0) as listener:
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
    """A number that cannot be a port is refused with the range."""
    assert command.main([f"--port={port}"]) == 2
    assert f"at least 1 and at most 65535, got {port}" in capsys.readouterr().err


def test_the_configuration_holds_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Theme and protection do not depend on where the dashboard is started from."""
    monkeypatch.chdir(tmp_path)
    options = command.options(8765, headless=True)
    assert options["theme.light.primaryColor"] == "#2360C9"
    assert options["theme.dark.primaryColor"] == "#6EA0FF"
    assert (options["server.address"], options["server.port"], options["server.headless"]) == ("127.0.0.1", 8765, True)


def test_it_is_closed_to_the_world_without_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the file be missing, the server is still for this machine alone and reports to nobody."""
    monkeypatch.setattr(command, "CONFIG", Path("nowhere.toml"))
    options = command.options(8765, headless=False)
    assert options["server.address"] == "127.0.0.1"
    assert options["server.enableCORS"] is options["server.enableXsrfProtection"] is True
    assert options["browser.gatherUsageStats"] is False


def test_no_text_of_the_code_appears_on_a_page() -> None:
    """Streamlit would print a documentation string below a constant of its script as if it were asked to."""
    assert command.options(8765, headless=True)["runner.magicEnabled"] is False


def test_every_option_is_one_that_streamlit_knows() -> None:
    """A misspelled option in the configuration does not go unnoticed."""
    from streamlit import config

    unknown = [name for name in command.options(8765, headless=True) if name not in config.get_config_options()]
    assert unknown == []
