"""HTTP: one client and one policy of retries for every remote adapter.

What cannot do harm twice (GET, PUT, DELETE) is tried again after a time-out, a broken
connection, half an answer, and the statuses by which a server says "later". A POST may have
been done although no good answer came: it is tried again only where the server says that it
refused it (429), and `Unanswered` tells the adapter to look before it asks again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

import httpx

from seedbed.services.errors import ServiceAway, ServiceFailed

TRIES = 6
PAUSE_SECONDS = 0.25
"""The first pause; it doubles, and each is drawn between nothing and twice its length."""
LONGEST_PAUSE_SECONDS = 8.0
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
LATER = frozenset({429, 502, 503, 504})
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Unanswered(Exception):
    """Nobody knows whether a request was done; `problem` says what came instead of an answer."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Api:
    """Requests to one service. Neither its key nor the address's user ever reach a message."""

    def __init__(
        self,
        service: str,
        base: str,
        *,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.service = service
        self.host = httpx.URL(base).host
        # No proxy, no .netrc: the profile and the environment say where a request goes.
        self._client = httpx.Client(
            base_url=base,
            headers=dict(headers or {}),
            auth=login,
            timeout=TIMEOUT,
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def request(
        self, method: str, path: str, *, doing: str, repeatable: bool | None = None, **content: Any
    ) -> httpx.Response:
        """The answer, yes or no; `doing` tells a person what was asked for.

        Raises:
            ServiceAway: there is none, after all tries.
            Unanswered: a request that must not be repeated was sent, and no answer came.
        """
        again = method in REPEATABLE if repeatable is None else repeatable
        problem, pause = "", 0.0
        for tried in range(TRIES):
            if tried:
                time.sleep(pause or _pause(tried))
            pause = 0.0
            try:
                answer = self._client.request(method, path, **content)
            except httpx.ConnectError as error:
                problem = _said(error)  # nothing was sent
                continue
            except httpx.TransportError as error:
                problem = _said(error)
                if not again:
                    raise Unanswered(problem) from None
                continue
            status = answer.status_code
            broken = answer.is_success and _is_half(answer)
            failed = status >= 500 and not again  # it may have been done before that
            if not (status in LATER or broken or failed):
                return answer
            problem = "it sent half an answer" if broken else f"it answered {status}{code(answer)}"
            pause = _asked(answer)
            if not again and status != 429:
                raise Unanswered(problem)
        raise ServiceAway(self.service, doing, f"{problem} ({TRIES} tries, host {self.host})")

    def json(self, method: str, path: str, *, doing: str, needs: str = "", **content: Any) -> Any:
        """The body of an answer that says yes; `needs` is a part that it must have.

        Raises:
            ServiceFailed: it says no, or is not what was asked for.
            Unanswered: see `request`.
        """
        answer = self.request(method, path, doing=doing, **content)
        if not answer.is_success:
            raise self.refused(doing, answer)
        try:
            body = answer.json()
        except ValueError:
            raise ServiceFailed(self.service, doing, "its answer is no JSON") from None
        if needs and not (isinstance(body, Mapping) and needs in body):
            raise ServiceFailed(self.service, doing, f"its answer has no {needs!r}")
        return body

    def refused(self, doing: str, answer: httpx.Response) -> ServiceFailed:
        """The error for an answer that says no: its status and code, never its whole body."""
        return ServiceFailed(self.service, doing, f"it answered {answer.status_code}{code(answer)}")


def code(answer: httpx.Response) -> str:
    """The error code that a body names, in brackets; bodies can repeat what they were sent."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    if not isinstance(body, Mapping):
        return ""
    error = body.get("error")
    named = body.get("code") or body.get("error_code")
    named = named or (error.get("type") if isinstance(error, Mapping) else None)
    return f" ({named})" if isinstance(named, str) and named.isidentifier() else ""


def _is_half(answer: httpx.Response) -> bool:
    """Whether an answer says that it is JSON and is none: a proxy or a crash cut it off."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code == 204 or not kind.startswith("application/json"):
        return False
    try:
        answer.json()
    except ValueError:
        return True
    return False


def _asked(answer: httpx.Response) -> float:
    """The pause that a server asks for in seconds, as far as a run has the time; 0 for none."""
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), LONGEST_PAUSE_SECONDS) if asked.isdecimal() else 0.0


def _pause(tried: int) -> float:
    """Full jitter: anything up to twice the doubled pause, so that clients do not march in step."""
    return random.uniform(0, min(LONGEST_PAUSE_SECONDS, 2 * PAUSE_SECONDS * 2 ** (tried - 1)))


def _said(error: httpx.TransportError) -> str:
    return f"{type(error).__name__} on the way to it"
