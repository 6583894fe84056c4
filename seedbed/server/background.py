"""Database, Prefect server with its UI, deployments and a worker, in the background.

    python -m seedbed.server.background up|down|status [--json]

`down` stops what `up` started, and the embedded database, and signals nothing else. The logs
are in `<home>/logs`. Prefect is imported by an `up` that has something to start, and by nothing
else here: its import alone takes two seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path

from seedbed.context.project import Project, opened
from seedbed.declare.errors import SeedbedError
from seedbed.postgres.embedded import embedded
from seedbed.postgres.embedded import home as folders
from seedbed.server import processes, signpost, variables
from seedbed.server.api import SERVERS_LOGIN, Api, new_login
from seedbed.server.declared import POOL, read_deployments
from seedbed.server.errors import DidNotStart, LetsNobodyIn, ServesAnother
from seedbed.server.runs import give_up
from seedbed.server.state import State, forget, free_port, only_one, read, write
from seedbed.server.status import look

PATIENCE = 120.0
"""Seconds for the server; its first start creates its tables (11 s on two shared cores)."""

STOPPING = 10.0
"""Seconds between asking a process to end and asking again."""


def up(home: Path, environ: Mapping[str, str], project: Project) -> bool:
    """Start what does not run, for that project; False when everything ran already.

    Raises:
        ServesAnother: it runs for another project.
    """
    with ExitStack() as held:
        held.enter_context(only_one(home))
        state = read(home)
        if state.worker_runs() and state.project not in (None, project.folder):
            raise ServesAnother(state.project, home)
        # A server of an earlier version lets everybody in.
        serves = embedded.running(home) is not None and state.server_runs() and bool(state.login)
        if serves and state.worker_runs() and _api(state).healthy():
            _tell(home, state, project)
            return False
        if not serves:
            for one in (state.worker, state.server):  # neither survives what it depends on
                if one is not None:
                    one.stop(STOPPING)
            listening = held.enter_context(free_port())
            state = _start_server(home, environ, project, listening)
        _register_and_start_worker(home, environ, project, _tell(home, state, project))
        return True


def down(home: Path) -> bool:
    """Stop worker, server and database, in this order; False when none of them ran."""
    with only_one(home):
        state = read(home)
        anything = state.worker_runs() or state.server_runs()
        if state.worker is not None:
            state.worker.stop(STOPPING)
        if state.server is not None and state.server_runs():
            # One that does not answer, or not to us, is stopped all the same.
            with suppress(LetsNobodyIn, OSError, HTTPException):
                give_up(_api(state), POOL, "`seedbed down` ended its process; start it again.")
            state.server.stop(STOPPING)
        signpost.take_down(state)
        forget(home)
        return embedded.stop(home) or anything


def _api(state: State) -> Api:
    return Api(state.api, state.login)


def _tell(home: Path, state: State, project: Project) -> State:
    """Have `prefect` find the server in the project's folder, where it may."""
    told = signpost.put_up(project.folder, home, state)
    state = state.model_copy(update={"told": told, "project": project.folder})
    write(home, state)
    return state


def _start_server(
    home: Path, environ: Mapping[str, str], project: Project, listening: socket.socket
) -> State:
    """With a login of its own each time: whoever got hold of the last one has nothing of it."""
    database = embedded.ensure(home, environ)
    embedded.create_database(database, variables.DATABASE, None)
    login = environ.get(SERVERS_LOGIN) or new_login()
    state = State(port=listening.getsockname()[1], login=login)
    for name in ("ui", "server"):
        folders.made(home / name)
    command = [sys.executable, "-m", "seedbed.server.serve", str(listening.fileno())]
    settings = variables.for_server(environ, state, home, database=database)
    log, handed = home / "logs" / "server.log", [listening.fileno()]
    server = processes.start(command, settings, project.folder, log, handed=handed)
    listening.close()  # it is the server's now, and ends with it
    state = state.model_copy(update={"server": server})
    write(home, state)
    return state


def _register_and_start_worker(
    home: Path, environ: Mapping[str, str], project: Project, state: State
) -> None:
    """The imports take place while the server starts, and the registering while the worker does."""
    os.environ.update(variables.PLAIN)
    from prefect.client.orchestration import get_client

    from seedbed.server import register

    deployments = read_deployments(project.prefect_file)
    register.load_flows(deployments)
    _await(state, home / "logs" / "server.log")
    with register.talking_to(_api(state)), get_client(sync_client=True) as client:
        register.register_pool(client)
        if not state.worker_runs():
            if state.worker is None:  # the server is new: nobody can have a run in progress
                reason = "The server was gone, and its process too; start again."
                give_up(_api(state), POOL, reason)
            command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL]
            settings = variables.for_worker(environ, state, home, project)
            folders.made(Path(settings["TMPDIR"]))
            log = home / "logs" / "worker.log"
            arguments = [*command, "--type", "process"]
            worker = processes.start(arguments, settings, project.folder, log)
            state = state.model_copy(update={"worker": worker})
            write(home, state)
        ids = register.register_deployments(client, deployments)
        register.register_automations(client, project.automations, ids)
    if not state.worker_runs():
        raise DidNotStart("worker", "ended at once", home / "logs" / "worker.log")


def _await(state: State, log: Path) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + PATIENCE
    while not _api(state).healthy():
        if not state.server_runs():
            raise DidNotStart("Prefect server", "ended", log)
        if time.monotonic() > deadline:
            raise DidNotStart("Prefect server", f"did not answer in {PATIENCE:.0f} s", log)
        time.sleep(0.1)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 done, 1 failed (and `status`: not everything runs), 2 wrong use."""
    parser = argparse.ArgumentParser(prog="seedbed", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["up", "down", "status"])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args(arguments)
    try:
        home = embedded.home_folder(os.environ)
        if chosen.verb == "down":
            stopped = down(home)
            _show({"stopped": stopped}, ["stopped" if stopped else "nothing was running"], chosen)
            return 0
        done = up(home, os.environ.copy(), opened()) if chosen.verb == "up" else None
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
