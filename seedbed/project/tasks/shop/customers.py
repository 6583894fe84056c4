"""The people who buy."""

from __future__ import annotations

from seedbed import Columns, Rows, entity, scaled, text, uuid_key

NAMES = ("Ada Brook", "Ben Carter", "Chloe Dawson", "Dan Ellis", "Eve Foster", "Finn Grant")


@entity(table="customers", key=uuid_key("0001-0001"), count=scaled(20))
def customers(rows: Rows) -> Columns:
    """Twenty customers, times the scale, who came in the last year."""
    days = rows.uniform("created_at", 30, 365)
    return {
        "name": rows.pick("name", NAMES),
        "email": text(rows.position + 1, prefix="customer", digits=3, suffix="@example.test"),
        "created_at": rows.as_of.astype("datetime64[us]") - (days * 86_400).astype("m8[s]"),
    }
