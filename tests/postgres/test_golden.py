"""Golden digests: what every dataset makes at seed 42, as of 2026-03-31, at scale 1."""

from __future__ import annotations

import json
from pathlib import Path

from seedbed.testing.worlds import World

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
"""Digests by dataset and table; a change needs a line under "Changes generated data"."""


def test_the_rows_are_those_that_the_changelog_tells_of(seeded: World) -> None:
    assert seeded.digests() == GOLDEN.get(seeded.dataset.name)
