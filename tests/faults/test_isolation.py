"""Lock, look, delete, fence against a session that attaches, by PostgreSQL's isolation tester."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from seedbed.testing.cluster import Cluster

SPECS = Path(__file__).parent / "isolation"
PLACES = Path("/usr/lib/postgresql")
"""Where Debian's package of the server has the tester."""


def told(cluster: Cluster, spec: str) -> tuple[int, list[str], list[str]]:
    """How many interleavings were run, and what the fence and the witness said of each."""
    found = sorted(PLACES.glob("*/lib/pgxs/src/test/isolation/isolationtester"))
    if not found:
        pytest.skip("the isolation tester is not installed (it comes with Debian's postgresql-15)")
    made = cluster.create()
    place = f"host={made.host} port={made.port} user={made.user} dbname={made.database}"
    try:
        result = subprocess.run(
            [found[-1], place],
            input=(SPECS / f"{spec}.spec").read_text(),
            env={**os.environ, "PGPASSWORD": made.password or "", "PGISOLATIONTIMEOUT": "20"},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    finally:
        cluster.drop(made)
    runs = result.stdout.count("starting permutation")
    verdicts = re.findall(r"^(nothing lost|ROW LOST)", result.stdout, re.M)
    fences = re.findall(r"^(as planned|FENCED)", result.stdout, re.M)
    assert runs == len(verdicts) > 0, result.stdout + result.stderr
    return runs, fences, verdicts


@pytest.mark.parametrize("spec", ["cascade", "set_null"])
def test_in_no_interleaving_a_committed_row_is_lost(cluster: Cluster, spec: str) -> None:
    runs, fences, verdicts = told(cluster, spec)
    assert runs == 7
    assert fences == ["as planned"] * runs
    assert verdicts == ["nothing lost"] * runs
    print(f"{spec}: {runs} interleavings")


def test_the_tester_sees_the_loss_where_look_and_delete_are_one_statement(
    cluster: Cluster,
) -> None:
    runs, _, verdicts = told(cluster, "one_statement")
    assert (runs, verdicts.count("ROW LOST")) == (4, 1)
