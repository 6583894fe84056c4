"""Invoke: a flow in this process, recorded on whatever Prefect server is configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import httpx
from prefect.client.schemas.objects import State
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_KEY,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_SERVER_API_AUTH_STRING,
    temporary_settings,
)

from seedbed.declare.errors import SeedbedError
from seedbed.run.outcome import Unsatisfied
from seedbed.server.api import Api, private_login


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


@dataclass(frozen=True)
class Ended:
    """How a flow run ended."""

    done: bool
    message: str
    documents: list[dict[str, Any]] = field(default_factory=list)
    error: SeedbedError | None = None


def invoke(verb: str, environment: str, asked: Mapping[str, Any], *, api: Api | None) -> Ended:
    """Run the flow and wait for its end; without `api`, on a private server.

    Without heartbeats: whoever started the run sees its end, and the thread that sends them
    takes up to a second to stop.
    """
    flow = getattr(import_module(f"flows.{verb}"), verb)
    # Named here once more: the folder's prefect.toml may name another server, and its login.
    settings = {
        PREFECT_API_URL: api.url if api else None,
        PREFECT_API_AUTH_STRING: api.login if api else private_login(),
        PREFECT_API_KEY: api.key if api else None,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
    }
    if api is None:
        settings[PREFECT_SERVER_API_AUTH_STRING] = private_login()
    with temporary_settings(settings):
        try:
            state: State[Any] = flow(environment, return_state=True, **asked)
        except httpx.HTTPError as error:
            raise ServerFailed(api.url if api else None, error) from None
    result = state.result(raise_on_failure=False)
    message = str(state.message or state.name)
    if isinstance(result, Unsatisfied):
        return Ended(False, message, result.documents, result)
    if isinstance(result, SeedbedError):
        return Ended(False, message, [], result)
    if isinstance(result, BaseException):
        return Ended(False, message, [], SeedbedError(message))
    return Ended(True, message, result)
