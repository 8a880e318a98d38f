"""Routes of the dashboard: what a browser gets from them, and what others do not."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import plotly
import pytest
from PIL import Image, ImageDraw
from plotly.offline import get_plotlyjs
from safetensors.numpy import load
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from streamlit import file_util

from annscope.dashboard.components.loading import code
from annscope.dashboard.server import assets as our_assets
from annscope.dashboard.server import live as our_live
from annscope.dashboard.server.access import Access
from annscope.dashboard.server.assets import Frontend, Uncompressed
from annscope.dashboard.server.live import GONE
from annscope.dashboard.server.routes import routes
from annscope.dashboard.server.security import Guard, Headers
from annscope.runs.control import CommandReader
from annscope.runs.reader import RunReader
from tests.records import train_run

HERE = "http://127.0.0.1:8501"
ENTRIES = ("train/main.js", "inspect/main.js", "draw/main.js")


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser on this machine, which has the token."""
    access = Access(8501, token="of this dashboard")
    app = Starlette(routes=routes, middleware=[Middleware(Headers), Middleware(Guard, access=access)])
    cookies = {access.cookie: access.ticket}
    with TestClient(app, base_url=HERE, headers={"host": "127.0.0.1:8501"}, cookies=cookies) as client:
        yield client


def parse_head(message: bytes) -> tuple[dict[str, Any], bytes]:
    """A message's JSON, and what follows it."""
    (n,) = struct.unpack("<I", message[:4])
    assert (4 + n) % 8 == 0
    return json.loads(message[4 : 4 + n]), message[4 + n :]


FUNCTIONS: list[dict[str, Any]] = [
    {"name": "relu", "label": "ReLU", "formula": "max(0, z)", "range": [0.0, None], "unsaturated": None},
    {
        "name": "softmax", "label": "Softmax", "formula": "e^z_k / sum_j e^z_j", "range": [0.0, 1.0],
        "unsaturated": None,
    },
]  # fmt: skip


