"""A dataset that hurts, in the registry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seedbed.context.datasets import Source, sources
from seedbed.testing.contents import stamped
from tests.safety.thorns import thorns


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The synthetic dataset, by the name under which a run asks for it; here only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sources(), "thorns", Source("thorns", "tests.safety.thorns", "tests"))
        for table in thorns.tables:
            name = table if "." in table else f"public.{table}"
            patch.setitem(stamped(), name, thorns.stamped(table))
        yield
