"""Whatever is seeded here keeps the ten laws: it is the same again, comes back, and goes."""

from __future__ import annotations

from seedbed.testing import Laws


class TestLaws(Laws):
    """Every law, for every dataset in `tasks/`; `breaks/` has a row that breaks each check."""
