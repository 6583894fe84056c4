"""Which tests may run side by side: `pytest -n 2` gives each core its share."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

pytest_plugins = ["seedbed.testing"]

TOGETHER = ("tests/flows/", "tests/browser/")
"""Folders whose tests share one Prefect server: it is started once, in one process."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Every test goes to the process that is free, a folder of `TOGETHER` as one.

    (`--dist loadgroup` would say so by marks; with pytest 9.2 it does not see them.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """In place of the schedulers of `--dist`."""
    return Scheduling(config, log)
