"""One measured flow run in a process of its own; prints seconds and peak memory as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from hashlib import sha256
from typing import Any

import prefect.main  # noqa: F401  # a second, which is no part of what is measured

from seedbed.cli.invoke import invoke
from seedbed.context.variables import LOGIN
from seedbed.server.api import URL, Api
from tests.benchmarks import narrow


def empty(tasks: int) -> None:
    """A Prefect flow whose tasks do nothing."""
    from prefect import flow, task
    from prefect.cache_policies import NO_CACHE

    @task(cache_policy=NO_CACHE)
    def nothing() -> None:
        return None

    @flow(name="empty")
    def run() -> None:
        futures = [nothing.submit() for _ in range(tasks)]
        for future in futures:
            future.wait()

    run()


def main() -> None:
    """`empty TASKS`, or `VERB {flow parameters as JSON}`."""
    verb, argument = sys.argv[1:]
    documents: list[dict[str, Any]] = []
    narrow.register()
    started = time.monotonic()
    if verb == "empty":
        empty(int(argument))
    else:
        asked = json.loads(argument)
        ended = invoke(verb, "dev", asked, api=Api(os.environ[URL], os.environ[LOGIN]))
        if not ended.done:
            sys.exit(ended.message)
        documents = ended.documents
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps = [step for document in documents for step in document["entities"]]
    digests = [document["digests"] for document in documents]
    figures: dict[str, Any] = {"seconds": seconds, "peak_mb": peak}
    figures |= {"added": sum(step["added"] for step in steps)}
    figures |= {"step": sum(step["seconds"] for step in steps)}
    figures |= {"digest": sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
