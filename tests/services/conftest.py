"""Servers that are not ours, or as like them as their contracts say; no test waits for long."""

from __future__ import annotations

import httpx
import pytest

from tasks.services import http
from tests.postgres.conftest import cluster, fresh, home, template

__all__ = ["cluster", "fresh", "home", "template"]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses and little patience."""
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.3, connect=5))
