"""A Prefect server's API, for the few questions that need no import of Prefect.

Importing Prefect takes two seconds, and even httpx a tenth; `http.client` takes nothing, and
asks no proxy on the way to a server on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import CREATED, OK, HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

PAGE = 200
"""The most that the API returns at a time."""

PATIENCE = 5.0
"""Seconds for one answer."""

IN_PROGRESS = ["PENDING", "RUNNING", "CANCELLING"]


def healthy(api: str) -> bool:
    """Whether a Prefect server answers there."""
    try:
        status, _ = _request(api, "GET", "health", None)
    except (OSError, HTTPException):
        return False
    return status == OK


def ask(api: str, path: str, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a filter finds; nothing when the server refuses the question."""
    status, body = _request(api, "POST", path, question)
    found: list[dict[str, Any]] = json.loads(body) if status in {OK, CREATED} else []
    return found


def give_up(api: str, pool: str, reason: str) -> int:
    """Mark the pool's runs in progress Crashed; returns how many.

    For runs whose process is gone: otherwise they would stay Running for ever and hold their
    deployment's only slot.
    """
    question = {
        "work_pools": {"name": {"any_": [pool]}},
        "flow_runs": {"state": {"type": {"any_": IN_PROGRESS}}},
        "limit": PAGE,
    }
    crashed = {"type": "CRASHED", "name": "Crashed", "message": reason}
    runs = ask(api, "flow_runs/filter", question)
    for run in runs:
        path = f"flow_runs/{run['id']}/set_state"
        _request(api, "POST", path, {"state": crashed, "force": True})
    return len(runs)


def _request(
    api: str, method: str, path: str, content: Mapping[str, Any] | None
) -> tuple[int, bytes]:
    address = urlsplit(api)
    connect = HTTPConnection if address.scheme == "http" else HTTPSConnection
    connection = connect(address.netloc, timeout=PATIENCE)
    body = None if content is None else json.dumps(content)
    try:
        where = f"{address.path}/{path}"
        connection.request(method, where, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
