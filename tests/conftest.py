"""Which tests may run side by side: `pytest -n 2 --dist loadgroup` gives each core its share."""

from __future__ import annotations

from pathlib import Path

import pytest

TOGETHER = ("flows", "browser")
"""Folders whose tests share one Prefect server: it is started once, in one process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of such a folder in one process."""
    for item in items:
        folder = Path(item.path).parent.name
        if folder in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(folder))
