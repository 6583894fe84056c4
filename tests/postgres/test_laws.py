"""The ten laws, held for every dataset of the registry; see ARCHITECTURE.md."""

from __future__ import annotations

from typing import NoReturn

import pytest

from seedbed.testing import Laws


class TestLaws(Laws):
    """Every dataset here gives every law enough to look at; `breaks/` has rows for its checks."""

    def proves_little(self, why: str) -> NoReturn:
        pytest.fail(why)
