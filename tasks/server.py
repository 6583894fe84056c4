"""Server: which Prefect server records a run that is started from the command line."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from tasks.postgres import embedded

PATIENCE = 2.0
"""Seconds for an answer; a server on this machine takes milliseconds."""

QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""Nothing of a run goes anywhere but to its own server."""


def answers(api: str, question: str = "ready") -> bool:
    """Whether a Prefect server answers at that URL; `ready` asks for its database, too."""
    place = urlsplit(api)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=PATIENCE)
    try:
        connection.request("GET", f"{place.path.rstrip('/')}/{question}")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def started_by_up(home: Path) -> str | None:
    """The API of the server that `seedbed up` started, if it wrote one down."""
    try:
        port = json.loads((home / "background.json").read_text())["port"]
    except (OSError, ValueError, KeyError):
        return None
    return f"http://127.0.0.1:{port}/api"


def find(environ: MutableMapping[str, str], *, verbose: bool) -> str | None:
    """Set up Prefect's variables, before it is imported.

    Returns the API of the running server to use; None for a private one.
    """
    home = embedded.home_folder(environ)
    for name, value in QUIET.items():
        environ.setdefault(name, value)
    if not verbose:
        environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    own = started_by_up(home)
    if own and answers(own, "health") and not answers(own):
        embedded.ensure(home, environ)  # the server's own database is there, and was stopped
    named = [environ.get("PREFECT_API_URL"), own]
    running = next((api for api in named if api and answers(api)), None)
    environ.pop("PREFECT_API_URL", None)
    if running is not None:
        environ["PREFECT_API_URL"] = running
    else:
        environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
        folder = environ.get("PREFECT_HOME", str(home / "prefect"))
        embedded.made(Path(folder))
        environ["PREFECT_HOME"] = folder
    return running
