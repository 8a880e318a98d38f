"""HTTP routes for the views in the browser: their code, a run's history, its snapshots, and queries about them.

Everything is read from the record (`dashboard.queries.live_runs`); only `pin` and `command` change a run, and `paint`
writes a data set. Access is checked for the whole server (`dashboard.server.security`). Files are read on threads: the
event loop never waits for a file or a lock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from annscope.core.errors import AnnscopeError, ConfigError
from annscope.dashboard.queries import examples, films, photos, planes, series, steps, weight_changes
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.server import parsing
from annscope.dashboard.server.assets import ASSETS, BASE, CACHE_FOREVER, PLOTLY, Assets, plotly_library
from annscope.dashboard.server.live import live, whole_history
from annscope.dashboard.server.parsing import BadRequestError, whole_number
from annscope.runs import control
from annscope.runs.painted import PaintedPointsError

Handler = Callable[[Request], Response]


def _errors_as(status: int) -> Callable[[Handler], Callable[[Request], Awaitable[Response]]]:
    """Run the handler on another thread; errors become a response with this status, invalid requests one with 400."""

    def decorate(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        @wraps(handler)
        async def endpoint(request: Request) -> Response:
            try:
                return await run_in_threadpool(handler, request)
            except BadRequestError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            except AnnscopeError as error:
                return JSONResponse({"error": str(error)}, status_code=status)

        return endpoint

    return decorate


_errors_as_404 = _errors_as(404)
_errors_as_message = _errors_as(200)
"""For what a page requests and may not exist: a browser would report a 404 on its console."""


def _number(request: Request, name: str) -> int:
    return whole_number(name, request.path_params[name])


@_errors_as_404
def history(request: Request) -> Response:
    """A run without its arrays: description, lines of the metrics, status."""
    return Response(whole_history(get_live_run(request.path_params["run"])), media_type="application/json")


@_errors_as_404
def probe(request: Request) -> Response:
    """The probe examples, as the safetensors file in the record."""
    live_run = get_live_run(request.path_params["run"])
    return _arrays(live_run.reader.probe_bytes())


@_errors_as_404
def snapshot(request: Request) -> Response:
    """One snapshot of a run as a frame (`live_runs.encode_frame`)."""
    number = _number(request, "number")
    return _arrays(get_live_run(request.path_params["run"]).frame(number))


@_errors_as_message
def input_description(request: Request) -> Response:
    """What a page needs to make new examples for a run's network."""
    return JSONResponse(examples.describe(request.path_params["run"]))


@_errors_as_message
def labels(request: Request) -> Response:
    """The class of every example of a run's data."""
    return JSONResponse(examples.labels(request.path_params["run"]))


@_errors_as_message
def plane(request: Request) -> Response:
    """The points of a run's 2-D data (`planes.plane`)."""
    return JSONResponse(planes.plane(request.path_params["run"]))


@_errors_as_message
def example(request: Request) -> Response:
    """One example of the data set, as the network sees it."""
    index = _number(request, "index")
    return JSONResponse(examples.example(request.path_params["run"], request.path_params["split"], index))


@_errors_as_404
def histograms(request: Request) -> Response:
    """The histograms of the snapshots from `start` on (`live_runs.LiveRun.histograms`).

    With `since`, those of how the weights changed (`weight_changes.histograms`).
    """
    live_run = get_live_run(request.path_params["run"])
    start = whole_number("start", request.query_params.get("start", "0"))
    since = request.query_params.get("since")
    if since is None:
        return _arrays(live_run.histograms(start), lasts=False)
    content = weight_changes.histograms(live_run, parsing.since(since), start)
    return _arrays(content, lasts=False)


@_errors_as_404
def classes(request: Request) -> Response:
    """F1 of each class over a run's snapshots (`series.classes`)."""
    return JSONResponse(series.classes(get_live_run(request.path_params["run"])))


@_errors_as_404
def neuron(request: Request) -> Response:
    """The activations of one neuron over a run's snapshots (`series.neuron`)."""
    layer, unit = _number(request, "layer"), _number(request, "unit")
    return JSONResponse(series.neuron(get_live_run(request.path_params["run"]), layer, unit))


@_errors_as_404
def weight(request: Request) -> Response:
    """One weight over a run's snapshots (`series.weight`)."""
    layer, place, unit = (_number(request, name) for name in ("layer", "input", "unit"))
    return JSONResponse(series.weight(get_live_run(request.path_params["run"]), layer, place, unit))


@_errors_as_404
def findings(request: Request) -> Response:
    """The health findings from a run's snapshots up to this one."""
    found = get_live_run(request.path_params["run"]).findings(_number(request, "number"))
    return JSONResponse([asdict(finding) for finding in found])


@_errors_as_404
def step(request: Request) -> Response:
    """What training did between a snapshot and the one before it (`steps.step_to`)."""
    content = steps.step_to(get_live_run(request.path_params["run"]), _number(request, "number"))
    return _arrays(content, lasts=False)  # the data may not be on this machine yet


@_errors_as_404
def pin(request: Request) -> Response:
    """Pin a snapshot of a run at work, so that it keeps its arrays; or unpin it."""
    act = request.path_params["act"]
    if act not in {"pin", "unpin"}:
        return not_found(request)
    return JSONResponse({"id": control.send(request.path_params["run"], act, _number(request, "number"))})


