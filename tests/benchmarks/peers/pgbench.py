"""pgbench -i: PostgreSQL's own generator, as a reference; 4 columns, its keys made afterwards.

python -m tests.benchmarks.peers.pgbench PROGRAM ROWS
"""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.peers import loader

UNIT = 100_000
"""Accounts at its scale 1."""


def prepare(url: str, rows: int) -> loader.Load:
    """Its usual steps: drop, create, generate (by COPY), vacuum, primary keys."""
    command = [sys.argv[1], "--initialize", "--quiet", f"--scale={rows // UNIT}", url]
    return lambda: subprocess.run(command, check=True, stderr=subprocess.PIPE)


if __name__ == "__main__":
    loader.run(prepare)
