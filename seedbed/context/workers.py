"""Runner: who loads the parts of large steps outside of this process.

Worker processes of this machine, or a cluster through one of Prefect's task runners: there
every part is a task run of its own. Either way a thread of the step hands a part over and waits;
the lock, the guard and the count of all rows stay with the run. A worker gets names and numbers,
and finds the database by the environment of its own process.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from contextvars import copy_context
from importlib import import_module
from importlib.util import find_spec
from queue import LifoQueue
from secrets import token_urlsafe
from socket import create_connection
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Protocol

from seedbed.context.errors import PACKAGES, NoCluster, NotInstalled, WorkerGone
from seedbed.declare.errors import BadSetting, SeedbedError
from seedbed.engine.settings import Profile

CONNECT_SECONDS = 10
"""How long a cluster that is already running may take to answer."""

Job = Callable[[Any], Any]


def require_runner(profile: Profile) -> None:
    """Refuse a runner that cannot be had, before anything is opened.

    Raises:
        NotInstalled: its package is missing.
        BadSetting: a cluster's address, and no runner that has one.
    """
    package = PACKAGES.get(profile.runner)
    if package is None and profile.cluster:
        problem = f"goes with runner dask or ray, not with {profile.runner}"
        raise BadSetting(f"{profile.name}.toml", "cluster", problem)
    if package is not None and find_spec(package) is None:
        raise NotInstalled(profile)


class Elsewhere(Protocol):
    """Workers that are there."""

    def do(self, job: Job, part: Any) -> Any:
        """Have `job(part)` done, and wait for what it returns."""

    def close(self) -> None:
        """Let the workers go."""


class Runner:
    """A profile's workers: opened with the first large step, closed with the run."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._opened: Elsewhere | None = None
        self._lock = Lock()

    def do(self, job: Job, part: Any) -> Any:
        """Have `job(part)` done by a worker; both, and what it returns, can be pickled.

        Raises:
            NoCluster: there are no workers.
            WorkerGone: the worker ended.
        """
        with self._lock:
            used = self._opened = self._opened or _open(self._profile)
        return used.do(job, part)

    def close(self) -> None:
        """Let the workers go; without any this does nothing."""
        with self._lock:
            used, self._opened = self._opened, None
        if used is not None:
            used.close()


def _open(profile: Profile) -> Elsewhere:
    if profile.runner == "processes":
        return Processes(profile.workers)
    try:
        if place := re.search(r"([^/:]+):([0-9]+)$", profile.cluster or ""):
            # First: Dask and Ray go on trying for minutes.
            create_connection((place[1], int(place[2])), CONNECT_SECONDS).close()
        return Cluster(profile, _dask if profile.runner == "dask" else _ray)
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise NoCluster(profile, error) from None


# -- processes of this machine -------------------------------------------------------------------


class Processes:
    """Python processes beside this one, with its environment; they end when it does."""

    def __init__(self, workers: int) -> None:
        self._free: LifoQueue[subprocess.Popen[bytes] | None] = LifoQueue()
        for _ in range(workers):
            self._free.put(None)  # not started yet

    def do(self, job: Job, part: Any) -> Any:
        """Wait for a free process, and for what it returns."""
        process = self._free.get()
        try:
            process = process or _started()
            answer = _asked(process, job, part)
        except (OSError, EOFError, pickle.UnpicklingError):
            code = _ended(process)
            process = None  # the next part gets a new one
            raise WorkerGone(part, f"signal {-code}" if code < 0 else f"exit code {code}") from None
        finally:
            self._free.put(process)
        if isinstance(answer, SeedbedError):
            raise answer
        return answer

    def close(self) -> None:
        """End the processes, none of which is at work."""
        while not self._free.empty():
            _ended(self._free.get())


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "seedbed.steps.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _asked(process: subprocess.Popen[bytes], job: Job, part: Any) -> Any:
    assert process.stdin is not None and process.stdout is not None
    pickle.dump((job, part), process.stdin)
    process.stdin.flush()
    return pickle.load(process.stdout)


def _ended(process: subprocess.Popen[bytes] | None) -> int:
    if process is None:
        return 0
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    return process.wait()


# -- a cluster -----------------------------------------------------------------------------------


class Cluster:
    """Prefect's task runner for a cluster: every part is a task run there."""

    def __init__(self, profile: Profile, make: Callable[[Profile, str], Any]) -> None:
        # What a cluster of our own writes is pickles, too: nobody else may lay out its folder. In
        # /tmp, because Ray's sockets lie in it, and a socket's path may have 107 characters.
        self._folder = TemporaryDirectory(prefix="seedbed-", dir="/tmp", ignore_cleanup_errors=True)
        self._runner = make(profile, self._folder.name)
        # What Ray starts ends with the thread that started it; a step's own would be too short.
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="cluster")
        try:
            self._api = self._keeper.submit(copy_context().run, self._enter).result()
        except BaseException:
            self._keeper.shutdown()
            self._folder.cleanup()
            raise

    def _enter(self) -> str:
        """Start or join the cluster; gives the address of Prefect's server.

        A private server's stands in no setting, and the workers report to it, too.
        """
        from prefect.client.orchestration import get_client

        with ExitStack() as undo:
            undo.enter_context(self._runner)
            getattr(self._runner, "client", None)  # Dask connects when it is looked at first
            self._stack = undo.pop_all()
        with get_client(sync_client=True) as client:
            return str(client.api_url)

    def do(self, job: Job, part: Any) -> Any:
        """Submit a task run and wait for its end."""
        from prefect.settings import PREFECT_API_URL, temporary_settings

        with temporary_settings({PREFECT_API_URL: self._api}):
            future = self._runner.submit(_as_task(job, str(part)), parameters={"part": part})
        try:
            found = future.result(raise_on_failure=False)
        except Exception as error:  # noqa: BLE001  # each cluster has its own for a lost worker
            raise WorkerGone(part, type(error).__name__) from None
        if isinstance(found, SeedbedError):
            raise found
        if isinstance(found, BaseException):
            raise WorkerGone(part, type(found).__name__)
        return found

    def close(self) -> None:
        """Leave the cluster; one that was started for the run ends."""
        self._keeper.submit(self._stack.close).result()
        self._keeper.shutdown()
        self._folder.cleanup()


def _as_task(job: Job, name: str) -> Any:
    from prefect import Task
    from prefect.cache_policies import NO_CACHE
    from prefect.states import Failed

    def run(part: Any) -> Any:
        try:
            return job(part)
        except SeedbedError as error:
            return Failed(message=str(error), data=error)

    return Task(run, name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)


def _dask(profile: Profile, folder: str) -> Any:
    made = import_module("prefect_dask").DaskTaskRunner
    if profile.cluster:
        return made(address=profile.cluster)
    from seedbed.context.locked import cluster

    local = {"workers": profile.workers, "folder": folder}
    return made(cluster_class=cluster, cluster_kwargs=local)


def _ray(profile: Profile, folder: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports on its use otherwise
    if profile.cluster:
        return import_module("prefect_ray").RayTaskRunner(address=profile.cluster)
    # Read when Ray is imported: its ports, which are open to every interface whatever one says,
    # take work only from who knows the token.
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token_urlsafe(32))
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    local = {"num_cpus": profile.workers, "_temp_dir": folder, **quiet}
    return import_module("prefect_ray").RayTaskRunner(init_kwargs=local)
