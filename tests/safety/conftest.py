"""The databases of tests/postgres, and a dataset that hurts in the registry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seedbed.context.datasets import Source, sources
from tests.postgres.conftest import (
    address,
    cluster,
    connection,
    fresh,
    home,
    seeded_template,
    template,
)
from tests.postgres.worlds import STAMPED
from tests.safety.thorns import thorns

__all__ = ["address", "cluster", "connection", "fresh", "home", "seeded_template", "template"]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The synthetic dataset, by the name under which a run asks for it; here only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sources(), "thorns", Source("thorns", "tests.safety.thorns", "tests"))
        for table in thorns.tables:
            name = table if "." in table else f"public.{table}"
            patch.setitem(STAMPED, name, thorns.stamped(table))
        yield
