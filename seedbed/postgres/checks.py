"""Checks: named queries that return the rows which break a rule; no rows, no violation.

A dataset's `checks.sql` holds blocks of

    -- name: every_order_total_adds_up
    -- Subtotal plus shipping plus tax minus discount is the total.
    SELECT id FROM {orders} AS o WHERE …

`{orders}` stands for the entity's own rows; `{as_of}`, `{anchor}` and `{scale}` for the run's,
the name of a requirement for its number, and `{option_…}` with the name of an option for its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter

from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import UnknownName
from seedbed.engine.report import Check
from seedbed.engine.run import Run
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import BadCheck, NoChecks
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
    line: int = 0
    """Where in the file it begins."""


def queries(dataset: Dataset) -> tuple[Query, ...]:
    """The dataset's checks, in the file's order.

    Raises:
        BadCheck: a name stands twice.
        NoChecks: the file holds none.
    """
    content = (dataset.folder / "checks.sql").read_text()
    found: dict[str, Query] = {}
    for block in _BLOCK.finditer(content):
        name, comment, text = block.groups()
        line = content.count("\n", 0, block.start()) + 1
        if name in found:
            problem = f"stands here and in line {found[name].line}; give one another name"
            raise BadCheck(dataset, name, line, problem)
        rule = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
        found[name] = Query(name, rule, text, line)
    if not found:
        raise NoChecks(dataset)
    return tuple(found.values())


def _require_known(dataset: Dataset, query: Query, known: Iterable[str]) -> None:
    """Check that every placeholder of a query is a name that stands for something."""
    try:
        places = [name for _, name, _, _ in Formatter().parse(query.text) if name is not None]
    except ValueError:
        places = [""]
    for name in places:
        if not name.isidentifier():
            problem = "has a brace that stands for no name; write {{ and }} for braces of SQL"
            raise BadCheck(dataset, query.name, query.line, problem)
        if name not in known:
            problem = f"has an {UnknownName('placeholder', name, known)}"
            raise BadCheck(dataset, query.name, query.line, problem)


def check(connection: Connection, dataset: Dataset, run: Run, query: Query) -> Check:
    """Count the violations of one rule.

    Raises:
        BadCheck: a placeholder stands for nothing.
    """
    words = {
        **{one.name: rows_of(one) for one in dataset.entities},
        "as_of": sql.Literal(run.as_of),
        "anchor": sql.Literal(run.anchor),
        "scale": sql.Literal(run.scale),
        **{
            f"option_{name}" if isinstance(value, str) else name: sql.Literal(value)
            for name, value in run.requirements.items()
        },
    }
    _require_known(dataset, query, words)
    counted = sql.SQL("SELECT count(*), min(violation::text) FROM ({}) AS violation").format(
        sql.SQL(query.text.rstrip("; \n")).format(**words)
    )
    row = connection.execute(counted).fetchone()
    violations, one = row or (0, None)
    example = (one or "").strip('()"')
    return Check(query.name, query.rule, violations, (example,) if _KEY.fullmatch(example) else ())
