"""Invoke: a flow in this process, recorded on whatever Prefect server is configured.

Prefect is imported only where a run is recorded: it takes more than a second.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import httpx

from seedbed.cli.errors import ServerFailed
from seedbed.context.assignment import LOOKING
from seedbed.declare.errors import SeedbedError
from seedbed.run.directly import look
from seedbed.run.errors import Unsatisfied
from seedbed.run.invocation import Ended
from seedbed.server.api import Api, private_login


def invoke(verb: str, environment: str, asked: Mapping[str, Any], *, api: Api | None) -> Ended:
    """Run a verb and wait for its end: what writes as a flow run, what only reads also without.

    A flow that writes has a private server where there is no other; a command that only reads
    does without, and says so.
    """
    if api is None and verb in LOOKING:
        sys.stderr.write(
            f"no Prefect server in reach: read directly, without a flow run; steps that "
            f"flows/{verb}.py adds are left out\n"
        )
        return look(verb, environment, asked)
    return _recorded(verb, environment, asked, api)


def _recorded(verb: str, environment: str, asked: Mapping[str, Any], api: Api | None) -> Ended:
    """Run the flow on a server; without `api`, on a private one.

    Without heartbeats: whoever started the run sees its end, and the thread that sends them
    takes up to a second to stop.
    """
    from prefect import settings

    flow = getattr(import_module(f"flows.{verb}"), verb)
    # Named here once more: the folder's prefect.toml may name another server, and its login.
    chosen = {
        settings.PREFECT_API_URL: api.url if api else None,
        settings.PREFECT_API_AUTH_STRING: api.login if api else private_login(),
        settings.PREFECT_API_KEY: api.key if api else None,
        settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
    }
    if api is None:
        chosen[settings.PREFECT_SERVER_API_AUTH_STRING] = private_login()
    with settings.temporary_settings(chosen):
        try:
            state = flow(environment, return_state=True, **asked)
        except httpx.HTTPError as error:
            raise ServerFailed(api.url if api else None, error) from None
    result = state.result(raise_on_failure=False)
    message = str(state.message or state.name)
    if isinstance(result, Unsatisfied):
        return Ended(False, message, result.documents, result)
    if isinstance(result, SeedbedError):
        return Ended(False, message, error=result)
    if isinstance(result, BaseException):
        return Ended(False, message, error=SeedbedError(message))
    return Ended(True, message, result)
