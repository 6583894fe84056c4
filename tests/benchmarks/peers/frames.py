"""pandas: columns drawn with numpy, then `to_sql` in each of its three ways.

python -m tests.benchmarks.peers.frames default|multi|copy ROWS
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy import Uuid, create_engine
from sqlalchemy.dialects.postgresql import ENUM, JSONB

from tests.benchmarks.peers import drawn, loader

CHUNK = 1000
"""Rows a statement: 23 columns of these stay below the 65,535 parameters of one."""

NAMES = 1000


def frame(rows: int, sellers: list[UUID], pages: list[UUID]) -> pd.DataFrame:
    """All columns at once; people come from a pool that Faker makes."""
    random, fake = np.random.default_rng(drawn.SEED), drawn.faker()
    pool = [(fake.email(), fake.name(), fake.phone_number()) for _ in range(NAMES)]
    people = pd.DataFrame(pool, columns=["email", "name", "phone"])
    addresses = np.array([drawn.address(fake) for _ in range(NAMES)], dtype=object)
    who = random.integers(0, NAMES, rows)
    cents = random.integers(500, 50_000, rows)
    shipping, tax = random.choice([0, 500], rows), cents * 5 // 100
    discount = random.choice([0, 0, 0, 500], rows)
    parcel = pd.Series(random.integers(10**9, 10**10, rows)).astype(str)
    seconds = random.integers(0, 30 * 86_400, rows)
    created = pd.Series(pd.Timestamp(drawn.SINCE) + pd.to_timedelta(seconds, unit="s"))
    number = pd.Series(np.arange(1, rows + 1)).astype(str)
    return pd.DataFrame(
        {
            "id": [UUID(bytes=random.bytes(16), version=4) for _ in range(rows)],
            "seller_id": np.array(sellers, dtype=object)[random.integers(0, len(sellers), rows)],
            "sellpage_id": np.array(pages, dtype=object)[random.integers(0, len(pages), rows)],
            "order_number": "STG-" + number.str.zfill(4),
            "customer_email": people["email"].to_numpy()[who],
            "customer_name": people["name"].to_numpy()[who],
            "customer_phone": people["phone"].to_numpy()[who],
            "shipping_address": addresses[who],
            "subtotal": cents / 100,
            "shipping_cost": shipping / 100,
            "tax_amount": tax / 100,
            "discount_amount": discount / 100,
            "total": (cents + shipping + tax - discount) / 100,
            "currency": "USD",
            "status": random.choice(drawn.STATUSES, rows),
            "payment_method": random.choice(["card", "paypal"], rows),
            "payment_id": "PAY-" + pd.Series(random.integers(10**5, 10**6, rows)).astype(str),
            "paid_at": created + pd.Timedelta(minutes=1),
            "tracking_number": "TRK" + parcel,
            "tracking_url": "https://track.example/TRK" + parcel,
            "notes": None,
            "created_at": created,
            "updated_at": created + pd.Timedelta(hours=1),
        }
    )


def copied(table: Any, connection: Any, keys: list[str], rows: Iterable[Any]) -> None:
    """The callable of pandas' documentation, "insertion method", with psycopg's `copy`."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    columns = ", ".join(f'"{key}"' for key in keys)
    command = f"COPY {table.name} ({columns}) FROM STDIN WITH CSV"
    with connection.connection.cursor() as cursor, cursor.copy(command) as stream:
        stream.write(text.getvalue())


def prepare(url: str, rows: int) -> loader.Load:
    """`to_sql` appends to the table that is there, in one transaction."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    parents = drawn.parents(url)
    way = sys.argv[1]
    method: Any = {"default": None, "multi": "multi", "copy": copied}[way]
    types: Any = dict.fromkeys(("id", "seller_id", "sellpage_id"), Uuid) | {
        "shipping_address": JSONB,
        "status": ENUM(*drawn.STATUSES, name="order_status", create_type=False),
    }
    engine.connect().close()

    def load() -> None:
        made = frame(rows, *parents)
        if way == "copy":  # a CSV file holds JSON as text
            made["shipping_address"] = made["shipping_address"].map(json.dumps)
        options: dict[str, Any] = {"if_exists": "append", "index": False, "dtype": types}
        made.to_sql("orders", engine, method=method, chunksize=CHUNK, **options)

    return load


if __name__ == "__main__":
    loader.run(prepare)
