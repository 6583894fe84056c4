"""Locked: a Dask cluster on this machine that nobody else can give work to.

Whoever reaches a scheduler has it run pickles, with the database's address in its variables; and
every user of the machine reaches its port. So scheduler, workers and client know one another by
certificates that are made for the one run and stay in its processes, and no page is served. What
does not fit into memory is pickled too: into a folder that is the run's alone.
"""

from __future__ import annotations

from typing import Any

from distributed import LocalCluster, Scheduler, Security, Worker
from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin


class _NoPage:
    """Closes the port that Dask opens for `/metrics` and `/health`, with or without dashboard."""

    async def start(self, scheduler: Scheduler) -> None:
        scheduler.http_server.stop()

    def setup(self, worker: Worker) -> None:
        worker.http_server.stop()


class NoSchedulersPage(_NoPage, SchedulerPlugin):
    """For the scheduler, which begins with `start`."""


class NoWorkersPage(_NoPage, WorkerPlugin):
    """For a worker, which begins with `setup`."""


def cluster(workers: int, folder: str) -> Any:
    """A scheduler in this process, and so many worker processes, which may write to `folder`."""
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        local_directory=folder,
        security=Security.temporary(),  # type: ignore[no-untyped-call]
        scheduler_kwargs={"plugins": [NoSchedulersPage()]},
        plugins=[NoWorkersPage()],
    )
