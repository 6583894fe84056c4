"""factory_boy with SQLAlchemy: `create_batch`, or rows built as dicts for one bulk insert.

python -m tests.benchmarks.peers.factories create|bulk ROWS
"""

from __future__ import annotations

import sys
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

import factory  # type: ignore[import-not-found, unused-ignore]  # in the peers' environment
import factory.random  # type: ignore[import-not-found, unused-ignore]
from sqlalchemy import MetaData, Table, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Session

from tests.benchmarks.peers import drawn, loader


def declarations(sellers: list[UUID], pages: list[UUID]) -> dict[str, Any]:
    """The columns of a factory; values that depend on others are lazy attributes."""
    lazy, fake = factory.LazyAttribute, factory.Faker
    return {
        "id": lazy(lambda _: UUID(factory.Faker._get_faker().uuid4())),
        "seller_id": fake("random_element", elements=sellers),
        "sellpage_id": fake("random_element", elements=pages),
        "order_number": factory.Sequence(lambda number: f"STG-{number + 1:04}"),
        "customer_email": fake("email"),
        "customer_name": fake("name"),
        "customer_phone": fake("phone_number"),
        "shipping_address": lazy(lambda _: drawn.address(factory.Faker._get_faker())),
        "subtotal": fake("random_int", min=5, max=500),
        "shipping_cost": fake("random_element", elements=(0, 5)),
        "tax_amount": lazy(lambda row: row.subtotal * 5 / 100),
        "discount_amount": fake("random_element", elements=(0, 0, 0, 5)),
        "total": lazy(
            lambda row: row.subtotal + row.shipping_cost + row.tax_amount - row.discount_amount
        ),
        "currency": "USD",
        "status": fake("random_element", elements=drawn.STATUSES),
        "payment_method": fake("random_element", elements=("card", "paypal")),
        "payment_id": fake("numerify", text="PAY-######-ALPHA"),
        "paid_at": lazy(lambda row: row.created_at + timedelta(minutes=1)),
        "tracking_number": fake("numerify", text="TRK##########"),
        "tracking_url": lazy(lambda row: f"https://track.example/{row.tracking_number}"),
        "notes": None,
        "created_at": fake(
            "date_time_between", start_date=drawn.SINCE, end_date=drawn.UNTIL, tzinfo=UTC
        ),
        "updated_at": lazy(lambda row: row.created_at + timedelta(hours=1)),
    }


def prepare(url: str, rows: int) -> loader.Load:
    """One session, one commit."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    table = Table("orders", MetaData(), autoload_with=engine)
    session = Session(engine)
    session.connection()
    factory.random.reseed_random(drawn.SEED)
    columns = declarations(*drawn.parents(url))

    class Base(DeclarativeBase):
        pass

    model = type("Order", (Base,), {"__table__": table})
    if sys.argv[1] == "create":
        meta = type("Meta", (), {"model": model, "sqlalchemy_session": session})
        bases = (factory.alchemy.SQLAlchemyModelFactory,)
        orders: Any = type("OrderFactory", bases, columns | {"Meta": meta})

        def load() -> None:
            orders.create_batch(rows)
            session.commit()

    else:
        orders = type("OrderFactory", (factory.DictFactory,), columns)

        def load() -> None:
            session.execute(insert(model), orders.build_batch(rows))
            session.commit()

    return load


if __name__ == "__main__":
    loader.run(prepare)
