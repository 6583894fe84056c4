"""Database, Prefect server with its UI, deployments and a worker, in the background.

    python -m deployments.background up|down|status [--json]

`down` stops what `up` started, and the embedded database, and signals nothing else. The logs
are in `<home>/logs`. Prefect is imported by an `up` that has something to start, and by nothing
else here: its import alone takes two seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from deployments import processes, variables
from deployments.api import give_up, healthy
from deployments.declared import POOL, prefect_file, read_deployments
from deployments.processes import DidNotStart
from deployments.state import HOST, State, forget, free_port, only_one, read, write
from deployments.status import look
from tasks.engine.errors import SeedbedError
from tasks.postgres import embedded

PATIENCE = 120.0
"""Seconds for the server; its first start creates its tables (11 s on two shared cores)."""

STOPPING = 10.0
"""Seconds between asking a process to end and asking again."""


def up(home: Path, environ: Mapping[str, str]) -> bool:
    """Start what does not run; False when everything ran already."""
    with ExitStack() as held:
        held.enter_context(only_one(home))
        state = read(home)
        database_runs = embedded.running(home) is not None
        if database_runs and state.server_runs() and state.worker_runs() and healthy(state.api):
            return False
        if not (database_runs and state.server_runs()):
            for one in (state.worker, state.server):  # neither survives what it depends on
                if one is not None:
                    one.stop(STOPPING)
            state = _start_server(home, environ, held.enter_context(free_port()))
        _register_and_start_worker(home, environ, state)
        return True


def down(home: Path) -> bool:
    """Stop worker, server and database, in this order; False when none of them ran."""
    with only_one(home):
        state = read(home)
        anything = state.worker_runs() or state.server_runs()
        if state.worker is not None:
            state.worker.stop(STOPPING)
        if state.server is not None and state.server.alive():
            if healthy(state.api):
                give_up(state.api, POOL, "`seedbed down` ended its process; start it again.")
            state.server.stop(STOPPING)
        forget(home)
        return embedded.stop(home) or anything


def _start_server(home: Path, environ: Mapping[str, str], port: int) -> State:
    folder = prefect_file().parent
    database = embedded.ensure(home, environ)
    embedded.create_database(database, variables.DATABASE, None)
    state = State(port=port)
    command = _prefect("server", "start", "--host", HOST, "--port", str(state.port))
    settings = variables.for_server(environ, state.api, home, database=database)
    server = processes.start(command, settings, folder, home / "logs" / "server.log")
    state = state.model_copy(update={"server": server})
    write(home, state)
    return state


def _register_and_start_worker(home: Path, environ: Mapping[str, str], state: State) -> None:
    """The imports take place while the server starts, and the registering while the worker does."""
    os.environ.update(variables.QUIET)
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from deployments import register

    path = prefect_file()
    deployments = read_deployments(path)
    register.load_flows(deployments)
    _await(state, home / "logs" / "server.log")
    with temporary_settings({PREFECT_API_URL: state.api}), get_client(sync_client=True) as client:
        register.register_pool(client)
        if not state.worker_runs():
            if state.worker is None:  # the server is new: nobody can have a run in progress
                give_up(state.api, POOL, "The server was gone, and its process too; start again.")
            command = _prefect("worker", "start", "--pool", POOL, "--type", "process")
            settings = variables.for_worker(environ, state.api, home)
            Path(settings["TMPDIR"]).mkdir(exist_ok=True)
            log = home / "logs" / "worker.log"
            worker = processes.start(command, settings, path.parent, log)
            state = state.model_copy(update={"worker": worker})
            write(home, state)
        ids = register.register_deployments(client, deployments)
        register.register_automations(client, register.AUTOMATIONS, ids)
    if not state.worker_runs():
        raise DidNotStart("worker", "ended at once", home / "logs" / "worker.log")


def _await(state: State, log: Path) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + PATIENCE
    while not healthy(state.api):
        if not state.server_runs():
            raise DidNotStart("Prefect server", "ended", log)
        if time.monotonic() > deadline:
            raise DidNotStart("Prefect server", f"did not answer in {PATIENCE:.0f} s", log)
        time.sleep(0.1)


def _prefect(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 done, 1 failed (and `status`: not everything runs), 2 wrong use."""
    parser = argparse.ArgumentParser(prog="seedbed", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["up", "down", "status"])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args(arguments)
    home = embedded.home_folder(os.environ)
    try:
        if chosen.verb == "down":
            stopped = down(home)
            _show({"stopped": stopped}, ["stopped" if stopped else "nothing was running"], chosen)
            return 0
        done = up(home, os.environ.copy()) if chosen.verb == "up" else None
        status = look(home)
    except SeedbedError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    lines = status.lines()
    if done is False:
        lines.insert(0, "already running")
    _show(asdict(status), lines, chosen)
    return 0 if status.running else 1


def _show(document: Mapping[str, object], lines: Sequence[str], chosen: argparse.Namespace) -> None:
    text = json.dumps(document, indent=2) if chosen.json else "\n".join(lines)
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
