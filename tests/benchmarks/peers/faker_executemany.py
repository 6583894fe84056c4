"""Faker, and psycopg's `executemany`, which sends the rows in a pipeline."""

from __future__ import annotations

import psycopg
from psycopg.types.json import Jsonb

from tests.benchmarks.peers import drawn, loader


def prepare(url: str, rows: int) -> loader.Load:
    """One transaction."""
    fake = drawn.faker()
    parents = drawn.parents(url)
    connection = psycopg.connect(url)
    columns = list(drawn.order(drawn.faker(), 1, *parents))
    values = ", ".join(f"%({name})s" for name in columns)
    insert = f"INSERT INTO orders ({', '.join(columns)}) VALUES ({values})"

    def load() -> None:
        drawing = (drawn.order(fake, number, *parents) for number in range(1, rows + 1))
        bound = (row | {"shipping_address": Jsonb(row["shipping_address"])} for row in drawing)
        with connection, connection.cursor() as cursor:
            cursor.executemany(insert, bound)

    return load


if __name__ == "__main__":
    loader.run(prepare)
