"""What people install: the wheel, in an environment of its own, used in a project that has packages named as ours."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from scripts.serving import free_port

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "data", "runs", "dashboard")
SOURCES = (*FOLDERS, "annscope", "pyproject.toml", "requirements.txt", "README.md", "LICENSE")


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and a project beside it."""

    wheel: Path
    scripts: Path
    project: Path

    def run(self, program: str, *arguments: str) -> str:
        """What a program of the environment prints, started in the project; the test fails where it fails."""
        done = subprocess.run(
            [self.scripts / program, *arguments],
            cwd=self.project, env=self.environment, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return mine | {"ANNSCOPE_HOME": str(self.project.parent / "home")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel as `pip install annscope` would install it; what it depends on is taken from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source, environment, project = (folder / name for name in ("source", "environment", "project"))
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-index"]
    subprocess.run([*pip, "wheel", *alone, "--no-build-isolation", "-w", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([*pip, "--python", python, "install", *alone, "--no-compile", wheel], check=True)
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    theirs = [path for path in sys.path if path.endswith("-packages")]
    (Path(where) / "dependencies.pth").write_text("\n".join(theirs) + "\n")
    for name in FOLDERS:
        package = project / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise ImportError('this package is the project\\'s own')\n")
        (package / "config.py").write_text("")
    return Installed(wheel, python.parent, project)


def test_the_wheel_holds_all_there_is_and_nothing_beside_it(installed: Installed) -> None:
    """Every module and every file of the front end is in it, once, the mark of a typed package too."""
    with zipfile.ZipFile(installed.wheel) as archive:
        held = [name for name in archive.namelist() if ".dist-info/" not in name]
    expected = {
        f"annscope/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    }
    expected |= {f"annscope/{path.name}" for path in (ROOT / "annscope").glob("*.py")} | {"annscope/py.typed"}
    shown = ROOT / "dashboard" / "frontend" / "src"
    expected |= {f"annscope/{path.relative_to(ROOT).as_posix()}" for path in shown.rglob("*") if path.is_file()}
    assert expected - set(held) == set()
    assert len(held) == len(set(held))
    assert {name.split("/")[0] for name in held} == {"annscope"}


def test_a_project_with_packages_of_the_same_names_is_no_obstacle(installed: Installed) -> None:
    """A script beside packages `core`, `data`, `runs` and `dashboard` of its own fits the classifier."""
    script = installed.project / "script.py"
    script.write_text(
        "from annscope import AnnscopeClassifier\n"
        "from sklearn.datasets import load_iris\n"
        "x, y = load_iris(return_X_y=True)\n"
        "print(AnnscopeClassifier(max_iter=200, learning_rate=0.02, random_state=0).fit(x, y).score(x, y))\n"
    )
    assert float(installed.run("python", "-W", "ignore", str(script))) > 0.9


def test_the_command_line_trains_there(installed: Installed) -> None:
    """`annscope train` runs from such a project, its worker process too, and records the run."""
    printed = installed.run("annscope", "train", "--data", "digits", "--epochs", "3", "--json")
    last = json.loads(printed.splitlines()[-1])
    assert last["status"] == "finished"
    assert last["run"] in installed.run("annscope", "runs", "list")


@pytest.fixture
def port(installed: Installed) -> Iterator[int]:
    """The port of `annscope dashboard`, started in the project."""
    port = free_port()
    log = installed.project.parent / "dashboard.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [installed.scripts / "annscope", "dashboard", "--port", str(port), "--headless"],
            cwd=installed.project, env=installed.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not responds(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def responds(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def test_the_dashboard_opens_there(installed: Installed, port: int) -> None:
    """The page, every module of the front end as a module, and the theme come from the wheel alone."""
    with urlopen(f"http://127.0.0.1:{port}/") as page:
        assert "text/html" in page.headers["content-type"]
    with zipfile.ZipFile(installed.wheel) as archive:
        source = "annscope/dashboard/frontend/src/"
        modules = [name.removeprefix(source) for name in archive.namelist() if name.startswith(source)]
        assert any(name.endswith("main.js") for name in modules)
        for name in modules:
            with urlopen(f"http://127.0.0.1:{port}/annscope/assets/{name}") as response:
                assert response.read() == archive.read(source + name)
                assert not name.endswith(".js") or "javascript" in response.headers["content-type"]
    theme = asyncio.run(first_message(port)).new_session.custom_theme
    configs = (folder / ".streamlit" / "config.toml" for folder in (ROOT / "dashboard", ROOT))
    asked = tomllib.loads(next(config for config in configs if config.exists()).read_text())["theme"]
    assert theme.light.primary_color == asked["light"]["primaryColor"]
    assert theme.dark.background_color == asked["dark"]["backgroundColor"]


async def first_message(port: int) -> ForwardMsg:
    """What the dashboard tells a browser about the session that begins."""
    host = f"127.0.0.1:{port}"
    async with connect(
        f"ws://{host}/_stcore/stream", origin=f"http://{host}", subprotocols=["streamlit"], max_size=None
    ) as socket:
        hello = BackMsg()
        hello.rerun_script.query_string = ""
        await socket.send(hello.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(await socket.recv())
            if message.WhichOneof("type") == "new_session":
                return message
