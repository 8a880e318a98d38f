"""Access control: the owner on this machine, and anyone with the token on others."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from annscope.dashboard.server import owners
from annscope.dashboard.server.access import Access, host_name
from annscope.dashboard.server.security import Guard

TOKEN = "a secret of several words"


def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(request.url))


async def socket_of_a_page(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("in")
    await websocket.close()


def browser(access: Access, host: str = "127.0.0.1:8501") -> TestClient:
    """A browser that keeps cookies, at an address of the dashboard."""
    routes = [WebSocketRoute("/live", socket_of_a_page), Route("/{rest:path}", page)]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, access=access)])
    return TestClient(app, base_url=f"http://{host}", follow_redirects=False)


@pytest.fixture
def with_token() -> TestClient:
    """A browser and a dashboard that requires a token."""
    return browser(Access(8501, TOKEN))


def test_the_token_opens_the_dashboard_and_leaves_the_address(with_token: TestClient) -> None:
    """The printed address gives the browser a cookie that no script or other site gets, and then a clean address."""
    assert with_token.get("/training?run=a").status_code == 403
    response = with_token.get("/training", params={"run": "a b", "token": TOKEN})
    assert (response.status_code, response.headers["location"]) == (303, "/training?run=a+b")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert with_token.get("/training?run=a").status_code == 200
    same = {"host": "127.0.0.1:8501", "cookie": response.headers["set-cookie"].partition(";")[0]}
    with with_token.websocket_connect("/live", headers=same) as live:
        assert live.receive_text() == "in"


def test_a_request_without_token_is_denied_with_a_reason(with_token: TestClient) -> None:
    """Without the token, or with another one, everything is denied except the health check."""
    for path in ("/", "/?token=", "/?token=wrong", f"/?token={TOKEN}x", "/?token=%FF"):
        response = with_token.get(path)
        assert response.status_code == 403
        assert "token" in response.json()["error"]
        assert "set-cookie" not in response.headers
    assert with_token.post("/", params={"token": TOKEN}).status_code == 403
    for cookie in ("wrong", "ü", ""):
        assert with_token.get("/", headers={"cookie": f"annscope-8501={cookie}".encode()}).status_code == 403
    assert with_token.get("/_stcore/health").status_code == 200
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        with_token.websocket_connect(f"/live?token={TOKEN}", headers={"host": "127.0.0.1:8501"}),
    ):
        pass
    assert denied.value.status_code == 403


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "///evil.example"])
def test_the_way_in_leads_to_no_other_site(with_token: TestClient, path: str) -> None:
    """A link with the token in it cannot send the browser elsewhere afterwards."""
    response = with_token.get(f"http://127.0.0.1:8501{path}?token={TOKEN}")
    target = response.headers["location"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.5:8501", "", "127.0.0.1:8501@evil.example", "[::1"])
def test_a_foreign_host_name_is_denied_with_advice(host: str) -> None:
    """A request for another host name gets one sentence about how to reach the dashboard."""
    response = browser(Access(8501, TOKEN)).get("/", headers={"host": host})
    assert response.status_code == 403
    assert "`ssh -L 8501:localhost:8501 HOST`" in response.json()["error"]


def test_a_given_host_name_is_accepted() -> None:
    """Behind a proxy, the dashboard accepts the host name that browsers use, and only its own pages there."""
    access = Access(8501, TOKEN, frozenset({"lab.example.org"}))
    client = browser(access, "lab.example.org")
    client.cookies.set(access.cookie, access.ticket)
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"origin": "http://lab.example.org"}).status_code == 200
    assert client.get("/", headers={"origin": "http://evil.example"}).status_code == 403
    assert client.get("/", headers={"host": "other.example.org"}).status_code == 403
    assert client.get("/", headers={"host": "192.168.1.5:8501"}).status_code == 403


def test_every_numeric_address_of_the_machine_is_accepted() -> None:
    """A numeric address cannot be forged by DNS; host names can, and have to be given."""
    access = Access(8501, TOKEN, any_address=True)
    client = browser(access)
    cookie = {"cookie": f"{access.cookie}={access.ticket}"}
    for host, status in (("192.168.1.5:8501", 200), ("[fe80::1]:8501", 200), ("evil.example:8501", 403)):
        assert client.get("/", headers={"host": host, **cookie}).status_code == status


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection on this machine: the client's end and the server's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as theirs:
        ours, _ = listener.accept()
        with ours:
            yield theirs, ours


@pytest.mark.skipif(not owners.is_supported(), reason="this system does not tell the owner of a connection")
def test_the_system_tells_the_owner_of_a_connection(connection: tuple[socket.socket, socket.socket]) -> None:
    """Under IPv4, or IPv4 written as IPv6; a closed connection, which the system reports as root's, has no owner."""
    theirs, ours = connection
    (here, port), (there, their_port) = ours.getsockname(), ours.getpeername()
    assert owners.owner((here, port), (there, their_port)) == os.getuid()
    assert owners.owner((f"::ffff:{here}", port), (f"::ffff:{there}", their_port)) == os.getuid()
    with pytest.raises(owners.UnknownOwnerError):
        owners.owner((here, port), (there, 1))
    theirs.close()
    with pytest.raises(owners.UnknownOwnerError, match="closed"):
        owners.owner((here, port), (there, their_port))


@pytest.mark.skipif(not owners.is_supported(), reason="this system does not tell the owner of a connection")
def test_without_a_token_a_connection_without_owner_is_denied() -> None:
    """If the system tells the owner of connections, one without an owner is denied."""
    client = browser(Access(8501))
    assert "cannot determine the owner" in client.get("/").json()["error"]
    spoofed = client.get("/", headers={"x-forwarded-for": "127.0.0.1:5000"})
    assert "--origin" in spoofed.json()["error"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("lab.example.org", "lab.example.org"),
        ("https://Lab.example.org:8443/", "lab.example.org"),
        ("[::1]:8501", "::1"),
        ("a b@evil", None),
        ("lab/path", None),
        ("lab:port", None),
        ("[", None),
        ("", None),
    ],
)
def test_a_name_is_taken_from_a_host_or_an_origin(text: str, name: str | None) -> None:
    """A Host and an Origin header give the same name."""
    assert host_name(text) == name


def test_the_printed_addresses_are_those_that_work() -> None:
    """First this machine's own, then the given host names, each with the token if there is one."""
    assert Access(8501).urls("127.0.0.1") == ["http://127.0.0.1:8501"]
    assert Access(8501, "a/b", frozenset({"lab.example.org"})).urls("127.0.0.1") == [
        "http://127.0.0.1:8501/?token=a%2Fb",
        "https://lab.example.org/?token=a%2Fb",
    ]
    assert Access(8501, "t", any_address=True).urls("::1") == ["http://[::1]:8501/?token=t"]
    assert Access(8501, "t", any_address=True).urls("0.0.0.0")[0] == "http://127.0.0.1:8501/?token=t"
