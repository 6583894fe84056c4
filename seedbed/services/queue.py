"""Queue: the application's list of jobs for its own embedding worker, in its own JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from seedbed.declare.errors import BadSetting
from seedbed.services.errors import ServiceAway, ServiceFailed

URL = "SEEDBED_REDIS_URL"
LIST = "embedding:jobs"

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0


def job(share: UUID, transcript: UUID, moment: float) -> str:
    """One job as the application writes it; `moment` in seconds since 1970."""
    return json.dumps(
        {
            "id": f"embed_job_{share}",
            "data": {
                "share_id": str(share),
                "transcript_id": str(transcript),
                "priority": "high",
                "source": "seed",
            },
            "timestamp": int(moment * 1000),
        }
    )


class Jobs:
    """The list. Nothing is sent twice on its own: after a lost answer nobody knows what was done,
    and the step looks at the list again before it pushes the rest."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = f"{parts.hostname}:{parts.port or 6379}"
        self._redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    @property
    def kind(self) -> str:
        """Where the list is, without a credential."""
        return f"Redis list {LIST} at {self._host}, for the application's own worker"

    def check(self) -> str:
        """Count the jobs that wait; writes nothing.

        Raises:
            ServiceFailed: the server cannot be reached, or refuses the login.
        """
        return f"{self._do('llen', LIST)} jobs are waiting"

    def waiting(self) -> list[UUID]:
        """The shares whose job is still in the list; whatever else stands there is left out.

        One command: while a worker takes jobs, parts read one after the other would miss some.
        """
        found = []
        for text in cast(list[str], self._do("lrange", LIST, 0, -1)):
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                found.append(UUID(json.loads(text)["data"]["share_id"]))
        return found

    def push(self, pairs: Iterable[tuple[UUID, UUID]]) -> int:
        """Append one job for each (share, transcript), all or none of them."""
        moment = time.time()
        jobs = [job(share, transcript, moment) for share, transcript in pairs]
        if jobs:
            self._do("rpush", LIST, *jobs)
        return len(jobs)

    def _do(self, command: str, *arguments: Any) -> Any:
        doing = f"{command.upper()} {LIST}"
        try:
            return getattr(self._redis, command)(*arguments)
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
            problem = f"{self._host} refuses the login; see {URL}"
            raise ServiceFailed("queue", doing, problem) from None
        except (redis.ConnectionError, redis.TimeoutError) as error:
            problem = f"{type(error).__name__} on the way to {self._host}; start it, or see {URL}"
            raise ServiceAway("queue", doing, problem) from None
        except redis.RedisError as error:
            # Redis's own word for it ("WRONGTYPE", "OOM", "READONLY"); the rest may hold values.
            word = str(error).split(" ", 1)[0]
            problem = f"{self._host} refuses it" + (f" ({word})" if word.isupper() else "")
            raise ServiceFailed("queue", doing, problem) from None


def jobs(environ: Mapping[str, str]) -> Jobs:
    """The list of the server that the environment names.

    Raises:
        BadSetting: its address is missing or mistaken.
    """
    url = environ.get(URL, "").strip()
    if not url:
        problem = "is not set, and services.embeddings.mode is 'queue'; set it, or use inline"
        raise BadSetting("environment", URL, problem)
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none
        known = False
    if not known:
        raise BadSetting("environment", URL, "is no address like redis://host:6379/0")
    return Jobs(url)
