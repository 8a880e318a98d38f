"""The workers of a sweep: a Dask cluster, on this machine or wherever the scheduler of the user has workers."""

from __future__ import annotations

import logging
import os
import signal
import threading
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, cast

from annscope.runs.sweeps.errors import SweepError
from annscope.runs.sweeps.parcel import Parcel
from annscope.runs.sweeps.trial import Assignment, Outcome, Word, exchange, train
from annscope.runs.threads import wanted_threads

CONNECT_SECONDS = 5
REPLY_SECONDS = 1.0
N_THREADS = 16
"""As many workers are spoken to at a time."""


def default_workers() -> int:
    """Number of workers on this machine: each run has its threads, and all cores are used."""
    return max(1, (os.cpu_count() or 1) // wanted_threads())


class Cluster:
    """The workers that train the runs of a sweep; a context manager.

    With `scheduler` they are those of the Dask scheduler at this address, else `n_workers` processes of this machine,
    which end with this process however it ends.

    Raises SweepError where there is no scheduler, or when the connection to it is lost.
    """

    def __init__(self, *, n_workers: int | None = None, scheduler: str | None = None) -> None:
        from distributed import Client

        # What Dask logs about lost workers is said by the sweep where it matters.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._local = None if scheduler else _local_cluster(n_workers or default_workers())
        self._address = scheduler or "this machine"
        try:
            self._client: Any = cast(Any, Client)(
                self._local or scheduler, timeout=CONNECT_SECONDS, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise SweepError(
                f"There is no Dask scheduler at {scheduler}; start one (dask scheduler) and give its address, such as "
                "tcp://192.168.0.7:8786."
            ) from error
        self._futures: dict[str, Any] = {}  # by run
        self._run_of: dict[str, str] = {}  # by key
        self._news = threading.Event()
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="exchange")
        self._replies: dict[str, Future[dict[str, Any]]] = {}  # by address of the worker, until they come

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close(timeout=2)
        if self._local is not None:
            self._local.close(timeout=5)

    def n_slots(self) -> int:
        """Number of runs that the workers can train at a time."""
        return sum(self._asked(self._client.nthreads).values())

    @property
    def runs(self) -> list[str]:
        """The runs that were submitted and whose outcome has not been taken."""
        return list(self._futures)

    def submit(self, assignment: Assignment) -> None:
        """Have a run trained; if its worker is lost, another one takes it up."""
        key = f"{assignment.run}-{uuid.uuid4().hex[:8]}"
        self._run_of[key] = assignment.run
        future = self._client.submit(_train_here, assignment, key=key, pure=False)
        future.add_done_callback(lambda _: self._news.set())
        self._futures[assignment.run] = future

    def outcomes(self) -> Iterator[tuple[str, Outcome]]:
        """The runs that have ended since the last call, each with its outcome."""
        if self._client.status != "running":
            raise self._lost()
        for run, future in list(self._futures.items()):
            if future.done():
                del self._futures[run]
                self._run_of.pop(future.key, None)
                yield run, _outcome_of(future)

    def exchange(self, words: Mapping[str, Word]) -> dict[str, Parcel]:
        """Tell runs what is to be said to them, and return what of their records has come from elsewhere.

        A worker that does not respond at once, since it has just been lost, is not waited for.
        """
        for address, keys in self._asked(self._client.processing).items():
            runs = {run: words[run] for key in keys if (run := self._run_of.get(key)) in words and run is not None}
            if runs and address not in self._replies:
                self._replies[address] = self._threads.submit(self._client.run, exchange, runs, workers=[address])
        wait(self._replies.values(), timeout=REPLY_SECONDS)
        parcels: dict[str, Parcel] = {}
        for address in [address for address, reply in self._replies.items() if reply.done()]:
            reply = self._replies.pop(address)
            if reply.exception() is None:
                said = reply.result().get(address, {})
                parcels |= {run: parcel for run, parcel in said.items() if parcel is not None}
        return parcels

    def wait(self, seconds: float) -> None:
        """Wait until a run has ended, at most so long."""
        self._news.wait(seconds)
        self._news.clear()

    def _asked(self, question: Any) -> Any:
        try:
            return question()
        except (OSError, TimeoutError) as error:
            raise self._lost() from error

    def _lost(self) -> SweepError:
        return SweepError(f"The connection to the Dask scheduler at {self._address} is lost.")


def _local_cluster(n_workers: int) -> Any:
    import dask
    from distributed import LocalCluster, Security

    # A scheduler runs what it is sent, and others may have accounts here: TLS with keys that only these processes have.
    # Dask's profiler would look at every process a hundred times a second.
    with _signals_for_this_thread(), dask.config.set({"distributed.worker.profile.enabled": False}):
        return cast(Any, LocalCluster)(
            n_workers=n_workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL, security=cast(Any, Security.temporary)(),
        )  # fmt: skip


@contextmanager
def _signals_for_this_thread() -> Iterator[None]:
    """Keep Ctrl-C and the end of a terminal from the threads and processes begun here: they are told how to end."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover
        yield  # on Windows
        return
    resource_tracker.ensure_running()  # or it would let Ctrl-C in again when it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _train_here(assignment: Assignment) -> Outcome:
    from distributed import get_worker

    return train(assignment, get_worker().local_directory)


def _outcome_of(future: Any) -> Outcome:
    from distributed import KilledWorker

    if future.status == "finished":
        outcome: Outcome = future.result()
        return outcome
    if future.status != "error":
        return Outcome("interrupted", "The scheduler has dropped this run.")
    error = future.exception()
    if isinstance(error, KilledWorker):
        return Outcome("failed", "The workers that trained this run were lost, one after another; is there memory?")
    if isinstance(error, ModuleNotFoundError):
        return Outcome("failed", f"A worker has no {error.name}: pip install 'annscope[sweep]' there.")
    return Outcome("failed", f"{type(error).__name__}: {error}")
