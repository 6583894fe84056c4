"""Shares: where the time of a large load goes.

    python -m tests.benchmarks.shares                    1,000,000 orders, 3 rounds

The parts of the flow one by one: the rows are made, encoded and sent without the others. In the
flow they overlap (the next chunk is made while the server works on this one), so that their sum
is more than the flow's seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from datetime import date
from itertools import pairwise
from subprocess import run

from rich.console import Console
from rich.table import Table

from seedbed.context.assignment import Assignment
from seedbed.context.context import RunContext
from seedbed.context.opening import opened
from seedbed.declare.entity import Entity
from seedbed.engine.target import chunks
from seedbed.postgres import digest, read
from seedbed.postgres.copy.encode import Encoder
from tests.benchmarks.stand import Stand, stand, timed, written

AS_OF = date(2026, 11, 21)

MEANING = {
    "make": "draw every column of every chunk",
    "encode": "to binary COPY",
    "send and store": "COPY of the ready bytes: wire, checks, indexes, WAL",
    "count": "the owned rows in the database",
    "gap": "keys read and compared, where all are there",
    "digest": "all columns in key order, hashed",
    "import": "Python, Prefect and the flow in a new process",
    "flow": "the whole run, without its imports",
}


def loaded(opened: RunContext, entity: Entity) -> dict[str, float]:
    """Seconds to make, to encode and to store all rows; the table is empty before."""
    columns, size = opened.columns[entity.name], opened.chunk_rows(entity)
    spent = dict.fromkeys(("make", "encode", "send and store"), 0.0)
    names = ", ".join(f'"{column.name}"' for column in columns)
    statement = f"COPY {entity.table} ({names}) FROM STDIN (FORMAT binary)".encode()
    encoder = Encoder(columns)
    with opened.database.scratch() as connection:
        for rows in chunks(entity, opened.at(connection), size):
            marks = [time.monotonic()]
            values = rows.inserted()
            marks.append(time.monotonic())
            payload = encoder.encode(values, len(rows))
            marks.append(time.monotonic())
            with connection.cursor().copy(statement) as stream:
                for block in (encoder.header, payload, encoder.trailer):
                    stream.write(block)
            marks.append(time.monotonic())
            for name, (begun, ended) in zip(spent, pairwise(marks), strict=True):
                spent[name] += ended - begun
    return spent


def looked(opened: RunContext, entity: Entity) -> dict[str, float]:
    """Seconds to count, to find no gap and to digest; the rows are there."""
    with opened.database.reading() as connection:
        here, size = opened.at(connection), opened.chunk_rows(entity)
        return {
            "count": timed(lambda: read.count(connection, entity)),
            "gap": timed(lambda: [*read.Gap(connection, entity, here, size)]),
            "digest": timed(
                lambda: digest.digest(connection, opened.dataset, entity.table, opened.catalogue)
            ),
        }


def measured(place: Stand, orders: int) -> dict[str, float]:
    """One round."""
    scale = orders // 100
    with place.database("commerce") as connection:
        connection.execute("TRUNCATE orders CASCADE")
        connection.execute("CHECKPOINT")
    assignment = Assignment("benchmark", "plan", "dev", "commerce", 42, AS_OF, AS_OF, scale)
    asked = {"datasets": ["commerce"], "only": ["orders"], "scale": scale, "as_of": str(AS_OF)}
    with opened(assignment) as context:
        entity = next(one for one in context.dataset.entities if one.name == "orders")
        spent = loaded(context, entity)
        with place.database("commerce") as connection:
            connection.execute("TRUNCATE orders CASCADE")  # what was rolled back takes room
            connection.execute("CHECKPOINT")
        flow = place.flow("seed", asked)
        spent |= looked(context, entity)
    command = [sys.executable, "-c", "import seedbed.cli.invoke, flows.seed"]
    spent["import"] = timed(lambda: run(command, check=True, env=place.environ))
    return spent | {"flow": flow["seconds"]}


def main() -> None:
    """Measure on a server of its own and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with stand() as place:
        os.environ |= place.environ
        place.database("commerce").close()
        upstream = {"datasets": ["commerce"], "only": ["orders"], "scale": 1}
        place.flow("seed", upstream | {"with_upstream": True, "as_of": str(AS_OF)})
        rounds = [measured(place, chosen.orders) for _ in range(chosen.rounds)]
    median = {name: statistics.median(one[name] for one in rounds) for name in MEANING}
    target = written("shares", {"orders": chosen.orders, "rounds": rounds, "median": median})
    table = Table(title=f"{chosen.orders:,} orders, medians of {chosen.rounds} rounds")
    for column in ("part", "seconds", "what"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for name, seconds in median.items():
        table.add_row(name, f"{seconds:.2f}", MEANING[name])
    Console(width=100).print(table)
    print(f"written to {target}")


if __name__ == "__main__":
    main()