def parse(frame: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A frame's JSON and arrays, read by the contract with the browser."""
    about, content = parse_head(frame)
    return about, load(content)


def receive_lines(socket: WebSocketTestSession, n: int) -> list[dict[str, Any]]:
    """The next n lines, skipping messages about the status."""
    lines: list[dict[str, Any]] = []
    while len(lines) < n:
        message = json.loads(socket.receive_text())
        assert message["type"] in {"lines", "status"}
        lines += message.get("lines", [])
    return lines


def test_history_holds_description_lines_and_status(client: TestClient, record: Callable[..., Any]) -> None:
    """One request returns a run without its arrays."""
    run = record(3)
    response = client.get(f"/annscope/runs/{run.run}/history").json()
    reader = RunReader(run.directory)
    assert response == {
        "description": reader.description
        | {"steps_per_epoch": 1, "usual_updates": [1e-4, 1e-2], "max_snapshots": 4096, "layer_functions": FUNCTIONS}
        | {"judged": ["f00d", ["no", "yes"], 2, "", "stratified", 0.1]},
        "lines": reader.lines(),
        "best": {"number": 2, "step": 20, "words": "Best so far: held-out loss 0.0476, at step 20"},
        "chance": asdict(reader.chance(2)),
        "status": reader.status(),
    }


def test_the_health_findings_are_of_the_snapshots_until_then(client: TestClient, record: Callable[..., Any]) -> None:
    """Scrubbing shows the findings of the snapshot; what ended the run belongs to its last snapshot."""
    run = record(0)
    for step, heldout in ((0, 1.0), (1, 0.2), (2, 0.5)):
        run.append(1, train_loss=1 / (1 + step), heldout_loss=heldout)
    run.event("diverged", message="The loss is not finite.", quantity="gradient", layer=0)
    address = f"/annscope/runs/{run.run}/snapshots"
    found = [client.get(f"{address}/{number}/findings").json() for number in range(3)]
    assert [[each["title"] for each in moment] for moment in found] == [[], [], ["Training diverged", "Overfitting"]]
    assert found[2][0]["why"].startswith(
        "At step 30 the gradient of hidden layer 1 stopped being finite; the learning rate"
    )
    assert list(found[2][0]) == ["level", "title", "why", "remedy", "settings"]
    assert found[2][1]["settings"] == {"l2": 0.001}


def test_a_snapshot_comes_as_a_frame_with_its_own_arrays(client: TestClient, record: Callable[..., Any]) -> None:
    """Replaying a snapshot shows the numbers that were recorded, with figures of each class from its confusion."""
    run = record(3)
    response = client.get(f"/annscope/runs/{run.run}/snapshots/1")
    about, arrays = parse(response.content)
    expected = RunReader(run.directory).snapshot(1)
    assert about["line"]["step"] == 10
    np.testing.assert_array_equal(arrays["layer0.weight"], expected.parameters[0].weight)
    expected_figures = {"label": "no", "precision": 0.6, "recall": 0.75, "f1": pytest.approx(2 / 3), "support": 4}
    assert about["per_class"][0] == expected_figures
    assert about["per_class"][1]["support"] == 2
    assert about["averages"] == {
        "macro": pytest.approx({"precision": 0.3, "recall": 0.375, "f1": 1 / 3}),
        "weighted": pytest.approx({"precision": 0.4, "recall": 0.5, "f1": 4 / 9}),
    }
    assert about["written"] <= about["sent"]
    assert "immutable" in response.headers["cache-control"]


def test_a_figure_that_is_undefined_is_null(client: TestClient, record: Callable[..., Any]) -> None:
    """A class that was never predicted has no precision, and JSON has no NaN."""
    run = record(0)
    run.append(1, confusion=np.array([[4, 0], [2, 0]]))
    about, _ = parse(client.get(f"/annscope/runs/{run.run}/snapshots/0").content)
    assert about["per_class"][1] == {"label": "yes", "precision": None, "recall": 0.0, "f1": 0.0, "support": 2}
    assert about["averages"]["macro"]["precision"] == pytest.approx(2 / 3)  # of the class that has one


def test_probe_images_come_as_they_were_recorded(client: TestClient, record: Callable[..., Any]) -> None:
    """The probe route gives the record's own safetensors file."""
    run = record(1)
    assert client.get(f"/annscope/runs/{run.run}/probe").content == (run.directory / "probe.safetensors").read_bytes()


@pytest.mark.parametrize(
    "path", ["nope/history", "nope/probe", "nope/snapshots/0", "../history", "..%2f..%2fetc/history"]
)
def test_a_run_that_is_not_there_is_a_404_with_a_sentence(client: TestClient, path: str) -> None:
    """An invalid address is an error message, and never leaves the folder of runs."""
    response = client.get(f"/annscope/runs/{path}")
    assert response.status_code == 404
    if path.startswith("nope"):
        assert response.json() == {"error": "There is no run 'nope'."}


def test_a_missing_snapshot_names_those_there_are(client: TestClient, record: Callable[..., Any]) -> None:
    """Requesting snapshot 9 of three names those that exist."""
    response = client.get(f"/annscope/runs/{record(3).run}/snapshots/9")
    assert response.status_code == 404
    assert "has no snapshot 9; it has 0 to 2" in response.json()["error"]


def test_a_damaged_record_is_a_sentence_and_not_a_traceback(client: TestClient, record: Callable[..., Any]) -> None:
    """A line that is not JSON and arrays that are not safetensors are each named."""
    run = record(2)
    (run.directory / "snapshots" / "000001.safetensors").write_bytes(b"not arrays")
    assert "snapshot 1" in client.get(f"/annscope/runs/{run.run}/snapshots/1").json()["error"]
    with (run.directory / "metrics.jsonl").open("a") as file:
        file.write("no json\n")
    response = client.get(f"/annscope/runs/{run.run}/history")
    assert response.status_code == 404
    assert "metrics" in response.json()["error"]


def test_the_drawing_library_comes_from_this_machine(client: TestClient) -> None:
    """Charts need no other machine: plotly.js is served as it was installed, and kept as long as it is that version."""
    first = client.get(our_assets.PLOTLY)
    assert plotly.__version__ in our_assets.PLOTLY
    assert "immutable" in first.headers["cache-control"]
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.content == get_plotlyjs().encode()


def test_assets_without_a_version_are_revalidated(tmp_path: Path) -> None:
    """After an update the browser runs the new code, and the unchanged is not sent again."""
    (tmp_path / "stage.js").write_text("export {};")
    app = Starlette(routes=[Mount("/assets", our_assets.Assets(tmp_path))])
    with TestClient(app, base_url=HERE) as client:
        first = client.get("/assets/stage.js")
        assert first.headers["cache-control"] == "no-cache"
        assert first.headers["content-type"].startswith("text/javascript")
        assert client.get("/assets/stage.js", headers={"if-none-match": first.headers["etag"]}).status_code == 304
        (tmp_path.parent / "secret.js").write_text("secret")
        for path in ("/assets/../secret.js", "/assets/%2e%2e/secret.js", "/assets/..%2fsecret.js"):
            assert client.get(path).status_code == 404


def test_assets_of_a_version_are_cached_until_there_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the address of its version a browser keeps a module; after an update that address is another one."""
    monkeypatch.setattr(our_assets, "VERSION_SECONDS", 1e-9)
    (tmp_path / "stage.js").write_text("export {};")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "dom.js").write_text("export {};")
    (tmp_path.parent / "secret.js").write_text("secret")
    app = Starlette(routes=[Mount("/{version}/assets", our_assets.Assets(tmp_path))])
    with TestClient(app, base_url=HERE) as client:
        version = our_assets.assets_version(tmp_path)
        for name in ("stage.js", "lib/dom.js"):
            assert "immutable" in client.get(f"/{version}/assets/{name}").headers["cache-control"]
        for name in ("../secret.js", "%2e%2e/secret.js", "lib/..%2f..%2fsecret.js", "lib"):
            assert client.get(f"/{version}/assets/{name}").status_code == 404
        (tmp_path / "lib" / "dom.js").write_text("export const more = 1;")
        assert our_assets.assets_version(tmp_path) != version
        version = our_assets.assets_version(tmp_path)
        (tmp_path / "stage.js").write_text("export const next = 1;")
        assert our_assets.assets_version(tmp_path) != version
        late = client.get(f"/{version}/assets/stage.js")
        assert (late.headers["cache-control"], late.text) == ("no-cache", "export const next = 1;")


def test_the_pages_ask_for_the_present_version(client: TestClient) -> None:
    """What the components import is there, and its browser may keep it."""
    for name in ENTRIES:
        response = client.get(our_assets.asset(name))
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_component_names_all_that_its_module_imports(client: TestClient, entry: str) -> None:
    """A browser that requests the named modules has every module that any of them imports."""
    about = code(entry)
    named = {about["module"], *about["imports"]}
    assert len(named) == 1 + len(about["imports"])
    for address in named:
        response = client.get(address)
        assert "immutable" in response.headers["cache-control"]
        imported = re.findall(r"""^[^/*]*from ["'](\.[^"']+\.js)["']""", response.text, re.M)
        assert {urljoin(address, name) for name in imported} <= named


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_style_sheet_comes_before_those_that_may_overrule_it(client: TestClient, entry: str) -> None:
    """The sheets of a page are there; what is shared comes first, and the page's own last."""
    styles = code(entry)["styles"]
    assert all(client.get(address).headers["content-type"].startswith("text/css") for address in styles)
    assert styles[-1] == code(entry)["module"].replace(".js", ".css")
    assert any(address.endswith("/lib/ui/frame.css") for address in styles[:-1])


def test_nothing_is_compressed_for_a_browser_beside_the_server(record: Callable[..., Any]) -> None:
    """Streamlit would compress what a browser takes compressed; it comes as it is, and is the same."""
    address = f"/annscope/runs/{record(3).run}/history"
    usual, ours = [Middleware(GZipMiddleware)], [Middleware(Uncompressed), Middleware(GZipMiddleware)]
    texts = []
    for middleware, encoding in ((usual, "gzip"), (ours, None)):
        with TestClient(Starlette(routes=routes, middleware=middleware), base_url=HERE) as client:
            response = client.get(address, headers={"accept-encoding": "gzip, deflate, br"})
            assert response.headers.get("content-encoding") == encoding
            texts.append(response.text)
    assert texts[0] == texts[1]


def test_streamlits_own_files_are_as_streamlit_would_send_them() -> None:
    """Each kind of file arrives whole, as what it is, to be kept; any other address is handled by Streamlit."""
    root = Path(file_util.get_static_dir())
    rest = Mount("/", StaticFiles(directory=root, html=True))
    kinds = {file.suffix: file for file in sorted((root / "static").rglob("*.*"))}
    assert {".js", ".css", ".woff2"} <= set(kinds)
    with (
        TestClient(Starlette(routes=[rest], middleware=[Middleware(Frontend)]), base_url=HERE) as client,
        TestClient(Starlette(routes=[rest]), base_url=HERE) as streamlit,
    ):
        for file in kinds.values():
            address = f"/{file.relative_to(root).as_posix()}"
            ours, theirs = client.get(address), streamlit.get(address)
            assert ours.content == theirs.content == file.read_bytes()
            assert ours.headers["content-type"] == theirs.headers["content-type"]
            assert "immutable" in ours.headers["cache-control"]
        assert client.get("/").content == (root / "index.html").read_bytes()
        for address in ("/static/js/none.js", "/static/../../__init__.py", "/static/%2e%2e/%2e%2e/__init__.py"):
            assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"host": "evil.example:8501"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"host": ""},
        {"host": "127.0.0.1:8501@evil.example"},
        {"host": "127.0.0.1:x"},
        {"host": "evil.example/127.0.0.1"},
    ],
)
def test_other_sites_are_denied(client: TestClient, record: Callable[..., Any], headers: dict[str, str]) -> None:
    """Neither a page from elsewhere nor a foreign name for this machine gets at a run."""
    run = record(1).run
    assert client.get(f"/annscope/runs/{run}/history", headers=headers).status_code == 403
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(f"/annscope/runs/{run}/live", headers={"host": "127.0.0.1:8501", **headers}),
    ):
        pass
    assert denied.value.status_code == 403


def test_our_own_page_is_let_in(client: TestClient, record: Callable[..., Any]) -> None:
    """The dashboard's own pages have access, under each name of this machine."""
    run = record(1).run
    for host in ("127.0.0.1:8501", "localhost:8501", "[::1]:8501"):
        headers = {"host": host, "origin": f"http://{host}"}
        assert client.get(f"/annscope/runs/{run}/history", headers=headers).status_code == 200


def test_a_late_joiner_sees_the_whole_history(client: TestClient, record: Callable[..., Any]) -> None:
    """A late viewer gets every line at once and the newest snapshot."""
    run = record(5)
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        hello = json.loads(socket.receive_text())
        assert hello["type"] == "hello"
        assert [line["number"] for line in hello["lines"]] == [0, 1, 2, 3, 4]
        assert hello["description"]["layer_sizes"] == [4, 3, 2]
        assert hello["status"]["status"] == "finished"
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 4


def test_frames_that_a_viewer_is_too_slow_for_are_dropped_and_their_lines_are_not(
    client: TestClient, record: Callable[..., Any]
) -> None:
    """Without an acknowledgement no second frame is sent; after it comes the newest, and no line is missing."""
    run = record(1, "running")
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        assert json.loads(socket.receive_text())["type"] == "hello"
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 0
        run.append(3)
        assert [line["number"] for line in receive_lines(socket, 3)] == [1, 2, 3]
        socket.send_text("ack")
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 3


def test_lines_say_that_a_frame_comes_with_them(
    client: TestClient, record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A viewer that is ready gets the line and the frame of a snapshot one after the other, and draws once for both."""
    monkeypatch.setattr(our_live, "BUSY_SECONDS", 60.0)
    run = record(1, "running")
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        socket.receive_text()
        socket.receive_bytes()
        run.append(1)
        socket.send_text("ack")
        assert json.loads(socket.receive_text())["with_frame"] is True
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 1


def test_a_viewer_gets_what_was_written_just_then(
    client: TestClient, record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready between two snapshots that follow each other quickly, it gets the next one and not the old one; the last
    one comes in any case."""
    monkeypatch.setattr(our_live, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(our_live, "NEXT_SECONDS", 0.3)
    run = record(1, "running")
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        socket.receive_text()
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 0
        run.append(1)
        assert receive_lines(socket, 1)[0]["number"] == 1
        socket.send_text("ack")
        run.append(1)
        assert receive_lines(socket, 1)[0]["number"] == 2
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 2
        socket.send_text("ack")
        run.append(1)
        assert receive_lines(socket, 1)[0]["number"] == 3
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 3


def test_events_reach_the_viewer(client: TestClient, record: Callable[..., Any]) -> None:
    """Events and changes of the status reach the viewer as they are recorded."""
    run = record(1, "running")
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        socket.receive_text()
        socket.receive_bytes()
        run.event("pause")
        assert receive_lines(socket, 1)[0]["event"] == "pause"
        run.set_status("finished")
        message = json.loads(socket.receive_text())
        assert (message["type"], message["status"]["status"]) == ("status", "finished")


def test_two_viewers_see_the_same(client: TestClient, record: Callable[..., Any]) -> None:
    """A second tab gets every line and frame that the first gets."""
    run = record(1, "running")
    address = f"/annscope/runs/{run.run}/live"
    with client.websocket_connect(address) as one, client.websocket_connect(address) as two:
        for socket in (one, two):
            socket.receive_text()
            socket.receive_bytes()
            socket.send_text("ack")
        run.append(1)
        frames = []
        for socket in (one, two):
            assert receive_lines(socket, 1)[0]["number"] == 1
            frames.append(socket.receive_bytes())
        assert frames[0] == frames[1]


def test_a_run_is_waited_for_until_its_data_is_loaded(client: TestClient, record: Callable[..., Any]) -> None:
    """A viewer who connects before the record exists gets its status, and all of it once it describes the network."""
    run = record(described=False)
    away = run.directory.with_name(".away")
    run.directory.rename(away)
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        away.rename(run.directory)
        assert json.loads(socket.receive_text())["type"] == "status"
        run.describe()
        hello = json.loads(socket.receive_text())
        assert hello["description"]["layer_sizes"] == [4, 3, 2]
        run.append(1)
        assert receive_lines(socket, 1)[0]["number"] == 0
        assert parse(socket.receive_bytes())[0]["line"]["number"] == 0


def test_a_run_that_is_deleted_while_watched_ends_the_connection_in_words(
    client: TestClient, record: Callable[..., Any]
) -> None:
    """The viewer of a deleted run gets the reason, and the server continues."""
    run, other = record(1), record(1)
    with client.websocket_connect(f"/annscope/runs/{run.run}/live") as socket:
        socket.receive_text()
        socket.receive_bytes()
        shutil.rmtree(run.directory)
        with pytest.raises(WebSocketDisconnect) as closed:
            receive_lines(socket, 1)
        assert closed.value.code == GONE
        assert run.run in closed.value.reason
    assert client.get(f"/annscope/runs/{other.run}/history").status_code == 200


def test_a_malformed_run_id_is_rejected_before_the_connection(client: TestClient) -> None:
    """A name that no run can have is a 404 and never a path."""
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/annscope/runs/.hidden/live"):
        pass
    assert denied.value.status_code == 404


def test_histograms_of_all_snapshots_come_in_one_message(client: TestClient, record: Callable[..., Any]) -> None:
    """Every bin of every layer, kind and snapshot from a number on, as recorded."""
    run = record(3)
    about, content = parse_head(client.get(f"/annscope/runs/{run.run}/histograms?start=1").content)
    assert (about["numbers"], about["steps"]) == (
        [1, 2],
        [line["step"] for line in RunReader(run.directory).snapshot_lines()[1:]],
    )
    assert about["kinds"] == ["weight", "gradient", "activation", "update"]
    counts = np.frombuffer(content, "<i4").reshape(about["shape"])
    assert counts.shape == (2, 2, 4, 64)
    snapshot = RunReader(run.directory).snapshot(2)
    assert (counts[1, 0, 0] == snapshot.layers[0].weight_histogram).all()
    assert (counts[1, 1, 3] == snapshot.layers[1].update_histogram).all()
    nothing, _ = parse_head(client.get(f"/annscope/runs/{run.run}/histograms?start=9").content)
    assert nothing["shape"] == [0, 2, 4, 64]


@pytest.mark.parametrize("start", ["-1", "x", "1.5", "9999999999"])
def test_a_start_that_is_none_is_a_sentence(client: TestClient, record: Callable[..., Any], start: str) -> None:
    """An invalid start of the histograms is named."""
    response = client.get(f"/annscope/runs/{record(1).run}/histograms?start={start}")
    assert (response.status_code, response.json()["error"]) == (
        400, f"start must be a whole number, 0 or more, got '{start}'."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("snapshots/{}", "number"),
        ("examples/test/{}", "index"),
        ("neurons/{}/0", "layer"),
        ("neurons/0/{}", "unit"),
        ("weights/0/{}/0", "input"),
        ("histograms?start={}", "start"),
        ("histograms?since={}", "since"),
    ],
)
@pytest.mark.parametrize("number", ["1" * 4301, "-1", "1e3", "x", "%D9%A1"])
def test_a_number_that_is_none_is_a_sentence(
    client: TestClient, record: Callable[..., Any], path: str, name: str, number: str
) -> None:
    """Anything but a number in an address is rejected by name, however long it is."""
    response = client.get(f"/annscope/runs/{record(1).run}/{path.format(number)}")
    assert response.status_code == 400
    assert response.json()["error"].startswith(f"{name} must be a whole number, 0 or more, got '")
    assert len(response.content) < 500


def test_an_address_of_ours_that_is_none_is_not_a_page(client: TestClient) -> None:
    """A module or a route that does not exist is an error, and not Streamlit's page."""
    for path in ("/annscope/runs", "/annscope/runs/x/y/z", "/annscope/none.js"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/annscope/runs/nope/history", "/annscope/none", "/elsewhere", "/fails"])
@pytest.mark.parametrize("host", ["127.0.0.1:8501", "evil.example"])
def test_every_response_has_security_headers(path: str, host: str) -> None:
    """Denials and errors too: nothing of the dashboard can be framed, sniffed, or read by another site."""

    def fails(_: Request) -> Response:
        raise RuntimeError

    access = Access(8501, token="t")
    middleware = [Middleware(Headers), Middleware(Guard, access=access)]
    app = Starlette(routes=[*routes, Route("/fails", fails)], middleware=middleware)
    client = TestClient(app, base_url=HERE, cookies={access.cookie: access.ticket}, raise_server_exceptions=False)
    headers = client.get(path, headers={"host": host}).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"


def test_a_pin_is_a_command_to_the_run_at_work(client: TestClient, record: Callable[..., Any]) -> None:
    """A pinned snapshot is named to the worker, which keeps its arrays; a run that has ended accepts no command."""
    run = record(3)
    run.set_status("running")
    for act in ("pin", "unpin"):
        assert client.post(f"/annscope/runs/{run.run}/snapshots/1/{act}").status_code == 200
    commands = CommandReader(run.directory).poll()
    assert [(command.name, command.value) for command in commands] == [("pin", 1), ("unpin", 1)]
    assert client.post(f"/annscope/runs/{run.run}/snapshots/1/delete").status_code == 404
    assert client.post(f"/annscope/runs/{run.run}/snapshots/x/pin").status_code == 400
    run.set_status("finished")
    response = client.post(f"/annscope/runs/{run.run}/snapshots/1/pin")
    assert (response.status_code, "needs a run in progress" in response.json()["error"]) == (404, True)


def test_a_step_says_what_training_did(client: TestClient) -> None:
    """After a single step: its batch, the loss on it before and after, and the weights that moved most."""
    reader = train_run(data="digits", hidden=(8,), epochs=1, batch_size=100, snapshot_every="auto", train_examples=1000)
    steps = [line["step"] for line in reader.snapshot_lines()]
    assert steps[:2] == [0, 1]
    about, tensors = parse(client.get(f"/annscope/runs/{reader.run}/snapshots/1/step").content)
    assert (about["first"], about["last"], about["missing"]) == (0, 1, None)
    assert len(about["batch"]["indices"]) == len(about["batch"]["labels"]) == 100
    assert about["batch"]["after"] < about["batch"]["before"]
    first = reader.network(0).parameters[about["moved"][0]["layer"]].weight
    assert about["moved"][0]["before"] == first[about["moved"][0]["input"], about["moved"][0]["unit"]]
    assert tensors["x"].shape == (24, 64)
    assert client.get(f"/annscope/runs/{reader.run}/snapshots/0/step").status_code == 404


def test_a_viewer_pauses_resumes_and_steps_a_run(client: TestClient, record: Callable[..., Any]) -> None:
    """Slow sends exactly these commands; any other address is none, and a run that has ended accepts none."""
    run = record(3)
    run.set_status("running")
    for name in ("pause", "step", "resume"):
        assert client.post(f"/annscope/runs/{run.run}/commands/{name}").status_code == 200
    assert [command.name for command in CommandReader(run.directory).poll()] == ["pause", "step", "resume"]
    assert client.post(f"/annscope/runs/{run.run}/commands/stop").status_code == 404
    run.set_status("finished")
    assert client.post(f"/annscope/runs/{run.run}/commands/pause").status_code == 404


def film_body(pictures: Sequence[bytes], *, ms: int = 80, **about: Any) -> bytes:
    """The body that asks for a film of these pictures."""
    head = json.dumps({"format": "webp", "frames": [[len(each), ms] for each in pictures]} | about).encode()
    return struct.pack("<I", len(head)) + head + b"".join(pictures)


def png(color: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture of one colour."""
    content = io.BytesIO()
    Image.new("RGB", size, color).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("form", ["webp", "gif"])
def test_a_film_has_the_frames_in_their_order(client: TestClient, form: str) -> None:
    """With their size, their time and their colours, and it begins again at its end."""
    colors = [(250, 10, 10), (10, 250, 10), (10, 10, 250)]
    response = client.post("/annscope/runs/any/film", content=film_body([png(each) for each in colors], format=form))
    assert (response.status_code, response.headers["content-type"]) == (200, f"image/{form}")
    film = Image.open(io.BytesIO(response.content))
    assert (film.format, film.size, film.n_frames) == (form.upper(), (40, 30), 3)
    for number, color in enumerate(colors):
        film.seek(number)
        assert film.convert("RGB").getpixel((20, 15)) == pytest.approx(color, abs=8)
        assert film.info["duration"] == 80
    assert film.info["loop"] == 0


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (film_body([]), "A film has 1 to 1,000 frames, not 0."),
        (film_body([png((0, 0, 0))] * 1001), "A film has 1 to 1,000 frames, not 1,001."),
        (film_body([b"no picture"]), "Frame 1 cannot be read as a PNG picture."),
        (film_body([png((0, 0, 0))[:-40]]), "Frame 1 cannot be read as a PNG picture."),
        (film_body([png((0, 0, 0)), png((0, 0, 0), (41, 30))]), "Frame 2 is (41, 30) pixels large, but the first one"),
        (film_body([png((0, 0, 0), (4001, 1000))]), "A frame may have 4,000,000 pixels at most, but frame 1 has 4,001"),
        (
            film_body([png((0, 0, 0), (2000, 2000))] * 126),
            "126 frames of 2,000 x 2,000 pixels are too many for one film",
        ),
        (film_body([png((0, 0, 0))], format="avi"), "format must be one of ['webp', 'gif'], got \"avi\"."),
        (film_body([png((0, 0, 0))], ms=70_000), "frames must be a list of [bytes, milliseconds up to 65,000]."),
        (film_body([png((0, 0, 0))]) + b"more", "The frames must fill the rest of the body."),
        (b"", "The body must be JSON."),
    ],
)
def test_a_film_that_cannot_be_made_is_one_sentence(client: TestClient, body: bytes, error: str) -> None:
    """With status 400: no frames, too many or too large, no pictures, or a body that does not hold what it says."""
    response = client.post("/annscope/runs/any/film", content=body)
    assert response.status_code == 400
    assert response.json()["error"].startswith(error)


def test_a_film_from_another_site_is_denied(client: TestClient) -> None:
    """As every request of it is."""
    headers = {"origin": "http://elsewhere.example"}
    assert client.post("/annscope/runs/any/film", content=b"", headers=headers).status_code == 403


def test_the_history_says_what_chance_is(client: TestClient, record: Callable[..., Any]) -> None:
    """Of the held-out examples; nothing before the first snapshot."""
    run = train_run(data="digits", hidden=(4,), epochs=1)
    chance = client.get(f"/annscope/runs/{run.run}/history").json()["chance"]
    support = run.arrays(0)["confusion"].sum(axis=1)
    shares = support[support > 0] / support.sum()
    assert chance["accuracy"] == pytest.approx(shares.max())
    assert chance["loss"] == pytest.approx(-(shares * np.log(shares)).sum())
    begun = client.get(f"/annscope/runs/{record(0).run}/history").json()
    assert begun["chance"] == {"loss": None, "accuracy": None}


def png_of(image: Image.Image) -> bytes:
    """An image as a file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def one_on_paper() -> Image.Image:
    """A 1 in pen at the left of a sheet, and a 0 at its right."""
    image = Image.new("RGB", (300, 200), (235, 230, 220))
    draw = ImageDraw.Draw(image)
    draw.line([(80, 50), (80, 150)], (20, 30, 60), 10)
    draw.ellipse([190, 60, 250, 140], outline=(20, 30, 60), width=10)
    return image


def test_a_photo_becomes_the_input_of_the_network(client: TestClient) -> None:
    """A part of a photo comes back centred as the data set's digits are, with its ink, and what was dropped is said."""
    run = train_run(data="mnist-5k", epochs=1, hidden=(4,)).run
    response = client.post(
        f"/annscope/runs/{run}/photo?name=one.png&crop=0,0,0.5,1", content=png_of(one_on_paper())
    ).json()
    image = np.array(response["image"]).reshape(28, 28)
    rows, columns = (np.flatnonzero((image > 0.5).any(axis=axis)) for axis in (1, 0))
    assert len(rows) == 20
    assert abs(columns.mean() - 13.5) <= 1
    assert response["inverted"] is True
    assert len(base64.b64decode(response["ink"])) == response["height"] * response["width"]
    assert response["said"].endswith("Colours became shades of grey.")
    assert Image.open(io.BytesIO(base64.b64decode(response["preview"].partition(",")[2]))).size == (300, 200)


def test_a_photo_for_photographs_is_read_as_the_data_set_is(client: TestClient, tmp_path: Path) -> None:
    """For a run on a folder of photographs no ink is looked for: its own image gives the pixels it learned from."""
    rng, pets = np.random.default_rng(0), tmp_path / "pets"
    for name in ("cats", "dogs"):
        (pets / name).mkdir(parents=True)
        for i in range(12):
            Image.fromarray(rng.integers(0, 256, (12, 12), np.uint8)).save(pets / name / f"{i:02}.png")
    run = train_run(data=str(pets), epochs=1, hidden=(2,)).run
    assert client.get(f"/annscope/runs/{run}/history").json()["description"]["dataset"]["is_photo"] is True
    content = (pets / "cats" / "00.png").read_bytes()
    response = client.post(f"/annscope/runs/{run}/photo", content=content).json()
    assert response["is_photo"] is True
    expected = np.asarray(Image.open(io.BytesIO(content))) / 255
    np.testing.assert_allclose(response["image"], expected.ravel())
    negative = client.post(f"/annscope/runs/{run}/photo?inverted=true", content=content).json()
    np.testing.assert_allclose(negative["image"], 1 - expected.ravel())


def bomb() -> bytes:
    """A PNG of some kilobytes that would decode to 529 million pixels."""
    row = zlib.compressobj(9)
    content = b"".join(row.compress(bytes(23_000 // 8 + 1)) for _ in range(23_000)) + row.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 23_000, 23_000, 1, 0, 0, 0, 0)), (b"IDAT", content), (b"IEND", b"")]
    parts = [len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_file_that_is_no_photo_is_one_sentence(client: TestClient) -> None:
    """What is no image, empty, too large by its length or by its header, without ink or cropped to nothing is named."""
    digits = train_run(data="mnist-5k", epochs=1, hidden=(4,)).run
    points = train_run(data="xor", epochs=1, hidden=(4,)).run

    def refused(content: bytes, query: str = "name=a.png", run: str = digits) -> str:
        response = client.post(f"/annscope/runs/{run}/photo?{query}", content=content)
        return str(response.json()["error"])

    assert refused(b"one") == "“a.png” is no image that can be read, such as a PNG, JPEG, WebP, GIF, BMP or TIFF."
    assert refused(b"", "") == "What was pasted is empty."
    assert refused(bytes(20_000_001)) == "“a.png” has 20.0 MB; an image may have up to 20 MB."
    assert refused(bomb()) == "“a.png” has more pixels than the 50,000,000 that are read."
    assert refused(png_of(Image.new("L", (50, 50), 200))) == "No ink stands out from its paper in “a.png”."
    assert refused(png_of(one_on_paper()), "crop=0.5,0,0.5,1").startswith("crop must be left,top,right,bottom")
    assert refused(png_of(one_on_paper()), run=points) == f"The network of run {points} is not given images."
