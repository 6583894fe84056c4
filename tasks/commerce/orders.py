"""Orders with their items and events: totals add up to the cent, events never lie in the future."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from seedbed import (
    Booleans,
    Columns,
    Dates,
    Integers,
    Rows,
    categorical,
    counted,
    entity,
    money,
    nullable,
    scaled,
    text,
    uuid_key,
)
from tasks.commerce.accounts import sellers
from tasks.commerce.customers import CUSTOMERS
from tasks.commerce.sellpages import products, sellpages

DAYS = 30
SHIPPING_CENTS = 500
DISCOUNT_CENTS = 500
TAX_PERCENT = 5

HOUR, DAY = 3600, 86_400

STATUSES = (
    "PENDING",
    "CONFIRMED",
    "PROCESSING",
    "SHIPPED",
    "DELIVERED",
    "CANCELLED",
    "REFUNDED",
)
NINTHS = np.array([1, 1, 1, 1, 3, 1, 1])
"""DELIVERED has three of the nine slots, every other status one."""

HISTORY: dict[str, tuple[tuple[str, int], ...]] = {
    "PENDING": (("CREATED", 0),),
    "CONFIRMED": (("CREATED", 0), ("CONFIRMED", HOUR)),
    "PROCESSING": (("CREATED", 0), ("CONFIRMED", HOUR)),
    "SHIPPED": (("CREATED", 0), ("CONFIRMED", HOUR), ("SHIPPED", 2 * DAY)),
    "DELIVERED": (
        ("CREATED", 0),
        ("CONFIRMED", HOUR),
        ("SHIPPED", 2 * DAY),
        ("DELIVERED", 5 * DAY),
    ),
    "CANCELLED": (("CREATED", 0), ("CANCELLED", 4 * HOUR)),
    "REFUNDED": (("CREATED", 0), ("CONFIRMED", HOUR), ("REFUNDED", 7 * DAY)),
}
"""What happened to an order of each status, and how many seconds after its creation."""

EVENT_TYPES = ("CREATED", "CONFIRMED", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED")
EVENT_TEXTS = (
    "Order placed by the customer",
    "Payment received, order confirmed",
    "Parcel handed to the carrier",
    "Parcel delivered",
    "Cancelled at the customer's request",
    "Refund sent to the customer",
)

_EVENTS = np.array([len(HISTORY[status]) for status in STATUSES])
_TYPE = np.full((len(STATUSES), _EVENTS.max()), -1)
_DELAY = np.zeros((len(STATUSES), _EVENTS.max()), dtype=np.int64)
for _row, _status in enumerate(STATUSES):
    for _column, (_type, _delay) in enumerate(HISTORY[_status]):
        _TYPE[_row, _column] = EVENT_TYPES.index(_type)
        _DELAY[_row, _column] = _delay


def status_shares() -> npt.NDArray[np.float64]:
    """Probability of each status (second axis) for an order of each age in days (first axis).

    An order placed in the evening needs one day to be cancelled, two to be shipped, five to
    be delivered, seven to be refunded. What the young ones cannot have, the older ones get
    more of, so that over all ages the shares are exactly `NINTHS`.
    """
    needs = np.array([0, 0, 0, 2, 5, 1, 7])
    ages = np.arange(DAYS)[:, None]
    late = np.where(ages >= needs, NINTHS / 9 * DAYS / (DAYS - needs), 0.0)
    late[:, :3] = 0.0
    late[:, :3] = (1.0 - late.sum(axis=1, keepdims=True)) / 3
    return late


_SHARES = np.cumsum(status_shares(), axis=1)


@dataclass(frozen=True)
class Story:
    """Age in days, second of the day and status code of n orders."""

    age: Integers
    second: Integers
    status: Integers

    def created(self, as_of: np.datetime64) -> Dates:
        """Moments of creation."""
        day: Dates = (as_of - self.age.astype("timedelta64[D]")).astype("datetime64[us]")
        moments: Dates = day + self.second.astype("timedelta64[s]")
        return moments


def story(orders: Rows) -> Story:
    """When each order was placed and how far it has come; evenly spread over days and statuses."""
    age = (orders.spread("story", 0) * DAYS).astype(np.int64)
    draw = orders.spread("story", 1)
    status = (draw[:, None] >= _SHARES[age, :-1]).sum(axis=1)
    return Story(age, orders.integers("second", 8 * HOUR, 22 * HOUR - 1), status)


@dataclass(frozen=True)
class Lines:
    """Up to two items of n orders; arrays of shape (n, 2). `offer` is a row of `products`."""

    count: Integers
    offer: Integers
    quantity: Integers
    cents: Integers


def two_items(orders: Rows) -> Booleans:
    """Which orders hold two items: 30 %."""
    return orders.chance("two_items", 0.30)


def lines(orders: Rows, products: pd.DataFrame) -> Lines:
    """What each order holds: one item or two; of the first two pieces in 20 %."""
    code = products["product_code"].to_numpy()
    start = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    variants = np.diff(np.r_[start, len(code)])
    first = orders.integers("first_product", 0, len(start) - 1)
    second = orders.integers("second_product", 0, len(start) - 1)
    variant = orders.integers("variant", 0, variants[first] - 1)
    offer = np.column_stack([start[first] + variant, start[second]])
    pair = two_items(orders)
    quantity = np.column_stack([1 + orders.chance("two_pieces", 0.20), pair]).astype(np.int64)
    return Lines(1 + pair, offer, quantity, products["cents"].to_numpy()[offer])


@entity(
    table="orders",
    key=uuid_key("0003-0001"),
    count=scaled(100),
    upstream=(sellers, sellpages, products),
)
def orders(
    rows: Rows, sellers: pd.DataFrame, sellpages: pd.DataFrame, products: pd.DataFrame
) -> Columns:
    """Orders of the last 30 days in every status, from twelve customers in turn."""
    told, held = story(rows), lines(rows, products)
    published = sellpages[sellpages["status"] == "PUBLISHED"]
    customer = rows.position % len(CUSTOMERS)
    subtotal = (held.cents * held.quantity).sum(axis=1)
    shipping = np.where(rows.chance("free_shipping", 0.30), 0, SHIPPING_CENTS)
    tax = (subtotal * TAX_PERCENT + 50) // 100
    discount = np.where(rows.chance("discount", 0.15), DISCOUNT_CENTS, 0)
    created = told.created(rows.as_of)
    shipped = np.isin(told.status, [STATUSES.index("SHIPPED"), STATUSES.index("DELIVERED")])
    parcel = rows.integers("tracking", 0, 2**31 - 1) * 4 + rows.integers("tracking_low", 0, 3)
    last = _DELAY[told.status, _EVENTS[told.status] - 1]
    return {
        "seller_id": sellers["id"][0],
        "sellpage_id": categorical(rows.choose("sellpage_id", published), published["id"]),
        "order_number": text(rows.position + 1, prefix="STG-", digits=4),
        "customer_email": categorical(customer, CUSTOMERS["email"]),
        "customer_name": categorical(customer, CUSTOMERS["name"]),
        "customer_phone": categorical(customer, CUSTOMERS["phone"]),
        "shipping_address": categorical(customer, CUSTOMERS["address"]),
        "subtotal": money(subtotal),
        "shipping_cost": money(shipping),
        "tax_amount": money(tax),
        "discount_amount": money(discount),
        "total": money(subtotal + shipping + tax - discount),
        "currency": "USD",
        "status": categorical(told.status, STATUSES),
        "payment_method": rows.weighted("payment_method", {"card": 70, "paypal": 30}),
        "payment_id": text(
            rows.integers("payment_id", 0, 999_999), prefix="PAY-", digits=6, suffix="-ALPHA"
        ),
        "paid_at": nullable(created + np.timedelta64(60, "s"), told.status > 0),
        "tracking_number": nullable(text(parcel, prefix="TRK", digits=10), shipped),
        "tracking_url": nullable(
            text(parcel, prefix="https://track.example/TRK", digits=10), shipped
        ),
        "notes": None,
        "created_at": created,
        "updated_at": created + last.astype("timedelta64[s]"),
    }


def item_count(orders: Rows) -> Integers:
    """One item an order, or two."""
    return 1 + two_items(orders).astype(np.int64)


@entity(
    table="order_items",
    key=uuid_key("0003-0002", fan=2),
    per=orders,
    count=counted(item_count),
    upstream=(products,),
    stays_with=(orders,),
)
def order_items(rows: Rows, products: pd.DataFrame) -> Columns:
    """What was bought, at the price of the day."""
    held = lines(rows.parent, products)
    line = np.arange(len(rows)), rows.position
    offer, quantity, cents = held.offer[line], held.quantity[line], held.cents[line]
    return {
        "order_id": rows.parent.key,
        "product_id": categorical(offer, products["product_id"]),
        "variant_id": categorical(offer, products["variant_id"]),
        "product_name": categorical(offer, products["product_name"]),
        "variant_name": categorical(offer, products["variant_name"]),
        "sku": categorical(offer, products["sku"]),
        "quantity": quantity,
        "unit_price": money(cents),
        "line_total": money(cents * quantity),
        "created_at": story(rows.parent).created(rows.as_of),
    }


def event_count(orders: Rows) -> Integers:
    """As many as the order's status tells."""
    return _EVENTS[story(orders).status]


@entity(
    table="order_events",
    key=uuid_key("0003-0003", fan=10),
    per=orders,
    count=counted(event_count),
    upstream=(sellers,),
    stays_with=(orders,),
)
def order_events(rows: Rows, sellers: pd.DataFrame) -> Columns:
    """Every step that led to the order's status."""
    told = story(rows.parent)
    kind = _TYPE[told.status, rows.position]
    delay = _DELAY[told.status, rows.position].astype("timedelta64[s]")
    return {
        "order_id": rows.parent.key,
        "seller_id": sellers["id"][0],
        "event_type": categorical(kind, EVENT_TYPES),
        "description": categorical(kind, EVENT_TEXTS),
        "metadata": {"source": "seed"},
        "created_at": told.created(rows.as_of) + delay,
        "created_by": None,
    }
