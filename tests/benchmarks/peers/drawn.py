"""Orders drawn with Faker, a row at a time: what a seed script usually does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from faker import Faker

STATUSES = (
    "PENDING",
    "CONFIRMED",
    "PROCESSING",
    "SHIPPED",
    "DELIVERED",
    "CANCELLED",
    "REFUNDED",
)
UNTIL = datetime(2026, 1, 31, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=30)
SEED = 42

Row = dict[str, Any]


def faker() -> Faker:
    """Seeded, without weights: the first of the two settings that its README names for speed."""
    fake = Faker(use_weighting=False)
    fake.seed_instance(SEED)
    return fake


def parents(url: str) -> tuple[list[UUID], list[UUID]]:
    """The keys of the sellers and of their pages."""
    with psycopg.connect(url) as connection:
        sellers = connection.execute("SELECT id FROM sellers ORDER BY id").fetchall()
        pages = connection.execute("SELECT id FROM sellpages ORDER BY id").fetchall()
    return [key for (key,) in sellers], [key for (key,) in pages]


def address(fake: Faker) -> dict[str, str]:
    """Where an order goes."""
    return {
        "name": fake.name(),
        "line1": fake.street_address(),
        "city": fake.city(),
        "postal_code": fake.postcode(),
        "country": fake.country_code(),
    }


def order(fake: Faker, number: int, sellers: list[UUID], pages: list[UUID]) -> Row:
    """One row, in the order of the table's columns; the total adds up."""
    cents = fake.random_int(500, 50_000)
    shipping, tax = fake.random_element((0, 500)), cents * 5 // 100
    discount = fake.random_element((0, 0, 0, 500))
    parcel = fake.numerify("##########")
    created = fake.date_time_between(SINCE, UNTIL, tzinfo=UTC)
    return {
        "id": UUID(str(fake.uuid4())),
        "seller_id": fake.random_element(sellers),
        "sellpage_id": fake.random_element(pages),
        "order_number": f"STG-{number:04}",
        "customer_email": fake.email(),
        "customer_name": fake.name(),
        "customer_phone": fake.phone_number(),
        "shipping_address": address(fake),
        "subtotal": cents / 100,
        "shipping_cost": shipping / 100,
        "tax_amount": tax / 100,
        "discount_amount": discount / 100,
        "total": (cents + shipping + tax - discount) / 100,
        "currency": "USD",
        "status": fake.random_element(STATUSES),
        "payment_method": fake.random_element(("card", "paypal")),
        "payment_id": fake.numerify("PAY-######-ALPHA"),
        "paid_at": created + timedelta(minutes=1),
        "tracking_number": f"TRK{parcel}",
        "tracking_url": f"https://track.example/TRK{parcel}",
        "notes": None,
        "created_at": created,
        "updated_at": created + timedelta(hours=1),
    }
