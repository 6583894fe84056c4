"""Checks: named queries that return the rows which break a rule; no rows, no violation.

A dataset's `checks.sql` holds blocks of

    -- name: every_order_total_adds_up
    -- Subtotal plus shipping plus tax minus discount is the total.
    SELECT id FROM {orders} AS o WHERE …

`{orders}` stands for the entity's own rows; `{as_of}`, `{anchor}` and `{scale}` for the run's,
the name of a requirement for its number, and `{word_…}` with the name of a word for that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import BadDeclaration
from seedbed.engine.report import Check
from seedbed.engine.run import Run
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.ownership import rows_of

_BLOCK = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)+)(.*?)(?=^-- name: |\Z)", re.M | re.S)

_KEY = re.compile(r"[\w-]{6,64}")
"""What an example may look like: a check can return anything, and only a key is shown."""


@dataclass(frozen=True)
class Query:
    """One block of a `checks.sql`."""

    name: str
    rule: str
    text: str


def queries(dataset: Dataset) -> tuple[Query, ...]:
    """The dataset's checks, in the file's order.

    Raises:
        BadDeclaration: a name stands twice, or the file holds none.
    """
    content = (dataset.folder / "checks.sql").read_text()
    found = tuple(
        Query(name, " ".join(line.removeprefix("--").strip() for line in rule.splitlines()), text)
        for name, rule, text in _BLOCK.findall(content)
    )
    names = [query.name for query in found]
    if not names or len(set(names)) < len(names):
        raise BadDeclaration(dataset.name, "has no checks, or two of the same name, in checks.sql")
    return found


def check(connection: Connection, dataset: Dataset, run: Run, query: Query) -> Check:
    """Count the violations of one rule."""
    words = {
        **{one.name: rows_of(one) for one in dataset.entities},
        "as_of": sql.Literal(run.as_of),
        "anchor": sql.Literal(run.anchor),
        "scale": sql.Literal(run.scale),
        **{
            f"word_{name}" if isinstance(value, str) else name: sql.Literal(value)
            for name, value in run.requirements.items()
        },
    }
    counted = sql.SQL("SELECT count(*), min(violation::text) FROM ({}) AS violation").format(
        sql.SQL(query.text.rstrip("; \n")).format(**words)
    )
    row = connection.execute(counted).fetchone()
    violations, one = row or (0, None)
    example = (one or "").strip('()"')
    return Check(query.name, query.rule, violations, (example,) if _KEY.fullmatch(example) else ())
