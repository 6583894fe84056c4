"""What runs in the background now, asked of the processes and of the server's API."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from seedbed.context.variables import LOGIN
from seedbed.postgres.embedded import embedded
from seedbed.server import signpost
from seedbed.server.api import URL, Api
from seedbed.server.runs import PAGE
from seedbed.server.state import State, read

NIGHTLY = ("refresh", "staging")


@dataclass(frozen=True)
class Status:
    """A moment's look."""

    running: bool
    database: bool
    server: bool
    worker: bool
    ui: str
    api: str
    login: str = field(repr=False)
    """What the UI asks for, and `prefect` needs; never logged."""
    export: str | None = field(repr=False)
    """What a shell needs where `prefect` does not find the server by itself."""
    deployments: tuple[str, ...]
    next_nightly: str | None

    def lines(self) -> list[str]:
        """For a person."""
        parts = {"database": self.database, "server": self.server, "worker": self.worker}
        shown = [f"{part:<9} {'running' if on else 'stopped'}" for part, on in parts.items()]
        if not self.server:
            return shown
        nightly = self.next_nightly or "not scheduled yet; look again in a few seconds"
        shown.append(f"UI        {self.ui}")
        if self.login:
            shown.append(f"login     {self.login}")
        shown.append(f"nightly   {'/'.join(NIGHTLY)} {nightly}")
        shown.append(f"deployed  {len(self.deployments)}: {', '.join(self.deployments)}")
        if self.export:
            shown.append(self.export)
        return shown


def look(home: Path) -> Status:
    """Ask everybody; never starts anything.

    Raises:
        NotOurs, NoAccess: the home folder is not ours alone.
        LetsNobodyIn: the server has another login than was written down.
    """
    known = read(home)
    api = Api(known.api, known.login)
    database = embedded.running(home) is not None
    server = known.server_runs() and api.healthy()
    worker = known.worker_runs()
    return Status(
        running=database and server and worker,
        database=database,
        server=server,
        worker=worker,
        ui=known.ui,
        api=known.api,
        login=known.login if server else "",
        export=_export(known) if server else None,
        deployments=_deployments(api) if server else (),
        next_nightly=_next_nightly(api) if server else None,
    )


def _export(known: State) -> str | None:
    if signpost.leads_to(known):
        return None
    return f"export {URL}={known.api} {LOGIN}={known.login}"


def _deployments(api: Api) -> tuple[str, ...]:
    flows = {one["id"]: one["name"] for one in api.ask("flows/filter", {"limit": PAGE}) or ()}
    found = api.ask("deployments/filter", {"limit": PAGE}) or ()
    return tuple(sorted(f"{flows[one['flow_id']]}/{one['name']}" for one in found))


def _next_nightly(api: Api) -> str | None:
    flow, deployment = NIGHTLY
    question = {
        "flows": {"name": {"any_": [flow]}},
        "deployments": {"name": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        "sort": "EXPECTED_START_TIME_ASC",
        "limit": 1,
    }
    runs = api.ask("flow_runs/filter", question)
    return str(runs[0]["expected_start_time"]) if runs else None
