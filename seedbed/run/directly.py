"""Directly: commands that only read, without Prefect, where no server is in reach.

Nothing is recorded, and what a project adds to its own flows is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedbed.context.execution import Execution
from seedbed.run.act import begin, check, guard, opened, show_plan
from seedbed.run.invocation import Ended


def look(verb: str, environment: str, asked: Mapping[str, Any]) -> Ended:
    """Plan or verify in this process, every task at once."""
    run = begin(verb, environment, execution=Execution(), **asked)
    with run:
        for name in run.datasets:
            with opened(guard(run, name)) as context:
                run.add(show_plan(context) if run.verb == "plan" else check(context))
    return run.ended()
