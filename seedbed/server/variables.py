"""The environment variables of the background processes.

The server learns its database's address here and nowhere else: no file, no argument, no output.
The worker gets the caller's environment, because the runs find APP_ENV and the URLs of the
target databases there; the server, which needs neither, does not get them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from seedbed.context.errors import VARIABLE
from seedbed.context.project import PROFILES, Project
from seedbed.context.variables import KEY, LOGIN
from seedbed.postgres.connection.address import OPTION
from seedbed.postgres.embedded.embedded import Server
from seedbed.server.api import QUIET, SERVERS_LOGIN, URL
from seedbed.server.started import State

DATABASE = "prefect"
"""The server's own database: SQLite locks under parallel tasks."""

PLAIN = {
    **QUIET,
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "PYTHONUNBUFFERED": "1",
}
"""No outbound connection, no colour codes in the logs, and no line kept back."""

SERVER = {
    "PREFECT_SERVER_UI_V2_ENABLED": "false",  # its page asks an analytics host; V1's asks nobody
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # With the defaults the last of 500 task runs shows 18 to 46 s late, with these 5 to 8 s.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # By default the slots that runs hold are in the server's memory: after its restart a run in
    # progress cannot renew its slot, and ends itself.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    # A cancelled run that nobody is left to end is over after so long; the default is 300.
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_CANCELLING_TIMEOUT_SECONDS": "90",
    # How often a run that waits for its deployment's slot looks again; the default is 30.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
}

WORKER = {
    # Whichever folder it starts in: the automation that marks runs without a process counts on it.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_WORKER_QUERY_SECONDS": "2",  # the default of 10 is the longest part of a run's start
}

DATABASE_ADDRESS = ("PREFECT_API_DATABASE_", "PREFECT_SERVER_DATABASE_")


def for_server(
    caller: Mapping[str, str], state: State, home: Path, *, database: Server
) -> dict[str, str]:
    """The environment of the server, which lets in whoever says its login, and no other page.

    PREFECT_API_URL is what the UI's page calls; without it a port other than 4200 breaks the UI.
    The page itself is written when the server starts, by default into the installed package,
    which may belong to somebody else. PREFECT_HOME is ours: the slots are files there, and those of
    another server are not to be touched.
    """
    kept = {name: value for name, value in caller.items() if not _of_targets(name)}
    address = (
        f"postgresql+asyncpg://{quote(database.user)}:{quote(database.password, safe='')}"
        f"@{database.host}:{database.port}/{DATABASE}"
    )
    own = {
        URL: state.api,
        SERVERS_LOGIN: state.login,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": state.ui,
        "PREFECT_API_DATABASE_CONNECTION_URL": address,
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
        "PREFECT_HOME": str(home / "server"),
    }
    return _without_address(kept) | PLAIN | SERVER | own


def for_worker(
    caller: Mapping[str, str], state: State, home: Path, project: Project
) -> dict[str, str]:
    """The environment of the worker and of every run; paths are absolute, its folder differs.

    TMPDIR is ours: Prefect's runner works in `runner_storage` of the common one, which belongs
    to whoever of the machine's users came first and shuts the others out.
    """
    api = {URL: state.api, LOGIN: state.login}
    own = {**api, "SEEDBED_HOME": str(home), "TMPDIR": str(home / "tmp")}
    own[VARIABLE] = str(project.folder)
    if folder := caller.get(PROFILES):
        own[PROFILES] = str(Path(folder).absolute())
    return _without_address(caller) | PLAIN | WORKER | own


def _of_targets(name: str) -> bool:
    return name.startswith(("SEEDBED_", "PG")) or name in {"APP_ENV", "NODE_ENV"}


def _without_address(environ: Mapping[str, str]) -> dict[str, str]:
    """Without a server's database and logins: the caller may have those of another server."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(DATABASE_ADDRESS) and name not in {LOGIN, KEY, SERVERS_LOGIN, OPTION}
    }
