"""What customers ordered."""

from __future__ import annotations

from seedbed import Columns, Rows, between, entity, money, uuid_key
from tasks.shop.customers import customers

MOST = 5
"""Orders of a customer, at most: the keys have room for so many."""


@entity(
    table="orders",
    key=uuid_key("0001-0002", fan=MOST),
    per=customers,
    count=between(1, MOST),
)
def orders(rows: Rows) -> Columns:
    """One to five orders a customer in the last 30 days; most are paid."""
    days = rows.uniform("placed_at", 0, 30)
    return {
        "customer_id": rows.parent["id"],
        "status": rows.weighted("status", {"paid": 7, "shipped": 2, "cancelled": 1}),
        "total": money(rows.integers("total", 500, 20_000)),
        "placed_at": rows.as_of.astype("datetime64[us]") - (days * 86_400).astype("m8[s]"),
    }
