"""Errors of cli: what went wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx

from seedbed.declare.errors import SeedbedError, UsageError


class NeedsConfirm(UsageError):
    """reset was called without saying what it is to do."""

    def __init__(self) -> None:
        super().__init__("reset: say --confirm to remove, or --dry-run to see what would go")


class OneDatabase(UsageError):
    """--database names one database, and each dataset has its own."""

    def __init__(self, datasets: Sequence[str]) -> None:
        super().__init__(
            f"--database goes with one dataset, not with {', '.join(datasets)}; name each one's "
            "database in the environment's profile instead"
        )


class BadName(UsageError):
    """A name that cannot be used everywhere where it has to stand."""

    def __init__(self, kind: str, name: str, form: str) -> None:
        super().__init__(f"seedbed init: {kind} cannot be called {name!r}; write {form}")


class AlreadyThere(UsageError):
    """Nothing is written over, and so nothing is written at all."""

    def __init__(self, folder: Path, there: Iterable[Path]) -> None:
        names = ", ".join(map(str, there))
        super().__init__(
            f"seedbed init writes over no file, and {folder} has {names}; take an empty folder, "
            "or move them away (`seedbed init --check` says what a project lacks)"
        )


class NothingToAdd(UsageError):
    """The environment has its file and all its deployments."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment {name!r} has its file and its deployments already")


class AddByHand(UsageError):
    """prefect.yaml ends otherwise than with its deployments."""

    def __init__(self, path: Path, lines: str) -> None:
        super().__init__(
            f"{path}: the list of deployments is not the last thing in it; put these lines into "
            f"that list:\n{lines}"
        )


class ServerFailed(SeedbedError):
    """The Prefect server went away, or failed, during the run."""

    def __init__(self, api: str | None, error: httpx.HTTPError) -> None:
        said = "does not answer"
        if isinstance(error, httpx.HTTPStatusError):
            said = f"answered {error.response.status_code}"
        super().__init__(
            f"the Prefect server at {api or 'this command'} {said}; look at `seedbed status`, "
            "then run again: it goes on where it was"
        )


class NoPsql(SeedbedError):
    """There is no psql on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "psql is not installed; install PostgreSQL's client, or give the output of "
            "`seedbed db url` to the client that you have"
        )


class WhichDataset(UsageError):
    """Every dataset has a database of its own."""

    def __init__(self, action: str, known: Sequence[str]) -> None:
        names = ", ".join(known) or "there is none"
        super().__init__(f"seedbed db {action}: say of which dataset: {names}")


class NoRole(UsageError):
    """Rights need somebody to get them."""

    def __init__(self) -> None:
        super().__init__("seedbed grants: --role is missing; name the role that runs will use")


class BadRows(UsageError):
    """What was asked to be shown makes no rows, or not that many."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"show: {problem}")