@_errors_as_404
def command(request: Request) -> Response:
    """Pause a run at work, resume it, or take one step of it while it is paused."""
    name = request.path_params["name"]
    if name not in {"pause", "resume", "step"}:
        return not_found(request)
    return JSONResponse({"id": control.send(request.path_params["run"], name)})


async def nearest(request: Request) -> Response:
    """The training examples nearest to the given features in the last hidden layer of a snapshot."""
    try:
        number, body = _number(request, "number"), await parsing.json_body(request)
        x, k = parsing.features(body), parsing.count(body, "k", examples.N_NEAREST)
        return JSONResponse(
            await run_in_threadpool(examples.nearest_examples, request.path_params["run"], number, x, k)
        )
    except (BadRequestError, examples.ExampleError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except AnnscopeError as error:
        return JSONResponse({"error": str(error)}, status_code=404)


async def what_if(request: Request) -> Response:
    """Loss and accuracy of a snapshot with neurons switched off and weights set by hand."""
    try:
        number, changes = _number(request, "number"), parsing.changes(await parsing.json_body(request))
        return JSONResponse(await run_in_threadpool(examples.what_if, request.path_params["run"], number, changes))
    except (BadRequestError, ConfigError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except AnnscopeError as error:
        return JSONResponse({"error": str(error)}, status_code=404)


async def paint(request: Request) -> Response:
    """Save points painted by hand as a data set; the response names its file."""
    try:
        points = parsing.points(await parsing.json_body(request))
        path = await run_in_threadpool(planes.save, request.path_params["run"], points)
        return JSONResponse({"data": str(path)})
    except (BadRequestError, PaintedPointsError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except AnnscopeError as error:
        return JSONResponse({"error": str(error)}, status_code=404)


async def photo(request: Request) -> Response:
    """An image file as input of a run's network (`photos.read`).

    The file may be anything: what is wrong with it comes with status 200, as a browser would report a 400.
    """
    try:
        content, wanted = await parsing.photo(request)
        return JSONResponse(await run_in_threadpool(photos.read, request.path_params["run"], content, wanted))
    except AnnscopeError as error:
        return JSONResponse({"error": f"{str(error).rstrip('.')}."})


async def film(request: Request) -> Response:
    """A film of the frames that the body carries (`parsing.film_frames`)."""
    try:
        frames, form = await parsing.film_frames(request)
        return Response(await run_in_threadpool(films.film, frames, form), media_type=films.FORMATS[form])
    except (BadRequestError, films.FilmError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)


def _arrays(content: bytes, *, lasts: bool = True) -> Response:
    # Compressing float32 noise costs far more than it saves on this machine; "identity" tells the server so.
    headers = {"content-encoding": "identity"} | ({"cache-control": CACHE_FOREVER} if lasts else {})
    return Response(content, media_type="application/octet-stream", headers=headers)


def not_modified(_: Request) -> Response:
    """The response to a page that was opened by its own address and looks for the server below itself.

    Streamlit's client tries that before the root; the browser would report a 404 on its console.
    """
    return Response(status_code=304)


def not_found(_: Request) -> Response:
    """The response to any other address below `BASE`: Streamlit would send its page, with status 200."""
    return JSONResponse({"error": "There is nothing at this address."}, status_code=404)


routes: list[BaseRoute] = [
    Route("/{page}/_stcore/health", not_modified),
    Route("/{page}/_stcore/host-config", not_modified),
    Mount(f"{BASE}/assets", app=Assets(ASSETS), name="assets"),
    Mount(f"{BASE}/{{version}}/assets", app=Assets(ASSETS)),
    Route(PLOTLY, plotly_library),
    Route(f"{BASE}/runs/{{run}}/history", history),
    Route(f"{BASE}/runs/{{run}}/probe", probe),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number}}", snapshot),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number}}/nearest", nearest, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number}}/what-if", what_if, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number}}/{{act}}", pin, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number}}/findings", findings),
    Route(f"{BASE}/runs/{{run}}/snapshots/{{number}}/step", step),
    Route(f"{BASE}/runs/{{run}}/commands/{{name}}", command, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/input", input_description),
    Route(f"{BASE}/runs/{{run}}/labels", labels),
    Route(f"{BASE}/runs/{{run}}/plane", plane),
    Route(f"{BASE}/runs/{{run}}/points", paint, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/photo", photo, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/film", film, methods=["POST"]),
    Route(f"{BASE}/runs/{{run}}/examples/{{split}}/{{index}}", example),
    Route(f"{BASE}/runs/{{run}}/histograms", histograms),
    Route(f"{BASE}/runs/{{run}}/classes", classes),
    Route(f"{BASE}/runs/{{run}}/neurons/{{layer}}/{{unit}}", neuron),
    Route(f"{BASE}/runs/{{run}}/weights/{{layer}}/{{input}}/{{unit}}", weight),
    WebSocketRoute(f"{BASE}/runs/{{run}}/live", live),
    Route(f"{BASE}/{{rest:path}}", not_found),
]
