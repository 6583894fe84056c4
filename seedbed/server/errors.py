"""Errors of server: what went wrong, where, and what to do next."""

from __future__ import annotations

from pathlib import Path

import yaml

from seedbed.declare.errors import SeedbedError, UsageError
from seedbed.postgres.embedded import home as folders


class NoServer(SeedbedError):
    """The server that the environment names cannot be used; no other one is taken in its place."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"the Prefect server at {url} {problem}; start it or correct PREFECT_API_URL, or unset "
            "that variable to use the one of `seedbed up`"
        )


class LetsNobodyIn(SeedbedError):
    """It wants another login, or one at all."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(
            f"the Prefect server at {url} refuses the login ({status}); set "
            "PREFECT_API_AUTH_STRING (or PREFECT_API_KEY) to the one that it wants"
        )


class ServesAnother(UsageError):
    """One background serves one project: its worker works in that project's folder."""

    def __init__(self, project: Path, home: Path) -> None:
        super().__init__(
            f"the background in {home} serves the project {project}; run `seedbed down` first, or "
            "set SEEDBED_HOME to another folder for this project"
        )


class NotYaml(UsageError):
    """The file cannot even be parsed."""

    def __init__(self, path: Path, error: yaml.YAMLError) -> None:
        super().__init__(f"{path} is not YAML; correct it: {error}")


LOG_TAIL = 15
"""Lines of the log that an error shows."""


class DidNotStart(SeedbedError):
    """A process that ended, or stayed silent, instead of serving."""

    def __init__(self, name: str, problem: str, log: Path) -> None:
        lines = folders.read(log).splitlines()[-LOG_TAIL:] if log.exists() else []
        tail = "".join(f"\n  {line}" for line in lines)
        super().__init__(f"the {name} {problem}; see {log} and run `seedbed up` again{tail}")


class NoAddress(UsageError):
    """Nothing says where to register; Prefect would start a private server."""

    def __init__(self) -> None:
        super().__init__(
            "PREFECT_API_URL is not set; set it to the API of a running Prefect server, or run "
            "`seedbed up`, which registers at its own"
        )


class NoFreePort(SeedbedError):
    """Everything from 4200 on is taken."""

    def __init__(self, first: int, last: int, host: str) -> None:
        super().__init__(
            f"no free port from {first} to {last} on {host}; "
            "stop what listens there and run `seedbed up` again"
        )
