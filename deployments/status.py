"""What runs in the background now, asked of the processes and of the server's API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deployments import state
from deployments.api import PAGE, ask, healthy
from tasks.postgres import embedded

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
    export: str | None
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
        shown.append(f"nightly   {'/'.join(NIGHTLY)} {nightly}")
        shown.append(f"deployed  {len(self.deployments)}: {', '.join(self.deployments)}")
        if self.export:
            shown.append(self.export)
        return shown


def look(home: Path) -> Status:
    """Ask everybody; never starts anything."""
    known = state.read(home)
    database = embedded.running(home) is not None
    server = known.server_runs() and healthy(known.api)
    worker = known.worker_runs()
    return Status(
        running=database and server and worker,
        database=database,
        server=server,
        worker=worker,
        ui=known.ui,
        api=known.api,
        export=None if known.usual else f"export PREFECT_API_URL={known.api}",
        deployments=_deployments(known.api) if server else (),
        next_nightly=_next_nightly(known.api) if server else None,
    )


def _deployments(api: str) -> tuple[str, ...]:
    flows = {flow["id"]: flow["name"] for flow in ask(api, "flows/filter", {"limit": PAGE})}
    found = ask(api, "deployments/filter", {"limit": PAGE})
    return tuple(sorted(f"{flows[one['flow_id']]}/{one['name']}" for one in found))


def _next_nightly(api: str) -> str | None:
    flow, deployment = NIGHTLY
    question = {
        "flows": {"name": {"any_": [flow]}},
        "deployments": {"name": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        "sort": "EXPECTED_START_TIME_ASC",
        "limit": 1,
    }
    runs = ask(api, "flow_runs/filter", question)
    return str(runs[0]["expected_start_time"]) if runs else None
