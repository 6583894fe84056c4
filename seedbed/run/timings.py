"""Timings: where a run's seconds went, as JSON for whatever started it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from seedbed.declare.errors import BadSetting
from seedbed.engine.report import Report, timings_table

FILE = "SEEDBED_TIMINGS"


class HowItEnded(Protocol):
    """Of a run, whether it is done and what it says."""

    @property
    def done(self) -> bool: ...

    @property
    def message(self) -> str: ...


def write_timings(
    run: str, verb: str, environment: str, ended: HowItEnded, done: Sequence[Report]
) -> None:
    """Write the file that the environment names, however the run ended.

    Raises:
        BadSetting: it cannot be written.
    """
    name = os.environ.get(FILE)
    if not name:
        return
    content = {
        "run": run,
        "verb": verb,
        "environment": environment,
        "done": ended.done,
        "message": ended.message,
        "datasets": [
            {
                "dataset": one.dataset,
                "seconds": round(one.seconds, 3),
                "steps": timings_table(one),
                "checks": {check.name: check.violations for check in one.checks},
            }
            for one in done
        ],
    }
    try:
        Path(name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        problem = f"is {name!r}, which cannot be written ({error.strerror})"
        raise BadSetting("environment", FILE, problem) from None
